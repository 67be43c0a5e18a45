"""What it costs to know a codebase: cold, warm, after a keystroke; beside bare parsing.

    ./dev bench index [PATH] [--json]

Without a PATH the pinned Django that `local` uses. Everything is CPU seconds of the server and its
workers together, the bare ``Parser.parse`` of the same files measured in the same call.
"""

import argparse
import asyncio
import gc
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tandem.core.text import Span, Text
from tandem.index.grammars import grammar
from tandem.index.graph import related, resolve
from tandem.index.languages import Language, language_of
from tandem.index.open_tree import OpenTree
from tandem.index.pool import Workers
from tandem.workspace.files import FileEntry, list_files
from tandem.workspace.indexing import Indexing
from tests.bench.local import fetch
from tests.bench.results import percentile, report

DEFAULT = "django==5.2.19"
KEYS = 200
LINES = 5_000
QUERIES = 200
_BATCH = 128


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench index")
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    root = (options.path or fetch(DEFAULT)).resolve()
    states = _code_files(root)
    metrics = {
        "files": float(len(states)),
        "megabytes": sum(state.size for state in states) / 1e6,
        "bare_parse_s": statistics.median(_bare(root, states) for _ in range(3)),
    }
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        metrics |= asyncio.run(_cold(root, states, Path(folder) / "cold.db"))
        metrics |= asyncio.run(_warm(root, Path(folder) / "cold.db"))
    metrics["exact_over_parse"] = metrics["exact_cpu_s"] / metrics["bare_parse_s"]
    metrics |= _keystrokes(root, states)
    path = Path(__file__).with_suffix(".csv")
    report("index", metrics, as_json=options.json, path=path)
    return 0


def _code_files(root: Path) -> list[FileEntry]:
    return [file for file in list_files(root).files if language_of(file.path)]


def _bare(root: Path, states: list[FileEntry]) -> float:
    """CPU of parsing every file once with the grammar that tier 2 uses, nothing else."""
    import tree_sitter  # noqa: PLC0415 - not before it is measured

    files = [(_read(root / s.path), language_of(s.path)) for s in states]
    parsers: dict[str, tree_sitter.Parser] = {}
    begin = time.process_time()
    for data, language in files:
        found = grammar(language) if language else None
        if found is not None and language is not None:
            parsers.setdefault(language.id, tree_sitter.Parser(found)).parse(data)
    return time.process_time() - begin


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _cpu() -> float:
    """CPU of this process and of its children that have ended."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    gone = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + gone.ru_utime + gone.ru_stime


async def _cold(root: Path, states: list[FileEntry], store: Path) -> dict[str, float]:
    """Names of everything by a run of their own; then all of it, memory watched meanwhile."""
    begin = _cpu()
    workers = Workers(store.with_name("names.db"), root)
    paths = [state.path for state in states]
    batches = [paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH)]
    await asyncio.gather(*(workers.facts(1, batch) for batch in batches))
    await _end(workers)
    names = _cpu() - begin
    begin = _cpu()
    indexing = Indexing(root, store, _reader(root))
    peak = asyncio.create_task(_watch_memory(indexing))
    await indexing.refresh(states)
    await _end(indexing._workers)
    spent = _cpu() - begin
    peak.cancel()
    gc.collect()
    steady = _resident({_self()})
    context = _questions(indexing)
    await indexing.aclose()
    return {
        "names_cpu_s": names,
        "index_cpu_s": spent,
        "exact_cpu_s": spent - names,
        "peak_rss_mb": _PEAK[0],
        "steady_rss_mb": steady,
        **context,
    }


async def _end(workers: Workers) -> None:
    """Let the workers end by themselves, so that their CPU is counted."""
    for process in list(workers._alive):
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


_PEAK = [0.0]


async def _watch_memory(indexing: Indexing) -> None:
    while True:
        pids = {process.pid for process in indexing._workers._alive} | {_self()}
        _PEAK[0] = max(_PEAK[0], _resident(pids))
        await asyncio.sleep(0.05)


def _self() -> int:
    return int(Path("/proc/self/stat").read_text().split()[0])


def _resident(pids: set[int]) -> float:
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total * resource.getpagesize() / 1e6


def _reader(root: Path) -> Callable[[str], str | None]:
    def read(path: str) -> str | None:
        try:
            return (root / path).read_text("utf-8", "replace")
        except OSError:
            return None

    return read


def _questions(indexing: Indexing) -> dict[str, float]:
    """Ask what a completion asks, each time about another file: imports, names, neighborhood."""
    code = indexing.codebase
    paths = sorted(code.paths)
    asked = paths[:: max(1, len(paths) // QUERIES)][:QUERIES]
    code.importers(asked[0])  # links the graph once, as the first question does
    times = []
    for path in asked:
        begin = time.process_time()
        facts = code.facts(path)
        for name in sorted(facts.identifiers)[:20] if facts else ():
            resolve(code, path, name)
        related(code, {}, {path: 1.0})
        times.append((time.process_time() - begin) * 1000)
    return {"question_p50_ms": statistics.median(times), "question_p95_ms": percentile(times, 0.95)}


async def _warm(root: Path, store: Path) -> dict[str, float]:
    """Start with everything stored and nothing changed; the listing is included."""
    times = []
    for _ in range(3):
        copy = store.with_name("warm.db")
        shutil.copy(store, copy)
        begin = _cpu()
        indexing = Indexing(root, copy, _reader(root))
        await indexing.load()
        await indexing.refresh(_code_files(root))
        times.append(_cpu() - begin)
        await indexing.aclose()
    return {"warm_s": statistics.median(times)}


def _keystrokes(root: Path, states: list[FileEntry]) -> dict[str, float]:
    """From a keystroke in a file of 5,000 lines until its facts are fresh in the codebase."""
    python = language_of("x.py")
    # The largest files one after the other: what a file of this length is like.
    largest = sorted((s for s in states if s.path.endswith(".py")), key=lambda s: -s.size)
    source = "".join(_read(root / s.path).decode("utf-8", "replace") for s in largest)
    lines = source.replace("\r\n", "\n").split("\n")[:LINES]
    if python is None or len(lines) < LINES:
        return {}
    return _type(Text.of("\n".join(lines) + "\n"), python, Indexing(root, root, _reader(root)))


def _type(text: Text, language: Language, indexing: Indexing) -> dict[str, float]:
    tree = OpenTree.of(str(text).encode(), language)
    times = []
    for number in range(KEYS):
        at = text.line_end((number * 23) % LINES)
        begin = time.process_time()
        text = text.replace(Span(at, at), "x")
        data = str(text).encode()
        place = len(text.slice(0, at).encode())
        tree = tree and tree.edit(place, place, place + 1, data, budget_s=0.05)
        if tree is not None:
            indexing.codebase.open("open.py", tree.facts(), str(text))
        times.append((time.process_time() - begin) * 1000)
    return {
        "keystroke_p50_ms": statistics.median(times),
        "keystroke_p95_ms": percentile(times, 0.95),
    }
