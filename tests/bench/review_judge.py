"""Reviews by Pro: is anything shown that is not so, is anything true lost, what does another cost.

    python -m tests.bench.review_judge [--part noise|cost] [--json]

*noise*: every case of ``fixtures/cases/review`` through the whole review.
Pro says what is planted, in several manners of quoting, alone or among inventions made of the
case's own files; Flash is helpful, or refutes everything. `invented_shown` counts what is shown and
not so, `true_lost` what is planted and not shown; `clean_shown` what a model says of clean changes
and is shown. `invented_asked` counts the inventions that the gates let pass as errors to Flash.
*cost*: a repository of about 130,000 tokens, 200 files of it changed. The review, then again with
one line fixed, by the simulator's own bill: at launch prices and today's, with a cache of units and
one of blocks. `second_review_cost` is the second bill over the first, the worst of the four.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fixtures.api.cache import CacheRules
from fixtures.api.server import SimulatedApi
from tandem.app import World
from tandem.commands.context.repository import indexed, site_for
from tandem.core.money import Usd
from tandem.core.tokens import estimate
from tandem.engine.accounts import Accounts
from tandem.engine.budget import Caps
from tandem.engine.gateway import Gateway
from tandem.features.review.evidence import proven
from tandem.features.review.findings import EVIDENCE, Finding
from tandem.features.review.notes import noted
from tandem.features.review.result import Review
from tandem.ledger.ledger import Ledger
from tandem.ledger.prices import Prices
from tandem.reviewing.judge import Draft, drafted, judged
from tandem.reviewing.look import Looked, looked
from tandem.site import Site, site_of
from tandem.spending import open_gateway
from tandem.workspace.compared import Scope
from tests.bench.results import report
from tests.support import review_models as models
from tests.support.clock import LoopClock
from tests.support.refactor_runs import world_for
from tests.support.review_cases import FOLDER, NEAR, ReviewCase, base_of, cases
from tests.support.review_models import Invented, Reviewer

PARTS: Final = ("noise", "cost")
AGAIN: Final = "the same again"
CHANGED: Final = 200  # files
PRICES: Final[Mapping[str, datetime]] = {
    "launch": datetime(2026, 4, 24, 12, tzinfo=UTC),
    "today": datetime(2026, 11, 21, 12, tzinfo=UTC),
}
CACHES: Final = {"units": CacheRules(), "blocks": CacheRules(granularity=128, interval=128)}


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="review_judge")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    metrics = figures([options.part] if options.part else PARTS)
    report("review_judge", metrics, as_json=options.json, path=Path(__file__).with_suffix(".csv"))
    return 0


def figures(parts: Sequence[str] = PARTS) -> dict[str, float]:
    """Return all figures of the parts that are asked for."""
    metrics: dict[str, float] = {}
    if "noise" in parts:
        metrics |= asyncio.run(noise(list(cases())))
    if "cost" in parts:
        metrics |= asyncio.run(costs())
    return metrics


# -- noise -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tried:
    """A case, what is known of it for free, and what is made up about it."""

    case: ReviewCase
    seen: Looked
    invented: tuple[Invented, ...]


class Reviewing:
    """Reviews cases one after the other, each in a workspace of its own that is nowhere.

    Through the gateway and a ledger; behind it the reviewer answers without a connection.
    """

    def __init__(self, folder: Path) -> None:
        settings = {"TANDEM_CONTEXT__PACK": "false", "TANDEM_REVIEW__MOST_USD": "0"}
        self._folder = folder
        self._world = world_for(folder, "http://localhost:1", None, settings)
        self._number = 0
        ledger = Ledger(folder / "ledger.db", "bench")
        self._accounts = Accounts(ledger, Prices({}), Caps(Usd(), Usd()))

    async def review(self, seen: Looked, reviewer: Reviewer) -> Review:
        self._number += 1
        root = self._folder / str(self._number)
        settings = self._world.configuration(root, {}).settings
        site = site_of(self._world.paths, root, settings, seen.case.after, lambda: ())
        draft = await drafted(self._world, site, seen)
        gateway = Gateway(reviewer, self._accounts, LoopClock(), concurrency=4)
        try:
            return await judged(site, draft, gateway, lambda _: None)
        finally:
            await gateway.aclose()

    def close(self) -> None:
        self._accounts.close()


async def noise(found: Sequence[ReviewCase]) -> dict[str, float]:
    """Return what is shown and lost over cases."""
    shown: Counter[str] = Counter()
    lost = clean = passed = 0
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as name:
        folder = Path(name).resolve()
        reviewing = Reviewing(folder)
        tried = [_tried(one) for one in found]
        for one in tried:
            kinds, missed, reached = await _judge(reviewing, one)
            shown += kinds
            lost += missed
            passed += reached
            clean += sum(kinds.values()) if one.case.planted is None else 0
        reviewing.close()
    inventions = Counter(i.kind for one in tried for i in one.invented)
    metrics = {
        "planted": float(sum(one.case.planted is not None for one in tried)),
        "clean": float(sum(one.case.planted is None for one in tried)),
        "inventions": float(sum(inventions.values())),
        "invented_asked": float(passed),
        "invented_shown": float(sum(shown.values())),
        "clean_shown": float(clean),
        "true_lost": float(lost),
    }
    for kind, number in sorted(inventions.items()):
        metrics[f"invented {kind}"] = float(number)
        if shown[kind]:
            metrics[f"invented_shown {kind}"] = float(shown[kind])
    return metrics


def _tried(one: ReviewCase) -> Tried:
    case = one.case()
    return Tried(one, Looked(case, proven(case), noted(case, [])), models.inventions(one, case))


async def _judge(reviewing: Reviewing, one: Tried) -> tuple[Counter[str], int, int]:
    """Return what is shown and not so by kind, how often the truth was lost, what Flash was asked.

    Of inventions, those that Flash is asked about are what the gates let pass.
    """
    shown: Counter[str] = Counter()
    lost = passed = 0
    false = [str(i.claim["claim"]) for i in one.invented if i.kind != AGAIN]
    for manner in models.MANNERS if one.case.planted is not None else models.MANNERS[:1]:
        found = await reviewing.review(one.seen, models.honest(one.case, manner, models.hostile))
        shown += _not_so(one, found)
        lost += _is_lost(one, found)
    for flash in (models.helpful(false), models.hostile):
        reviewer = models.hallucinating(one.case, one.invented, flash)
        found = await reviewing.review(one.seen, reviewer)
        shown += _not_so(one, found)
        lost += _is_lost(one, found)
        passed += sum(claim in false for claim in reviewer.checked)
    return shown, lost, passed


def _not_so(one: Tried, found: Review) -> Counter[str]:
    """Count by kind what a model said that is shown and not so; the truth twice is one too many."""
    kinds = {str(i.claim["claim"]): i.kind for i in one.invented}
    said = [finding for finding in found.findings if finding.by != EVIDENCE]
    shown = Counter(kinds[f.claim] for f in said if kinds.get(f.claim, AGAIN) != AGAIN)
    true = [finding for finding in found.findings if _is_true(one, finding)]
    more = len([finding for finding in said if _is_true(one, finding)]) - 1
    if more > 0 and true:
        shown[AGAIN] += more
    return shown


def _is_lost(one: Tried, found: Review) -> bool:
    return one.case.planted is not None and not any(_is_true(one, f) for f in found.findings)


def _is_true(one: Tried, finding: Finding) -> bool:
    """Tell whether a finding is what is planted: by a model in its words, by evidence its place."""
    planted = one.case.planted
    if planted is None:
        return False
    if finding.by != EVIDENCE:
        again = {str(i.claim["claim"]) for i in one.invented if i.kind == AGAIN}
        return " ".join(planted.claim.split()) == finding.claim or finding.claim in again
    return any(
        finding.path == path and abs(finding.line - line) <= NEAR for path, line in planted.at
    )


# -- cost --------------------------------------------------------------------------------------


async def costs() -> dict[str, float]:
    """Review a large change, mend one line, review again; return the bills."""
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as name:
        folder = Path(name).resolve()
        root = folder / "project"
        paths, size = _written(root)
        metrics["codebase_tokens"] = float(size)
        for price, at in PRICES.items():
            for cache, rules in CACHES.items():
                shutil.rmtree(folder / "home" / "state", ignore_errors=True)
                _change(root, paths)
                label = f"{price}_{cache}"
                metrics |= await _twice(folder, root, paths, at, rules, label)
    ratios = [value for name, value in metrics.items() if name.startswith("second_over_first_")]
    metrics["second_review_cost"] = max(ratios)
    return metrics


async def _twice(  # noqa: PLR0917 - one measurement
    folder: Path, root: Path, paths: Sequence[str], at: datetime, rules: CacheRules, label: str
) -> dict[str, float]:
    reviewer = Reviewer(_claims(root, paths), by_file=True)
    async with SimulatedApi(
        first_token_ms=0,
        tokens_per_second=0,
        empty_deltas=False,
        cache=rules,
        clock=lambda: at,
        replies=reviewer.reply,
    ) as api:
        world = world_for(folder, api.base_url, at, {})
        draft, first = await _reviewed(world, root)
        bill, asked = api.bill.total_pico, list(reviewer.asked)
        reviewer.asked.clear()
        mended = root / paths[len(paths) // 2]
        mended.write_text(mended.read_text("utf-8").replace(_WRONG, _RIGHT, 1), "utf-8")
        again, second = await _reviewed(world, root)
        more = api.bill.total_pico - bill
    quoted = draft.quote.now.pico if draft.quote.now is not None else 0
    return {
        "parts": float(len(draft.parts)),
        "files_covered": float(_covered(asked, paths)),
        "files_named": float(len(first.left)),
        "files_lost": float(len(paths) - _covered(asked, paths) - len(first.left)),
        "asked_again": float(_covered(reviewer.asked, paths)),
        "parts_again": float(len(again.parts)),
        "findings": float(len(first.findings)),
        "findings_again": float(len(second.findings)),
        f"usd_first_{label}": bill / 1e12,
        f"usd_second_{label}": more / 1e12,
        f"quote_over_bill_{label}": quoted / bill,
        f"second_over_first_{label}": more / bill,
    }


async def _reviewed(world: World, root: Path) -> tuple[Draft, Review]:
    async with indexed(world, root) as repository:
        site: Site = site_for(world, repository)
        seen = await looked(site, Scope())
        draft = await drafted(world, site, seen)
        async with open_gateway(world, repository.settings) as gateway:
            return draft, await judged(site, draft, gateway, lambda _: None)


def _covered(asked: Sequence[str], paths: Sequence[str]) -> int:
    """Count the files whose whole change stands in exactly one of the prompts."""
    text = {path: f"+++ b/{path}\n" for path in paths}
    return sum(
        sum(head in prompt and _LAST.format(path) in prompt for prompt in asked) == 1
        for path, head in text.items()
    )


def _written(root: Path) -> tuple[list[str], int]:
    """Write a base project of the cases and files of Tandem's own; return those, and the tokens."""
    texts = {f"parcels/{path}": text for path, text in base_of(FOLDER / "python").items()}
    own = Path(__file__).parents[2] / "server" / "tandem"
    found = sorted((path.stat().st_size, path) for path in own.rglob("*.py"))
    for _, path in [one for one in found if one[0]][:CHANGED]:
        texts[f"platform/{path.relative_to(own).as_posix()}"] = path.read_text("utf-8")
    paths = [path for path in texts if path.startswith("platform/")]
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    git = ["git", "-C", str(root), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *words], check=True)
    return paths, sum(estimate(text) for text in texts.values())


_WRONG: Final = "if value > len(held):"
_RIGHT: Final = "if value >= len(held):"
_LAST: Final = "# the end of {}\n"
_ADDED: Final = '''

def held_back_{number}(values: list[int], most: int = {number}) -> dict[str, int]:
    """Return the values that are held back, by name, and how often each was asked for."""
    held: dict[str, int] = {{}}
    for number, value in enumerate(values):
        name = f"value-{{number}}-{number}"
        if value < 0:
            continue
        {wrong}
            held[name] = value
        elif name in held:
            held[name] += min(value, most)
        else:
            held[name] = max(value, 0)
    if len(held) > most:
        for name in sorted(held)[most:]:
            del held[name]
    total = sum(held.values())
    if total > most * {number}:
        raise ValueError(f"{{total}} is more than {{most}} times {number}")
    return held
{last}'''


def _change(root: Path, paths: Sequence[str]) -> None:
    """Put the files back and change each of them: a function more at its end."""
    subprocess.run(["git", "-C", str(root), "checkout", "-q", "."], check=True)
    for number, path in enumerate(paths, 1):
        with (root / path).open("a", encoding="utf-8") as file:
            last = _LAST.format(path)
            file.write(_ADDED.format(number=number, wrong=_WRONG, last=last))


def _claims(root: Path, paths: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return a finding in every eighth file, as Pro would hand it in."""
    del root
    return [
        models.claim_of(
            path,
            f"        {_WRONG}",
            "The comparison leaves out the last value.",
            confidence=0.9,
        )
        for path in paths[::8]
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
