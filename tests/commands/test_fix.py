"""``tandem fix``: a report in, a patch or a changed file out, for nothing where it can be."""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tandem.app import RealClock, World
from tandem.cli import main
from tandem.commands import fix
from tests.support.workers import InProcess

CART = "import os\n\n\ndef total(prices):\n    return sum(pricess) + shipping\n"
UNUSED = {
    "range": {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 9}},
    "message": "`os` imported but unused",
    "source": "Ruff",
    "code": "F401",
}
WRONG = {
    "range": {"start": {"line": 4, "character": 26}, "end": {"line": 4, "character": 34}},
    "message": '"shipping" is not defined',
    "source": "Pyright",
    "code": "reportUndefinedVariable",
}
GOOD = """\
    return sum(pricess) + shipping
=======
    return sum(prices)
>>>>>>> REPLACE
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return a repository with a broken file, in an empty home, without a key."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
    root = tmp_path / "shop"
    root.mkdir()
    (root / "cart.py").write_text(CART, "utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    monkeypatch.chdir(root)
    return root


def report(root: Path, *diagnostics: dict[str, Any]) -> str:
    path = root.parent / "report.json"
    path.write_text(json.dumps(diagnostics), "utf-8")
    return str(path)


def test_what_is_free_is_a_patch_that_git_takes(shop, capsys):
    status = main(["fix", "cart.py", "--diagnostics", report(shop, UNUSED)])

    said = capsys.readouterr()
    assert status == 0
    assert "1 of 1 problems fixed for free" in said.err
    subprocess.run(["git", "apply", "-"], input=said.out, text=True, check=True, cwd=shop)
    assert not (shop / "cart.py").read_text("utf-8").startswith("import os")


def test_in_place_nothing_is_printed(shop, capsys):
    assert main(["fix", "cart.py", "--diagnostics", report(shop, UNUSED), "--write"]) == 0

    assert capsys.readouterr().out == ""
    assert "import os" not in (shop / "cart.py").read_text("utf-8")


def test_without_a_key_what_is_left_is_told(shop, capsys):
    status = main(["fix", "cart.py", "--diagnostics", report(shop, UNUSED, WRONG), "--json"])

    said = json.loads(capsys.readouterr().out)
    assert status == 1
    assert (said["fixed_free"], said["left"], said["cost"]) == (1, 1, "$0")
    assert any("DEEPSEEK_API_KEY" in note for note in said["notes"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cart.py", "--diagnostics", "none.json"], "cannot be read"),
        (["nothing.py", "--diagnostics", "cart.py"], "cannot be read as text"),
        (["cart.py", "--diagnostics", "cart.py"], "not JSON"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(shop, capsys, words, sentence):
    del shop
    assert main(["fix", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_report_without_the_file_leaves_it_alone(shop, capsys):
    assert main(["fix", "cart.py", "--diagnostics", report(shop)]) == 0
    assert "name no problem" in capsys.readouterr().err


async def asked(shop: Path, *replies: Reply) -> tuple[Any, SimulatedApi]:
    async with SimulatedApi(first_token_ms=0) as api:
        api.script(*replies)
        environment = {
            "TANDEM_HOME": str(shop.parent / "home"),
            "DEEPSEEK_API_KEY": "sk-sim-test",
            "TANDEM_API__BASE_URL": api.base_url,
        }
        world = World(environment, shop.parent, RealClock())
        words = argparse.Namespace(
            file=Path("cart.py"), diagnostics=report(shop, UNUSED, WRONG), free=False
        )
        return await fix._fixed(world, words), api


async def test_a_model_is_asked_for_what_is_left(shop):
    done, api = await asked(shop, Reply(GOOD))

    assert str(done.text) == "def total(prices):\n    return sum(prices)\n"
    assert (done.free, done.by_model, done.left) == (1, 1, ())
    (request,) = [one for one in api.requests if one.path.endswith("completions")]
    assert request.path == "/beta/chat/completions"
    assert done.cost != "$0"
    assert f"{api.bill.total_pico / 1e12:.5f}"[:6] == done.cost[1:7]


async def test_a_refusal_names_its_reason(shop):
    done, api = await asked(shop, *[Reply("no")] * 12)

    assert len(done.left) == 1
    assert "was refused" in done.notes[-1]
    assert api.bill.total_pico > 0
