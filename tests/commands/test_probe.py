"""The probe of the cache as it is run: over a gateway, on a ledger, within its cap."""

import io
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.api.cache import CacheRules
from fixtures.api.server import SimulatedApi
from tandem import cli
from tandem.app import World
from tandem.commands import doctor, probe
from tandem.core.errors import Failure, ModelError
from tandem.core.model import FimRequest, Request, Usage
from tandem.core.money import Usd
from tandem.engine.accounts import Accounts
from tandem.engine.budget import Caps, day_start
from tandem.engine.gateway import Gateway
from tandem.engine.probe.machine import Setup
from tandem.ledger.ledger import Ledger, Totals
from tandem.ledger.prices import Prices, Rate
from tandem.providers.codec import usage_of
from tests.engine.probe.simulated import (
    MODEL,
    JumpingClock,
    Socketless,
    SocketlessProvider,
    counts,
    drive,
)
from tests.support.clock import NOON

PEAK = datetime(2026, 11, 23, 2, tzinfo=UTC)
SETUP = Setup(MODEL, "seed", wait_s=600)
BLOCKS = CacheRules(granularity=128)
LARGE = CacheRules(granularity=4096)
Spoil = Callable[[Request, Usage], Usage]


@dataclass
class Done:
    """A probe that is over, and what it cost by the ledger and by the API's bill."""

    probe: probe.Probe
    report: dict[str, Any]
    totals: Totals
    bill: int
    told: list[str]


async def measured(
    folder: Path,
    rules: CacheRules = BLOCKS,
    *,
    spoil: Spoil = lambda _, usage: usage,
    at: datetime = NOON,
    own: Rate | None = None,
    daily: str = "0",
    wait_s: float = 600,
) -> Done:
    clock = JumpingClock(at)
    options = {"cache": rules, "replies": counts, "monotonic": clock.monotonic, "clock": clock.now}
    api = SimulatedApi(**options)  # type: ignore[arg-type]
    prices = Prices({MODEL: own} if own else {})
    caps = Caps(Usd.of(daily), Usd())
    accounts = Accounts(Ledger(folder / "ledger.db", "test"), prices, caps)
    gateway = Gateway(SocketlessProvider(api, spoil), accounts, clock)
    run = probe.Probe(replace(SETUP, wait_s=wait_s), prices, clock)
    told: list[str] = []
    try:
        await run.run(gateway, told.append)
        totals = await accounts.totals(day_start(at))
    finally:
        await gateway.aclose()
        accounts.close()
    return Done(run, run.report(), totals, api.bill.total_pico, told)


async def test_what_was_found_is_said_and_the_ledger_is_the_bill(tmp_path):
    done = await measured(tmp_path, replace(BLOCKS, fim=False, delay_s=3))
    report = done.report

    assert done.totals.spent.pico == done.probe.spent.pico == done.bill
    assert (done.totals.calls, done.totals.reserved) == (done.probe.requests, Usd())
    assert report["ended_early"] == ""
    assert report["chat"]["unit"] == 128
    assert report["chat"]["beginning"]["from_request"] == 3
    assert report["chat"]["delay"]["missed"] < 3 <= report["chat"]["delay"]["hit"]
    assert report["fim"]["from_request"] is None
    assert "chat: hits come in steps of 128 tokens" in report["sentences"]
    assert "FIM: a repeated prompt never hits" in report["sentences"]
    assert f"requests to {MODEL}, $0.0" in report["sentences"][-1]
    assert done.told[0] == "how many tokens a word is (0 requests, $0 so far)"
    assert len(done.told) == len(set(done.told)) > 8


def test_what_is_announced_as_usual_is_usual():
    clock = JumpingClock()
    api = SimulatedApi(cache=BLOCKS, replies=counts, monotonic=clock.monotonic)
    drive(Socketless(api).ask, clock, SETUP)
    usual = Prices({}).cost(MODEL, probe.USUAL, NOON)

    assert usual is not None
    assert 0.9 < api.bill.total_pico / usual.pico < 1.1


@pytest.mark.parametrize(
    ("at", "own"),
    [(PEAK, None), (NOON, Rate(100_000, 5_000_000, 9_000_000)), (NOON, Rate(10**8, 10**8, 10**9))],
    ids=["peak", "dear", "absurd"],
)
async def test_the_cap_holds_whatever_it_costs(tmp_path, at, own):
    done = await measured(tmp_path, LARGE, at=at, own=own)

    assert done.probe.spent == done.totals.spent
    assert done.probe.spent.pico <= probe.CAP.pico
    assert done.report["ended_early"] == "another request might cost more than is left of $0.05"
    assert not done.probe.failed
    assert own is not None or done.probe.spent.pico == done.bill > 0.5 * probe.CAP.pico


async def test_the_users_own_budget_holds_too(tmp_path):
    done = await measured(tmp_path, daily="0.002")

    assert done.totals.spent.pico < Usd.of("0.002").pico
    assert "daily_usd" in done.report["ended_early"]
    assert done.probe.failed
    assert done.report["chat"]["from_request"] == 2


async def test_an_api_that_reports_no_cache_is_said_to(tmp_path):
    def silent(_: Request, usage: Usage) -> Usage:
        return usage_of({"prompt_tokens": usage.prompt, "completion_tokens": usage.output})

    report = (await measured(tmp_path, spoil=silent)).report

    assert report["any_hit"] is False
    assert "no request hit: either this API keeps no prefix cache" in report["sentences"][0]
    assert len(report["sentences"]) == 2


class Failing:
    """Fails from a request on, for a number of requests."""

    def __init__(self, error: ModelError, first: int, times: int = 10**9) -> None:
        self.error, self.first, self.last, self.count = error, first, first + times, 0

    def __call__(self, _: Request, usage: Usage) -> Usage:
        if not usage.prompt:
            self.count += 1
            if self.first <= self.count < self.last:
                raise self.error
        return usage


async def test_a_network_that_fails_ends_it_with_a_sentence_and_what_was_learned(tmp_path):
    done = await measured(tmp_path, spoil=Failing(ModelError(Failure.NETWORK), 60))

    assert done.report["ended_early"] == Failure.NETWORK.value
    assert f"ended early: {Failure.NETWORK.value}" in done.report["sentences"]
    assert done.probe.failed
    assert done.report["chat"]["from_request"] == 2
    assert done.totals.spent.pico == done.bill


async def test_what_was_refused_is_sent_again_but_not_what_may_have_been_read(tmp_path):
    refused = Failing(ModelError(Failure.RATE, status=429), 20, times=3)
    broken = Failing(ModelError(Failure.BROKEN), 40, times=1)
    done = await measured(tmp_path, spoil=lambda _, usage: broken(_, refused(_, usage)))

    assert done.report["ended_early"] == Failure.BROKEN.value
    assert done.totals.calls == done.probe.requests == 40 + 3
    assert done.totals.estimated == 1
    assert done.totals.spent == done.probe.spent


async def test_an_api_without_fim_is_measured_by_its_chats(tmp_path):
    def no_fim(request: Request, usage: Usage) -> Usage:
        if isinstance(request, FimRequest):
            raise ModelError(Failure.MODEL, status=404)
        return usage

    report = (await measured(tmp_path, spoil=no_fim, wait_s=100)).report

    assert report["chat"]["unit"] == 128
    assert report["fim_refused"] == Failure.MODEL.value
    assert f"FIM: refused ({Failure.MODEL.value})" in report["sentences"]


def world(folder: Path, base_url: str, clock: JumpingClock | None = None) -> World:
    environment = {
        "DEEPSEEK_API_KEY": "sk-sim-probe",
        "TANDEM_API__BASE_URL": base_url,
        "TANDEM_HOME": str(folder / "home"),
    }
    return World(environment, folder, clock or JumpingClock())


@asynccontextmanager
async def listening(clock: JumpingClock) -> AsyncIterator[SimulatedApi]:
    api = SimulatedApi(
        cache=replace(BLOCKS, delay_s=2),
        replies=counts,
        monotonic=clock.monotonic,
        clock=clock.now,
    )
    async with api:
        yield api


async def test_over_http_it_is_the_same(tmp_path):
    clock = JumpingClock()
    async with listening(clock) as api:
        here = world(tmp_path, api.base_url, clock)
        settings = here.configuration(None, {}).settings
        run = probe.Probe(replace(SETUP, wait_s=60), Prices({}), clock)
        await probe._measure(here, settings, run)
        ledger = Ledger(here.paths.ledger, "test")
        ((purpose, model, calls, usage, cost),) = ledger.by_purpose(day_start(NOON))
        ledger.close()

        assert (purpose, model, calls) == ("probe", MODEL, run.requests)
        assert cost.pico == run.spent.pico == api.bill.total_pico
        assert usage.hit > 0
    assert run.report()["chat"]["unit"] == run.report()["fim"]["unit"] == 128


class Answers(io.StringIO):
    """A terminal where somebody answers."""

    def isatty(self) -> bool:
        return True


def asked(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    stdin: io.StringIO,
    clock: JumpingClock | None = None,
    **keys: str,
) -> Any:
    here = world(folder, "http://127.0.0.1:9", clock)
    here = replace(here, environment={**here.environment, **keys})
    monkeypatch.setattr(sys, "stdin", stdin)
    return probe.run(here, here.configuration(None, {}).settings, yes=False, minutes=10)


def test_nothing_is_sent_before_somebody_agreed(tmp_path, monkeypatch, capsys):
    assert asked(tmp_path, monkeypatch, Answers("n\n")) == ({}, [])
    said = capsys.readouterr()
    assert said.out == ""
    assert "at most $0.05, usually about $0.0" in said.err

    report, problems = asked(tmp_path, monkeypatch, io.StringIO())
    assert (report, len(problems)) == ({}, 1)
    assert "--yes" in problems[0]
    assert not (tmp_path / "home" / "state").exists()


def test_who_agreed_to_an_api_that_is_not_there_gets_a_sentence(tmp_path, monkeypatch):
    report, problems = asked(tmp_path, monkeypatch, Answers("y\n"))

    assert problems == [f"--probe-cache: {Failure.NETWORK.value}"]
    assert report["spent_usd"] == "0"


def test_without_a_key_or_a_price_it_is_not_even_asked(tmp_path, monkeypatch):
    _, problems = asked(tmp_path, monkeypatch, Answers("y\n"), DEEPSEEK_API_KEY="")
    assert "DEEPSEEK_API_KEY" in problems[0]

    _, problems = asked(tmp_path, monkeypatch, Answers("y\n"), TANDEM_MODELS__FLASH="other")
    assert "a price for 'other'" in problems[0]


class Interrupted(JumpingClock):
    """Somebody presses Ctrl-C as soon as there is something to wait for."""

    async def sleep(self, seconds: float) -> None:
        del seconds
        raise KeyboardInterrupt


def test_who_stops_it_is_told_what_was_learned_by_then(tmp_path, monkeypatch):
    report, problems = asked(tmp_path, monkeypatch, Answers("y\n"), Interrupted())

    assert problems == []
    assert "ended early: you stopped it" in report["sentences"]


def test_the_doctor_hands_on_what_the_probe_says(tmp_path, monkeypatch, capsys):
    for name, value in {"DEEPSEEK_API_KEY": "", "TANDEM_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    assert cli.main(["doctor", "--probe-cache", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["cache"] == {}
    assert "--probe-cache needs your API key" in found["problems"][0]
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--probe-cache", "--offline"])


def test_the_doctor_prints_the_sentences(tmp_path):
    here = world(tmp_path, "http://127.0.0.1:9")
    findings = doctor._examine(here, here.configuration(None, {}))
    findings.cache = {"sentences": ["chat: hits come in steps of 128 tokens"]}

    assert "cache      chat: hits come in steps of 128 tokens\n" in doctor._text(findings)
