"""A plan as a value: what Pro answers, what is checked of it, what people read and edit.

It comes as strict JSON, is shown as Markdown, and is read back from there after somebody changed it
or dropped steps. Checked against the index before anything is done: files, anchors and dependencies
that do not exist are problems in sentences, which go back to the model once and are shown then.
Pure; deliberately nothing about how a step is carried out.

Invariant: ``parsed(markdown(plan)) == (plan, ())`` for a plan without line ends in its texts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tandem.index.code import Code

_MOST_STEPS: Final = 60
_MOST_FILES: Final = 12  # of a step: more is several steps
_NUMBER: Final = re.compile(r"^###\s+([A-Za-z][\w-]{0,15})[:.]\s*(.*)$")
_FIELD: Final = re.compile(
    r"^\s*[-*]\s+(files|new files|removed files|anchors|expects|after|check):\s*(.*)$"
)
_NAME: Final = re.compile(r"`([^`\n]+)`")
_ID: Final = re.compile(r"[A-Za-z][\w-]{0,15}")


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `anchors` are the symbols it changes, `expects` those that are there afterwards.

    A file that moves is one of `new_files` and one of `removed_files`. `after` are the ids of
    steps that come first; `check` tells when it is done, for the model and for people.
    """

    id: str
    title: str
    files: tuple[str, ...] = ()
    new_files: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    expects: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    check: str = ""
    removed_files: tuple[str, ...] = ()

    @property
    def touches(self) -> frozenset[str]:
        """All files that it changes, makes or removes."""
        return frozenset([*self.files, *self.new_files, *self.removed_files])


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in steps, and what may go wrong or stays as it is."""

    goal: str
    steps: tuple[Step, ...] = ()
    risks: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()


# -- from a model ------------------------------------------------------------------------------


def from_json(value: Any) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan of a decoded answer, and what of it could not be used. Never raises."""
    if not isinstance(value, dict):
        return Plan(""), ("the answer is no JSON object",)
    problems: list[str] = []
    steps: list[Step] = []
    listed = value.get("steps")
    for number, one in enumerate(listed if isinstance(listed, list) else (), 1):
        if not isinstance(one, dict) or not _text(one.get("title")):
            problems.append(f"step {number} has no title")
            continue
        lists = {
            key: _texts(one.get(key))
            for key in ("files", "new_files", "removed_files", "anchors", "expects", "after")
        }
        name = _text(one.get("id"))
        name = name if _ID.fullmatch(name) else f"s{number}"
        steps.append(Step(name, _text(one["title"]), check=_text(one.get("check")), **lists))
    if not steps:
        problems.append("the plan has no steps")
    plan = Plan(
        _text(value.get("goal")),
        tuple(steps),
        _texts(value.get("risks")),
        _texts(value.get("untouched")),
    )
    return plan, tuple(problems)


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    found = map(_text, value) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(text for text in found if text))


# -- against the index -------------------------------------------------------------------------


def problems(plan: Plan, code: Code) -> tuple[str, ...]:
    """Return what is wrong with a plan, in sentences that a model and a person can act on."""
    found = list(_of_shape(plan))
    for step in plan.steps:
        found += [*_of_files(step, plan, code), *_of_names(step, plan, code)]
    return tuple(found)


def _of_shape(plan: Plan) -> Iterator[str]:
    if not plan.goal:
        yield "the plan has no goal"
    if len(plan.steps) > _MOST_STEPS:
        yield f"the plan has {len(plan.steps)} steps; {_MOST_STEPS} are the most"
    ids = [step.id for step in plan.steps]
    for name in dict.fromkeys(name for name in ids if ids.count(name) > 1):
        yield f"several steps are called {name}"
    stuck = _stuck(plan)
    if stuck:
        yield f"steps wait for each other: {', '.join(stuck)}"


def _of_files(step: Step, plan: Plan, code: Code) -> Iterator[str]:
    known, made = code.paths, {path for one in plan.steps for path in one.new_files}
    if not step.touches:
        yield f"{step.id} names no file"
    if len(step.touches) > _MOST_FILES:
        yield f"{step.id} is about more than {_MOST_FILES} files; make it several steps"
    for path in (*step.files, *step.removed_files):
        if path not in known and path not in made:
            yield f"{step.id}: there is no file {path!r} in the codebase"
    for path in step.new_files:
        if path in known:
            yield f"{step.id}: {path!r} is there already"
        elif not _is_below(path):
            yield f"{step.id}: {path!r} is not a path below the workspace"


def _is_below(path: str) -> bool:
    """Tell whether a path is one of the workspace's own, and none of git's."""
    if path.startswith(("/", "~")) or "\\" in path:
        return False
    return not {"..", ".git"} & set(path.split("/"))


def _of_names(step: Step, plan: Plan, code: Code) -> Iterator[str]:
    known = (*step.files, *step.removed_files)
    there = {d.name for path in known for d in _definitions(code, path)}
    later = {name.rpartition(".")[2] for one in plan.steps for name in one.expects}
    for anchor in step.anchors:
        name = anchor.rpartition(".")[2]
        if name not in there and name not in later:
            yield f"{step.id}: nothing is called {anchor!r} in {', '.join(step.files) or 'no file'}"
    ids = {one.id for one in plan.steps}
    for name in step.after:
        if name not in ids:
            yield f"{step.id} comes after {name}, which is no step"


def _definitions(code: Code, path: str) -> Sequence[Any]:
    facts = code.facts(path)
    return facts.definitions if facts is not None else ()


def order(plan: Plan) -> tuple[tuple[Step, ...], ...]:
    """Return the steps in rounds: those of a round wait for none but earlier ones.

    Steps of a round that share a file are put into rounds of their own: they see each other's work.
    """
    done: set[str] = set()
    left = list(plan.steps)
    rounds: list[tuple[Step, ...]] = []
    known = {step.id for step in plan.steps}
    while left:
        ready = [step for step in left if set(step.after) & known <= done]
        taken: list[Step] = []
        busy: set[str] = set()
        for step in ready:
            if busy.isdisjoint(step.touches):
                taken.append(step)
                busy |= step.touches
        if not taken:  # they wait for each other
            break
        rounds.append(tuple(taken))
        done |= {step.id for step in taken}
        left = [step for step in left if step not in taken]
    return tuple(rounds)


def _stuck(plan: Plan) -> list[str]:
    reached = {step.id for steps in order(plan) for step in steps}
    return [step.id for step in plan.steps if step.id not in reached]


# -- for people --------------------------------------------------------------------------------


def markdown(plan: Plan) -> str:
    """Return a plan to read and to edit: steps may be changed, moved and deleted."""
    lines = [f"# {plan.goal}", ""]
    for step in plan.steps:
        lines += [f"### {step.id}: {step.title}", "", *_fields(step), ""]
    for title, texts in (("Risks", plan.risks), ("Not touched", plan.untouched)):
        if texts:
            lines += [f"## {title}", "", *(f"- {text}" for text in texts), ""]
    return "\n".join(lines)


def _fields(step: Step) -> Iterator[str]:
    names = {
        "files": step.files,
        "new files": step.new_files,
        "removed files": step.removed_files,
        "anchors": step.anchors,
        "expects": step.expects,
    }
    for key, values in names.items():
        if values:
            yield f"- {key}: {', '.join(f'`{value}`' for value in values)}"
    if step.after:
        yield f"- after: {', '.join(step.after)}"
    if step.check:
        yield f"- check: {step.check}"


def parsed(text: str) -> tuple[Plan, tuple[str, ...]]:
    """Read a plan back from Markdown, also one that was edited by hand. Never raises.

    Lines that are none of a plan's are passed over: notes of whoever edited it.
    """
    goal, steps = "", list[Step]()
    lists: dict[str, list[str]] = {"risks": [], "not touched": []}
    fields: dict[str, str] | None = None
    part: list[str] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        heading = _NUMBER.match(line)
        if heading is not None:
            steps += [_step(fields)] if fields is not None else []
            fields, part = {"id": heading[1], "title": heading[2].strip()}, None
        elif line.startswith("# "):
            goal = goal or line[2:].strip()
        elif line.startswith("## "):
            steps += [_step(fields)] if fields is not None else []
            fields, part = None, lists.get(line[3:].strip().lower())
        elif fields is not None and (found := _FIELD.match(line)) is not None:
            fields[found[1]] = found[2].strip()
        elif part is not None and line.startswith("- ") and line[2:].strip():
            part.append(line[2:].strip())
    steps += [_step(fields)] if fields is not None else []
    plan = Plan(goal, tuple(steps), tuple(lists["risks"]), tuple(lists["not touched"]))
    return plan, () if steps else ("the plan has no steps",)


def _step(fields: Mapping[str, str]) -> Step:
    def names(key: str) -> tuple[str, ...]:
        return tuple(_NAME.findall(fields.get(key, "")))

    return Step(
        fields["id"],
        fields["title"],
        names("files"),
        names("new files"),
        names("anchors"),
        names("expects"),
        tuple(_ID.findall(fields.get("after", ""))),
        fields.get("check", ""),
        names("removed files"),
    )
