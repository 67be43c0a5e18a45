"""A whole codebase as a set of questions; what stands on the index asks only these.

Paths are relative to the workspace root with forward slashes. Everything answers from memory or
from the store in well under a millisecond, with what is known now: an index that is still being
built answers less, never later.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from tandem.index.facts import FileFacts, Import
from tandem.index.heads import Heads


@dataclass(frozen=True, slots=True)
class Target:
    """What an import leads to: a file, and the name in it (empty: the module itself)."""

    path: str
    name: str = ""


class Code(Protocol):
    """The codebase at one moment."""

    @property
    def paths(self) -> Collection[str]:
        """All files that are known."""
        ...

    @property
    def generation(self) -> int:
        """A number that changes when files come to define other names."""
        ...

    def state(self, path: str) -> tuple[int, int] | None:
        """Return (mtime_ns, size) of a file when it was taken in; None for one that was not."""
        ...

    def facts(self, path: str) -> FileFacts | None:
        """Return what is known about a file."""
        ...

    def names(self, path: str) -> Collection[str]:
        """Return the names that a file defines, each once."""
        ...

    def heads(self, path: str) -> Heads | None:
        """Return the heads of a file's definitions, as far as they are known."""
        ...

    def text(self, path: str) -> str | None:
        """Return a file's text as it is now: the open buffer, else the file."""
        ...

    def excerpts(self, path: str, places: Sequence[tuple[int, int]]) -> Sequence[str]:
        """Return lines ``[first, last)`` of a file, each from zero, as it was last taken in."""
        ...

    def definers(self, name: str) -> Sequence[str]:
        """Return the files that define a name, at any depth."""
        ...

    def defining(self, names: AbstractSet[str]) -> Mapping[str, Collection[str]]:
        """Return the definers of those of the names that have any, in no order."""
        ...

    def users(self, name: str) -> Sequence[str]:
        """Return the files in which a name occurs, those that define it included."""
        ...

    def bindings(self, name: str) -> Sequence[tuple[str, Import]]:
        """Return the files that import something under a local name, each with that import."""
        ...

    def imports(self, path: str) -> Mapping[str, Target]:
        """Return what a file's imports bind, by local name, as far as they lead into the code."""
        ...

    def importers(self, path: str) -> Sequence[str]:
        """Return the files that import from a file."""
        ...
