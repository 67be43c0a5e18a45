"""What the server and its index workers say to each other: a length, then a pickle.

Both ends are ours and of one version; nothing from outside is ever unpickled.
"""

import pickle
import struct
from collections.abc import Mapping
from typing import BinaryIO, Final, NamedTuple

HEADER: Final = struct.Struct("<I")


class Words(NamedTuple):
    """What tier 1 found in a state of a file: tier 2 needs the same and would find it again."""

    mtime_ns: int
    size: int
    bag: bytes


class Request(NamedTuple):
    """Compute facts: `tier` 1 by names, 2 exactly; `paths` relative to the root.

    `words` are of those paths whose words are known.
    """

    tier: int
    paths: tuple[str, ...]
    words: Mapping[str, Words]


def framed(value: object) -> bytes:
    """Return a value as a frame."""
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(body)) + body


def receive(source: BinaryIO) -> Request | None:
    """Wait for a request; None at the end of the stream."""
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    request: Request = pickle.loads(source.read(length))  # noqa: S301 - from the server itself
    return request
