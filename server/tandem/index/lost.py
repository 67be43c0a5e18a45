"""Imports that lead nowhere any more: what they take is gone, and they did not follow.

Invariant: what led nowhere already is left alone; what is not sure is not said.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.index.code import Code, Target
from tandem.index.facts import Import
from tandem.index.languages import language_of

# Whether a name is there can be told where all that a module binds stands in it.
_NAMED: Final = frozenset(["python", "javascript", "typescript", "typescriptreact"])


@dataclass(frozen=True, slots=True)
class LostImport:
    """An import at a zero-based line that a change left without what it takes; `where` caused it.

    `module` is what is imported from if that is gone, "" if it is there without the name.
    """

    path: str
    line: int
    name: str
    module: str
    where: str

    def __str__(self) -> str:
        """Say it in a sentence for a model and for people."""
        place = f"{self.path}:{self.line + 1} imports `{self.name}`"
        if self.module:
            return f"{place} from {self.module}, which is gone"
        return f"{place}, which {self.where} does not have"


def lost_imports(before: Code, after: Code, changed: Collection[str]) -> Iterator[LostImport]:
    """Yield the imports that a change of some files breaks, in the order of paths."""
    importers = {one for path in changed for one in before.importers(path)}
    for path in sorted({*changed, *importers}):
        if after.text(path) is not None:
            yield from _of_file(path, before, after, changed)


def _of_file(
    path: str, before: Code, after: Code, changed: Collection[str]
) -> Iterator[LostImport]:
    facts = after.facts(path)
    known = before.facts(path)
    led = before.imports(path) if known is not None else {}
    modules = {one.module for one in known.imports} if known is not None else set()
    leads = after.imports(path)
    for one in facts.imports if facts is not None else ():
        for local in _bound(one):
            old, new = led.get(local), leads.get(local)
            # The same name from another module, a library's say, is another matter.
            if old is not None and new is None and one.module in modules:
                yield LostImport(path, one.line, local, one.module, old.path)
            elif new is not None and {path, new.path} & set(changed) and _is_missing(after, new):
                yield LostImport(path, one.line, new.name, "", new.path)


def _bound(one: Import) -> Sequence[str]:
    return [local for _name, local in one.names] if one.names else [one.local]


def _is_missing(code: Code, target: Target) -> bool:
    """Tell whether a file surely has nothing of a name: not even the word stands in it."""
    path, name = target.path, target.name
    language, facts = language_of(path), code.facts(path)
    if (
        language is None
        or language.id not in _NAMED
        or facts is None
        or name in {"", "default", "*"}
    ):
        return False
    if any(_is_open(one) for one in facts.imports) or "__getattr__" in facts.identifiers:
        return False
    return name not in facts.identifiers and name not in code.names(path)


def _is_open(one: Import) -> bool:
    return any(local == "*" for _name, local in one.names) or (not one.names and not one.local)
