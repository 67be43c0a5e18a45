"""Measure the repository engine on whole held-out files of real codebases.

    python -m tests.bench.local [PATH ...] [--json]

Per corpus: files are held out, the model is trained on all others, and at sampled code lines of
the held-out files the rest of the line is asked for in four ways.  The same positions are given
to a baseline: trigram counts of the training files and the open file.

It deliberately shows the model nothing of the hidden text: left and right of the hole only, and a
file model built without it.  Without PATH two pinned codebases that no weight was fitted on are
downloaded into the user's cache; nothing of a corpus is committed.
"""

import argparse
import csv
import datetime
import gc
import io
import json
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tokenize
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tandem.index.lm import lexer
from tandem.index.lm.model import FileModel, RepositoryModel, Suggestion, complete
from tandem.index.lm.train import train

TASKS = ("next line", "rest of line", "two letters", "in brackets")
MID_LINE = TASKS[1:]
THRESHOLD = 0.4
# Not among the corpora of `calibrate_local.py`; both came out of the first prototype's test set.
DEFAULT = ("openai-agents==0.24.0", "django==5.2.19")
_CSV = Path(__file__).with_suffix(".csv")
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


def hold_out(texts: dict[str, str], files: int, seed: int) -> list[str]:
    """Return the paths of `files` whole files to test on, of ordinary size and not tests."""
    chosen = [
        path
        for path, text in sorted(texts.items())
        if 3000 < len(text) < 80_000 and not any(part in path for part in _NOT_HELD)
    ]
    return random.Random(seed).sample(chosen, min(files, len(chosen)))


def code_lines(text: str, language: str) -> list[int]:
    """Return the numbers of the lines that hold code, no comment and no piece of a long string."""
    lines = text.split("\n")
    if language == "python":
        numbers = _python_lines(text)
    else:
        numbers = _other_lines(lines)
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
    if len(text) <= -size:
        return text
    return text[size:].partition("\n")[2]


Completer = Callable[[Hole, FileModel | None], Suggestion | None]


def ask(found: Iterable[Hole], completer: Completer) -> list[Answer]:
    """Answer every hole; each file model is built from what stands around the hole alone."""
    answers = []
    gc.disable()
    for hole in found:
        file = FileModel.build(hole.left + hole.right, hole.language)
        begun = time.process_time()
        suggestion = completer(hole, file)
        spent = time.process_time() - begun
        text, confidence = ("", 0.0) if suggestion is None else _fields(suggestion)
        answers.append(Answer(hole, text, confidence, spent))
    gc.enable()
    return answers


def _fields(suggestion: Suggestion) -> tuple[str, float]:
    return suggestion.text, suggestion.confidence


def engine(repository: RepositoryModel | None) -> Completer:
    """Return the completer under test."""

    def run(hole: Hole, file: FileModel | None) -> Suggestion | None:
        return complete(
            hole.left, hole.right, language=hole.language, repository=repository, file=file
        )

    return run
