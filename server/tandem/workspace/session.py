"""The one mutable object: what the editor has open and wants, right now.

Lives on the event loop's thread and is changed by notifications only. Everything else works on a
``Snapshot``, a frozen value that stays true while it is used.
Invariant: ``revision`` grows with every change, and never otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tandem.core.text import Encoding
from tandem.workspace.configuration import Configuration, resolve
from tandem.workspace.documents import Change, Document
from tandem.workspace.settings import Settings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The session at one revision."""

    revision: int
    documents: Mapping[str, Document]
    settings: Settings
    root: Path | None
    encoding: Encoding


@dataclass(slots=True, eq=False)
class Session:
    """The editor's state. Not thread-safe on purpose: there is one thread that changes it."""

    configuration: Configuration = field(default_factory=lambda: resolve([]))
    root: Path | None = None
    encoding: Encoding = Encoding.UTF16
    revision: int = 0
    _documents: Mapping[str, Document] = field(default_factory=dict)

    def snapshot(self) -> Snapshot:
        """Return the present as a frozen value. O(1)."""
        return Snapshot(
            self.revision,
            self._documents,
            self.configuration.settings,
            self.root,
            self.encoding,
        )

    def open(self, document: Document) -> None:
        """Take in a document; opening it again replaces it."""
        self._replace({**self._documents, document.uri: document})

    def change(self, uri: str, version: int, changes: Sequence[Change]) -> bool:
        """Apply a client's changes; False if the document is not open (a client's bug)."""
        document = self._documents.get(uri)
        if document is None:
            return False
        changed = document.changed(version, changes, self.encoding)
        self._replace({**self._documents, uri: changed})
        return True

    def close(self, uri: str) -> None:
        """Forget a document; its file on disk is the truth again."""
        if uri in self._documents:
            self._replace({key: doc for key, doc in self._documents.items() if key != uri})

    def configure(self, configuration: Configuration) -> None:
        """Use another configuration from now on."""
        self.configuration = configuration
        self.revision += 1

    def _replace(self, documents: dict[str, Document]) -> None:
        self._documents = MappingProxyType(documents)
        self.revision += 1
