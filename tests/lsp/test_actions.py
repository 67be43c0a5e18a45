"""Code actions over the protocol, for every editor whose capabilities were captured."""

from typing import Any

import pytest

from tandem.core.model import Billed, Stop, Stopped, TextDelta, Usage
from tandem.core.money import Usd
from tests.lsp.harness import URI, Peer, place
from tests.lsp.test_capabilities import captured, every_editor, opened
from tests.support.code import codebase
from tests.support.gateway import bench
from tests.support.script import Hang

CART = "from shop import money\n\n\ndef total(prices):\n    return sum(pricess)\n"
AT = {"start": {"line": 4, "character": 15}, "end": {"line": 4, "character": 22}}
CURSOR = {"start": {"line": 4, "character": 15}, "end": {"line": 4, "character": 15}}
PROBLEM = {
    "range": AT,
    "message": '"pricess" is not defined',
    "severity": 1,
    "source": "Pyright",
    "code": "reportUndefinedVariable",
}
GOOD = "    return sum(pricess)\n=======\n    return sum(prices)\n>>>>>>> REPLACE\n"
BAD = "    return sum(pricess)\n=======\n    return sum(prices\n>>>>>>> REPLACE\n"
LITERALS: dict[str, Any] = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
FULL: dict[str, Any] = {
    "textDocument": {
        "codeAction": {
            **LITERALS,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
            "honorsChangeAnnotations": True,
            "disabledSupport": True,
            "isPreferredSupport": True,
            "tagSupport": {"valueSet": [1]},
        }
    },
    "workspace": {"workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}


def said(text: str) -> list[Any]:
    return [TextDelta(text), Stopped(Stop.END, ""), Billed(Usage(miss=500, output=40), "")]


def asking(only: list[str] | None = None) -> dict[str, Any]:
    context: dict[str, Any] = {"diagnostics": [PROBLEM]}
    if only is not None:
        context["only"] = only
    return {"textDocument": {"uri": URI}, "range": CURSOR, "context": context}


async def offers(peer: Peer, only: list[str] | None = None) -> list[dict[str, Any]]:
    answer = await peer.ask("textDocument/codeAction", asking(only))
    found: list[dict[str, Any]] = answer["result"]
    return found


def titled(found: list[dict[str, Any]], begin: str) -> dict[str, Any]:
    return next(one for one in found if one["title"].startswith(begin))


RESOLVE = {"vscode", "neovim"}
"""Editors that can be used while they resolve; the others run a command."""


async def resolved(peer: Peer, action: dict[str, Any]) -> dict[str, Any]:
    """Return the edit of an action that is resolved."""
    answer = await peer.ask("codeAction/resolve", action)
    edit: dict[str, Any] = answer["result"]["edit"]
    return edit


async def applied(peer: Peer, action: dict[str, Any]) -> dict[str, Any]:
    """Return the edit of an action that is a command."""
    number = peer.begin("workspace/executeCommand", action["command"])
    await peer.wire.until(lambda: peer.wire.asked("workspace/applyEdit"))
    (apply,) = peer.wire.asked("workspace/applyEdit")
    peer.send(id=apply["id"], result={"applied": True})
    assert (await peer.answer(number)).get("error") is None
    edit: dict[str, Any] = apply["params"]["edit"]
    return edit


def indexed(peer: Peer) -> None:
    peer.actions.code = codebase({"a.py": CART, "shop/money.py": "def spend(x):\n    pass\n"})
    peer.actions.path = "a.py"


@every_editor
async def test_every_editor_gets_offers_and_an_edit(fresh, editor, tmp_path):
    async with bench(tmp_path) as made:
        made.provider.scripts += [said(GOOD)]
        fresh.actions.gateway = made.gateway
        await opened(fresh, editor)
        fresh.open(CART)
        found = await offers(fresh)
        fix = titled(found, "Fix:")
        assert made.provider.requests == []
        assert ("data" in fix) is (editor in RESOLVE)
        edit = await resolved(fresh, fix) if editor in RESOLVE else await applied(fresh, fix)
        (change,) = edit["documentChanges"]
        assert change["textDocument"] == {"uri": URI, "version": 1}
        (edit,) = change["edits"]
        assert edit["newText"] == ""
        assert ("annotationId" in edit) is (editor in RESOLVE)


async def test_without_resolve_a_command_edits(fresh, tmp_path):
    plain = {"textDocument": {"codeAction": LITERALS}}
    async with bench(tmp_path) as made:
        made.provider.scripts += [said(GOOD)]
        fresh.actions.gateway = made.gateway
        await fresh.initialize(plain)
        fresh.open(CART)
        fix = titled(await offers(fresh), "Fix:")
        assert "data" not in fix
        assert (await applied(fresh, fix))["documentChanges"][0]["edits"]


async def test_an_editor_without_literals_gets_commands(fresh, tmp_path):
    async with bench(tmp_path) as made:
        fresh.actions.gateway = made.gateway
        await fresh.initialize({"textDocument": {"codeAction": {}}})
        fresh.open(CART)
        found = await offers(fresh)
        assert {one["command"] for one in found} == {"tandem.action"}


async def test_a_free_fix_is_there_at_once_and_marked(fresh):
    indexed(fresh)
    await fresh.initialize(FULL)
    fresh.open(CART)
    free = next(one for one in await offers(fresh) if one["title"].endswith("(free)"))
    assert free["edit"]["documentChanges"][0]["edits"]
    assert free["kind"] == "quickfix"
    assert "tags" not in free


async def test_without_a_key_the_reason_is_told_where_it_can_be(fresh):
    await fresh.initialize(FULL)
    fresh.open(CART)
    fix = titled(await offers(fresh), "Fix:")
    assert fix["disabled"] == {"reason": "no API key"}
    assert fix["tags"] == [1]


async def test_without_a_key_nothing_is_offered_that_cannot_be_done(fresh):
    await fresh.initialize({"textDocument": {"codeAction": LITERALS}})
    fresh.open(CART)
    assert await offers(fresh) == []


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], {"quickfix"}),
        (["refactor"], {"refactor", "refactor.rewrite"}),
        (["source.fixAll"], {"source.fixAll.tandem"}),
        (["source.organizeImports"], set()),
    ],
)
async def test_only_what_is_asked_for_is_offered(fresh, only, kinds, tmp_path):
    indexed(fresh)
    async with bench(tmp_path) as made:
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        assert {one["kind"] for one in await offers(fresh, only)} == kinds


async def test_nothing_that_asks_a_model_is_of_a_kind_that_editors_run_on_save(fresh, tmp_path):
    async with bench(tmp_path) as made:
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        assert not any(one.get("tags") for one in await offers(fresh, ["source"]))


async def test_an_action_without_data_is_handed_back(fresh):
    await fresh.initialize(FULL)
    action = {"title": "another's", "kind": "quickfix", "command": {"title": "", "command": "x"}}
    assert (await fresh.ask("codeAction/resolve", action))["result"] == action


@pytest.mark.parametrize(
    "data", [3, {"tandem": "fix"}, {"tandem": "fix", "uri": URI, "version": 1}]
)
async def test_data_that_is_not_what_was_sent_is_refused_or_handed_back(fresh, data, tmp_path):
    async with bench(tmp_path) as made:
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        answer = await fresh.ask("codeAction/resolve", {"title": "x", "data": data})
        assert made.provider.requests == []
        assert answer["result"]["title"] == "x" if data == 3 else answer["error"]["message"]


async def test_a_stale_document_is_refused_before_anything_is_spent(fresh, tmp_path):
    async with bench(tmp_path) as made:
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        fix = titled(await offers(fresh), "Fix:")
        fresh.change(2, [{"text": "# more\n" + CART}])
        error = (await fresh.ask("codeAction/resolve", fix))["error"]
        assert error["code"] == -32801
        assert "ask again" in error["message"]
        assert made.provider.requests == []


async def test_an_answer_for_a_document_that_changed_meanwhile_is_refused(fresh, tmp_path):
    indexed(fresh)
    async with bench(tmp_path) as made:
        hang = Hang()
        made.provider.scripts += [[hang, *said(GOOD)]]
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        number = fresh.begin("codeAction/resolve", titled(await offers(fresh), "Fix:"))
        await bars(fresh, 1)
        await hang.reached.wait()
        fresh.change(2, [{"text": "# more\n" + CART}])
        hang.go.set()
        assert (await fresh.answer(number))["error"]["code"] == -32801

        fresh.actions.code = codebase({"a.py": "# more\n" + CART})
        moved = {"start": {"line": 5, "character": 15}, "end": {"line": 5, "character": 22}}
        again = asking() | {"range": moved}
        again["context"] = {"diagnostics": [PROBLEM | {"range": moved}]}
        found = (await fresh.ask("textDocument/codeAction", again))["result"]
        edit = await resolved(fresh, titled(found, "Fix:"))
        (change,) = edit["documentChanges"][0]["edits"]
        assert change["range"]["start"]["line"] == 5
        assert len(made.provider.requests) == 1  # what was paid for is not bought again


async def bars(peer: Peer, count: int) -> None:
    """Grant the progress bars that are asked for."""
    method = "window/workDoneProgress/create"
    await peer.wire.until(lambda: len(peer.wire.asked(method)) >= count)
    peer.send(id=peer.wire.asked(method)[-1]["id"], result=None)


async def test_progress_tells_the_price_and_each_climb(fresh, tmp_path):
    async with bench(tmp_path) as made:
        made.provider.scripts += [said(BAD), said(GOOD)]
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        number = fresh.begin("codeAction/resolve", titled(await offers(fresh), "Fix:"))
        await bars(fresh, 1)
        assert "result" in await fresh.answer(number)
        told = [one["params"]["value"] for one in fresh.wire.asked("$/progress")]
        assert told[0]["cancellable"] is True
        assert told[0]["message"].startswith("asking flash, about $")
        assert "no longer valid python" in told[1]["message"]
        assert told[-1]["kind"] == "end"


async def test_cancelling_the_bar_ends_the_spending(fresh, tmp_path):
    async with bench(tmp_path) as made:
        hang = Hang()
        made.provider.scripts += [[TextDelta("    ret"), hang]]
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        number = fresh.begin("codeAction/resolve", titled(await offers(fresh), "Fix:"))
        await bars(fresh, 1)
        await fresh.wire.until(lambda: fresh.wire.asked("$/progress"))
        await hang.reached.wait()
        token = fresh.wire.asked("$/progress")[0]["params"]["token"]
        fresh.notify("window/workDoneProgress/cancel", {"token": token})
        assert (await fresh.answer(number))["error"]["code"] == -32800
        await made.settled()
        assert made.provider.ended == ["closed"]
        assert (await made.totals()).reserved == Usd()


async def test_an_explanation_is_shown_in_a_document_of_its_own(fresh, tmp_path):
    async with bench(tmp_path) as made:
        made.provider.scripts += [said("It is spelt `prices`.")]
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        explain = titled(await offers(fresh), "Explain:")
        number = fresh.begin("workspace/executeCommand", explain["command"])
        await bars(fresh, 1)
        await fresh.wire.until(lambda: fresh.wire.asked("window/showDocument"))
        (show,) = fresh.wire.asked("window/showDocument")
        fresh.send(id=show["id"], result={"success": True})
        assert "error" not in await fresh.answer(number)
        assert fresh.actions.kept[0][1] == "It is spelt `prices`.\n"


async def test_a_refusal_of_a_command_is_a_message(fresh, tmp_path):
    plain = {"textDocument": {"codeAction": LITERALS}}
    async with bench(tmp_path) as made:
        made.provider.scripts += [said("no") for _ in range(12)]
        fresh.actions.gateway = made.gateway
        await fresh.initialize(plain)
        fresh.open(CART)
        fix = titled(await offers(fresh), "Fix:")
        assert "error" not in await fresh.ask("workspace/executeCommand", fix["command"])
        (shown,) = fresh.wire.asked("window/showMessage")
        assert "was refused" in shown["params"]["message"]


async def test_a_cursor_of_one_character_selects_nothing(fresh, tmp_path):
    async with bench(tmp_path) as made:
        fresh.actions.gateway = made.gateway
        indexed(fresh)
        await fresh.initialize(FULL)
        fresh.open(CART)
        params = asking() | {"range": {"start": place(4, 4), "end": place(4, 5)}}
        found = (await fresh.ask("textDocument/codeAction", params))["result"]
        assert "Simplify `total`" in [one["title"] for one in found]


async def test_a_bar_that_comes_late_is_begun_and_ended(fresh, tmp_path):
    async with bench(tmp_path) as made:
        made.provider.scripts += [said(GOOD)]
        fresh.actions.gateway = made.gateway
        await fresh.initialize(FULL)
        fresh.open(CART)
        assert await resolved(fresh, titled(await offers(fresh), "Fix:"))
        assert fresh.wire.asked("$/progress") == []
        await bars(fresh, 1)
        await fresh.wire.until(lambda: len(fresh.wire.asked("$/progress")) == 2)
        kinds = [one["params"]["value"]["kind"] for one in fresh.wire.asked("$/progress")]
        assert kinds == ["begin", "end"]


def test_every_captured_editor_resolves_edits():
    for editor in ("emacs-eglot", "helix", "neovim", "neovim-0.10", "vscode"):
        capabilities: Any = captured(editor)["capabilities"]
        assert "edit" in capabilities["textDocument"]["codeAction"]["resolveSupport"]["properties"]
