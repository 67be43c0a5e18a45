"""What it costs to know a codebase: cold, warm, after a keystroke, for a prompt.

    ./dev bench index [PATH] [--json]

Without a PATH the source distribution of the pinned Django, whose tests make it a tree of ordinary
size. Everything is CPU seconds. Names and exact facts are what server and workers take together,
starting and taking in included; a bare ``Parser.parse`` of the same files is measured before each
round in as many processes at once, since cores that share a cache slow each other down. Figures are
medians of three rounds; `_best` is the least disturbed one, for on a shared machine the same work
was seen to take 0.67 and 1.13 CPU seconds within an hour. Memory is that of the first round; what
is steady includes the windows that prompts are searched in.
"""

import argparse
import asyncio
import gc
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tandem.core.text import Span, Text
from tandem.index.context.assemble import context_for
from tandem.index.context.build import LARGEST
from tandem.index.context.postings import State, gathered
from tandem.index.context.ring import Edit, Ring
from tandem.index.context.windows import Windows
from tandem.index.grammars import grammar
from tandem.index.graph import related, resolve
from tandem.index.languages import Language, language_of
from tandem.index.open_tree import OpenTree
from tandem.workspace.files import FileEntry, list_files, read_text
from tandem.workspace.indexing import Indexing
from tests.bench.results import percentile, report

DEFAULT = "django==5.2.8"
ROUNDS = 3
WARM_STARTS = 5
BEST = ("names_cpu_s", "exact_over_parse", "context_p95_ms", "first_context_p95_ms")
KEYS = 200
LINES = 5_000
QUERIES = 200
CONTEXT_TOKENS = 2_400
RING = 16  # places that were edited, in as many files
_LONG = 40  # lines of a file that somebody works in


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench index")
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    root = (options.path or source_of(DEFAULT)).resolve()
    states = _code_files(root)
    metrics = {
        "files": float(len(states)),
        "megabytes": sum(state.size for state in states) / 1e6,
    }
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        rounds = [_round(root, states, Path(folder) / f"{n}.db") for n in range(ROUNDS)]
        metrics |= {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
        metrics |= {f"{name}_best": min(r[name] for r in rounds) for name in BEST}
        metrics |= {name: rounds[0][name] for name in ("peak_rss_mb", "steady_rss_mb")}
        metrics |= asyncio.run(_warm(root, Path(folder) / "0.db"))
    metrics |= _keystrokes(root, states)
    path = Path(__file__).with_suffix(".csv")
    report("index", metrics, as_json=options.json, path=path)
    return 0


def source_of(name: str) -> Path:
    """Return the folder of a pinned source distribution, downloaded once into the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME")  # noqa: TID251 - a bench is its own root
    cache = Path(home or Path.home() / ".cache") / "tandem-bench"
    folder = cache / f"{name.replace('==', '-')}-source"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
            command = [*pip, "--no-binary", ":all:", "-d", scratch, name]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            (archive,) = Path(scratch).iterdir()
            with tarfile.open(archive) as packed:
                packed.extractall(Path(scratch) / "unpacked", filter="data")
            (Path(scratch) / "unpacked").rename(folder)
    return folder


def _code_files(root: Path) -> list[FileEntry]:
    return [file for file in list_files(root).files if language_of(file.path)]


def _round(root: Path, states: list[FileEntry], store: Path) -> dict[str, float]:
    paths = [str(root / state.path) for state in states]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        bare = sum(pool.map(_bare, [paths[::2], paths[1::2]]))
    found = asyncio.run(_cold(root, states, store))
    return {
        "bare_parse_s": bare,
        **found,
        "exact_over_parse": found["exact_cpu_s"] / bare,
    }


def _bare(paths: Sequence[str]) -> float:
    """CPU of parsing every file once with the grammar that tier 2 uses, nothing else."""
    import tree_sitter  # noqa: PLC0415 - not before it is measured

    files = [(Path(path).read_bytes(), language_of(path)) for path in paths]
    parsers: dict[str, tree_sitter.Parser] = {}
    begin = time.process_time()
    for data, language in files:
        found = grammar(language) if language else None
        if found is not None and language is not None:
            parsers.setdefault(language.id, tree_sitter.Parser(found)).parse(data)
    return time.process_time() - begin


async def _cold(root: Path, states: list[FileEntry], store: Path) -> dict[str, float]:
    """Index everything from nothing, memory watched meanwhile; then ask."""
    indexing = Indexing(root, store, lambda path: read_text(root / path))
    workers, peak = indexing._workers, [0.0]
    ask, names = workers.facts, list[float]()

    async def facts(tier, paths):
        if tier > 1 and not names:  # all names are taken in by now
            names.append(_cpu(indexing))
        return await ask(tier, paths)

    workers.facts = facts  # type: ignore[method-assign]
    begin = _cpu(indexing)
    watching = asyncio.create_task(_watch_memory(indexing, peak))
    await indexing.refresh(states)
    end = _cpu(indexing)
    watching.cancel()
    windows = _windows(root, states)
    gc.collect()
    steady = _resident([_self()])
    indexing.keep()  # as the server does once it has caught up
    questions = _questions(indexing) | _contexts(root, windows, indexing)
    await indexing.aclose()
    return {
        "names_cpu_s": names[0] - begin,
        "exact_cpu_s": end - names[0],
        "index_cpu_s": end - begin,
        "peak_rss_mb": peak[0],
        "steady_rss_mb": steady,
        **questions,
    }


def _cpu(indexing: Indexing) -> float:
    """CPU of this process and of the workers, which are alive."""
    total = time.process_time()
    for process in indexing._workers._alive:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


async def _watch_memory(indexing: Indexing, peak: list[float]) -> None:
    while True:
        pids = [process.pid for process in indexing._workers._alive]
        peak[0] = max(peak[0], _resident([*pids, _self()]))
        await asyncio.sleep(0.05)


def _self() -> int:
    return int(Path("/proc/self/stat").read_text().split()[0])


def _resident(pids: Sequence[int]) -> float:
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total * resource.getpagesize() / 1e6


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


def _windows(root: Path, states: list[FileEntry]) -> Windows:
    """Post the files that the server posts."""

    def files() -> Iterator[tuple[str, State, str]]:
        for state in states:
            language = language_of(state.path)
            if language is None or language.listing or state.size > LARGEST:
                continue
            text = read_text(root / state.path)
            if text is not None:
                yield state.path, State(state.mtime_ns, state.size), text

    return Windows(gathered(files()))


def _contexts(root: Path, windows: Windows, indexing: Indexing) -> dict[str, float]:
    """Gather a completion's context at random places, each in another file, as on entering it.

    `first_`: of files that nobody asked about before. Then somewhere else in the same files, so
    that the question is another one: nothing but what is kept of names and files helps.
    """
    draw = random.Random(7)  # noqa: S311
    texts = {p: Text.of(read_text(root / p) or "") for p in indexing.codebase.paths if p in windows}
    long = sorted(path for path, text in texts.items() if text.line_count > _LONG)
    places = [(path, draw.randrange(texts[path].line_count)) for path in draw.sample(long, RING)]
    ring = Ring(tuple(Edit(*place) for place in places))
    asked = draw.sample(long, min(QUERIES, len(long)))
    found = {}
    for name in ("first_context", "context"):
        times = []
        for path in asked:
            text = texts[path]
            offset = text.line_end(draw.randrange(text.line_count))
            begin = time.process_time()
            context_for(
                indexing.codebase,
                path,
                text,
                offset,
                ring,
                windows=windows,
                budget_tokens=CONTEXT_TOKENS,
            )
            times.append((time.process_time() - begin) * 1000)
        found[f"{name}_p50_ms"] = statistics.median(times)
        found[f"{name}_p95_ms"] = percentile(times, 0.95)
    return found


async def _warm(root: Path, store: Path) -> dict[str, float]:
    """Start with everything stored and nothing changed; the listing is included."""
    times = []
    for _ in range(WARM_STARTS):
        copy = store.with_name("warm.db")
        shutil.copy(store, copy)
        begin = time.process_time()
        indexing = Indexing(root, copy, lambda path: read_text(root / path))
        await indexing.load()
        await indexing.refresh(_code_files(root))
        times.append(time.process_time() - begin)
        await indexing.aclose()
    return {"warm_s": statistics.median(times), "warm_s_best": min(times)}


def _keystrokes(root: Path, states: list[FileEntry]) -> dict[str, float]:
    """From a keystroke in a file of 5,000 lines until its facts are fresh in the codebase."""
    python = language_of("x.py")
    # The largest files one after the other: what a file of this length is like.
    largest = sorted((s for s in states if s.path.endswith(".py")), key=lambda s: -s.size)
    source = "".join((root / s.path).read_text("utf-8", "replace") for s in largest)
    lines = source.replace("\r\n", "\n").split("\n")[:LINES]
    if python is None or len(lines) < LINES:
        return {}
    return _type(
        Text.of("\n".join(lines) + "\n"),
        python,
        Indexing(root, root, lambda path: read_text(root / path)),
    )


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
