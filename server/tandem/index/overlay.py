"""A codebase as it would be: some files made, changed or removed, the rest as the index has it.

What a change would do to the rest of the code can be asked before anything is changed: who defines
a name then, who still uses it, where imports lead. Files of the overlay are parsed when it is made
(5 ms for 1,000 lines); everything else is answered by the codebase below.

Invariant: the codebase below is not changed; removed files are in no answer.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from types import MappingProxyType

from tandem.index.code import Code, Target
from tandem.index.facts import FileFacts, Import
from tandem.index.heads import Heads
from tandem.index.languages import language_of
from tandem.index.names import names
from tandem.index.parse import parse
from tandem.index.resolve import Modules

_BUDGET_S = 2.0
_INDEX_STEMS = frozenset(["__init__", "index", "mod"])


class Overlay:
    """`Code` over another, with the texts of some files; None for a file that is not there."""

    def __init__(
        self,
        code: Code,
        texts: Mapping[str, str | None],
        counted: AbstractSet[str] | None = None,
    ) -> None:
        """Parse the files that have a grammar.

        What is used is only counted in the `counted` files, where others are still to change.
        """
        self._code = code
        self._counted = counted
        self._texts = texts
        facts = {path: facts_of(path, text) for path, text in texts.items() if text is not None}
        self._facts = {path: known for path, known in facts.items() if known is not None}
        known = code.paths
        # Where files come or go, imports anywhere may lead elsewhere.
        self._moves = any((text is None) == (path in known) for path, text in texts.items())
        self._modules: Modules | None = None
        self._imports: dict[str, Mapping[str, Target]] = {}

    @property
    def paths(self) -> Collection[str]:
        """All files that would be known."""
        return frozenset(self._code.paths) - self._texts.keys() | self._facts.keys()

    @property
    def generation(self) -> int:
        """The generation of the codebase below."""
        return self._code.generation

    def state(self, path: str) -> tuple[int, int] | None:
        """Return the state of a file that is as it was."""
        return None if path in self._texts else self._code.state(path)

    def facts(self, path: str) -> FileFacts | None:
        """Return what would be known about a file."""
        return self._facts.get(path) if path in self._texts else self._code.facts(path)

    def names(self, path: str) -> Collection[str]:
        """Return the names that a file would define, each once."""
        if path not in self._texts:
            return self._code.names(path)
        facts = self._facts.get(path)
        return frozenset(d.name for d in facts.definitions) if facts is not None else ()

    def heads(self, path: str) -> Heads | None:
        """Return the heads of a file's definitions."""
        if path not in self._texts:
            return self._code.heads(path)
        facts = self._facts.get(path)
        return Heads.of(facts.definitions) if facts is not None else None

    def text(self, path: str) -> str | None:
        """Return a file's text as it would be."""
        return self._texts[path] if path in self._texts else self._code.text(path)

    def excerpts(self, path: str, places: Sequence[tuple[int, int]]) -> Sequence[str]:
        """Return lines ``[first, last)`` of a file."""
        if path not in self._texts:
            return self._code.excerpts(path, places)
        lines = (self._texts[path] or "").split("\n")
        return ["\n".join(lines[first:last]) for first, last in places]

    def definers(self, name: str) -> Sequence[str]:
        """Return the files that would define a name, in order."""
        below = [path for path in self._code.definers(name) if path not in self._texts]
        return sorted([*below, *(path for path in self._facts if name in self.names(path))])

    def defining(self, names: AbstractSet[str]) -> Mapping[str, Collection[str]]:
        """Return the definers of those of the names that would have any."""
        found = {name: self.definers(name) for name in names}
        return {name: paths for name, paths in found.items() if paths}

    def users(self, name: str) -> Sequence[str]:
        """Return the files in which a name would occur."""
        below = [path for path in self._code.users(name) if path not in self._texts]
        above = [path for path, facts in self._facts.items() if name in facts.identifiers]
        counted = self._counted
        return sorted(path for path in (*below, *above) if counted is None or path in counted)

    def bindings(self, name: str) -> Sequence[tuple[str, Import]]:
        """Return the files that would import something under a local name."""
        below = [(p, one) for p, one in self._code.bindings(name) if p not in self._texts]
        for path, facts in self._facts.items():
            below += [(path, one) for one in facts.imports if one.binds(name)]
        return below

    def imports(self, path: str) -> Mapping[str, Target]:
        """Return what a file's imports would bind."""
        if path not in self._texts and not self._moves:
            return self._code.imports(path)
        known = self._imports.get(path)
        if known is None:
            facts = self.facts(path)
            if facts is None:
                return MappingProxyType({})
            found = self._resolved(path, facts)
            known = self._imports[path] = MappingProxyType(found)
        return known

    def importers(self, path: str) -> Sequence[str]:
        """Return the files that would import from a file; of those as they were, those that did."""
        found = {one for one in self._code.importers(path) if one not in self._texts}
        for one in self._facts:
            if any(target.path == path for target in self.imports(one).values()):
                found.add(one)
        if self._moves and path not in self._code.paths and path in self._texts:
            found |= self._led_to(path)
        return sorted(found)

    def _led_to(self, path: str) -> set[str]:
        """Return the files as they are whose imports lead to one that only the overlay has."""
        folder, _, name = path.rpartition("/")
        stem = name.partition(".")[0]
        words = {stem, folder.rpartition("/")[2]} if stem in _INDEX_STEMS else {stem}
        users = {user for word in words if word for user in self._code.users(word)}
        return {
            user
            for user in users
            if user not in self._texts
            and any(target.path == path for target in self.imports(user).values())
        }

    def _resolved(self, path: str, facts: FileFacts) -> Mapping[str, Target]:
        if self._modules is None:
            self._modules = Modules(sorted(self.paths))  # of `a.py` and `a.pyi` the first is meant
        return self._modules.resolve(path, facts.language, facts.imports)


@lru_cache(maxsize=64)
def facts_of(path: str, text: str) -> FileFacts | None:
    """Return the facts of a text, exact where its language has a grammar; None without one."""
    language = language_of(path)
    if language is None:
        return None
    data = text.encode("utf-8", "replace")
    return parse(data, language, budget_s=_BUDGET_S) or names(data, language.id)
