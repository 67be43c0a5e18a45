"""What is opened, locked or begun, and no longer given back.

Held against what the same function did before: a release that is gone while what it released is
still taken, and one that no longer happens when an error is thrown.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.index.code import Code
from tandem.index.facts import Definition

_VERBS: Final = (
    "close|aclose|Close|release|Release|unlock|Unlock|RUnlock|shutdown|shutdownNow|Shutdown|"
    "disconnect|dispose|Dispose|cancel|Cancel|unsubscribe|destroy|terminate|Stop|"
    "rollback|Rollback|end|Done"
)
_RELEASE: Final = re.compile(
    rf"\b((?:[\w$]+\s*(?:\(\))?\s*\??\.\s*)*[\w$]+)(?:\(\))?\s*\??\.\s*({_VERBS})\s*\("
)
_CLOSERS: Final = frozenset(
    [
        "close",
        "aclose",
        "Close",
        "release",
        "Release",
        "dispose",
        "Dispose",
        "disconnect",
        "destroy",
        "shutdown",
    ]
)
_CLEARED: Final = re.compile(
    r"\b(clearInterval|clearTimeout|removeEventListener|removeListener)\s*\(\s*([\w$.]+)?"
)
_WITH: Final = re.compile(r"^[ \t]*(?:async\s+)?with\s+", re.MULTILINE)
_TRY: Final = re.compile(r"\btry\s*\(([^{]*)\)\s*\{")
_USING: Final = re.compile(r"\b(?:await\s+)?using\s+\w+\s*=\s*([^;\n]+)")
_LOCKED: Final = re.compile(
    r"^\s*(?:await\s+)?([\w$.()]+)\.(?:lock|acquire|Lock|RLock)\(\s*\)\s*;?\s*$"
)
# What is returned inside of a value that is made keeps it.
_MAKES: Final = re.compile(
    r"\bnew\s+[\w$.]+$|\b(?:[Nn]ew|from|of|make)\w*$|(?<![.\w])[A-Z]\w*$|[{\[]"
)
# Calls whose result has to be closed.
_OPENS: Final = {
    "go": re.compile(
        r"^\s*(\w+)\s*,\s*\w+\s*:?=\s*(?:os\.(?:Open|Create|OpenFile)|"
        r"\w+(?:\.\w+)*\.(?:Query|QueryContext)|http\.(?:Get|Post)|net\.Dial|sql\.Open)\((?!\))"
    ),
    "java": re.compile(
        r"^\s*(?:final\s+)?(?:var|[A-Z]\w*(?:<[^>]*>)?)\s+(\w+)\s*=\s*(?:Executors\.new\w+|"
        r"new\s+(?:File(?:Input|Output)Stream|File(?:Reader|Writer)|Socket|ServerSocket|Scanner)|"
        r"Files\.(?:newBuffered(?:Reader|Writer)|new(?:Input|Output)Stream|lines|list|walk)|"
        r"DriverManager\.getConnection)\("
    ),
    "python": re.compile(
        r"^\s*(\w+)\s*=\s*(?:open|socket\.socket|subprocess\.Popen|sqlite3\.connect|"
        r"tempfile\.(?:TemporaryDirectory|NamedTemporaryFile))\("
    ),
}
_GO_CALL: Final = re.compile(r"^\s*(\w+)\s*,\s*\w+\s*:?=\s*(?:\w+\.)*(\w+)\(")
_CLOSABLE: Final = re.compile(
    r"\)\s*\(?\s*(?:\*(?:http\.Response|sql\.Rows|os\.File)|io\.ReadCloser)\b"
)


def lost(case: Case) -> Iterator[Finding]:
    """Find what is still taken and no longer given back, function by function."""
    for changed in case.change.files:
        look = changed.look
        if look.is_gone or look.read.after is None:
            continue
        for found, code, was, old in look.functions().values():
            if old == code:
                continue
            if was is not None:
                yield from _of_function(case, look, found, code, old)
            yield from _left_locked(case, look, found, code)
            yield from _never(case, look, found, code)


def _of_function(
    case: Case, look: Look, found: Definition, code: str, old: str
) -> Iterator[Finding]:
    then, now = _released(old), _released(code)
    told: set[str] = set()
    for receiver in then.keys() - now.keys():
        line = _taken(code, receiver)
        if (
            line is None
            or _is_managed(code, receiver)
            or _is_kept(case.after, look, code, receiver)
        ):
            continue
        told.add(receiver)
        yield _finding(
            case, look, found, line, f"`{receiver}` is taken here and no longer given back"
        )
    for receiver in then.keys() & now.keys():
        if look.language == "go" or not then[receiver] or now[receiver]:
            continue  # in Go nothing is thrown
        if not _is_managed(code, receiver) and receiver not in told:
            line = _release_line(code, receiver)
            said = f"`{receiver}` is no longer given back when an error is thrown before this line"
            yield _finding(case, look, found, line, said)
    yield from _unmanaged(case, look, found, code, old)


def _released(code: str) -> dict[str, bool]:
    """Return what a function gives back, and whether also when an error is thrown."""
    found: dict[str, bool] = {}
    sure = _sure(code)
    for match in (*_RELEASE.finditer(code), *_CLEARED.finditer(code)):
        receiver = _plain(match[1] if match.re is _RELEASE else (match[2] or match[1]))
        at = match.start()
        line = code[code.rfind("\n", 0, at) + 1 : at]
        safe = "defer" in line or any(start <= at < end for start, end in sure)
        found[receiver] = found.get(receiver, False) or safe
    return found


def _plain(receiver: str) -> str:
    return re.sub(r"\s|\?|\(\)", "", receiver)


def _sure(code: str) -> list[tuple[int, int]]:
    """Return the spans that run also when an error is thrown: ``finally``, deferred functions."""
    braces = re.finditer(r"\bfinally\s*\{|\bdefer\s+func\s*\(\s*\)\s*\{", code)
    spans = [(match.start(), _closing(code, match.end())) for match in braces]
    for match in re.finditer(r"^([ \t]*)finally\s*:", code, re.MULTILINE):
        end = re.compile(rf"^[ \t]{{0,{len(match[1])}}}\S", re.MULTILINE).search(code, match.end())
        spans.append((match.start(), end.start() if end is not None else len(code)))
    return spans


def _closing(code: str, at: int) -> int:
    depth = 1
    while at < len(code) and depth:
        depth += (code[at] == "{") - (code[at] == "}")
        at += 1
    return at


def _taken(code: str, receiver: str) -> int | None:
    """Return the line of a function at which something is taken that it gave back; None if not."""
    name = re.escape(receiver)
    pattern = re.compile(
        rf"(?<![\w$.]){name}\b(?:\s*:\s*[^=\n]+)?(?:\s*,\s*[\w$]+)*\s*:?=[^=]|"
        rf"(?<![\w$.]){name}\s*\.\s*(?:lock|acquire|Lock|RLock|connect|open|begin|Begin)\s*\("
    )
    match = pattern.search(code)
    if match is None and "." in receiver:  # resp.Body is of resp
        return _taken(code, receiver.rpartition(".")[0])
    return code.count("\n", 0, match.start()) if match is not None else None


def _release_line(code: str, receiver: str) -> int:
    """Return the line of a function at which something is given back."""
    for match in (*_RELEASE.finditer(code), *_CLEARED.finditer(code)):
        if receiver in {_plain(match[1]), match[2] or ""}:
            return code.count("\n", 0, match.start())
    return 0


def _heads(code: str) -> list[str]:
    """Return what stands in the heads of with, using and try with resources."""
    heads = [*_TRY.findall(code), *_USING.findall(code)]
    for match in _WITH.finditer(code):
        depth, at = 0, match.end()
        while at < len(code) and (depth or code[at] not in ":\n"):
            depth += (code[at] in "([{") - (code[at] in ")]}")
            at += 1
        heads.append(code[match.end() : at])
    return heads


def _is_managed(code: str, receiver: str) -> bool:
    """Tell whether a language's own form gives something back: with, using, try with resources."""
    word = re.compile(rf"(?<![\w$]){re.escape(receiver)}(?![\w$])")
    return any(word.search(head) for head in _heads(code))


def _is_kept(code: Code, look: Look, body: str, receiver: str) -> bool:
    """Tell whether something is handed on to who gives it back: returned, stored, passed along."""
    name = re.escape(receiver)
    for match in re.finditer(rf"\b(?:return|yield)\b([^\n;]*?)(?<![\w$.]){name}(?![\w$(.])", body):
        inside = match[1].rpartition("(")
        if not inside[1] or inside[2].count(")") or _MAKES.search(inside[0]):
            return True
    if re.search(rf"(?:self|this)\.[\w$]+\s*=\s*{name}\b", body):
        return True
    if re.search(rf"(?<![\w$.]){name}\s*\.\s*(?:{_VERBS})\s*[,)]", body):
        return True  # who closes it is told to somebody
    for match in re.finditer(rf"([\w$]+)\s*\(([^()]*(?<![\w$.]){name}(?![\w$.])[^()]*)\)", body):
        if match[1] in {"closing", "enter_context", "push", "callback", "defer", "onCleanup"}:
            return True
        if _gives_back(code, look, match[1]):
            return True
    return False


def _gives_back(code: Code, look: Look, function: str) -> bool:
    """Tell whether a function of the codebase releases something."""
    target = code.imports(look.path).get(function)
    paths = [target.path] if target is not None else [look.path, *code.definers(function)[:3]]
    for path in paths:
        facts, text = code.facts(path), code.text(path)
        for one in facts.definitions if facts is not None and text is not None else ():
            if one.name == function and text is not None:
                source = text[one.span.start : one.span.end]
                if _RELEASE.search(source) or _CLEARED.search(source):
                    return True
    return False


def _unmanaged(case: Case, look: Look, found: Definition, code: str, old: str) -> Iterator[Finding]:
    """Find what was taken by the language's own form before, and is taken by itself now."""
    now = " ".join(_heads(code))
    for head in _heads(old):
        for name in _callees(head):
            if re.search(rf"(?<![\w$.]){re.escape(name)}\s*(?:\(|\b)", now):
                continue
            at = re.search(rf"(?<![\w$.])(?:new\s+)?{re.escape(name)}\s*\(", code)
            if at is None:
                continue
            line = code.count("\n", 0, at.start())
            text = code.split("\n")[line]
            bound = re.match(r"^\s*(?:[\w<>\[\], ]+\s)?([\w$.]+)\s*(?::[^=]+)?=[^=]", text)
            receiver = bound[1] if bound is not None else ""
            closed = any(
                _plain(m[1]) == receiver and m[2] in _CLOSERS for m in _RELEASE.finditer(code)
            )
            if receiver and (closed or _is_kept(case.after, look, code, receiver)):
                continue
            if re.match(r"^\s*(?:return|yield)\b", text) or "suppress" in name:
                continue
            yield _finding(case, look, found, line, f"what `{name}` opens here is no longer closed")


def _left_locked(case: Case, look: Look, found: Definition, code: str) -> Iterator[Finding]:
    """Find ways out of a function between a lock that is taken and where it is given back."""
    first = look.line_of(found.span.start)
    lines = code.split("\n")
    for number, line in enumerate(lines):
        taken = _LOCKED.match(line)
        if taken is None or not _gives(lines[number + 1 :], _plain(taken[1])):
            continue
        for behind in range(number + 1, len(lines)):
            if re.match(r"\s*(?:try\b|defer\b)", lines[behind]) or _RELEASE.search(lines[behind]):
                break
            leaves = re.match(r"\s*(?:return|throw|raise)\b", lines[behind])
            if leaves and {first + behind, first + number} & look.changed:
                name = _plain(taken[1])
                said = f"this leaves while `{name}` is held, which is given back only below"
                yield _finding(case, look, found, behind, said)
                break


def _gives(lines: Sequence[str], receiver: str) -> bool:
    """Tell whether a lock is given back below."""
    return any(_plain(m[1]) == receiver for line in lines for m in _RELEASE.finditer(line))


def _callees(head: str) -> list[str]:
    """Return what is called first for each thing that a ``with`` or ``try`` opens."""
    parts = head.split(";") if ";" in head else re.split(r"\bas\s+\w+\s*,", head)
    found = [re.search(r"(?:new\s+)?([\w$.]+)\s*\(", part) for part in parts]
    return [match[1] for match in found if match is not None]


def _never(case: Case, look: Look, found: Definition, code: str) -> Iterator[Finding]:
    """Find what an added line opens and its function never closes."""
    first = look.line_of(found.span.start)
    for number, line in enumerate(code.split("\n")):
        receiver = _opened(case.after, look, line)
        if not receiver or receiver == "_" or first + number not in look.added:
            continue
        closed = any(r == receiver or r.startswith(f"{receiver}.") for r in _released(code))
        if closed or _is_managed(code, receiver) or _is_kept(case.after, look, code, receiver):
            continue
        yield _finding(case, look, found, number, f"`{receiver}` is opened here and never closed")


def _opened(code: Code, look: Look, line: str) -> str:
    """Return the name that a line gives to something that has to be closed, "" if it does not."""
    opens = _OPENS.get(look.language)
    match = opens.match(line) if opens is not None else None
    if match is not None:
        return match[1]
    made = _GO_CALL.match(line) if look.language == "go" else None
    for path in code.definers(made[2]) if made is not None else ():
        facts = code.facts(path)
        for one in facts.definitions if facts is not None else ():
            if made is not None and one.name == made[2] and _CLOSABLE.search(one.signature):
                return made[1]
    return ""


def _finding(case: Case, look: Look, found: Definition, line: int, claim: str) -> Finding:
    return case.finding(
        "lost-release",
        look.path,
        look.line_of(found.span.start) + line,
        claim,
        Severity.WARNING,
        check=f"follow every way out of `{found.name}`",
        confidence=0.8,
    )
