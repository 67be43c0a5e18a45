"""Files and documents as the editor tells of them: opened, typed in, saved, changed on disk."""

import asyncio
import logging
from typing import Final
from uuid import uuid4

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from tandem.lsp.client import Client
from tandem.lsp.convert import from_lsp_change
from tandem.lsp.handlers.lifecycle import Services
from tandem.workspace.paths import of_uri
from tandem.workspace.watch import Event

logger = logging.getLogger(__name__)

_EDITOR_S: Final = 5.0


class FileHandlers:
    """What the index and the repository engine hear of files."""

    def __init__(self, server: LanguageServer, services: Services) -> None:
        """Take who is told."""
        self._server = server
        self._services = services

    def opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        """Learn the document."""
        snapshot = self._services.session.snapshot()
        self._services.opened(snapshot.documents[params.text_document.uri])

    def changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Note where something was typed."""
        documents = self._services.session.snapshot().documents
        document = documents.get(params.text_document.uri)
        if document is not None:
            self._services.changed(document, [from_lsp_change(c) for c in params.content_changes])

    def closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        """Forget what was learned from the open document."""
        self._services.closed(params.text_document.uri)

    def saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        """Look at the file: not every editor that saves also watches."""
        index = self._services.index()
        if index is not None:
            index.saved(params.text_document.uri)

    def watched(self, params: lsp.DidChangeWatchedFilesParams) -> None:
        """Take the editor's news of the disk."""
        index = self._services.index()
        if index is not None:
            removed = lsp.FileChangeType.Deleted
            index.feed(
                Event(path, change.type == removed)
                for change in params.changes
                if (path := of_uri(change.uri)) is not None
            )


async def watch_files(server: LanguageServer, client: Client) -> bool:
    """Ask the editor to tell of every file that changes; tell whether it will."""
    if not client.watches_files:
        return False
    options = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher("**/*")])
    registration = lsp.Registration(str(uuid4()), lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    try:
        async with asyncio.timeout(_EDITOR_S):
            await server.client_register_capability_async(lsp.RegistrationParams([registration]))
    except (TimeoutError, JsonRpcException):
        logger.info("files.editor_does_not_watch")
        return False
    return True
