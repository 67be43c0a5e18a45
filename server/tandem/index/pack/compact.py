"""When a new snapshot is cut, and how much of the old one survives: the arithmetic of the cache.

Prices per token are h (read from the cache) and m (missed). A log that makes the prompt D tokens
longer than a fresh pack costs h*D on every call; a compaction that rewrites W tokens costs
K = (m - h)*W once. If D grows by g a call, a cycle of n calls costs h*g*n/2 + (m - h)*W/n a call,
least at n = sqrt(2(m/h - 1)W/g), and there the sum of what carrying cost is exactly K. Hence:

    price    compact when the sum of h*D_t has reached (m - h)*W

which is ski rental: at most twice the optimum whatever comes, and the optimum for linear growth.
At published prices (m/h = 12 to 120) it lets a log grow to 160,000 tokens and more, far past what
a reader of the prompt can follow, so a cap binds first (ADR 25):

    quality  the log is at most 64,000 tokens and a third of the snapshot
    context  snapshot and log fit the budget that the model's window leaves
    cold     nothing is in the cache (too long ago, another model, other instructions): it is free

On 200 commits each of scrapy, trio, aider and structlog price never binds; quality does, and
context where the codebase fills the window (``tests/bench/economy.py``).

Where the cap binds, every cycle ends at the same length C, so the choice is what to rewrite. A cut
keeps some turns from the front although files in them are stale, leaves a residue of D_k tokens of
diffs in the log and rewrites W_k, the residue included; the one that keeps all turns only merges
the log into one change, which is shorter than its parts. The next cycle then takes (C - D_k)/g
calls and each carries (C + D_k)/2 on average, so the cheapest cut is the one with the least

    (m - h) * W_k * g / (C - D_k)  +  h * (C + D_k) / 2

Deliberately no state here and no clock. Invariant: integers only, so every machine decides alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tandem.core import tokens
from tandem.index.pack.layout import Estimator

_PERCENT: Final = 100


class Reason(Enum):
    """Why a snapshot was cut."""

    COLD = "the cache is cold"
    CONTEXT = "the window is full"
    QUALITY = "the log is as long as a reader can follow"
    PRICE = "carrying the log has cost what a new snapshot costs"


@dataclass(frozen=True, slots=True)
class Rate:
    """Pico-dollars for a token of input: read from the cache, and missed."""

    hit: int
    miss: int


@dataclass(frozen=True, slots=True)
class Options:
    """The limits of a pack, in tokens and seconds.

    `window` is the model's; `window_percent` of it may be used (an 884k pack in 1M thrashed, and
    estimates err); `reserve` of that is for focus (16k), task and answer. `ttl_s`: unused entries
    live "a few hours to a few days", and to believe the cache cold too early is the dear mistake.
    A log below `log_least`, the size of one small focus block, disturbs nobody. `turns`: more of
    them are more units to keep and more priming calls; against three, one costs 5% more on the
    replay of trio and 1% less on scrapy, eight cost 3% more on trio and the same on scrapy.
    """

    window: int = 1_000_000
    window_percent: int = 90
    reserve: int = 32_000
    log_most: int = 64_000
    log_percent: int = 33
    log_least: int = 4_000
    ttl_s: int = 86_400
    turns: int = 3
    estimate: Estimator = tokens.estimate

    @property
    def budget(self) -> int:
        """What instructions, snapshot and log may take together."""
        return max(0, self.window * self.window_percent // _PERCENT - self.reserve)

    @property
    def snapshot_budget(self) -> int:
        """What a new snapshot may take, so that there is room for a log behind it."""
        return self.budget - min(self.log_most, self.budget * self.log_percent // _PERCENT)

    def log_cap(self, snapshot: int) -> int:
        """Return how long the log of a snapshot may get."""
        return min(self.log_most, max(self.log_least, snapshot * self.log_percent // _PERCENT))

    def longest_addition(self, snapshot: int) -> int:
        """Return up to how many tokens a new file is shown whole in the log."""
        return self.log_cap(snapshot) // 4


@dataclass(frozen=True, slots=True)
class Load:
    """What a pack carries, in tokens, and what carrying it has cost in pico-dollars.

    `fresh` is the size of a snapshot cut now, `stale` what is behind the last turn that is as it
    was: the text that such a snapshot would rewrite.
    """

    snapshot: int
    log: int
    fresh: int
    stale: int
    carried: int

    @property
    def excess(self) -> int:
        """Tokens sent with each call beyond a fresh pack."""
        return max(0, self.snapshot + self.log - self.fresh)


@dataclass(frozen=True, slots=True)
class Cut:
    """Keep the first `kept` turns, rewrite `rewritten` tokens, leave a log of `residue` tokens.

    `cap` is how long the log may get before the next cut.
    """

    kept: int
    rewritten: int
    residue: int
    cap: int


def verdict(load: Load, rate: Rate, options: Options, *, cold: bool) -> Reason | None:
    """Return why a new snapshot is due, or None."""
    if load.log == 0 and load.snapshot + load.log <= options.budget:
        return None
    if cold:
        return Reason.COLD
    if load.snapshot + load.log > options.budget:
        return Reason.CONTEXT
    if load.log > options.log_cap(load.snapshot):
        return Reason.QUALITY
    if load.carried >= (rate.miss - rate.hit) * load.stale:
        return Reason.PRICE
    return None


def cheapest(cuts: Iterable[Cut], grown: int, calls: int, rate: Rate) -> Cut:
    """Return the cut that is cheapest to live with until the log is at its cap again.

    The log `grown` by some tokens in some calls. A cut that leaves no room for a log is taken only
    if it keeps nothing; of equal ones, the one that keeps less.
    """

    def cost(cut: Cut) -> tuple[int, int]:
        room = max(1, calls * (cut.cap - cut.residue))
        rewriting = (rate.miss - rate.hit) * cut.rewritten * max(1, grown) // room
        return rewriting + rate.hit * (cut.cap + cut.residue) // 2, cut.kept

    return min((cut for cut in cuts if not cut.kept or cut.residue < cut.cap), key=cost)
