"""Report the impossible: raise under test, count and go on in production (as gopls's util/bug)."""

from collections import Counter
from typing import Final

seen: Final[Counter[str]] = Counter()
"""How often each impossible thing happened in this process; `tandem doctor` and the log show it."""

strict: bool = False
"""Set by the test suite: an impossible thing is then an error at once."""


def unexpected(key: str) -> None:
    """Note that a broken invariant was met. `key` is stable and holds no user data."""
    seen[key] += 1
    if strict:
        raise AssertionError(f"unexpected: {key}")
