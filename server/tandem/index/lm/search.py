"""Search the most probable way to finish the line at a cursor.

A beam over tokens, each step asking the mixture for the next word; a way is finished where the
line ends, or, with text behind the cursor, where that text's first token comes next while the
brackets and quotes of what would be inserted are balanced.

It deliberately stays on one line: a prototype got 2 to 8 % of blocks of three lines right.

Invariant: a finished way never contains a line end, and never repeats the text behind it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tandem.index.lm.brackets import Open, opened, step, weight
from tandem.index.lm.cursor import Cursor
from tandem.index.lm.lexer import is_word
from tandem.index.lm.matches import LINE_END, Level
from tandem.index.lm.mixture import Distribution, Source, blend, observations

# Wider is not better: 38.2 % of 1,191 lines right at 2, 3 and 5, in 7, 9 and 12 ms.
_BEAM = 3
_LONGEST = 40
RECENT = 24
_LONG_NAME = 8
# A way under this is far below any threshold a caller could set.
_HOPELESS = math.log(1e-4)
# Where the first word is this sure no other way is followed.
_CLEAR = 0.9
_OPEN = {"(": ")", "[": "]", "{": "}"}
_QUOTES = ("'", '"', "`")

Levels = tuple[list[Level], ...]


@dataclass(frozen=True, slots=True)
class Way:
    """Words appended at the cursor; what each cost and how deep a match it came from."""

    words: tuple[str, ...]
    log: float
    steps: tuple[tuple[float, int], ...]
    levels: Levels
    open: Open


class Walk:
    """One search: the sources and the cursor, and what was asked so far."""

    def __init__(self, sources: Sequence[Source], cursor: Cursor) -> None:
        """Look up the context of `cursor` in every source."""
        self.sources = tuple(sources)
        self.cursor = cursor
        self.open = opened(cursor.around.above, cursor.context[len(cursor.around.above) :])
        self.recent = cursor.context[-RECENT:]
        self.root = tuple(source.corpus.levels(cursor.context) for source in self.sources)

    def levels(self, way: Way) -> Levels:
        """Return the levels behind `way`, whose last word its own levels do not have yet."""
        if not way.words:
            return self.root
        extended = []
        for source, levels in zip(self.sources, way.levels, strict=True):
            deeper = source.corpus.extend(levels, way.words[-1])
            if deeper is None:
                deeper = source.corpus.levels((*self.recent, *way.words))
            extended.append(deeper)
        return tuple(extended)

    def next(self, levels: Levels, words: Sequence[str]) -> Distribution:
        """Return the distribution of the next word behind `words`, whose levels are `levels`."""
        context = (*self.recent, *words)
        return blend(observations(self.sources, levels, context))

    def first(self) -> Distribution:
        """Return the distribution of the word at the cursor, which starts with what is typed."""
        pending = self.cursor.pending
        if not pending.strip():
            found = self.next(self.root, ())
            return _normal(found, {w: p for w, p in found.words.items() if _fits(w, pending)})
        levels: list[list[Level]] = []
        for source, ranges in zip(self.sources, self.root, strict=True):
            span = source.corpus.span(pending)
            everything = source.corpus.everything()
            levels.append([source.corpus.within(level, span) for level in (everything, *ranges)])
        seen = []
        for observation in observations(self.sources, levels, self.recent):
            counts = {w: n for w, n in observation.counts.items() if w.startswith(pending)}
            if counts:
                places = max(1, round(sum(counts.values())))
                seen.append(replace(observation, counts=counts, places=places))
        found = blend(seen)
        words = found.words
        if is_word(pending):
            # It may also be a name nobody wrote before, and complete; the longer the likelier.
            words = dict(words)
            novel = found.unseen * min(1.0, len(pending) / _LONG_NAME) ** 2
            words[pending] = words.get(pending, 0.0) + novel
        return _normal(found, words)


def search(walk: Walk, cancelled: Callable[[], bool]) -> list[Way]:
    """Return the finished ways, most probable first; none if nothing fits or when cancelled."""
    beam = [Way((), 0.0, (), walk.root, walk.open)]
    done: list[Way] = []
    for _ in range(_LONGEST):
        grown: list[Way] = []
        for way in beam:
            if cancelled():
                return []
            _grow(walk, way, grown, done)
        grown.sort(key=lambda way: -way.log)
        beam = grown[:_BEAM]
        if not beam or (done and max(way.log for way in done) >= beam[0].log):
            break
    done.sort(key=lambda way: -way.log)
    return done


def _grow(walk: Walk, way: Way, grown: list[Way], done: list[Way]) -> None:
    """Append every promising next word to `way`, to `done` where that finishes it."""
    levels = walk.levels(way)
    found = walk.next(levels, way.words) if way.words else walk.first()
    best = _likely(found, way.open, way.words[-1] if way.words else walk.recent[-1])
    cursor = walk.cursor
    for word, probability in best:
        log = way.log + math.log(probability)
        if log < _HOPELESS:
            break
        steps = (*way.steps, (probability, found.depth))
        if cursor.rest and word.strip() == cursor.rest[0].strip() and _joins(way.words, cursor):
            if _inserts(way.words, cursor.pending):
                done.append(Way(way.words, log, steps, levels, way.open))
        elif word != LINE_END:
            after = step(way.open, word)
            grown.append(Way((*way.words, word), log, steps, levels, after))
        elif not cursor.rest and _inserts(way.words, cursor.pending):
            done.append(Way(way.words, log, steps, levels, way.open))


def _likely(found: Distribution, state: Open, before: str) -> list[tuple[str, float]]:
    """Return the words worth following with their probabilities, given the open brackets."""
    words = found.words
    if state:
        weighed = {word: p * weight(state, word, before) for word, p in words.items()}
        total = sum(weighed.values())
        if total:
            scale = sum(words.values()) / total
            words = {word: p * scale for word, p in weighed.items()}
    best = sorted(words.items(), key=_by_probability)[:_BEAM]
    return best[:1] if best and best[0][1] >= _CLEAR else best


def _by_probability(item: tuple[str, float]) -> tuple[float, str]:
    """Order the likeliest first, equals by their text, so that results are reproducible."""
    return (-item[1], item[0])


def _inserts(words: Sequence[str], pending: str) -> bool:
    """Tell whether `words` add anything but blanks to what is typed."""
    return len(words) > 1 or (len(words) == 1 and words[0][len(pending) :].strip() != "")


def _joins(words: Sequence[str], cursor: Cursor) -> bool:
    """Tell whether text ending in `words` can stand right before the cursor's rest of line."""
    if not words or (is_word(words[-1]) and is_word(cursor.rest_text)):
        return False
    # What is typed already is not inserted: of "(" typed and completed nothing remains to close.
    return balanced((words[0][len(cursor.pending) :], *words[1:]))


def balanced(words: Sequence[str]) -> bool:
    """Tell whether the brackets and quotes in `words` close one another."""
    expected: list[str] = []
    for word in words:
        mark = word.strip()
        if expected and expected[-1] == mark:
            expected.pop()
        elif expected and expected[-1] in _QUOTES:
            continue
        elif mark in _QUOTES:
            expected.append(mark)
        elif mark in _OPEN:
            expected.append(_OPEN[mark])
        elif mark in (")", "]", "}"):
            return False
    return not expected


def _fits(word: str, pending: str) -> bool:
    """Tell whether `word` can come after `pending`, a blank behind a word or nothing."""
    return not pending or word[0] == " " or is_word(word)


def _normal(found: Distribution, words: dict[str, float]) -> Distribution:
    """Return `found` reduced to `words`, scaled up to certainty."""
    total = sum(words.values())
    if not total:
        return Distribution({}, found.depth, 1.0)
    return Distribution({w: p / total for w, p in words.items()}, found.depth, found.unseen)
