"""Scenarios played from the wish to the written files, against the simulated API and its bill."""

import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from fixtures.api.server import SimulatedApi
from tandem.app import RealClock, World
from tandem.commands.context.repository import indexed, place_of, site_for
from tandem.core.errors import TandemError
from tandem.engine.asking import Asker
from tandem.features.refactor.evidence import gather, target_at
from tandem.features.refactor.report import report
from tandem.features.refactor.state import Phase, Run
from tandem.index.pack import focus
from tandem.planning.carry import carried_out
from tandem.planning.deliver import written
from tandem.planning.make import Wish, drafted, planned
from tandem.site import Site
from tandem.spending import open_gateway
from tests.support.refactor_cases import (
    Scenario,
    before,
    command,
    proof,
    run_tests,
    write_project,
)
from tests.support.refactor_models import Model


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a scenario.

    `ok`: the tests of the project and the proof pass afterwards, or the run ended with a reason and
    every file is as it was.
    """

    run: Run | None
    ok: bool
    applied: bool
    reason: str
    pico: int
    calls: int
    told: tuple[str, ...] = field(default=(), repr=False)


def _as_it_is(asker: Asker, _site: Site) -> Asker:
    return asker


Asking = Callable[[Asker, Site], Asker]
"""Puts somebody in front of the gateway."""


class FixedClock(RealClock):
    """The machine's clock, at another date: prices are those of then."""

    def __init__(self, at: datetime) -> None:
        """Take the instant."""
        self._at = at

    def now(self) -> datetime:
        """Return the instant."""
        return self._at


async def play(
    scenario: Scenario,
    model: Callable[[Scenario], Model],
    folder: Path,
    *,
    check: bool = True,
) -> Played:
    """Play a scenario in a folder of its own; with its own tests as the user's check, or none."""
    root = folder / "project"
    write_project(scenario, root)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    made = model(scenario)
    told: list[str] = []
    async with SimulatedApi(
        first_token_ms=0, tokens_per_second=0, empty_deltas=False, replies=made.reply
    ) as api:
        settings = {"TANDEM_REFACTOR__CHECK": shlex.join(command(scenario))} if check else {}
        world = world_for(folder, api.base_url, None, settings)
        run: Run | None = None
        try:
            run, reason = await from_wish(world, root, scenario, told)
        except TandemError as error:
            reason = str(error)
        calls = sum(one.path.endswith("completions") for one in api.requests)
        pico = api.bill.total_pico
    applied = run is not None and run.phase is Phase.APPLIED
    if applied:
        ok = _is_good(scenario, root)
    else:
        ok = bool(reason) and _is_untouched(before(scenario), root)
    return Played(run, ok, applied, reason, pico, calls, tuple(told))


def world_for(folder: Path, base_url: str, at: datetime | None, settings: dict[str, str]) -> World:
    """Return a world with an empty home, the simulated API and a trusted project."""
    environment = {
        "TANDEM_HOME": str(folder / "home"),
        "PATH": _path(),
        "DEEPSEEK_API_KEY": "sk-sim-test",
        "TANDEM_API__BASE_URL": base_url,
        "TANDEM_FIX__TRUSTED": str(folder),
        "TANDEM_BUDGET__DAILY_USD": "0",
        **settings,
    }
    clock = RealClock() if at is None else FixedClock(at)
    return World(environment, folder, clock)


def _path() -> str:
    import os  # noqa: PLC0415

    return os.environ.get("PATH", "")  # noqa: TID251 - the test process's own


async def from_wish(
    world: World,
    root: Path,
    scenario: Scenario,
    told: list[str],
    asking: Asking = _as_it_is,
    *,
    write: bool = True,
) -> tuple[Run, str]:
    """Have a plan made, carried out and written; return it, and why it could not be written."""
    place = place_of(str(root / scenario.at))
    async with indexed(world, root) as repository:
        site = site_for(world, repository)
        code = site.code
        text = code.text(place.name) or ""
        line = place.position.line if place.position is not None else 0
        at = len("".join(text.splitlines(keepends=True)[:line]))
        at += len(text[at:]) - len(text[at:].lstrip())
        evidence = report(gather(code, target_at(code, place.name, at), {}), scenario.instruction)
        block = focus.joined(focus.of_place(code, place.name, at))
        wish = Wish(scenario.instruction, scenario.at, evidence, block)
        async with open_gateway(world, repository.settings) as gateway:
            asker = asking(gateway, site)
            draft = await drafted(world, site, wish)
            folder, run = await planned(world, site, draft, asker, told.append)
            run = await carried_out(world, site, folder, asker, told.append)
            if run.phase is not Phase.READY:
                return run, run.reason or run.halted
            aside = [state.reason for state in run.steps.values() if state.reason]
            if aside:
                return run, f"steps were set aside: {aside[0]}"
            return await written(site, folder) if write else run, ""


def _is_good(scenario: Scenario, root: Path) -> bool:
    if run_tests(scenario, root).returncode:
        return False
    write_proof(scenario, root)
    return run_tests(scenario, root).returncode == 0


def write_proof(scenario: Scenario, root: Path) -> None:
    """Copy the proof over a project."""
    for path, text in proof(scenario).items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")


def _is_untouched(texts: Mapping[str, str], root: Path) -> bool:
    there = {
        path.relative_to(root).as_posix(): path.read_bytes().decode()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }
    return there == texts
