"""Plans carried out: do they end well, is anything paid twice, what do they cost beside Pro alone.

    ./dev bench refactor [--part ends|kills|cancel|cost] [--json]

*ends*: every scenario of ``fixtures/cases/refactor`` from the wish to the written files, against
the simulated API with good, partly wrong and hostile models; ok is a project whose own tests and
proof pass, or a reason and a tree as it was. *kills*: runs killed after each write of the journal
and gone on with. *cancel*: from the user's stop to the last closed connection. *cost*: the
simulator's bills of all scenarios one after the other in one codebase of 150,000 tokens, at launch
prices and at today's: Tandem's runs against one strong model for everything, with naive packing
(all files sorted, in each prompt) and with our own. Both sides have the same plans, gates, answers
and mistakes; thinking is 500 tokens for whoever thinks.
"""

import argparse
import asyncio
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from fixtures.api.replies import Reply
from fixtures.api.requests import Request
from fixtures.api.server import SimulatedApi
from tandem.core.tokens import estimate
from tandem.engine.asking import Asker
from tandem.site import Site
from tests.bench.refactor_pro import ProAlone
from tests.bench.results import median, percentile, report
from tests.support import refactor_models as models
from tests.support.refactor_cases import (
    Scenario,
    before,
    has_tools,
    scenarios,
    unproved,
    within,
    write_project,
)
from tests.support.refactor_place import Place, killed_at_writes
from tests.support.refactor_runs import from_wish, play, world_for

PARTS: Final = ("ends", "kills", "cancel", "cost")
KINDS: Final = (models.good, models.partly_wrong, models.hostile)
PRICES: Final[Mapping[str, datetime]] = {
    "launch": datetime(2026, 4, 24, 12, tzinfo=UTC),
    "today": datetime(2026, 11, 21, 12, tzinfo=UTC),
}
_WAIT_S: Final = 60.0
KILLED: Final = ("postage-price-of-parcel", "c-trim-to-text")
AROUND: Final = 80_000  # tokens
ARMS: Final = ("tandem", "packed", "naive")


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench refactor")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    found = [one for one in scenarios() if has_tools(one)]
    parts = [options.part] if options.part else PARTS
    metrics: dict[str, float] = {"scenarios": float(len(found))}
    if "ends" in parts:
        metrics |= asyncio.run(_ends(found))
    if "kills" in parts:
        metrics |= asyncio.run(_kills([one for one in found if one.name in KILLED]))
    if "cancel" in parts:
        metrics |= asyncio.run(_cancels(found[0]))
    if "cost" in parts:
        metrics |= asyncio.run(_costs(found))
    report("refactor", metrics, as_json=options.json, path=Path(__file__).with_suffix(".csv"))
    return 0


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as name:
        yield Path(name).resolve()


# -- ends --------------------------------------------------------------------------------------


async def _ends(found: Sequence[Scenario]) -> dict[str, float]:
    ok: list[bool] = []
    metrics: dict[str, float] = {"languages": float(len({one.language for one in found}))}
    for kind in KINDS:
        applied: list[bool] = []
        for scenario in found:
            with _folder() as folder:
                played = await play(scenario, kind, folder)
            ok.append(played.ok)
            applied.append(played.applied)
            if not played.ok or played.applied == (kind is models.hostile):
                print(f"{scenario.name}, {kind.__name__}: {played.reason}")
        metrics[f"applied_{kind.__name__}"] = sum(applied) / len(applied)
    unsound = 0
    for scenario in found:
        with _folder() as folder:
            unsound += unproved(scenario, folder) != ""
    metrics["scenarios_ok_share"] = sum(ok) / len(ok)
    metrics["scenarios_unsound"] = float(unsound)
    return metrics


# -- kills and cancels -------------------------------------------------------------------------


async def _kills(found: Sequence[Scenario]) -> dict[str, float]:
    writes = twice = trees = bills = 0
    for scenario in found:
        with _folder() as folder:
            killed = await killed_at_writes(scenario, folder)
        writes += killed.writes
        twice += killed.paid_twice
        trees += len(killed.trees) - 1
        bills += len(killed.bills) - 1
    return {
        "kills": float(writes),
        "double_spend": float(twice),
        "other_trees": float(trees),
        "other_bills": float(bills),
    }


async def _cancels(scenario: Scenario) -> dict[str, float]:
    """Cancel runs at growing numbers of requests; all connections have to close."""
    times: list[float] = []
    for number in range(5, 9):
        with _folder() as folder:
            write_project(scenario, folder / "project")
            model = models.good(scenario)
            async with SimulatedApi(first_token_ms=20, replies=model.reply) as api:
                place = Place(folder, scenario, model, api)
                plan = await place.plan()
                model.pace = 1_000
                times.append(await _cancelled(place, plan, number))
    return {"cancel_p50_ms": median(times) * 1000, "cancel_max_ms": percentile(times, 1.0) * 1000}


async def _cancelled(place: Place, plan: object, number: int) -> float:
    loop = asyncio.get_running_loop()
    api = place.api
    task = asyncio.ensure_future(place.carry(plan))  # type: ignore[arg-type]

    def is_under_way() -> bool:
        return len(api.requests) >= number and api.requests[-1].outcome == "pending"

    await api.wait_for(is_under_way, _WAIT_S)
    begin = loop.time()
    task.cancel()
    await api.wait_for(lambda: all(one.outcome != "pending" for one in api.requests))
    spent = loop.time() - begin
    await asyncio.gather(task, return_exceptions=True)
    return spent


# -- cost --------------------------------------------------------------------------------------


async def _costs(found: Sequence[Scenario]) -> dict[str, float]:
    """Have all plans made and carried out one after the other, in one codebase.

    It has all their projects, and as much again of Tandem's own source. From a cold cache; what
    comes of a plan is not written, so that each meets the same codebase.
    """
    own = [before(one) for one in found]
    size = sum(estimate(text) for texts in (*own, _around()) for text in texts.values())
    metrics = {"codebase_tokens": float(size)}
    for name, at in PRICES.items():
        bills: Counter[str] = Counter()
        for kind in (models.good, models.partly_wrong):
            for arm in ARMS:
                pico, failed = await _session(found, kind, arm, at)
                bills[arm] += pico
                metrics[f"failed_{arm}_{kind.__name__}"] = float(failed)
        metrics[f"usd_per_plan_{name}"] = bills["tandem"] / 1e12 / (2 * len(found))
        for arm in ("naive", "packed"):
            metrics[f"cost_over_{arm}_pro_{name}"] = bills["tandem"] / bills[arm]
    for arm in ("naive", "packed"):
        metrics[f"cost_over_{arm}_pro"] = max(
            metrics[f"cost_over_{arm}_pro_{name}"] for name in PRICES
        )
    return metrics


@cache
def _around() -> dict[str, str]:
    """Return source files of Tandem's own, as the rest of a codebase."""
    root = Path(__file__).parents[2] / "server" / "tandem"
    texts: dict[str, str] = {}
    size = 0
    for path in sorted(root.rglob("*.py")):
        text = path.read_text("utf-8")
        if size < AROUND:
            texts[f"platform/{path.relative_to(root).as_posix()}"] = text
            size += estimate(text)
    return texts


async def _session(
    found: Sequence[Scenario], kind: models.Kind, arm: str, at: datetime
) -> tuple[int, int]:
    """Return what the plans cost in pico-dollars by the simulator's bill, and how many failed."""
    settings = {"TANDEM_REFACTOR__MOST_USD": "0"}
    if arm == "naive":
        settings["TANDEM_CONTEXT__PACK"] = "false"

    def asking(asker: Asker, site: Site) -> Asker:
        return asker if arm == "tandem" else ProAlone(asker, site, packed=arm == "packed")

    talking: list[models.Model] = []

    def answer(request: Request) -> Reply:
        return talking[-1].reply(request)

    failed = 0
    with _folder() as folder:
        root = folder / "project"
        own = [within(one, f"{one.name}/") for one in found]
        for scenario in own:
            write_project(scenario, root)
        for path, text in _around().items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        async with SimulatedApi(
            first_token_ms=0,
            tokens_per_second=0,
            empty_deltas=False,
            replies=answer,
            clock=lambda: at,
        ) as api:
            world = world_for(folder, api.base_url, at, settings)
            for scenario in own:
                talking.append(kind(scenario))
                _run, reason = await from_wish(world, root, scenario, [], asking, write=False)
                if reason:
                    failed += 1
                    print(f"{scenario.name}, {arm}, {kind.__name__}: {reason}")
            return api.bill.total_pico, failed
