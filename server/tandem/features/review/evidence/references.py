"""References that a change left behind: calls, names and imports that did not follow."""

import re
from collections.abc import Iterator

from tandem.core.diagnostics import Severity
from tandem.engine import gates
from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding, Place
from tandem.index.code import Code
from tandem.index.facts import Definition, Kind
from tandem.index.inheritance import types_of
from tandem.index.languages import language_of
from tandem.index.lexical import blanked, uses
from tandem.index.lost import lost_imports
from tandem.index.misfits import Misfit, misfits
from tandem.index.receivers import declared, holds
from tandem.index.unbound import unbound_names

_TYPES = frozenset([Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM])


def stale_calls(case: Case) -> Iterator[Finding]:
    """Find the calls that no longer give what their function takes."""
    for one in misfits(case.before, case.after, case.change.after.keys()):
        takes = ", ".join(one.signature.names) or "nothing"
        place = _definition(case, one)
        yield case.finding(
            "changed-signature",
            one.path,
            one.line,
            f"`{one.call.name}` takes ({takes}) now, which this call does not give",
            why=str(one),
            check=f"compare the call with the definition in {one.where}",
            related=(place,) if place is not None else (),
            confidence=0.95,
        )


def _definition(case: Case, misfit: Misfit) -> Place | None:
    facts = case.after.facts(misfit.where)
    name = misfit.signature.name
    for one in facts.definitions if facts is not None else ():
        if one.name == name:
            return Place(misfit.where, one.line, f"`{name}` is defined here")
    return None


def stale_references(case: Case) -> Iterator[Finding]:
    """Find the places that still use a definition that is gone."""
    for changed in case.change.files:
        look = changed.look
        if gates.new_errors(look.read) is not None:
            continue  # what is not understood defines nothing
        for name, paths in gates.lost(look.read, case.after).items():
            if _is_beside(case.after, look.path, name):
                continue
            for path in paths:
                yield from _used(case, look, name, path)
        yield from _unknown(case, look)
        yield from _unassigned(case, look)


def stale_members(case: Case) -> Iterator[Finding]:
    """Find uses of a method or field that its type lost.

    By names that are declared with the type, or are called as it is: `title.copies` of a `Title`.
    """
    for changed in case.change.files:
        old, new = (
            _members(code, path)
            for code, path in (
                (case.before, changed.old or changed.path),
                (case.after, changed.path),
            )
        )
        for kind, was in old.items():
            now = new.get(kind)
            if now is None:
                continue
            for member in sorted(was - now):
                for path in case.after.users(member):
                    yield from _called_on(case, path, kind, member, changed.path)
    yield from _stale_constants(case)


def _members(code: Code, path: str) -> dict[str, set[str]]:
    """Return the names in each type of a file that names no base it may have them from."""
    facts = code.facts(path)
    found: dict[str, set[str]] = {}
    definitions = facts.definitions if facts is not None else ()
    bases = {one.name: one.bases for one in types_of(code, path)}
    for one in definitions:
        if one.parent >= 0 and definitions[one.parent].kind in _TYPES:
            kind = definitions[one.parent].name
            if not bases.get(kind):
                found.setdefault(kind, set()).add(one.name)
    return found


def _called_on(case: Case, path: str, kind: str, member: str, where: str) -> Iterator[Finding]:
    text, language = case.after.text(path), language_of(path)
    if text is None or language is None or language.listing:
        return
    code = blanked(text, language.id)
    if not (path == where or kind in code or where in _leads(case, path)):
        return
    own = {kind[:1].lower() + kind[1:], re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()}
    for match in re.finditer(
        rf"(?<![\w.])(?:self\.|this\.)?(\w+)\s*\.\s*{re.escape(member)}\b(?!\s*=[^=])", code
    ):
        called_so = match[1] in own and not declared(code, language.id).get(
            match[1], frozenset([kind])
        ) - {kind}
        if called_so or holds(code, language.id, match[1], kind):
            yield case.finding(
                "stale-reference",
                path,
                code.count("\n", 0, match.start()),
                f"`{kind}` in {where} no longer has `{member}`, which is used here",
                check=f"look at `{kind}`",
                confidence=0.9,
            )
            return


def _leads(case: Case, path: str) -> set[str]:
    direct = {target.path for target in case.after.imports(path).values()}
    return direct | {t.path for one in direct for t in case.after.imports(one).values()}


def _stale_constants(case: Case) -> Iterator[Finding]:
    """Find names of a package of Go that are gone and still used behind the package's name."""
    for changed in case.change.files:
        look = changed.look
        if look.language != "go" or look.read.before is None:
            continue
        now = {
            d.name
            for p in case.after.paths
            if p.rpartition("/")[0] == look.path.rpartition("/")[0]
            for d in _outer(case.after, p)
        }
        gone = {d.name for d in look.read.before.definitions if d.parent < 0} - now
        for name in sorted(gone):
            for path in case.after.users(name):
                yield from _behind_package(case, path, name, look.path)


def _outer(code: Code, path: str) -> list[Definition]:
    facts = code.facts(path) if path.endswith(".go") else None
    return [d for d in facts.definitions if d.parent < 0] if facts is not None else []


def _behind_package(case: Case, path: str, name: str, where: str) -> Iterator[Finding]:
    text = case.after.text(path) or ""
    code = blanked(text, "go") if path.endswith(".go") else ""
    for match in re.finditer(rf"(?<![\w.])(\w+)\.{re.escape(name)}\b", code):
        target = case.after.imports(path).get(match[1])
        if target is not None and target.path.rpartition("/")[0] == where.rpartition("/")[0]:
            yield case.finding(
                "stale-reference",
                path,
                code.count("\n", 0, match.start()),
                f"`{name}` is no longer defined in the package of {where}, and still used here",
                check=f"search for `{name}`",
                confidence=0.95,
            )
            return


def _is_beside(code: Code, path: str, name: str) -> bool:
    """Tell whether a file of the same package has a name: Java and Go need no import for it."""
    folder = path.rpartition("/")[0]
    same = path.endswith((".java", ".go", ".kt", ".cs", ".scala"))
    return same and any(
        one.rpartition("/")[0] == folder for one in code.definers(name) if one != path
    )


def _used(case: Case, look: Look, name: str, path: str) -> Iterator[Finding]:
    """Find the first place of a file that uses a name which another, or it, no longer defines."""
    text, language = case.after.text(path), language_of(path)
    if text is None or language is None:
        return
    places = uses(blanked(text, language.id), name) or uses(text, name)
    facts = case.after.facts(path)
    imported = {one.line for one in facts.imports} if facts is not None else set()
    lines = list(dict.fromkeys(text.count("\n", 0, at) for at in places))
    used = [line for line in lines if line not in imported] or lines
    if used:
        more = tuple(Place(path, line, f"and `{name}` here") for line in used[1:6])
        yield case.finding(
            "stale-reference",
            path,
            used[0],
            f"`{name}` is no longer defined in {look.path}, and still used here",
            check=f"search for `{name}`",
            related=more,
            confidence=0.9,
        )


def _unassigned(case: Case, look: Look) -> Iterator[Finding]:
    """Find attributes of Python whose every assignment is gone, and that are still used."""
    if look.language != "python" or look.is_gone:
        return
    assigned = re.compile(r"\bself\.(\w+)\s*(?::[^=\n]+)?=(?!=)")
    gone = set(assigned.findall(look.old_code)) - set(assigned.findall(look.code))
    known = look.read.after.definitions if look.read.after is not None else ()
    for name in sorted(gone - {d.name for d in known}):
        if len(case.after.definers(name)) > 0:
            continue  # a base may have it
        match = re.search(rf"\bself\.{name}\b", look.code)
        if match is not None:
            yield case.finding(
                "stale-reference",
                look.path,
                look.line_of(match.start()),
                f"`self.{name}` is used here, and nothing assigns it any more",
                check=f"search for `{name}`",
                confidence=0.85,
            )


def _unknown(case: Case, look: Look) -> Iterator[Finding]:
    """Find names of Python that nothing binds any more, or not yet."""
    if look.language != "python" or look.is_gone:
        return
    known = unbound_names(look.before) if not look.is_new else frozenset[str]()
    found = unbound_names(look.after)
    for name in sorted((found or frozenset()) - known if known is not None else ()):
        at = next(iter(uses(look.code, name)), None)
        if at is not None:
            yield case.finding(
                "stale-reference",
                look.path,
                look.line_of(at),
                f"`{name}` is used here, and nothing in this file defines or imports it",
                check="run the file, or a linter, over this line",
                confidence=0.95,
            )


def lost(case: Case) -> Iterator[Finding]:
    """Find the imports that lead nowhere any more."""
    for one in lost_imports(case.before, case.after, case.change.after.keys()):
        what = (
            f"{one.module}, which is gone" if one.module else f"{one.where}, which has no such name"
        )
        yield case.finding(
            "lost-import",
            one.path,
            one.line,
            f"`{one.name}` is imported from {what}",
            Severity.ERROR,
            check="import the module",
            confidence=0.95,
        )
