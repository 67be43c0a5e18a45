"""Calls that no longer fit: the signature changed, the place that calls it did not follow.

A call is held against a definition only where it surely means it: nothing else in the codebase is
called so, or the file has the name from there. And only if it fitted before, or is new: what never
fitted is another matter. Syntax, not types.

Invariant: what is not sure is not said.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tandem.index.calls import Call, Signature, arguments_of, fits
from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.languages import language_of
from tandem.index.lexical import blanked
from tandem.index.receivers import holds
from tandem.index.syntax.calling import COMMON


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


def misfits(before: Code, after: Code, changed: Collection[str]) -> Sequence[Misfit]:
    """Return the calls that a change of some files leaves without a definition they fit."""
    found: list[Misfit] = []
    for path in sorted(changed):
        old, new = _signatures(before, path), _signatures(after, path)
        for name in sorted(new):
            if old.get(name) != new[name]:
                found += _of_name(before, after, path, name, old.get(name, ()))
    return found


def _signatures(code: Code, path: str) -> Mapping[str, tuple[Signature, ...]]:
    text = code.text(path) if path in code.paths else None
    found: dict[str, tuple[Signature, ...]] = {}
    for one in arguments_of(path, text).signatures if text is not None else ():
        found[one.name] = (*found.get(one.name, ()), one)
    return found


def _of_name(
    before: Code, after: Code, path: str, name: str, old: Sequence[Signature]
) -> Iterator[Misfit]:
    new = _signatures(after, path)[name]
    alone = all(one == path or _declares(after, one, name) for one in after.definers(name))
    for user in after.users(name):
        text = after.text(user)
        if text is None:
            continue
        known = _calls(before, user, name) if user in before.paths else ()
        for call in arguments_of(user, text).calls:
            if call.name != name or not _is_sure(after, user, path, call, alone=alone, new=new):
                continue
            stale = any(_same(call, one) for one in known)
            if stale and not any(_fit(call, user, one) for one in old):
                continue
            if not stale and is_test(user):  # a test may well call what must fail
                continue
            if not any(_fit(call, user, one) for one in new):
                yield Misfit(user, call.line, call, new[0], path)


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
