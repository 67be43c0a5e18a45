"""What a prompt will cost before it is sent: which of its parts are cached, and its price.

The tokens are estimates and the hits an expectation: whole leading sections that an earlier prompt
had as well. Deliberately input only; and no guess at how soon the API keeps what it was sent: the
request after this one is taken to hit all that precedes the focus, which under the strictest of
the published rules is true of the snapshot at once and of the log from the request after that.

Invariant: hits are never more than the tokens before the focus.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from tandem.core.money import Usd
from tandem.index.pack.compact import Options, Rate
from tandem.index.pack.explain import Prompt
from tandem.index.pack.layout import Kind, Section
from tandem.index.pack.record import Record
from tandem.index.pack.state import Moment


@dataclass(frozen=True, slots=True)
class Forecast:
    """Tokens of the prompt, how many of them hit the cache, and the prices.

    `primes` calls come before the first request, one for each turn of the snapshot that is not
    cached; `first` includes them. `following` is a request with another focus and task of the same
    length. Prices are None where the model has none.
    """

    tokens: int
    hit: int
    primes: int
    first: Usd | None
    following: Usd | None


def shared(before: Prompt, after: Prompt) -> int:
    """Return how many leading sections of a prompt's prefix an earlier one had as well."""
    pairs = zip(before.prefix, after.prefix, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0].text == pair[1].text, pairs))


def alive(before: Record, moment: Moment, options: Options) -> bool:
    """Tell whether the cache should still hold an earlier prompt."""
    if before.sent_s is None or before.model != moment.model:
        return False
    return moment.now_s - before.sent_s <= options.ttl_s


def forecast(sections: Sequence[Section], held: int, rate: Rate | None) -> Forecast:
    """Return what a prompt costs whose first `held` sections are cached."""
    hit = sum(section.tokens for section in sections[:held])
    total = sum(section.tokens for section in sections)
    tail = sum(s.tokens for s in sections if s.kind in {Kind.FOCUS, Kind.TASK})
    primed = _primed(sections, held)
    if rate is None:
        return Forecast(total, hit, len(primed), None, None)
    first = Usd()
    known = hit
    for end in [*primed, total]:
        first += Usd(known * rate.hit + (end - known) * rate.miss)
        known = end
    following = Usd((total - tail) * rate.hit + tail * rate.miss)
    return Forecast(total, hit, len(primed), first, following)


def _primed(sections: Sequence[Section], held: int) -> list[int]:
    """Return the tokens of each priming call: up to the end of every turn that is not cached."""
    ends: list[int] = []
    size = 0
    for number, section in enumerate(sections):
        size += section.tokens
        if section.kind is Kind.CLOSING and number >= held:
            ends.append(size)
    return ends
