"""A whole codebase as a set of questions; what stands on the index asks only these.

Paths are relative to the workspace root with forward slashes. Everything answers from memory or
from the store in well under a millisecond, with what is known now: an index that is still being
built answers less, never later.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tandem.index.facts import FileFacts


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

    def facts(self, path: str) -> FileFacts | None:
        """Return what is known about a file."""
        ...

    def text(self, path: str) -> str | None:
        """Return a file's text as it is now: the open buffer, else the file."""
        ...

    def definers(self, name: str) -> Sequence[str]:
        """Return the files that define a name, at any depth."""
        ...

    def users(self, name: str) -> Sequence[str]:
        """Return the files in which a name occurs, those that define it included."""
        ...

    def imports(self, path: str) -> Mapping[str, Target]:
        """Return what a file's imports bind, by local name, as far as they lead into the code."""
        ...

    def importers(self, path: str) -> Sequence[str]:
        """Return the files that import from a file."""
        ...
