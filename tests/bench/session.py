"""Replay typed commits and price the prompts: what share of them the prefix cache serves.

    ./dev bench session GIT_DIRECTORY [--json] [--commits N]

The added lines of real commits are typed into the old files, hunk by hunk; a completion is asked
for at each line's start and behind every third word, 3.3 times a line. Four layouts are sent:
windows that slide (A), the anchored prefix alone (B), retrieval ranked anew for each line before
windows that slide (C), and `tandem.index.context.visit`. Two caches answer: longest common prefix
in blocks of 128 tokens, and V4's published rules a and b (`fixtures.api.cache`). Tokens are the
simulator's. Deliberately synthetic: nobody pauses, jumps back or deletes what was typed.

It also tells what freezing costs: the share of unseen names in the prompt at a hunk's first
request, as laid out and with context ranked anew for that place.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fixtures.api.cache import CacheRules, PrefixCache
from fixtures.api.render import render_fim
from fixtures.api.tokens import count
from tandem.core.model import Usage
from tandem.core.text import Text
from tandem.core.tokens import estimate
from tandem.index.context.assemble import context_for
from tandem.index.context.block import Block, capacity, header
from tandem.index.context.near import sight
from tandem.index.context.ring import Ring
from tandem.index.context.visit import (
    APPENDED,
    FROZEN,
    Entered,
    Moved,
    Visit,
    advance,
    enter,
    render,
)
from tandem.index.context.windows import Windows
from tandem.ledger.prices import FLASH, Prices
from tests.bench.recall_cases import WORD, Blob, Change, Repository, World, is_test, opcodes
from tests.bench.results import record, report

OFF_PEAK = datetime(2026, 11, 21, 12, tzinfo=UTC)
OUTPUT = 40  # tokens of a reply, as in the published replay
COMMITS = 10
SLIDING = 1800
SUFFIX = 500
RETRIEVED = 3000
CACHES = {"block128": CacheRules(granularity=128, interval=128), "v4ab": CacheRules()}
OURS = "tandem"
_STOP = re.compile(r"\w+|[^\w\s]+")


@dataclass(slots=True)
class Sent:
    """What one layout sent."""

    caches: dict[str, PrefixCache] = field(
        default_factory=lambda: {name: PrefixCache(rules) for name, rules in CACHES.items()}
    )
    tokens: int = 0
    hits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CACHES, 0))

    def send(self, prompt: str, suffix: str) -> None:
        rendered = render_fim(prompt, suffix)
        for name, cache in self.caches.items():
            self.hits[name] += cache.read("", rendered, 0.0).hit
        self.tokens += count(rendered)


@dataclass(slots=True)
class Session:
    """One developer: the world before the commit at hand, the ring, and everything sent."""

    world: World
    windows: Windows = field(default_factory=Windows)
    ring: Ring = field(default_factory=Ring)
    sent: defaultdict[str, Sent] = field(default_factory=lambda: defaultdict(Sent))
    requests: int = 0
    lines: int = 0
    unseen: int = 0
    seen: dict[str, int] = field(default_factory=lambda: {"fresh": 0, "frozen": 0})

    def play(self, commits: int) -> None:
        """Type `commits` commits of one to four files and 3 to 80 added lines in one of them."""
        left = commits
        for commit, changes in self.world.repository.commits():
            files = [c for c in changes if c.status == "M" and not is_test(c.path)]
            typed = [c for c in files if 3 <= self._added(c) <= 80]
            if not 1 <= len(files) <= 4 or not typed:
                continue
            self.world.move(f"{commit}^1")
            for path in sorted(self.world.changed):
                blob = self.world.files.get(path)
                if blob is not None:
                    self.windows.put(path, blob.text)
                else:
                    self.windows.drop(path)
            self.world.changed.clear()
            for change in typed:
                if change.path in self.world.files:
                    self._file(change)
            left -= 1
            if not left:
                return

    def _added(self, change: Change) -> int:
        repository = self.world.repository
        return sum(
            code[4] - code[3]
            for code in opcodes(repository.blob(change.old), repository.blob(change.new))
        )

    def _file(self, change: Change) -> None:
        old, new = (self.world.repository.blob(sha) for sha in (change.old, change.new))
        lines, shift = list(old.lines), 0
        visit: Visit | None = None
        for _, start, end, first, last in opcodes(old, new):
            row = start + shift
            lines[row : row + end - start] = []
            shift += (last - first) - (end - start)
            if first == last:
                continue
            lines.insert(row, "")
            visit = self._arrive(change.path, lines, row, visit)
            gold = self.world.gold(change.path, new.lines[first:last], new.definitions)
            self._judge(change.path, Text.of("\n".join(lines)), row, gold, visit)
            for number in range(first, last):
                visit = self._line(change.path, lines, row, new.lines[number], visit)
                row += 1
                if number + 1 < last:
                    lines.insert(row, "")
            self.ring = self.ring.noted(change.path, row)
        self.world.code.close(change.path)

    def _arrive(self, path: str, lines: Sequence[str], row: int, visit: Visit | None) -> Visit:
        blob = Blob("\n".join(lines))
        self.world.code.open(path, blob.facts, blob.text)
        text = Text.of(blob.text)
        offset = text.line_start(row)
        if visit is None or visit.full:
            return enter(Entered(path, text, offset, self.context(path, text, offset, FROZEN)))
        if not visit.elsewhere(row):
            return advance(visit, Moved(text, offset))
        more = self.context(path, text, offset, APPENDED, visit.shown)
        return advance(visit, Moved(text, offset, more))

    def context(
        self, path: str, text: Text, offset: int, budget: int, already: Block | None = None
    ) -> Block:
        return context_for(
            self.world.code,
            path,
            text,
            offset,
            self.ring,
            windows=self.windows,
            budget_tokens=budget,
            already=already or Block(),
        )

    def _judge(self, path: str, text: Text, row: int, gold: frozenset[str], visit: Visit) -> None:
        """Count which unseen names the prompt holds at a hunk's first request."""
        offset = text.line_start(row)
        own = "".join(render(Visit(path, "python", (), visit.anchor, row), text, offset))
        unseen = gold - set(WORD.findall(own))
        if unseen:
            self.unseen += len(unseen)
            self.seen["frozen"] += len(unseen & set(WORD.findall(visit.shown.text)))
            fresh = self.context(path, text, offset, FROZEN + APPENDED)
            self.seen["fresh"] += len(unseen & set(WORD.findall(fresh.text)))

    def _line(self, path: str, lines: list[str], row: int, target: str, visit: Visit) -> Visit:
        self.lines += 1
        retrieved = ""
        for column in _stops(target):
            lines[row] = target[:column]
            text = Text.of("\n".join(lines))
            offset = text.line_start(row) + column
            visit = advance(visit, Moved(text, offset))
            if not retrieved:
                retrieved = self._retrieved(path, text, offset)
            self.requests += 1
            self._send(text, offset, visit, retrieved)
        lines[row] = target
        return visit

    def _send(self, text: Text, offset: int, visit: Visit, retrieved: str) -> None:
        before = capacity(SLIDING, "python")
        behind = text.slice(offset, offset + capacity(SUFFIX, "python"))
        slide = text.slice(offset - before, offset)
        bare = Visit(visit.path, visit.language, (), visit.anchor, visit.line)
        self.sent["A sliding"].send(slide, behind)
        self.sent["B anchored"].send(render(bare, text, offset)[0], behind)
        self.sent["C re-ranked, sliding"].send(retrieved + slide, behind)
        self.sent[OURS].send(*render(visit, text, offset))

    def _retrieved(self, path: str, text: Text, offset: int) -> str:
        hits = self.windows.search(sight(text, offset, "python").query, path, 16)
        found, room = [], RETRIEVED
        for hit in hits:
            lines = (self.world.code.text(hit.path) or "").split("\n")[hit.first : hit.last]
            said = header(hit.path, "python") + "\n".join([*lines, ""])
            room -= estimate(said, "python")
            if room < 0:
                break
            found.append(said)
        return "".join(found)

    def metrics(self) -> dict[str, float]:
        """Return the figures of our layout; the other layouts' names follow a space."""
        rate = Prices({}).rate(FLASH, OFF_PEAK)
        assert rate is not None
        found = {}
        for layout, sent in self.sent.items():
            suffix = "" if layout == OURS else f" {layout}"
            found[f"session_prompt_tokens{suffix}"] = sent.tokens / self.requests
            for cache, hits in sent.hits.items():
                usage = Usage(hits, sent.tokens - hits, 0)
                cost = rate.cost(usage).pico * 1000 / self.requests / 1e12
                found[f"session_hit_{cache}{suffix}"] = hits / sent.tokens
                found[f"session_dollars_{cache}{suffix}"] = cost
        found["session_dollars_per_1000"] = found["session_dollars_v4ab"]
        found["session_dollars_output"] = rate.output * OUTPUT * 1000 / 1e12
        found["session_requests_per_line"] = self.requests / max(1, self.lines)
        for name, seen in self.seen.items():
            found[f"session_unseen_{name}"] = seen / max(1, self.unseen)
        return found


def _stops(target: str) -> Iterator[int]:
    """Yield the columns at which a completion is asked for while a line is typed."""
    words = [match.end() for match in _STOP.finditer(target)]
    indent = len(target) - len(target.lstrip())
    yield from sorted({indent, *words[2::3]})


def main(argv: Sequence[str]) -> int:
    """Run the replay and report."""
    parser = argparse.ArgumentParser(prog="./dev bench session")
    parser.add_argument("repositories", nargs="+", help="git directories of Python projects")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--commits", type=int, default=COMMITS)
    arguments = parser.parse_args(argv)
    csv = Path(__file__).with_suffix(".csv")
    found: defaultdict[str, list[float]] = defaultdict(list)
    for directory in arguments.repositories:
        name = Path(directory).parent.name.rpartition("+")[2] or Path(directory).name
        session = Session(World(Repository(directory)))
        session.play(arguments.commits)
        session.world.repository.close()
        metrics = session.metrics()
        if not arguments.json:
            print(f"# {name}: {session.requests} requests, {session.lines} lines typed")
            for metric, value in sorted(metrics.items()):
                print(f"{metric:<48} {value:.4g}")
        record(csv, {(name, metric): value for metric, value in metrics.items()})
        for metric, value in metrics.items():
            found[metric].append(value)
    means = {m: sum(v) / len(v) for m, v in found.items() if " " not in m}
    report("session", means, as_json=arguments.json, path=csv)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
