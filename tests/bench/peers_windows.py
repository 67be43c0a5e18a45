"""What other programs send of the open file, re-expressed from their defaults.

Each rule takes all that stands before and behind the cursor and returns what of it is sent. No
context of other files is among it. Four characters are a token, as the programs estimate.
"""

from collections.abc import Callable
from typing import Final

Window = Callable[[str, str], tuple[str, str]]

_TOKEN: Final = 4


def sliding(before: str, after: str) -> tuple[str, str]:
    """Slide 16,000 characters over the file, three quarters of them before the cursor."""
    if len(before) + len(after) <= 16_000:
        return before, after
    if len(before) < 12_000:
        return before, after[: 16_000 - len(before)]
    if len(after) < 4_000:
        return before[len(before) + len(after) - 16_000 :], after
    return before[-12_000:], after[:4_000]


def lines(above: int, below: int) -> Window:
    """Return the rule that takes whole lines, and the cursor's own."""

    def window(before: str, after: str) -> tuple[str, str]:
        head, tail = before.split("\n"), after.split("\n")
        return "\n".join(head[-above - 1 :]), "\n".join(tail[: below + 1])

    return window


def continued(before: str, after: str) -> tuple[str, str]:
    """Take 30% and 20% of 1,024 tokens, whole lines."""
    head, tail = before.split("\n"), after.split("\n")
    while len(head) > 1 and sum(map(len, head)) + len(head) > 307 * _TOKEN:
        head.pop(0)
    while len(tail) > 1 and sum(map(len, tail)) + len(tail) > 204 * _TOKEN:
        tail.pop()
    return "\n".join(head), "\n".join(tail)


def half_and_half(before: str, after: str) -> tuple[str, str]:
    """Slide 512 tokens on each side."""
    return before[-512 * _TOKEN :], after[: 512 * _TOKEN]


def anchored(before: str, after: str) -> tuple[str, str]:
    """Begin at a line start that moves every 4,000 characters."""
    if len(before) > 8_000:
        start = -(-(len(before) - 8_000) // 4_000) * 4_000
        before = before[before.rfind("\n", 0, start) + 1 :]
    return before, after[:1_000]
