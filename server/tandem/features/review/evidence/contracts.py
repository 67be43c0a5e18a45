"""Promises between types: overrides, what interfaces demand, what is defined twice."""

import re
from collections.abc import Iterator
from typing import Final

from tandem.features.review.change import FUNCTIONS, Look, qualified
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding, Place
from tandem.index.code import Code
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.inheritance import Type, descendants, embeds, types_of
from tandem.index.languages import id_of
from tandem.index.shapes import Parameter, needed, parameters, same_types

_BY_TYPE: Final = frozenset(["java", "go"])  # what overrides has the same types, or is another
_TYPED: Final = frozenset(["typescript", "typescriptreact"])
_SHARING: Final = re.compile(
    r"@(?:\w+\.)*(?:overload|setter|getter|deleter|register|property|cached_property|dispatch|"
    r"when|fixture)\b"
)
_ABOVE: Final = 400  # characters in which an unnamed class begins
_ABSTRACT: Final = ("abstract ", "@abstractmethod", "@abc.abstractmethod")


# -- types -------------------------------------------------------------------------------------


def stale_overrides(case: Case) -> Iterator[Finding]:
    """Find methods that no longer match the one of their base, which changed."""
    for look, base, earlier in _bases(case):
        for member in base.members:
            was = earlier.member(member.name)
            overloads = sum(one.name == member.name for one in base.members)
            if was is None or was.signature == member.signature or overloads > 1:
                continue
            old, new = (heads_of(one, look.language) for one in (was, member))
            if alike(old, new, look.language):
                continue
            for kid in descendants(case.after, base):
                yield from _stale(case, kid, member, old, Place(base.path, member.line, "the base"))
            yield from _anonymous(case, base, member, old, look.language)


def _anonymous(
    case: Case, base: Type, member: Definition, old: tuple[Parameter, ...], language: str
) -> Iterator[Finding]:
    """Find methods of unnamed classes of Java that do not follow their base."""
    for path in case.after.users(base.name) if language == "java" else ():
        facts, text = case.after.facts(path), case.after.text(path) or ""
        for one in facts.definitions if facts is not None else ():
            if one.name != member.name or one == member:
                continue
            above = text[max(0, one.at - _ABOVE) : one.at]
            made = re.compile(rf"\bnew\s+{re.escape(base.name)}\s*\([^;{{}}]*\)\s*\{{").search(
                above
            )
            inside = above[made.start() :] if made is not None else ""
            if inside.count("{") > inside.count("}") and alike(
                heads_of(one, language), old, language
            ):
                yield case.finding(
                    "stale-override",
                    path,
                    one.line,
                    f"`{one.name}` here does not follow `{base.name}.{one.name}` any more",
                    check="compare both heads",
                    related=(Place(base.path, member.line, "the base"),),
                )


def _stale(
    case: Case, kid: Type, member: Definition, old: tuple[Parameter, ...], base: Place
) -> Iterator[Finding]:
    language = id_of(kid.path)
    own = kid.member(member.name)
    if own is None or sum(one.name == own.name for one in kid.members) > 1:
        return  # it has overloads
    have, wanted = heads_of(own, language), heads_of(member, language)
    if any(one.rest for one in have) or alike(have, wanted, language):
        return
    if language not in _BY_TYPE and len(have) > len(wanted) and needed(have) <= needed(wanted):
        return  # it takes what the base takes, and more
    if alike(have, old, language):
        takes = ", ".join(p.name or p.type for p in wanted) or "nothing"
        yield case.finding(
            "stale-override",
            _path_of(case.after, kid, own),
            own.line,
            f"`{kid.name}.{own.name}` does not follow its base, which takes ({takes}) now",
            check="compare both heads",
            related=(base,),
            confidence=0.9,
        )


def missing_members(case: Case) -> Iterator[Finding]:
    """Find types without a method that an interface or abstract base demands now."""
    for look, base, earlier in _bases(case):
        known = {one.name for one in earlier.members if _is_demanded(look, earlier, one, old=True)}
        for member in base.members:
            if member.name not in known and _is_demanded(look, base, member, old=False):
                place = Place(base.path, member.line, "demanded here")
                for kid in descendants(case.after, base):
                    yield from _missing(case, kid, member, base.name, place)
    yield from _dropped(case)


def _missing(
    case: Case, kid: Type, member: Definition, base_name: str, base: Place
) -> Iterator[Finding]:
    head = kid.definition.signature
    if kid.member(member.name) is not None or "abstract " in head or "Protocol" in kid.bases:
        return
    if kid.definition.kind is Kind.INTERFACE or _inherits(case.after, kid, member.name):
        return
    if not _was_whole(case, kid, base_name, member.name):
        return
    if id_of(kid.path) == "go" and embeds(case.after, kid, base_name):
        return
    yield case.finding(
        "missing-member",
        kid.path,
        kid.definition.line,
        f"`{kid.name}` has no `{member.name}`, which it has to have now",
        check=f"search for `{member.name}` in its bases",
        related=(base,),
        confidence=0.85,
    )


def _was_whole(case: Case, kid: Type, base: str, new: str) -> bool:
    """Tell whether a type has all else that a base demands: one that has not is abstract itself."""
    for path in case.after.definers(base):
        look = case.look(path)
        for one in types_of(case.after, path):
            if one.name != base:
                continue
            for member in one.members:
                if member.name == new or not _is_demanded(look, one, member, old=False):
                    continue
                if kid.member(member.name) is None and not _inherits(case.after, kid, member.name):
                    return False
    return True


def _dropped(case: Case) -> Iterator[Finding]:
    """Find types that lost a method which their interface still demands."""
    for changed in case.change.files:
        old = {one.name: one for one in types_of(case.before, changed.old or changed.path)}
        for kid in types_of(case.after, changed.path):
            was = old.get(kid.name)
            gone = {m.name for m in was.members} - {m.name for m in kid.members} if was else set()
            for name in kid.bases if gone else ():
                for path in case.after.definers(name):
                    look = case.look(path)
                    for base in types_of(case.after, path):
                        for member in base.members if base.name == name else ():
                            if member.name in gone and _is_demanded(look, base, member, old=False):
                                place = Place(base.path, member.line, "demanded here")
                                yield from _missing(case, kid, member, base.name, place)


def _is_demanded(look: Look, base: Type, member: Definition, *, old: bool) -> bool:
    """Tell whether who derives from a type has to have a method itself."""
    head = member.signature
    text = look.before if old else look.after
    source = text[member.span.start : member.span.end]
    if base.definition.kind is Kind.INTERFACE:
        optional = f"{member.name}?" in head
        return not optional and not any(w in head.split() for w in ("default", "static", "private"))
    return any(mark in source for mark in _ABSTRACT)


def _inherits(code: Code, kid: Type, name: str, depth: int = 4) -> bool:
    """Tell whether a base has a method that is made, or may have: what is not known may."""
    for base in kid.bases if depth else ():
        definers = code.definers(base)
        if not definers:
            return base not in {"ABC", "Protocol", "Object"}
        for path in definers:
            for one in types_of(code, path):
                if one.name != base or one.definition.kind is Kind.INTERFACE:
                    continue
                member = one.member(name)
                text = (code.text(path) or "") if member is not None else ""
                if member is not None:
                    source = text[member.span.start : member.span.end]
                    if not any(mark in source for mark in _ABSTRACT):
                        return True
                elif _inherits(code, one, name, depth - 1):
                    return True
    return False


def _bases(case: Case) -> Iterator[tuple[Look, Type, Type]]:
    """Yield the types of changed files that were there before, as they are and as they were."""
    for changed in case.change.files:
        if changed.before is None or changed.after is None:
            continue
        old = {one.name: one for one in types_of(case.before, changed.old or changed.path)}
        for one in types_of(case.after, changed.path):
            was = old.get(one.name)
            if was is not None:
                yield changed.look, one, was


def heads_of(one: Definition, language: str) -> tuple[Parameter, ...]:
    """Return the parameters that a definition's head names."""
    return parameters(one.signature, one.name, language)


def alike(one: tuple[Parameter, ...], other: tuple[Parameter, ...], language: str) -> bool:
    """Tell whether two heads take the same calls, as far as the language lets one tell."""
    if language in _BY_TYPE:
        return same_types(one, other)
    if len(one) != len(other) or needed(one) != needed(other):
        return False
    typed = language in _TYPED and all(p.type for p in (*one, *other))
    return same_types(one, other) if typed else True


def _path_of(code: Code, kid: Type, own: Definition) -> str:
    """Return the file of a method: in Go it may be another than its type's."""
    facts = code.facts(kid.path)
    if facts is not None and own in facts.definitions:
        return kid.path
    folder = kid.path.rpartition("/")[0]
    for path in code.definers(own.name):
        known = code.facts(path)
        if path.rpartition("/")[0] == folder and known is not None and own in known.definitions:
            return path
    return kid.path


# -- twice -------------------------------------------------------------------------------------


def duplicates(case: Case) -> Iterator[Finding]:
    """Find what is defined twice in one place now, so that the later one wins."""
    for changed in case.change.files:
        look = changed.look
        if look.language == "go" and not look.is_gone:
            yield from _twice_in_package(case, look)
        old, new = (
            _counted(look, look.read.before, look.before),
            _counted(look, look.read.after, look.after),
        )
        for name, places in new.items():
            if len(places) > max(1, len(old.get(name, ()))):
                first, last = places[0], places[-1]
                if not {first.line, last.line} & look.changed and not _is_touched(look, last):
                    continue
                yield case.finding(
                    "duplicate-definition",
                    look.path,
                    last.line,
                    f"`{last.name}` is defined twice here: this one wins, or is an error",
                    check="compare both",
                    related=(Place(look.path, first.line, "the first one"),),
                    confidence=0.85,
                )


def _twice_in_package(case: Case, look: Look) -> Iterator[Finding]:
    """Find new functions of Go that another file of the package has as well."""
    folder = look.path.rpartition("/")[0]
    known = {d.name for d in look.read.before.definitions} if look.read.before else set()
    for one in look.read.after.definitions if look.read.after else ():
        if one.kind is not Kind.FUNCTION or one.name in {"init", "main", "_", *known}:
            continue
        for path in case.after.definers(one.name):
            facts = case.after.facts(path)
            outer = (
                [d for d in facts.definitions if d.name == one.name] if facts is not None else []
            )
            same = path.rpartition("/")[0] == folder and path != look.path
            if not same or outer[0].kind is not Kind.FUNCTION or _is_apart(case, path, look):
                continue
            yield case.finding(
                "duplicate-definition",
                look.path,
                one.line,
                f"`{one.name}` is defined in {path} as well, in the same package",
                check="keep one of them",
                related=(Place(path, outer[0].line, "the other one"),),
                confidence=0.85,
            )
            return


def _is_apart(case: Case, path: str, look: Look) -> bool:
    """Tell whether two files of Go are never built together: tests, platforms, build tags."""
    if path.endswith("_test.go") or look.path.endswith("_test.go"):
        return True
    texts = ((case.after.text(path) or "")[:_ABOVE], look.after[:_ABOVE])
    return any("//go:build" in text or "+build" in text for text in texts) or (
        path.rpartition("/")[2].count("_") + look.path.rpartition("/")[2].count("_") > 0
    )


def _is_touched(look: Look, one: Definition) -> bool:
    last = one.line + look.after.count("\n", one.span.start, one.span.end)
    return any(line in look.changed for line in range(one.line, last + 1))


def _counted(look: Look, facts: FileFacts | None, text: str) -> dict[str, list[Definition]]:
    found: dict[str, list[Definition]] = {}
    definitions = facts.definitions if facts is not None else ()
    for one in definitions:
        wanted = FUNCTIONS | ({Kind.KEY} if look.language == "json" else set())
        if one.kind not in wanted or _is_overload(look, one, text):
            continue
        indent = one.at - (text.rfind("\n", 0, one.at) + 1) if look.language == "python" else 0
        owner = (
            one.signature.partition(")")[0]
            if look.language == "go" and one.signature.startswith("func (")
            else ""
        )
        if look.language == "java":
            owner = str([p.type for p in parameters(one.signature, one.name, "java")])
        name = f"{one.parent}.{qualified(definitions, one)} {indent} {owner}"
        found.setdefault(name, []).append(one)
    return found


def _is_overload(look: Look, one: Definition, text: str) -> bool:
    """Tell whether a definition may share its name: decorated, an accessor, without a body."""
    source = text[one.span.start : one.span.end]
    words = one.signature.split("(")[0].split()
    if look.language == "python":
        above = text[: one.span.start].rstrip().rpartition("\n")[2].strip()
        branch = above.startswith(("else", "except", "elif", "if ", "try"))
        return _SHARING.search(source.partition("def ")[0]) is not None or branch
    if {"get", "set"} & set(words[:-1]) or one.name == "init":
        return True
    return look.language != "json" and "{" not in source and "=>" not in source
