r"""The protocol's framing, sans-io: bytes in, message bodies out.

Lenient where clients differ: header names in any case, ``\n`` for ``\r\n``, unknown headers.
Strict where leniency would lose the stream: no ``Content-Length``, or an absurd one, is an error.
"""

from collections.abc import Iterator
from typing import Final

_LARGEST: Final = 1 << 30
_LONGEST_HEADER: Final = 1 << 14


class FramingError(ValueError):
    """The stream is out of step: what follows cannot be understood."""


class FrameDecoder:
    """Feed it bytes in any pieces; each call yields the bodies that are complete."""

    def __init__(self) -> None:
        """Begin before the first header."""
        self._buffer = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take in bytes; yield bodies. Raises FramingError."""
        self._buffer += data
        while True:
            if self._length is None and not self._read_header():
                return
            length = self._length or 0
            if len(self._buffer) < length:
                return
            body = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._length = None
            yield body

    def _read_header(self) -> bool:
        """Consume a whole header block, if there is one yet."""
        ends = [
            (at, at + len(mark))
            for mark in (b"\r\n\r\n", b"\n\n")
            if (at := self._buffer.find(mark, 0, _LONGEST_HEADER)) >= 0
        ]
        if not ends:
            if len(self._buffer) > _LONGEST_HEADER:
                raise FramingError("the header never ends")
            return False
        end, body = min(ends)
        self._length = _content_length(bytes(self._buffer[:end]))
        del self._buffer[:body]
        return True


def _content_length(header: bytes) -> int:
    for line in header.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            value = value.strip()
            if value.isdigit() and int(value) <= _LARGEST:
                return int(value)
            raise FramingError("Content-Length is not a usable number")
    raise FramingError("there is no Content-Length")


def frame(body: bytes) -> bytes:
    """Return a body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
