"""What a script gives away, by its text: under its own name, or as the default. Pure."""

import re
from typing import Final

SCRIPTS: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])
_DEFAULT: Final = (
    r"^export\s+default\s+(?:(?:async|abstract)\s+)*(?:function\b\*?\s*|class\s+)?{name}\b"
)
_NAMED: Final = (
    r"^export\s+(?:(?:declare|async|abstract)\s+)*(?:const\s+enum|const|let|var|function\*?|class"
    r"|interface|type|enum|namespace)\s+{name}(?![\w$])"
    r"|^export\s*(?:type\s*)?\{{[^}}]*(?<![\w$]){name}(?![\w$])"
    r"|^(?:module\.)?exports\.{name}\s*=|^module\.exports\s*=\s*\{{[^}}]*(?<![\w$]){name}(?![\w$])"
)


def exported(text: str, name: str) -> str:
    """Return under which name a script exports one of its own; ``default``, or empty for none."""
    word = re.escape(name)
    if re.search(_DEFAULT.format(name=word), text, re.MULTILINE):
        return "default"
    return name if re.search(_NAMED.format(name=word), text, re.MULTILINE) else ""
