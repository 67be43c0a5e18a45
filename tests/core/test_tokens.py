"""Estimates of tokens: never zero, never below the likely number, near the measured medians."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.tokens import estimate, upper_bound

languages = st.sampled_from(["", "python", "go", "typescript", "json", "cobol"])


@given(st.text(max_size=200), languages)
def test_a_reservation_is_never_below_the_estimate_and_never_zero(text, language):
    assert upper_bound(text, language) >= estimate(text, language) >= 1


@given(st.text(max_size=80), st.text(max_size=80), languages)
def test_more_text_never_has_fewer_tokens(text, more, language):
    assert estimate(text + more, language) >= estimate(text, language)
    assert upper_bound(text + more, language) >= upper_bound(text, language)


@pytest.mark.parametrize(
    ("language", "low", "high"),
    [("python", 0.23, 0.30), ("go", 0.31, 0.42), ("typescript", 0.20, 0.26), ("cobol", 0.25, 0.33)],
)
def test_tokens_per_byte_are_near_what_was_measured(language, low, high):
    assert low < estimate("x" * 100_000, language) / 100_000 < high


def test_bytes_count_and_not_characters():
    assert estimate("é" * 1000) == estimate("a" * 2000)
    assert estimate("😋" * 1000) == estimate("a" * 4000)


def test_half_a_surrogate_pair_is_counted_too():
    assert estimate("\ud83d" * 700) == 600


@pytest.mark.parametrize("language", ["python", "go", "json", ""])
def test_a_reservation_has_a_margin(language):
    text = "x" * 10_000

    assert 1.15 < upper_bound(text, language) / estimate(text, language) < 1.25
