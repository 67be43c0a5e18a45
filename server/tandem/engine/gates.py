"""Deterministic gates over a proposed change: what may be shown is decided here, not by a model.

Each gate returns a sentence that can go back to the model, or None. That an edit applies exactly
and stays within its spans is the patch engine's promise (``core.patch``); these look at what the
file would be. A gate that cannot tell lets pass: no grammar proves nothing.

Invariant: total; never raises, whatever the texts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from tandem.core.diff import changed_blocks, lines_of
from tandem.core.elisions import is_elision
from tandem.index.code import Code, Target
from tandem.index.facts import FileFacts, Kind
from tandem.index.inheritance import bases_of, types_of
from tandem.index.languages import Language, by_id, language_of
from tandem.index.lexical import bare_uses, blanked, uses
from tandem.index.parse import parse
from tandem.index.syntax.calling import COMMON
from tandem.index.unbound import is_valid, unbound_names

_BUDGET_S: Final = 2.0
_SHOWN: Final = 3
_LOOP: Final = 8
_PLAIN_BASES: Final = frozenset(["object", "Object", "ABC", "Protocol", "Enum", "Generic"])
_HEAD: Final = 60  # characters before a name that may declare it
_TYPES: Final = frozenset(
    [Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TYPE, Kind.MODULE]
)
# Where a member is called without naming its object.
_IMPLICIT: Final = frozenset(["java", "kotlin", "csharp", "cpp", "scala", "swift", "ruby"])
# Where a file's imports name what it takes from another, or the module before a dot.
_EXPLICIT: Final = frozenset(["python", "javascript", "typescript", "typescriptreact"])
_HEADERS: Final = frozenset(["c", "cpp", "objective-c", "objective-cpp"])
_DECLARED: Final = re.compile(
    r"\b(?!(?:return|new|await|yield|throw|case|else|in|of|not|and|or|typeof|delete|impl|for|as)\b)"
    r"[A-Za-z_]\w*[>\]*&?]*\s+[*&]*$"
)
_KEY: Final = re.compile(r"\s*(?::(?!:)|=(?!=))")


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it is and as it would be; `language` is the protocol's id."""

    path: str
    language: str
    before: str = field(repr=False)
    after: str = field(repr=False)

    @property
    def grammar(self) -> Language | None:
        """The language of code; listings prove nothing."""
        return by_id(self.language)


@dataclass(frozen=True, slots=True)
class Read:
    """A change with the facts of both texts, parsed once; None without a grammar or time."""

    change: Change
    before: FileFacts | None
    after: FileFacts | None


def read(change: Change) -> Read:
    """Parse both texts: 5 ms for 1,000 lines."""
    language = change.grammar
    if language is None:
        return Read(change, None, None)
    before, after = (
        parse(text.encode("utf-8", "replace"), language, budget_s=_BUDGET_S)
        for text in (change.before, change.after)
    )
    return Read(change, before, after)


def judged(change: Change, code: Code | None) -> tuple[str, ...]:
    """Return what the gates have against a change, the gravest first."""
    known = read(change)
    return tuple(_objections(known, code))


def _objections(known: Read, code: Code | None) -> Iterator[str]:
    change = known.change
    broken = new_errors(known)
    # What is not understood defines nothing: of a broken file, that it is broken is all to say.
    gone = lost_definitions(known, code) if broken is None else None
    unknown = unknown_names(change) if gone is None else None
    found = (broken, gone, unknown, placeholder(change), repeated(change))
    yield from (problem for problem in found if problem is not None)


def new_errors(known: Read) -> str | None:
    """Object to a file that its grammar understands less of than before."""
    if known.before is None or known.after is None:
        return None
    path = known.change.path
    if known.after.errors <= known.before.errors:
        # The grammar takes `if x:` without a body, which Python does not.
        worse = known.change.language == "python" and _compiles_no_longer(known.change)
        return f"{path} is no longer valid python with this change" if worse else None
    if known.before.errors:
        return f"{path} has more syntax errors with this change than before"
    return f"{path} is no longer valid {known.change.language} with this change"


def _compiles_no_longer(change: Change) -> bool:
    return is_valid(change.before) and not is_valid(change.after)


def lost_definitions(known: Read, code: Code | None) -> str | None:
    """Object to a definition that is gone and still referred to, here or in another file."""
    used = list(lost(known, code))
    if not used:
        return None
    listed = ", ".join(f"`{name}`" for name in used[:_SHOWN])
    more = f" and {len(used) - _SHOWN} more" if len(used) > _SHOWN else ""
    verb = "is" if len(used) == 1 else "are"
    return f"{listed}{more} {verb} no longer defined in {known.change.path} but still used"


def lost(known: Read, code: Code | None) -> dict[str, list[str]]:
    """Return the names that a file no longer defines, with the files that surely still mean them.

    Only names that some file means: this one, or another.
    """
    if known.before is None or known.after is None:
        return {}
    gone = _names(known.before) - _names(known.after)
    found = {name: _using(name, known, code) for name in sorted(gone)}
    return {name: paths for name, paths in found.items() if paths}


def _names(facts: FileFacts) -> set[str]:
    # An `impl` is called as its type is, and defines nothing by itself.
    impl = Kind.MODULE if facts.language == "rust" else None
    return {one.name for one in facts.definitions if one.kind is not impl}


def _using(name: str, known: Read, code: Code | None) -> list[str]:
    """Return the files in which a name that a file no longer defines is surely still meant."""
    if known.before is None or known.after is None or _is_bound(name, known.after):
        return []
    own = known.change.path
    owner = _owner(name, known.before)
    if owner is not None and _may_inherit(owner, known.after, code):
        return []
    there = owner is None or any(d.name == owner for d in known.after.definitions)
    here = [own] if there and _is_used_here(name, known, member=owner is not None) else []
    return here + (_using_elsewhere(name, own, owner, code) if code is not None else [])


def _using_elsewhere(name: str, own: str, owner: str | None, code: Code) -> list[str]:
    others = [path for path in code.users(name) if path != own]
    exact = [path for path in others if Target(own, name) in code.imports(path).values()]
    if exact:
        return exact
    if any(path != own for path in code.definers(name)):
        # Elsewhere the name means another definition, but for a header that declares this one.
        return _declared(name, own, others, code)
    seeing = set(code.importers(own))
    language = language_of(own)
    if owner is not None:
        if name in COMMON:
            return []
        seeing |= set(code.users(owner))
    elif language is None or language.id not in _EXPLICIT:
        return [path for path in others if _says(path, name, code, bare=True)]
    seen = [path for path in others if path in seeing and _says(path, name, code, bare=False)]
    return [path for path in seen if owner is None or _means_other(path, name, owner, code)]


def _says(path: str, name: str, code: Code, *, bare: bool) -> bool:
    """Tell whether the code of a file has a name: by itself, or as something's member."""
    language, text = language_of(path), code.text(path)
    if language is None or language.grammar is None or language.listing or text is None:
        return False
    source = blanked(text, language.id)
    places = bare_uses(source, name)
    return bool(places) if bare else len(uses(source, name)) > len(places)


def _may_inherit(owner: str, after: FileFacts, code: Code | None) -> bool:
    """Tell whether a type has a base that is not in the codebase, and may have what it lost."""
    heads = [d.signature for d in after.definitions if d.name == owner and d.kind in _TYPES]
    bases = bases_of(heads[0], after.language) if heads else ()
    return code is not None and any(
        base not in _PLAIN_BASES and not code.definers(base) for base in bases
    )


def _means_other(path: str, name: str, owner: str, code: Code) -> bool:
    """Tell whether a member is used on something else than the file's own objects.

    `self.x` is of the class around it: of a type's only where one of the file's derives from it.
    """
    language, text = language_of(path), code.text(path)
    if language is None or text is None:
        return False
    source = blanked(text, language.id)
    own = re.compile(r"(?:\bself|\bthis|\bcls)\s*(?:\??\.|->)\s*$")
    if any(own.search(source[max(0, at - _HEAD) : at]) is None for at in uses(source, name)):
        return True
    return any(owner in one.bases for one in types_of(code, path))


def _owner(name: str, facts: FileFacts) -> str | None:
    """Return the type that a definition is a member of; None for one that is not."""
    found = facts.definitions
    parents = [found[d.parent] for d in found if d.name == name and d.parent >= 0]
    types = [parent.name for parent in parents if parent.kind in _TYPES]
    outer = any(d.name == name and d.parent < 0 for d in found)
    return types[0] if types and not outer else None


def _is_used_here(name: str, known: Read, *, member: bool) -> bool:
    """Tell whether a file still means a name of its own that it lost."""
    change, after = known.change, known.after
    if after is None or name not in after.identifiers:
        return False
    source = blanked(change.after, change.language)
    if member:
        word = re.escape(name)
        if re.search(rf"\b(?:self|this|cls|Self|super\(\))\s*(?:\??\.|->|::)\s*{word}\b", source):
            return True
        return change.language in _IMPLICIT and any(
            source[at + len(name) :].lstrip()[:1] == "(" for at in bare_uses(source, name)
        )
    unbound = unbound_names(change.after) if change.language == "python" else None
    if unbound is not None:
        return name in unbound
    places = bare_uses(source, name)
    if any(_DECLARED.search(source[max(0, at - _HEAD) : at]) for at in places):
        return False  # something else is called so now
    return any(_KEY.match(source, at + len(name)) is None for at in places)


def _declared(name: str, own: str, others: Sequence[str], code: Code) -> list[str]:
    """Return the files that use a name by a header of C which declares it and `own` includes."""
    language = language_of(own)
    if language is None or language.id not in _HEADERS:
        return []
    declaring = {target.path for target in code.imports(own).values()} & set(code.definers(name))
    return [
        path
        for path in others
        if any(target.path in declaring for target in code.imports(path).values())
    ]


def _is_bound(name: str, facts: FileFacts) -> bool:
    return any(
        name == one.local or name in {local for _name, local in one.names} for one in facts.imports
    )


def unknown_names(change: Change) -> str | None:
    """Object to Python that uses a name which nothing binds, and did not before."""
    if change.language != "python":
        return None
    before, after = unbound_names(change.before), unbound_names(change.after)
    if after is None:
        return None
    names = sorted(after - before) if before is not None else []
    if not names:
        return None
    listed = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return f"{listed} {'is' if len(names) == 1 else 'are'} not defined anywhere in {change.path}"


def placeholder(change: Change) -> str | None:
    """Object to an added line that stands for code instead of being code."""
    for line in _added(change):
        if is_elision(line):
            return f"the line {line.strip()[:60]!r} stands for code that must be written out"
    return None


def _added(change: Change) -> Iterator[str]:
    """Yield the lines that are new to the file, wherever they stood before."""
    old, new = lines_of(change.before), lines_of(change.after)
    gone: Counter[str] = Counter()
    added: list[str] = []
    for a, b, c, d in changed_blocks(old, new):
        gone.update(line.strip() for line in old[a:b])
        added += new[c:d]
    for line in added:
        if gone[line.strip()] > 0:
            gone[line.strip()] -= 1
        else:
            yield line.rstrip("\r\n")


def repeated(change: Change) -> str | None:
    """Object to an answer that fell into a loop: the same added line eight times in a row."""
    for line, run in groupby(_added(change), key=str.strip):
        if line and sum(1 for _ in run) >= _LOOP:
            return f"the line {line[:60]!r} is repeated over and over"
    return None
