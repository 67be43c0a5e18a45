"""``tandem plan``: the evidence alone, for nothing."""

import json
import subprocess

import pytest

from tandem.cli import main
from tests.support.workers import InProcess


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return a repository of two files in an empty home."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
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
