"""The whole result before the gates: what no single step can see.

Every file that changed is parsed and held against the code as it would be: definitions that are
gone and still used, imports that lead nowhere any more, calls that do not fit what changed. Each
problem goes to the step that caused it, which may then change the file it shows in as well: which
of the two is wrong, no gate can tell. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.engine import gates
from tandem.features.refactor.plan import Step
from tandem.features.refactor.state import Run, Status
from tandem.features.refactor.steps import change_of
from tandem.index.code import Code, Target
from tandem.index.facts import Import
from tandem.index.languages import language_of
from tandem.index.misfits import misfits
from tandem.index.overlay import Overlay
from tandem.workspace.files import reason_by_name

# Of an import: whether a name is there can be told where all that a module binds stands in it.
_NAMED: Final = frozenset(["python", "javascript", "typescript", "typescriptreact"])


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
    for path in sorted({*run.now, *_importers(run, before)}):
        if after.text(path) is not None:
            yield from _lost_imports(path, before, after, run)
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


def _importers(run: Run, before: Code) -> set[str]:
    return {one for path in run.now for one in before.importers(path)}


def _lost_imports(path: str, before: Code, after: Code, run: Run) -> Iterator[Problem]:
    """Object to imports that led to the code and lead nowhere now, or to a name that is not there.

    Only to what a change brought about: what was lost already is left alone.
    """
    facts = after.facts(path)
    known = before.facts(path)
    led = before.imports(path) if known is not None else {}
    modules = {one.module for one in known.imports} if known is not None else set()
    leads = after.imports(path)
    for one in facts.imports if facts is not None else ():
        place = f"{path}:{one.line + 1}"
        for local in _bound(one):
            old, new = led.get(local), leads.get(local)
            # The same name from another module, a library's say, is another matter.
            if old is not None and new is None and one.module in modules:
                said = f"{place} imports `{local}` from {one.module}, which is gone"
                yield Problem(said, path, old.path)
            elif new is not None and {path, new.path} & run.now.keys() and _is_missing(after, new):
                said = f"{place} imports `{new.name}`, which {new.path} does not have"
                yield Problem(said, path, new.path)


def _bound(one: Import) -> Sequence[str]:
    return [local for _name, local in one.names] if one.names else [one.local]


def _is_missing(code: Code, target: Target) -> bool:
    """Tell whether a file surely has nothing of a name: not even the word stands in it."""
    path, name = target.path, target.name
    language, facts = language_of(path), code.facts(path)
    if (
        language is None
        or language.id not in _NAMED
        or facts is None
        or name in {"", "default", "*"}
    ):
        return False
    if any(_is_open(one) for one in facts.imports) or "__getattr__" in facts.identifiers:
        return False
    return name not in facts.identifiers and name not in code.names(path)


def _is_open(one: Import) -> bool:
    return any(local == "*" for _name, local in one.names) or (not one.names and not one.local)


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
