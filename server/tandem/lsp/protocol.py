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
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from tandem.core.text import Text
from tandem.lsp.boundary import INTERNAL_ERROR, arrival
from tandem.lsp.convert import from_lsp_change
from tandem.lsp.transport import Writer
from tandem.workspace.documents import Document
from tandem.workspace.session import Session

logger = logging.getLogger(__name__)


def _is_id(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_understood(data: dict[str, Any]) -> bool:
    """Tell whether a JSON-RPC object is a request, a notification or a response."""
    if "method" in data:
        return isinstance(data["method"], str) and (data.get("id") is None or _is_id(data["id"]))
    return _is_id(data.get("id")) and ("result" in data or "error" in data)


class TandemProtocol(LanguageServerProtocol):
    """The protocol of one connection. `session` and the hooks are set by ``lsp.server.build``."""

    session: Session
    stopped: "asyncio.Future[int]"

    def connected(self, writer: Writer) -> None:
        """Send through `writer` from now on."""
        self.stopped = asyncio.get_running_loop().create_future()
        self.set_writer(writer)
        self._initialized = False
        self._shutting_down = False
        self._zero_based_triggers = False

    # -- messages in ---------------------------------------------------------------------------

    def received(self, body: bytes) -> None:
        """Handle one message body. Never raises."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, lsp.ErrorCodes.ParseError, "the message is not JSON")
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != "2.0":
            self._refuse(None, lsp.ErrorCodes.InvalidRequest, "not a JSON-RPC 2.0 message")
            return
        if not _is_understood(data):
            logger.warning("message.not_understood")
            if _is_id(data.get("id")) and "method" in data:
                text = "the method is not a string"
                self._refuse(data["id"], lsp.ErrorCodes.InvalidRequest, text)
            return
        if "method" not in data:
            self._answered(data)
            return
        method, number = data["method"], data.get("id")
        refusal = self._out_of_order(method, number)
        if refusal is not None:
            if number is not None:
                self._refuse(number, *refusal)
            return
        try:
            message = self.structure_message(self._normalized(data))
        except JsonRpcException:
            logger.warning("request.invalid_params")
            if number is not None:
                text = f"the parameters of {method} are not valid"
                self._refuse(number, lsp.ErrorCodes.InvalidParams, text)
            return
        self._initialized |= method == lsp.INITIALIZE
        self._shutting_down |= method == lsp.SHUTDOWN
        arrival.set(self.session.snapshot())
        self.handle_message(message)

    def _answered(self, data: dict[str, Any]) -> None:
        """Take an answer of the editor to a request of ours, unless it comes too late."""
        future = self._request_futures.get(data["id"])
        if future is None or future.done():
            self._request_futures.pop(data["id"], None)
            return
        try:
            self.handle_message(self.structure_message(data))
        except JsonRpcException:
            self._request_futures.pop(data["id"], None)
            future.set_exception(JsonRpcException("the answer cannot be read"))

    def _out_of_order(
        self, method: str, number: str | int | None
    ) -> tuple[lsp.ErrorCodes, str] | None:
        """Return why the life cycle does not allow a message now, or None if it does."""
        if method == lsp.EXIT:
            return None
        if method == lsp.INITIALIZE and (self._initialized or number is None):
            return (lsp.ErrorCodes.InvalidRequest, "initialize is one request, and the first")
        if self._shutting_down:
            return (lsp.ErrorCodes.InvalidRequest, "the server is shutting down")
        if not self._initialized and method != lsp.INITIALIZE:
            return (lsp.ErrorCodes.ServerNotInitialized, "initialize comes first")
        return None

    def _normalized(self, data: dict[str, Any]) -> dict[str, Any]:
        """Accept a zero-based ``triggerKind``, VS Code's own, and parameters that are left out."""
        data.setdefault("params", None)  # JSON-RPC lets one omit them
        if data["method"] != lsp.TEXT_DOCUMENT_INLINE_COMPLETION:
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

    def _send_response(
        self, msg_id: Any, result: Any | None = None, error: lsp.ResponseError | None = None
    ) -> None:
        """Send an answer; pygls's own internal errors carry tracebacks, which stay here."""
        if error is not None and error.data is not None:
            logger.error("request.crashed_in_pygls", extra={"fields": {"code": error.code}})
            error = lsp.ResponseError(error.code, INTERNAL_ERROR)
        super()._send_response(msg_id, result, error)

    # -- life cycle ----------------------------------------------------------------------------

    @lsp_method(lsp.EXIT)
    def lsp_exit(  # type: ignore[override]  # ty: ignore[incompatible-method-override]
        self, *_args: object
    ) -> None:
        """End the process: status 0 after a shutdown, else 1, as the specification asks."""
        if not self.stopped.done():
            self.stopped.set_result(0 if self._shutting_down else 1)

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
    async def lsp_workspace__execute_command(  # type: ignore[override]  # ty: ignore[incompatible-method-override]
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
