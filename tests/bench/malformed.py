"""What is inserted must not break a file: holes in five languages, answered with too much.

A hole is the rest of a line or the block behind its head, cut out of a file that is on this
machine, or now and then the end of a line at which nothing is missing. The model says what stood
there and then what models do: it goes on into the lines that follow, repeats the next line or the
rest of this one, closes brackets again, begins a string, or ends in the middle. `complete` makes of
it what it would show. Counted as malformed is a result in which

* the grammar finds more errors than with what stood there and than with the hole left empty, or
* a whole line that is inserted repeats the one behind the cursor, which was not there twice.

``malformed_strict`` counts as well what has more errors than what stood there but no more than the
empty hole. Not counted is what stood there word for word, however little of it: an opened block is
no error of whoever is going to write it. Half of the requests are automatic, half by hand, all in
virtual time.

Files come from the bench's cache, installed sources (Cargo, Go, the JDK), the repositories given,
this repository, and where that is nothing from its samples.
"""

import asyncio
import itertools
import os
import random
import re
import zipfile
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from fixtures.api.tokens import pieces
from tandem.core.model import Billed, Event, Request, Stop, Stopped, TextDelta, Usage
from tandem.core.text import Text
from tandem.features.inline.gate import Trigger
from tandem.index.languages import Language, by_id
from tandem.index.parse import syntax_errors
from tandem.workspace.documents import Document
from tandem.workspace.settings import Local, Settings
from tests.bench.completion_play import run_virtually
from tests.bench.completion_tandem import ask, ports, unbilled
from tests.bench.local import code_lines
from tests.bench.recall_cases import Repository
from tests.bench.typing import pairs_of_line

HOLES: Final = 2000
LANGUAGES: Final = {
    "python": "py",
    "typescript": "ts",
    "go": "go",
    "rust": "rs",
    "java": "java",
}
ROOT: Final = Path(__file__).parents[2]
_PER_FILE: Final = 8
_FILES: Final = 90
_PASSES: Final = 12  # where only a sample is there, every place of it is cut
_SIZES: Final = range(1_500, 15_000)  # bytes; a sample may be smaller
_SKIPPED: Final = ("/test", ".d.ts", "/locale/", "/migrations/", "_pb.", "/node_modules/")
_INSTALLED: Final = (
    "/usr/share/cargo/registry",
    "~/.cargo/registry/src",
    "/usr/share/gocode/src",
    "/usr/lib/go/src",
    "/usr/local/go/src",
)
_ARCHIVES: Final = "/usr/lib/jvm/*/lib/src.zip"
_ARCHIVED: Final = re.compile(r"java\.base/java/(util|io|net|time|text)/\w+\.java")
_BLOCKS: Final = 0.35  # of the holes
_FINISHED: Final = 0.08  # of the places, where nothing is missing
_BLOCK_LINES: Final = 12
_EXAMPLES: Final = 12
_TOKEN: Final = re.compile(r"\w+|[^\w\s]+")
_WORDS: Final = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Hole:
    """A file with a gap and what a model says about it."""

    name: str
    language: str
    before: str
    gold: str
    after: str
    said: str


# -- files -------------------------------------------------------------------------------------


def sources(language: str, repositories: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return where the files of a language come from, and (name, text) of some that parse."""
    ending = LANGUAGES[language]
    found = _places(ending, repositories)
    tongue = by_id(language)
    assert tongue is not None
    origins: Counter[str] = Counter()
    files: list[tuple[str, str]] = []
    seen: set[str] = set()
    for origin, name, text in found:
        if text in seen or "\r" in text or syntax_errors(text.encode(), tongue):
            continue
        seen.add(text)
        files.append((name, text))
        origins[origin] += 1
        if len(files) == _FILES:
            break
    return ", ".join(f"{count} of {origin}" for origin, count in origins.items()), files


def _places(ending: str, repositories: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (origin, name, text), taking turns between the origins; samples only if need be."""
    home = os.environ.get("XDG_CACHE_HOME")  # noqa: TID251 - a bench is its own root
    cache = Path(home or Path.home() / ".cache") / "tandem-bench"
    folders = sorted(cache.iterdir()) if cache.is_dir() else []
    folders += [Path(name).expanduser() for name in _INSTALLED]
    origins: list[Iterator[tuple[str, str, str]]] = [
        *(_of_folder(folder, ending) for folder in folders if folder.is_dir()),
        *(_of_git(directory, ending) for directory in repositories),
        *(_of_archive(path) for path in sorted(Path("/").glob(_ARCHIVES[1:])) if ending == "java"),
    ]
    yield from _in_turns(origins)
    yield from _of_folder(ROOT / "fixtures" / "samples", ending, range(500, 15_000))


def _in_turns(
    origins: Sequence[Iterator[tuple[str, str, str]]],
) -> Iterator[tuple[str, str, str]]:
    for row in itertools.zip_longest(*origins):
        yield from (found for found in row if found is not None)


def _of_folder(folder: Path, ending: str, sizes: range = _SIZES) -> Iterator[tuple[str, str, str]]:
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(root, name)
            if name.endswith(f".{ending}") and not any(part in str(path) for part in _SKIPPED):
                data = path.read_bytes() if path.stat().st_size in sizes else b""
                if data:
                    yield folder.name, path.name, data.decode("utf-8", "replace")


def _of_git(directory: str, ending: str) -> Iterator[tuple[str, str, str]]:
    repository = Repository(directory)
    try:
        for line in repository.git("ls-tree", "-r", "-l", "HEAD").split("\n"):
            meta, _, path = line.partition("\t")
            if path.endswith(f".{ending}") and not any(part in f"/{path}" for part in _SKIPPED):
                _, _, sha, size = meta.split()
                if int(size) in _SIZES:
                    yield Path(directory).parent.name, path, repository.blob(sha).text
    finally:
        repository.close()


def _of_archive(path: Path) -> Iterator[tuple[str, str, str]]:
    if not path.is_file():
        return
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if _ARCHIVED.fullmatch(entry.filename) and entry.file_size in _SIZES:
                text = archive.read(entry).decode("utf-8", "replace")
                yield "the JDK", Path(entry.filename).name, text


# -- holes -------------------------------------------------------------------------------------


def holes(files: Sequence[tuple[str, str]], language: str, count: int, seed: int = 1) -> list[Hole]:
    """Return `count` holes, or as many as there can be; the files take turns."""
    rnd = random.Random(f"{seed}:{language}")  # noqa: S311 - reproducible, not secret
    found: dict[tuple[str, int, str], Hole] = {}
    per_file = max(_PER_FILE, -(-count // max(1, len(files))))
    for _ in range(_PASSES):
        for name, text in files:
            for hole in _of_file(name, text, language, per_file, rnd):
                found.setdefault((name, len(hole.before), hole.gold), hole)
        if len(found) >= count:
            break
    every = list(found.values())
    rnd.shuffle(every)
    return every[:count]


def _of_file(name: str, text: str, language: str, count: int, rnd: random.Random) -> Iterator[Hole]:
    lines = text.split("\n")
    numbers = code_lines(text, language)
    for number in rnd.sample(numbers, min(count, len(numbers))):
        draw = rnd.random()
        cut = _block(lines, number) if draw < _BLOCKS else None
        if draw > 1 - _FINISHED:
            cut = len(lines[number].rstrip()), ""
        begin, gold = cut or _rest(lines, number, rnd)
        at = sum(len(line) + 1 for line in lines[:number]) + begin
        if gold.strip() or not gold:
            before, after = text[:at], text[at + len(gold) :]
            said = overrun(gold, after, rnd)
            yield Hole(f"{name}:{number + 1}", language, before, gold, after, said)


def _rest(lines: Sequence[str], number: int, rnd: random.Random) -> tuple[int, str]:
    """Return (column, gold) to the end of a line, or to the closer that an editor has put there."""
    line = lines[number].rstrip()
    indentation = len(line) - len(line.lstrip())
    ends = [indentation, *[match.end() for match in _TOKEN.finditer(line)][:-1]]
    begin = rnd.choice(ends)
    closers = [close for open_, close in pairs_of_line(line) if open_ < begin <= close]
    end = min(closers) if closers and rnd.random() < 0.5 else len(line)
    return begin, line[begin:end]


def _block(lines: Sequence[str], number: int) -> tuple[int, str] | None:
    """Return (column, gold) of the block behind a line that begins one."""
    head = lines[number].rstrip()
    if not head.endswith((":", "{")):
        return None
    indentation = len(head) - len(head.lstrip())
    end = number + 1
    while end < len(lines) and end - number <= _BLOCK_LINES:
        line = lines[end]
        if line.strip() and len(line) - len(line.lstrip()) <= indentation:
            break
        end += 1
    else:
        return None
    while end > number + 1 and not lines[end - 1].strip():
        end -= 1
    return len(head), "".join(f"\n{line}" for line in lines[number + 1 : end])


def overrun(gold: str, after: str, rnd: random.Random) -> str:
    """Return what a model says that knows the answer but not when to stop."""
    rest, _, below = after.partition("\n")
    following = next((line for line in below.split("\n") if line.strip()), "")
    closers = "".join(rnd.choice(")]}") for _ in range(1 + rnd.randrange(3)))
    broken = rnd.choice(['"unfinish', " + f'{name", '\nmessage = "half a', "\n    (x, [y", " = {"])
    ways: Sequence[Callable[[], str]] = (
        lambda: gold + after[: 60 + rnd.randrange(300)],
        lambda: f"{gold}{rest}\n{following}\n{following}\n",
        lambda: gold + closers,
        lambda: f"{gold}\n{closers}\n",
        lambda: gold + broken,
        lambda: gold[: 1 + rnd.randrange(len(gold))] if gold else following.strip(),
        lambda: f"{gold}{rest}{rest}",
        lambda: f"{gold}\n\n{gold.strip()}\n" if gold else f"{following.strip()}\n",
        lambda: gold,
    )
    return rnd.choice(ways)()


# -- asking ------------------------------------------------------------------------------------


class Saying:
    """A provider that says the same whatever it is asked, at once, but stops where it is told."""

    def __init__(self) -> None:
        """Have nothing to say yet."""
        self.text = ""

    async def stream(self, request: Request) -> AsyncGenerator[Event]:
        """Say it, token by token."""
        cut = min([len(self.text), *[at for s in request.stop if (at := self.text.find(s)) >= 0]])
        said = pieces(self.text[:cut])[: request.max_tokens]
        for piece in said:
            yield TextDelta(piece)
        yield Stopped(Stop.END, request.model)
        yield Billed(Usage(0, 1, len(said)), request.model)

    async def warm(self) -> None:
        """Have nothing to warm."""

    async def aclose(self) -> None:
        """Have nothing to close."""


async def _shown(found: Sequence[Hole]) -> list[str]:
    saying = Saying()
    gateway, clock = unbilled(saying)
    settings = Settings(local=Local(enabled=False))
    texts = []
    for number, hole in enumerate(found):
        saying.text = hole.said
        uri = f"file:///{number}.{LANGUAGES[hole.language]}"
        document = Document(uri, hole.language, 1, Text.of(hole.before + hole.after))
        trigger = Trigger.INVOKED if number % 2 else Trigger.AUTOMATIC
        ghost = await ask(document, len(hole.before), trigger, settings, ports(gateway, clock))
        texts.append(ghost.text if ghost is not None else "")
    while gateway.running:  # noqa: ASYNC110 - in virtual time
        await asyncio.sleep(0.1)
    return texts


# -- the judge ---------------------------------------------------------------------------------


def judge(hole: Hole, shown: str) -> str:
    """Return what is wrong with a text inserted into a hole, or an empty string.

    Begins with `(` where there are more errors than with what stood there, but no more than empty.
    """
    if not shown or hole.gold.startswith(shown.rstrip()):
        return ""
    if _duplicated(hole, shown):
        return "repeats the line behind"
    language = by_id(hole.language)
    assert language is not None
    texts = (hole.gold, "", shown)
    whole, empty, now = (_errors(hole.before + t + hole.after, language) for t in texts)
    if now > max(whole, empty):
        return f"{now} errors, not {max(whole, empty)}"
    return f"({now} errors, not {whole}; {empty} if left empty)" if now > whole else ""


def _errors(text: str, language: Language) -> int:
    return syntax_errors(text.encode("utf-8", "replace"), language)


def _duplicated(hole: Hole, shown: str) -> bool:
    """Tell whether a line that is there now repeats the next one, and did not before."""
    rest, _, below = hole.after.partition("\n")
    following = next((line.strip() for line in below.split("\n") if line.strip()), "")
    if not _WORDS.search(following):
        return False
    begun = hole.before.rpartition("\n")[2]
    now, then = (
        [line.strip() for line in f"{begun}{text}{rest}".split("\n")].count(following)
        for text in (shown, hole.gold)
    )
    return now > then


def measure(repositories: Sequence[str], *, verbose: bool, count: int = HOLES) -> dict[str, float]:
    """Return how many of the holes come out malformed, and how many were filled at all."""
    metrics: dict[str, float] = {}
    every: list[tuple[Hole, str]] = []
    for language in LANGUAGES:
        origin, files = sources(language, repositories)
        found = holes(files, language, count // len(LANGUAGES))
        if verbose:
            print(f"# {language}: {len(found)} holes in {origin}")
        every += zip(found, run_virtually(partial(_shown, found)), strict=True)
    verdicts = [(hole, shown, judge(hole, shown)) for hole, shown in every]
    doubtful = [verdict for verdict in verdicts if verdict[2]]
    wrong = [verdict for verdict in doubtful if not verdict[2].startswith("(")]
    if verbose:
        print(*_examples(wrong), *_examples(v for v in doubtful if v not in wrong), sep="\n\n")
    metrics["malformed_holes"] = float(len(every))
    metrics["malformed"] = float(len(wrong))
    metrics["malformed_strict"] = float(len(doubtful))
    metrics["malformed_shown_share"] = sum(bool(shown) for _, shown in every) / max(1, len(every))
    exact = [hole.gold.startswith(shown) for hole, shown in every if shown]
    metrics["malformed_fitting_share"] = sum(exact) / max(1, len(exact))
    for language in LANGUAGES:
        metrics[f"malformed_{language}"] = float(sum(v[0].language == language for v in wrong))
    return metrics


def _examples(wrong: Iterable[tuple[Hole, str, str]]) -> Iterator[str]:
    """Yield examples of what went wrong, as many of each language."""
    left = Counter(dict.fromkeys(LANGUAGES, _EXAMPLES))
    for hole, shown, reason in wrong:
        left[hole.language] -= 1
        if left[hole.language] >= 0:
            before = "\n".join(hole.before.split("\n")[-3:])
            after = "\n".join(hole.after.split("\n")[:3])
            yield (
                f"## {hole.language} {hole.name}: {reason}\n"
                f"said {hole.said[:160]!r}\n{before}⟦{shown}⟧{after}"
            )
