"""Names of a file from its bytes alone (tier 1): no parser, a tenth of the time.

Lines that begin like a definition define, lines that begin like an import import, and every word
is an identifier. Deliberately inexact: a line inside a string or a comment may look like code
(0.1 % of what is found in Django, 1 % in the tests of CPython), extents and documentation are
missing, and the facts say so by ``exact=False``.

Invariant: never raises, whatever the bytes; what it reads is linear in their length.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import filterfalse
from typing import Final, NamedTuple

from tandem.core.text import Span
from tandem.index.facts import Definition, FileFacts, Import, Kind
from tandem.index.syntax.import_lines import matches, readers
from tandem.index.syntax.lines import GROUPED, GROUPS, definitions
from tandem.index.syntax.tables import has_syntax, keywords_of

_BOM: Final = b"\xef\xbb\xbf"
_LONGEST: Final = 300  # of a signature
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LONE_RETURN: Final = re.compile(rb"\r(?!\n)")
_KINDS: Final = {f"{k.value}{n}": k for k in Kind for n in ("", *range(2, 10))}  # of groups
_BLANK: Final = frozenset(b" \t\f")
_TAIL: Final = " \t\r{;,="
_PROSE: Final = frozenset({"markdown", "xml"})
_GROUP_KINDS: Final = {b"const": Kind.CONSTANT, b"var": Kind.VARIABLE, b"type": Kind.TYPE}


_Found = tuple[Kind, int, int, int, int, int]
"""Kind, line, and bytes of the source: the name, its end, the line's first character, its end."""


class Outline(NamedTuple):
    """What a codebase needs of every file at once; `bag` as in a record."""

    names: list[str]
    imports: list[Import]
    bag: bytes


def outline(data: bytes, language: str) -> Outline:
    """Return the names, imports and words that `names` returns; half the price without places."""
    source = data if data.isascii() and b"\r" not in data else decoded(data)[1]
    shifted = b"\n" + source
    pattern = _pattern(language)
    found = [m[m.lastindex or 0] for m in pattern.finditer(shifted)] if pattern is not None else []
    found += [source[row[2] : row[3]] for row in _grouped(shifted, language)]
    words = b"\n".join(dict.fromkeys(found)).decode("utf-8", "replace")
    return Outline(
        words.split("\n") if words else [],
        list(_imports(shifted, language)),
        bag(source, language),
    )


def names(data: bytes, language: str) -> FileFacts:
    """Return what the lines of a file seem to define and import, and every word in it."""
    text, source = decoded(data)
    shifted = b"\n" + source  # patterns begin with the line end before
    found = [*_found(shifted, language), *_grouped(shifted, language)]
    if len(text) != len(source):
        places = offsets({n for row in found for n in row[2:]}, text, source)
        found = [(row[0], row[1], *map(places.__getitem__, row[2:])) for row in found]  # type: ignore[misc]
    rows = tuple(
        [
            Definition(
                text[name:name_end],
                kind,
                Span(start, end),
                name,
                line,
                text[start : min(end, start + _LONGEST)].rstrip(_TAIL),
            )
            for kind, line, name, name_end, start, end in found
        ]
    )
    imports = tuple(_imports(shifted, language))
    return FileFacts(language, rows, imports, identifiers(source, language))


def _pattern(language: str) -> re.Pattern[bytes] | None:
    if language in _PROSE:
        return None
    return definitions(language, otherwise=not has_syntax(language))


def _found(shifted: bytes, language: str) -> Iterator[_Found]:
    """Yield what the language's pattern finds. Nothing here is called per definition but in C."""
    pattern = _pattern(language)
    if pattern is None:
        return
    count, line_end = shifted.count, shifted.find
    line, counted = 0, 1
    for found in pattern.finditer(shifted):
        group = found.lastgroup or ""  # every alternative has one
        first, last = found.span(group)
        line += count(b"\n", counted, first)
        counted = first
        start = shifted.rfind(b"\n", 0, first) + 1
        while start < first and shifted[start] in _BLANK:
            start += 1
        end = line_end(b"\n", last)
        end = end if end >= 0 else len(shifted)
        yield _KINDS[group], line, first - 1, last - 1, start - 1, end - 1


def _grouped(shifted: bytes, language: str) -> Iterator[_Found]:
    """Yield the names in a parenthesized group, one line each: Go's `const (`."""
    opening = GROUPS.get(language)
    for found in opening.finditer(shifted) if opening is not None else ():
        kind = _GROUP_KINDS.get(found["kind"])
        end = shifted.find(b"\n)", found.end())
        if kind is None or end < 0:
            continue
        for inner in GROUPED.finditer(shifted, found.end(), end):
            first, last = inner.span("names")
            line = shifted.count(b"\n", 1, first)
            line_end = shifted.find(b"\n", last)
            for name in re.finditer(rb"[^\s,]+", inner["names"]):
                begin, behind = first + name.start() - 1, first + name.end() - 1
                yield kind, line, begin, behind, first - 1, line_end - 1


def _imports(shifted: bytes, language: str) -> Iterator[Import]:
    for pattern, word, read in readers(language):
        line, counted = 0, 1
        for found in matches(pattern, word, shifted):
            line += shifted.count(b"\n", counted, found.start() + 1)
            counted = found.start() + 1
            yield from read(found, line)


def offsets(wanted: Iterable[int], text: str, source: bytes) -> Mapping[int, int]:
    """Map bytes of the source to code points of its text, counting each stretch once."""
    if len(text) == len(source):
        return _SAME
    at, points, before = {0: 0}, 0, 0
    for byte in sorted(wanted):
        piece = source[before:byte]
        points += len(piece) if piece.isascii() else len(piece.decode("utf-8", "ignore"))
        at[byte] = points
        before = byte
    return at


class _Same(dict[int, int]):
    """Offsets of ASCII text, where bytes are characters."""

    def __missing__(self, key: int) -> int:
        return key


_SAME: Final = _Same()


def decoded(data: bytes) -> tuple[str, bytes]:
    """Return a file's text and its UTF-8: the bytes themselves unless they are marked or foreign.

    A mark at the start is dropped, as editors do; what is not UTF-8 is taken for Latin-1. Where a
    bare return ends lines it is a line feed in the bytes, which is what grammars know.
    """
    data = data.removeprefix(_BOM)
    try:
        text, source = data.decode("utf-8"), data
    except UnicodeDecodeError:
        text = _foreign(data)
        source = text.encode("utf-8")
    if b"\r" in source and _LONE_RETURN.search(source) is not None:
        source = _LONE_RETURN.sub(b"\n", source)
    return text, source


def _foreign(data: bytes) -> str:
    try:  # lone surrogates, which JSON can carry: as many bytes as the mark in their place
        return _SURROGATE.sub("\ufffd", data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return data.decode("latin-1")


def identifiers(source: bytes, language: str) -> frozenset[str]:
    """Return the words of UTF-8 source, without the language's keywords and without numbers."""
    return frozenset(bag(source, language).decode().split())


def bag(source: bytes, language: str) -> bytes:
    """Return the identifiers as they stand in a record: joined by spaces, each once, unordered."""
    table, keywords, marked = _words(language)
    words = set(source.translate(table).split())
    if marked:
        words.update(_MARKED.findall(source))
    words -= keywords
    if not source.isascii():
        rare = list(filterfalse(bytes.isascii, words))
        words.difference_update(rare)
        words.update(_of_text(b" ".join(rare).decode()))
    return b" ".join([b"", *[w for w in words if w > _AFTER_DIGITS or w < b"0"], b""])


def _of_text(words: str) -> list[bytes]:
    """Bytes above ASCII may be of spaces, punctuation and digits of any script."""
    return [
        word.encode()
        for word in words.split()
        if word.isascii() or word.replace("$", "a").isidentifier()
    ]


_AFTER_DIGITS: Final = b":"  # the byte behind 9, which no word has
_MARKED: Final = re.compile(rb"[A-Za-z_]\w*[?!](?!=)")  # names of Ruby and Elixir predicates
_MARKING: Final = frozenset({"ruby", "elixir"})
_EXTRA: Final = {
    "javascript": b"$", "javascriptreact": b"$", "typescript": b"$", "typescriptreact": b"$",
    "css": b"-", "scss": b"-", "less": b"-", "html": b"-", "clojure": b"-?!*",
}  # fmt: skip


@cache
def _words(language: str) -> tuple[bytes, frozenset[bytes], bool]:
    """Return what blanks everything but words, the keywords, and whether names have marks."""
    kept = b"_" + _EXTRA.get(language, b"")
    table = bytes(
        n if chr(n).isalnum() or n in kept or n > 127 else 32  # noqa: PLR2004 - ASCII ends there
        for n in range(256)
    )
    keywords = frozenset([word.encode() for word in keywords_of(language)])
    return table, keywords, language in _MARKING
