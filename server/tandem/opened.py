"""The workspace that an editor has open, as plans and reviews are of it; one for both.

Part of the composition root. Holds the pack of the workspace, which is one prefix whoever asks.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tandem.core.errors import RefusedError
from tandem.site import Site, site_of
from tandem.workspace.documents import Document
from tandem.workspace.files import FileEntry, list_files
from tandem.workspace.ignore import read_rules

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.engine.gateway import Gateway
    from tandem.workspace.live_index import LiveIndex
    from tandem.workspace.packing import Packing
    from tandem.workspace.session import Session

_READY_S: Final = 60.0  # a workspace of 20 MB takes 10 s the first time


class Opened:
    """The workspace of one server process, as it is when it is asked for."""

    def __init__(
        self,
        world: "World",
        session: "Session",
        index: "Callable[[], LiveIndex | None]",
        gateway: "Callable[[], Gateway | None]",
    ) -> None:
        """Take who knows the workspace, and the way to a model."""
        self.world = world
        self.session = session
        self.gateway = gateway
        self._index = index
        self._packing: Packing | None = None

    def root(self) -> Path:
        """Return the folder. Raises RefusedError without one."""
        if self.session.root is None:
            raise RefusedError("there is no workspace: open a folder first")
        return self.session.root

    def site(self) -> Site:
        """Return the workspace as it is now. Raises RefusedError where nothing is known of it."""
        root, index = self.root(), self._index()
        if index is None:
            raise RefusedError("the workspace is not indexed: index.enabled is off")
        settings = self.session.configuration.settings

        def files() -> list[FileEntry]:
            return list(list_files(root, read_rules(root, settings.index.exclude)).files)

        site = site_of(self.world.paths, root, settings, index.codebase, files, self._packing)
        self._packing = site.packing
        return replace(site, open=self._texts, buffer=self._buffer)

    async def ready(self) -> None:
        """Wait until the workspace is known, but not for ever: then what is known has to do."""
        index = self._index()
        if index is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_READY_S):
                    await index.ready()

    def asker(self) -> "Gateway":
        """Return the way to a model. Raises RefusedError without one."""
        gateway = self.gateway()
        if gateway is None:
            raise RefusedError("there is no API key to ask models with")
        return gateway

    def without_model(self) -> str:
        """Return why no model can be asked, "" if one can."""
        if self.gateway() is not None:
            return ""
        name = self.session.configuration.settings.api.key_env or "api.key_env"
        return f"no API key: set {name} and restart"

    def path_of(self, uri: str) -> str | None:
        """Return the path of a document in the workspace; None for one that is not of it."""
        index = self._index()
        return index.path_of(uri) if index is not None and uri else None

    def document(self, path: str) -> Document | None:
        """Return the open document of a path."""
        for uri, document in self.session.snapshot().documents.items():
            if self.path_of(uri) == path:
                return document
        return None

    def _buffer(self, path: str) -> str | None:
        """Return what is typed in a document this moment: the index knows it at the next pause."""
        document = self.document(path)
        return str(document.text) if document is not None else None

    def _texts(self) -> Mapping[str, str]:
        documents = self.session.snapshot().documents.items()
        found = {self.path_of(uri): document for uri, document in documents}
        return {path: str(document.text) for path, document in found.items() if path is not None}
