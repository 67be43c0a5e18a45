"""The table from method to handler: what Tandem answers, for which client, within what time."""

from dataclasses import dataclass
from typing import Any, Final, cast

from lsprotocol import types as lsp

from tandem import __version__
from tandem.features.fixes.kinds import KINDS
from tandem.lsp import ext
from tandem.lsp.boundary import Boundary, Lane
from tandem.lsp.errands import Errands
from tandem.lsp.handlers.acceptance import AcceptanceHandlers
from tandem.lsp.handlers.actions import ActionHandlers
from tandem.lsp.handlers.completion import CompletionHandlers
from tandem.lsp.handlers.files import FileHandlers, watch_files
from tandem.lsp.handlers.lifecycle import Lifecycle, Services
from tandem.lsp.handlers.plans import PlanHandlers
from tandem.lsp.handlers.reviews import ReviewHandlers
from tandem.lsp.progress import Bars
from tandem.lsp.protocol import TandemProtocol, TandemServer

_MENU_DEADLINE_S: Final = 2.0
_STATUS_DEADLINE_S: Final = 5.0
# A completion has its own limit (completion.timeout_ms, a minute at most); this only catches bugs.
_GHOST_DEADLINE_S: Final = 70.0
_OFFER_DEADLINE_S: Final = 5.0
_ACTION_DEADLINE_S: Final = 1_800.0  # each answer has a limit of its own
_PLAN_DEADLINE_S: Final = 4 * 3_600.0  # a user may take their time to say yes
_TRIGGERS: Final = (".", "(", "[", " ", "=", ",")


def build(services: Services) -> TandemProtocol:
    """Return a protocol endpoint that is ready to be connected to a transport."""
    server = TandemServer(
        "tandem", __version__, protocol_cls=TandemProtocol, max_workers=1,
        text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
    )  # fmt: skip
    protocol = cast("TandemProtocol", server.protocol)
    protocol.session = services.session
    life = Lifecycle(server, services, lambda client: watch_files(server, client))
    boundary = Boundary()
    own = _handlers(server, services, life)

    @server.feature(lsp.INITIALIZE)
    def initialize(params: lsp.InitializeParams) -> None:
        life.initialize(params)
        _register_completion(server, boundary, own.completion)
        _register_actions(server, boundary, own.actions)
        _register_acceptance(server, boundary, own.acceptance)
        _register_plans(server, boundary, own.plans)
        _register_reviews(server, boundary, own.reviews)

    @server.feature(lsp.SHUTDOWN)
    async def shutdown(_params: None) -> None:
        own.completion.abandon_all()
        own.acceptance.stop()
        await own.plans.stop()
        await own.reviews.errands.stop()
        await life.shutdown()

    told = boundary.notification
    server.feature(lsp.INITIALIZED)(told(life.initialized))
    server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)(told(life.configuration_changed))
    _register_documents(server, boundary, own)
    for method, answer in ((ext.STATUS, life.status), (ext.WHY_NO_COMPLETION, own.completion.why)):
        server.feature(method)(boundary.request(answer, deadline_s=_STATUS_DEADLINE_S))
    return protocol


@dataclass(frozen=True, slots=True)
class _Handlers:
    """Who answers what, for one connection."""

    files: FileHandlers
    acceptance: AcceptanceHandlers
    completion: CompletionHandlers
    actions: ActionHandlers
    plans: PlanHandlers
    reviews: ReviewHandlers


def _handlers(server: TandemServer, services: Services, life: Lifecycle) -> _Handlers:
    session, client = services.session, life.client
    bars = Bars(server, client)
    acceptance = AcceptanceHandlers(services)
    completion = CompletionHandlers(session, client, services.ports, life.failed, acceptance)
    planning, reviewing = (Errands(name, server, client, bars) for name in ("plan", "review"))
    plans = PlanHandlers(server, session, client, services.plans, planning)
    reviews = ReviewHandlers(server, session, client, services.reviews, reviewing)
    actions = ActionHandlers(server, session, client, services.actions, bars, reviews.actions)
    life.started = plans.resume
    files = FileHandlers(server, services)
    return _Handlers(files, acceptance, completion, actions, plans, reviews)


def _register_documents(server: TandemServer, boundary: Boundary, own: _Handlers) -> None:
    """Take in what the editor tells of documents and files."""

    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        own.acceptance.closed(params.text_document.uri)
        own.files.opened(params)
        own.reviews.opened(params.text_document.uri)

    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        own.files.changed(params)
        own.acceptance.changed(params)
        own.reviews.changed(params)

    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        own.completion.closed(params.text_document.uri)
        own.acceptance.closed(params.text_document.uri)
        own.files.closed(params)
        own.reviews.closed(params.text_document.uri)

    told = boundary.notification
    server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)(told(opened))
    server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(told(changed))
    server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)(told(own.files.saved))
    server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)(told(own.files.watched))
    server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(told(closed))


def _register_completion(
    server: TandemServer, boundary: Boundary, handlers: CompletionHandlers
) -> None:
    """Offer ghost text to clients that have it, and menu entries to those that have not.

    Never both: an editor would show the same text twice.
    """
    if handlers.client().inline_completion:
        inline = boundary.request(
            handlers.inline, deadline_s=_GHOST_DEADLINE_S, lane=Lane.GHOST, key=_uri
        )
        server.feature(lsp.TEXT_DOCUMENT_INLINE_COMPLETION, lsp.InlineCompletionOptions())(inline)
    else:
        menu = boundary.request(
            handlers.menu, deadline_s=_MENU_DEADLINE_S, lane=Lane.MENU, key=_uri
        )
        options = lsp.CompletionOptions(trigger_characters=list(_TRIGGERS))
        server.feature(lsp.TEXT_DOCUMENT_COMPLETION, options)(menu)


def _register_actions(server: TandemServer, boundary: Boundary, actions: ActionHandlers) -> None:
    options = lsp.CodeActionOptions(
        code_action_kinds=list(KINDS), resolve_provider=actions.client().resolves_edits
    )
    offer = boundary.request(actions.offer, deadline_s=_OFFER_DEADLINE_S)
    resolve = boundary.request(actions.resolve, deadline_s=_ACTION_DEADLINE_S)
    run = boundary.request(actions.run, deadline_s=_ACTION_DEADLINE_S)
    server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, options)(offer)
    server.feature(lsp.CODE_ACTION_RESOLVE)(resolve)

    @server.command(ext.ACTION_COMMAND)
    async def action(*arguments: dict[str, Any]) -> None:
        await run(arguments[0] if arguments else {})


def _register_plans(server: TandemServer, boundary: Boundary, plans: PlanHandlers) -> None:
    """Answer requests for plans; commands, which no client can cancel, begin the same."""
    for method, command, handler in (
        (ext.PLAN_REFACTOR, ext.PLAN_COMMAND, plans.plan),
        (ext.RUN_PLAN, ext.RUN_COMMAND, plans.run),
        (ext.DISCARD_PLAN, ext.DISCARD_COMMAND, plans.discard),
        (ext.STOP_PLAN, ext.STOP_COMMAND, plans.stop_plan),
    ):
        bounded = boundary.request(handler, deadline_s=_PLAN_DEADLINE_S)
        server.feature(method)(bounded)
        server.command(command)(_begins(plans.errands, bounded))


def _register_reviews(server: TandemServer, boundary: Boundary, reviews: ReviewHandlers) -> None:
    """Answer requests and commands of reviews, and pulls of diagnostics where a client pulls."""
    for method, command, handler in (
        (ext.REVIEW_DIFF, ext.REVIEW_COMMAND, reviews.review),
        (ext.DISMISS_FINDING, ext.DISMISS_COMMAND, reviews.dismiss),
        (ext.EXPLAIN_FINDING, ext.EXPLAIN_COMMAND, reviews.explain),
        (ext.RESTORE_FINDINGS, ext.RESTORE_COMMAND, reviews.restore),
        (ext.CLEAR_REVIEW, ext.CLEAR_COMMAND, reviews.clear),
        (ext.STOP_REVIEW, ext.STOP_REVIEW_COMMAND, reviews.stop_review),
    ):
        bounded = boundary.request(handler, deadline_s=_PLAN_DEADLINE_S)
        server.feature(method)(bounded)
        server.command(command)(_begins(reviews.errands, bounded))
    if reviews.client().pulls_diagnostics:
        options = lsp.DiagnosticOptions(
            inter_file_dependencies=False, workspace_diagnostics=False, identifier="tandem"
        )
        pull = boundary.request(reviews.pull, deadline_s=_OFFER_DEADLINE_S)
        server.feature(lsp.TEXT_DOCUMENT_DIAGNOSTIC, options)(pull)


def _begins(errands: Errands, handler: Any) -> Any:
    async def begin(*arguments: Any) -> None:  # a coroutine: pygls runs it on the loop
        errands.command(handler, arguments[0] if arguments else None)

    return begin


def _register_acceptance(
    server: TandemServer, boundary: Boundary, acceptance: AcceptanceHandlers
) -> None:
    @server.command(ext.ACCEPTED_COMMAND)
    async def accepted(*shown: dict[str, Any]) -> None:  # pygls hands itself to an `object`
        acceptance.accepted(*shown)

    told = boundary.notification
    server.feature(ext.DID_SHOW_COMPLETION)(told(acceptance.displayed))
    server.feature(ext.DID_PARTIALLY_ACCEPT_COMPLETION)(told(acceptance.partly))


def _uri(params: Any) -> str:
    return str(params.text_document.uri)
