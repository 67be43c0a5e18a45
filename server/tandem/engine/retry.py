"""When to try a failed call again. Pure: the gateway does the waiting.

Only what fails before the first piece of an answer is tried again, and only while the deadline
leaves room: a late completion is worth nothing.
"""

from typing import Final

from tandem.core.errors import Failure, ModelError

_TRANSIENT: Final = frozenset([Failure.RATE, Failure.SERVER, Failure.NETWORK, Failure.BROKEN])
_FIRST_S: Final = 0.2
_LONGEST_S: Final = 8.0


def delay(error: ModelError, *, attempt: int, attempts: int, left_s: float) -> float | None:
    """Return seconds to wait before attempt number `attempt` + 1 (first is 1), or None to give up.

    ``Retry-After`` is obeyed; without it the wait doubles from 0.2 s. Deterministic: the requests
    of one editor need no jitter against each other.
    """
    if attempt >= attempts or error.failure not in _TRANSIENT:
        return None
    wait = error.retry_after_s or min(_FIRST_S * 2 ** (attempt - 1), _LONGEST_S)
    return wait if wait < left_s else None
