"""The result of a run, and where it goes: a diff, or edits of the files as they are by now. Pure.

The user may have worked on meanwhile. What they changed elsewhere in a file stays, ours goes in
beside it; where both changed the same lines nothing is delivered, and it is said where.

Invariant: all or nothing; a file that has neither changed is not touched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tandem.core import diff
from tandem.core.merge import merged
from tandem.features.refactor.events import Texts
from tandem.features.refactor.state import Run


@dataclass(frozen=True, slots=True)
class Delivery:
    """What every file is now (`before`) and shall be (`texts`), or why it cannot be."""

    before: Texts = field(default_factory=dict, repr=False)
    texts: Texts = field(default_factory=dict, repr=False)
    conflicts: tuple[str, ...] = ()


def diff_of(run: Run) -> str:
    """Return the result as a unified diff against the files as the steps found them."""
    return diff_between(run.base, run.now)


def diff_between(before: Texts, after: Texts) -> str:
    """Return the files of `after` as a unified diff, in the order of their paths."""
    changed = sorted(path for path in after if before.get(path) != after[path])
    return diff.render([diff.between(before.get(path), after[path], path) for path in changed])


def delivery(run: Run, read: Callable[[str], str | None]) -> Delivery:
    """Return the result for the files as they are now, with what was changed meanwhile kept."""
    before: dict[str, str | None] = {}
    texts: dict[str, str | None] = {}
    conflicts: list[str] = []
    for path, ours in sorted(run.now.items()):
        base, theirs = run.base.get(path), read(path)
        before[path] = theirs
        if theirs in {base, ours}:
            texts[path] = ours
            continue
        text, why = _joined(path, base, ours, theirs)
        if why:
            conflicts.append(why)
        texts[path] = text
    if conflicts:
        return Delivery(before, {}, tuple(conflicts))
    wanted = {path: text for path, text in texts.items() if before[path] != text}
    return Delivery({path: before[path] for path in wanted}, wanted)


def _joined(
    path: str, base: str | None, ours: str | None, theirs: str | None
) -> tuple[str | None, str]:
    if base is None:
        return None, f"{path} was made meanwhile"
    if theirs is None:
        return None, f"{path} was removed meanwhile"
    if ours is None:
        return None, f"{path} was changed meanwhile, and the plan removes it"
    text, conflicts = merged(base, ours, theirs)
    lines = ", ".join(str(one.first) for one in conflicts[:3])
    return text, f"{path} was changed meanwhile in the same place (line {lines})" if lines else ""


def steps_of(run: Run) -> Mapping[str, str]:
    """Return by file the titles of the steps that changed it, for people."""
    titles: dict[str, list[str]] = {}
    for step in run.plan.steps:
        for path in (*sorted(step.touches), *run.steps[step.id].wider):
            if path in run.now:
                titles.setdefault(path, []).append(f"{step.id}: {step.title}")
    return {path: "; ".join(dict.fromkeys(names)) for path, names in titles.items()}
