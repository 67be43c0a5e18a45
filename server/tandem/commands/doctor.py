"""``tandem doctor``: is everything in place, and if not, which sentence helps.

Shows versions, every setting that is not a default with its origin, whether a key is there (never
its value), whether the API answers and knows the models, how old the price table is, and where
things are kept. Spends nothing (``/models`` and ``/user/balance`` are free), except for the probe.
"""

import argparse
import asyncio
import json
import platform
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tandem import __version__
from tandem.app import World
from tandem.commands import probe
from tandem.core.errors import Failure, ModelError
from tandem.ledger.prices import ALIASES, TABLE_DATE, is_peak
from tandem.models import store
from tandem.spending import free_pages, local_model, may_ask, price_table
from tandem.workspace.configuration import Configuration
from tandem.workspace.settings import options

_PACKAGES: Final = ("pygls", "lsprotocol", "openai", "numpy")
_ASK_S: Final = 20.0


@dataclass(slots=True)
class Findings:
    """What the doctor saw, ready for JSON; `problems` are sentences that say what to do."""

    versions: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: dict[str, Any] = field(default_factory=dict)
    api: dict[str, Any] = field(default_factory=dict)
    fim: dict[str, Any] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    local_model: dict[str, Any] = field(default_factory=dict)
    prices: dict[str, Any] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    cache: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; status 1 if something needs the user's hand."""
    world = World.real()
    probed = _probe_fim(world) if arguments.probe_fim else {}
    configuration = world.configuration(Path.cwd(), {})  # a probe may have found out api.fim
    findings = _examine(world, configuration)
    findings.fim = probed
    findings.problems += probed.get("problems", ())
    if may_ask(world, configuration.settings) and not arguments.offline:
        asyncio.run(_ask(world, configuration, findings))
    if arguments.probe_cache and findings.api.get("reachable", True):
        findings.cache, problems = probe.run(
            world, configuration.settings, yes=arguments.yes, minutes=max(1, arguments.wait)
        )
        findings.problems += problems
    print(json.dumps(asdict(findings)) if arguments.json else _text(findings))
    return 1 if findings.problems else 0


def _probe_fim(world: World) -> dict[str, Any]:
    from tandem.commands import probe_fim  # noqa: PLC0415 - the doctor is fast without it

    return asdict(asyncio.run(probe_fim.probe(world, world.configuration(Path.cwd(), {}).settings)))


def _examine(world: World, configuration: Configuration) -> Findings:
    """Look at everything that needs no network."""
    settings = configuration.settings
    findings = Findings(problems=list(configuration.problems))
    findings.versions = {"tandem": __version__, "python": platform.python_version()}
    findings.versions |= {name: _version(name) for name in _PACKAGES}
    for option in options():
        part = getattr(settings, option.section) if option.section else settings
        value = getattr(part, option.name)
        origin = configuration.origins[option.key]
        findings.configuration[option.key] = {"value": value, "origin": origin}
    findings.key = {"variable": settings.api.key_env, "present": bool(world.key(settings))}
    if not findings.key["present"] and may_ask(world, settings):
        findings.key["needed"] = False
    findings.models = {"flash": settings.models.flash, "pro": settings.models.pro}
    _look_up_prices(world, configuration, findings)
    _look_for_local_model(world, configuration, findings)
    paths = world.paths
    findings.locations = {
        "configuration": str(paths.config / "config.toml"),
        "ledger": str(paths.ledger),
        "log": settings.log.file or str(paths.log),
        "repository models": str(paths.repository_models(Path.cwd())),
    }
    return findings


def _look_up_prices(world: World, configuration: Configuration, findings: Findings) -> None:
    now = world.clock.now()
    prices = price_table(configuration.settings)
    findings.prices = {"table": TABLE_DATE.isoformat(), "peak_now": is_peak(now)}
    for role, model in findings.models.items():
        rate = prices.rate(model, now)
        if rate is None:
            findings.problems.append(
                f"models.{role}: no price is known for {model!r}; calls will be counted in tokens "
                f"only. Set prices.{model} to have them counted in money"
            )
        else:
            findings.prices[model] = {
                kind: f"{pico / 10**6:g} USD per million tokens"
                for kind, pico in asdict(rate).items()
            }


def _look_for_local_model(world: World, configuration: Configuration, findings: Findings) -> None:
    wanted = configuration.settings.local.model
    model = store.chosen(world.paths.state, wanted)
    if model is None:
        if wanted not in {"", store.NONE}:
            findings.problems.append(
                f"local.model: {wanted!r} is not installed; `tandem model list` shows what is"
            )
        return
    asked = local_model(world, configuration.settings) is not None
    findings.local_model = {"name": model.name, "path": str(model.path), "asked": asked}
    if asked and not model.path.is_file():
        findings.problems.append(f"{model.path}: the model is gone; install it again")
    if asked and find_spec("xllamacpp") is None:
        findings.problems.append(Failure.LOCAL_ENGINE.value)


async def _ask(world: World, configuration: Configuration, findings: Findings) -> None:
    """Ask the API what it serves and whether the account can pay. Free."""
    settings = configuration.settings
    try:
        async with (
            asyncio.timeout(_ASK_S),
            free_pages(
                settings.api.base_url, lambda: world.key(settings), settings.api.dialect
            ) as page,
        ):
            served = sorted(str(model["id"]) for model in (await page("/models"))["data"])
            findings.api = {"reachable": True, "models": served}
            balance = await _balance(page)
            if balance is not None:
                findings.api["balance"] = balance
    except (ModelError, TimeoutError, KeyError, TypeError) as error:
        sentence = str(error) if isinstance(error, ModelError) else "the API does not answer well"
        findings.api = {"reachable": False}
        findings.problems.append(f"{settings.api.base_url}: {sentence}")
        return
    for role, model in findings.models.items():
        if not {model, ALIASES.get(model, model)} & set(served):
            findings.problems.append(
                f"models.{role}: the API does not list {model!r}; it serves {', '.join(served)}"
            )


async def _balance(page: Callable[[str], Awaitable[Any]]) -> dict[str, Any] | None:
    """Return the account's balance, or None where the endpoint does not exist (self-hosted)."""
    try:
        answer = await page("/user/balance")
    except ModelError as error:
        if error.status == 404:  # noqa: PLR2004 - HTTP
            return None
        raise
    infos = answer["balance_infos"]
    return {info["currency"]: info["total_balance"] for info in infos}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _text(findings: Findings) -> str:
    """Return the findings for people: problems last, where the eye ends up."""
    key = "present" if findings.key["present"] else "not set: completions come from the repository"
    if findings.key.get("needed") is False:
        key = "not set, and not needed by this server"
    lines = ["  ".join(f"{name} {found}" for name, found in findings.versions.items())]
    lines.append(f"key        {findings.key['variable']}: {key}")
    if findings.fim:
        from tandem.commands import probe_fim  # noqa: PLC0415

        lines += probe_fim.text(findings.fim, findings.locations["configuration"])
    if findings.api:
        state = "answers" if findings.api["reachable"] else "does not answer"
        served = ", ".join(findings.api.get("models", []))
        balance = findings.api.get("balance")
        lines.append(f"api        {state}{': ' + served if served else ''}")
        lines += [f"balance    {amount} {unit}" for unit, amount in (balance or {}).items()]
    lines += [f"{role:<10} {model}" for role, model in findings.models.items()]
    if findings.local_model:
        asked = "completes" if findings.local_model["asked"] else "is not asked: an API can be"
        lines.append(f"local      {findings.local_model['name']} {asked}")
    peak = "peak" if findings.prices["peak_now"] else "off-peak"
    lines.append(f"prices     table of {findings.prices['table']}, {peak} now")
    lines += [f"{name:<18}{place}" for name, place in findings.locations.items()]
    changed = {k: v for k, v in findings.configuration.items() if v["origin"] != "default"}
    lines += [f"{key} = {item['value']!r}   ({item['origin']})" for key, item in changed.items()]
    lines += [f"cache      {sentence}" for sentence in findings.cache.get("sentences", [])]
    lines += [f"! {problem}" for problem in findings.problems] or ["all is well"]
    return "\n".join(lines)
