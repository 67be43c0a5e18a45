r"""An independent model of a text: a string, a regex split at the protocol's line ends, encodings.

Shares nothing with the code under test but the notations; slow and obvious on purpose.
"""

import re

from hypothesis import strategies as st

from tandem.core.text import Encoding

_BYTES = {Encoding.UTF8: 1, Encoding.UTF16: 2, Encoding.UTF32: 4}
_CODEC = {Encoding.UTF8: "utf-8", Encoding.UTF16: "utf-16-le", Encoding.UTF32: "utf-32-le"}

PIECES = [
    *("a", "bc ", "\t", "é", "ñ", "😋"),
    *("\r", "\n", "\r\n", "\f", "\v", "\x1c", "\x85", "\u2028"),
    *("\ud83d", "\ude0b"),  # halves of a pair, which JSON can carry
]
texts = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
short_texts = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
chunk_sizes = st.sampled_from([1, 2, 3, 5, 8, 4096])
encodings = st.sampled_from(Encoding)


def split(text: str) -> list[tuple[int, int]]:
    """Return start and end (before the line end) of every line."""
    lines = []
    start = 0
    for end in re.finditer(r"\r\n|\n|\r", text):
        lines.append((start, end.start()))
        start = end.end()
    return [*lines, (start, len(text))]


def units(text: str, encoding: Encoding) -> int:
    return len(text.encode(_CODEC[encoding], "surrogatepass")) // _BYTES[encoding]


def offset_at(text: str, position: tuple[int, int], encoding: Encoding) -> int:
    line, character = position
    if line < 0:
        return 0
    lines = split(text)
    if line >= len(lines):
        return len(text)
    start, end = lines[line]
    fitting = [
        offset
        for offset in range(start, end + 1)
        if units(text[start:offset], encoding) <= max(character, 0)
    ]
    return max(fitting)


def point_at(text: str, offset: int) -> tuple[int, int]:
    offset = min(max(offset, 0), len(text))
    line, start = max(
        (number, start) for number, (start, _) in enumerate(split(text)) if start <= offset
    )
    return line, offset - start


def replace(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]
