"""Tandem's own methods, as frozen dataclasses; documented in ``server/docs/lsp-extensions.md``.

A test keeps that document in step with this file.
"""

from dataclasses import asdict, dataclass
from typing import Any

STATUS = "tandem/status"
WHY_NO_COMPLETION = "tandem/whyNoCompletion"
ACCEPTED_COMMAND = "tandem.accepted"
ACTION_COMMAND = "tandem.action"
PLAN_REFACTOR = "tandem/planRefactor"
RUN_PLAN = "tandem/runPlan"
DISCARD_PLAN = "tandem/discardPlan"
STOP_PLAN = "tandem/stopPlan"
PLAN_COMMAND = "tandem.planRefactor"
RUN_COMMAND = "tandem.runPlan"
DISCARD_COMMAND = "tandem.discardPlan"
STOP_COMMAND = "tandem.stopPlan"
REVIEW_DIFF = "tandem/reviewDiff"
DISMISS_FINDING = "tandem/dismissFinding"
EXPLAIN_FINDING = "tandem/explainFinding"
RESTORE_FINDINGS = "tandem/restoreFindings"
STOP_REVIEW = "tandem/stopReview"
CLEAR_REVIEW = "tandem/clearReview"
REVIEW_COMMAND = "tandem.reviewDiff"
DISMISS_COMMAND = "tandem.dismissFinding"
EXPLAIN_COMMAND = "tandem.explainFinding"
RESTORE_COMMAND = "tandem.restoreFindings"
STOP_REVIEW_COMMAND = "tandem.stopReview"
CLEAR_COMMAND = "tandem.clearReview"
ASK_COMMAND = "tandem.askPlan"  # of the client: it asks for the instruction
DID_SHOW_COMPLETION = "textDocument/didShowCompletion"  # these two are Copilot's
DID_PARTIALLY_ACCEPT_COMPLETION = "textDocument/didPartiallyAcceptCompletion"


@dataclass(frozen=True, slots=True)
class Status:
    """Result of ``tandem/status``: what an editor may show in its status line.

    Amounts are decimal strings of US dollars, exact; tokens are the repository engine's.
    """

    version: str
    models: bool
    learning: bool
    local_tokens: int
    indexing: bool
    indexed_files: int
    spent_today_usd: str
    calls_today: int
    calls_running: int
    estimated_today: int

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        names = {name: _camel(name) for name in asdict(self)}
        return {names[name]: value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class WhyNothing:
    """Result of ``tandem/whyNoCompletion``: what became of the last request in a document.

    `stage` is how far it came: "none" (nothing was asked yet), "typing" (the next key replaced it),
    "gate", "local", "model", "filter", or "shown". Line and character are where it was asked.
    """

    stage: str
    reason: str
    version: int | None = None
    line: int | None = None
    character: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Shown:
    """Argument of the command ``tandem.accepted``, carried by every completion item.

    `source` is "local", "local model" or "flash"; `remembered` tells that it was known already.
    """

    id: int
    source: str
    model: str
    confidence: float | None
    remembered: bool

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return asdict(self)


def plain(params: Any) -> Any:
    """Return parameters as JSON has them: pygls makes named tuples of those it does not know."""
    if hasattr(params, "_asdict"):
        return {key: plain(value) for key, value in params._asdict().items()}
    if isinstance(params, list):
        return [plain(one) for one in params]
    return params


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
