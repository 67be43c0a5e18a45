"""Words kept in blocks are those of the whole text, whatever is edited."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index import words
from tandem.index.names import identifiers
from tandem.index.open_tree import difference
from tandem.index.words import Words

TEXTS = st.text(st.sampled_from("ab_é$ß9?! \n("), max_size=80).map(str.encode)


@pytest.fixture(autouse=True, scope="module")
def _small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_BLOCK", 10)
        yield


@given(st.lists(TEXTS, min_size=2, max_size=4), st.sampled_from(["python", "typescript", "ruby"]))
def test_words_follow_edits(texts, language):
    found = Words.of(texts[0], language)
    for before, after in pairwise(texts):
        changed = difference(before, after)
        if changed is not None:
            found = found.edited(after, *changed)
        assert found.all == identifiers(after, language)


def test_a_word_that_is_also_elsewhere_stays():
    text = b"one two\n" * 5
    found = Words.of(text, "python")
    edited = found.edited(text[8:], 0, 8, 0)

    assert edited.all is found.all
    assert edited.edited(b"", 0, len(text) - 8, 0).all == frozenset()


def test_words_of_two_blocks_become_one():
    text = b"alphabetical\n" * 4
    found = Words.of(text, "python")
    assert len(found._blocks) > 1
    end = found._ends[0]
    edited = text[: end - 1] + text[end:]

    assert found.edited(edited, end - 1, end, end - 1).all == identifiers(edited, "python")
