"""The model of the completion bench: right now and then, always too long, billed to the token.

It knows what the session is going to type. Where a request comes from a place of the session it
answers, with probability `right`, with the rest of the file from there on; otherwise, and wherever
the text before the hole is not what will stay, with lines of the same repository that begin alike.
Wrong is not malformed: language models hardly write what a grammar refuses, so most wrong answers
are drawn until one makes sense in its place.
It does not stop where it should: it goes on into the lines that follow, repeats them, closes
brackets once more. Whether it is right is decided per word, so asking twice is not asking better.

Not a language model: a prompt's context changes nothing about its answers, only about the bill.
Invariant: an answer depends on seed, place and request alone, not on when it was asked.
"""

import asyncio
import bisect
import random
import re
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fixtures.api.cache import PrefixCache
from fixtures.api.render import render_fim
from fixtures.api.tokens import count, pieces
from tandem.core.model import (
    Billed,
    ChatRequest,
    Event,
    FimRequest,
    Request,
    Stop,
    Stopped,
    TextDelta,
    Usage,
)
from tandem.index.languages import LANGUAGES
from tandem.index.parse import syntax_errors
from tandem.ledger.prices import Rate
from tests.bench.session import CACHES
from tests.bench.typing import Hunk

RIGHT: Final = 0.4
MALFORMED: Final = 0.1
"""Of wrong answers, those that need not make sense. With it 7% of all answers were refused over
8 commits of three repositories; of Qwen2.5-Coder 0.5B's at 36 places of them 3 were."""

TOKENS_PER_S: Final = 200.0
TAIL: Final = 80
"""Characters before the cursor by which a place is recognized."""

_REMEMBERED: Final = 96  # answers that a shown text may come from
_BACK: Final = 60  # characters that may have been deleted since
_BEFORE: Final = (
    4 * TAIL
)  # characters of a prompt that are kept; less before a text: a file's start
_LEAST: Final = 8  # characters by which a file's start is known
_NEAR: Final = 40_000  # characters on each side in which a wrong answer has to make sense
_DRAWS: Final = 12
_ABOVE: Final = 12  # lines above the cursor that are imitated
_PYTHON: Final = next(language for language in LANGUAGES if language.id == "python")
_LAST_WORD: Final = re.compile(r"(\w+)(\W*)$")
_LONGEST: Final = 100
_FOLLOWERS: Final = 24  # kept of what follows a word


@dataclass(slots=True)
class Answer:
    """One answer: where it was asked for, what has come so far, and how much of it was shown."""

    before: str  # the end of the prompt
    said: str = ""
    tokens: int = 0
    shown: int = 0  # characters

    @property
    def shown_tokens(self) -> int:
        """How many of the tokens were shown."""
        return min(self.tokens, count(self.said[: self.shown]))


@dataclass(slots=True)
class Bill:
    """Everything one client sent and got, priced under each rule of the cache."""

    caches: dict[str, PrefixCache] = field(
        default_factory=lambda: {name: PrefixCache(rules) for name, rules in CACHES.items()}
    )
    hits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CACHES, 0))
    requests: int = 0
    tokens: int = 0
    output: int = 0
    shown: int = 0
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """By what stands before the cursor: requests, and how many of their answers were shown."""

    def send(self, prompt: str, suffix: str) -> Usage:
        """Note a request; return what its input is billed as under the rules published with V4."""
        rendered = render_fim(prompt, suffix)
        reads = {name: cache.read("", rendered, 0.0) for name, cache in self.caches.items()}
        for name, read in reads.items():
            self.hits[name] += read.hit
        read = reads["v4ab"]
        self.requests += 1
        self.tokens += read.tokens
        return Usage(read.hit, read.tokens - read.hit)

    def close(self, answer: Answer) -> None:
        """Note what an answer brought, once nothing of it can be shown any more."""
        self.output += answer.tokens
        self.shown += answer.shown_tokens
        line = answer.before.rpartition("\n")[2]
        mark = f"behind {line[-1:]!r}" if line.strip() else "at a line's start"
        place = self.places["in a word" if line[-1:].isalnum() or line[-1:] == "_" else mark]
        place[0] += 1
        place[1] += answer.shown > 0

    def dollars(self, rate: Rate, cache: str, *, output: bool = False) -> float:
        """Return what was spent on input, or on input and output."""
        usage = Usage(
            self.hits[cache], self.tokens - self.hits[cache], self.output if output else 0
        )
        return rate.cost(usage).pico / 1e12


@dataclass(frozen=True, slots=True)
class Scene:
    """The place being edited: `before` and `after` the hunk, and a name that seeds the answers."""

    before: str
    hunk: Hunk
    after: str
    name: str

    def done(self, prompt: str) -> int | None:
        """Return how much of the target a prompt ends with; None where it holds something else."""
        hunk = self.hunk
        tail = prompt[-TAIL:]
        for done in range(len(hunk.target), -1, -1):
            here = (self.before + hunk.target[:done])[-TAIL:]
            if tail.endswith(here) or (len(tail) < TAIL and here.endswith(tail)):
                return done
        return None


class Corpus:
    """Lines of a repository, found by the word before the cursor."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read whole files."""
        self.lines: list[str] = []
        self._followers: dict[str, list[str]] = {}
        for text in texts:
            for line in text.split("\n"):
                if 8 <= len(line.strip()) <= _LONGEST:
                    self.lines.append(line)
                    self._take(line)
        self.words = sorted(self._followers)

    def _take(self, line: str) -> None:
        for match in re.finditer(r"\w+", line):
            known = self._followers.setdefault(match[0], [])
            if len(known) < _FOLLOWERS:
                known.append(line[match.end() :])

    def rest(self, line: str, rnd: random.Random) -> str:
        """Return how a line of the repository could go on that begins like `line`."""
        last = _LAST_WORD.search(line)
        if last is None:
            return rnd.choice(self.lines).strip()
        word, marks = last.groups()
        rests = [r[len(marks) :] for r in self._followers.get(word, ()) if r.startswith(marks)]
        if marks:
            return rnd.choice(rests).rstrip() if rests else rnd.choice(self.lines).strip()
        at = bisect.bisect_left(self.words, word)
        longer = [w for w in self.words[at : at + 40] if w.startswith(word) and w != word]
        if longer and (not rests or rnd.random() < 0.5):
            whole = rnd.choice(longer)
            return whole[len(word) :] + rnd.choice(self._followers[whole])
        return rnd.choice(rests or self._followers[rnd.choice(self.words)])

    def block(self, indentation: str, rnd: random.Random) -> str:
        """Return one to four lines that stand together, as they would stand here."""
        at = rnd.randrange(len(self.lines))
        lines = self.lines[at : at + 1 + rnd.randrange(4)]
        margin = min(len(line) - len(line.lstrip()) for line in lines)
        return "\n".join(indentation + line[margin:] for line in lines)


class Model:
    """A `Provider`, and the same for whoever asks without a gateway."""

    def __init__(
        self, corpus: Corpus, first_token_s: float, *, right: float = RIGHT, seed: str = ""
    ) -> None:
        """Answer from `corpus` and the scene that is set."""
        self.corpus = corpus
        self.scene: Scene | None = None
        self.bill = Bill()
        self._answers: deque[Answer] = deque()
        self._first_token_s = first_token_s
        self._right = right
        self._seed = seed

    async def stream(self, request: Request) -> AsyncGenerator[Event]:
        """Answer one request in virtual or real time."""
        if isinstance(request, ChatRequest):
            raise TypeError(request)
        prompt = "".join([extra.text for extra in request.extra]) + request.prompt
        usage = self.bill.send(prompt, request.suffix)
        answer = self._note(Answer(request.prompt[-_BEFORE:]))
        said, stop = self.said(request)
        await asyncio.sleep(self._first_token_s)
        for piece in said:
            answer.tokens += 1
            answer.said += piece
            yield TextDelta(piece)
            await asyncio.sleep(1 / TOKENS_PER_S)
        yield Stopped(stop, request.model)
        yield Billed(Usage(usage.hit, usage.miss, answer.tokens), request.model)

    async def warm(self) -> None:
        """Have nothing to warm."""

    async def aclose(self) -> None:
        """Have nothing to close."""

    def finish(self) -> None:
        """Close the books: what was not shown by now was bought in vain."""
        while self._answers:
            self.bill.close(self._answers.popleft())

    def _note(self, answer: Answer) -> Answer:
        self._answers.append(answer)
        if len(self._answers) > _REMEMBERED:
            self.bill.close(self._answers.popleft())
        return answer

    # -- what is said --------------------------------------------------------------------------

    def said(self, request: FimRequest) -> tuple[Sequence[str], Stop]:
        """Return the tokens of an answer, and why they end."""
        raw = self._raw(request)
        for stop in request.stop:
            at = raw.find(stop)
            if at >= 0:
                raw = raw[:at]
        said = pieces(raw)
        if len(said) > request.max_tokens:
            return said[: request.max_tokens], Stop.LENGTH
        return said, Stop.END

    def _raw(self, request: FimRequest) -> str:
        scene = self.scene
        assert scene is not None
        done = scene.done(request.prompt)
        begun = request.prompt[request.prompt.rfind("\n") + 1 :]
        word = len(begun) - len(re.sub(r"\w+$", "", begun))
        place = f"{self._seed}:{scene.name}:{'?' + begun if done is None else done - word}"
        if request.temperature:
            place += ":warm"
        rnd = random.Random(place)  # noqa: S311 - reproducible, not secret
        right = rnd.random() < self._right
        if right and done is not None:
            return _overrun(scene.hunk.target[done:], scene.after, rnd)
        before = request.prompt if done is None else scene.before + scene.hunk.target[:done]
        gold = scene.hunk.target[done:] if done is not None else ""
        drawn = random.Random(f"{place}:{begun[-word:]}")  # noqa: S311
        return _overrun(self._wrong(before, gold, scene.after, drawn), scene.after, drawn)

    def _wrong(self, before: str, gold: str, after: str, rnd: random.Random) -> str:
        """Return what makes sense in the place of the line to come, but where it is careless."""
        line, end, rest = gold.partition("\n")
        before, behind = before[-_NEAR:], end + rest + after[:_NEAR]
        begun = before[before.rfind("\n") + 1 :]
        careless = rnd.random() < MALFORMED
        most = _errors(before + line + behind)
        text = self._plausible(begun, rnd)
        for _ in range(0 if careless else _DRAWS):
            if _errors(before + text + behind) <= most:
                break
            text = self._imitated(before, rnd) or self._plausible(begun, rnd)
        return text

    def _imitated(self, before: str, rnd: random.Random) -> str:
        """Return a line as one above that is indented like it, with another name; or nothing."""
        *above, begun = before.split("\n")
        beside = [
            line.strip()
            for line in above[-_ABOVE:]
            if line.strip() and len(line) - len(line.lstrip()) == len(begun)
        ]
        if begun.strip() or not beside or rnd.random() < 0.5:
            return ""
        line = rnd.choice(beside)
        names = [match for match in _LAST_WORD.finditer(line) if match[1].isidentifier()]
        if not names:
            return line
        return line[: names[0].start()] + rnd.choice(self.corpus.words) + names[0][2]

    def _plausible(self, begun: str, rnd: random.Random) -> str:
        indentation = begun[: len(begun) - len(begun.lstrip())]
        if begun.strip():
            text = self.corpus.rest(begun, rnd)
            if begun.rstrip().endswith((":", "{", "(")) or rnd.random() < 0.5:
                text += "\n" + self.corpus.block(indentation, rnd)
        else:
            text = self.corpus.block(indentation, rnd).lstrip()
        return text

    # -- the judge -----------------------------------------------------------------------------

    def trace(self, before: str, shown: str) -> Answer | None:
        """Return the answer that a shown text comes from, and note how much of it was shown.

        None where no answer says this at this place: what is shown then is stale.
        """
        for answer in reversed(self._answers):
            end = shown_until(answer, before, shown)
            if end is not None:
                answer.shown = max(answer.shown, end)
                return answer
        return None


def shown_until(answer: Answer, before: str, shown: str) -> int | None:
    """Return where in an answer `shown` ends if that is what it says behind `before`, else None.

    What was typed since the answer was asked for must be what it says; what was deleted since must
    be what is shown first. White space is not compared: what is shown may be indented anew.
    """
    old, new = _own(answer.before, before)[-TAIL:], before[-TAIL:]
    at = before.rfind(old)
    if at >= 0:
        typed, expected = before[at + len(old) :], shown
    else:
        at = answer.before[-TAIL - _BACK :].rfind(new)
        gone = answer.before[-TAIL - _BACK :][at + len(new) :]
        if at < 0 or not shown.startswith(gone):
            return None
        typed, expected = "", shown[len(gone) :]
    places = [n for n, char in enumerate(answer.said) if not char.isspace()]
    plain = "".join([answer.said[n] for n in places])
    wanted = "".join((typed + expected).split())
    found = plain.find(wanted)
    if found < 0 or not expected.strip():
        return None
    return places[found + len(wanted) - 1] + 1


def _own(asked: str, before: str) -> str:
    """Return what of a prompt's end is the file's: near a file's beginning context precedes it."""
    if len(before) >= _BEFORE:
        return asked
    ends = (n for n in range(len(before), _LEAST, -1) if asked.endswith(before[:n]))
    return before[: next(ends, 0)] or asked


def _errors(text: str) -> int:
    return syntax_errors(text.encode("utf-8", "replace"), _PYTHON)


def _overrun(gold: str, after: str, rnd: random.Random) -> str:
    """Return what a model says that does not stop where it should."""
    line = gold.partition("\n")[0]
    following = after.lstrip("\n")
    way = rnd.randrange(6)
    if way == 0:
        return gold
    if way == 1:  # on into the file
        return gold + after[: 80 + rnd.randrange(400)]
    if way == 2:  # the line, and its closers once more
        return line + "".join(rnd.choice(")]}") for _ in range(1 + rnd.randrange(2)))
    if way == 3:  # the line, and the suffix at once
        return f"{line}\n{following[:200]}"
    if way == 4:  # the line that follows, again and again
        return f"{gold}\n" + f"{following.partition(chr(10))[0]}\n" * 3
    return line
