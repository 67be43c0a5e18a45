from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from fixtures.api.tokens import FIM_BEGIN, FIM_END, FIM_HOLE, ends_of, pieces

CODE = st.text(alphabet="ab_ 1\n\t.(\u4f60\u00e9\U0001f44b\x0c\u2028" + FIM_HOLE, max_size=40)


@given(st.one_of(st.text(), CODE))
def test_pieces_are_lossless(text):
    assert "".join(pieces(text)) == text
    assert all(pieces(text))


@given(st.one_of(st.text(), CODE), st.sampled_from(["", "long " * 100]))
def test_ends_add_up_the_pieces(text, long):
    lengths = map(len, pieces(long + text))
    assert list(ends_of(long + text, 7)) == list(accumulate(lengths, initial=7))[1:]


@given(CODE, CODE, CODE)
def test_shared_characters_are_shared_pieces(shared, left, right):
    one, other = pieces(shared + left), pieces(shared + right)
    end = 0
    for mine, theirs in zip(one, other, strict=False):
        end += len(mine)
        if end >= len(shared):
            break
        assert mine == theirs


def test_sizes_are_about_real():
    assert pieces("def fib(number):\n    return fib(number - 1)\n") == [
        *["def", " fib", "(", "number", "):", "\n    ", "return", " fib", "(", "number"],
        *[" -", " ", "1", ")", "\n"],
    ]


def test_markers_are_tokens_of_their_own():
    assert pieces(f"{FIM_BEGIN}a{FIM_HOLE}b{FIM_END}") == [FIM_BEGIN, "a", FIM_HOLE, "b", FIM_END]
