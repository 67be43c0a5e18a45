"""The fast ways to find words find what the pattern finds."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index.context.postings import WORD, counted, distinct, words

TEXTS = st.text(st.sampled_from("ab_Z09 .\n\t\r\x0b\x1c(é²٣"), max_size=60)


@given(TEXTS)
def test_words_are_those_of_the_pattern(text):
    expected = WORD.findall(text)

    assert words(text) == expected
    assert distinct(text) == set(expected)
    assert counted(text) == Counter(expected)


@pytest.mark.parametrize("text", ["0x1F 2nd 3 12ab34", "1_000 _1 a1", "", "9"])
def test_numbers_are_no_words_but_what_follows_them_is(text):
    assert words(text) == WORD.findall(text)
    assert counted(text) == Counter(words(text))
