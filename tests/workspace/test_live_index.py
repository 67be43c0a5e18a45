"""The index behind an editor: what it learns at the start, and how it follows what changes."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tandem.core.text import Position, Span, Text
from tandem.index.context.ring import Edit
from tandem.workspace.documents import Change, Document
from tandem.workspace.live_index import LiveIndex
from tandem.workspace.progress import Progress
from tests.support.clock import LoopClock

FILES = {
    "shop/prices.py": "def net_price(gross, rate):\n    return gross / (1 + rate)\n",
    "shop/cart.py": "from shop.prices import net_price\n\n\ndef total(items):\n    pass\n",
    ".env": "API_TOKEN = 'secret'\n",
    "notes.txt": "remember the milk\n",
}
_TURNS = 4_000


def workspace(folder: Path) -> Path:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def document(root: Path, name: str, text: str | None = None) -> Document:
    return Document((root / name).as_uri(), "python", 1, Text.of(text or FILES[name]))


@asynccontextmanager
async def living(
    root: Path, store: Path, *documents: Document, news: list[Progress] | None = None
) -> AsyncGenerator[LiveIndex]:
    async def report(progress: Progress) -> None:
        (news if news is not None else []).append(progress)

    index = LiveIndex(root, store, LoopClock())
    for opened in documents:
        index.opened(opened)
    task = asyncio.create_task(index.run((), client_watches=True, report=report))
    try:
        await until(lambda: not index.summary.busy)
        yield index
    finally:
        task.cancel()
        await asyncio.wait([task])
        await index.aclose()


async def until(true) -> None:
    for _ in range(_TURNS):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come true")


async def test_it_knows_the_workspace_and_gives_the_workers_back(tmp_path):
    root = workspace(tmp_path / "w")
    async with living(root, tmp_path / "i.db") as index:
        assert index.codebase.definers("net_price") == ["shop/prices.py"]
        assert index.codebase.imports("shop/cart.py")["net_price"].path == "shop/prices.py"
        assert index.summary.exact == index.summary.files == 2
        assert "shop/prices.py" in index.windows
        assert "notes.txt" in index.windows
        await until(lambda: not index._indexing._workers._alive)


async def test_what_is_ignored_or_secret_is_not_taken_in_even_when_it_is_open(tmp_path):
    root = workspace(tmp_path / "w")
    secret = document(root, ".env")
    outside = document(tmp_path, "elsewhere.py", "x = 1\n")
    async with living(root, tmp_path / "i.db", secret, outside) as index:
        changed = Document(secret.uri, "env", 2, Text.of("API_TOKEN = 'other'\n"))
        index.changed(changed, [Change(Position(0, 1), Position(0, 1), "x")])

        assert index.path_of(secret.uri) is None
        assert index.path_of(outside.uri) is None
        assert index.ring.edits == ()
        assert ".env" not in index.windows
        assert index.codebase.text(".env") is None or ".env" not in index.codebase.paths


async def test_an_open_document_lies_over_its_file_once_typing_rests(tmp_path):
    root = workspace(tmp_path / "w")
    cart = document(root, "shop/cart.py")
    async with living(root, tmp_path / "i.db", cart) as index:
        await until(lambda: index.codebase.definers("total") == ["shop/cart.py"])
        added = "def discount(total):\n    pass\n"
        end = len(cart.text)
        text = cart.text.replace(Span(end, end), added)
        here = Position(5, 0)
        index.changed(Document(cart.uri, "python", 2, text), [Change(here, here, added)])

        assert index.ring.edits == (Edit("shop/cart.py", 5),)
        await until(lambda: index.codebase.definers("discount") == ["shop/cart.py"])
        assert index.codebase.text("shop/cart.py") == str(text)

        index.closed(cart.uri)
        assert index.codebase.definers("discount") == []


async def test_lines_that_come_in_move_the_places_below(tmp_path):
    root = workspace(tmp_path / "w")
    async with living(root, tmp_path / "i.db", document(root, "shop/cart.py")) as index:
        cart = document(root, "shop/cart.py")
        await until(lambda: index.path_of(cart.uri) is not None)
        low, high = Position(40, 0), Position(2, 0)
        index.changed(cart, [Change(low, low, "x")])
        index.changed(cart, [Change(high, high, "a\nb\n")])

        assert index.ring.edits == (Edit("shop/cart.py", 2), Edit("shop/cart.py", 42))


async def test_a_checkout_is_taken_in_and_what_went_is_forgotten(tmp_path):
    root = workspace(tmp_path / "w")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["checkout", "-qb", "b"]):
        git(root, *words)
    (root / "shop/prices.py").unlink()
    for number in range(40):
        (root / f"shop/new_{number}.py").write_text(f"def made_{number}():\n    pass\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "two")
    async with living(root, tmp_path / "i.db") as index:
        assert index.codebase.definers("made_39") == ["shop/new_39.py"]
        git(root, "checkout", "-q", "-")
        assert index._events is not None
        assert await index._events.scan() == 41
        await until(lambda: index.codebase.definers("net_price") == ["shop/prices.py"])
        await until(lambda: not index.summary.busy)
        assert index.codebase.definers("made_39") == []
        assert "shop/new_39.py" not in index.windows
        assert index.codebase.is_exact("shop/prices.py")


def git(root: Path, *words: str) -> None:
    name = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *name, *words], cwd=root, check=True, capture_output=True)


async def test_a_second_start_reads_and_does_not_parse(tmp_path):
    root = workspace(tmp_path / "w")
    async with living(root, tmp_path / "i.db"):
        pass
    async with living(root, tmp_path / "i.db") as index:
        assert index.summary.exact == 2
        assert not index._indexing._workers._alive


async def test_many_files_move_a_bar_and_few_do_not(tmp_path):
    root, news = workspace(tmp_path / "w"), list[Progress]()
    async with living(root, tmp_path / "few.db", news=news):
        assert news == []
    for number in range(80):
        (root / f"m{number}.py").write_text(f"a{number} = {number}\n")
    async with living(root, tmp_path / "many.db", news=news):
        shares = [n.share for n in news if n.share is not None]
        assert shares == sorted(shares)
        assert shares
        assert [n.ended for n in news] == [False] * len(shares) + [True]


async def test_an_editor_that_says_it_watches_and_does_not_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr("tandem.workspace.live_index._VERIFY_S", 0.05)
    root = workspace(tmp_path / "w")
    async with living(root, tmp_path / "i.db") as index:
        (root / "later.py").write_text("def untold():\n    pass\n")
        await until(lambda: index.codebase.definers("untold") == ["later.py"])
