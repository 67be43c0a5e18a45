"""The prefix of an earlier prompt, kept to compare the next one with: what the cache may hold.

Apart from the pack's own state on purpose: where that is lost, damaged or of another version, this
still tells which byte of the new prompt differs and what that costs. Focus and task are not kept.
A file that cannot be read is None, as if there had been no prompt.

Invariant: ``parse(dump(record)) == record``.
"""

import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any, Final

from tandem.index.pack.explain import Prompt
from tandem.index.pack.layout import Kind, Section

_MAGIC: Final = b"TNDMSENT"
_HEADER: Final = struct.Struct("<8s16s")  # magic, sum of the rest
_LENGTH: Final = struct.Struct("<I")  # of the table


@dataclass(frozen=True, slots=True)
class Record:
    """A prompt without its tail. `sent_s` is the Unix time it was sent, None if it only was shown.

    `model` is whom it was made for: caches are the models' own.
    """

    model: str
    prompt: Prompt = field(repr=False)
    sent_s: int | None = None


def dump(record: Record) -> bytes:
    """Return a record as bytes: a table of the sections, then their text."""
    texts = [s.text.encode("utf-8", "surrogatepass") for s in record.prompt.prefix]
    value = {
        "model": record.model,
        "sent": record.sent_s,
        "cuts": record.prompt.cuts,
        "sections": [
            [section.kind.name, section.name, section.tokens, len(text)]
            for section, text in zip(record.prompt.prefix, texts, strict=True)
        ],
    }
    table = json.dumps(value, separators=(",", ":")).encode("ascii")
    body = b"".join([_LENGTH.pack(len(table)), table, *texts])
    return _HEADER.pack(_MAGIC, _checksum(body)) + body


def parse(data: bytes) -> Record | None:
    """Read a record; None for any bytes that ``dump`` did not make."""
    if len(data) < _HEADER.size:
        return None
    magic, checksum = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if magic != _MAGIC or checksum != _checksum(body):
        return None
    try:
        end = _LENGTH.size + _LENGTH.unpack_from(body)[0]
        return _record(json.loads(body[_LENGTH.size : end]), body[end:])
    except (ValueError, KeyError, TypeError, struct.error):
        return None


def _record(value: dict[str, Any], text: bytes) -> Record:
    sections: list[Section] = []
    at = 0
    for kind, name, tokens, length in value["sections"]:
        part = text[at : at + length].decode("utf-8", "surrogatepass")
        sections.append(Section(Kind[kind], name, part, tokens))
        at += length
    return Record(value["model"], Prompt(tuple(sections), value["cuts"]), value["sent"])


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
