"""Plans over the protocol: what is asked of the user, what is shown, the edit that leaves."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tandem.core.errors import RefusedError
from tandem.core.text import Span, Text
from tandem.lsp import actions
from tandem.lsp.plan_ports import Change, Look, Made, Ran, Told
from tests.lsp.harness import Peer

ABLE: dict[str, Any] = {
    "window": {
        "showMessage": {"messageActionItem": {}},
        "showDocument": {"support": True},
        "workDoneProgress": True,
    },
    "workspace": {
        "workspaceEdit": {
            "documentChanges": True,
            "changeAnnotationSupport": {"groupsOnLabel": True},
            "resourceOperations": ["create", "rename", "delete"],
        }
    },
}
URI = "file:///workspace/a.py"


class Plans:
    """A planner that has one plan of two files."""

    def __init__(self) -> None:
        self.ask = False
        self.without_model = ""
        self.problems: tuple[str, ...] = ()
        self.ready = True
        self.ended: list[str] = []
        self.looked: list[tuple[str, str, int | None]] = []
        self.hold: asyncio.Event | None = None
        self.stopped = False
        self.runs = 0

    async def look(self, instruction: str, uri: str, offset: int | None) -> Look:
        self.looked.append((instruction, uri, offset))
        return Look(instruction, "# report", "a plan costs $1", self.ask, self.without_model, None)

    async def make(self, _look: Look, told: Told) -> Made:
        told("looking up")
        return Made(3, "file:///state/plans/3/plan.md", 2, self.problems, "$0.1", "costs $0.01")

    async def price(self, _number: int) -> tuple[str, bool]:
        return "To carry it out costs $0.01.", self.ask

    async def run(self, number: int, _told: Told) -> Ran:
        self.runs += 1
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.stopped = True
                raise
        phase, reason = ("ready", "") if self.ready else ("failed", "nobody can")
        files = ("a.py", "b.py") if self.ready else ()
        uri = "file:///state/plans/3/change.patch"
        return Ran(number, "Better", phase, self.ready, reason, (), files, "$0.2", uri)

    async def begin(self, _number: int) -> Change:
        return Change(
            "Better", {"a.py": "one\ntwo\n", "b.py": None}, {"a.py": "one\nTWO\n", "b.py": "new\n"},
            {"a.py": "s1: Shout", "b.py": "s2: Begin"},
        )  # fmt: skip

    async def end(self, _number: int, refusal: str) -> None:
        self.ended.append(refusal)

    async def discard(self, number: int) -> None:
        raise RefusedError(f"there is no plan {number} of this workspace")

    async def latest(self) -> int:
        return 3

    async def unfinished(self) -> tuple[int, str] | None:
        return 3, "Better: 1 of 2 steps are done."

    async def keep(self, _title: str, _text: str) -> str:
        return "file:///state/texts/it.md"


async def turns(condition: Callable[[], object]) -> None:
    """Let the loop turn until a condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the loop turns, nothing tells
            await asyncio.sleep(0)


class Editor:
    """A client that answers what it is asked, by the first words of the question."""

    def __init__(self, peer: Peer, answers: Mapping[str, str], *, applied: bool = True) -> None:
        self.peer = peer
        self.answers = answers
        self.applied = applied
        self.answered: set[Any] = set()

    async def ask(self, method: str, params: Any) -> dict[str, Any]:
        """Send a request and answer what comes until it is answered."""
        number = self.peer.begin(method, params)
        async with asyncio.timeout(10):
            while not self.peer.wire.answers(number):
                self.answer()
                await asyncio.sleep(0)
        (message,) = self.peer.wire.answers(number)
        return message

    async def result(self, method: str, params: Any) -> Any:
        """Return the result of a request."""
        return (await self.ask(method, params))["result"]

    async def error(self, method: str, params: Any) -> str:
        """Return the sentence of a request that is refused."""
        return str((await self.ask(method, params))["error"]["message"])

    def answer(self) -> None:
        for message in self.peer.wire.messages:
            number, method = message.get("id"), message.get("method")
            if method is None or number is None or number in self.answered:
                continue
            self.answered.add(number)
            self.peer.send(id=number, result=self._result(message))

    def _result(self, message: dict[str, Any]) -> Any:
        match message["method"]:
            case "window/showMessageRequest":
                said = message["params"]["message"]
                title = next((t for w, t in self.answers.items() if w in said), "")
                return {"title": title} if title else None
            case "window/showDocument":
                return {"success": True}
            case "workspace/applyEdit":
                return {"applied": self.applied}
            case _:
                return None


@pytest.fixture
def plans(fresh):
    fresh.plans = Plans()
    return fresh.plans


async def begin(peer: Peer, capabilities: dict[str, Any] = ABLE) -> None:
    await peer.initialize(capabilities, rootUri="file:///workspace")
    peer.open("one\ntwo\n", uri=URI)


async def test_a_plan_is_made_shown_and_offered(fresh, plans):
    await begin(fresh)
    editor = Editor(fresh, {})
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}}
    wish = {"instruction": "Shout", "textDocument": {"uri": URI}, "range": place}
    result = await editor.result("tandem/planRefactor", wish)

    assert result == {
        "number": 3, "plan": "file:///state/plans/3/plan.md", "problems": [], "cost": "$0.1"
    }  # fmt: skip
    assert plans.looked == [("Shout", URI, 4)]
    (shown,) = fresh.wire.asked("window/showDocument")
    assert shown["params"]["uri"] == "file:///state/plans/3/plan.md"
    await fresh.wire.until(lambda: fresh.wire.asked("window/showMessageRequest"))
    (asked,) = fresh.wire.asked("window/showMessageRequest")
    assert asked["params"]["message"] == "Tandem: Plan 3, 2 steps: costs $0.01"
    assert plans.runs == 0


async def test_a_price_over_the_threshold_is_asked_about(fresh, plans):
    plans.ask = True
    await begin(fresh)
    editor = Editor(fresh, {"a plan costs $1": "Only the report"})
    result = await editor.result("tandem/planRefactor", {"instruction": "Shout"})
    assert result == {"report": "file:///state/texts/it.md", "reason": "nothing was asked"}


async def test_without_a_model_there_is_the_report(fresh, plans):
    plans.without_model = "there is no API key"
    await begin(fresh)
    editor = Editor(fresh, {})
    result = await editor.result("tandem/planRefactor", {"instruction": "Shout"})
    assert result["reason"] == "there is no API key"
    (said,) = fresh.wire.asked("window/showMessage")
    assert "the report shows what the change would reach" in said["params"]["message"]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (None, "the instruction is empty"),
        ({"instruction": "  "}, "the instruction is empty"),
        ({"instruction": "x", "textDocument": {"uri": URI}, "range": {}}, "the range is no range"),
    ],
)
async def test_bad_wishes_get_a_sentence(fresh, plans, wish, sentence):
    del plans
    await begin(fresh)
    assert sentence in await Editor(fresh, {}).error("tandem/planRefactor", wish)


async def test_a_result_is_one_versioned_edit_with_a_note_for_each_step(fresh, plans):
    await begin(fresh)
    editor = Editor(fresh, {"Better: 2 files change": "Apply"})
    result = await editor.result("tandem/runPlan", {"number": 3})

    assert (result["phase"], result["files"]) == ("applied", ["a.py", "b.py"])
    assert plans.ended == [""]
    (sent,) = fresh.wire.asked("workspace/applyEdit")
    edit = sent["params"]["edit"]
    assert edit["documentChanges"] == [
        {
            "textDocument": {"uri": URI, "version": 1},
            "edits": [
                {
                    "range": {
                        "start": {"line": 1, "character": 0},
                        "end": {"line": 2, "character": 0},
                    },
                    "newText": "TWO\n",
                    "annotationId": "s1: Shout",
                }
            ],
        },
        {"kind": "create", "uri": "file:///workspace/b.py", "annotationId": "s2: Begin"},
        {
            "textDocument": {"uri": "file:///workspace/b.py", "version": None},
            "edits": [
                {
                    "range": {
                        "start": {"line": 0, "character": 0},
                        "end": {"line": 0, "character": 0},
                    },
                    "newText": "new\n",
                    "annotationId": "s2: Begin",
                }
            ],
        },
    ]
    assert edit["changeAnnotations"]["s1: Shout"]["needsConfirmation"] is False


async def test_a_preview_asks_for_each_step(fresh, plans):
    del plans
    await begin(fresh)
    editor = Editor(fresh, {"Better: 2 files change": "Preview"})
    await editor.result("tandem/runPlan", {})
    (sent,) = fresh.wire.asked("workspace/applyEdit")
    assert sent["params"]["edit"]["changeAnnotations"]["s2: Begin"]["needsConfirmation"] is True


async def test_what_the_editor_does_not_take_is_noted(fresh, plans):
    await begin(fresh)
    editor = Editor(fresh, {"Better": "Apply"}, applied=False)
    said = await editor.error("tandem/runPlan", {"number": 3})
    assert said == "the editor did not take the edit; the patch is kept with the plan"
    assert plans.ended == ["the editor did not take the edit"]


async def test_what_was_typed_meanwhile_is_not_overwritten(fresh, plans):
    await begin(fresh)
    fresh.change(2, [{"text": "mine\n"}], uri=URI)
    editor = Editor(fresh, {"Better": "Apply"})
    said = await editor.error("tandem/runPlan", {"number": 3})
    assert "a.py changed while it was asked about" in said
    assert fresh.wire.asked("workspace/applyEdit") == []
    assert plans.ended == ["a.py changed while it was asked about; try again"]


async def test_a_result_that_nobody_says_yes_to_stays(fresh, plans):
    await begin(fresh)
    result = await Editor(fresh, {}).result("tandem/runPlan", {"number": 3})
    assert result["phase"] == "ready"
    assert plans.ended == []


async def test_a_plan_that_failed_says_why(fresh, plans):
    plans.ready = False
    await begin(fresh)
    result = await Editor(fresh, {}).result("tandem/runPlan", {"number": 3})
    assert (result["phase"], result["reason"]) == ("failed", "nobody can")
    (said,) = fresh.wire.asked("window/showMessage")
    assert said["params"]["message"] == "Tandem: plan 3 is failed: nobody can"


async def test_the_bar_ends_the_run(fresh, plans):
    plans.hold = asyncio.Event()
    await begin(fresh)
    number = fresh.begin("tandem/runPlan", {"number": 3})
    await turns(lambda: plans.runs)
    fresh.cancel(number)
    assert (await fresh.answer(number))["error"]["code"] == -32800
    await turns(lambda: plans.stopped)


async def test_what_is_carried_out_can_be_stopped(fresh, plans):
    plans.hold = asyncio.Event()
    await begin(fresh)
    assert "no plan is being made" in await Editor(fresh, {}).error("tandem/stopPlan", None)
    number = fresh.begin("tandem/runPlan", {"number": 3})
    await turns(lambda: plans.runs)
    assert await Editor(fresh, {}).result("tandem/stopPlan", None) == {"stopped": 1}
    said = (await fresh.answer(number))["error"]["message"]
    assert said == "it was stopped; run it again to go on"
    assert plans.stopped


async def test_a_command_answers_at_once_and_says_what_goes_wrong(fresh, plans):
    del plans
    await begin(fresh)
    command = {"command": "tandem.discardPlan", "arguments": [{"number": 7}]}
    assert await fresh.result("workspace/executeCommand", command) is None
    await fresh.wire.until(lambda: fresh.wire.asked("window/showMessage"))
    (said,) = fresh.wire.asked("window/showMessage")
    assert said["params"]["message"] == "Tandem: there is no plan 7 of this workspace"


async def test_words_alone_are_a_wish(fresh, plans):
    await begin(fresh)
    command = {"command": "tandem.planRefactor", "arguments": ["Shout in a.py"]}
    assert await fresh.result("workspace/executeCommand", command) is None
    await turns(lambda: plans.looked)
    assert plans.looked == [("Shout in a.py", "", None)]


@pytest.mark.parametrize(
    ("source", "at", "begins"),
    [("    def f():\n", 0, 4), ("\tx\n", 0, 1), ("    \nx\n", 0, 4), ("def f():\n", 4, 4)],
)
def test_whole_lines_begin_where_their_code_does(source, at, begins):
    assert actions.code_at(Text.of(source), Span(at, at)) == begins
