"""pygls's protocol class, with the parts replaced that would lose data, requests or secrets.

* Documents are ours (``Session``): pygls splits lines at form feeds and U+2028.
* Every request is answered: also one whose parameters cannot be read, one before ``initialize``,
  one after ``shutdown``, one that is not JSON.
* No traceback in an error, no message box for an internal error, no document text in a log.
* A cancelled ``workspace/executeCommand`` really cancels the command: pygls's own handler is a
  generator whose inner task goes on.
"""

import asyncio
import json
import logging
from typing import Any, Final

from lsprotocol import types as lsp
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from tandem.core.text import Text
from tandem.lsp.boundary import arrival
from tandem.lsp.convert import from_lsp_change
from tandem.lsp.transport import Writer
from tandem.workspace.documents import Document
from tandem.workspace.session import Session

logger = logging.getLogger(__name__)

_BEFORE_INITIALIZE: Final = frozenset([lsp.INITIALIZE, lsp.EXIT])


class TandemProtocol(LanguageServerProtocol):
    """The protocol of one connection. `session` and the hooks are set by ``lsp.server.build``."""

    session: Session
    stopped: "asyncio.Future[int]"

    def connected(self, writer: Writer) -> None:
        """Send through `writer` from now on."""
        self.stopped = asyncio.get_running_loop().create_future()
        self.set_writer(writer)
        self._initialized = False
        self._zero_based_triggers = False

    # -- messages in ---------------------------------------------------------------------------

    def received(self, body: bytes) -> None:
        """Handle one message body. Never raises."""
        try:
            data = json.loads(body)
        except ValueError:
            self._refuse(None, lsp.ErrorCodes.ParseError, "the message is not JSON")
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != "2.0":
            self._refuse(None, lsp.ErrorCodes.InvalidRequest, "not a JSON-RPC 2.0 message")
            return
        method, number = data.get("method"), data.get("id")
        if method is not None and self._is_out_of_order(method, number):
            return
        try:
            message = self.structure_message(self._normalized(data))
        except JsonRpcException:
            logger.warning("request.invalid_params", extra={"fields": {"method": method}})
            if method is not None and number is not None:
                text = f"the parameters of {method} are not valid"
                self._refuse(number, lsp.ErrorCodes.InvalidParams, text)
            return
        arrival.set(self.session.snapshot())
        self.handle_message(message)

    def _is_out_of_order(self, method: str, number: str | int | None) -> bool:
        """Refuse what the life cycle does not allow now; tell whether that was the case."""
        if method == lsp.INITIALIZE and self._initialized:
            refusal = (lsp.ErrorCodes.InvalidRequest, "initialize was already sent")
        elif self._shutdown and method != lsp.EXIT:
            refusal = (lsp.ErrorCodes.InvalidRequest, "the server is shutting down")
        elif not self._initialized and method not in _BEFORE_INITIALIZE:
            refusal = (lsp.ErrorCodes.ServerNotInitialized, "initialize comes first")
        else:
            self._initialized = self._initialized or method == lsp.INITIALIZE
            return False
        if number is not None:
            self._refuse(number, *refusal)
        return True

    def _normalized(self, data: dict[str, Any]) -> dict[str, Any]:
        """Accept a zero-based ``triggerKind``, as VS Code's own enumeration has it."""
        if data.get("method") != lsp.TEXT_DOCUMENT_INLINE_COMPLETION:
            return data
        params = data.get("params")
        context = params.get("context") if isinstance(params, dict) else None
        if isinstance(context, dict) and isinstance(context.get("triggerKind"), int):
            self._zero_based_triggers |= context["triggerKind"] == 0
            context["triggerKind"] += self._zero_based_triggers
        return data

    def _refuse(self, number: str | int | None, code: lsp.ErrorCodes, message: str) -> None:
        error = {"code": int(code), "message": message}
        self._send_data({"jsonrpc": "2.0", "id": number, "error": error})

    # -- life cycle ----------------------------------------------------------------------------

    @lsp_method(lsp.EXIT)
    def lsp_exit(self, *_args: object) -> None:  # type: ignore[override]
        """End the process: status 0 after a shutdown, else 1, as the specification asks."""
        if not self.stopped.done():
            self.stopped.set_result(0 if self._shutdown else 1)

    # -- documents -----------------------------------------------------------------------------

    @lsp_method(lsp.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: lsp.DidOpenTextDocumentParams) -> Any:
        """Take in a document, then tell the handler."""
        item = params.text_document
        document = Document(item.uri, item.language_id, item.version, Text.of(item.text))
        self.session.open(document)
        return self._tell(lsp.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> Any:
        """Apply the changes, then tell the handler."""
        document = params.text_document
        changes = [from_lsp_change(change) for change in params.content_changes]
        if not self.session.change(document.uri, document.version, changes):
            logger.warning("document.not_open")
        return self._tell(lsp.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: lsp.DidCloseTextDocumentParams) -> Any:
        """Forget the document, then tell the handler."""
        self.session.close(params.text_document.uri)
        return self._tell(lsp.TEXT_DOCUMENT_DID_CLOSE, params)

    def _tell(self, method: str, params: Any) -> None:
        handler = self.fm.features.get(method)
        if handler is not None:
            handler(params)

    # -- commands ------------------------------------------------------------------------------

    @lsp_method(lsp.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: lsp.ExecuteCommandParams
    ) -> Any:
        """Run a command in the request's own task, so that a cancel reaches it."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            code = int(lsp.ErrorCodes.InvalidParams)
            raise JsonRpcException(f"there is no command {params.command!r}", code)
        return await handler(*(params.arguments or []))


class TandemServer(LanguageServer):
    """pygls's server, which reports an internal error to the log and not to a message box."""

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log it; the user can do nothing about it. Requests were logged at the boundary."""
        if source is FeatureRequestError:
            return
        logger.error(
            "server.error",
            extra={"fields": {"type": type(error).__name__, "source": source.__name__}},
        )
