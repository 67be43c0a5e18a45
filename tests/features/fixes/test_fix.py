"""An action carried out: what is asked on each rung, in which form, and what judges it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.core import edits
from tandem.core.diagnostics import Diagnostic
from tandem.core.errors import RefusedError
from tandem.core.model import ChatRequest, Stop, Thinking, ToolCall
from tandem.core.reply import Reply
from tandem.core.text import Span, Text
from tandem.engine.harness import Failed, Verdict
from tandem.engine.ladder import Rung
from tandem.features.fixes.ask import FIX, Ask, Source, source_of
from tandem.features.fixes.fix import FixTask, Proposed, job_of
from tandem.workspace.documents import Document
from tandem.workspace.settings import Api, Settings
from tests.support.clock import run_jumping
from tests.support.code import codebase

SHOP = '''\
from money import spend


def total(prices):
    """Add up."""
    return sum(pricess)


def pay(prices):
    raise NotImplementedError
'''
FILES = {
    "shop.py": SHOP,
    "money.py": 'def spend(cents, currency):\n    """Take money."""\n    return cents\n',
    "user.py": "from shop import total\n\ntotal([])\n",
}
VLLM = replace(Settings(), api=Api(base_url="http://127.0.0.1:1", fim="template:qwen"))


def source(text: str = SHOP) -> Source:
    document = Document("file:///w/shop.py", "python", 1, Text.of(text))
    return source_of(document, "shop.py", codebase(FILES | {"shop.py": text}))


def ask(needle: str = "pricess", action: str = FIX) -> Ask:
    start = SHOP.index(needle)
    span = Span(start, start + len(needle))
    found = Diagnostic(span, f'"{needle}" is not defined', "Pyright", "reportUndefinedVariable")
    return Ask(action, "file:///w/shop.py", 1, span, (found,) if action == FIX else ())


def task(one: Ask | None = None, settings: Settings | None = None) -> FixTask:
    one, settings = one or ask(), settings or Settings()
    return FixTask(job_of(source(), one, settings), one, settings)


def first(made: FixTask, rung: Rung = Rung.FLASH, *failed: Failed) -> ChatRequest:
    return made.request(rung, failed, vary=False)


BLOCK = "<<<<<<< SEARCH\n    return sum(pricess)\n=======\n    return sum({})\n>>>>>>> REPLACE\n"


def judged(
    made: FixTask, text: str, request: ChatRequest | None = None, **more
) -> Verdict[Proposed]:
    reply = Reply(text, "", more.pop("calls", ()), more.pop("stop", Stop.END), None, "")
    asked = request or first(made)
    return run_jumping(lambda: made.judge(asked, reply))


def text_of(verdict: Verdict[Proposed]) -> str:
    assert verdict.value is not None, verdict.problems
    return str(edits.apply(Text.of(SHOP), verdict.value["shop.py"]))


# -- what is asked -----------------------------------------------------------------------------


def test_a_fix_asks_for_blocks_and_gives_their_beginning():
    request = first(task())

    assert request.model == "deepseek-flash"
    assert request.thinking is Thinking.OFF
    assert request.messages[-1].content == "<<<<<<< SEARCH\n"
    assert request.messages[-1].prefix


def test_the_prompt_tells_the_file_the_part_the_problem_and_what_it_uses():
    told = first(task(ask("spend"))).messages[1].content

    assert (
        told
        == '''\
Definitions in other files:
money.py: def spend(cents, currency):  # Take money.

File shop.py:
```python
from money import spend


def total(prices):
    """Add up."""
    return sum(pricess)


def pay(prices):
    raise NotImplementedError
```

You may change all of it.

Problems:
- line 1 `from money import spend`: "spend" is not defined (Pyright reportUndefinedVariable)

Task: Fix the problems. Do not silence them with comments or casts.
'''
    )


def test_a_rewrite_asks_for_the_whole_symbol_and_stops_at_the_fence():
    request = first(task(ask("raise NotImplementedError", "implement")))

    assert request.messages[-1].content == "```python\n"
    assert request.stop == ("\n```",)
    assert "`pay`" in request.messages[1].content


@pytest.mark.parametrize(
    ("rung", "model", "thinking"),
    [
        (Rung.FLASH_THINKING, "deepseek-flash", Thinking.HIGH),
        (Rung.PRO, "deepseek-v4-pro", Thinking.HIGH),
        (Rung.PRO_MAX, "deepseek-v4-pro", Thinking.MAX),
    ],
)
def test_what_thinks_is_given_room_for_it_and_no_beginning(rung, model, thinking):
    request = first(task(), rung)

    assert (request.model, request.thinking) == (model, thinking)
    assert not request.messages[-1].prefix
    assert request.max_tokens > 8_000


def test_a_refused_answer_is_a_turn_and_the_beginning_of_the_prompt_stays():
    made = task()
    again = first(made, Rung.FLASH, Failed(Rung.FLASH, BLOCK.format("x"), ("it is wrong",)))

    assert again.messages[:2] == first(made).messages[:2]
    assert again.messages[2].content == BLOCK.format("x")
    assert "it is wrong" in again.messages[3].content
    assert again.messages[-1].prefix


def test_an_answer_without_a_form_is_asked_for_as_a_strict_call():
    again = first(task(), Rung.FLASH, Failed(Rung.FLASH, "I would rename it.", ("no block",)))

    assert [tool.name for tool in again.tools] == ["edit"]
    assert all(tool.strict for tool in again.tools)
    assert [message.role for message in again.messages] == ["system", "user"]
    assert "no block" in again.messages[1].content


def test_a_server_without_the_beta_is_asked_without_a_beginning_and_then_for_json():
    made = task(settings=VLLM)
    again = first(made, Rung.FLASH, Failed(Rung.FLASH, "I would rename it.", ("no block",)))

    assert not first(made).messages[-1].prefix
    assert again.json
    assert not again.tools
    assert "JSON" in again.messages[0].content


def test_several_answers_are_asked_for_with_some_warmth():
    assert task().request(Rung.FLASH, (), vary=True).temperature > 0
    assert first(task()).temperature == 0


# -- what is taken -----------------------------------------------------------------------------


def test_an_answer_goes_on_from_its_beginning():
    rest = BLOCK.format("prices").removeprefix("<<<<<<< SEARCH\n")
    assert "sum(prices)" in text_of(judged(task(), rest))


def test_an_answer_that_begins_anew_all_the_same_is_read():
    assert "sum(prices)" in text_of(judged(task(), BLOCK.format("prices")))


def test_a_call_is_read_wherever_it_stands():
    arguments = json.dumps(
        {"search": "    return sum(pricess)", "replace": "    return sum(prices)"}
    )
    call = ToolCall("1", "edit", arguments)
    leaked = f"<|tool_call_begin|>edit<|tool_sep|>{arguments}<|tool_call_end|>"

    assert text_of(judged(task(), "", calls=(call,))) == text_of(judged(task(), leaked))


def test_json_is_read_also_in_a_fence_and_cut_off():
    made = task(settings=VLLM)
    asked = replace(first(made), json=True)
    edit = {"search": "    return sum(pricess)", "replace": "    return sum(prices)"}
    whole = json.dumps({"edits": [edit]})

    assert "sum(prices)" in text_of(judged(made, f"```json\n{whole}\n```", asked))
    assert "sum(prices)" in text_of(judged(made, whole[:-1], asked))


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (BLOCK.format("price"), "`price` is not defined"),
        (BLOCK.format("prices").replace("sum(prices)", "sum(prices"), "no longer valid python"),
        (BLOCK.format("pricess"), "changes nothing"),
        ("I cannot.", "has no >>>>>>> REPLACE"),
        (BLOCK.format("prices").replace("return sum(pricess)", "return max(pricess)", 1), "max("),
        ("../../etc/passwd\n" + BLOCK.format("prices"), "passwd"),
        (BLOCK.format("prices")[:60], "cut off"),
    ],
)
def test_an_answer_that_does_not_pass_says_why(answer, said):
    verdict = judged(task(), answer, stop=Stop.LENGTH if said == "cut off" else Stop.END)

    assert verdict.value is None
    assert any(said in problem for problem in verdict.problems), verdict.problems


def test_a_definition_that_another_file_uses_may_not_go():
    gone = '''\
<<<<<<< SEARCH
def total(prices):
    """Add up."""
    return sum(pricess)
=======
>>>>>>> REPLACE
'''
    assert any("`total`" in one for one in judged(task(), gone).problems)


@pytest.mark.parametrize("answer", ["sorry\n```", "pass\n```", "# see above\n```"])
def test_a_rewrite_without_its_symbol_is_refused(answer):
    made = task(ask("raise NotImplementedError", "implement"))

    assert "the answer does not define `pay`" in judged(made, answer).problems


def test_a_rewrite_keeps_decorators():
    text = SHOP.replace("def pay", "@cache\ndef pay")
    one = ask("raise NotImplementedError", "implement")
    start = text.index("raise")
    one = replace(one, span=Span(start, start))
    made = FixTask(job_of(source(text), one, Settings()), one, Settings())
    verdict = judged(made, "def pay(prices):\n    return 1\n```")

    assert "the decorator `@cache` is gone" in verdict.problems


def test_the_users_checker_has_the_last_word():
    async def check(before: str, after: str, _problems: object) -> str | None:
        assert before == SHOP
        return None if "math.fsum" in after else "the checker still says: F821"

    made = replace(task(), check=check)

    assert judged(made, BLOCK.format("prices")).problems == ("the checker still says: F821",)


def test_an_action_that_is_not_known_is_refused_with_a_sentence():
    with pytest.raises(RefusedError, match="there is no action 'dance'"):
        task(ask("pay", "dance"))


def test_nothing_of_the_machine_is_told():
    document = Document("file:///home/ada/secret/x.py", "python", 1, Text.of("x = 1\n"))
    outside = source_of(document, None, None)
    request = FixTask(
        job_of(outside, Ask(FIX, document.uri, 1, Span(0, 1), ()), Settings()),
        Ask(FIX, document.uri, 1, Span(0, 1), ()),
        Settings(),
    ).request(Rung.FLASH, (), vary=False)

    assert "ada" not in "".join(message.content for message in request.messages)
    assert Path(document.uri).name in request.messages[1].content
