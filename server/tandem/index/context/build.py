"""A process that builds a codebase's postings: ``python -m tandem.index.context.build FILE ROOT``.

Paths come on stdin, relative and separated by NUL; the file is replaced when all are read. Niced,
because typing comes first; one process, because 18 MB take it three seconds. What cannot be read
or is no text is left out.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tandem.index.context.postings import State, gathered
from tandem.index.names import decoded

LARGEST: Final = 256_000
"""Bytes; larger files are mostly data."""

_NICENESS: Final = 10
_BINARY: Final = 8_192  # bytes looked at for a NUL, as git does


def main(arguments: Sequence[str]) -> int:
    """Read the files, write the postings."""
    target, root = Path(arguments[0]), Path(arguments[1])
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    paths = [os.fsdecode(path) for path in sys.stdin.buffer.read().split(b"\0") if path]
    data = gathered(_files(root, paths)).dumped()
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    fresh.write_bytes(data)
    fresh.replace(target)
    return 0


def _files(root: Path, paths: Sequence[str]) -> Iterator[tuple[str, State, str]]:
    for path in paths:
        try:
            status = (root / path).stat()
            data = (root / path).read_bytes() if status.st_size <= LARGEST else b"\0"
        except OSError:
            continue
        if b"\0" not in data[:_BINARY]:
            yield path, State(status.st_mtime_ns, len(data)), decoded(data)[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
