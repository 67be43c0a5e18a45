"""Measure the repository engine on whole held-out files of real codebases.

    ./dev bench local [PATH ...] [--json]

Per corpus: files are held out, the model is trained on all others, and at sampled code lines of
the held-out files the rest of the line is asked for in four ways.  The same positions are given
to a baseline: trigram counts of the training files and the open file.

It deliberately shows the model nothing of the hidden text: left and right of the hole only, and a
file model built without it.  Without PATH two pinned codebases that no weight was fitted on are
downloaded into the user's cache; nothing of a corpus is committed.
"""

import argparse
import gc
import io
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tandem.index.lm import cursor, lexer
from tandem.index.lm.model import FileModel, RepositoryModel, Suggestion, complete, insertion
from tandem.index.lm.train import TrainStats, train
from tests.bench.results import record

TASKS = ("next line", "rest of line", "two letters", "in brackets")
MID_LINE = TASKS[1:]
THRESHOLD = 0.4
# Not among the corpora of `calibrate_local.py`; both came out of the first prototype's test set.
DEFAULT = ("openai-agents==0.24.0", "django==5.2.19")
_WINDOW = 32_000
_LANGUAGES = {
    ".py": "python",
    ".ts": "typescript",
    ".js": "javascript",
    ".java": "java",
    ".rs": "rust",
    ".go": "go",
    ".cpp": "cpp",
}
_NOT_CODE = ("/locale/", "/migrations/", "/node_modules/", "/benchmarks/", "/dist/", ".d.ts")
_NOT_HELD = ("/tests/", "/test_", "/conf/", "/vendor/")


@dataclass(frozen=True, slots=True)
class Hole:
    """A text with a gap: `left` and `right` of the cursor, and what stood between them."""

    task: str
    left: str
    right: str
    gold: str
    language: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was offered in a hole: the text, how sure, the CPU seconds it took."""

    hole: Hole
    text: str
    confidence: float
    seconds: float

    @property
    def right(self) -> bool:
        """Whether exactly the hidden text was offered."""
        return self.text.rstrip() == self.hole.gold.rstrip()


def read_corpus(root: Path) -> dict[str, str]:
    """Return path to text of the source files of the most frequent language under `root`."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(root.rglob("*")):
        name = path.as_posix()
        if path.suffix not in _LANGUAGES or any(part in name for part in _NOT_CODE):
            continue
        if path.is_file() and path.stat().st_size < 1_000_000:
            text = path.read_bytes().decode("utf-8", "replace")
            found[path.suffix][name] = lexer.normalize(text)
    sizes = {suffix: sum(map(len, texts.values())) for suffix, texts in found.items()}
    return found[max(sizes, key=sizes.__getitem__)] if sizes else {}


def fetch(name: str) -> Path:
    """Return the folder of a pinned package, `NAME==VERSION` or `npm:NAME@VERSION[:FOLDER]`.

    Downloaded once into the user's cache; raises CalledProcessError if that fails.
    """
    home = os.environ.get("XDG_CACHE_HOME")  # noqa: TID251 - a bench is its own root
    cache = Path(home or Path.home() / ".cache") / "tandem-bench"
    package, _, inner = name.removeprefix("npm:").partition(":")
    folder = cache / re.sub(r"[^\w.-]+", "-", package)
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
            pip += ["--only-binary", ":all:", "-d", scratch, package]
            npm = ["npm", "pack", "--silent", "--pack-destination", scratch, package]
            command = npm if name.startswith("npm:") else pip
            subprocess.run(
                command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            (archive,) = Path(scratch).iterdir()
            unpacked = Path(scratch) / "unpacked"
            shutil.unpack_archive(archive, unpacked, "zip" if archive.suffix == ".whl" else None)
            unpacked.rename(folder)
    return folder / "package" / inner if name.startswith("npm:") else folder


def language_of(path: str) -> str:
    """Return the LSP language id of a source file."""
    return _LANGUAGES[Path(path).suffix]


def train_without(texts: dict[str, str], held: Sequence[str]) -> tuple[RepositoryModel, TrainStats]:
    """Train on all `texts` but those at `held`."""
    hidden = set(held)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        stats = train([item for item in texts.items() if item[0] not in hidden], out)
        repository = RepositoryModel.open(out)
    if repository is None:
        message = "the model just trained does not open"
        raise RuntimeError(message)
    return repository, stats


def hold_out(texts: dict[str, str], files: int, seed: int) -> list[str]:
    """Return the paths of `files` whole files to test on, of ordinary size and not tests."""
    chosen = [
        path
        for path, text in sorted(texts.items())
        if 3000 < len(text) < 80_000 and not any(part in path for part in _NOT_HELD)
    ]
    return random.Random(seed).sample(  # noqa: S311
        chosen, min(files, len(chosen))
    )


def code_lines(text: str, language: str) -> list[int]:
    """Return the numbers of the lines that hold code, no comment and no piece of a long string."""
    lines = text.split("\n")
    numbers = _python_lines(text) if language == "python" else _other_lines(lines)
    inner = [n for n in numbers if 15 < n < len(lines) - 3]
    return [n for n in inner if len(lines[n].strip()) >= 4]


def _python_lines(text: str) -> list[int]:
    good: set[int] = set()
    bad: set[int] = set()
    space = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING and token.start[0] != token.end[0]:
                bad.update(range(token.start[0], token.end[0] + 1))
            elif token.type not in (tokenize.COMMENT, *space):
                good.add(token.start[0])
    except (tokenize.TokenError, SyntaxError):
        return []
    lines = text.split("\n")
    quotes = ('"""', "'''", "#")
    return [n - 1 for n in sorted(good - bad) if not lines[n - 1].strip().startswith(quotes)]


def _other_lines(lines: Sequence[str]) -> list[int]:
    found = []
    comment = False
    for number, line in enumerate(lines):
        text = line.strip()
        comment = comment or text.startswith("/*")
        if not comment and not text.startswith(("//", "#")):
            found.append(number)
        if "*/" in text:
            comment = False
    return found


def holes(text: str, language: str, per_file: int, rnd: random.Random) -> Iterator[Hole]:
    """Yield the holes of up to `per_file` random code lines of `text`, up to four a line."""
    numbers = code_lines(text, language)
    lines = text.split("\n")
    for number in rnd.sample(numbers, min(per_file, len(numbers))):
        line = lines[number].rstrip()
        start = len(line) - len(line.lstrip())
        above = "".join(f"{above}\n" for above in lines[:number])
        below = "".join(f"\n{below}" for below in lines[number + 1 :])
        for task, begin, end in _gaps(line, start, rnd.random(), rnd.random()):
            yield Hole(
                task,
                _cut(above + line[:begin], -_WINDOW),
                (line[end:] + below)[:_WINDOW],
                line[begin:end],
                language,
            )


def _gaps(line: str, start: int, r1: float, r2: float) -> Iterator[tuple[str, int, int]]:
    """Yield (task, begin, end) of the gaps to make in `line`, whose code begins at `start`."""
    yield "next line", start, len(line)
    bounds = [m.start() for m in re.finditer(r"\w+|[^\w\s]", line)]
    if len(bounds) < 3:
        return
    # A token boundary as the prototype drew it: behind a token, before the blank that follows.
    cut = bounds[1 + int(r1 * (len(bounds) - 2))]
    yield "rest of line", len(line[:cut].rstrip()), len(line)
    words = [m.start() for m in re.finditer(r"[^\W\d]\w{3,}", line)]
    if words:
        yield "two letters", words[int(r2 * len(words))] + 2, len(line)
    inner = re.search(r"\((?=[^)])", line)
    if inner:
        depth = 0
        for place in range(inner.start(), len(line)):
            depth += (line[place] in "([{") - (line[place] in ")]}")
            if depth == 0:
                yield "in brackets", inner.end(), place
                return


def _cut(text: str, size: int) -> str:
    """Return the last lines of `text` within the window, whole."""
    return text if len(text) <= -size else text[size:].partition("\n")[2]


Completer = Callable[[Hole, FileModel], Suggestion | None]


def ask(found: Iterable[Hole], completer: Completer) -> list[Answer]:
    """Answer every hole; each file model is built from what stands around the hole alone."""
    answers = []
    gc.disable()
    for hole in found:
        file = FileModel.build(hole.left + hole.right)
        begun = time.process_time()
        suggestion = completer(hole, file) or Suggestion("", 0.0)
        spent = time.process_time() - begun
        answers.append(Answer(hole, suggestion.text, suggestion.confidence, spent))
    gc.enable()
    return answers


def engine(repository: RepositoryModel | None) -> Completer:
    """Return the engine under test; without `repository`, what it does before any training."""

    def run(hole: Hole, file: FileModel) -> Suggestion | None:
        return complete(hole.left, hole.right, repository=repository, file=file)

    return run


def trigrams(texts: Iterable[str]) -> Completer:
    """Return the baseline: the most frequent word after the last two, file counts six-fold."""
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)

    def count(into: dict[tuple[str, ...], Counter[str]], text: str, weight: int) -> None:
        tokens = [token if token[0] != "\n" else "\n" for token in lexer.lex(text)]
        for a, b, c in zip(["", *tokens], tokens, tokens[1:], strict=False):
            into[a, b][c] += weight
            into[b,][c] += weight

    for text in texts:
        count(counts, text, 1)

    def run(hole: Hole, _: FileModel) -> Suggestion | None:
        place = cursor.read(hole.left, hole.right)
        near: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        count(near, hole.left, 6)
        count(near, hole.right.partition("\n")[2], 6)
        context = ["\n" if token[0] == "\n" else token for token in place.context]
        words: list[str] = []
        while len(words) < 40:
            pending = "" if words else place.pending
            here = (*context, *words)[-2:]
            seen = (counts.get(here, Counter()) + near.get(here, Counter())) or (
                counts.get(here[-1:], Counter()) + near.get(here[-1:], Counter())
            )
            fitting = {w: n for w, n in seen.items() if w.startswith(pending.strip())}
            word = max(sorted(fitting), key=fitting.__getitem__, default="\n")
            if word == "\n" or (place.rest and word.strip() == place.rest[0].strip()):
                break
            words.append(word)
        return Suggestion(insertion(words, place), 1.0) if words else None

    return run


def exact(answers: Sequence[Answer], *tasks: str) -> float:
    """Return the share of `answers` to `tasks` that are exactly the hidden text."""
    found = [answer.right for answer in answers if answer.hole.task in tasks]
    return sum(found) / max(1, len(found))


def measure(texts: dict[str, str]) -> dict[str, float]:
    """Return the metrics of one corpus."""
    held = hold_out(texts, 25, 1)
    rnd = random.Random(1)  # noqa: S311 - reproducible, not secret
    found = [hole for path in held for hole in holes(texts[path], language_of(path), 8, rnd)]
    repository, stats = train_without(texts, held)
    answers = ask(found, engine(repository))
    alone = ask(found, engine(None))
    plain = ask(found, trigrams(text for path, text in texts.items() if path not in set(held)))
    repository.close()
    middle = [answer for answer in answers if answer.hole.task in MID_LINE]
    offered = [answer for answer in middle if answer.confidence >= THRESHOLD]
    seconds = statistics.quantiles([answer.seconds for answer in answers], n=20)
    metrics = {
        "positions": float(len(found)),
        **{f"{task.replace(' ', '_')}_em": exact(answers, task) for task in TASKS},
        "offer_rate": len(offered) / max(1, len(middle)),
        "offered_precision": sum(a.right for a in offered) / max(1, len(offered)),
        "file_only_rest_of_line_em": exact(alone, "rest of line"),
        "baseline_rest_of_line_em": exact(plain, "rest of line"),
        "local_p50_ms": seconds[9] * 1e3,
        "local_p95_ms": seconds[18] * 1e3,
        "tokens": float(stats.tokens),
        "train_cpu_s_per_mtok": stats.cpu_seconds / stats.tokens * 1e6,
        "file_bytes_per_token": stats.bytes / stats.tokens,
    }
    ratio = metrics["rest_of_line_em"] / max(0.001, metrics["baseline_rest_of_line_em"])
    return {**metrics, "ratio_to_baseline": ratio}


_COSTS = ("_ms", "_mtok", "_per_token")


def overall(by_corpus: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the worst corpus's figure per metric, then every corpus's own under its name."""
    metrics: dict[str, float] = {}
    for name in next(iter(by_corpus.values())):
        worst = max if name.endswith(_COSTS) else min
        metrics[name] = round(worst(values[name] for values in by_corpus.values()), 4)
    for corpus, values in by_corpus.items():
        metrics |= {f"{name}_{corpus}": round(value, 4) for name, value in values.items()}
    return metrics


def table(by_corpus: dict[str, dict[str, float]]) -> str:
    """Return the metrics as text, a line per metric and a column per corpus."""
    names = list(next(iter(by_corpus.values())))
    head = " " * 28 + "".join(f"{corpus[:16]:>17}" for corpus in by_corpus)
    lines = [
        f"{name:28}" + "".join(f"{values[name]:17.5g}" for values in by_corpus.values())
        for name in names
    ]
    return "\n".join([head, *lines])


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench local")
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    options = parser.parse_args(argv)
    roots = {path.name: path for path in options.paths} or {
        name.partition("==")[0]: fetch(name) for name in DEFAULT
    }
    by_corpus = {name: measure(read_corpus(root)) for name, root in roots.items()}
    record(
        Path(__file__).with_suffix(".csv"),
        {(corpus, name): v for corpus, values in by_corpus.items() for name, v in values.items()},
    )
    if options.json:
        print(json.dumps({"bench": "local", "metrics": overall(by_corpus)}))
    else:
        print(table(by_corpus))
    return 0


if __name__ == "__main__":
    sys.exit(main())
