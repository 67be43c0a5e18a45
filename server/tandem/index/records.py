"""A file's facts as one flat record: what a worker sends, the store keeps and memory holds.

The parts are split by who needs them: names, identifiers and imports of every file stay in memory,
definitions are decoded for the few files that a question touches. A worker goes from what a parse
found straight to a record, which is numbers in base 64 and the texts that they cut: a fifth of the
time that JSON takes.

Invariants: ``facts_of(record_of(facts)) == facts``. Nothing that a record may hold makes decoding
raise: what makes no sense, since the store is damaged, says nothing.
"""

import sys
from array import array
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from tandem.core.text import Span
from tandem.index.facts import Definition, FileFacts, Import, Kind

T = TypeVar("T")

FORMAT: Final = 3
"""Part of every key: records of another format are other records."""

_KINDS: Final = {kind.value: kind for kind in Kind}
_value: Final = attrgetter("_value_")  # `value` is a property in Python: five times as much


class Record(NamedTuple):
    """Facts of one content. `key` names content, grammar and format; texts are joined.

    `names` are the defined names, one a line; `bag` the identifiers between single spaces, with
    one before the first and behind the last, so that " name " finds exactly a name. Without a
    `body` nothing is known of the definitions but their names.
    """

    key: bytes
    language: str
    exact: bool
    names: str
    bag: bytes
    imports: str
    body: str


class Stored(NamedTuple):
    """A file as it was indexed: its state then, and the record without its body."""

    path: str
    mtime_ns: int
    size: int
    record: Record


class Columns(NamedTuple):
    """Definitions as a parse finds them: one sequence for each field, the span's ends as two."""

    names: Sequence[str] = ()
    kinds: Sequence[Kind] = ()
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()
    places: Sequence[int] = ()
    lines: Sequence[int] = ()
    signatures: Sequence[str] = ()
    docs: Sequence[str] = ()
    parents: Sequence[int] = ()

    def definitions(self) -> tuple[Definition, ...]:
        """Return them as values; raise ValueError where the columns differ in length."""
        names, kinds, starts, ends, *rest = self
        rows = zip(names, kinds, map(Span, starts, ends), *rest, strict=True)
        return tuple([Definition(*row) for row in rows])


def key_of(data: bytes, grammar_version: str) -> bytes:
    """Return the key of a content under a grammar; facts by names have an empty grammar version."""
    import hashlib  # noqa: PLC0415 - opens OpenSSL, 4 ms that a worker for names need not pay

    state = hashlib.blake2b(data, digest_size=16)
    state.update(f"\0{grammar_version}\0{FORMAT}{sys.byteorder}".encode())
    return state.digest()


def record_of(key: bytes, facts: FileFacts) -> Record:
    """Return facts as a record."""
    rows = [
        (d.name, d.kind, *d.span, d.at, d.line, d.signature, d.doc, d.parent)
        for d in facts.definitions
    ]
    columns = Columns(*zip(*rows, strict=True))
    bag = " ".join(["", *sorted(facts.identifiers), ""]).encode("utf-8", "surrogatepass")
    outline = outlined(key, facts.language, columns.names, facts.imports, bag, exact=facts.exact)
    return described(outline, columns, facts.errors)


def outlined(
    key: bytes,
    language: str,
    names: Iterable[str],
    imports: Iterable[Import],
    bag: bytes,
    *,
    exact: bool = False,
) -> Record:
    """Return the record of what memory holds, without a body."""
    numbers: list[int] = []
    texts: list[str] = []
    for found in imports:
        pairs = found.names
        numbers += (found.line, len(pairs))
        texts += (found.module, found.local)
        for pair in pairs:
            texts += pair
    written = _packed(numbers, texts) if numbers else ""
    return Record(key, language, exact, "\n".join(dict.fromkeys(names)), bag, written, "")


def described(outline: Record, found: Columns, errors: int) -> Record:
    """Return an outline with the definitions as its body."""
    names, kinds, starts, ends, places, lines, signatures, docs, parents = found
    numbers = [errors, *starts, *ends, *places, *lines, *parents]
    texts = [" ".join(map(_value, kinds)), *names, *signatures, *docs]
    return outline._replace(body=_packed(numbers, texts))


def facts_of(record: Record) -> FileFacts:
    """Return a record's facts."""
    try:
        errors, definitions = _definitions(record.body)
        identifiers = frozenset(record.bag.decode("utf-8", "surrogatepass").split())
    except (ValueError, LookupError):
        return FileFacts(record.language)
    return FileFacts(
        record.language, definitions, imports_of(record), identifiers, errors, record.exact
    )


def _definitions(body: str) -> tuple[int, tuple[Definition, ...]]:
    numbers, texts = unpacked(body)
    if not numbers:
        return 0, ()
    kinds = [_KINDS[kind] for kind in texts[0].split()]
    count = len(kinds)
    starts, ends, places, lines, parents = _cut(numbers[1:], count, 5)
    names, signatures, docs = _cut(texts[1:], count, 3)
    if not all(-1 <= parent < number for number, parent in enumerate(parents)):
        raise ValueError
    found = Columns(names, kinds, starts, ends, places, lines, signatures, docs, parents)
    return numbers[0], found.definitions()


def imports_of(record: Record) -> tuple[Import, ...]:
    """Return a record's imports alone."""
    found: list[Import] = []
    at = 0
    try:
        numbers, texts = unpacked(record.imports)
        for line, count in zip(numbers[::2], numbers[1::2], strict=True):
            module, local, *names = texts[at : at + 2 + 2 * count]
            pairs = tuple(zip(names[::2], names[1::2], strict=True))
            found.append(Import(module, pairs, local, line))
            at += 2 + 2 * count
    except (ValueError, LookupError):
        return ()
    return tuple(found)


def _packed(numbers: Sequence[int], texts: Sequence[str]) -> str:
    """Write numbers and texts: how many numbers, they, the length of each text; then the texts."""
    values = array("i", [len(numbers), *numbers, *map(len, texts)])
    head = b2a_base64(values.tobytes(), newline=False).decode()
    return f"{head}\n{''.join(texts)}"


def unpacked(packed: str) -> tuple[Sequence[int], Sequence[str]]:
    """Return what was packed; raise ValueError or LookupError where it is damaged."""
    if not packed:
        return (), ()
    numbers, cuts, text = located(packed)
    return numbers, [text[start:end] for start, end in pairwise(cuts)]


def located(packed: str) -> tuple[Sequence[int], Sequence[int], str]:
    """Return the numbers of what was packed, where each text begins (and the last ends), and them.

    Raises ValueError or LookupError as `unpacked` does.
    """
    head, _, text = packed.partition("\n")
    values = array("i")
    values.frombytes(a2b_base64(head, strict_mode=True))
    behind = 1 + values[0]
    lengths = values[behind:]
    cuts = list(accumulate(lengths, initial=0))
    if behind < 1 or cuts[-1] != len(text) or min(lengths, default=0) < 0:
        raise ValueError
    return values[1:behind], cuts, text


def _cut(row: Sequence[T], size: int, pieces: int) -> list[Sequence[T]]:
    if len(row) != size * pieces:
        raise ValueError
    return [row[n * size : (n + 1) * size] for n in range(pieces)]
