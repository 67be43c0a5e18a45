"""A file's facts as one flat record: what a worker sends, the store keeps and memory holds.

The parts are split by who needs them: names, identifiers and imports of every file stay in memory,
definitions are decoded for the few files that a question touches.
Invariant: ``facts_of(record_of(facts)) == facts``.
"""

import hashlib
import json
from typing import Final, NamedTuple

from tandem.core.text import Span
from tandem.index.facts import Definition, FileFacts, Import, Kind

FORMAT: Final = 1
"""Part of every key: records of another format are other records."""

_KINDS: Final = {kind.value: kind for kind in Kind}


class Record(NamedTuple):
    """Facts of one content. `key` names content, grammar and format; texts are joined.

    `names` are the defined names, one a line; `bag` the identifiers between single spaces, with
    one before the first and behind the last, so that " name " finds exactly a name.
    """

    key: bytes
    language: str
    exact: bool
    names: str
    bag: bytes
    imports: str
    body: str


def key_of(data: bytes, grammar_version: str) -> bytes:
    """Return the key of a content under a grammar; tier 1 has an empty grammar version."""
    state = hashlib.blake2b(data, digest_size=16)
    state.update(f"\0{grammar_version}\0{FORMAT}".encode())
    return state.digest()


def record_of(key: bytes, facts: FileFacts) -> Record:
    """Return facts as a record."""
    definitions = [
        [d.name, d.kind.value, d.span.start, d.span.end, d.at, d.line, d.signature, d.doc, d.parent]
        for d in facts.definitions
    ]
    imports = [[i.module, i.names, i.local, i.line] for i in facts.imports]
    names = dict.fromkeys(d.name for d in facts.definitions)
    bag = " ".join(["", *sorted(facts.identifiers), ""])
    return Record(
        key,
        facts.language,
        facts.exact,
        "\n".join(names),
        bag.encode("utf-8", "surrogatepass"),
        _dump(imports),
        _dump([facts.errors, definitions]),
    )


def facts_of(record: Record) -> FileFacts:
    """Return a record's facts."""
    errors, definitions = json.loads(record.body)
    return FileFacts(
        record.language,
        tuple(
            Definition(name, _KINDS[kind], Span(start, end), at, line, signature, doc, parent)
            for name, kind, start, end, at, line, signature, doc, parent in definitions
        ),
        imports_of(record),
        frozenset(record.bag.decode("utf-8", "surrogatepass").split()),
        errors,
        record.exact,
    )


def imports_of(record: Record) -> tuple[Import, ...]:
    """Return a record's imports alone."""
    return tuple(
        Import(module, tuple((name, local) for name, local in names), bound, line)
        for module, names, bound, line in json.loads(record.imports)
    )


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
