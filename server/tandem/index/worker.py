"""A process that turns files into facts: ``python -m tandem.index.worker STORE ROOT``.

A parse holds the GIL for its whole run (0.2 s for a large file), so it never happens in the server.
The worker reads requests from stdin, keeps exact facts in the store, and answers with the records
that memory holds, without their bodies. Names are answered only: they are wanted at once, cost no
more than a look into the store, and the exact facts that follow take their place.

What is already stored for a content is not computed again. A file that vanished, cannot be read or
is no text is answered with nothing. Niced, because typing comes first. A worker that has only names
to find imports neither parser nor store: 0.1 s less of its start.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from tandem.index.languages import Language, language_of
from tandem.index.messages import Words, framed, receive
from tandem.index.names import names, outline
from tandem.index.records import Record, Stored, key_of, outlined, record_of

if TYPE_CHECKING:
    from tandem.index.store import Store

LARGEST: Final = 1_000_000  # bytes; more is data or generated
_NICENESS: Final = 10
# A parse over this is a runaway: the slowest real file seen (1 MB of C tables) took 0.3 s. What is
# no code in its language takes 0.7 GB a second, so a small file is given up early.
_PARSE_S: Final = 1.0
_PARSE_S_PER_BYTE: Final = 4e-6
_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_BINARY: Final = 8_192  # bytes looked at for a NUL, as git does


class _File(NamedTuple):
    path: str
    mtime_ns: int
    data: bytes
    language: Language | None


def main(arguments: Sequence[str]) -> int:
    """Serve requests until stdin ends."""
    root, store = arguments[1], None
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    gc.disable()  # 3 % of the time, and 600 files leave no cycle behind
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while (request := receive(source)) is not None:
        files = _read(root, request.paths)
        if request.tier > 1:
            store = store or _opened(arguments[0])
            rows = _exact(files, request.words, store)
        else:
            rows = [_named(file) for file in files]
        sink.write(framed(rows))
        sink.flush()
    if store is not None:
        store.close()
    return 0


def _opened(path: str) -> "Store":
    from pathlib import Path  # noqa: PLC0415 - see above

    from tandem.index.store import Store  # noqa: PLC0415 - see above

    return Store(Path(path))


def _read(root: str, paths: Sequence[str]) -> Iterator[_File]:
    for path in paths:
        try:
            # Names and a descriptor: a third of the time of a `Path`, its status and its bytes.
            handle = os.open(f"{root}/{path}", _READ)
            try:
                status = os.fstat(handle)
                if status.st_size > LARGEST:
                    continue
                data = os.read(handle, status.st_size)
            finally:
                os.close(handle)
        except OSError:
            continue
        if b"\0" not in data[:_BINARY]:
            yield _File(path, status.st_mtime_ns, data, language_of(path))


def _named(file: _File) -> Stored:
    language = file.language.id if file.language is not None else ""
    # No store has its facts; its own key keeps it apart from others where they are looked for.
    key = f"{file.path}\0{file.mtime_ns}\0{len(file.data)}".encode("utf-8", "surrogateescape")
    return _stored(file, outlined(key, language, *outline(file.data, language)))


def _stored(file: _File, record: Record) -> Stored:
    return Stored(file.path, file.mtime_ns, len(file.data), record)


def _exact(files: Iterator[_File], words: Mapping[str, Words], store: "Store") -> list[Stored]:
    """Return the exact facts of files, or those by names where there is no grammar or no time."""
    from tandem.index.grammars import version  # noqa: PLC0415 - see above

    keyed = [
        (file, key_of(file.data, version(file.language) if file.language is not None else ""))
        for file in files
    ]
    known = store.outlines([key for _, key in keyed])
    fresh = [
        _stored(file, _record(key, file, words.get(file.path)))
        for file, key in keyed
        if key not in known
    ]
    if fresh:
        store.put(fresh)
    old = [_stored(file, known[key]) for file, key in keyed if key in known]
    if old:
        store.touch(old)
    return old + [row._replace(record=row.record._replace(body="")) for row in fresh]


def _record(key: bytes, file: _File, words: Words | None) -> Record:
    from tandem.index.parse import record_of_parse  # noqa: PLC0415 - see above

    _, mtime_ns, data, language = file
    if language is not None:
        same = words is not None and words[:2] == (mtime_ns, len(data))
        bag = words.bag if words is not None and same else None
        budget_s = _PARSE_S + len(data) * _PARSE_S_PER_BYTE
        found = record_of_parse(key, data, language, budget_s=budget_s, words=bag)
        if found is not None:
            return found
    return record_of(key, names(data, language.id if language is not None else ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
