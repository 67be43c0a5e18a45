"""Pro is asked for a plan: look-ups, the plan, one correction, and the API's own ways to fail."""

import json

import pytest

from tandem.core.errors import RefusedError
from tandem.core.model import (
    Billed,
    ChatRequest,
    Event,
    Message,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    Thinking,
    ToolCallDelta,
    Usage,
)
from tandem.engine.dialogue import Pro, Prompt, Said
from tandem.engine.forms import FORMS
from tandem.features.refactor.plan import Plan
from tandem.features.refactor.propose import propose, task_of
from tests.features.refactor.test_plan import CODE
from tests.support.clock import run_jumping
from tests.support.gateway import bench

STEP = {
    "id": "s1", "title": "Give it a currency", "files": ["shop/cart.py"], "new_files": [],
    "anchors": ["Cart.total"], "expects": ["Cart.total"], "after": [], "check": "it has one",
}  # fmt: skip
PLAN = {"goal": "Currencies", "steps": [STEP], "risks": [], "untouched": []}
WRONG = PLAN | {"steps": [STEP | {"files": ["shop/none.py"], "anchors": []}]}


def turn(*calls: tuple[str, object], text: str = "", reasoning: str = "hm") -> list[Event]:
    events: list[Event] = [ReasoningDelta(reasoning)] if reasoning else []
    events += [TextDelta(text)] if text else []
    for n, (name, arguments) in enumerate(calls):
        said = arguments if isinstance(arguments, str) else json.dumps(arguments)
        events.append(ToolCallDelta(n, f"call-{n}", name, said))
    bill = Billed(Usage(hit=1000, miss=50, output=20), "deepseek-v4-pro")
    return [*events, Stopped(Stop.TOOL_CALLS, "deepseek-v4-pro"), bill]


def run(tmp_path, *turns: list[Event]) -> tuple[Said[Plan], list[ChatRequest], list[str]]:
    told: list[str] = []

    async def main() -> tuple[Said[Plan], list[ChatRequest]]:
        async with bench(tmp_path, daily="10") as made:
            made.provider.scripts += turns
            asked = [Message("user", task_of("Add currencies", "- shop/cart.py"))]
            pro = Pro("deepseek-v4-pro", made.gateway, told.append)
            found = await propose(Prompt(asked), CODE, pro)
            requests = [one for one in made.provider.requests if isinstance(one, ChatRequest)]
            assert not made.provider.scripts
            return found, requests

    return (*run_jumping(main), told)


def test_a_plan_is_handed_in_at_once(tmp_path):
    found, (request,), _ = run(tmp_path, turn(("submit_plan", PLAN)))

    assert found.value.goal == "Currencies"
    assert found.problems == ()
    assert found.cost.pico > 0
    assert request.thinking is Thinking.HIGH
    assert request.tools[-3:] == FORMS
    assert all(tool.strict for tool in request.tools)


def test_what_is_looked_up_is_answered_by_the_index_and_the_reasoning_goes_back(tmp_path):
    found, (_, second), told = run(
        tmp_path, turn(("find_symbol", {"name": "Cart"})), turn(("submit_plan", PLAN))
    )

    call, result = second.messages[-2:]
    assert (call.role, call.reasoning, call.tool_calls[0].name) == (
        "assistant",
        "hm",
        "find_symbol",
    )
    assert (result.role, result.tool_call_id) == ("tool", "call-0")
    assert "shop/cart.py:1" in result.content
    assert found.looked_up == ('find_symbol {"name": "Cart"}',)
    assert told == ["looking up find_symbol"]


def test_a_turn_without_reasoning_is_told_in_the_users_words(tmp_path):
    _, (_, second), _ = run(
        tmp_path, turn(("find_symbol", {"name": "Cart"}), reasoning=""), turn(("submit_plan", PLAN))
    )

    assert [message.role for message in second.messages] == ["user", "user"]
    assert "shop/cart.py:1" in second.messages[-1].content


def test_a_call_that_leaked_into_the_text_is_carried_out(tmp_path):
    leaked = '<|tool_call_begin|>find_symbol<|tool_sep|>{"name": "Cart"}<|tool_call_end|>'
    _, (_, second), _ = run(tmp_path, turn(text=leaked), turn(("submit_plan", PLAN)))

    assert [message.role for message in second.messages] == ["user", "user"]


def test_what_is_wrong_with_a_plan_goes_back_once(tmp_path):
    found, (_, second), told = run(
        tmp_path, turn(("submit_plan", WRONG)), turn(("submit_plan", PLAN))
    )

    assert found.problems == ()
    assert "there is no file 'shop/none.py'" in second.messages[-1].content
    assert told == ["what came is corrected"]


def test_what_is_still_wrong_is_shown(tmp_path):
    found, _, _ = run(tmp_path, turn(("submit_plan", WRONG)), turn(("submit_plan", WRONG)))

    assert found.problems == ("s1: there is no file 'shop/none.py' in the codebase",)


def test_a_plan_as_text_is_taken_too(tmp_path):
    found, _, _ = run(tmp_path, turn(text=f"```json\n{json.dumps(PLAN)}\n```"))

    assert found.value.goal == "Currencies"


def test_an_answer_without_a_plan_is_asked_again_and_not_for_ever(tmp_path):
    found, (_, second), _ = run(tmp_path, turn(text="Let me think."), turn(("submit_plan", PLAN)))
    assert "submit_plan" in second.messages[-1].content
    assert found.value.steps

    with pytest.raises(RefusedError, match="Pro handed nothing in within 16 turns, for \\$"):
        run(tmp_path / "more", *[turn(text="Let me think.") for _ in range(16)])
