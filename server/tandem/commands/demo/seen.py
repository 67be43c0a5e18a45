"""What the act about the codebase found, as values: for its text, and as JSON."""

from dataclasses import asdict, dataclass
from typing import Any

from tandem.commands.demo.replay import Replay
from tandem.core.money import Usd
from tandem.index.context.block import Block
from tandem.index.graph import Place, Use
from tandem.index.pack.forecast import Forecast


@dataclass(frozen=True, slots=True)
class Known:
    """What the index holds; seconds of the first run and of the next."""

    root: str
    files: int
    left_out: int
    definitions: int
    names: int
    languages: tuple[tuple[str, int], ...]
    cold_s: float
    warm_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Who uses a definition, each with its line: by its name and the imports, found in `ms`.

    `mentions` counts imports and comments too; the index stops at 200.
    """

    place: Place
    uses: tuple[tuple[Use, str], ...]
    mentions: int
    imports: tuple[str, ...]
    importers: int
    ms: float


@dataclass(frozen=True, slots=True)
class Told:
    """What a completion at a use is told of other files."""

    path: str
    line: int
    column: int
    block: Block
    ms: float


@dataclass(frozen=True, slots=True)
class Packed:
    """The codebase as a prompt: its cost as a first request and as the next, and a replay."""

    files: tuple[tuple[str, int], ...]
    cost: Forecast
    peak: bool
    seconds: float
    replay: Replay | None


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the act found; what is None there was nothing of."""

    known: Known
    answer: Answer | None
    told: Told | None
    packed: Packed

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; amounts are decimal dollars as text."""
        return {
            "known": {**asdict(self.known), "languages": dict(self.known.languages)},
            "answer": None if self.answer is None else _answer(self.answer),
            "context": None if self.told is None else _told(self.told),
            "pack": _packed(self.packed),
        }


def _answer(answer: Answer) -> dict[str, Any]:
    definition = answer.place.definition
    return {
        "name": definition.name,
        "path": answer.place.path,
        "line": definition.line + 1,
        "signature": definition.signature,
        "uses": [{"path": use.path, "line": use.line + 1} for use, _ in answer.uses],
        "mentions": answer.mentions,
        "imports": list(answer.imports),
        "importers": answer.importers,
        "ms": round(answer.ms, 2),
    }


def _told(told: Told) -> dict[str, Any]:
    return {
        "place": f"{told.path}:{told.line + 1}:{told.column + 1}",
        "tokens": told.block.tokens,
        "sections": [
            {"from": s.source.value, "path": s.path, "tokens": s.tokens, "why": s.why}
            for s in told.block.sections
        ],
        "ms": round(told.ms, 2),
    }


def _packed(packed: Packed) -> dict[str, Any]:
    replay = packed.replay
    return {
        "tokens": packed.cost.tokens,
        "files": dict(packed.files),
        "first_request": _decimal(packed.cost.first),
        "next_request": _decimal(packed.cost.following),
        "peak": packed.peak,
        "seconds": round(packed.seconds, 3),
        "replay": None
        if replay is None
        else {
            "requests": replay.requests,
            "tokens": replay.tokens,
            "cached_tokens": replay.hit,
            "cost": replay.ours.decimal(),
            "cost_rebuilt": replay.rebuilt.decimal(),
            "cost_uncached": replay.uncached.decimal(),
        },
    }


def _decimal(amount: Usd | None) -> str | None:
    return None if amount is None else amount.decimal()
