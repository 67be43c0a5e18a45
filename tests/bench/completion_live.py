"""The places of the sessions asked of a real model: how often it says what was typed.

Not whole sessions: typed in real time those would take hours. `PLACES` of the moments at which the
user stopped to go on typing are drawn from them, each asked for once as an editor would, with the
same index and the same gate, in real time, and compared with what was really typed there:

live_shown_share       places at which something was shown
live_exact_share       of what was shown, its first line is what was typed to the line's end
live_similarity        of what was shown, difflib's ratio to what was typed on as many lines
live_wasted_output_share  of the characters that came, those that were not shown
live_p50_ms            from asking to the text, the pause included
live_dollars           by the ledger

Spends money: at most `CAP_USD`, which the ledger enforces and this announces. Needs the key of the
user's own configuration, or none where the server is on this machine. ``--provider URL,DIALECT``
asks another server; the dialect is one of `api.fim`.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Final

from tandem.app import World as RealWorld
from tandem.core.model import Dialect, Event, Request, TextDelta
from tandem.core.money import Usd
from tandem.core.text import Text
from tandem.engine.accounts import Accounts
from tandem.engine.budget import Caps, day_start
from tandem.engine.gateway import Gateway
from tandem.index.context.windows import Windows
from tandem.ledger.ledger import Ledger
from tandem.providers.base import Provider
from tandem.providers.openai_api import OpenAIProvider
from tandem.spending import may_ask, price_table
from tandem.workspace.documents import Document
from tandem.workspace.settings import Settings
from tests.bench.completion_tandem import Tandem, WorldIndex
from tests.bench.recall_cases import Repository, World
from tests.bench.results import median
from tests.bench.typing import Stay, stays

PLACES: Final = 60
CAP_USD: Final = "0.10"
_COMMITS: Final = 10
_STOPPED_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Place:
    """A document at a moment, and what was typed next."""

    stay: Stay
    text: str
    offset: int
    gold: str


class Heard:
    """A provider whose words are counted as they come."""

    def __init__(self, inner: Provider) -> None:
        """Ask `inner`."""
        self._inner = inner
        self.characters = 0

    async def stream(self, request: Request) -> AsyncGenerator[Event]:
        """Pass everything on."""
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self.characters += len(event.text)
                yield event

    async def warm(self) -> None:
        """Warm what is asked."""
        await self._inner.warm()

    async def aclose(self) -> None:
        """Close what is asked."""
        await self._inner.aclose()


def places(stay: Stay) -> Iterator[Place]:
    """Yield the moments of a session at which the user stopped to go on typing."""
    text = stay.old
    for hunk in stay.hunks:
        behind = text[hunk.start + len(hunk.removed) :]
        for key, following in pairwise(hunk.keys):
            gold = hunk.gold(key.done)
            if key.next == "type" and following.pause_s >= _STOPPED_S and gold.strip():
                before = text[: hunk.start] + hunk.target[: key.done]
                yield Place(stay, before + hunk.closers(key.done) + behind, len(before), gold)
        text = text[: hunk.start] + hunk.target + behind


def measure(repositories: Sequence[str], provider: str, *, quiet: bool) -> dict[str, float]:
    """Ask, within the cap; nothing is asked without a key."""
    world = RealWorld.real()
    settings = _settings(world, provider)
    if not may_ask(world, settings):
        if not quiet:
            print(f"# live is left out: {settings.api.key_env} holds no key")
        return {}
    share = max(1, PLACES // len(repositories))
    if not quiet:
        where = settings.api.base_url
        print(f"# live: {share * len(repositories)} places, {where}, at most ${CAP_USD}")
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        return asyncio.run(_measure(repositories, share, world, settings, Path(folder)))


def _settings(world: RealWorld, provider: str) -> Settings:
    settings = world.configuration(None, {}).settings
    url, _, dialect = provider.partition(",")
    if url:
        fim = Dialect(dialect).value if dialect else settings.api.fim
        settings = replace(settings, api=replace(settings.api, base_url=url, fim=fim))
    return replace(settings, local=replace(settings.local, enabled=False))


async def _measure(
    repositories: Sequence[str], share: int, real: RealWorld, settings: Settings, folder: Path
) -> dict[str, float]:
    caps = Caps(Usd.of(CAP_USD), Usd())
    accounts = Accounts(Ledger(folder / "ledger.db", "bench"), price_table(settings), caps)
    api = settings.api
    heard = Heard(OpenAIProvider(api.base_url, lambda: real.key(settings), api.dialect))
    gateway = Gateway(heard, accounts, real.clock, concurrency=api.concurrency)
    await gateway.warm()
    found: list[tuple[Place, str, float]] = []
    try:
        for directory in repositories:
            world = World(Repository(directory))
            index = WorldIndex(world, Windows())
            for place in _drawn(world.repository, share):
                # A new one each time: nobody has ignored the suggestions of the places before.
                engine = Tandem(gateway, real.clock, index, settings)
                found += [(place, *await _asked(engine, index, place))]
            world.repository.close()
        spent = (await accounts.totals(day_start(real.clock.now()))).spent
    finally:
        await gateway.aclose()
        accounts.close()
    wasted = 1 - sum(len(text) for _, text, _ in found) / max(1, heard.characters)
    return _metrics(found) | {
        "live_wasted_output_share": wasted,
        "live_dollars": spent.pico / 1e12,
    }


def _drawn(repository: Repository, count: int) -> list[Place]:
    """Return places of the newest commits, by commit: the world moves once for each."""
    every = [
        place for played in stays(repository, _COMMITS) for stay in played for place in places(stay)
    ]
    numbers = random.Random(1).sample(range(len(every)), min(count, len(every)))  # noqa: S311
    return [every[number] for number in sorted(numbers)]


async def _asked(engine: Tandem, index: WorldIndex, place: Place) -> tuple[str, float]:
    """Return what is shown, and after how many seconds."""
    index.move(f"{place.stay.commit}^1")
    document = Document(f"file:///{place.stay.path}", "python", 1, Text.of(place.text))
    engine.arrived(place.stay, document, place.offset)
    began = asyncio.get_running_loop().time()
    ghost = await engine.ask(document, place.offset)
    spent = asyncio.get_running_loop().time() - began
    await engine.left(place.stay)
    return (ghost.text if ghost is not None else ""), spent


def exact(shown: str, gold: str) -> bool:
    """Tell whether the first line shown is what was typed to the line's end."""
    first, wanted = (text.lstrip("\n").partition("\n")[0].strip() for text in (shown, gold))
    return first == wanted


def similarity(shown: str, gold: str) -> float:
    """Return how alike a text and what was typed on as many lines are, 0 to 1."""
    wanted = "\n".join(gold.split("\n")[: shown.count("\n") + 1])
    return SequenceMatcher(None, shown, wanted, autojunk=False).ratio()


def _metrics(found: Sequence[tuple[Place, str, float]]) -> dict[str, float]:
    shown = [(place, text, seconds) for place, text, seconds in found if text]
    count = max(1, len(shown))
    return {
        "live_places": float(len(found)),
        "live_shown_share": len(shown) / max(1, len(found)),
        "live_exact_share": sum(exact(text, place.gold) for place, text, _ in shown) / count,
        "live_similarity": sum(similarity(text, p.gold) for p, text, _ in shown) / count,
        "live_p50_ms": median([1000 * seconds for _, _, seconds in shown] or [0.0]),
    }
