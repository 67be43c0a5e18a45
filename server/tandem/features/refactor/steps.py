"""One step of a plan as a task of the harness: what is asked, and what the gates say of an answer.

A step may change its own files and no others. Its gates see the code as it would be: what was done
before, and this. What other files make of it is not held against it, since it could not mend them:
that is for the checks of the whole (`verify`).

Invariant: texts that leave have passed every gate, and are of the step's own files.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tandem.core import answers, edits, patch
from tandem.core.model import ChatRequest, Dialect, Stop
from tandem.core.patch import Editable
from tandem.core.reply import Reply
from tandem.core.text import Span, Text
from tandem.engine import gates
from tandem.engine.harness import Failed, Verdict
from tandem.engine.ladder import EFFORTS, Rung
from tandem.features.refactor import step_prompt
from tandem.features.refactor.events import Texts
from tandem.features.refactor.plan import Plan, Step
from tandem.features.refactor.state import Run, StepState
from tandem.features.refactor.step_prompt import Brief, Form
from tandem.index.code import Code
from tandem.index.languages import id_of
from tandem.index.overlay import Overlay
from tandem.workspace.settings import Settings
from tandem.workspace.steady import steady

_WARM: Final = 0.8
PURPOSE: Final = "step"


@dataclass(frozen=True, slots=True)
class StepTask:
    """A step as the harness carries it out; made by `task_of`."""

    brief: Brief
    code: Code = field(repr=False)
    view: Texts = field(repr=False)
    settings: Settings
    purpose: str = field(default=PURPOSE, init=False)

    @property
    def files(self) -> tuple[Editable, ...]:
        """The files that may change, all of each."""
        step, texts = self.brief.step, self.brief.texts
        return tuple(
            Editable(path, text, (Span(0, len(text)),), whole=_whole(step, path, text))
            for path, text in texts.items()
            if path not in step.removed_files
        )

    def request(self, rung: Rung, failed: Sequence[Failed], *, vary: bool) -> ChatRequest:
        """Return what to ask on a rung after what failed so far."""
        thinking, thoughts = EFFORTS[rung]
        models = self.settings.models
        form = self._form(failed)
        last = (failed[-1].text, failed[-1].problems) if failed else None
        return ChatRequest(
            model=models.flash if rung.is_flash else models.pro,
            messages=step_prompt.messages(self.brief, form, last),
            max_tokens=step_prompt.room(self.brief) + thoughts,
            thinking=thinking,
            json=form is Form.JSON,
            tools=(step_prompt.EDIT,) if form is Form.CALL else (),
            temperature=_WARM if vary else 0.0,
        )

    def _form(self, failed: Sequence[Failed]) -> Form:
        """Return the form to ask for: where the last answer had none, one that the API holds to."""
        if failed and failed[-1].text:
            read = patch.read(failed[-1].text, self.files)
            if not read.edits:
                ours = self.settings.api.dialect is Dialect.DEEPSEEK
                return Form.CALL if ours else Form.JSON
        return Form.BLOCKS

    async def judge(self, request: ChatRequest, reply: Reply) -> Verdict[Texts]:
        """Return the texts of the step's files that an answer leads to, if every gate lets pass."""
        if self.brief.doubted and reply.text.strip(" \n.\"'`").lower() == step_prompt.NO_CHANGE:
            return Verdict({})
        data = [
            e for call in answers.calls(reply) for e in step_prompt.edits_of_call(call.arguments)
        ]
        if request.json:
            data += step_prompt.edits_of(answers.json_object(reply.text))
        read = self._read(reply, data)
        if read.problems or not read.edits:
            return Verdict(None, read.problems or ("the answer holds no change",))
        texts = self._texts(read)
        problems = await steady(self.objections, texts)
        return Verdict(None, problems) if problems else Verdict(texts)

    def _read(self, reply: Reply, data: Sequence[tuple[str, str, str]]) -> patch.Patch:
        if not data:
            return patch.read(reply.text, self.files, partial=reply.stop is Stop.LENGTH)
        found: dict[str, tuple[edits.Edit, ...]] = {}
        problems: list[str] = []
        known = {file.path: file for file in self.files}
        for path in dict.fromkeys(path for path, _, _ in data):
            if path not in known:
                problems.append(f"only {', '.join(known)} may be changed, not {path[:80]!r}")
                continue
            pairs = [(search, new) for one, search, new in data if one == path]
            read = patch.replaced(known[path], pairs)
            found.update(read.edits)
            problems += read.problems
        return patch.Patch(found, tuple(dict.fromkeys(problems)))

    def _texts(self, read: patch.Patch) -> dict[str, str | None]:
        texts: dict[str, str | None] = {
            path: str(edits.apply(Text.of(self.brief.texts[path]), found))
            for path, found in read.edits.items()
        }
        return texts | dict.fromkeys(self.brief.step.removed_files)

    def objections(self, texts: Texts) -> tuple[str, ...]:
        """Let the gates speak of every file, then look whether what is expected is there."""
        code = Overlay(self.code, {**self.view, **texts}, self.brief.texts.keys())
        problems: list[str] = []
        for path, after in texts.items():
            before = self.brief.texts.get(path, "")
            problems += gates.judged(change_of(path, before, after or ""), code)
        missing = [path for path in self.brief.step.new_files if not self._made(path, texts)]
        problems += [f"the file {path} was not made" for path in missing]
        problems += self._unexpected(texts)
        return tuple(dict.fromkeys(problems))

    def _made(self, path: str, texts: Texts) -> bool:
        return bool((texts.get(path) or self.brief.texts.get(path, "")).strip())

    def _unexpected(self, texts: Texts) -> list[str]:
        """Return what the plan says will be there and is not, by name."""
        after = {**self.brief.texts, **texts}
        words = " ".join(text for text in after.values() if text is not None)
        return [
            f"`{name}` is not there with this answer"
            for name in self.brief.step.expects
            if not re.search(rf"(?<!\w){re.escape(name.rpartition('.')[2])}(?!\w)", words)
        ]


def _whole(step: Step, path: str, text: str) -> Span | None:
    """Return what bare code for a file replaces: a new file is said as a whole."""
    return Span(0, len(text)) if path in step.new_files else None


def change_of(path: str, before: str, after: str) -> gates.Change:
    """Return a change as the gates look at it."""
    return gates.Change(path, id_of(path), before, after)


def task_of(run: Run, name: str, code: Code, settings: Settings) -> StepTask:
    """Return a step that runs as a task: the code as it was when the step began."""
    step, state = run.step(name), run.steps[name]
    texts = _own_texts(step, state)
    brief = Brief(run.plan, step, texts, Overlay(code, state.view), state.why, state.doubted)
    return StepTask(brief, code, state.view, settings)


def _own_texts(step: Step, state: StepState) -> Mapping[str, str]:
    paths = dict.fromkeys([*step.files, *step.new_files, *step.removed_files, *state.wider])
    return {path: state.view.get(path) or "" for path in paths if _is_told(step, state, path)}


def _is_told(step: Step, state: StepState, path: str) -> bool:
    return path in step.new_files or state.view.get(path) is not None


def is_free(plan: Plan, name: str) -> bool:
    """Tell whether a step only removes files: no model is needed for that."""
    step = next(one for one in plan.steps if one.id == name)
    return not step.files and not step.new_files
