"""The suffix order: sorted by 24 tokens, complete, and the same whatever the parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index.lm import suffixes

TOKENS = st.lists(st.integers(0, 3), max_size=200)


@given(TOKENS)
def test_suffixes_are_sorted_by_their_first_tokens_then_by_place(tokens: list[int]) -> None:
    order = suffixes.suffix_order(np.array(tokens, np.uint32)).tolist()

    places = range(len(tokens))
    window = suffixes.DEPTH
    assert sorted(places) == sorted(order)
    assert sorted(tokens[i : i + window] for i in places) == [tokens[i : i + window] for i in order]


@given(TOKENS)
def test_the_order_is_right_however_small_the_parts(tokens: list[int]) -> None:
    numbers = np.array(tokens, np.uint32)
    window = suffixes.DEPTH
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suffixes, "_PART", 16)
        order = suffixes.suffix_order(numbers).tolist()

    found = [tokens[i : i + window] for i in order]
    assert sorted(range(len(tokens))) == sorted(order)
    assert sorted(found) == found


@given(st.lists(st.integers(0, 5), max_size=120))
def test_shapes_are_sorted_at_every_second_place(shapes: list[int]) -> None:
    order = suffixes.shape_order(np.array(shapes, np.uint8)).tolist()

    padded = [*shapes, *[0] * suffixes.SHAPE_DEPTH]
    found = [padded[i : i + suffixes.SHAPE_DEPTH] for i in order]
    assert list(range(0, len(shapes), suffixes.SHAPE_STEP)) == sorted(order)
    assert sorted(found) == found
