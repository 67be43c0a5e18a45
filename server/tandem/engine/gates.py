"""Deterministic gates over a proposed change: what may be shown is decided here, not by a model.

Each gate returns a sentence that can go back to the model, or None. That an edit applies exactly
and stays within its spans is the patch engine's promise (``core.patch``); these look at what the
file would be. A gate that cannot tell lets pass: no grammar proves nothing.

Invariant: total; never raises, whatever the texts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from tandem.core.diff import changed_blocks, lines_of
from tandem.core.elisions import is_elision
from tandem.index.code import Code
from tandem.index.facts import FileFacts, Kind
from tandem.index.languages import Language, by_id
from tandem.index.parse import parse
from tandem.index.unbound import is_valid, unbound_names

_BUDGET_S: Final = 2.0
_SHOWN: Final = 3
_LOOP: Final = 8


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
    lost = lost_definitions(known, code) if broken is None else None
    unknown = unknown_names(change) if lost is None else None
    found = (broken, lost, unknown, placeholder(change), repeated(change))
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
    if known.before is None or known.after is None:
        return None
    lost = _names(known.before) - _names(known.after)
    used = [name for name in sorted(lost) if _is_used(name, known, code)]
    if not used:
        return None
    listed = ", ".join(f"`{name}`" for name in used[:_SHOWN])
    more = f" and {len(used) - _SHOWN} more" if len(used) > _SHOWN else ""
    verb = "is" if len(used) == 1 else "are"
    return f"{listed}{more} {verb} no longer defined in {known.change.path} but still used"


def _names(facts: FileFacts) -> set[str]:
    # An `impl` is called as its type is, and defines nothing by itself.
    impl = Kind.MODULE if facts.language == "rust" else None
    return {one.name for one in facts.definitions if one.kind is not impl}


def _is_used(name: str, known: Read, code: Code | None) -> bool:
    if known.after is not None and name in known.after.identifiers:
        # A name that is imported or assigned now is another matter than one that is just gone.
        return not _is_bound(name, known.after)
    if code is None:
        return False
    own = known.change.path
    others = [path for path in code.users(name) if path != own]
    if not others:
        return False
    definers = [path for path in code.definers(name) if path != own]
    # Elsewhere the name may mean another definition: surely this one where this file is imported,
    # or where the other is the header that declares it.
    declared = {target.path for target in code.imports(own).values()}
    sure = set(code.importers(own)) | ({own} if declared & set(definers) else set())
    return not definers or own in sure or any(path in sure for path in others)


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
