"""What a function takes, read from its head on one line: good enough to compare two heads.

`index.calls` counts what a call gives; this compares declarations: of an interface's method with
its implementation's, of a function with what it was. Pure, never raises.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_OPEN, _CLOSE = "([{<", ")]}>"
_ARROWS: Final = re.compile(r"=>|->|>=|<=")
_SELF: Final = frozenset(["self", "cls", "this"])
_MODIFIERS: Final = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+|final\s+|public\s+|private\s+|protected\s+|readonly\s+|override\s+)+"
)
_TYPED_FIRST: Final = frozenset(["java", "c", "cpp", "csharp"])
_PLAIN_GO: Final = re.compile(r"^[A-Za-z_]\w*$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `type` is "" where none is written, `rest` takes any number."""

    name: str
    type: str
    optional: bool = False
    rest: bool = False


def parameters(signature: str, name: str, language: str) -> tuple[Parameter, ...]:
    """Return the parameters in a head, the receiver aside."""
    inside = _between(signature, name)
    parts = [part.strip() for part in _split(inside)]
    found = [_parameter(part, language) for part in parts if part not in {"", "/", "*", "void"}]
    if language == "go":
        found = _go_types([part for part in parts if part])
    return tuple(
        one for number, one in enumerate(found) if number or one.name.lstrip("&* ") not in _SELF
    )


def needed(found: Sequence[Parameter]) -> int:
    """Return how many arguments have to be given."""
    return sum(not one.optional and not one.rest for one in found)


def same_types(one: Sequence[Parameter], other: Sequence[Parameter]) -> bool:
    """Tell whether two heads take the same, whatever the parameters are called."""
    return [(p.type, p.rest) for p in one] == [(p.type, p.rest) for p in other]


def _between(signature: str, name: str) -> str:
    """Return what stands in the round brackets behind a name."""
    at = re.search(
        rf"\b{re.escape(name)}\b\s*(?:<[^(]*>|\[[^(]*\])?\s*[:=]?\s*(?:async\s*)?\(", signature
    )
    start = at.end() if at is not None else signature.find("(") + 1
    depth = 1
    for number in range(start, len(signature)):
        depth += (signature[number] in "([{") - (signature[number] in ")]}")
        if not depth:
            return signature[start:number]
    return signature[start:] if start else ""


def _split(text: str) -> list[str]:
    """Cut at the commas that stand in no brackets."""
    text = _ARROWS.sub(lambda match: "\0" * len(match[0]), text)
    parts, depth, start = [], 0, 0
    for number, char in enumerate(text):
        depth += (char in _OPEN) - (char in _CLOSE)
        if char == "," and depth <= 0:
            parts.append(text[start:number])
            start = number + 1
    return [*parts, text[start:]]


def _parameter(part: str, language: str) -> Parameter:
    part, optional = _MODIFIERS.sub("", part), False
    rest = part.startswith(("*", "...")) or "..." in part
    head, equals, _default = part.partition("=")
    optional = bool(equals)
    if language in _TYPED_FIRST:
        words = head.strip().rsplit(None, 1)
        kind, name = (words[0], words[1]) if len(words) > 1 else (head.strip(), "")
        return Parameter(name.lstrip("*&"), _folded(kind), optional, rest)
    name, _, kind = head.partition(":")
    name = name.strip().lstrip("*.& ")
    return Parameter(name.rstrip("?"), _folded(kind), optional or name.endswith("?"), rest)


def _go_types(parts: Sequence[str]) -> list[Parameter]:
    """Read Go's lists, where `a, b int` gives both the type."""
    found: list[Parameter] = []
    if not any(len(part.split()) > 1 for part in parts):  # types alone
        return [Parameter("", _unqualified(part), rest=part.startswith("...")) for part in parts]
    kind = ""
    for part in reversed(parts):
        words = part.split(None, 1)
        if len(words) > 1:
            kind, name = words[1], words[0]
        elif kind and _PLAIN_GO.match(part) and len(parts) > 1:
            name = part
        else:
            kind, name = part, ""
        found.append(Parameter(name, _unqualified(kind), rest=kind.startswith("...")))
    return found[::-1]


def _unqualified(kind: str) -> str:
    """Drop the packages of Go's types: inside of its own package a type is named without."""
    return re.sub(r"\b[a-z]\w*\.(?=[A-Z])", "", _folded(kind))


def _folded(kind: str) -> str:
    return re.sub(r"\s+", "", kind)
