"""What fixes cost when models fail two times of five, against asking Pro for everything.

Both sides solve the same cases of the corpus through the same gates over the simulated API, whose
bill is the judge. A scripted model answers well with chance 0.6, else with one of the case's own
bad answers or a spoiled good one. Thinking is 500 tokens for whoever thinks. A false accept is a
text that passed and is not what the case expects.
"""

import random
import re
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fixtures.api.replies import Reply
from fixtures.api.requests import Request
from fixtures.api.server import SimulatedApi
from tandem.core import edits
from tandem.core.money import Usd
from tandem.engine.accounts import Accounts
from tandem.engine.budget import Caps
from tandem.engine.gateway import Gateway
from tandem.engine.harness import Experience, Failed, carry_out
from tandem.engine.ladder import Limits, Rung, Step
from tandem.features.fixes.fix import FixTask, Proposed, job_of
from tandem.ledger.ledger import Ledger
from tandem.ledger.prices import Prices
from tandem.providers.openai_api import OpenAIProvider
from tests.support.clock import LoopClock
from tests.support.fix_cases import Scene, scene_of
from tests.support.literate import Case, cases

FAILS: Final = 0.4
SEEDS: Final = 4
_THOUGHT: Final = "so " * 500
_OPENINGS: Final = ("<<<<<<< SEARCH\n", "```")


async def measure() -> dict[str, float]:
    """Return the shares and the ratio of the bills."""
    tasks = [case for _name, case in cases("fix") if _good(case) is not None]
    ladder = await _arm(tasks, Rung.FLASH)
    pro = await _arm(tasks, Rung.PRO)
    return {
        "spend_tasks": float(len(tasks) * SEEDS),
        "solved_by_ladder": ladder.accepted / (len(tasks) * SEEDS),
        "solved_by_pro": pro.accepted / (len(tasks) * SEEDS),
        "answers_per_task": ladder.answers / (len(tasks) * SEEDS),
        "climbed_share": ladder.climbed / (len(tasks) * SEEDS),
        "false_accepts": (ladder.false + pro.false) / max(1, ladder.accepted + pro.accepted),
        "ladder_usd_per_1000": ladder.pico / 1e12 / (len(tasks) * SEEDS) * 1000,
        "pro_usd_per_1000": pro.pico / 1e12 / (len(tasks) * SEEDS) * 1000,
        "spend_over_all_pro": ladder.pico / pro.pico,
    }


def _good(case: Case) -> str | None:
    found = [one.text for one in case.all("model") if one.attributes.get("kind") == "good"]
    return found[-1] if found and case.one("expect") is not None else None


@dataclass(slots=True)
class _Arm:
    """What one way of asking came to."""

    accepted: int = 0
    false: int = 0
    answers: int = 0
    climbed: int = 0
    pico: int = 0
    wrong: list[str] = field(default_factory=list)


async def _arm(tasks: Sequence[Case], first: Rung) -> _Arm:
    arm = _Arm()
    model = _Model()
    async with SimulatedApi(
        first_token_ms=0, tokens_per_second=0, empty_deltas=False, replies=model.reply
    ) as api:
        with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
            accounts = Accounts(Ledger(Path(folder) / "l.db", "b"), Prices({}), Caps(Usd(), Usd()))
            provider = OpenAIProvider(api.base_url, lambda: "sk-sim-bench")
            gateway = Gateway(provider, accounts, LoopClock())
            experience = Experience()
            for seed in range(SEEDS):
                for number, case in enumerate(tasks):
                    model.begin(case, seed * 10_007 + number)
                    await _solve(case, gateway, first, experience, arm)
            await gateway.aclose()
            accounts.close()
        arm.pico = api.bill.total_pico
    return arm


async def _solve(
    case: Case, gateway: Gateway, first: Rung, experience: Experience, arm: _Arm
) -> None:
    scene = scene_of(case)
    job = job_of(scene.source, scene.ask, scene.settings)
    task = FixTask(job, scene.ask, scene.settings)
    outcome = await carry_out(
        task, gateway, Limits(Rung.PRO_MAX, Usd()), experience, _silent(), first=first
    )
    arm.answers += outcome.answers
    arm.climbed += outcome.rung is not first
    if outcome.value is not None:
        arm.accepted += 1
        arm.false += not _is_expected(case, scene, outcome.value)


def _is_expected(case: Case, scene: Scene, proposed: Proposed) -> bool:
    expected = case.one("expect")
    text = str(edits.apply(scene.source.text, proposed.get(scene.source.name, ())))
    return expected is not None and text.replace("\r\n", "\n").strip() == expected.text.strip()


def _silent() -> Callable[[Step, Sequence[Failed]], Awaitable[None]]:
    async def announce(_step: Step, _failed: Sequence[Failed]) -> None:
        return

    return announce


class _Model:
    """A scripted model of every rung: right three times of five, the same for both arms."""

    def __init__(self) -> None:
        self._chance = random.Random(0)  # noqa: S311 - a bench
        self._good = ""
        self._bad: list[tuple[str, str]] = []

    def begin(self, case: Case, seed: int) -> None:
        """Take the next task."""
        self._chance = random.Random(seed)  # noqa: S311 - a bench
        self._good = _good(case) or ""
        own = [
            (one.text, one.attributes.get("stop", "stop"))
            for one in case.all("model")
            if one.attributes.get("kind") != "good"
        ]
        self._bad = own + _spoiled(self._good)

    def reply(self, request: Request) -> Reply:
        """Answer a request, in the form it asks for."""
        text, finish = self._good, "stop"
        if self._chance.random() < FAILS:
            text, finish = self._chance.choice(self._bad)
        opening = str(request.messages[-1].get("content", "")) if request.prefix else ""
        if not opening and text and not text.lstrip().startswith(_OPENINGS):
            text = ("```\n" if "=======" not in text else "<<<<<<< SEARCH\n") + text
        return Reply(f"{text}\n" if text else "", _THOUGHT, finish_reason=finish)


def _spoiled(good: str) -> list[tuple[str, str]]:
    """Return what becomes of a good answer in the ways that models fail."""
    body, _, rest = good.partition("=======")
    lines = good.split("\n")
    return [
        (good[: len(good) * 3 // 5], "length"),
        ("I cannot fix this without seeing the rest of the project.", "stop"),
        ("", "stop"),
        (re.sub(r"[)\]}]", "", good), "stop") if re.search(r"[)\]}]", good) else ("", "stop"),
        ("\n".join([*lines[:1], "    # ... rest of the code ...", *lines[2:]]), "stop"),
        (f"no such line is there at all\n======={rest}", "stop") if rest else (body[:3], "stop"),
        (f"../../etc/passwd\n<<<<<<< SEARCH\n{good}" if rest else "sorry", "stop"),
    ]
