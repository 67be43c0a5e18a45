"""``tandem plan``: the evidence alone, for nothing; and Pro's plan, asked for with consent."""

import json
import subprocess
from pathlib import Path

import pytest

from fixtures.api.faults import Fault
from fixtures.api.replies import Reply, ToolCall
from fixtures.api.requests import Request
from fixtures.api.server import SimulatedApi
from tandem.app import RealClock, World
from tandem.cli import build_parser, main
from tandem.commands.context.repository import PlaceError
from tandem.commands.plan import kept, make
from tandem.core.errors import ModelError, RefusedError
from tests.support.workers import InProcess


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return a repository of two files, an empty home, and nobody at the terminal."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    root = tmp_path / "shop"
    root.mkdir()
    (root / "cart.py").write_text("class Cart:\n    def total(self):\n        return 0\n", "utf-8")
    (root / "till.py").write_text("from cart import Cart\n\nprint(Cart().total())\n", "utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    monkeypatch.chdir(root)
    return root


def test_a_line_means_the_definition_that_begins_there(shop, capsys):
    del shop
    assert main(["plan", "Round it", "--at", "cart.py:2", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["target"]["name"] == "total"
    assert said["callers"] == [
        {"path": "till.py", "line": 3, "inside": "", "text": "print(Cart().total())"}
    ]


def test_a_file_is_told_as_a_whole(shop, capsys):
    del shop
    assert main(["plan", "Split it", "--at", "cart.py"]) == 0
    assert "cart.py, which defines `Cart`." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("at", "sentence"), [("none.py:1", "cannot be read"), ("notes.txt", "is not indexed")]
)
def test_a_place_that_is_none_is_refused(shop, capsys, at, sentence):
    (shop / "notes.txt").write_text("words\n", "utf-8")
    assert main(["plan", "Do it", "--at", at]) == 1
    assert sentence in capsys.readouterr().err


STEP = {
    "id": "s1", "title": "Round", "files": ["cart.py"], "new_files": [],
    "removed_files": [], "anchors": ["Cart.total"], "expects": [], "after": [],
    "check": "it is round",
}  # fmt: skip
HANDED = {"goal": "Rounded totals", "steps": [STEP], "risks": [], "untouched": []}


def test_without_a_key_nothing_is_asked(shop, capsys, monkeypatch):
    del shop
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert main(["plan", "Round it", "--at", "cart.py:2", "--ask"]) == 1
    assert "no key in DEEPSEEK_API_KEY" in capsys.readouterr().err


STEP_ANSWER = """\
cart.py
<<<<<<< SEARCH
        return 0
=======
        return round(0, 2)
>>>>>>> REPLACE
"""
VERDICT = {"accept": True, "reason": "it rounds", "redo": []}


def model(request: Request) -> Reply:
    """Plan, carry out and accept: the same small change always."""
    users = [str(one["content"]) for one in request.messages if one["role"] == "user"]
    if request.max_tokens == 1:
        return Reply("OK")
    if any("Plan this change" in text for text in users):
        return Reply(tool_calls=(ToolCall("submit_plan", json.dumps(HANDED)),))
    if any("This plan was carried out" in text for text in users):
        return Reply(tool_calls=(ToolCall("submit_verdict", json.dumps(VERDICT)),))
    return Reply(STEP_ANSWER)


@pytest.fixture
async def api():
    async with SimulatedApi(first_token_ms=0, tokens_per_second=0, replies=model) as made:
        yield made


def world_of(shop: Path, api: SimulatedApi, **settings: str) -> World:
    environment = {
        "TANDEM_HOME": str(shop.parent / "home"),
        "DEEPSEEK_API_KEY": "sk-sim-test",
        "TANDEM_API__BASE_URL": api.base_url,
        **settings,
    }
    return World(environment, shop.parent, RealClock())


async def tandem(world: World, *words: str) -> int:
    """Run ``tandem plan`` in this process, on this loop."""
    arguments = build_parser().parse_args(["plan", *words])
    of_kept = words[0] in {"list", "show", "resume", "discard"}
    return await (kept.of_kept if of_kept else make.made)(world, arguments)


ROUND = ("Round it", "--at", "cart.py:2")


async def test_pro_is_sent_the_codebase_and_its_plan_comes_back(shop, api, capsys):
    look = Reply(tool_calls=(ToolCall("find_symbol", json.dumps({"name": "Cart"})),))
    api.script(Reply("OK"), look)
    assert await tandem(world_of(shop, api), *ROUND, "--ask") == 0

    said = capsys.readouterr()
    assert said.out.startswith("# Rounded totals\n")
    assert "deepseek-v4-pro reads" in said.err
    prime, first, second = [one for one in api.requests if one.path.endswith("completions")]
    assert prime.body["max_tokens"] == 1
    assert first.path == "/beta/chat/completions"
    told = json.dumps(first.body)
    assert "class Cart" in told
    assert "Plan this change: Round it" in told
    assert second.status == 200  # the reasoning went back


async def test_nothing_is_spent_without_consent(shop, api, capsys):
    world = world_of(shop, api, TANDEM_REFACTOR__CONFIRM_USD="0")
    with pytest.raises(PlaceError, match="nothing was asked"):
        await tandem(world, *ROUND, "--ask")
    assert api.bill.total_pico == 0
    assert "Say --yes" in capsys.readouterr().err
    assert await tandem(world, *ROUND, "--ask", "--yes") == 0


@pytest.mark.parametrize("pack", ["true", "false"])
async def test_a_price_that_is_not_known_is_not_made_up(shop, api, capsys, pack):
    settings = {"TANDEM_MODELS__PRO": "nobody/knows-it", "TANDEM_CONTEXT__PACK": pack}
    with pytest.raises(PlaceError, match="nothing was asked"):
        await tandem(world_of(shop, api, **settings), *ROUND, "--ask")
    assert "at a price that is not known" in capsys.readouterr().err


async def test_a_plan_is_carried_out_and_written(shop, api, capsys):
    assert await tandem(world_of(shop, api), *ROUND, "--apply") == 0
    assert "round(0, 2)" in (shop / "cart.py").read_text("utf-8")
    said = capsys.readouterr().err
    assert "1/1 Round: asking flash, about $" in said
    assert "Pro: it rounds" in said
    assert "written: cart.py" in said


async def test_a_plan_is_kept_shown_and_gone_on_with(shop, api, capsys):
    world = world_of(shop, api)
    await tandem(world, *ROUND, "--ask")
    capsys.readouterr()
    assert await tandem(world, "list") == 0
    assert "proposed" in capsys.readouterr().out
    assert await tandem(world, "resume", "1", "--patch") == 0
    assert "+        return round(0, 2)" in capsys.readouterr().out
    assert "round" not in (shop / "cart.py").read_text("utf-8")
    assert await tandem(world, "show", "1") == 0
    assert "s1 done, flash: Round" in capsys.readouterr().out
    assert await tandem(world, "resume", "1", "--apply") == 0
    assert "round" in (shop / "cart.py").read_text("utf-8")
    with pytest.raises(PlaceError, match="the plan is applied"):
        await tandem(world, "resume", "1")
    with pytest.raises(RefusedError, match="the plan is applied"):
        await tandem(world, "discard", "1")


async def test_a_plan_can_become_a_branch(shop, api, capsys):
    git = ["git", "-C", str(shop), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    for key, value in (("user.name", "T"), ("user.email", "t@example.org")):
        subprocess.run([*git[:3], "config", key, value], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "Begin"], check=True)
    assert await tandem(world_of(shop, api), *ROUND, "--branch", "rounded") == 0
    assert "branch rounded is at" in capsys.readouterr().err
    shown = subprocess.run([*git, "show", "rounded:cart.py"], capture_output=True, check=True)
    assert b"round(0, 2)" in shown.stdout
    assert "round" not in (shop / "cart.py").read_text("utf-8")


async def test_a_plan_that_never_came_is_asked_for_again_and_not_paid_twice(shop, api, capsys):
    world = world_of(shop, api)
    look = Reply(tool_calls=(ToolCall("find_symbol", json.dumps({"name": "Cart"})),))
    api.script(Reply("OK"), look, Fault.rst_after(chunks=0), Fault.rst_after(chunks=0))
    with pytest.raises(ModelError):
        await tandem(world, *ROUND, "--ask")
    before = len(api.requests)
    assert await tandem(world, "resume", "1") == 0
    assert capsys.readouterr().out.startswith("# Rounded totals\n")
    again = [one for one in list(api.requests)[before:] if one.path.endswith("completions")]
    assert len(again) == 1  # neither the codebase nor the look-up


async def test_a_plan_is_given_up(shop, api, capsys):
    world = world_of(shop, api)
    await tandem(world, *ROUND, "--ask")
    assert await tandem(world, "discard", "1") == 0
    with pytest.raises(PlaceError, match="the plan is discarded"):
        await tandem(world, "resume", "1")
    with pytest.raises(PlaceError, match="there is no plan 7"):
        await tandem(world, "show", "7")
    capsys.readouterr()
    assert await tandem(world, "show", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["phase"] == "discarded"


async def test_the_place_may_be_in_the_words(shop, api, capsys):
    assert await tandem(world_of(shop, api), "Round Cart.total") == 0
    assert "`def total(self):` in cart.py:2" in capsys.readouterr().out
    with pytest.raises(PlaceError, match="name nothing of this codebase"):
        await tandem(world_of(shop, api), "xyzzy")
