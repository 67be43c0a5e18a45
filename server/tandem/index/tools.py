"""Read-only tools for Pro, answered by the index: what the pack leaves out can be asked for.

Schemas are strict (every property required, nothing else allowed), so that the API holds the model
to them. An answer is text with line numbers, bounded; a wrong call is answered with a sentence the
model can act on, never with an exception. Only indexed files can be read: what is ignored, secret
or outside the workspace does not exist here.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tandem.core.model import Tool, ToolCall
from tandem.index.code import Code
from tandem.index.graph import uses

_LINES: Final = 400
_HITS: Final = 50
_WIDTH: Final = 200


def _schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}

TOOLS: Final = (
    Tool(
        "read_file",
        "Read lines of a file of the codebase (1-based, inclusive; at most 400 lines a call).",
        _schema(path=_TEXT, first_line=_NUMBER, last_line=_NUMBER),
        strict=True,
    ),
    Tool(
        "find_symbol",
        "Find where a function, class, type, constant or field is defined, with its signature.",
        _schema(name=_TEXT),
        strict=True,
    ),
    Tool(
        "references",
        "List the lines of the codebase in which a name occurs, with the definition around each.",
        _schema(name=_TEXT),
        strict=True,
    ),
    Tool(
        "search",
        "Search the codebase for a text, exactly as written; lists the lines that hold it.",
        _schema(text=_TEXT),
        strict=True,
    ),
)


def answer(code: Code, call: ToolCall) -> str:
    """Run a tool call and return the text to send back. Never raises."""
    run = _RUN.get(call.name)
    if run is None:
        return f"There is no tool {call.name!r}; there are {', '.join(_RUN)}."
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return "The arguments are not valid JSON."
    expected = next(tool.schema for tool in TOOLS if tool.name == call.name)["properties"]
    if not isinstance(arguments, dict) or not _fits(arguments, expected):
        return f"The arguments do not fit the schema: {json.dumps(expected)}"
    return run(code, **arguments)


def _fits(arguments: Mapping[str, object], expected: object) -> bool:
    kinds = {"string": str, "integer": int}
    return (
        isinstance(expected, dict)
        and set(arguments) == set(expected)
        and all(
            isinstance(value, kinds[expected[name]["type"]]) and not isinstance(value, bool)
            for name, value in arguments.items()
        )
    )


def _read_file(code: Code, path: str, first_line: int, last_line: int) -> str:
    text = code.text(path) if path in code.paths else None
    if text is None:
        near = [known for known in code.paths if known.endswith(path.rpartition("/")[2])]
        hint = f" Did you mean {', '.join(sorted(near)[:5])}?" if near else ""
        return f"There is no file {path!r} in the codebase.{hint}"
    lines = re.split("\r\n|\n|\r", text)
    first = max(first_line, 1)
    last = min(last_line, len(lines), first + _LINES - 1)
    if first > last:
        return f"{path} has {len(lines)} lines."
    shown = [f"{number}\t{lines[number - 1]}" for number in range(first, last + 1)]
    return "\n".join([f"{path}, lines {first}-{last} of {len(lines)}", *shown])


def _find_symbol(code: Code, name: str) -> str:
    found = (
        f"{path}:{d.line + 1}\t{d.kind.value} {d.signature}"
        for path in code.definers(name)
        if (facts := code.facts(path)) is not None
        for d in facts.definitions
        if d.name == name
    )
    return _listed(found, f"Nothing named {name!r} is defined in the codebase.")


def _references(code: Code, name: str) -> str:
    lines = (
        f"{use.path}:{use.line + 1}\t{use.inside.name if use.inside else '(module)'}\t"
        f"{_line(code, use.path, use.offset)}"
        for use in uses(code, name)
    )
    return _listed(lines, f"The name {name!r} does not occur in the codebase.")


def _search(code: Code, text: str) -> str:
    if not text.strip():
        return "There is nothing to search for."
    return _listed(_matches(code, text), f"{text!r} does not occur in the codebase.")


def _matches(code: Code, text: str) -> Iterable[str]:
    for path in sorted(code.paths):
        content = code.text(path) or ""
        at = content.find(text)
        while at >= 0:
            yield f"{path}:{content.count(chr(10), 0, at) + 1}\t{_line(code, path, at)}"
            end = content.find("\n", at)
            at = content.find(text, end) if end >= 0 else -1


def _line(code: Code, path: str, offset: int) -> str:
    content = code.text(path) or ""
    start = content.rfind("\n", 0, offset) + 1
    end = content.find("\n", offset)
    return content[start : end if end >= 0 else len(content)].strip()[:_WIDTH]


def _listed(lines: Iterable[str], nothing: str) -> str:
    shown: list[str] = []
    for line in lines:
        if len(shown) == _HITS:
            return "\n".join([*shown, f"(more than {_HITS}; ask for something narrower)"])
        shown.append(line)
    return "\n".join(shown) or nothing


_RUN: Final[Mapping[str, Callable[..., str]]] = {
    "read_file": _read_file,
    "find_symbol": _find_symbol,
    "references": _references,
    "search": _search,
}
