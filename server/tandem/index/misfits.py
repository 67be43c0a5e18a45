"""Calls that no longer fit: the signature changed, the place that calls it did not follow.

A call is held against a definition only where it surely means it: nothing else in the codebase is
called so, or the file has the name from there. And only if it fitted before, or is new: what never
fitted is another matter. Syntax, not types.

Invariant: what is not sure is not said.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tandem.index.calls import Call, Signature, arguments_of, fits
from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.languages import language_of
from tandem.index.lexical import blanked
from tandem.index.receivers import holds
from tandem.index.syntax.calling import COMMON

_CALLED: Final = 3  # characters behind a name in which its call begins


@dataclass(frozen=True, slots=True)
class Misfit:
    """A call at a zero-based line that gives what its definition in `where` does not take."""

    path: str
    line: int
    call: Call
    signature: Signature
    where: str

    def __str__(self) -> str:
        """Say it in a sentence for a model and for people."""
        takes = ", ".join(self.signature.names) or "nothing"
        return (
            f"{self.path}:{self.line + 1} calls `{self.call.name}` with {_given(self.call)}, "
            f"which takes ({takes}) in {self.where}"
        )


def _given(call: Call) -> str:
    count = call.places + len(call.keywords)
    named = f" ({', '.join(call.keywords)})" if call.keywords else ""
    return f"{count} {'argument' if count == 1 else 'arguments'}{named}"


@dataclass(frozen=True, slots=True)
class _Head:
    """A name of a file whose signatures changed, as they were and as they are."""

    path: str
    name: str
    old: tuple[Signature, ...]
    new: tuple[Signature, ...]
    alone: bool


def misfits(before: Code, after: Code, changed: Collection[str]) -> Sequence[Misfit]:
    """Return the calls that a change of some files leaves without a definition they fit.

    File by file, so that each is parsed once, and only those in which the name is called: 10 ms for
    1,000 lines.
    """
    by_user: dict[str, list[_Head]] = {}
    for head in _heads(before, after, changed):
        # What is new may be called wrongly only by what is new as well.
        users = after.users(head.name)
        for user in users if head.old else [one for one in users if one in changed]:
            by_user.setdefault(user, []).append(head)
    found: list[Misfit] = []
    for user, heads in sorted(by_user.items()):
        text = after.text(user)
        called = [h for h in heads if text is not None and _is_called(text, h.name)]
        for head in called:
            found += _of_head(before, after, user, head)
    return found


def _heads(before: Code, after: Code, changed: Collection[str]) -> Iterator[_Head]:
    for path in sorted(changed):
        old, new = _signatures(before, path), _signatures(after, path)
        for name in sorted(new):
            if old.get(name) != new[name]:
                definers = after.definers(name)
                alone = all(one == path or _declares(after, one, name) for one in definers)
                yield _Head(path, name, old.get(name, ()), new[name], alone)


def _is_called(text: str, name: str) -> bool:
    at = text.find(name)
    while at >= 0:
        if text[at + len(name) : at + len(name) + _CALLED].lstrip()[:1] in {"(", "<", "["}:
            return True
        at = text.find(name, at + 1)
    return False


def _signatures(code: Code, path: str) -> Mapping[str, tuple[Signature, ...]]:
    text = code.text(path) if path in code.paths else None
    found: dict[str, tuple[Signature, ...]] = {}
    for one in arguments_of(path, text).signatures if text is not None else ():
        found[one.name] = (*found.get(one.name, ()), one)
    return found


def _of_head(before: Code, after: Code, user: str, head: _Head) -> Iterator[Misfit]:
    text = after.text(user) or ""
    known: Sequence[Call] | None = None
    for call in arguments_of(user, text).calls:
        if call.name != head.name:
            continue
        if not _is_sure(after, user, head.path, call, alone=head.alone, new=head.new):
            continue
        if known is None:
            known = _calls(before, user, head.name) if user in before.paths else ()
        stale = any(_same(call, one) for one in known)
        if stale and not any(_fit(call, user, one) for one in head.old):
            continue
        if not stale and is_test(user):  # a test may well call what must fail
            continue
        if not any(_fit(call, user, one) for one in head.new):
            yield Misfit(user, call.line, call, head.new[0], head.path)


def _declares(code: Code, path: str, name: str) -> bool:
    """Tell whether a file has a name as a header of C has it: said, not made."""
    language = language_of(path)
    return language is not None and language.id == "c" and name not in _signatures(code, path)


def _calls(code: Code, path: str, name: str) -> Sequence[Call]:
    text = code.text(path)
    found = arguments_of(path, text).calls if text is not None else ()
    return [call for call in found if call.name == name]


def _same(one: Call, other: Call) -> bool:
    return replace(one, line=0) == replace(other, line=0)


def _is_sure(
    code: Code, user: str, path: str, call: Call, *, alone: bool, new: Sequence[Signature]
) -> bool:
    """Tell whether a call means the definition in a file."""
    method = all(one.method for one in new)
    target = code.imports(user).get(call.name)
    if call.bare and target is not None:
        return target.path == path
    module = code.imports(user).get(call.receiver) if call.receiver else None
    if module is not None and not module.name and not method:
        return _is_in(path, module.path)
    if method and not call.bare and _is_held(code, user, call, {one.owner for one in new}):
        return True
    return alone and _is_sure_alone(code, user, path, call, new)


def _is_sure_alone(code: Code, user: str, path: str, call: Call, new: Sequence[Signature]) -> bool:
    """Tell whether a call means a definition that is the only one of its name."""
    method = all(one.method for one in new)
    if call.bare:
        return not method or user == path or _is_type(code, path, call.name)
    # Behind a dot stands anything: what the libraries have too is nobody's, and a type says whose.
    owners = {one.owner for one in new}
    if (
        not method
        or call.name in COMMON
        or (call.receiver[:1].isupper() and call.receiver not in owners)
    ):
        return False
    return (
        user == path or user in code.importers(path) or any(user in code.users(o) for o in owners)
    )


def _is_held(code: Code, user: str, call: Call, owners: Collection[str]) -> bool:
    """Tell whether what a method is called on is declared with the method's type."""
    language, text = language_of(user), code.text(user)
    if language is None or text is None or not call.receiver:
        return False
    source = blanked(text, language.id)
    return any(owner and holds(source, language.id, call.receiver, owner) for owner in owners)


def _is_in(path: str, module: str) -> bool:
    """Tell whether a file is what an import of a module means; of Go, any file of its folder."""
    if path.endswith(".go"):
        return path.rpartition("/")[0] == module.rpartition("/")[0]
    return path == module


def _is_type(code: Code, path: str, name: str) -> bool:
    facts = code.facts(path)
    found = facts.definitions if facts is not None else ()
    return any(d.name == name and d.kind.value in {"class", "struct", "interface"} for d in found)


def _fit(call: Call, path: str, signature: Signature) -> bool:
    if fits(call, signature):
        return True
    language = language_of(path)
    if language is None or language.id != "rust" or not signature.method:
        return False
    return fits(replace(call, places=call.places - 1), signature)  # Type::method(&self, ..)
