"""Scripted reviewers: Pro that is honest or makes things up, Flash that is helpful or hostile.

They know what is planted in a case. Inventions are made of the case's own files, systematically:
each kind is a way in which models are known to be wrong about code. Deliberately no intelligence:
what is measured is what is held against them.
"""

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from fixtures.api.prices import FLASH
from fixtures.api.replies import Reply, ToolCall
from fixtures.api.requests import Request
from tandem.core.model import (
    Billed,
    ChatRequest,
    Event,
    Stop,
    Stopped,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from tandem.core.model import Request as AnyRequest
from tandem.features.review.change import FUNCTIONS, Look
from tandem.features.review.evidence.case import Case
from tandem.index.calls import Call, arguments_of, fits
from tandem.index.graph import enclosing
from tests.support.review_cases import Planted, ReviewCase

THOUGHT = "so " * 500
FAR = 30  # lines from the change
_NAME = re.compile(r"`([^\W\d][\w.]*)(?:\(\))?`")
_WORD = re.compile(r"[^\W\d]\w*")
_CLAIM = re.compile(r"A reviewer claims of this change: (.*)")
_CODE = re.compile(r"The code:\n\n(.*)\n\nIs the claim refuted", re.DOTALL)
_CATEGORIES = {
    "changed-signature": "callers", "stale-reference": "callers", "lost-import": "callers",
    "stale-override": "api", "missing-member": "api", "api-break": "api",
    "lost-release": "resources", "swallowed-error": "errors", "lost-error-path": "errors",
    "sql-injection": "security", "secret": "security", "missing-check": "security",
    "race": "concurrency", "dropped-await": "concurrency", "stale-state": "data",
}  # fmt: skip

Claim = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invented:
    """A claim that is not so, and the kind of invention that it is."""

    kind: str
    claim: Claim


def claim_of(file: str, quote: str, claim: str, **other: Any) -> dict[str, Any]:
    """Return a finding as Pro hands it in."""
    made: dict[str, Any] = {
        "file": file, "quote": quote, "severity": "error", "category": "correctness",
        "claim": claim, "why": "", "check": "Read it.", "symbols": [], "places": [],
        "suggestion": "", "confidence": 0.95,
    }  # fmt: skip
    return made | other


# -- what is true ------------------------------------------------------------------------------

MANNERS = ("exact", "stripped", "as in the diff", "the line and the next")


def true_claim(case: ReviewCase, manner: str = MANNERS[0]) -> Claim:
    """Return what is planted in a case as a finding, quoted in one of several manners."""
    planted = case.planted
    assert planted is not None
    (path, line), *others = planted.at
    lines = case.after[path].split("\n")
    quote = {
        "exact": lines[line],
        "stripped": " ".join(lines[line].split()),
        "as in the diff": f"{_sign(case, path, line)}{lines[line]}",
        "the line and the next": "\n".join(lines[line : line + 2]),
    }[manner]
    return claim_of(
        path,
        quote,
        planted.claim,
        severity=planted.severity,
        category=_CATEGORIES.get(planted.kind, "correctness"),
        symbols=list(dict.fromkeys(_NAME.findall(planted.claim))),
        places=[f"{other}:{number + 1}" for other, number in others],
        suggestion=planted.suggest,
        confidence=0.8,
    )


def _sign(case: ReviewCase, path: str, line: int) -> str:
    """Return what stands before a line in the diff: nothing where it is not in it."""
    look = next((one.look for one in case.change.files if one.path == path), None)
    return "" if look is None else "+" if line in look.changed else " "


# -- what is made up ---------------------------------------------------------------------------


def inventions(one: ReviewCase, case: Case) -> tuple[Invented, ...]:
    """Return what a reviewer makes up about a case; none of it is so."""
    looks = [file.look for file in case.change.files if file.look.changed and not file.look.is_gone]
    at = _changed_line(looks)
    if at is None:
        return ()
    look, line = at
    found = [*_nowhere(look, line), *_far(case, looks), *_callers(case, looks)]
    found += [*_undefined(case, looks), *_taste(look, line)]
    if one.planted is not None:
        found += _again(one, one.planted)
    return tuple(Invented(kind, claim) for kind, claim in found)


_Made = Iterator[tuple[str, Claim]]


def _changed_line(looks: Sequence[Look]) -> tuple[Look, int] | None:
    """Return a changed line of code that says something."""
    for look in looks:
        for line in look.added or sorted(look.changed):
            if len(_WORD.findall(look.lines[line])) > 1 and look.language:
                return look, line
    return None


def _nowhere(look: Look, line: int) -> _Made:
    """Yield claims about files, lines and names that are not there."""
    quote = look.lines[line]
    said = "The result is thrown away, so the caller goes on with the old value."
    yield "no such file", claim_of(f"lib/invented/{look.path}", quote, said)
    yield "no such quote", claim_of(look.path, "    frobnicated = quuxify(everything)", said)
    yield "no such quote", claim_of(look.path, f"{quote.strip()} or quuxified", said)
    names = ["quuxify", "Frobnicator.close"]
    claim = "`quuxify` never closes what it is given."
    yield "no such name", claim_of(look.path, quote, claim, symbols=names)
    beyond = [f"{look.path}:{len(look.lines) + 4000}", "lib/invented/quux.py:3"]
    yield "no such place", claim_of(look.path, quote, said, places=beyond)


def _far(case: Case, looks: Sequence[Look]) -> _Made:
    """Yield claims about lines that the change has nothing to do with."""
    said = "This fails when the list is empty."
    touched = _touched(looks)
    for look in looks:
        for number, text in enumerate(look.lines):
            words = set(_WORD.findall(text))
            near = any(abs(number - changed) < FAR for changed in look.changed)
            if near or len(text.strip()) < 20 or words & touched or look.lines.count(text) > 1:
                continue
            if not _is_in_changed_function(look, number):
                yield "far from the change", claim_of(look.path, text, said)
                break
    name = sorted({name for look in looks for name in look.touched})[:1]
    for number, path in enumerate(sorted(set(case.after.paths) - case.change.paths)[:6]):
        for text in (case.after.text(path) or "").split("\n"):
            if len(text.strip()) > 20 and not set(_WORD.findall(text)) & touched:
                symbols = name if number % 2 else []
                yield "far from the change", claim_of(path, text, said, symbols=symbols)
                break


def _touched(looks: Sequence[Look]) -> set[str]:
    """Return the names that changed lines have, and those of the definitions around them."""
    found: set[str] = set()
    for look in looks:
        lines = [look.lines[n] for n in look.changed if n < len(look.lines)]
        found |= {word for line in (*lines, *look.removed) for word in _WORD.findall(line)}
        for facts in (look.read.before, look.read.after):
            found |= {one.name for one in facts.definitions} if facts is not None else set()
    return found


def _is_in_changed_function(look: Look, line: int) -> bool:
    facts = look.read.after
    functions = [d for d in facts.definitions if d.kind in FUNCTIONS] if facts is not None else []
    starts = [0]
    for text in look.lines:
        starts.append(starts[-1] + len(text) + 1)

    def around(number: int) -> object:
        blank = len(look.lines[number]) - len(look.lines[number].lstrip())
        return enclosing(functions, starts[number] + blank)

    changed = [around(n) for n in look.changed if n < len(look.lines)]
    return around(line) is not None and around(line) in changed


def _callers(case: Case, looks: Sequence[Look]) -> _Made:
    """Yield claims about calls that are not there, and about calls that fit."""
    for look in looks:
        for name in list(look.functions())[:3]:
            short = name.rpartition(".")[2]
            place = _without(case, short)
            if place is not None:
                yield "no call there", claim_of(
                    look.path, look.lines[min(look.changed)],
                    f"`{short}` is still called the old way there.", category="callers",
                    symbols=[short], places=[place],
                )  # fmt: skip
                break
    for number, (path, call) in enumerate(islice(_fitting(case, looks), 4)):
        said = _STALE[number % len(_STALE)].format(call.name)
        text = (case.after.text(path) or "").split("\n")[call.line]
        category = ("callers", "correctness")[number % 2]
        claim = claim_of(path, text, said, category=category, symbols=[call.name])
        yield "a call that fits", {**claim, "places": [f"{path}:{call.line + 1}"]}


_STALE = (
    "This call of `{}` was not updated: an argument is missing.",
    "`{}` is still called with its old signature here.",
    "Too few arguments are passed to `{}`.",
    "The call does not match the parameters of `{}`.",
)


def _without(case: Case, name: str) -> str | None:
    """Return a place of a file around which none of the changed names stands."""
    touched = {name} | _touched([file.look for file in case.change.files])
    for path in sorted(case.after.paths):
        lines = (case.after.text(path) or "").split("\n")
        for line in range(6, len(lines)):
            if not touched & set(_WORD.findall("\n".join(lines[line - 6 : line + 7]))):
                return f"{path}:{line + 1}"
    return None


def _fitting(case: Case, looks: Sequence[Look]) -> Iterator[tuple[str, Call]]:
    """Yield calls next to the change that give what the one definition of their name takes."""
    for look in looks:
        known = arguments_of(look.path, look.after)
        taken: set[str] = set()
        for call in known.calls:
            if call.line not in look.added or call.name in taken:
                continue
            signatures = [
                one
                for path in case.after.definers(call.name)
                for one in arguments_of(path, case.after.text(path) or "").signatures
                if one.name == call.name
            ]
            near = [one for one in known.calls if abs(one.line - call.line) <= 3]
            alike = [one for one in near if one.name == call.name]
            if len(signatures) == 1 and all(fits(one, signatures[0]) for one in alike):
                taken.add(call.name)
                yield look.path, call


def _undefined(case: Case, looks: Sequence[Look]) -> _Made:
    """Yield claims that names are not there which are."""
    for look in looks:
        there = {*case.after.names(look.path), *case.after.imports(look.path)}
        for line in look.added:
            name = next((w for w in _WORD.findall(look.code_lines[line]) if w in there), None)
            if name is not None:
                for said in _UNDEFINED:
                    claim = said.format(name)
                    yield (
                        "a name that is there",
                        claim_of(look.path, look.lines[line], claim, symbols=[name]),
                    )
                break


_UNDEFINED = (
    "`{}` is not defined in this file.",
    "The import of `{0}` is missing: `{0}` is never imported.",
    "`{}` no longer exists.",
    "`{}` was removed but is still used here.",
)


def _taste(look: Look, line: int) -> _Made:
    quote = look.lines[line]
    for said, category in (
        ("The name could be more descriptive.", "style"),
        ("The line is too long.", "style"),
        ("A docstring would help readability.", "correctness"),
        ("Consider to extract a constant for better readability.", "correctness"),
        ("The naming convention of the project is not followed.", "tests"),
    ):
        yield "taste", claim_of(look.path, quote, said, category=category, severity="warning")


def _again(one: ReviewCase, planted: Planted) -> _Made:
    """Yield the true finding in other words."""
    path, line = planted.at[0]
    quote = one.after[path].split("\n")[line]
    names = list(dict.fromkeys(_NAME.findall(planted.claim)))
    first, _, rest = planted.claim.rstrip(".").partition(" ")
    halves = f"{rest}: {first}"
    for claim, category in (
        (halves, "correctness"),
        ("As it stands here, this will not do what was meant.", "data"),
        (f"One should look at this again: {', '.join(names) or 'it'} goes wrong.", "errors"),
    ):
        yield "the same again", claim_of(path, quote, claim, category=category)


# -- the models --------------------------------------------------------------------------------

Flash = Callable[[str, str], Mapping[str, Any]]
"""What Flash answers about a claim, given the code that is shown."""


def helpful(false: Sequence[str]) -> Flash:
    """Return one that refutes what is false, with the first line that it is shown."""

    def answer(claim: str, code: str) -> Mapping[str, Any]:
        if claim not in false:
            return {"refuted": False, "line": "", "why": "nothing shows it"}
        line = next((one for one in code.split("\n")[1:] if len(one.strip()) > 10), "")
        return {"refuted": True, "line": line, "why": "the code shows that it is not so"}

    return answer


def hostile(claim: str, code: str) -> Mapping[str, Any]:
    """Refute everything, with no line or with one that is nowhere."""
    lines = ("", "return quuxify(everything)", code[:4], "x", None)
    line = lines[len(claim) % len(lines)]
    return {"refuted": True, "line": line, "why": "I know better"}


@dataclass(slots=True)
class Reviewer:
    """Answers what a review asks: Pro with its claims, Flash by what it is shown.

    With `by_file` a part is told only what is about its own files.
    """

    claims: Sequence[Claim]
    flash: Flash = field(default_factory=lambda: helpful(()))
    by_file: bool = False
    asked: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)

    def reply(self, request: Request) -> Reply:
        """Answer a request."""
        users = [str(m.get("content")) for m in request.messages if m.get("role") == "user"]
        return self.said(request.model, request.max_tokens, users[-1] if users else "")

    async def stream(self, request: AnyRequest) -> AsyncGenerator[Event]:
        """Answer as a provider does, without a connection and at once."""
        assert isinstance(request, ChatRequest)
        reply = self.said(request.model, request.max_tokens, request.messages[-1].content)
        for number, call in enumerate(reply.tool_calls):
            yield ToolCallDelta(number, f"call-{number}", call.name, call.arguments)
        if reply.text:
            yield TextDelta(reply.text)
        yield Stopped(Stop.END, request.model)
        yield Billed(Usage(hit=100, miss=100, output=100), request.model)

    async def warm(self) -> None:
        """Have nothing to warm."""

    async def aclose(self) -> None:
        """Have nothing to close."""

    def said(self, model: str, most: int, said: str) -> Reply:
        """Answer what a model is asked."""
        if most == 1:
            return Reply("OK", THOUGHT)
        if model == FLASH:
            claim, code = _CLAIM.search(said), _CODE.search(said)
            assert claim is not None
            assert code is not None
            self.checked.append(claim[1])
            return Reply(json.dumps(self.flash(claim[1], code[1])))
        self.asked.append(said)
        own = [c for c in self.claims if not self.by_file or f"+++ b/{c['file']}\n" in said]
        return Reply("", THOUGHT, (ToolCall("submit_findings", json.dumps({"findings": own})),))


def honest(one: ReviewCase, manner: str = MANNERS[0], flash: Flash | None = None) -> Reviewer:
    """Return one that says what is planted and nothing else."""
    claims = [true_claim(one, manner)] if one.planted is not None else []
    return Reviewer(claims, flash or helpful(()))


def hallucinating(
    one: ReviewCase, made_up: Sequence[Invented], flash: Flash | None = None
) -> Reviewer:
    """Return one that says what is planted, somewhere among what it makes up."""
    claims = [invented.claim for invented in made_up]
    if one.planted is not None:
        claims.insert(len(claims) // 2, true_claim(one))
    return Reviewer(claims, flash or helpful(()))
