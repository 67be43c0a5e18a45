"""What a model says in a form: JSON and tool calls, with the failures that APIs document.

JSON may come in a fence, with prose around it, or cut off; a tool call may leak into the text as
the markup of the model's own template. Pure and total: what cannot be read is None, never an error.

Invariant: nothing is invented; of a cut-off value only what was complete is kept.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from tandem.core.model import ToolCall
from tandem.core.reply import Reply

_LONGEST: Final = 1_000_000  # characters that are looked at
_STARTS: Final = 64  # opening braces that are tried
_CUT_OFF: Final = 4  # of them, those that may begin an object without an end
_ELEMENTS: Final = 8  # last complete elements at which a cut-off object is tried
_FENCED: Final = re.compile(r"```(?:json|jsonc|javascript)?[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL)

# DeepSeek's markup of calls (V3, V3.1 and V4's "DSML"), with its full-width bars or plain ones.
_BAR, _LOW = "[|\uff5c]", "[_\u2581]"
_CALL: Final = re.compile(
    rf"<{_BAR}tool{_LOW}call{_LOW}begin{_BAR}>(.*?)<{_BAR}tool{_LOW}sep{_BAR}>(.*?)"
    rf"<{_BAR}tool{_LOW}call{_LOW}end{_BAR}>",
    re.DOTALL,
)
_INVOKE: Final = re.compile(
    rf"<(?:{_BAR}DSML{_BAR})?invoke name=\"(\w+)\">(.*?)</(?:{_BAR}DSML{_BAR})?invoke>", re.DOTALL
)
_PARAMETER: Final = re.compile(
    rf"<(?:{_BAR}DSML{_BAR})?parameter name=\"(\w+)\"([^>]*)>(.*?)"
    rf"</(?:{_BAR}DSML{_BAR})?parameter>",
    re.DOTALL,
)


def json_object(text: str) -> dict[str, Any] | None:
    """Return the first JSON object of a text, completed where it was cut off; None if none is."""
    text = text[:_LONGEST]
    candidates = [text.strip(), *(found[1] for found in _FENCED.finditer(text))]
    for candidate in candidates:
        found = _loaded(candidate)
        if found is not None:
            return found
    return _somewhere(text)


def _somewhere(text: str) -> dict[str, Any] | None:
    """Return the first object that begins anywhere in a text, whole or cut off."""
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{")
    for number in range(_STARTS):
        if at < 0:
            return None
        try:
            value, _end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value = _completed(text[at:]) if number < _CUT_OFF else None
        if isinstance(value, dict):
            return value
        at = text.find("{", at + 1)
    return None


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _completed(text: str) -> dict[str, Any] | None:
    """Close what a cut-off object left open, behind its last complete element."""
    for end, closing in reversed(deque(_ends(text), _ELEMENTS)):
        found = _loaded(text[:end] + closing)
        if found is not None:
            return found
    return None


def _ends(text: str) -> Iterator[tuple[int, str]]:
    """Yield where an element is complete, with what would close everything there."""
    open_: list[str] = []
    quoted = escaped = False
    for at, char in enumerate(text):
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "{[":
            open_.append("}" if char == "{" else "]")
        elif char in "}]" and open_:
            open_.pop()
            yield at + 1, "".join(reversed(open_))
        elif char == "," and open_:
            yield at, "".join(reversed(open_))


def calls(reply: Reply) -> tuple[ToolCall, ...]:
    """Return the tool calls of a reply, those that leaked into its text included."""
    return reply.tool_calls or tuple(_leaked(reply.text[:_LONGEST]))


def _leaked(text: str) -> Iterator[ToolCall]:
    for number, found in enumerate(_CALL.finditer(text)):
        head, rest = found[1].strip(), found[2].strip()
        if head == "function":  # V3 says the name behind the separator, then fenced JSON
            head, _, rest = rest.partition("\n")
        value = json_object(rest)
        if value is not None:
            yield ToolCall(f"leaked-{number}", head.strip(), json.dumps(value))
    for number, found in enumerate(_INVOKE.finditer(text)):
        values = {name: _typed(kind, said) for name, kind, said in _PARAMETER.findall(found[2])}
        yield ToolCall(f"leaked-invoke-{number}", found[1], json.dumps(values))


def _typed(attributes: str, said: str) -> object:
    """Return a parameter's value: text as it stands, anything else as JSON."""
    if 'string="false"' not in attributes:
        return said
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return said
