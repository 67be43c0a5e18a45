"""The demo's act of fixes: what it breaks in a repository it puts right, and writes nothing."""

import asyncio
import json
import subprocess

import pytest

from tandem.app import World
from tandem.cli import main
from tandem.commands.demo import fixes
from tandem.commands.screen import Palette
from tests.support.workers import InProcess

FILES = {
    "money.py": "class Money:\n    def __init__(self, cents):\n        self.cents = cents\n",
    "prices.py": "import money\nfrom money import Money\n\n\nprice = Money(3)\nmore = Money(4)\n",
    "wares.py": "from money import Money\n\n\ndef ware():\n    return Money(1)\n",
}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository in an empty home."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
    root = tmp_path / "shop"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text, "utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def test_what_is_broken_is_put_right_as_it_was_written(repository):
    lines: list[str] = []
    shown = asyncio.run(fixes.show(World.real(), repository, Palette(color=False), lines.append))

    assert shown
    assert all(one["exact"] for one in shown), shown
    assert lines[-1] == f"{len(shown)} broken, {len(shown)} put right as written, for $0"
    assert {path.name: path.read_text("utf-8") for path in repository.glob("*.py")} == FILES


def test_the_act_is_chosen_on_the_command_line(repository, capsys):
    assert main(["demo", str(repository), "--act", "fix", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"fix"}
