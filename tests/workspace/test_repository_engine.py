"""The repository engine around its model: trained once, used at the next start, forgotten."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tandem.core.text import Text
from tandem.workspace.documents import Document
from tandem.workspace.repository_engine import RepositoryEngine, Training, _around, _inventory

CODE = "".join(
    f"def handler_{n}(request):\n    return render_response(request, status={n})\n\n"
    for n in range(40)
)


def document(text: str, version: int = 1) -> Document:
    return Document("file:///open.py", "python", version, Text.of(text))


@pytest.fixture
def news():
    return []


@pytest.fixture
def report(news):
    async def report(training: Training) -> None:
        news.append(training)

    return report


@pytest.fixture
async def engine(tmp_path):
    engine = RepositoryEngine(tmp_path / "cache")
    yield engine
    await engine.aclose()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.py").write_text(CODE)
    return folder


async def test_a_workspace_is_learned_once(engine, root, report, news, tmp_path):
    """One real training run in its child process, then a start that only opens the file."""
    await engine.start(root, (), report)

    assert news == [Training(1, None), Training(1, engine.tokens)]
    assert engine.tokens > 100
    text = CODE + "def handler_99(request):\n    return render_"
    suggestion = await engine.suggest(document(text), len(text))
    assert suggestion is not None
    assert suggestion.text.startswith("response(")

    news.clear()
    again = RepositoryEngine(tmp_path / "cache")
    await again.start(root, (), report)
    assert news == []
    assert again.tokens == engine.tokens
    await again.aclose()


async def test_nothing_to_learn_from_is_nothing_to_report(engine, root, report, news):
    await engine.start(root, ("*.py",), report)

    assert (news, engine.tokens) == ([], 0)


def test_files_are_grouped_by_the_language_whose_words_they_share(root):
    for name in ("b.py", "c.pyi", "x.ts", "y.TSX", "z.js", "w.c", "v.hpp"):
        (root / name).write_text("x\n")
    groups = {group.language: [file.name for file in group.files] for group in _inventory(root, ())}

    assert groups == {
        "python": ["a.py", "b.py", "c.pyi"],
        "javascript": ["x.ts", "y.TSX", "z.js"],
        "cpp": ["v.hpp", "w.c"],
    }


def test_a_changed_file_is_another_digest_of_its_language_only(root):
    (root / "b.go").write_text("x\n")
    before = {group.language: group.digest for group in _inventory(root, ())}
    (root / "b.go").write_text("xy\n")
    after = {group.language: group.digest for group in _inventory(root, ())}

    assert before.keys() == after.keys() == {"python", "go"}
    assert before["python"] == after["python"]
    assert before["go"] != after["go"]


def test_a_file_that_is_called_like_a_suffix_does_no_harm(root):
    (root / ".py").write_text("x\n")

    assert [group.language for group in _inventory(root, ())] == ["python"]


async def test_without_a_workspace_there_is_no_model(root, report, news):
    engine = RepositoryEngine(None)
    await engine.start(root, (), report)
    await engine.aclose()

    assert (news, engine.tokens) == ([], 0)


def script(folder: Path, body: str) -> str:
    """Make something that can be run in the place of the interpreter."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.skipif(os.name != "posix", reason="scripts are POSIX's")
async def test_a_training_that_fails_leaves_no_model(engine, root, news, monkeypatch, tmp_path):
    async def report(training: Training) -> None:
        news.append(training)

    monkeypatch.setattr("sys.executable", script(tmp_path, "exit 3"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "python.tlm").write_bytes(b"broken")
    await engine.start(root, (), report)

    assert news == [Training(1, None), Training(1, 0)]
    assert not (tmp_path / "cache" / "python.json").exists()  # so the next start tries again


@pytest.mark.skipif(os.name != "posix", reason="scripts are POSIX's")
async def test_closing_ends_a_training(engine, root, report, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.executable", script(tmp_path, "exec tail -f /dev/null"))
    started = asyncio.Event()
    create = asyncio.create_subprocess_exec

    async def noticed(*words: str, **streams: Any) -> asyncio.subprocess.Process:
        child = await create(*words, **streams)
        started.set()
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noticed)
    task = asyncio.create_task(engine.start(root, (), report))
    await started.wait()
    await engine.aclose()

    await task
    assert engine._child.returncode not in {None, 0}
    assert engine.tokens == 0


async def test_an_open_document_answers_for_itself(engine):
    text = CODE + "def handler_99(request):\n    return render_"
    opened = document(text)
    engine.opened(opened)
    engine._building.submit(int).result()  # one thread: what was asked before is done

    assert set(engine._files) == {opened.uri}
    suggestion = await engine.suggest(opened, len(text))
    assert suggestion is not None
    assert suggestion.text.startswith("response(")
    engine.closed(opened.uri)
    assert engine._files == {}


async def test_a_document_is_learned_again_when_it_has_changed_much(engine):
    engine.opened(document(CODE, 1))
    engine._building.submit(int).result()

    await engine.suggest(document(CODE, 41), 0)
    engine._building.submit(int).result()
    assert engine._files["file:///open.py"].version == 1
    await engine.suggest(document(CODE, 42), 0)
    engine._building.submit(int).result()
    assert engine._files["file:///open.py"].version == 42


async def test_a_document_that_was_closed_while_it_was_learned_is_forgotten(engine):
    go = threading.Event()
    engine._building.submit(go.wait)
    engine.opened(document(CODE))
    engine.closed("file:///open.py")
    go.set()
    engine._building.submit(int).result()

    assert engine._files == {}


@pytest.mark.parametrize(
    ("offset", "left", "right"),
    [(0, 0, 16_000), (100, 100, 16_000), (20_000, 16_000, 16_000), (40_000, 16_000, 0)],
)
def test_the_text_around_a_place_begins_with_a_line(offset, left, right):
    text = "".join(f"{n:07d}\n" for n in range(5000))
    before, after = _around(document(text), offset)

    assert text[:offset].endswith(before)
    assert text[offset:].startswith(after)
    assert left - 8 < len(before) <= left
    assert len(after) == right
    assert not before or text[offset - len(before) - 1 : offset - len(before)] in {"", "\n"}


def test_a_line_that_is_longer_than_the_window_is_left_out():
    before, after = _around(document("x" * 50_000), 30_000)

    assert (before, len(after)) == ("", 16_000)
