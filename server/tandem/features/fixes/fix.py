"""An action carried out: what may change, who is asked, what the gates say, which edits remain.

The story of `codeAction/resolve`, of `tandem fix` and of the commands for editors without resolve.
Free ways come first; a model is asked only here, after a choice.

Invariant: edits that leave have passed every gate, and lie in the spans that were allowed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from tandem.core import answers, edits, patch
from tandem.core.diagnostics import Diagnostic
from tandem.core.edits import Edit
from tandem.core.errors import RefusedError
from tandem.core.model import ChatRequest, Dialect, Message, Stop, Thinking
from tandem.core.money import Usd
from tandem.core.patch import Editable
from tandem.core.reply import Reply
from tandem.core.text import Span, Text
from tandem.engine import gates
from tandem.engine.harness import Experience, Failed, Outcome, Verdict, carry_out
from tandem.engine.ladder import EFFORTS, TOPS, Limits, Rung, Step
from tandem.features.fixes import prompt, rewrites
from tandem.features.fixes.ask import EXPLAIN, FIX, PROMPT, Ask, Source
from tandem.features.fixes.causes import cause_of
from tandem.features.fixes.paid import Paid
from tandem.features.fixes.prompt import Form, Job
from tandem.features.fixes.recheck import gone
from tandem.features.fixes.target import TYPES, header_of, merged, symbols, target_of
from tandem.workspace.settings import Settings

if TYPE_CHECKING:
    from tandem.engine.gateway import Gateway

_BEGINS: Final = 16
_WARM: Final = 0.8
_FIX_TASK: Final = "Fix the problems. Do not silence them with comments or casts."

Proposed = Mapping[str, tuple[Edit, ...]]
"""Edits by file, as the patch engine gives them."""

Check = Callable[[str, str, Sequence[Diagnostic]], Awaitable[str | None]]
"""Runs the user's own checker on (before, after): a sentence if the problems are still there."""


async def no_check(_before: str, _after: str, _problems: Sequence[Diagnostic]) -> str | None:
    """Know nothing: there is no checker, or the workspace is not trusted."""
    return None


@dataclass(frozen=True, slots=True)
class Ports:
    """Who helps with an action."""

    gateway: "Gateway"
    experience: Experience
    announce: Callable[[Step, Sequence[Failed]], Awaitable[None]]
    check: Check = no_check
    paid: Paid = field(default_factory=Paid)


@dataclass(frozen=True, slots=True)
class Done:
    """What an action came to: edits of the document, by whom, for how much.

    `rung` is None where the answer was paid for earlier.
    """

    edits: tuple[Edit, ...]
    rung: Rung | None
    cost: Usd
    answers: int

    @property
    def by(self) -> str:
        """Who answered and for how much, for people."""
        return f"{self.rung.value}, {self.cost}" if self.rung is not None else "paid for already"


async def perform(source: Source, ask: Ask, settings: Settings, ports: Ports) -> Done:
    """Have a model do what was chosen. Raises RefusedError with the reason if nothing passed."""
    job = job_of(source, ask, settings)
    task = FixTask(job, ask, settings, ports.check)
    known = ports.paid.take(job, ask)
    if known and not task.objections({source.name: known}):
        return Done(known, None, Usd(), 0)
    limits = Limits(TOPS[settings.fix.climb_to], Usd.of(settings.fix.most_usd))
    outcome: Outcome[Proposed] = await carry_out(
        task, ports.gateway, limits, ports.experience, ports.announce
    )
    if outcome.value is None or outcome.rung is None:
        raise RefusedError(outcome.reason)
    own = outcome.value.get(source.name, ())
    ports.paid.keep(job, ask, own)
    return Done(own, outcome.rung, outcome.cost, outcome.answers)


def job_of(source: Source, ask: Ask, settings: Settings) -> Job:
    """Return what is to be done, and the part of the file that may change for it."""
    text, facts = source.text, source.facts
    target = target_of(text, facts, _place(ask))
    rewrite = rewrites.by_name(ask.action)
    spans = [target.span]
    if ask.action == FIX:
        spans += [target_of(text, facts, one.span).span for one in ask.diagnostics]
        spans += _owners(source, ask)
    if rewrite is None or not rewrite.whole:
        spans.append(header_of(text, facts))
    allowed = merged(spans) or (Span(0, len(text)),)
    whole = rewrite is not None and rewrite.whole and target.definition is not None
    named = symbols(facts, text, allowed)
    file = Editable(source.name, str(text), allowed, named, target.span if whole else None)
    return Job(source, _task(ask, source, settings), target, (file,), ask.diagnostics, whole)


def _owners(source: Source, ask: Ask) -> list[Span]:
    """Return the types of the file that lack what the problems say they lack."""
    language = source.document.language
    causes = (cause_of(one, source.text, language) for one in ask.diagnostics)
    owners = {one.owner for one in causes if one is not None and one.owner}
    known = source.facts.definitions if source.facts is not None else ()
    named = [d.span for d in known if d.name in owners and d.kind in TYPES]
    return [target_of(source.text, source.facts, span).span for span in named]


def _place(ask: Ask) -> Span:
    if not ask.diagnostics:
        return ask.span
    return ask.diagnostics[0].span


def _task(ask: Ask, source: Source, settings: Settings) -> str:
    if ask.action == FIX:
        return _FIX_TASK
    if ask.action == EXPLAIN:
        return "Explain the problem."
    if ask.action.startswith(PROMPT):
        return settings.actions.get(ask.action[len(PROMPT) :], {}).get("prompt", "")
    rewrite = rewrites.by_name(ask.action)
    if rewrite is None:
        raise RefusedError(f"there is no action {ask.action!r}")
    where = rewrites.at(source, ask.span)
    task = rewrite.task.format(name=where.symbol.name if where.symbol is not None else "it")
    if where.has_selection:
        task += f"\nThe selected code:\n```\n{where.code}\n```"
    return task


@dataclass(frozen=True, slots=True)
class FixTask:
    """A fix or a rewrite as the harness carries it out."""

    job: Job
    ask: Ask
    settings: Settings
    check: Check = no_check
    purpose: str = field(default="fix", init=False)

    def request(self, rung: Rung, failed: Sequence[Failed], *, vary: bool) -> ChatRequest:
        """Return what to ask on a rung after what failed so far."""
        thinking, thoughts = EFFORTS[rung]
        models = self.settings.models
        form = self._form(failed)
        last = (failed[-1].text, failed[-1].problems) if failed else None
        said = prompt.messages(self.job, form, last)
        begins = "" if thinking is not Thinking.OFF else self._opening(form)
        if begins:
            said = (*said, Message("assistant", begins, prefix=True))
        return ChatRequest(
            model=models.flash if rung.is_flash else models.pro,
            messages=said,
            max_tokens=prompt.room(self.job, form) + thoughts,
            thinking=thinking,
            json=form is Form.JSON,
            tools=(prompt.EDIT,) if form is Form.CALL else (),
            stop=prompt.stops(form) if begins else (),
            temperature=_WARM if vary else 0.0,
            language=self.job.language,
        )

    def _opening(self, form: Form) -> str:
        """Return how the answer begins, where the server goes on from a beginning."""
        ours = self.settings.api.dialect is Dialect.DEEPSEEK
        return prompt.opening(self.job, form) if ours else ""

    def _form(self, failed: Sequence[Failed]) -> Form:
        """Return the form to ask for: where the last answer had none, one that the API holds to."""
        if failed and failed[-1].text and not self._patch(failed[-1].text, (), partial=False).edits:
            ours = self.settings.api.dialect is Dialect.DEEPSEEK
            return Form.CALL if ours else Form.JSON
        return Form.WHOLE if self.job.whole else Form.BLOCKS

    async def judge(self, request: ChatRequest, reply: Reply) -> Verdict[Proposed]:
        """Return the edits of an answer if they pass every gate."""
        last = request.messages[-1]
        text = _whole_answer(last.content, reply.text) if last.prefix else reply.text
        data = [
            pair for call in answers.calls(reply) for pair in prompt.pairs_of_call(call.arguments)
        ]
        if request.json:
            data += prompt.pairs(answers.json_object(reply.text))
        read = self._patch(text, data, partial=reply.stop is Stop.LENGTH)
        if read.problems or not read.edits:
            return Verdict(None, read.problems or ("the answer holds no change",), text)
        problems = await asyncio.to_thread(self.objections, read.edits)
        if not problems:
            problems = await self._checked(read.edits)
        return Verdict(None, problems, text) if problems else Verdict(read.edits)

    def _patch(self, text: str, data: Sequence[tuple[str, str]], *, partial: bool) -> patch.Patch:
        if data:
            return patch.replaced(self.job.files[0], data)
        return patch.read(text, self.job.files, partial=partial)

    def objections(self, proposed: Proposed) -> tuple[str, ...]:
        """Let the gates speak of every file, then look whether the problems' causes are gone."""
        source = self.job.source
        problems: list[str] = []
        for file in self.job.files:
            change = self._change(file, proposed)
            problems += gates.judged(change, source.code)
            problems += _not_whole(self.job, change)
            if file.path == source.name and self.ask.action == FIX:
                problems += _left(self.ask, source.text, change)
        return tuple(problems)

    def _change(self, file: Editable, proposed: Proposed) -> gates.Change:
        after = edits.apply(Text.of(file.text), proposed.get(file.path, ()))
        return gates.Change(file.path, self.job.language, file.text, str(after))

    async def _checked(self, proposed: Proposed) -> tuple[str, ...]:
        if self.ask.action != FIX:
            return ()
        change = self._change(self.job.files[0], proposed)
        said = await self.check(change.before, change.after, self.ask.diagnostics)
        return (said,) if said is not None else ()


def _whole_answer(opening: str, text: str) -> str:
    """Put an answer behind the beginning it was given, unless it begins by itself all the same."""
    begins = text.lstrip()[:_BEGINS]
    return text if begins.startswith(("```", "<<<<<", "--- ", "diff --git")) else opening + text


def _not_whole(job: Job, change: gates.Change) -> list[str]:
    """Return what an answer with a whole symbol left out: the symbol itself, its decorators.

    A single word of prose is code to many a grammar.
    """
    definition = job.target.definition
    if not job.whole or definition is None:
        return []
    known = gates.read(change)
    if known.after is not None and definition.name not in {d.name for d in known.after.definitions}:
        return [f"the answer does not define `{definition.name}`"]
    lines = job.source.text.slice(*job.target.span).split("\n")
    heads = takewhile(lambda line: line.startswith("@"), map(str.strip, lines))
    names = [head.partition("(")[0] for head in heads]
    return [f"the decorator `{name}` is gone" for name in names if name not in change.after]


def _left(ask: Ask, text: Text, change: gates.Change) -> list[str]:
    """Return the problems whose cause is still there, as far as syntax tells."""
    found = []
    for one in ask.diagnostics:
        cause = cause_of(one, text, change.language)
        if cause is None:
            continue
        if gone(cause, one, change.language, change.before, change.after) is False:
            message = " ".join(one.message.split())[:200]
            found.append(f"this problem is still there: {message}")
    return found
