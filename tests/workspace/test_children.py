"""No process of ours runs what lies in the folder the editor happens to be in."""

import asyncio
from pathlib import Path

import pytest

from tandem.index.pool import Workers
from tandem.workspace.posting import Posting


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a package of our name that leaves a mark when it is run."""
    mark = tmp_path / "was-run"
    package = tmp_path / "folder" / "tandem"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    (tmp_path / "folder" / "a.py").write_text("def found():\n    pass\n")
    monkeypatch.chdir(tmp_path / "folder")
    return mark


async def test_a_worker_runs_our_own_code(trap, tmp_path):
    workers = Workers(tmp_path / "i.db", tmp_path / "folder", 1)
    (row,) = await workers.facts(2, ["a.py"])
    await workers.aclose()

    assert row.record.names == "found"
    assert not trap.exists()


async def test_a_builder_runs_our_own_code(trap, tmp_path):
    posting = Posting(tmp_path / "folder", tmp_path / "i.words", lambda _: False)
    assert await asyncio.wait_for(posting._build(["a.py"]), 20)

    assert (tmp_path / "i.words").exists()
    assert not trap.exists()
