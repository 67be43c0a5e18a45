"""Where a new import goes, and as what: into a list that is there, or as a line among its kind.

Imports are in groups (the standard library, packages, the code's own, relative ones); a line goes
into its group, in order where that is in order. Deliberately no formatter: lines are not broken,
what is in no order stays so.

Invariants: nothing goes into a function, a condition or a ``try``; line ends are those of the file.
"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tandem.core.edits import Edit
from tandem.core.text import Span
from tandem.features.fixes.free.headers import header_end
from tandem.features.fixes.free.statements import Entry, Statement, statements
from tandem.index.lexical import blanked

_SCRIPTS: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])
_BLOCKS: Final = frozenset(["c", "cpp"])  # groups are unordered kinds
_SPACED: Final = frozenset(["python", "go"])  # groups are apart even if nothing shows it
_CODE: Final = re.compile(
    r"^(?:(?:export|default|public|private|internal|protected|abstract|final|static|sealed|data"
    r"|async|pub(?:\([^)\n]*\))?|unsafe|open|partial|@\w+)[ \t]+)*"
    r"(?:def|class|function|fn|func|fun|struct|enum|interface|impl|trait|object|record)\b",
    re.MULTILINE,
)
_CONDITION: Final = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|endif)\b", re.MULTILINE)
_GUARD: Final = re.compile(
    r"^[ \t]*#[ \t]*ifndef[ \t]+(\w+)\s+#[ \t]*define[ \t]+\1\b", re.MULTILINE
)
_FUTURE, _STANDARD, _PACKAGE, _OWN, _RELATIVE = range(5)
# Whether a module is of the standard library, for the languages whose imports are in groups.
_STANDARDS: Final[dict[str, Callable[[str], bool]]] = {
    "python": lambda module: module.partition(".")[0] in sys.stdlib_module_names,
    "rust": lambda module: module.partition("::")[0] in {"std", "core", "alloc"},
    "go": lambda module: "." not in module.partition("/")[0],
    "csharp": lambda module: module.partition(".")[0] == "System",
    **dict.fromkeys(_SCRIPTS, lambda module: module.startswith("node:")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A new import statement: `text` without line end, and what decides on its place."""

    text: str
    module: str
    group: int
    plain: bool = False  # Python's `import x`, before `from x import y`


def group_of(language: str, module: str, *, own: bool) -> int:
    """Return the group of a module; `own` tells that it leads into the codebase."""
    if language in _BLOCKS:
        return _STANDARD if module.startswith("<") else _OWN
    standard = _STANDARDS.get(language)
    if standard is None:
        return _PACKAGE
    if module.startswith("."):
        return _RELATIVE
    if module == "__future__" or standard(module):
        return _FUTURE if module == "__future__" else _STANDARD
    own = (own and language != "go") or module.startswith(("crate", "self", "super"))
    return _OWN if own else _PACKAGE


def head(source: str, language: str) -> list[Statement]:
    """Return the imports at the top: not nested, before the first definition."""
    found = [s for s in statements(source, language) if not s.nested or s.block is not None]
    if not found:
        return []
    code = blanked(source, language)
    ends = [s.span for s in found]
    limit = next(
        (m.start() for m in _CODE.finditer(code) if not any(a <= m.start() < b for a, b in ends)),
        len(source),
    )
    conditional = _conditional(code) if language in _BLOCKS else ()
    return [
        s
        for s in found
        if s.span.start < limit and not any(a < s.span.start < b for a, b in conditional)
    ]


def _conditional(code: str) -> list[Span]:
    """Return what is under a condition of the preprocessor, an include guard aside."""
    found: list[Span] = []
    open_at: list[int] = []
    guard = _GUARD.search(code)
    for directive in _CONDITION.finditer(code):
        if guard is not None and directive.start() == guard.start():
            open_at.append(-1)
        elif directive[1].startswith("if"):
            open_at.append(directive.start())
        elif open_at:
            start = open_at.pop()
            found += [Span(start, directive.start())] if start >= 0 else []
    return found


def new_line(source: str, language: str, line: Line, group: Callable[[Statement], int]) -> Edit:
    """Return the edit that puts an import statement where it belongs."""
    eol = "\r\n" if "\r\n" in source[:10_000] else "\n"
    present = head(source, language)
    if not present:
        return _first(source, language, line.text, eol)
    groups = [group(statement) for statement in present]
    same = [s for s, its in zip(present, groups, strict=True) if its == line.group]
    if same:
        at = _in_order(source, language, same, line)
        if at is not None:
            return _above(source, same[at], line.text, eol)
        return _below(source, same[-1], line.text, eol)
    if language in _BLOCKS:
        return _below(source, present[-1], line.text, eol)
    apart = language in _SPACED if len(set(groups)) == 1 else _are_apart(source, present, groups)
    gap = eol if apart else ""
    lower = [s for s, its in zip(present, groups, strict=True) if its < line.group]
    if lower:
        return _below(source, lower[-1], line.text, eol, gap=gap)
    return _above(source, present[0], line.text, eol, gap=gap)


def _in_order(source: str, language: str, same: Sequence[Statement], line: Line) -> int | None:
    """Return before which statement of its group a line goes; None: behind them all."""
    if language in _SCRIPTS:
        return None
    keys = [_key(source, statement) for statement in same]
    new = (not line.plain, line.module.lower())
    if language != "python" or any(a > b for a, b in pairwise(keys)):  # plain ones not first
        keys, new = [(True, module) for _, module in keys], (True, new[1])
    if any(a > b for a, b in pairwise(keys)):
        return None
    return next((at for at, key in enumerate(keys) if key > new), None)


def _key(source: str, statement: Statement) -> tuple[bool, str]:
    plain = source.startswith("import", statement.span.start) and not statement.module
    first = next(statement.leaves(), None)
    module = statement.module
    if first is not None and (plain or not module or first.name.startswith(module)):
        module = first.name
    return not plain, module.lower()


def _are_apart(source: str, present: Sequence[Statement], groups: Sequence[int]) -> bool:
    for (one, first), (other, second) in pairwise(zip(present, groups, strict=True)):
        if first != second:
            between = source[one.span.end : other.span.start]
            return between.count("\n") > 1
    return False


def _above(source: str, statement: Statement, text: str, eol: str, gap: str = "") -> Edit:
    start = source.rfind("\n", 0, statement.span.start) + 1
    indent = source[start : statement.span.start]
    while source.startswith("#[", source.rfind("\n", 0, max(start - 1, 0)) + 1) and start:
        start = source.rfind("\n", 0, start - 1) + 1  # an attribute is of what is below it
    return Edit(Span(start, start), f"{indent if not indent.strip() else ''}{text}{eol}{gap}")


def _below(source: str, statement: Statement, text: str, eol: str, gap: str = "") -> Edit:
    line = source.rfind("\n", 0, statement.span.start) + 1
    indent = source[line : statement.span.start] if statement.block is not None else ""
    at = source.find("\n", statement.span.end) + 1
    if at == 0:
        return Edit(Span(len(source), len(source)), f"{eol}{gap}{indent}{text}{eol}")
    return Edit(Span(at, at), f"{gap}{indent}{text}{eol}")


def _first(source: str, language: str, text: str, eol: str) -> Edit:
    at = header_end(source, language)
    above, below = source[:at], source[at:]
    lead = "" if not above.strip() or above.endswith(("\n\n", "\n\r\n")) else eol
    if above and not above.endswith("\n"):
        lead = eol + eol
    if not above.strip():
        return Edit(Span(at, at), f"{text}{eol}{_gap(below, language, eol)}")
    if below.startswith(("\n", "\r\n")):  # behind the blank line that is there
        at += len(eol)
        below = source[at:]
        lead = ""
    return Edit(Span(at, at), f"{lead}{text}{eol}{_gap(below, language, eol)}")


def _gap(below: str, language: str, eol: str) -> str:
    """Return the blank lines that are missing between an import and what follows it."""
    rest = below.lstrip("\r\n")
    if not rest.strip():
        return ""
    blank = below[: len(below) - len(rest)].count("\n")
    wanted = 2 if language == "python" and re.match(r"(?:async |def |class |@)", rest) else 1
    return eol * max(0, wanted - blank)


def into_list(
    source: str, entries: Sequence[Entry], inside: Span, name: str, *, trailing: bool
) -> Edit:
    """Return the edit that adds a name to a list which has some, in order where that is in order.

    `trailing` tells that the list may end with a comma, as in brackets.
    """
    written = [source[slice(*entry.span)] for entry in entries]
    at = _position(written, name)
    if at < len(entries):
        start = entries[at].span.start
        line = source.rfind("\n", 0, start) + 1
        indent = source[line:start]
        if trailing and at and not indent.strip():
            return Edit(Span(line, line), f"{indent}{name},{_eol(source)}")
        between = f"{_eol(source)}{indent}" if trailing and not indent.strip() else " "
        return Edit(Span(start, start), f"{name},{between}")
    last = entries[-1].span
    line = source.rfind("\n", 0, last.start) + 1
    indent = source[line : last.start]
    rest = source[last.end : inside.end]
    if trailing and not indent.strip():
        comma = rest.find(",")
        if comma < 0 or rest[:comma].strip():
            return Edit(Span(last.end, last.end), f",{_eol(source)}{indent}{name},")
        behind = source.find("\n", last.end)
        place = behind if 0 <= behind <= inside.end else last.end + comma + 1
        place -= source[place - 1 : place] == "\r"
        return Edit(Span(place, place), f"{_eol(source)}{indent}{name},")
    return Edit(Span(last.end, last.end), f", {name}")


def _eol(source: str) -> str:
    return "\r\n" if "\r\n" in source[:10_000] else "\n"


def _position(names: Sequence[str], name: str) -> int:
    """Return where a name goes: in the order that the others have, else at the end."""
    for key in (_by_kind, str.lower, str):
        ordered = [key(other) for other in names]
        if all(a <= b for a, b in pairwise(ordered)):
            return next((at for at, its in enumerate(ordered) if its > key(name)), len(names))
    return len(names)


def _by_kind(name: str) -> str:
    """As isort and ruff: constants, classes, then the rest."""
    bare = name.removeprefix("type ")
    kind = 0 if bare.isupper() and len(bare) > 1 else 1 if bare[:1].isupper() else 2
    return f"{kind}{bare.lower()}"
