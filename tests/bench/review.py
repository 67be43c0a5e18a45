"""Reviews: what evidence alone finds, what of a model's inventions is shown, what it costs twice.

    ./dev bench review [--part evidence|anchors|judge|history|focus] [PATH...] [--json]

*evidence*: the planted defects and clean changes of ``fixtures/cases/review``; a defect counts if
it is found at its place (within three lines) under its own name. *anchors*: 500 random edits around
100 findings, against lines that carry their identity. *judge*: scripted reviewers that invent, and
a diff of 200 files reviewed twice (``review_judge``). With PATHs of repositories: *history*, how
many findings the evidence has on their last commits, which their authors thought right; *focus*,
how much of what a change needs is in its focus block, and which files change together
(``review_focus``).
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem.app import World
from tandem.commands.context.repository import indexed, site_for
from tandem.core.diagnostics import Severity
from tandem.core.edits import Edit
from tandem.core.errors import RefusedError
from tandem.core.text import Span, Text
from tandem.features.review.anchors import Anchors
from tandem.features.review.evidence import proven
from tandem.features.review.findings import Finding
from tandem.reviewing.look import looked
from tandem.workspace.compared import Kind, Scope
from tandem.workspace.revisions import last_commits
from tests.bench import review_focus, review_judge
from tests.bench.results import median, report
from tests.support.review_cases import NEAR, ReviewCase, cases

PARTS: Final = ("evidence", "anchors", "judge", "history", "focus")
EDITS: Final = 500
FINDINGS: Final = 100
COMMITS: Final = 60
SEED: Final = 7


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench review")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="repositories with a history")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    parts = [options.part] if options.part else PARTS
    metrics: dict[str, float] = {}
    if "evidence" in parts:
        metrics |= _evidence(list(cases()), told=not options.json)
    if "anchors" in parts:
        metrics |= _anchors(Path(__file__).with_name("review_focus_cases.py").read_text("utf-8"))
    if "judge" in parts:
        metrics |= review_judge.figures()
    if "history" in parts and options.paths:
        metrics |= asyncio.run(_histories([Path(path) for path in options.paths]))
    report("review", metrics, as_json=options.json, path=Path(__file__).with_suffix(".csv"))
    if "focus" in parts and options.paths:
        return review_focus.main([*options.paths, *(["--json"] if options.json else [])])
    return 0


# -- evidence ----------------------------------------------------------------------------------


def _evidence(found: Sequence[ReviewCase], *, told: bool) -> dict[str, float]:
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    false, times = 0, list[float]()
    for case in found:
        begin = time.process_time()
        findings = proven(case.case())
        times.append(time.process_time() - begin)
        planted = case.planted
        if planted is None:
            false += len(findings)
            continue
        if planted.static:
            asked[planted.kind] += 1
            right[planted.kind] += any(
                one.rule == planted.kind and one.path == path and abs(one.line - line) <= NEAR
                for one in findings
                for path, line in planted.at
            )
    if told:
        for kind in sorted(asked):
            print(f"  {kind:<22} {right[kind]:>3} of {asked[kind]}")
    return {
        "cases_planted": float(sum(one.planted is not None for one in found)),
        "cases_clean": float(sum(one.planted is None for one in found)),
        "evidence_recall": sum(right.values()) / sum(asked.values()),
        "evidence_false": float(false),
        "evidence_cpu_s": median(times),
    }


async def _histories(paths: Sequence[Path]) -> dict[str, float]:
    """Review the last commits of repositories by evidence alone."""
    world = World.real()
    commits = findings = 0
    times: list[float] = []
    for path in paths:
        async with indexed(world, path) as repository:
            site = site_for(world, repository)
            for commit in last_commits(path, COMMITS):
                begin = time.process_time()
                try:
                    seen = await looked(site, Scope(Kind.COMMIT, commit.name))
                except RefusedError:
                    continue
                times.append(time.process_time() - begin)
                commits += 1
                findings += len(seen.findings)
    return {
        "history_commits": float(commits),
        "history_findings_per_100": 100 * findings / max(commits, 1),
        "history_look_cpu_s": median(times) if times else 0.0,
    }


# -- anchors -----------------------------------------------------------------------------------


class _Page:
    """A text whose lines carry an identity: what anchors are held against."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.ids: list[int] = list(range(len(self.lines)))
        self._next = len(self.lines)

    def fresh(self, count: int) -> list[int]:
        self._next += count
        return list(range(self._next - count, self._next))

    def offset(self, line: int) -> int:
        return sum(len(text) + 1 for text in self.lines[:line])

    def replaced(self, first: int, last: int, new: Sequence[str], ids: Sequence[int]) -> Edit:
        """Put lines in the place of lines `first` to `last`; return the edit that does it."""
        start, end = self.offset(first), self.offset(last)
        self.lines[first:last] = new
        self.ids[first:last] = ids
        return Edit(Span(start, end), "".join(f"{line}\n" for line in new))


def _anchors(text: str) -> dict[str, float]:
    luck = random.Random(SEED)  # noqa: S311 - a draw of edits
    page = _Page(text)
    marked = luck.sample([n for n, line in enumerate(page.lines) if line.strip()], FINDINGS)
    findings = [
        Finding("correctness", "a.py", n, page.lines[n], Severity.ERROR, f"number {n}")
        for n in marked
    ]
    owners = {one.claim: page.ids[one.line] for one in findings}
    anchors = Anchors(Text.of(text), findings)
    wrong = hidden = 0
    for _ in range(EDITS):
        anchors.edit(_drawn(page, luck))
        shown = {one.claim: (one, line) for one, line in anchors.shown()}
        for claim, (one, line) in shown.items():
            same = page.lines[line].strip() == one.quote.strip()
            wrong += not same or page.ids[line] != owners[claim]
        there = {number: page.lines[n] for n, number in enumerate(page.ids)}
        hidden += sum(
            one.claim not in shown and there.get(owners[one.claim], "").strip() == one.quote.strip()
            for one in findings
        )
    return {
        "misanchored": float(wrong),
        "hidden_though_there_share": hidden / (EDITS * FINDINGS),
        "anchors_left": float(len(anchors.shown())),
    }


def _drawn(page: _Page, luck: random.Random) -> Edit:
    """Make a random edit of a page: type, split, join, cut, paste, repeat, format."""
    line = luck.randrange(len(page.lines) - 1)
    kind = luck.choice(("paste", "cut", "type", "split", "repeat", "format", "indent"))
    if kind == "paste":
        count = luck.randint(1, 4)
        new = [luck.choice(page.lines) for _ in range(count)]
        return page.replaced(line, line, new, page.fresh(count))
    if kind == "cut":
        return page.replaced(line, min(line + luck.randint(1, 3), len(page.lines) - 1), [], [])
    if kind == "repeat":  # the line below is the one that was
        return page.replaced(line, line, [page.lines[line]], page.fresh(1))
    if kind == "format":
        last = min(line + luck.randint(2, 12), len(page.lines) - 1)
        new, ids = page.lines[line:last], page.ids[line:last]
        at = luck.randrange(len(new))
        new, ids = [*new[:at], "formatted()", *new[at + 1 :]], [*ids[:at], -1, *ids[at + 1 :]]
        ids[at] = page.fresh(1)[0]
        return page.replaced(line, last, new, ids)
    return _within(page, luck, line, kind)


def _within(page: _Page, luck: random.Random, line: int, kind: str) -> Edit:
    said = page.lines[line]
    at = luck.randint(0, len(said))
    start = page.offset(line) + at
    if kind == "split":
        before, after = said[:at], said[at:]
        other = page.fresh(1)[0]
        own = page.ids[line]
        # The words stay on the side where all of them are.
        ids = [own, other] if before.strip() == said.strip() else [other, own]
        page.lines[line : line + 1] = [before, after]
        page.ids[line : line + 1] = ids
        return Edit(Span(start, start), "\n")
    typed = "    " if kind == "indent" else luck.choice(["x", "()", "# "])
    if kind == "indent":
        at, start = 0, page.offset(line)
    page.lines[line] = said[:at] + typed + said[at:]
    return Edit(Span(start, start), typed)
