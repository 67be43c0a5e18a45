"""What is reviewed, looked at for free: compared, held against the index, against the history."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tandem.core.diff import DoesNotApplyError, FileDiff, MalformedDiffError
from tandem.core.errors import RefusedError
from tandem.core.patch_file import PatchFile, applied, read, reversed_of
from tandem.features.review.change import Change, change_of
from tandem.features.review.evidence import proven
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.features.review.notes import Notes, noted
from tandem.index.cochange import along
from tandem.index.overlay import Overlay
from tandem.site import Site
from tandem.workspace.compared import Compared, Scope, Work, compared
from tandem.workspace.files import decode, leaves, load, look, read_text, reason_by_name
from tandem.workspace.ignore import Reason, read_rules
from tandem.workspace.steady import steady
from tandem.workspace.vcs import History, history

_LARGEST: Final = 20_000_000  # bytes of a patch


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
    return Looked(
        case, proven(case), noted(case, [(one.path, one.why) for one in ranked if _tells(one.why)])
    )


def _tells(why: str) -> bool:
    """Tell whether a reason is one to tell of a file that did not change along."""
    return "often changed along" in why or "its test" in why


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

    def text(path: str) -> str | None:
        typed = site.buffer(path)
        return typed if typed is not None else read_text(site.root / path)

    return Work(site.root, files, rules, text, frozenset(opened))


# -- a patch -----------------------------------------------------------------------------------


def _patched(site: Site, file: Path) -> Compared:
    """Return what a patch changes: of the files as they are, or as they were if it is applied."""
    found = _read(file)
    paths = {path for one in found.diffs for path in (one.old, one.new) if path is not None}
    kept = _kept(site, paths)
    diffs = [one for one in found.diffs if not {one.old, one.new} & kept.keys()]
    now = {path: _text(site, path) for path in paths - kept.keys()}
    now = _with_line_ends_of(diffs, now)
    try:
        before, after = now, _applied(diffs, now)
    except DoesNotApplyError as error:
        try:
            before, after = _applied([reversed_of(one) for one in reversed(diffs)], now), now
        except DoesNotApplyError:
            said = f"{file.name} neither applies nor is applied: {error}"
            raise RefusedError(said) from None
    return Compared(f"the patch {file.name}", before, after, {**found.notes, **kept})


def _read(file: Path) -> PatchFile:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise RefusedError(f"{file.name} cannot be read: {why}") from None
    if len(data) > _LARGEST:
        raise RefusedError(f"{file.name} is larger than {_LARGEST // 1_000_000} MB")
    text = decode(data)
    try:
        return read("" if text is None else text)
    except MalformedDiffError as error:
        raise RefusedError(f"{file.name} is no patch: {error}") from None


def _kept(site: Site, paths: Collection[str]) -> dict[str, str]:
    """Return the paths whose texts nobody may be told, each with the reason."""
    rules = read_rules(site.root, site.settings.index.exclude)
    found: dict[str, str] = {}
    for path in paths:
        if leaves(path) or path.startswith("/"):
            raise RefusedError(f"the patch changes {path!r}, which is not in this workspace")
        reason = reason_by_name(path) or rules.excluded_from_git(path)
        there = reason or next(look(site.root, [path]))
        if isinstance(there, Reason) and there is not Reason.GONE:
            found[path] = "kept out, it may hold secrets" if there is Reason.SECRET else there.value
    return found


def _text(site: Site, path: str) -> str | None:
    typed = site.buffer(path)
    if typed is not None:
        return typed
    text = site.code.text(path) if path in site.code.paths else load(site.root / path)
    return text if isinstance(text, str) else None


def _with_line_ends_of(
    diffs: Sequence[FileDiff], now: Mapping[str, str | None]
) -> dict[str, str | None]:
    r"""Return the texts with ``\n`` where a file has ``\r\n`` and no diff of it does."""
    found = dict(now)
    ending = {one.old for one in diffs if any("\r" in line for h in one.hunks for line in h.lines)}
    ending |= {one.new for one in diffs if one.old in ending}
    for path, text in now.items():
        if text is not None and path not in ending:
            found[path] = text.replace("\r\n", "\n")
    return found


def _applied(diffs: Sequence[FileDiff], now: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the texts with one diff after another applied. Raises DoesNotApplyError."""
    found = dict(now)
    for one in diffs:
        try:
            text = applied(found, one)
        except DoesNotApplyError as error:
            raise DoesNotApplyError(f"{one.old or one.new}: {error}") from None
        if one.old is not None:
            found[one.old] = None
        if one.new is not None:
            found[one.new] = text
    return found
