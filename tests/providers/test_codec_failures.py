"""The wire, pure: statuses to failures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.errors import Failure
from tandem.providers.codec import failure_of


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, Failure.REQUEST),
        (401, Failure.AUTHENTICATION),
        (402, Failure.BALANCE),
        (403, Failure.AUTHENTICATION),
        (404, Failure.MODEL),
        (422, Failure.REQUEST),
        (429, Failure.RATE),
        (500, Failure.SERVER),
        (501, Failure.REQUEST),
        (502, Failure.SERVER),
        (503, Failure.SERVER),
        (529, Failure.SERVER),
        (301, Failure.MALFORMED),
        (307, Failure.MALFORMED),
        (418, Failure.MALFORMED),
    ],
)
def test_a_status_says_what_failed(status, failure):
    error = failure_of(status, json_body=True)

    assert (error.failure, error.status, error.retry_after_s) == (failure, status, 0.0)


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        ("Error code: 404 {'detail': 'Not Found'}", Failure.MALFORMED),
        ("Error code: 404 - File Not Found {'message': 'File Not Found'}", Failure.MALFORMED),
        ("{'message': 'no Route matched with those values'}", Failure.MALFORMED),
        ("The model `Not Found` does not exist.", Failure.MODEL),
        ("model 'x' not found", Failure.MODEL),
    ],
)
def test_a_path_that_is_not_found_is_told_from_a_model(words, failure):
    assert failure_of(404, json_body=True, message=words).failure is failure


def test_a_not_found_page_is_not_the_apis_word_about_a_model():
    assert failure_of(404, json_body=False).failure is Failure.MALFORMED


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", 0.0), ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", 0.0), ("nan", 0.0),
     ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_seconds_or_nothing(header, seconds):
    assert failure_of(429, json_body=True, retry_after=header).retry_after_s == seconds


@given(st.integers(100, 999), st.booleans(), st.text(max_size=12))
def test_no_status_and_no_header_is_an_error_of_its_own(status, json_body, header):
    error = failure_of(status, json_body=json_body, retry_after=header)

    assert error.status == status
    assert error.retry_after_s >= 0


@pytest.mark.parametrize("header", ["inf", "Infinity", "1e999"])
def test_retry_after_is_finite(header):
    assert math.isfinite(failure_of(429, json_body=True, retry_after=header).retry_after_s)
