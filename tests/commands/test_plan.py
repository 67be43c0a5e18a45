"""``tandem plan``: the evidence alone, for nothing; and Pro's plan, asked for with consent."""

import argparse
import json
import subprocess
from pathlib import Path

import pytest

from fixtures.api.replies import Reply, ToolCall
from fixtures.api.server import SimulatedApi
from tandem.app import RealClock, World
from tandem.cli import main
from tandem.commands import plan
from tandem.commands.context.repository import PlaceError
from tandem.features.refactor.evidence import Evidence
from tandem.features.refactor.propose import Proposed
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
    "id": "s1", "title": "Round", "files": ["cart.py"], "new_files": [], "anchors": ["Cart.total"],
    "expects": [], "after": [], "check": "it is round",
}  # fmt: skip
HANDED = {"goal": "Rounded totals", "steps": [STEP], "risks": [], "untouched": []}


def test_without_a_key_nothing_is_asked(shop, capsys, monkeypatch):
    del shop
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert main(["plan", "Round it", "--at", "cart.py:2", "--ask"]) == 1
    assert "no key in DEEPSEEK_API_KEY" in capsys.readouterr().err


async def asked(
    shop: Path, api: SimulatedApi, *, yes: bool = True, **settings: str
) -> tuple[Evidence, Proposed | None]:
    environment = {
        "TANDEM_HOME": str(shop.parent / "home"),
        "DEEPSEEK_API_KEY": "sk-sim-test",
        "TANDEM_API__BASE_URL": api.base_url,
        **settings,
    }
    world = World(environment, shop.parent, RealClock())
    words = argparse.Namespace(at="cart.py:2", instruction="Round it", ask=True, yes=yes)
    return await plan._planned(world, words)


async def test_pro_is_sent_the_codebase_and_its_plan_comes_back(shop):
    async with SimulatedApi(first_token_ms=0) as api:
        api.script(
            Reply(tool_calls=(ToolCall("find_symbol", json.dumps({"name": "Cart"})),)),
            Reply(tool_calls=(ToolCall("submit_plan", json.dumps(HANDED)),)),
        )
        evidence, found = await asked(shop, api)

        assert found is not None
        assert found.plan.goal == "Rounded totals"
        assert found.problems == ()
        assert evidence.target.names == ("total",)
        first, second = [one for one in api.requests if one.path.endswith("completions")]
        assert first.path == "/beta/chat/completions"
        said = json.dumps(first.body)
        assert "class Cart" in said
        assert "Plan this change: Round it" in said
        assert second.status == 200  # the reasoning went back
        assert found.cost.pico == api.bill.total_pico


async def test_nothing_is_spent_without_consent(shop):
    async with SimulatedApi(first_token_ms=0) as api:
        with pytest.raises(PlaceError, match="nothing was asked"):
            await asked(shop, api, yes=False)
        assert api.bill.total_pico == 0


@pytest.mark.parametrize("pack", ["true", "false"])
async def test_a_price_that_is_not_known_is_not_made_up(shop, capsys, pack):
    settings = {"TANDEM_MODELS__PRO": "nobody/knows-it", "TANDEM_CONTEXT__PACK": pack}
    async with SimulatedApi(first_token_ms=0) as api:
        with pytest.raises(PlaceError, match="nothing was asked"):
            await asked(shop, api, yes=False, **settings)
    assert "at a price that is not known" in capsys.readouterr().err
