"""Train a repository model: lex the files, sort the suffixes, write one file.

Run as a child process (`python -m tandem.index.lm.train OUT`, NUL-separated paths on stdin) so
that its memory and its lowered priority are its own; prints one line of JSON.

It deliberately does not choose files: what is ignored, secret or generated is the caller's
decision.  Only what cannot be source text is left out here: binary, huge, minified.

Invariant: the same files in the same order give the same bytes.
"""

import argparse
import contextlib
import json
import os
import sys
import time
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tandem.index.lm import lexer, store, suffixes

# Over this a file is data or generated code; measured corpora have none of their own this long.
_MAX_BYTES = 1_000_000
_MAX_MEAN_LINE = 200
# 12 M tokens are 41 MB of source and 122 MB on disk; what comes after is left out.
_MAX_TOKENS = 12_000_000
_MAX_WORDS = (1 << 21) - 1
_NICENESS = 10
_SEPARATOR = 0


@dataclass(frozen=True, slots=True)
class TrainStats:
    """What one training run read and wrote."""

    files: int
    skipped: int
    tokens: int
    words: int
    bytes: int
    cpu_seconds: float


class _Numbers(dict[str, int]):
    """Token text to its number in order of first sight; counts what was never seen before."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.known: dict[str, int] = {}
        self.number("")

    def number(self, word: str) -> int:
        number = self.known.get(word)
        if number is None:
            number = self.known[word] = len(self.words)
            self.words.append(word)
        return number

    def __missing__(self, token: str) -> int:
        number = self[token] = self.number(lexer.canonical(token))
        return number


def train(files: Iterable[tuple[str, str]], out: Path) -> TrainStats:
    """Train on `(path, text)` pairs and write the model to `out`, replacing it in one step.

    Raises OSError if `out` cannot be written.
    """
    started = time.process_time()
    numbers = _Numbers()
    ids = array("I", [_SEPARATOR])
    read = skipped = 0
    for _, text in files:
        full = len(ids) >= _MAX_TOKENS or len(numbers.words) >= _MAX_WORDS - len(text)
        if full or not _is_source(text):
            skipped += 1
            continue
        read += 1
        ids.extend(map(numbers.__getitem__, lexer.lex(lexer.normalize(text))))
        ids.append(_SEPARATOR)
    words = numbers.words
    del numbers
    size = _write(ids, words, out)
    spent = time.process_time() - started
    return TrainStats(read, skipped, len(ids), len(words), size, round(spent, 3))


def _write(ids: "array[int]", words: list[str], out: Path) -> int:
    """Renumber the tokens in the order of their text, sort the suffixes, write the file."""
    encoded = [word.encode("utf-8", "replace") for word in words]
    by_text = sorted(range(len(words)), key=encoded.__getitem__)
    renumber = np.empty(len(words), np.uint32)
    renumber[by_text] = np.arange(len(words), dtype=np.uint32)
    tokens = renumber[np.frombuffer(ids, np.uint32)]
    order = suffixes.suffix_order(tokens) * np.uint32(store.TOKEN_BYTES)
    shapes = np.array([lexer.shape(words[i]) for i in by_text], np.uint8)[tokens]
    parts = store.Parts(
        order=order.astype("<u4").tobytes(),
        shape_order=suffixes.shape_order(shapes).astype("<u4").tobytes(),
        tokens=tokens.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes(),
        shapes=shapes.tobytes(),
    )
    return store.write(out, parts, [encoded[i] for i in by_text])


def _is_source(text: str) -> bool:
    """Tell text that people write from data, binaries and minified code."""
    if not text or len(text) > _MAX_BYTES or "\0" in text:
        return False
    return len(text) <= _MAX_MEAN_LINE * (text.count("\n") + 1)


def _texts(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Read the files at `paths`; an unreadable or huge one counts as empty text."""
    for path in paths:
        text = ""
        with contextlib.suppress(OSError):
            if Path(path).stat().st_size <= _MAX_BYTES:
                text = Path(path).read_bytes().decode("utf-8", "replace")
        yield path, text


def main() -> int:
    """Train on the paths from stdin; the exit status tells whether the model was written."""
    parser = argparse.ArgumentParser(prog="python -m tandem.index.lm.train")
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    paths = [
        path
        for path in sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")
        if path
    ]
    try:
        stats = train(_texts(paths), out)
    except OSError as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        return 1
    sys.stdout.write(json.dumps(asdict(stats)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
