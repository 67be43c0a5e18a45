"""One project with a plan for it, step by step, and runs of it that die at any write."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fixtures.api.server import SimulatedApi
from tandem.commands.context.repository import indexed, site_for
from tandem.features.refactor.state import Phase, Run
from tandem.planning.book import read_run
from tandem.planning.carry import carried_out
from tandem.planning.deliver import written
from tandem.planning.make import Wish, drafted, planned
from tandem.spending import open_gateway
from tandem.workspace.plans import PlanFolder
from tests.support import refactor_models as models
from tests.support.refactor_cases import Scenario, write_project
from tests.support.refactor_models import Model
from tests.support.refactor_runs import world_for


class Place:
    """A project with a plan for it, and the simulated models that carry it out."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        model: Model,
        api: SimulatedApi,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.root = folder / "project"
        self.scenario = scenario
        self.model = model
        self.api = api
        self.world = world_for(folder, api.base_url, None, settings or {})
        self.told: list[str] = []

    async def plan(self) -> PlanFolder:
        async with indexed(self.world, self.root) as repository:
            site = site_for(self.world, repository)
            wish = Wish(self.scenario.instruction, self.scenario.at, "- nothing", "")
            async with open_gateway(self.world, repository.settings) as gateway:
                draft = await drafted(self.world, site, wish)
                return (await planned(self.world, site, draft, gateway, self.told.append))[0]

    async def carry(self, folder: PlanFolder) -> Run:
        async with indexed(self.world, self.root) as repository:
            site = site_for(self.world, repository)
            async with open_gateway(self.world, repository.settings) as gateway:
                return await carried_out(self.world, site, folder, gateway, self.told.append)

    async def write(self, folder: PlanFolder) -> Run:
        async with indexed(self.world, self.root) as repository:
            return await written(site_for(self.world, repository), folder)

    def tree(self) -> dict[str, str]:
        return {
            path.relative_to(self.root).as_posix(): path.read_text("utf-8")
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".git" not in path.parts
        }

    def paid_twice(self) -> int:
        """Count the answers that were bought whole more than once."""
        whole = Counter(
            json.dumps(one.body, sort_keys=True)
            for one in self.api.requests
            if one.outcome == "done" and one.path.endswith("completions")
        )
        return sum(count - 1 for count in whole.values())


@dataclass(frozen=True, slots=True)
class Killed:
    """What runs came to that were killed after a write and went on: all should end alike."""

    writes: int
    trees: frozenset[str]
    bills: frozenset[int]
    paid_twice: int
    own_bill: bool


class KilledError(BaseException):
    """The process dies here."""


class _Mortal:
    """A journal that dies after so many writes, for good."""

    def __init__(self, writes: int) -> None:
        self.left = writes
        self.whole = PlanFolder.append

    def append(self, folder: PlanFolder, line: str) -> None:
        if self.left <= 0:
            raise KilledError
        self.whole(folder, line)
        self.left -= 1
        if self.left == 0:
            raise KilledError


async def killed_at_writes(scenario: Scenario, folder: Path, *, every: int = 1) -> Killed:
    """Play a scenario whole, then again and again, killed after a write and taken up."""
    trees: set[str] = set()
    bills: set[int] = set()
    twice, writes, number = 0, 1, 0
    own = True
    while number <= writes:
        root = folder / str(number)
        write_project(scenario, root / "project")
        model = models.partly_wrong(scenario)
        async with SimulatedApi(
            first_token_ms=0, tokens_per_second=0, empty_deltas=False, replies=model.reply
        ) as api:
            # What is under way side by side when it dies, nobody has.
            place = Place(root, scenario, model, api, {"TANDEM_REFACTOR__PARALLEL": "1"})
            plan = await place.plan()
            begun = len(plan.lines())
            if number:
                await _dying(place, plan, number)
            run = await to_the_end(place, plan)
            writes = len(plan.lines()) - begun if not number else writes
            trees.add(json.dumps(place.tree(), sort_keys=True))
            bills.add(api.bill.total_pico)
            twice += place.paid_twice()
            own = own and run.cost.pico == api.bill.total_pico
        number += every if number else 1
    return Killed(writes, frozenset(trees), frozenset(bills), twice, own)


async def _dying(place: Place, plan: PlanFolder, number: int) -> None:
    mortal = _Mortal(number)

    def append(folder: PlanFolder, line: str) -> None:
        mortal.append(folder, line)

    PlanFolder.append = append  # type: ignore[method-assign, assignment]
    try:
        await to_the_end(place, plan)
    except KilledError:
        return
    finally:
        PlanFolder.append = mortal.whole  # type: ignore[method-assign]
    raise AssertionError(number)


async def to_the_end(place: Place, plan: PlanFolder) -> Run:
    """Carry a plan on from wherever it is until its result is written."""
    run = await asyncio.to_thread(read_run, plan)
    if run.phase not in {Phase.READY, Phase.APPLYING, Phase.APPLIED}:
        run = await place.carry(plan)
    return await place.write(plan) if run.phase is not Phase.APPLIED else run
