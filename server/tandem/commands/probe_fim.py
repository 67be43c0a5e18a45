"""``tandem doctor --probe-fim``: in which dialect a server fills in the middle.

One tiny request in each dialect until one is answered from the suffix. A server may take a suffix
and not read it (llama.cpp's ``/v1/completions`` does), so the name that is asked for stands in the
suffix only. Costs a few tokens, which go through the gateway like all others; what is found is
remembered for ``api.fim = "auto"``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tandem.app import World
from tandem.core.errors import Failure, ModelError, TandemError
from tandem.core.model import Dialect, FimRequest, TextDelta
from tandem.core.money import Usd
from tandem.engine.gateway import Receipt, Terms
from tandem.spending import free_pages, may_ask, open_gateway, remember
from tandem.workspace.settings import Settings

_NAME: Final = "quokka_total"
_PREFIX: Final = "def area(width, height):\n    "
_SUFFIX: Final = f" = width * height\n    return {_NAME}\n"
_TOKENS: Final = 16
_DEADLINE_S: Final = 60.0  # a server may load its model first
_NOT_THERE: Final = frozenset([404, 405])
_RIGHT, _IGNORED = "answers from the suffix", "answers, but not from the suffix"

# Paths that only one kind of server has come first: elsewhere they are refused, for free.
_OWN_PATHS: Final = (Dialect.DEEPSEEK, Dialect.MISTRAL, Dialect.LLAMA_CPP, Dialect.OLLAMA)
_FAMILIES: Final = (
    ("deepseek", Dialect.TEMPLATE_DEEPSEEK),
    ("qwen", Dialect.TEMPLATE_QWEN),
    ("starcoder", Dialect.TEMPLATE_STARCODER2),
    ("codellama", Dialect.TEMPLATE_CODELLAMA),
    ("codestral", Dialect.TEMPLATE_CODESTRAL),
    ("granite", Dialect.TEMPLATE_GRANITE),
)


@dataclass(slots=True)
class Probe:
    """What came of it, ready for JSON: `tried` says in words what each dialect led to."""

    model: str
    tried: dict[str, str] = field(default_factory=dict)
    fim: str = ""
    configuration: str = ""
    calls: int = 0
    tokens: int = 0
    cost: str = "0"
    problems: list[str] = field(default_factory=list)


def order(model: str) -> Iterator[Dialect]:
    """Yield the dialects in the order in which they are tried.

    Of the templates only that of the model's family, if its name tells it: to a large model the
    tokens of another family are text, from which it may answer all the same.
    """
    yield from _OWN_PATHS
    yield Dialect.OPENAI
    plain = model.lower().replace("-", "").replace("_", "")
    family = [dialect for name, dialect in _FAMILIES if name in plain]
    yield from family[:1] or (dialect for _, dialect in _FAMILIES)


async def probe(world: World, settings: Settings) -> Probe:
    """Try the dialects, and remember the first that works."""
    model = settings.models.flash
    try:
        served = await _served(world, settings)
    except ModelError as error:
        return Probe(model, problems=[f"{settings.api.base_url}: {error}"])
    if model not in served and len(served) == 1:
        model = served[0]
    found = Probe(model)
    settled: list[Receipt] = []
    for dialect in order(model):
        try:
            answer = await _ask(world, _as(settings, dialect, model), settled)
        except TandemError as error:
            found.tried[dialect.value] = _in_words(error)
            if not isinstance(error, ModelError):  # the budget's; the next one meets it too
                break
        else:
            right = _NAME in answer
            found.tried[dialect.value] = _RIGHT if right else _IGNORED
            if right:
                _conclude(world, settings, found, dialect)
                break
    _count(found, settled)
    if not found.fim:
        found.problems.append(
            f"api.fim: {settings.api.base_url} was not seen to fill in the middle in any dialect"
        )
    return found


async def _served(world: World, settings: Settings) -> Sequence[str]:
    """Return the models that a server lists; none where it has no such page."""
    api = settings.api
    for dialect in (api.dialect, Dialect.OPENAI):
        try:
            async with free_pages(api.base_url, lambda: world.key(settings), dialect) as page:
                return [str(model["id"]) for model in (await page("/models"))["data"]]
        except ModelError as error:
            if error.failure in {Failure.NETWORK, Failure.AUTHENTICATION}:
                raise
        except (KeyError, TypeError):
            continue
    return ()


def _as(settings: Settings, dialect: Dialect, model: str) -> Settings:
    return replace(
        settings,
        api=replace(settings.api, fim=dialect.value),
        models=replace(settings.models, flash=model),
    )


async def _ask(world: World, settings: Settings, settled: list[Receipt]) -> str:
    request = FimRequest(settings.models.flash, _PREFIX, _SUFFIX, _TOKENS, language="python")
    terms = Terms("probe", _DEADLINE_S, attempts=1)
    async with open_gateway(world, settings) as gateway, gateway.call(request, terms) as call:
        call.on_settled(settled.append)
        return "".join([event.text async for event in call if isinstance(event, TextDelta)])


def _in_words(error: TandemError) -> str:
    if not isinstance(error, ModelError):
        return str(error)
    if error.status in _NOT_THERE and error.failure is not Failure.MODEL:
        return "no such path"
    return "refused" if error.failure is Failure.REQUEST else str(error)


def _conclude(world: World, settings: Settings, found: Probe, dialect: Dialect) -> None:
    found.fim = dialect.value
    lines = ["[api]", f'base_url = "{settings.api.base_url}"', f'fim = "{dialect.value}"']
    if not world.key(settings) and not may_ask(world, _as(settings, dialect, found.model)):
        lines.append('key_env = ""')
    if found.model != settings.models.flash:
        lines += ["[models]", f'flash = "{found.model}"', f'pro = "{found.model}"']
    found.configuration = "\n".join(lines)
    try:
        remember(world, settings.api.base_url, dialect)
    except OSError as error:
        found.problems.append(f"{world.paths.state}: cannot be written ({type(error).__name__})")


def _count(found: Probe, settled: Sequence[Receipt]) -> None:
    settlements = [receipt.settlement for receipt in settled]
    found.calls = len(settlements)
    found.tokens = sum(one.usage.prompt + one.usage.output for one in settlements)
    costs = [one.cost for one in settlements if one.usage.prompt]
    known = sum((cost for cost in costs if cost is not None), Usd())
    found.cost = "unpriced" if None in costs else str(known)


def text(probe: dict[str, Any], config: str) -> list[str]:
    """Return the lines for people."""
    lines = [f"fim        asked {probe['model']} for {_TOKENS} tokens in each dialect"]
    lines += [f"  {dialect:<21}{outcome}" for dialect, outcome in probe["tried"].items()]
    lines.append(f"  {probe['calls']} calls, {probe['tokens']} tokens, {probe['cost']}")
    if probe["fim"]:
        lines.append(f"remembered for this address; to pin it, put into {config}:")
        lines += [f"  {line}" for line in probe["configuration"].split("\n")]
    return lines
