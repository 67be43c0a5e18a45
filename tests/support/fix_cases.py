"""Runs a literate case of ``fixtures/cases/fix``: the free offers, then the model's answers.

Fences: files (any language, ``path=…``; the first is the one in question, ``eol=crlf`` for Windows
files, ``$0`` the cursor of a rewrite), ``diagnostics`` (JSON as the language server sends it),
``rewrite name=…``, ``settings`` (JSON), ``model`` (answers in the order they are asked for;
``rung=`` is checked, ``stop=length`` cuts it off, ``kind=`` says what it is made for), then
``expect by=…`` (the first file as it must be) or ``refused`` (a part of the reason), ``free``
(titles of the free offers, one a line).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tandem.core import edits
from tandem.core.diagnostics import Diagnostic, Severity
from tandem.core.errors import RefusedError
from tandem.core.model import ChatRequest, Usage
from tandem.core.text import Encoding, Position, Span, Text
from tandem.engine.gateway import Gateway
from tandem.engine.harness import Experience, Failed
from tandem.engine.ladder import Rung, Step
from tandem.features.fixes.ask import FIX, Ask, Source, source_of
from tandem.features.fixes.fix import Ports, perform
from tandem.features.fixes.offers import Offer, Situation, offers
from tandem.workspace.configuration import Layer, resolve
from tandem.workspace.documents import Document
from tandem.workspace.settings import Settings
from tests.support.code import codebase
from tests.support.literate import Case, Fence

FACTS = frozenset(["diagnostics", "rewrite", "settings", "model", "expect", "refused", "free"])
BY = {
    "flash": Rung.FLASH,
    "flash-thinking": Rung.FLASH_THINKING,
    "pro": Rung.PRO,
    "pro-max": Rung.PRO_MAX,
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A case as values: the file in question, what is known around it, what is asked."""

    source: Source
    ask: Ask
    settings: Settings


@dataclass(slots=True)
class Result:
    """What came of a case: the text, or why there is none; who was asked, rung by rung."""

    text: str | None
    reason: str = ""
    by: str = ""
    steps: list[Step] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def scene_of(case: Case) -> Scene:
    """Read a case."""
    files = [fence for fence in case.fences if fence.kind not in FACTS]
    first, texts = files[0], {}
    for fence in files:
        text = fence.text + "\n"
        texts[fence.attributes["path"]] = (
            text.replace("\n", "\r\n") if fence.attributes.get("eol") == "crlf" else text
        )
    path = first.attributes["path"]
    cursor = texts[path].find("$0")
    texts[path] = texts[path].replace("$0", "", 1)
    document = Document(f"file:///w/{path}", first.kind, 1, Text.of(texts[path]))
    source = source_of(document, path, codebase(texts))
    found = diagnostics_of(case, document.text)
    rewrite = case.one("rewrite")
    action = rewrite.attributes["name"] if rewrite is not None else FIX
    span = Span(cursor, cursor) if cursor >= 0 else found[0].span
    settings = case.one("settings")
    values = json.loads(settings.text) if settings is not None else {}
    configuration = resolve([Layer("editor", values)])
    assert not configuration.problems, configuration.problems
    return Scene(source, Ask(action, document.uri, 1, span, found), configuration.settings)


def diagnostics_of(case: Case, text: Text) -> tuple[Diagnostic, ...]:
    """Read the diagnostics as a server sends them."""
    fence = case.one("diagnostics")
    return tuple(_diagnostic(one, text) for one in json.loads(fence.text)) if fence else ()


def _diagnostic(one: dict[str, Any], text: Text) -> Diagnostic:
    start, end = (
        text.offset_at(Position(place["line"], place["character"]), Encoding.UTF16)
        for place in (one["range"]["start"], one["range"]["end"])
    )
    return Diagnostic(
        Span(start, end),
        one["message"],
        one.get("source", ""),
        str(one.get("code", "")),
        Severity(one.get("severity", 1)),
        1 in one.get("tags", ()),
    )


def free_offers(scene: Scene) -> list[Offer]:
    """Return the offers that need no model."""
    here = Situation(
        scene.source,
        scene.ask.span,
        scene.ask.diagnostics,
        scene.settings,
        "no model here",
        lambda _model, _usage: None,
        lambda: 0.0,
    )
    return [offer for offer in offers(here, ["quickfix"]) if offer.edits]


def freely(scene: Scene) -> Result:
    """Take the first free offer."""
    found = free_offers(scene)
    if not found:
        return Result(None, "nothing is free here")
    return Result(str(edits.apply(scene.source.text, found[0].edits)), by="free")


async def by_model(scene: Scene, gateway: Gateway, experience: Experience | None = None) -> Result:
    """Have the action carried out."""
    result = Result(None)

    async def announce(step: Step, failed: Sequence[Failed]) -> None:
        result.steps.append(step)
        result.refusals = [problem for one in failed for problem in one.problems]

    ports = Ports(gateway, experience or Experience(), announce)
    try:
        done = await perform(scene.source, scene.ask, scene.settings, ports)
    except RefusedError as error:
        result.reason = str(error)
        return result
    result.text = str(edits.apply(scene.source.text, done.edits))
    result.by = next(name for name, rung in BY.items() if rung is done.rung)
    return result


def rung_of(request: ChatRequest, settings: Settings) -> str:
    """Return which rung a request is of."""
    strong = request.model == settings.models.pro
    hard = request.thinking.value == "max"
    if strong:
        return "pro-max" if hard else "pro"
    return "flash" if request.thinking.value == "off" else "flash-thinking"


def replies(case: Case) -> list[Fence]:
    """Return the answers of the model, in order."""
    return case.all("model")


USAGE = Usage(hit=0, miss=900, output=60)
