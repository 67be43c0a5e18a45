"""Keep keys out of what is logged or shown. Pure; used at the edges where foreign text comes in."""

import re
from typing import Final

_SECRET: Final = re.compile(
    r"""\b(?:sk|pk|ghp|gho|ghs|glpat|xox[abps])[-_][A-Za-z0-9_\-]{6,}   # keys by their prefix
      | (?i:bearer)\s+[A-Za-z0-9._~+/=\-]{8,}                           # authorization headers
    """,
    re.VERBOSE,
)


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Replace known secrets, and whatever looks like an API key, by ``[redacted]``."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):  # one may begin another
        text = text.replace(secret, "[redacted]")
    return _SECRET.sub("[redacted]", text)
