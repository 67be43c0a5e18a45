"""What the prompt of a plan costs to make: a million tokens, cold, and again after one edit.

    ./dev bench pack [PATH] [--json]

Without a PATH the tree that `index` measures, 5 million tokens: what fits into a pack of a million
is chosen by rank, the rest shown by its signatures or its name. Cold is from the stored facts, with
no pack kept: load, read, rank, choose, write, keep. An edit is one line more in an open file that
is shown whole, after the pack was sent; the files are known to this process by then. The frozen
snapshot must be the same bytes before and after. Beside it, in each round, the same files are read
and joined, which is the least that a prompt of them can take. Everything is CPU seconds.
"""

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tandem.index.languages import language_of
from tandem.index.pack import state
from tandem.index.pack.compact import Options
from tandem.index.pack.layout import Level
from tandem.workspace.files import FileEntry, list_files, read_text
from tandem.workspace.indexing import Indexing
from tandem.workspace.packing import Pack, Packing, Sources, moment_of, sources
from tests.bench.index import DEFAULT, source_of
from tests.bench.results import percentile, report

TOKENS = 1_000_000
ROUNDS = 3
EDITS = 20
TASK = "Plan it.\n"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench pack")
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    root = (options.path or source_of(DEFAULT)).resolve()
    files = [file for file in list_files(root).files if language_of(file.path)]
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        store = Path(folder) / "index.db"
        asyncio.run(_indexed(root, files, store))
        rounds = [asyncio.run(_round(root, files, store)) for _ in range(ROUNDS)]
    metrics = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    metrics["pack_prefix_kept"] = min(r["pack_prefix_kept"] for r in rounds)
    path = Path(__file__).with_suffix(".csv")
    report("pack", metrics, as_json=options.json, path=path)
    return 0


def _budget() -> Options:
    """Return options whose snapshot may take the tokens, with a log of the usual size behind it."""
    usual = Options()
    return Options(window=TOKENS + usual.log_most + usual.reserve, window_percent=100)


async def _indexed(root: Path, files: Sequence[FileEntry], store: Path) -> None:
    indexing = Indexing(root, store, lambda path: read_text(root / path))
    await indexing.refresh(files)
    await indexing.aclose()


async def _round(root: Path, files: Sequence[FileEntry], store: Path) -> dict[str, float]:
    reading = _read(root, files)
    folder = store.with_name("packs")
    shutil.rmtree(folder, ignore_errors=True)
    begin = time.process_time()
    indexing = Indexing(root, store, lambda path: read_text(root / path))
    await indexing.load()
    packing = Packing(root, indexing.codebase, folder, _budget())
    moment = moment_of("deepseek-v4-pro", None, NOW)
    pack = await packing.prepare(await asyncio.to_thread(sources, root, files), moment)
    sent = state.messages(pack.state, "", TASK)
    cold = time.process_time() - begin
    await packing.sent(pack, moment)
    edits = await _edits(root, files, packing, pack)
    await indexing.aclose()
    whole = [file for file in pack.state.shown.values() if file.level is Level.FULL]
    return {
        "files": float(len(files)),
        "pack_files_whole": float(len(whole)),
        "pack_tokens": float(state.load(pack.state, packing.options).snapshot),
        "pack_megabytes": sum(len(message.content.encode()) for message in sent) / 1e6,
        "reading_s": reading,
        "pack_cold_s": cold,
        "pack_over_reading": cold / reading,
        **edits,
    }


def _read(root: Path, files: Sequence[FileEntry]) -> float:
    """Read the files and join their texts; return the seconds."""
    begin = time.process_time()
    texts = [read_text(root / file.path) for file in files]
    "".join(filter(None, texts)).encode("utf-8", "surrogatepass")
    return time.process_time() - begin


async def _edits(
    root: Path, files: Sequence[FileEntry], packing: Packing, pack: Pack
) -> dict[str, float]:
    """Edit one file after the other, each time from the pack that was sent."""
    whole = sorted(p for p, file in pack.state.shown.items() if file.level is Level.FULL)
    moment = moment_of("deepseek-v4-pro", None, NOW)
    frozen = [message.content.encode() for message in state.messages(pack.state, "", TASK)[:-1]]
    times, kept = list[float](), True
    for path in random.Random(7).sample(whole, min(EDITS, len(whole))):  # noqa: S311
        edited = {path: f"{pack.state.shown[path].text}\n# edited\n"}
        begin = time.process_time()
        found = await asyncio.to_thread(sources, root, files, edited)
        messages = state.messages((await packing.prepare(found, moment)).state, "", TASK)
        times.append((time.process_time() - begin) * 1000)
        same = [message.content.encode() for message in messages[:-1]] == frozen
        kept &= same and path in messages[-1].content
        await packing.prepare(Sources(found.files), moment)  # the file as it was
    return {
        "pack_edit_ms": statistics.median(times),
        "pack_edit_p95_ms": percentile(times, 0.95),
        "pack_prefix_kept": float(kept),
    }
