"""Texts of ours, shown as documents where the editor can."""

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from tandem.lsp.client import Client


async def shown(server: LanguageServer, client: Client, uri: str, *, focus: bool = False) -> bool:
    """Have the editor show a document, and go there; tell whether it did."""
    if not client.shows_documents:
        return False
    params = lsp.ShowDocumentParams(uri, take_focus=focus or None)
    try:
        answer = await server.window_show_document_async(params)
    except JsonRpcException:
        return False
    return bool(answer.success)
