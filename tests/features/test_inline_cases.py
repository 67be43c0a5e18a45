"""Runs the literate cases of ``fixtures/cases/inline``: what is shown for what a model answers.

Fences: a language with the document (``$0`` is the cursor; ``eol=crlf`` for Windows files,
``just=deleted`` or ``just=accepted`` for what was done last), ``settings`` (those of ``completion``
as TOML), ``model`` (the reply), ``local confidence=…`` (the repository engine's), then ``expect``
(the text with the ghost in ⟦ ⟧) or ``nothing`` (the reason).
"""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.core.money import Usd
from tandem.core.text import Text
from tandem.engine.accounts import Accounts
from tandem.engine.budget import Caps
from tandem.engine.gateway import Gateway
from tandem.features.inline.complete import Completion as Shown
from tandem.features.inline.complete import Nothing, Ports, complete
from tandem.features.inline.flights import Flights
from tandem.features.inline.gate import Trigger
from tandem.features.inline.memo import Memo
from tandem.features.inline.typing_history import TypingHistory
from tandem.index.lm.model import Suggestion
from tandem.ledger.ledger import Ledger
from tandem.ledger.prices import Prices
from tandem.workspace.documents import Change, Document
from tandem.workspace.settings import Completion, Settings
from tests.support.clock import LoopClock, run_jumping
from tests.support.literate import Case, Fence, cases
from tests.support.markers import URI, marked, with_ghost
from tests.support.script import ScriptedProvider, answer

SUITE = dict(cases("inline"))
FACTS = ("model", "local", "expect", "nothing", "settings")


class LocalScript:
    """A repository engine that always says the same."""

    def __init__(self, suggestion: Suggestion | None) -> None:
        self._suggestion = suggestion

    async def suggest(self, document: Document, offset: int) -> Suggestion | None:
        assert 0 <= offset <= len(document.text)
        return self._suggestion


@pytest.mark.parametrize("name", SUITE)
def test_case(name: str, tmp_path: Path) -> None:
    case = SUITE[name]
    document, offset = _document(case)
    outcome = run_jumping(lambda: _complete(case, document, offset, tmp_path))
    expected, nothing = case.one("expect"), case.one("nothing")
    if nothing is not None:
        assert isinstance(outcome, Nothing), outcome
        assert nothing.text in outcome.reason
    else:
        assert expected is not None, "a case expects something or nothing"
        assert isinstance(outcome, Shown), outcome
        shown = with_ghost(document, offset, outcome.text).replace("\r\n", "\n")
        assert shown == expected.text
        assert outcome.source == expected.attributes.get("source", "flash")


def _document(case: Case) -> tuple[Document, int]:
    source = _source(case)
    if source.attributes.get("eol") != "crlf":
        return marked(source.text, source.kind)
    document, offset = marked(source.text.replace("\n", "\r\n"), source.kind)
    return replace(document, text=Text.of(str(document.text))), offset


def _source(case: Case) -> Fence:
    return next(fence for fence in case.fences if fence.kind not in FACTS)


def _settings(case: Case) -> Settings:
    said = case.one("settings")
    return Settings(completion=Completion(**tomllib.loads(said.text))) if said else Settings()


def _history(case: Case) -> TypingHistory:
    history, just = TypingHistory(), _source(case).attributes.get("just")
    if just == "deleted":
        history.changed(URI, [Change(None, None, "")], LoopClock().monotonic())
    elif just == "accepted":
        history.accepted(LoopClock().monotonic())
    return history


async def _complete(case: Case, document: Document, offset: int, folder: Path) -> Shown | Nothing:
    local, model = case.one("local"), case.one("model")
    suggestion = Suggestion(local.text, float(local.attributes["confidence"])) if local else None
    provider = ScriptedProvider([answer(model.text)] if model else [])
    accounts = Accounts(Ledger(folder / "ledger.db", "t"), Prices({}), Caps(Usd(), Usd()))
    gateway = Gateway(provider, accounts, LoopClock()) if model else None
    engine = LocalScript(suggestion) if local else None
    ports = Ports(Memo(), engine, gateway, LoopClock(), Flights(), _history(case))
    try:
        return await complete(document, offset, Trigger.AUTOMATIC, _settings(case), ports)
    finally:
        if gateway is not None:
            await gateway.aclose()
        accounts.close()
