"""Results of asynchronous functions that nobody waits for any more."""

import re
from collections.abc import Iterator
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.index.code import Code
from tandem.index.graph import resolve
from tandem.index.syntax.calling import COMMON

_LANGUAGES: Final = frozenset(
    ["python", "javascript", "javascriptreact", "typescript", "typescriptreact"]
)
_AWAITED: Final = re.compile(r"\bawait\s+((?:[\w$]+\s*(?:\([^()]*\))?\s*\.\s*)*)([\w$]+)\s*\(")
_CALL: Final = re.compile(r"((?:[\w$]+\s*(?:\([^()]*\))?\s*\.\s*)*)([\w$]+)\s*\(")
_FOR_EACH: Final = re.compile(r"\.forEach\(\s*async\b")
_STATEMENT: Final = re.compile(r"^\s*(?:(?:[\w$.]+\s*\.\s*))?([\w$]+)\s*\(")
# Who hands a coroutine or promise on waits for it elsewhere.
_HANDED_ON: Final = re.compile(
    r"\b(?:gather|create_task|ensure_future|start_soon|run|wait_for|wait|shield|spawn|allSettled|all|"
    r"race|any|to_thread|run_until_complete|asyncio\.\w+|then|catch|finally|void)\b\s*[(.]?|\bvoid\b"
)


def dropped(case: Case) -> Iterator[Finding]:
    """Find calls that lost their ``await``, and those of what is asynchronous only now."""
    for changed in case.change.files:
        look = changed.look
        if look.language in _LANGUAGES and not look.is_gone:
            yield from _lost(case, look)
            yield from _floating(case, look)
            yield from _each(case, look)
    yield from _became_async(case)


def _lost(case: Case, look: Look) -> Iterator[Finding]:
    """Find added lines with a call that was awaited in a removed line."""
    awaited = {m[2]: m[1].strip() for line in look.removed for m in _AWAITED.finditer(line)}
    awaited_now = {m[2] for n in look.added for m in _AWAITED.finditer(look.code_lines[n])}
    for line in look.added:
        text = look.code_lines[line]
        for match in _CALL.finditer(text):
            name = match[2]
            if name not in awaited or name in awaited_now or awaited[name] != match[1].strip():
                continue
            before = text[: match.start()]
            if before.rstrip().endswith("await") or _HANDED_ON.search(before) or "yield" in before:
                continue
            returned = re.match(r"\s*return\b", before)
            if returned and not (_in_async(look, line) or _in_try(look, line)):
                continue  # it is handed to the caller, who awaits it
            if _is_plain(case.after, look.path, name) or _waits_later(look, line, before):
                continue
            yield _finding(case, look, line, name)
            break


def _waits_later(look: Look, line: int, before: str) -> bool:
    """Tell whether what a call gives is put into a name that is awaited, or handed on, below."""
    name = re.search(r"([\w$]+)\s*(?::[^=]+)?=\s*(?:[\w$.]+\.)?$", before)
    if name is None:
        return False
    below = "\n".join(look.code_lines[line + 1 : line + 40])
    word = re.escape(name[1])
    waits = rf"\bawait\s+{word}\b|\breturn\s+{word}\b|(?:Promise\.\w+|gather|wait)\([^)]*\b{word}\b"
    return re.search(waits, below) is not None


def _in_async(look: Look, line: int) -> bool:
    """Tell whether a line of Python stands in an asynchronous function; in others it may not."""
    if look.language != "python":
        return False
    inner = look.function_at(line)
    return inner is not None and inner.signature.startswith("async ")


def _in_try(look: Look, line: int) -> bool:
    """Tell whether a line with braces stands in a ``try``: what it returns is not waited for."""
    if look.language == "python":
        return False
    depth = 0
    for text in reversed(look.code_lines[max(0, line - 200) : line]):
        for at in range(len(text) - 1, -1, -1):
            depth += (text[at] == "}") - (text[at] == "{")
            if depth < 0:
                head = text[:at].rstrip()
                if re.search(r"\btry$", head):
                    return True
                if head.endswith("=>") or not re.search(
                    r"\b(?:if|else|for|while|switch|do)\b", head
                ):
                    return False
                depth = 0
    return False


def _floating(case: Case, look: Look) -> Iterator[Finding]:
    """Find added statements that only call what is asynchronous, and awaited elsewhere."""
    for line in look.added:
        match = _STATEMENT.match(look.code_lines[line])
        if match is None or _continues(look, line):
            continue
        name = match[1]
        if name in COMMON and not re.match(r"\s*(?:self|this)\.", look.code_lines[line]):
            continue
        if re.search(rf"\bawait\s+(?:[\w$.]+\.)?{re.escape(name)}\s*\(", look.code) is None:
            continue
        heads = [p.definition.signature for p in resolve(case.after, look.path, name)]
        if heads and all("async" in head.split() for head in heads):
            yield _finding(case, look, line, name)


def _each(case: Case, look: Look) -> Iterator[Finding]:
    """Find asynchronous callbacks that are given to what waits for nobody."""
    for line in look.added:
        if _FOR_EACH.search(look.code_lines[line]):
            yield case.finding(
                "dropped-await",
                look.path,
                line,
                "`forEach` does not wait for the promises of its callback",
                Severity.ERROR,
                check="use `for ... of`, or await `Promise.all` of a map",
                confidence=0.9,
            )


def _continues(look: Look, line: int) -> bool:
    """Tell whether a line is in the middle of an expression."""
    above = next((t for t in reversed(look.code_lines[:line]) if t.strip()), "").rstrip()
    return above.endswith(("(", ",", "[", "=", "=>", "&&", "||", "+", "?", ":=", "await", "return"))


def _became_async(case: Case) -> Iterator[Finding]:
    """Find callers, as statements, of functions that this change makes asynchronous."""
    for changed in case.change.files:
        look = changed.look
        if look.language not in _LANGUAGES or look.is_new or look.is_gone:
            continue
        for found, _code, was, _old in look.functions().values():
            if (
                was is None
                or "async" in was.signature.split()
                or "async" not in found.signature.split()
            ):
                continue
            if found.name in COMMON or len(case.after.definers(found.name)) > 1:
                continue
            for path in case.after.users(found.name):
                yield from _unawaited(case, path, found.name, look.path)


def _unawaited(case: Case, path: str, name: str, where: str) -> Iterator[Finding]:
    if path != where and path not in case.after.importers(where):
        return
    other = case.look(path)
    if other.language not in _LANGUAGES:
        return
    call = re.compile(rf"(?<![\w$]){re.escape(name)}\s*\(")
    for line, code in enumerate(other.code_lines):
        match = call.search(code)
        if match is None:
            continue
        before = code[: match.start()]
        head = before.rstrip()
        if re.search(r"\b(?:def|function|async)\b", before) or re.search(r"\bawait\b", before):
            continue
        if _HANDED_ON.search(before) or re.match(r"\s*(?:return|yield)\b", before):
            continue
        if other.language != "python" and re.search(r"\)\s*(?::[^{]*)?\{\s*$", code):
            continue  # the head of a method of that name
        if (
            not head
            or head.endswith(("=", ".", "(", ","))
            or re.match(r"\s*(?:if|while|for)\b", before)
        ):
            yield _finding(case, other, line, name)


def _is_plain(code: Code, path: str, name: str) -> bool:
    """Tell whether a name surely means functions that are not asynchronous."""
    places = resolve(code, path, name)
    heads = [place.definition.signature for place in places]
    return bool(heads) and not any(
        "async" in h.split() or "Promise<" in h or "Awaitable" in h for h in heads
    )


def _finding(case: Case, look: Look, line: int, name: str) -> Finding:
    text = look.lines[line]
    found = re.search(rf"((?:[\w$]+\s*\.\s*)*){re.escape(name)}\s*\(", text)
    at = found.start() if found is not None else None
    return case.finding(
        "dropped-await",
        look.path,
        line,
        f"`{name}` is asynchronous, and its result is not awaited here",
        Severity.ERROR,
        check=f"look at the definition of `{name}`",
        suggestion=f"{text[:at]}await {text[at:]}".rstrip("\r") if at is not None else None,
        confidence=0.9,
    )
