"""The public face: what a package shows to those outside that is gone, or demands more."""

import re
from collections.abc import Iterator
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.features.review.change import FUNCTIONS, Look, qualified
from tandem.features.review.evidence.case import Case
from tandem.features.review.evidence.contracts import alike, heads_of
from tandem.features.review.findings import Finding
from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.languages import id_of, is_prose
from tandem.index.lexical import uses
from tandem.index.shapes import needed

_FACES: Final = frozenset(
    ["__init__.py", "__init__.pyi", "index.ts", "index.js", "index.mts", "mod.ts"]
)
_MANIFESTS: Final = frozenset(
    ["pyproject.toml", "package.json", "setup.cfg", "setup.py", "pom.xml"]
)
_MAJOR: Final = re.compile(r"""["']?version["']?\s*[:=>]\s*["']?(\d+)\.""")


def api_breaks(case: Case) -> Iterator[Finding]:
    """Find what a package shows that is gone or demands more, where nothing inside told it."""
    for changed in case.change.files:
        look = changed.look
        if look.is_new or is_test(look.path) or look.read.before is None:
            continue
        old = _public(look, look.read.before)
        after = look.read.after.definitions if look.read.after is not None else ()
        new = {qualified(after, d): d for d in after}
        for name, was in old.items():
            now = new.get(name)
            if now is not None and _takes_still(was, after, name, look.language):
                continue
            said = _broken(was, now, look.language)
            if (
                said
                and not _is_major(case)
                and _is_face(case, look, was)
                and not _used(case, look, was)
            ):
                line = now.line if now is not None else _nearest(look, was)
                yield case.finding(
                    "api-break",
                    look.path,
                    line,
                    f"`{was.name}` is part of the public interface and {said}",
                    Severity.WARNING,
                    why="nothing in this codebase uses it: those who do are outside",
                    check="look whether the change is announced, or keep the old form working",
                    confidence=0.6,
                )


def faces(case: Case) -> Iterator[Finding]:
    """Find names that a package's face no longer hands on, and that are still there."""
    for changed in case.change.files:
        look = changed.look
        if look.is_new or look.is_gone or look.path.rpartition("/")[2] not in _FACES:
            continue
        old, new = (_handed_on(code, look.path) for code in (case.before, case.after))
        if "*" in new:
            continue
        for name in sorted(old.keys() - new.keys() - {"*"}):
            source = old[name]
            if name.startswith("_") or _is_major(case):
                continue
            line = _line_about(look, source)
            yield case.finding(
                "api-break",
                look.path,
                line,
                f"`{name}` of {source} is no longer part of what this package hands on",
                Severity.WARNING,
                why="who imports it from here is outside of this codebase",
                check=f"add `{name}` to the names that are handed on, or announce that it is gone",
                confidence=0.6,
            )


def _is_major(case: Case) -> bool:
    """Tell whether the change raises the major version: then a break is announced."""
    for changed in case.change.files:
        if changed.path.rpartition("/")[2] in _MANIFESTS:
            old, new = (_MAJOR.search(text or "") for text in (changed.before, changed.after))
            if old is not None and new is not None and old[1] != new[1]:
                return True
    return False


def _handed_on(code: Code, path: str) -> dict[str, str]:
    """Return the names that a face imports to hand them on, with the file that has each."""
    facts, leads = code.facts(path), code.imports(path)
    found: dict[str, str] = {}
    for one in facts.imports if facts is not None else ():
        if one.names:
            found |= {local: leads[local].path for _, local in one.names if local in leads}
            continue
        target = next(
            (t.path for k, t in leads.items() if k.startswith("*") and _is_of(one.module, t.path)),
            "",
        )
        if not target:
            found["*"] = path  # what it hands on is not known
        found |= dict.fromkeys(code.names(target), target) if target else {}
    return found


def _is_of(module: str, path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0] == module.replace(".", "/").rpartition("/")[2]


def _line_about(look: Look, source: str) -> int:
    """Return the changed line that hands on from a file, else the first that changed."""
    stem = source.rpartition("/")[2].partition(".")[0]
    changed = sorted(look.changed)
    named = [
        n
        for n in changed
        if n < len(look.lines) and re.search(rf"\b{re.escape(stem)}\b", look.lines[n])
    ]
    return (named or changed or [0])[0]


def _takes_still(was: Definition, after: tuple[Definition, ...], name: str, language: str) -> bool:
    """Tell whether one of several definitions of a name takes what the earlier one did."""
    old = heads_of(was, language)
    same = [d for d in after if d.name == was.name and qualified(after, d) == name]
    return len(same) > 1 and any(alike(heads_of(d, language), old, language) for d in same)


def _public(look: Look, facts: FileFacts) -> dict[str, Definition]:
    found = facts.definitions
    return {
        qualified(found, d): d
        for d in found
        if d.kind in FUNCTIONS | {Kind.CLASS, Kind.INTERFACE, Kind.TYPE, Kind.STRUCT, Kind.ENUM}
        and _is_shown(look, d)
        and (d.parent < 0 or _is_shown(look, found[d.parent]))
    }


def _is_shown(look: Look, one: Definition) -> bool:
    if look.language == "python":
        return not one.name.startswith("_")
    if look.language == "go":
        return one.name[:1].isupper()
    if look.language == "java":
        return "public" in one.signature.split()
    head = one.signature.partition("(")[0].split()
    return "private" not in head and "protected" not in head and not one.name.startswith(("_", "#"))


def _broken(was: Definition, now: Definition | None, language: str) -> str:
    if now is None:
        return "is gone"
    if was.kind not in FUNCTIONS or now.kind not in FUNCTIONS:
        return ""
    old, new = heads_of(was, language), heads_of(now, language)
    if needed(new) > needed(old):
        return "demands more than before"
    if len(new) < len(old) and not any(one.rest for one in new):
        return "takes less than before"
    return ""


def _is_face(case: Case, look: Look, one: Definition) -> bool:
    """Tell whether a definition is shown to those outside of the codebase."""
    if look.language == "go":
        parts = look.path.split("/")
        return "internal" not in parts and "cmd" not in parts and "package main" not in look.before
    if look.language == "java":
        return _exports(case, look) is not False
    if look.path.rpartition("/")[2] in _FACES:
        return True
    outer = look.read.before.definitions if look.read.before is not None else ()
    name = one.name if one.parent < 0 else outer[one.parent].name
    return any(
        path.rpartition("/")[2] in _FACES
        for path in {*case.before.importers(look.path), *case.after.importers(look.path)}
        if name in (case.before.text(path) or "") or "*" in (case.before.text(path) or "")
    )


def _exports(case: Case, look: Look) -> bool | None:
    """Tell whether a module of Java exports a file's package; None where there is no module."""
    package = re.search(r"^\s*package\s+([\w.]+)", look.before, re.MULTILINE)
    for path in case.before.paths:
        if path.rpartition("/")[2] == "module-info.java" and package is not None:
            said = case.before.text(path) or ""
            return re.search(rf"\bexports\s+{re.escape(package[1])}\s*;", said) is not None
    return None


def _used(case: Case, look: Look, one: Definition) -> bool:
    """Tell whether the codebase itself uses a definition; a constructor by its type's name."""
    name = one.name
    if name in {"constructor", "__init__"} and look.read.before is not None and one.parent >= 0:
        name = look.read.before.definitions[one.parent].name
    if look.language == "java" and _exports(case, look):
        return False
    for path in case.before.users(name):
        if path.rpartition("/")[2] in _FACES or is_prose(path) or not id_of(path):
            continue
        if path != look.path:
            return True
        if len(uses(look.old_code, name)) > 1:
            return True
    return False


def _nearest(look: Look, was: Definition) -> int:
    """Return the line at which a definition that is gone would be."""
    changed = sorted(look.changed)
    return min(changed, key=lambda line: abs(line - was.line)) if changed else was.line
