"""The words of a codebase by the blocks of ten lines they stand in: built once, kept in a file.

    magic, version, checksum, and the length of each section
    meta       JSON: files with their state, first block of each, assigned attributes
    sizes      one uint16 per block: its distinct words
    words      UTF-8, one a line; a word's number is its line
    offsets    one uint32 per word and one more: where its numbers begin
    numbers    uint32: block numbers of each word, ascending

A value, never changed; `windows.Windows` lays what changed over it. 2.2 s of CPU for Django to
build, which is why a process of its own does (`build`), 0.1 s to read.
Invariant: `parsed(p.dumped()) == p`; damaged bytes give None.
"""

import hashlib
import json
import re
import struct
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

WORD: Final = re.compile(r"[^\W\d]\w*")
BLOCK: Final = 10
_SAID: Final = 100  # characters of an assignment that are kept
_ATTRIBUTE: Final = re.compile(r"^[ \t]+self\.(\w+)[ \t]*(?::[^=\n]+)?=[^=]", re.MULTILINE)
_HEADER: Final = struct.Struct("<8sI16s")
_LENGTHS: Final = struct.Struct("<5Q")
_MAGIC: Final = b"TNDMWIN\n"
_VERSION: Final = 1
_MOST_WORDS: Final = 65_535  # of a block, which are ten lines
_DIGITS: Final = "0123456789"
_AFTER_DIGITS: Final = ":"  # the character behind 9, which no word has
_BLANKED: Final = bytes(
    n if chr(n).isascii() and (chr(n).isalnum() or n == ord("_")) else ord(" ") for n in range(256)
)


class State(NamedTuple):
    """A file's time of change and size when it was read."""

    mtime_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where ``self.name`` is assigned first in a file: line, offset, and the line's text."""

    line: int
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Postings:
    """All blocks of some files. Blocks of a file follow each other; an empty one ends them."""

    states: Mapping[str, State] = field(default_factory=dict)
    starts: "array[int]" = field(default_factory=lambda: array("I"))
    sizes: "array[int]" = field(default_factory=lambda: array("H"))
    words: Mapping[str, int] = field(default_factory=dict)
    offsets: "array[int]" = field(default_factory=lambda: array("I", [0]))
    numbers: "array[int]" = field(default_factory=lambda: array("I"))
    attributes: Mapping[str, Mapping[str, Assigned]] = field(default_factory=dict)

    def of(self, word: str) -> "array[int]":
        """Return the blocks of a word, ascending."""
        number = self.words.get(word)
        if number is None:
            return array("I")
        return self.numbers[self.offsets[number] : self.offsets[number + 1]]

    def count(self, word: str) -> int:
        """Return in how many blocks a word stands."""
        number = self.words.get(word)
        return 0 if number is None else self.offsets[number + 1] - self.offsets[number]

    def dumped(self) -> bytes:
        """Return the file's bytes."""
        paths = {path: number for number, path in enumerate(self.states)}
        assigned = {
            name: [[paths[path], a.line, a.offset, a.text] for path, a in places.items()]
            for name, places in self.attributes.items()
        }
        files = [[path, *state] for path, state in self.states.items()]
        meta = {"files": files, "starts": self.starts.tolist(), "assigned": assigned}
        sections = (
            json.dumps(meta).encode(),
            _bytes(self.sizes),
            "\n".join(self.words).encode(),
            _bytes(self.offsets),
            _bytes(self.numbers),
        )
        body = b"".join((_LENGTHS.pack(*map(len, sections)), *sections))
        return _HEADER.pack(_MAGIC, _VERSION, _checksum(body)) + body


def gathered(files: Iterable[tuple[str, State, str]]) -> Postings:
    """Read files, given as path, state and text."""
    states: dict[str, State] = {}
    starts, sizes = array("I"), array("H")
    found: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
    attributes: defaultdict[str, dict[str, Assigned]] = defaultdict(dict)
    for path, state, text in files:
        states[path] = state
        starts.append(len(sizes))
        for block in blocks(text):
            for word in block:
                found[word].append(len(sizes))
            sizes.append(min(len(block), _MOST_WORDS))
        sizes.append(0)
        for name, place in assignments(path, text):
            attributes[name][path] = place
    offsets, numbers = array("I", [0]), array("I")
    for posting in found.values():
        numbers.extend(posting)
        offsets.append(len(numbers))
    words_of = {word: number for number, word in enumerate(found)}
    return Postings(states, starts, sizes, words_of, offsets, numbers, dict(attributes))


def blocks(text: str) -> Iterable[set[str]]:
    """Yield the distinct words of each ten lines."""
    lines = text.split("\n")
    for first in range(0, len(lines), BLOCK):
        yield distinct("\n".join(lines[first : first + BLOCK]))


def words(text: str) -> list[str]:
    """Return what `WORD` finds: a third of its time where the text is ASCII."""
    if not text.isascii():
        return WORD.findall(text)
    return [
        word
        for part in _parts(text)
        if (word := part if part > _AFTER_DIGITS else part.lstrip(_DIGITS))
    ]


def counted(text: str) -> Counter[str]:
    """Count what `WORD` finds."""
    if not text.isascii():
        return Counter(WORD.findall(text))
    found = Counter(_parts(text))
    for part in [part for part in found if part < _AFTER_DIGITS]:
        times, word = found.pop(part), part.lstrip(_DIGITS)
        if word:
            found[word] += times
    return found


def distinct(text: str) -> set[str]:
    """Return what `WORD` finds, each once."""
    if not text.isascii():
        return set(WORD.findall(text))
    found = set(_parts(text))
    numbers = [part for part in found if part < _AFTER_DIGITS]
    found.difference_update(numbers)
    found.update([word for part in numbers if (word := part.lstrip(_DIGITS))])
    return found


def _parts(text: str) -> list[str]:
    """Cut ASCII text where no letter, digit or underscore is."""
    return text.encode().translate(_BLANKED).decode().split()


def assignments(path: str, text: str) -> Iterable[tuple[str, Assigned]]:
    """Yield where Python's methods assign each attribute first."""
    if not path.endswith(".py"):
        return
    line, at = 0, 0
    seen: set[str] = set()
    for match in _ATTRIBUTE.finditer(text):
        line += text.count("\n", at, match.start(1))
        at = match.start(1)
        if match.group(1) not in seen:
            seen.add(match.group(1))
            end = text.find("\n", at)
            said = text[at - len("self.") : end if end >= 0 else len(text)].strip()
            yield match.group(1), Assigned(line, at, said[:_SAID])


def parsed(data: bytes) -> Postings | None:
    """Read a file's bytes; None if they are damaged or of another version."""
    if len(data) < _HEADER.size:
        return None
    magic, version, checksum = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if (magic, version, checksum) != (_MAGIC, _VERSION, _checksum(body)):
        return None
    sections: list[bytes] = []
    at = _LENGTHS.size
    for length in _LENGTHS.unpack_from(body):
        sections.append(body[at : at + length])
        at += length
    meta: dict[str, Any] = json.loads(sections[0])
    paths = [path for path, _, _ in meta["files"]]
    attributes = {
        name: {paths[n]: Assigned(line, offset, text) for n, line, offset, text in places}
        for name, places in meta["assigned"].items()
    }
    named = sections[2].decode().split("\n") if sections[2] else []
    return Postings(
        {path: State(mtime, size) for path, mtime, size in meta["files"]},
        array("I", meta["starts"]),
        _array("H", sections[1]),
        {word: number for number, word in enumerate(named)},
        _array("I", sections[3]),
        _array("I", sections[4]),
        attributes,
    )


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _bytes(numbers: "array[int]") -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _array(kind: str, data: bytes) -> "array[int]":
    found = array(kind)
    found.frombytes(data)
    if sys.byteorder == "big":
        found.byteswap()
    return found
