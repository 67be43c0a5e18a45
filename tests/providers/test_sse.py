"""The event stream: the same payloads however the bytes were cut, and never unbounded memory."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tandem.providers.sse import LIMIT, EventStream, LineTooLongError

payloads = st.text('ab é😋{}:"', max_size=8).map(lambda text: text.strip().encode())
ends = st.sampled_from([b"\n", b"\r\n"])
noise = st.sampled_from([b"", b": keep-alive", b":", b"event: x", b"id: 1", b"retry: 5", b"da"])


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def fed(parts: list[bytes]) -> list[bytes]:
    stream = EventStream()
    return [payload for part in parts for payload in stream.feed(part)]


@given(st.lists(st.tuples(payloads, ends, noise), max_size=6), st.lists(st.integers(0, 200)))
@example([("é😋".encode(), b"\r\n", b": keep-alive")], list(range(40)))
def test_any_cut_gives_the_same_payloads(lines, places):
    data = b"".join(other + end + b"data: " + payload + end + end for payload, end, other in lines)
    expected = [payload for payload, _, _ in lines]

    assert fed([data]) == expected
    assert fed(cut(data, places)) == expected
    assert fed([data[n : n + 1] for n in range(len(data))]) == expected


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_arbitrary_bytes_give_payloads_and_no_error(parts):
    assert fed(parts) == fed([b"".join(parts)])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n\r\n\n", []),
        (b": keep-alive\n\n: keep-alive\n\n", []),
        (b"data:x\n", [b"x"]),
        (b"data: x\n", [b"x"]),
        (b"data: [DONE]\n\n", [b"[DONE]"]),
        (b"data:\n", [b""]),
        (b"data: a\ndata: b\n", [b"a", b"b"]),
        (b"date: x\nDATA: x\n data: x\n", []),
        (b"data: unfinished", []),
    ],
)
def test_lines(data, expected):
    assert fed([data]) == expected


def test_a_payload_comes_with_its_line_end_and_not_later():
    stream = EventStream()

    assert list(stream.feed(b"data: one\r")) == []
    assert list(stream.feed(b"\ndata: tw")) == [b"one"]
    assert list(stream.feed(b"o\n")) == [b"two"]


def test_a_line_at_the_limit_is_taken_and_one_over_it_is_not():
    longest = b"data:" + b"x" * (LIMIT - 5)

    assert [len(payload) for payload in fed([longest + b"\n"])] == [LIMIT - 5]
    with pytest.raises(LineTooLongError):
        fed([longest + b"x\n"])


def test_a_line_that_never_ends_is_an_error_before_it_fills_the_memory():
    stream = EventStream()
    piece = b"x" * 65_536
    for _ in range(LIMIT // len(piece)):
        assert list(stream.feed(piece)) == []

    with pytest.raises(LineTooLongError):
        list(stream.feed(b"x"))


def test_comments_do_not_add_up_to_a_long_line():
    stream = EventStream()
    comment = b": keep-alive\n\n" * 10_000

    for _ in range(20):
        assert list(stream.feed(comment)) == []
