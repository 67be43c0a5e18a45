"""The whole result before the gates: what no single step can see.

Every file that changed is parsed and held against the code as it would be: definitions that are
gone and still used, imports that lead nowhere any more, calls that do not fit what changed. Each
problem goes to the step that caused it, which may then change the file it shows in as well: which
of the two is wrong, no gate can tell. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tandem.engine import gates
from tandem.features.refactor.plan import Step
from tandem.features.refactor.state import Run, Status
from tandem.features.refactor.steps import change_of
from tandem.index.code import Code
from tandem.index.lost import lost_imports
from tandem.index.misfits import misfits
from tandem.index.overlay import Overlay
from tandem.workspace.files import reason_by_name


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the result: a sentence, the file it is in, the file that caused it."""

    said: str
    path: str
    cause: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Problems by the step that has to mend them, and files that it may change for that."""

    problems: Mapping[str, tuple[str, ...]]
    wider: Mapping[str, tuple[str, ...]]


def verified(run: Run, code: Code) -> Verified:
    """Let the gates speak of everything that changed: 10-50 ms for ten files."""
    return assigned(run, list(_problems(run, code)))


def _problems(run: Run, code: Code) -> Iterator[Problem]:
    before = Overlay(code, run.base)
    after = Overlay(code, run.overlay)
    for path, text in sorted(run.now.items()):
        was = run.base.get(path) or ""
        yield from _of_file(path, was, text, after)
    for lost in lost_imports(before, after, run.now.keys()):
        yield Problem(str(lost), lost.path, lost.where)
    for one in misfits(before, after, run.now.keys()):
        yield Problem(str(one), one.path, one.where)


def _of_file(path: str, was: str, text: str | None, after: Code) -> Iterator[Problem]:
    change = change_of(path, was, text or "")
    gone = gates.lost(gates.read(change), after)
    users = {user for paths in gone.values() for user in paths}
    for number, said in enumerate(gates.judged(change, after)):
        # What is gone, whoever made it go mends, and those who still use it with it.
        for place in sorted(users) if users and not number else [path]:
            yield Problem(said, place, path)


# -- who has to mend it ------------------------------------------------------------------------


def assigned(run: Run, problems: Sequence[Problem]) -> Verified:
    """Give each problem to the last step done that caused it, with the file that it shows in."""
    found: dict[str, list[str]] = {}
    wider: dict[str, list[str]] = {}
    done = [run.step(name) for name in run.named(Status.DONE)]
    for problem in problems:
        owner = _owner(run, done, problem.cause) or _owner(run, done, problem.path) or ""
        found.setdefault(owner, []).append(problem.said)
        own = run.step(owner).touches if owner else frozenset[str]()
        if problem.path not in own and reason_by_name(problem.path) is None:
            wider.setdefault(owner, []).append(problem.path)
    return Verified(
        {name: tuple(dict.fromkeys(said)) for name, said in found.items()},
        {name: tuple(dict.fromkeys(paths)) for name, paths in wider.items()},
    )


def _owner(run: Run, done: Sequence[Step], path: str) -> str | None:
    """Return the last step done that changed a file, or may."""
    for step in reversed(done):
        if path in step.touches or path in run.steps[step.id].wider:
            return step.id
    return None
