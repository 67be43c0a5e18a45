"""A process that turns files into facts: ``python -m tandem.index.worker STORE ROOT``.

A parse holds the GIL for its whole run (0.2 s for a large file), so it never happens in the server.
The worker reads requests from stdin, keeps what it finds in the store, and answers with the records
that memory holds, without their bodies.

What is already stored for a content is not computed again. A file that vanished, cannot be read or
is no text is answered with nothing. Niced, because typing comes first.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem.index.facts import FileFacts
from tandem.index.grammars import version
from tandem.index.languages import Language, language_of
from tandem.index.messages import framed, receive
from tandem.index.names import names
from tandem.index.parse import parse
from tandem.index.records import Record, key_of, record_of
from tandem.index.store import Store, Stored

LARGEST: Final = 1_000_000  # bytes; more is data or generated
_NICENESS: Final = 10
# A parse over this is a runaway: the slowest real file seen (1 MB of C tables) took 0.3 s.
_PARSE_S: Final = 5.0
_BINARY: Final = 8_192  # bytes looked at for a NUL, as git does


def main(arguments: Sequence[str]) -> int:
    """Serve requests until stdin ends."""
    store, root = Store(Path(arguments[0])), Path(arguments[1])
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while (request := receive(source)) is not None:
        rows = [row for path in request.paths if (row := _file(root, path, request.tier, store))]
        fresh = [row for row in rows if row.record.body]
        if fresh:
            store.put(fresh)
        if len(fresh) < len(rows):
            store.touch([row for row in rows if not row.record.body])
        answer = [row._replace(record=row.record._replace(body="")) for row in rows]
        sink.write(framed(answer))
        sink.flush()
    store.close()
    return 0


def _file(root: Path, path: str, tier: int, store: Store) -> Stored | None:
    try:
        status = (root / path).stat()
        if status.st_size > LARGEST:
            return None
        data = (root / path).read_bytes()
    except OSError:
        return None
    if b"\0" in data[:_BINARY]:
        return None
    return Stored(path, status.st_mtime_ns, len(data), _record(data, path, tier, store))


def _record(data: bytes, path: str, tier: int, store: Store) -> Record:
    language = language_of(path)
    grammar = version(language) if tier > 1 and language is not None else ""
    key = key_of(data, grammar)
    known = store.record(key)
    if known is not None:
        return known._replace(body="")
    return record_of(key, _facts(data, language, exact=bool(grammar)))


def _facts(data: bytes, language: Language | None, *, exact: bool) -> FileFacts:
    """Return exact facts where they can be had, else those by names."""
    found = parse(data, language, budget_s=_PARSE_S) if exact and language is not None else None
    return found if found is not None else names(data, language.id if language else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
