"""The life cycle and malformed messages: every request gets one answer, whatever it looks like."""

import asyncio
import json
import logging
from typing import Any

import pytest

from tandem.core import bug
from tandem.lsp.handlers import lifecycle
from tests.lsp.harness import GHOST, Peer, inline, turns

PARSE, INVALID, NO_METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
UNINITIALIZED, CANCELLED = -32002, -32800


def code(answer: dict[str, Any]) -> int:
    number: int = answer["error"]["code"]
    return number


def only(peer: Peer, number: object) -> dict[str, Any]:
    """Return the one response to a request."""
    answers = peer.wire.answers(number)
    assert len(answers) == 1, answers
    return answers[0]


# -- order of life ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tandem/status", None),
        ("shutdown", None),
        ("textDocument/inlineCompletion", inline(0, 0)),
        ("workspace/executeCommand", {"command": "tandem.accepted"}),
        ("no/such", {}),
    ],
)
async def test_a_request_before_initialize_is_refused(fresh, method, params):
    fresh.send(id=5, method=method, params=params)

    assert code(only(fresh, 5)) == UNINITIALIZED
    await fresh.initialize()


async def test_a_notification_before_initialize_is_dropped(fresh):
    fresh.open("x = 1")
    fresh.notify("$/cancelRequest", {"id": 1})

    assert fresh.wire.messages == []
    await fresh.initialize()
    assert not fresh.session.snapshot().documents


async def test_initialize_is_answered_before_received_returns(fresh):
    fresh.send(id="first", method="initialize", params={"processId": None, "capabilities": {}})

    assert only(fresh, "first")["result"]["serverInfo"]["name"] == "tandem"


async def test_a_second_initialize_is_refused(peer):
    answer = await peer.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})

    assert code(answer) == INVALID
    assert (await peer.ask("tandem/status", None))["result"]["version"] == "0"
    assert len(peer.configured) == 1


@pytest.mark.parametrize(
    "refused",
    [
        {"id": 5, "method": "initialize", "params": {"processId": None, "capabilities": 7}},
        {"method": "initialize", "params": {"processId": None, "capabilities": {}}},
    ],
    ids=["bad parameters", "as a notification"],
)
async def test_an_initialize_that_was_refused_may_be_repeated(fresh, refused):
    fresh.send(**refused)
    fresh.send(id=6, method="initialize", params={"processId": None, "capabilities": GHOST})

    assert "result" in only(fresh, 6)


async def test_requests_after_shutdown_are_refused_and_exit_is_clean(peer):
    assert await peer.result("shutdown", None) is None

    for method in ("tandem/status", "shutdown", "initialize", "no/such"):
        answer = await peer.ask(method, {"processId": None, "capabilities": {}})
        assert code(answer) == INVALID
    peer.open("x = 1")
    assert not peer.session.snapshot().documents
    assert not peer.protocol.stopped.done()
    peer.notify("exit", None)
    assert peer.protocol.stopped.result() == 0


async def test_shutdown_without_parameters_is_a_shutdown(peer):
    peer.send(id=9, method="shutdown")
    await peer.answer(9)
    peer.send(method="exit")

    assert "result" in only(peer, 9)
    assert peer.protocol.stopped.result() == 0


@pytest.mark.parametrize("started", [False, True])
async def test_exit_without_shutdown_has_status_one(fresh, started):
    if started:
        await fresh.initialize()
    fresh.notify("exit", None)
    fresh.notify("exit", None)

    assert fresh.protocol.stopped.result() == 1


async def test_shutdown_answers_what_is_under_way(peer):
    peer.engine.hold = asyncio.Event()
    peer.open("x = ")
    number = peer.begin("textDocument/inlineCompletion", inline(0, 4))
    await peer.engine.thinking.wait()

    assert await peer.result("shutdown", None) is None
    assert code(await peer.answer(number)) == CANCELLED
    assert peer.engine.cancelled == 1
    await turns()
    assert len(peer.wire.answers(number)) == 1


async def test_a_shutdown_sent_twice_is_still_a_shutdown(peer):
    first, second = peer.begin("shutdown", None), peer.begin("shutdown", None)
    answers = [await peer.answer(first), await peer.answer(second)]
    peer.notify("exit", None)

    assert all("traceback" not in json.dumps(answer) for answer in answers)
    assert "result" in answers[0]
    assert peer.protocol.stopped.result() == 0


# -- malformed messages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"not json", b'{"jsonrpc": "2.0", "id": 5,', b'{"a": \xff}', b"\xff\xfe", b"NaN1"],
)
async def test_what_is_not_json_is_answered_as_such(peer, body):
    before = len(peer.wire.messages)
    peer.bytes(body)

    (answer,) = peer.wire.messages[before:]
    assert (code(answer), answer["id"]) == (PARSE, None)
    assert "result" in await peer.ask("tandem/status", None)


@pytest.mark.parametrize(
    "value",
    [
        None, 1, "text", [], {}, True,
        [{"jsonrpc": "2.0", "id": 5, "method": "tandem/status", "params": None}],
        {"id": 5, "method": "tandem/status"},
        {"jsonrpc": "1.0", "id": 5, "method": "tandem/status"},
        {"jsonrpc": 2.0, "id": 5, "method": "tandem/status"},
    ],
)  # fmt: skip
async def test_what_is_not_json_rpc_is_answered_as_such(peer, value):
    """LSP has no batches: an array is refused as a whole."""
    before = len(peer.wire.messages)
    peer.bytes(json.dumps(value).encode())

    (answer,) = peer.wire.messages[before:]
    assert (code(answer), answer["id"]) == (INVALID, None)
    assert "result" in await peer.ask("tandem/status", None)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"params": {}},
        {"foo": 1},
        {"id": 77, "result": None},
        {"id": "nobody", "error": {"code": 1, "message": "m"}},
        {"id": 77, "error": 5},
        {"method": "textDocument/didOpen", "params": {"textDocument": 5}},
        {"method": "textDocument/didOpen"},
        {"method": "$/cancelRequest", "params": {}},
        {"method": "$/cancelRequest", "params": {"id": 4711}},
        {"method": "$/unknown", "params": [1]},
        {"method": "no/such", "params": None},
        {"method": "initialized", "params": []},
        {"method": 7},
        {"method": ["x"]},
    ],
)
async def test_what_nobody_waits_for_is_not_answered(peer, message):
    before = len(peer.wire.messages)
    peer.send(**message)
    await turns()

    assert peer.wire.messages[before:] == []
    assert "result" in await peer.ask("tandem/status", None)


async def test_a_response_whose_id_is_an_object_is_ignored(peer):
    peer.send(id={"a": 1}, result=1)

    assert "result" in await peer.ask("tandem/status", None)


async def test_an_answer_that_comes_too_late_is_ignored(fresh, monkeypatch):
    monkeypatch.setattr(lifecycle, "_EDITOR_S", 0.0)
    await fresh.initialize({"workspace": {"configuration": True}})
    await fresh.wire.until(lambda: fresh.wire.asked("workspace/configuration"))
    (request,) = fresh.wire.asked("workspace/configuration")
    await turns()
    fresh.send(id=request["id"], result=[{"local": {"enabled": False}}])

    assert "result" in await fresh.ask("tandem/status", None)


@pytest.mark.parametrize("method", [7, 1.5, True, ["x"], {}])
async def test_a_method_that_is_no_string_is_answered(peer, method):
    peer.send(id=5, method=method, params={})

    assert code(only(peer, 5)) == INVALID
    assert "data" not in only(peer, 5)["error"]


@pytest.mark.parametrize("method", [["x"], {}])
async def test_a_method_that_is_no_string_is_refused_before_initialize_too(fresh, method):
    fresh.send(id=5, method=method, params={})

    assert code(only(fresh, 5)) in {INVALID, UNINITIALIZED}


@pytest.mark.parametrize("opener", [b"[", b'{"a":'])
async def test_json_that_is_too_deep_is_refused(peer, opener):
    peer.bytes(opener * 100_000)

    assert code(only(peer, None)) in {PARSE, INVALID}


async def test_an_unknown_method_is_answered(peer):
    answer = await peer.ask("no/such", {"a": 1})

    assert code(answer) == NO_METHOD


@pytest.mark.parametrize(("method", "expected"), [("tandem/status", None), ("no/such", NO_METHOD)])
async def test_parameters_may_be_omitted(peer, method, expected):
    """As Neovim and vscode-languageclient do where there are none."""
    peer.send(id=9, method=method)
    answer = await peer.answer(9)

    assert answer.get("error", {}).get("code") == expected


@pytest.mark.parametrize("number", [0, -1, "", "7", "id", 2**53])
async def test_an_id_comes_back_as_it_was(peer, number):
    peer.send(id=number, method="tandem/status", params=None)
    answer = await peer.answer(number)

    assert type(answer["id"]) is type(number)
    assert "result" in answer


async def test_an_unknown_command_is_answered(peer):
    answer = await peer.ask("workspace/executeCommand", {"command": "no.such"})

    assert code(answer) == PARAMS


async def test_the_accepted_command_takes_any_arguments(peer):
    for arguments in (None, [], [1], [{"id": 1}, "x"]):
        params = {"command": "tandem.accepted", "arguments": arguments}
        assert await peer.result("workspace/executeCommand", params) is None


async def test_what_was_accepted_is_logged(peer, caplog):
    caplog.set_level(logging.INFO, "tandem")
    shown = {"id": 1, "source": "local", "model": "", "confidence": 0.5, "remembered": False}
    params = {"command": "tandem.accepted", "arguments": [shown]}
    await peer.result("workspace/executeCommand", params)

    (record,) = [r for r in caplog.records if r.message == "completion.accepted"]
    assert record.fields == {"id": 1}


# -- what is said to the user ----------------------------------------------------------------------


async def test_a_problem_of_the_configuration_is_said_once(fresh):
    fresh.problems = ("config.toml: there is no setting 'x'; remove it",)
    await fresh.initialize()
    fresh.notify("workspace/didChangeConfiguration", {"settings": {"tandem": {"x": {"y": 1}}}})
    await turns()

    (message,) = fresh.wire.asked("window/showMessage")
    assert message["params"]["message"] == f"Tandem: {fresh.problems[0]}"
    assert [values for _, values in fresh.configured] == [{}, {"x": {"y": 1}}]


@pytest.mark.parametrize("settings", [None, 5, [], "x", {"tandem": 5}])
async def test_settings_that_are_no_object_are_ignored(peer, settings):
    peer.notify("workspace/didChangeConfiguration", {"settings": settings})
    await turns()

    assert len(peer.configured) == 1
    assert not peer.wire.asked("window/showMessage")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([{"local": {"enabled": False}}], [{}, {"local": {"enabled": False}}]),
        ([None], [{}]),
        ([], [{}]),
        ([5], [{}]),
    ],
)
async def test_configuration_is_pulled_where_the_editor_offers_it(fresh, answer, expected):
    await fresh.initialize({"workspace": {"configuration": True}})
    await fresh.wire.until(lambda: fresh.wire.asked("workspace/configuration"))
    (request,) = fresh.wire.asked("workspace/configuration")
    assert request["params"] == {"items": [{"section": "tandem"}]}
    fresh.send(id=request["id"], result=answer)
    await turns()

    assert [values for _, values in fresh.configured] == expected


async def test_an_editor_that_refuses_its_configuration_is_no_error(fresh, caplog):
    bugs = dict(bug.seen)
    await fresh.initialize({"workspace": {"configuration": True}})
    await fresh.wire.until(lambda: fresh.wire.asked("workspace/configuration"))
    (request,) = fresh.wire.asked("workspace/configuration")
    fresh.send(id=request["id"], error={"code": -32601, "message": "no such method"})
    await turns()

    assert "configuration.refused" in caplog.messages
    assert dict(bug.seen) == bugs
    assert await fresh.result("shutdown", None) is None
