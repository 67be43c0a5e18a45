"""What can go wrong between the server and the model's API, one fault at a time.

Each leaves the session alive: one answer in time, one settlement for each attempt and no other
complaint, a next request that works, and nothing of the document, of the model's words or of the
key in log, ledger or messages.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from fixtures.api.faults import Fault
from fixtures.api.replies import Reply
from tests.e2e.process import KEY, WAIT_S
from tests.faults.conftest import TIMEOUT_S

pytestmark = pytest.mark.asyncio(loop_scope="session")

CANARY = "canary_in_document_4711"
SAID = "canary_in_reply_4711"
GOOD = Reply(f"{SAID} + one + two + three")
REFUSE_ALL = "refuse all"
DONE, CANCELLED, FAILED = ("done", None), ("cancelled", None), "failed"


def failed(*kinds: str) -> list[tuple[str, str | None]]:
    return [(FAILED, kind) for kind in kinds]


@dataclass(frozen=True)
class Case:
    """A fault: what the API does in order, how each attempt must be settled, what is shown.

    `shows` is None for nothing; `billed` tells that the ledger must assume a cost.
    """

    name: str
    script: list[Fault | Reply | str]
    settled: list[tuple[str, str | None]]
    shows: str | None = None
    billed: bool = False
    slow: bool = False


ALL = GOOD.text
CASES = [
    Case("connection refused", [REFUSE_ALL], failed("network", "network")),
    Case("refused when reused", [Fault.refuse(), GOOD], [*failed("broken"), DONE], ALL),
    Case("reset before headers, twice", [Fault.rst_before_headers()] * 2,
         failed("broken", "broken")),
    Case("reset before headers, once", [Fault.rst_before_headers(), GOOD],
         [*failed("broken"), DONE], ALL),
    Case("reset before the first chunk", [Fault.rst_after(0), GOOD],
         [*failed("broken"), DONE], ALL),
    Case("reset mid-stream", [Fault.rst_after(4).of(GOOD)], failed("broken"), billed=True),
    Case("stall before headers", [Fault.stall_after(0)], failed("timeout"), billed=True, slow=True),
    Case("stall mid-stream", [Fault.stall_after(1000).of(GOOD)], failed("timeout"), billed=True,
         slow=True),
    Case("late", [Fault.accept_late(30)], failed("timeout"), billed=True, slow=True),
    Case("one byte at a time", [Fault.drip(0.05)], failed("timeout"), billed=True, slow=True),
    Case("headers that never end", [Fault.endless_headers(0.05)], failed("timeout"), billed=True,
         slow=True),
    Case("too many, once", [Fault.too_many(), GOOD], [*failed("rate"), DONE], ALL),
    Case("too many, twice", [Fault.too_many()] * 2, failed("rate", "rate")),
    Case("too many, retry soon", [Fault.too_many("0.05"), GOOD], [*failed("rate"), DONE], ALL),
    Case("too many, retry late", [Fault.too_many("30")], failed("rate")),
    Case("too many, retry at a date", [Fault.too_many("Sat, 21 Nov 2026 12:00:00 GMT"), GOOD],
         [*failed("rate"), DONE], ALL),
    Case("500 once", [Fault.server_error(), GOOD], [*failed("server"), DONE], ALL),
    Case("500 twice", [Fault.server_error()] * 2, failed("server", "server")),
    Case("503 twice", [Fault.overloaded()] * 2, failed("server", "server")),
    Case("401", [Fault.status(401)], failed("authentication")),
    Case("402", [Fault.status(402)], failed("balance")),
    Case("404", [Fault.status(404)], failed("model")),
    Case("422", [Fault.status(422)], failed("request")),
    Case("418", [Fault.status(418)], failed("malformed")),
    Case("html with 200", [Fault.html()], failed("malformed")),
    Case("redirect", [Fault.redirect()], failed("malformed")),
    Case("empty stream", [Fault.empty_stream()], failed("empty")),
    Case("half of the first JSON", [Fault.half_json(0).of(GOOD), GOOD],
         [*failed("broken"), DONE], ALL),
    Case("half of a JSON", [Fault.half_json(4).of(GOOD)], failed("broken"), billed=True),
    Case("invalid UTF-8", [Fault.invalid_utf8().of(GOOD)], failed("malformed")),
    Case("split in a character", [Fault.split_multibyte()], [DONE],
         "na\xefve \u2014 \u4f60\u597d \U0001f44b"),
    Case("duplicate events", [Fault.duplicate_events().of(Reply("ab"))], [DONE], "abab"),
    Case("no final usage", [Fault.no_final_usage().of(GOOD)], [CANCELLED], ALL, billed=True),
    Case("ten megabytes in a line", [Fault.long_line()], failed("malformed")),
    Case("too short a length", [Fault.wrong_length(10).of(GOOD)], failed("broken"), ALL),
    Case("a tool call", [Fault.tool_call()], [DONE]),  # no code: the parser refuses it
    Case("no capacity", [Fault.finish("insufficient_system_resource").of(GOOD)], [DONE], SAID),
]  # fmt: skip


async def ask(server, text: str) -> tuple[list[dict[str, object]], float]:
    """Complete at a new document's end and let the call be settled.

    Returns what is shown, and how long that took.
    """
    begun = time.monotonic()
    items = await server.complete(text)
    took = time.monotonic() - begun
    await server.settled()
    return items, took


def leaks(server, messages: list[dict[str, object]]) -> list[str]:
    """Return the canaries that got into the log, the ledger or what the user was told."""
    state = server.log_file.parent
    kept = b"".join(path.read_bytes() for path in sorted(state.iterdir())).decode(
        "utf-8", "replace"
    )
    return [word for word in (CANARY, SAID, KEY) if word in kept or word in str(messages)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_session_survives(server, case):
    server.new_log()
    api, rows, responses = server.api, len(server.ledger()), len(server.client.responses)
    asked = len(server.completions())
    before = f"{CANARY} = 1\nvalue = "
    async with AsyncExitStack() as stack:
        if case.script == [REFUSE_ALL]:
            await stack.enter_async_context(api.refusing())
        else:
            api.script(*case.script)
        items, took = await ask(server, before)

    # One answer, in time, with what could be saved.
    assert took < TIMEOUT_S + 1.0
    assert took > TIMEOUT_S - 0.1 or not case.slow
    ghosts = [str(item["insertText"]).removeprefix("value = ") for item in items]
    assert len(ghosts) == (case.shows is not None)
    assert all(ghost.startswith(case.shows or "") for ghost in ghosts)
    answers = [r["id"] for r in server.client.responses[responses:]]
    assert len(answers) == len(set(answers))
    # One settlement for each attempt, in the log as in the ledger, and no other complaint.
    log = server.new_log()
    calls = [line for line in log if line["event"] == "call.settled"]
    assert [(line["outcome"], line["failure"]) for line in calls] == case.settled
    assert [line for line in log if line["level"] in {"error", "critical"}] == []
    ledger = server.ledger()[rows:]
    assert [row["outcome"] for row in ledger] == [outcome for outcome, _ in case.settled]
    assert all((row["cost_pico"] or 0) <= row["amount_pico"] for row in ledger)
    if case.billed:
        assert [(row["estimated"], bool(row["cost_pico"])) for row in ledger] == [(1, True)]
    # Every connection that failed is closed, nothing is left over, the key went nowhere else.
    assert len(server.completions()) - asked <= len(case.settled)
    await api.wait_for(lambda: not api.in_flight, WAIT_S)
    assert not api._script
    # The next request works.
    api.script(Reply("42"))
    items, _ = await ask(server, f"{CANARY} = 2\nnext = ")
    assert [item["insertText"] for item in items] == ["next = 42"]
    assert leaks(server, server.client.notifications) == []


async def test_what_fails_is_said_once_in_words(server):
    """Each kind of failure is a message for people, and is not repeated for each keystroke."""
    for _ in range(2):
        server.api.script(Fault.status(402))
        assert (await ask(server, "broke = "))[0] == []
    said = [n for n in server.client.notifications if n["method"] == "window/showMessage"]
    sentences = [n["params"]["message"] for n in said]

    assert sentences.count("Tandem: the account has no balance left: top it up to go on") == 1
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize(
    "fault",
    [Fault.accept_late(30), Fault.stall_after(0), Fault.stall_after(1000).of(GOOD),
     Fault.drip(0.05), Fault.endless_headers(0.05), Reply("later", first_token_ms=30_000)],
    ids=["late", "stall", "stall mid-stream", "drip", "headers", "slow"],
)  # fmt: skip
async def test_a_request_may_be_canceled_while_the_api_hangs(server, fault):
    server.new_log()
    api, asked = server.api, len(server.completions())
    api.script(fault)
    number, answer = server.begin(server.open(f"{CANARY} = "), 0, len(CANARY) + 3)
    await api.wait_for(lambda: len(server.completions()) > asked, WAIT_S)
    server.client.cancel(number)

    with pytest.raises(Exception, match="cancel"):
        await asyncio.wait_for(answer, WAIT_S)
    exchange = server.completions()[asked]
    await api.wait_for(lambda: exchange.peer_closed_at is not None, WAIT_S)
    await server.settled()
    (line,) = server.new_log()
    assert (line["event"], line["outcome"]) == ("call.settled", "cancelled")
    assert line["estimated"]
    api.script(Reply("42"))
    assert len((await ask(server, "after = "))[0]) == 1


async def test_an_api_that_goes_and_comes_back_is_used_again(server):
    async with server.api.refusing():
        for n in range(3):
            assert (await ask(server, f"gone_{n} = "))[0] == []
    server.api.script(Reply("back"))

    assert len((await ask(server, "back = "))[0]) == 1


async def test_a_redirect_is_not_followed(server):
    """Whoever answers with one would get the document and the key."""
    server.api.script(Fault.redirect(f"{server.api.base_url}/elsewhere"))

    assert (await ask(server, f"{CANARY} = "))[0] == []
    assert not [e for e in server.api.requests if e.path.startswith("/elsewhere")]
