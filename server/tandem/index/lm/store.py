"""The file a repository model lives in: written once by training, read through a memory map.

    header      64 bytes: magic, version, counts, checksums
    order       one uint32 per token: byte offsets into `tokens`, in suffix order
    ends        one uint32 per word: where its text ends in `words`
    shape order one uint32 per second token: positions in `shapes`, ordered by shapes
    tokens      three bytes per token, big-endian, so that comparing bytes compares tokens
    shapes      one byte per token, `lexer.shape`
    words       the vocabulary as UTF-8, sorted; a word's number is its place, 0 is the separator

Ten bytes per token and one copy of every distinct word: 10.4 bytes per token on real code.

It deliberately does not verify every byte: opening reads the header and 16 spread pages, whatever
the size, so a flipped bit in between can go unseen.  Readers therefore bound every number they
take from the map; a damaged file gives poor suggestions, never an exception.

Invariant: `parse(pack(...))` gives back the sections, and no other version's file parses.
"""

import os
import struct
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

TOKEN_BYTES = 3
_MAGIC = b"TNDMLM\r\n"
_VERSION = 1
_HEADER = struct.Struct("<8sIIIIQQI")
_HEADER_BYTES = 64
_PAGE = 4096
_PROBES = 16


@dataclass(frozen=True, slots=True)
class Sections:
    """The parts of an open model file; views into one map."""

    tokens: int
    order: memoryview
    shape_order: memoryview
    ends: memoryview
    token_start: int
    shape_start: int
    word_start: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The numbers of a model as bytes: little-endian uint32 orders, three-byte tokens, shapes."""

    order: bytes
    shape_order: bytes
    tokens: bytes
    shapes: bytes


def write(path: Path, parts: Parts, words: Sequence[bytes]) -> int:
    """Write a model file in one step that readers see whole or not at all; return its size.

    `words` is the sorted vocabulary.
    Raises OSError if the folder cannot be written.
    """
    ends = bytearray()
    end = 0
    for word in words:
        end += len(word)
        ends += struct.pack("<I", end)
    body = b"".join(
        [parts.order, bytes(ends), parts.shape_order, parts.tokens, parts.shapes, *words]
    )
    header = _HEADER.pack(
        _MAGIC,
        _VERSION,
        len(parts.order) // 4,
        len(words),
        _probe(body),
        len(body),
        end,
        0,
    )
    header = header[:-4] + struct.pack("<I", zlib.crc32(header[:-4]))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(header.ljust(_HEADER_BYTES, b"\0"))
            file.write(body)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return _HEADER_BYTES + len(body)


def read(path: Path) -> tuple[mmap, Sections] | None:
    """Map the file at `path`; None if it is missing, cut short, damaged or another version's."""
    try:
        with path.open("rb") as file:
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError):
        return None
    sections = _sections(data)
    if sections is None:
        data.close()
        return None
    return data, sections


def _sections(data: mmap) -> Sections | None:
    """Check the header against the file's size and spread pages; lay the views over it."""
    if len(data) < _HEADER_BYTES:
        return None
    header = data[: _HEADER.size]
    magic, version, tokens, words, probe, size, blob, check = _HEADER.unpack(header)
    if magic != _MAGIC or version != _VERSION or check != zlib.crc32(header[:-4]):
        return None
    shaped = (tokens + 1) // 2
    fixed = (4 + TOKEN_BYTES + 1) * tokens + 4 * words + 4 * shaped + blob
    view = memoryview(data)
    intact = fixed == size == len(data) - _HEADER_BYTES and probe == _probe(view[_HEADER_BYTES:])
    if not intact or words == 0:
        view.release()
        return None
    ends_at = _HEADER_BYTES + 4 * tokens
    shape_order_at = ends_at + 4 * words
    tokens_at = shape_order_at + 4 * shaped
    shapes_at = tokens_at + TOKEN_BYTES * tokens
    return Sections(
        tokens=tokens,
        order=view[_HEADER_BYTES:ends_at].cast("I"),
        ends=view[ends_at:shape_order_at].cast("I"),
        shape_order=view[shape_order_at:tokens_at].cast("I"),
        token_start=tokens_at,
        shape_start=shapes_at,
        word_start=shapes_at + tokens,
    )


def _probe(body: bytes | memoryview) -> int:
    """Return the checksum of 16 pages spread over `body`, first and last included."""
    last = max(0, len(body) - _PAGE)
    check = 0
    for number in range(_PROBES):
        start = last * number // (_PROBES - 1)
        check = zlib.crc32(body[start : start + _PAGE], check)
    return check
