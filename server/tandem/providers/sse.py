"""Server-sent events, sans-io: bytes in, the payloads of ``data:`` lines out. Also JSON lines.

Only what model servers use: one ``data:`` line per event. Comments (``: keep-alive``), blank lines
and other fields are skipped. Bounded: a line over the limit is an error, not memory.
"""

from collections.abc import Iterator
from typing import Final

LIMIT: Final = 1 << 20
"""Bytes of one line. A streamed chunk is a few hundred; a megabyte can only be something else."""


class LineTooLongError(ValueError):
    """A line never ended: what answers is not an event stream."""


class EventStream:
    """Feed it bytes as they come; each call yields the payloads that are complete now."""

    def __init__(self, mark: bytes = b"data:") -> None:
        """Begin before the first line. A payload follows `mark`; b"": each line that has text."""
        self._mark = mark
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take in bytes; yield payloads without the mark. Raises LineTooLongError."""
        buffer = self._rest + data
        *lines, self._rest = buffer.split(b"\n")
        if len(self._rest) > LIMIT or any(len(line) > LIMIT for line in lines):
            raise LineTooLongError
        mark = self._mark
        for line in lines:
            if line.startswith(mark):
                payload = line[len(mark) :].strip()
                if payload or mark:
                    yield payload
