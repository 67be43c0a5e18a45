"""``tandem plan --apply`` killed again and again: the end is the same, and nothing half written."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.api.server import SimulatedApi
from tests.e2e.process import environment
from tests.support import refactor_models as models
from tests.support.refactor_cases import after, before, scenarios, write_project

SCENARIO = next(one for one in scenarios() if one.name == "postage-price-of-parcel")
WAIT_S = 60.0
KILLS = 4


async def started(root: Path, world: dict[str, str], *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tandem", "plan", *words, "--apply", "--yes",
        cwd=root, env=world, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def grown(journal: Path, lines: int, process: asyncio.subprocess.Process) -> bool:
    """Wait until a journal has so many lines; False if the process ended before."""
    async with asyncio.timeout(WAIT_S):
        while process.returncode is None:
            if journal.exists() and journal.read_bytes().count(b"\n") >= lines:
                return True
            await asyncio.sleep(0.005)
    return False


@pytest.mark.timeout(180)
async def test_a_plan_that_is_killed_again_and_again_ends_as_if_it_had_not_been(tmp_path):
    root = tmp_path / "project"
    write_project(SCENARIO, root)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    model = models.good(SCENARIO)
    async with SimulatedApi(first_token_ms=5, replies=model.reply) as api:
        world = environment(tmp_path / "home", api, refactor__parallel=1, budget__daily_usd=0)
        process = await started(root, world, SCENARIO.instruction, "--at", SCENARIO.at)
        journal = None
        lines = 3
        for _ in range(KILLS):
            async with asyncio.timeout(WAIT_S):
                while journal is None and process.returncode is None:
                    journal = next((tmp_path / "home").rglob("journal.jsonl"), None)
                    await asyncio.sleep(0.005)
            assert journal is not None
            if await grown(journal, lines, process):
                process.send_signal(signal.SIGKILL)
            await process.wait()
            lines = journal.read_bytes().count(b"\n") + 4
            process = await started(root, world, "resume", "1")
        assert await process.wait() == 0
    now = {**before(SCENARIO), **after(SCENARIO)}
    for path, text in now.items():
        place = root / path
        assert (place.read_text("utf-8") if place.exists() else None) == text, path
