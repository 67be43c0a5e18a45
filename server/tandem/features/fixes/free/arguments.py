"""What a call or a literal takes by name: for an argument or a field that it does not know.

From the definition that the called name, or the type in the message, leads to. Deliberately no
overloads and no types: a name that several definitions have stands for all of them.
"""

import re
from typing import Final

from tandem.features.fixes.free.candidate import Asked
from tandem.features.fixes.free.members import members, parameters
from tandem.index.lexical import blanked

_NEAR: Final = 4_000  # characters that a call is followed over
_GIVEN: Final = re.compile(r"(?<![\w$])([^\W\d][\w$]*+)\s*+[:=](?!=)")


def accepted(asked: Asked) -> list[str]:
    """Return what the call or the literal around the place takes and does not give yet."""
    code = blanked(asked.source, asked.language)
    called, begin, end = _call(code, _argument(code, asked))
    given = set(_GIVEN.findall(code[begin:end]))
    names = parameters(asked.code, asked.path, called) if called else []
    owner = asked.cause.owner
    if owner and owner != called:
        names += [name for name in parameters(asked.code, asked.path, owner) if name not in names]
    if not names:
        names = members(asked.code, asked.path, owner)
    return [name for name in names if name not in given]


def _argument(code: str, asked: Asked) -> int:
    """Return where the argument stands: pylint marks the whole call that has it."""
    start, end = asked.diagnostic.span
    found = re.compile(rf"(?<![\w$]){re.escape(asked.cause.name)}\s*[:=]").search(code, start, end)
    return found.start() if found is not None and asked.cause.name else start


def _call(code: str, at: int) -> tuple[str, int, int]:
    """Return the name in front of the bracket that is open at a place, and what it encloses."""
    depth, begin = 0, -1
    for i in range(min(at, len(code)) - 1, max(at - _NEAR, -1), -1):
        if code[i] in ")]}":
            depth += 1
        elif code[i] in "([{":
            if not depth:
                begin = i
                break
            depth -= 1
    if begin < 0:
        return "", at, at
    end, depth = begin, 0
    for end in range(begin, min(len(code), at + _NEAR)):
        depth += (code[end] in "([{") - (code[end] in ")]}")
        if not depth:
            break
    before = re.search(r"([^\W\d][\w$]*)(?:<[^<>]*>)?\s*$", code[max(begin - 200, 0) : begin])
    return before[1] if before is not None else "", begin, end
