"""What can be done at a place: free fixes, fixes and rewrites by a model. Pure, free, at once.

Runs whenever the cursor moves, so it asks nobody, parses nothing and has a limit: what the index
proves is looked up for the first diagnostics, the rest is offered as one action. Where a model
cannot be asked, what would need one carries the reason.

Invariant: an offer with edits is free and made of proofs; one with an `ask` costs nothing until it
is chosen.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.core import edits, tokens
from tandem.core.diagnostics import OWN, Diagnostic, Severity
from tandem.core.edits import Edit, OverlappingEditsError
from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.core.text import Span, Text
from tandem.features.fixes import rewrites
from tandem.features.fixes.ask import EXPLAIN, FIX, FIX_FREELY, PROMPT, Ask, Source
from tandem.features.fixes.free.fixes import FreeFix, free_fixes
from tandem.features.fixes.kinds import EXTRACT, FIX_ALL, QUICK, REWRITE
from tandem.index.code import Code
from tandem.workspace.settings import Settings

MOST_PROBLEMS: Final = 60
"""Of one action: more make no better answer, and each is sent to the editor and back."""

_EACH: Final = 8  # diagnostics that get offers of their own
_FREE_S: Final = 0.004  # for looking up free fixes: 0.2 ms each as a rule
_TITLE: Final = 60
_CHEAP: Final = Usd.of("0.001")  # a tenth of a cent; below it no title speaks of money
_ANSWER: Final = 300
_PROMPT: Final = 1_200  # tokens of rules and signatures
_LARGEST: Final = 24_000  # characters of a file that are told: 400 lines, or a part of more


@dataclass(frozen=True, slots=True)
class Offer:
    """A choice in the editor's menu. Exactly one of `edits`, `ask` and `disabled` is there.

    `solves` are the diagnostics it is about, by their place in the list that was given.
    """

    title: str
    kind: str
    solves: tuple[int, ...] = ()
    edits: tuple[Edit, ...] = ()
    ask: Ask | None = None
    preferred: bool = False
    disabled: str = ""
    by_model: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What an offer depends on: the place, its diagnostics, and whether a model can be asked.

    `without_model` is the reason why not, "" if it can; `price` tells what tokens cost now;
    `monotonic` is a clock.
    """

    source: Source
    span: Span
    diagnostics: tuple[Diagnostic, ...]
    settings: Settings
    without_model: str
    price: Callable[[str, Usage], Usd | None]
    monotonic: Callable[[], float]


def offers(here: Situation, only: Sequence[str] = ()) -> list[Offer]:
    """Return what can be done, the surest and cheapest first; `only` are the kinds wanted."""
    wanted = Wanted(tuple(only))
    found: list[Offer] = []
    if wanted(QUICK):
        found += _fixes(here)
    if wanted(FIX_ALL) and only and here.diagnostics:
        # Lazily: an editor that fixes on save asks for it by its kind, and resolves it.
        found.append(_of_all_free(here))
    if wanted(REWRITE) or wanted(EXTRACT):
        found += [offer for offer in _rewrites(here) if wanted(offer.kind)]
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """Tells whether a kind was asked for: one asks for a kind and all below it."""

    only: tuple[str, ...]

    def __call__(self, kind: str) -> bool:
        asked = self.only
        return not asked or any(not k or kind == k or kind.startswith(f"{k}.") for k in asked)


# -- diagnostics -------------------------------------------------------------------------------


def _fixes(here: Situation) -> Iterator[Offer]:
    nearest = _nearest(here)
    yield from _free(here, nearest)
    for number in nearest:
        one = here.diagnostics[number]
        yield _by_model(here, f"Fix: {_short(one.message)}", QUICK, FIX, (number,))
    several = [n for n, one in enumerate(here.diagnostics) if one.severity is not Severity.HINT]
    if len(several) > 1:
        some = several[:MOST_PROBLEMS]
        which = f"all {len(some)}" if some == several else f"the first {len(some)}"
        yield _by_model(here, f"Fix {which} problems", QUICK, FIX, tuple(some))
    for number in nearest[:1]:
        if here.diagnostics[number].source == OWN:
            continue  # a finding explains itself, for nothing
        title = f"Explain: {_short(here.diagnostics[number].message)}"
        yield _by_model(here, title, QUICK, EXPLAIN, (number,))


def _nearest(here: Situation) -> list[int]:
    """Return the diagnostics with offers of their own: those nearest to the start of the place."""
    start, end = here.span

    def distance(number: int) -> tuple[int, int]:
        span = here.diagnostics[number].span
        away = max(span.start - end, start - span.end, 0)
        return away, abs(span.start - start)

    return sorted(range(len(here.diagnostics)), key=distance)[:_EACH]


def _free(here: Situation, numbers: Sequence[int]) -> Iterator[Offer]:
    code = here.source.code
    if code is None or not here.source.path:
        return
    end = here.monotonic() + _FREE_S
    for number in numbers:
        found = _free_of(here, code, number)
        for fix in found:
            preferred = fix.sure and len(found) == 1
            title = f"{fix.title} (free)"
            yield Offer(title, QUICK, (number,), fix.edits, preferred=preferred)
        if here.monotonic() > end:
            return


def _free_of(here: Situation, code: Code, number: int) -> list[FreeFix]:
    source, language = here.source, here.source.document.language
    return free_fixes(code, source.path, source.text, language, here.diagnostics[number])


def _of_all_free(here: Situation) -> Offer:
    ask = _ask(here, FIX_FREELY, tuple(range(len(here.diagnostics))))
    return Offer("Fix all that needs no model (free)", FIX_ALL, ask=ask)


def all_free(
    code: Code, source: Source, diagnostics: Sequence[Diagnostic]
) -> tuple[tuple[Edit, ...], tuple[int, ...]]:
    """Return the edits of every sure free fix of a document, and which problems they solve."""
    taken: list[Edit] = []
    solved: list[int] = []
    for number, diagnostic in enumerate(diagnostics):
        language = source.document.language
        found = free_fixes(code, source.path, source.text, language, diagnostic)
        if len(found) == 1 and found[0].sure and (more := _joined(source.text, taken, found[0])):
            taken = more
            solved.append(number)
    return tuple(sorted(taken, key=lambda edit: edit.span)), tuple(solved)


def _joined(text: Text, taken: Sequence[Edit], fix: FreeFix) -> list[Edit] | None:
    """Return edits with those of one more fix, or None where they clash."""
    together = [*taken, *(edit for edit in fix.edits if edit not in taken)]
    inserted = [edit.span for edit in together if edit.span.start == edit.span.end]
    if len(inserted) != len(set(inserted)):
        return None  # two insertions at one place: which comes first is not for us to say
    try:
        _ = edits.apply(text, together)
    except OverlappingEditsError:
        return None
    return together


# -- rewrites ----------------------------------------------------------------------------------


def _rewrites(here: Situation) -> Iterator[Offer]:
    where = rewrites.at(here.source, here.span)
    for row in rewrites.applicable(where):
        yield _by_model(here, rewrites.title(row, where), row.kind, row.name, ())
    if where.symbol is None and not where.has_selection:
        return
    language = here.source.document.language
    for name, own in here.settings.actions.items():
        languages = own.get("languages", "")
        if not languages or language in {one.strip() for one in languages.split(",")}:
            yield _by_model(here, own["title"], REWRITE, f"{PROMPT}{name}", ())


# -- a model's ---------------------------------------------------------------------------------


def _by_model(
    here: Situation, title: str, kind: str, action: str, solves: tuple[int, ...]
) -> Offer:
    if here.without_model:
        return Offer(title, kind, solves, disabled=here.without_model, by_model=True)
    price = _estimate(here, len(solves))
    if price is not None and price >= _CHEAP:
        title = f"{title} (about {price})"
    return Offer(title, kind, solves, ask=_ask(here, action, solves), by_model=True)


def _ask(here: Situation, action: str, solves: tuple[int, ...]) -> Ask:
    document = here.source.document
    diagnostics = tuple(here.diagnostics[number] for number in solves)
    return Ask(action, document.uri, document.version, here.span, diagnostics)


def _estimate(here: Situation, problems: int) -> Usd | None:
    """Return a likely price without rendering anything: by the file's size and what is asked."""
    told = min(len(here.source.text), _LARGEST)
    size = _PROMPT + tokens.estimate("x" * (told // 100), here.source.document.language) * 100
    usage = Usage(miss=size, output=_ANSWER * max(1, problems))
    return here.price(here.settings.models.flash, usage)


def _short(message: str) -> str:
    line = " ".join(message.partition("\n")[0].split())
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 1]}…"
