"""The framing: any chunking gives the same bodies, and a lost stream is noticed."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tandem.lsp.frames import FrameDecoder, FramingError, frame

BODIES = st.lists(st.binary(max_size=60) | st.just(b"Content-Length: 3\r\n\r\n{}\n\n"), max_size=6)
NAMES = ("Content-Length", "content-length", "CONTENT-LENGTH", "cOnTeNt-LeNgTh")
ENDS = (b"\r\n", b"\n")


def decoded(data: bytes) -> list[bytes]:
    return list(FrameDecoder().feed(data))


@given(bodies=BODIES, cuts=st.lists(st.integers(0, 600), max_size=12))
@example(bodies=[b"{}", b"[]"], cuts=list(range(60)))  # byte by byte
def test_any_chunking_gives_the_same_bodies(bodies, cuts):
    stream = b"".join(frame(body) for body in bodies)
    edges = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    decoder = FrameDecoder()
    pieces = [stream[a:b] for a, b in pairwise(edges)]

    assert [body for piece in pieces for body in decoder.feed(piece)] == bodies


@given(
    body=st.binary(max_size=20),
    name=st.sampled_from(NAMES),
    end=st.sampled_from(ENDS),
    extra=st.sampled_from(
        [b"", b"Content-Type: application/vscode-jsonrpc; charset=utf-8", b"x: "]
    ),
    last=st.booleans(),
    space=st.sampled_from([b"", b" ", b"\t "]),
)
def test_headers_are_read_leniently(*, body, name, end, extra, last, space):
    length = name.encode() + b":" + space + str(len(body)).encode() + space
    lines = [line for line in ([extra, length] if last else [length, extra]) if line]

    assert decoded(end.join(lines) + end + end + body + frame(b"next")) == [body, b"next"]


def test_an_empty_body_is_a_body():
    assert decoded(b"Content-Length: 0\r\n\r\n" + frame(b"{}")) == [b"", b"{}"]


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: x\r\n\r\n",
        b"\r\n\r\n",
        b"Content-Length\r\n\r\n",
        b"Content-Length:\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 1.5\r\n\r\n",
        b"Content-Length: 0x10\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: 1073741825\r\n\r\n",
        b"Content-Length: ten\r\n\r\n",
        b"{}\n\n",
    ],
)
def test_a_header_without_a_usable_length_is_an_error(header):
    with pytest.raises(FramingError):
        decoded(header + b"{}")


def test_what_was_complete_before_the_error_is_delivered():
    bodies = FrameDecoder().feed(frame(b"{}") + b"nonsense\r\n\r\n")

    assert next(bodies) == b"{}"
    with pytest.raises(FramingError):
        next(bodies)


def test_a_header_that_never_ends_is_an_error_and_not_memory():
    decoder = FrameDecoder()
    for _ in range(16):
        assert not list(decoder.feed(b"x" * 1000))
    with pytest.raises(FramingError):
        list(decoder.feed(b"x" * 1000))


def test_a_long_header_block_that_does_end_is_read():
    padding = b"X-Padding: " + b"x" * 15_000 + b"\r\n"

    assert decoded(padding + b"Content-Length: 2\r\n\r\n{}") == [b"{}"]
