from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.api.http import HttpRequest, ProtocolError, RequestParser, render_chunk

TWO = (
    b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    b"\r\nPOST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\nConnection: close\r\n\r\n"
    b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
)


def parse(*portions: bytes) -> list[HttpRequest]:
    parser, found = RequestParser(), []
    for portion in portions:
        parser.feed(portion)
        while (request := parser.next_request()) is not None:
            found.append(request)
    return found


@given(st.lists(st.integers(0, len(TWO)), max_size=8))
def test_portions_do_not_matter(cuts):
    edges = [0, *sorted(cuts), len(TWO)]
    portions = [TWO[start:end] for start, end in pairwise(edges)]
    assert parse(*portions) == parse(TWO)


def test_requests_are_read():
    first, second = parse(TWO)
    assert first == HttpRequest("POST", "/a", {"host": "x", "content-length": "5"}, b"hello")
    assert (second.body, second.keeps_alive, first.keeps_alive) == (b"abcde", False, True)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"a" * 70_000, 431),
    ],
)
def test_what_is_not_http_is_refused(data, status):
    with pytest.raises(ProtocolError) as caught:
        parse(data)
    assert caught.value.status == status


def test_an_empty_chunk_would_end_the_body():
    with pytest.raises(ValueError, match="ends the body"):
        render_chunk(b"")
