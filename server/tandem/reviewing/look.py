"""What is reviewed, looked at for free: compared, held against the index, against the history."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tandem.core import patch_file
from tandem.core.diff import DoesNotApplyError, FileDiff, MalformedDiffError
from tandem.core.errors import RefusedError
from tandem.features.review.change import Change, change_of
from tandem.features.review.evidence import proven
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.features.review.notes import Notes, noted
from tandem.index.cochange import along
from tandem.index.overlay import Overlay
from tandem.site import Site
from tandem.workspace.compared import Compared, Scope, Work, compared
from tandem.workspace.files import load, reason_by_name
from tandem.workspace.ignore import read_rules
from tandem.workspace.steady import steady
from tandem.workspace.vcs import History, history


@dataclass(frozen=True, slots=True)
class Looked:
    """A change with what is known of it for free: what is wrong, and facts."""

    case: Case = field(repr=False)
    findings: tuple[Finding, ...]
    notes: Notes

    @property
    def change(self) -> Change:
        """What is reviewed."""
        return self.case.change


async def looked(site: Site, scope: Scope | Path) -> Looked:
    """Compare and look. A path is that of a patch. Raises RefusedError if it cannot be compared."""
    if isinstance(scope, Path):
        found = await asyncio.to_thread(_patched, site, scope)
    else:
        found = await asyncio.to_thread(compared, _work(site), scope)
    past = await asyncio.to_thread(history, site.root)
    return await steady(_looked, site, found, past)


def _looked(site: Site, found: Compared, past: History) -> Looked:
    change = change_of(found.title, found.before, found.after, found.notes)
    after = Overlay(site.code, {**found.beneath, **_unindexed(site, change)})
    before = Overlay(site.code, {**found.beneath, **change.before})
    case = Case(change, before, after)
    ranked = along(after, change.diffs, past.together, past.changed)
    return Looked(case, proven(case), noted(case, [(one.path, one.why) for one in ranked]))


def _unindexed(site: Site, change: Change) -> Mapping[str, str | None]:
    """Return the texts with the change that the index does not have: of a commit, just typed."""
    return {
        path: text
        for path, text in change.after.items()
        if (site.code.text(path) if path in site.code.paths else None) != text
    }


def _work(site: Site) -> Work:
    files = {file.path for file in site.files()}
    opened = site.open()
    rules = read_rules(site.root, site.settings.index.exclude)

    def read(path: str) -> str | None:
        typed = site.buffer(path)
        if typed is not None:
            return typed
        text = load(site.root / path)
        return text if isinstance(text, str) else None

    return Work(site.root, files, rules, read, frozenset(opened))


# -- a patch -----------------------------------------------------------------------------------


def _patched(site: Site, file: Path) -> Compared:
    """Return what a patch changes: of the files as they are, or as they were if it is applied."""
    try:
        text = file.read_text("utf-8", "replace")
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}") from None
    try:
        found = patch_file.read(text)
    except MalformedDiffError as error:
        raise RefusedError(f"{file} is no patch: {error}") from None
    paths = {path for one in found.diffs for path in (one.old, one.new) if path is not None}
    notes = dict(found.notes)
    for path in paths:
        if reason_by_name(path) is not None:
            notes[path] = "kept out of what models are told"
    diffs = [one for one in found.diffs if not {one.old, one.new} & notes.keys()]
    now = {path: _text(site, path) for path in paths}
    for forwards in (True, False):
        try:
            before, after = _sides(diffs, now, forwards=forwards)
        except DoesNotApplyError as error:
            if not forwards:
                raise RefusedError(f"{file.name} neither applies nor is applied: {error}") from None
        else:
            return Compared(f"the patch {file.name}", before, after, notes)
    raise AssertionError


def _text(site: Site, path: str) -> str | None:
    try:
        return site.text(path) if path in site.code.paths else _plain(site.root / path)
    except RefusedError:
        return None


def _plain(path: Path) -> str | None:
    text = load(path)
    return text if isinstance(text, str) else None


def _sides(
    diffs: list[FileDiff], now: Mapping[str, str | None], *, forwards: bool
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    here: dict[str, str | None] = {}
    there: dict[str, str | None] = {}
    for one in diffs:
        item = one if forwards else patch_file.reversed_of(one)
        try:
            result = patch_file.applied(dict(now), item)
        except DoesNotApplyError as error:
            raise DoesNotApplyError(f"{item.old or item.new}: {error}") from None
        for path in (item.old, item.new):
            if path is not None:
                here.setdefault(path, now.get(path) if path == item.old else None)
                there.setdefault(path, None)
        if item.new is not None:
            there[item.new] = result
    return (here, there) if forwards else (there, here)
