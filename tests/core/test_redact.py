"""No key leaves, whatever stands around it; ordinary code stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.redact import redact

key_bodies = st.text("abcXYZ0189_-", min_size=6, max_size=40)
around = st.sampled_from(["", " ", '"', "'", "=", "(", ")", ": ", "\n", "/", ".", ",", "é "])


@pytest.mark.parametrize(
    "text",
    [
        "sk-0123456789abcdef",
        "key=sk-sim-anything",
        "ghp_0123456789abcdefghij",
        "glpat-abcdefghij",
        "xoxb-12345-67890",
        "Authorization: Bearer abcdef0123456789",
        "authorization: bearer abc.def~ghi+jkl/mno=",
        "pk_live_0123456",
    ],
)
def test_what_looks_like_a_key_is_removed(text):
    shown = redact(text)

    assert shown.endswith("[redacted]")
    assert not any(digit in shown for digit in "0123456789")
    assert text.split("-")[-1].split("_")[-1].split()[-1] not in shown


@given(around, key_bodies, around, st.sampled_from(["sk-", "sk_", "ghp_", "glpat-", "xoxp-"]))
def test_a_key_is_removed_whatever_stands_around_it(before, body, after, prefix):
    shown = redact(before + prefix + body + after)

    assert prefix + body not in shown
    assert shown == f"{before}[redacted]{after}"


@given(st.lists(st.text("ab \n.", max_size=6), max_size=4), st.text("xyz", min_size=3, max_size=9))
def test_a_known_secret_is_removed_everywhere(parts, secret):
    shown = redact(secret.join(parts), (secret,))

    assert shown == "[redacted]".join(parts)


@pytest.mark.parametrize(
    "text",
    ["", "task-runner", "risk-averse", "sk-", "sk-abc", "bearer of news", "disk_usage_total",
     "ask-me-anything", "import pickle"],
)  # fmt: skip
def test_ordinary_text_stays(text):
    assert redact(text, ("", "not there")) == text


@given(st.text("sk-ab_0 Bearer\n", max_size=40))
def test_once_is_enough(text):
    assert redact(redact(text)) == redact(text)


def test_a_secret_that_begins_with_another_is_removed_whole():
    assert redact("token=abcdefgh", ("abcd", "abcdefgh")) == "token=[redacted]"
