"""What is to be reviewed, compared: the working tree, the index of git, commits, with each other.

Files of text come as texts; of everything else it is said what happened to it. Contents are
compared here and not by git, which for the working tree would run what a repository's own
configuration names (see ``revisions``). Blocking: called off the event loop.

Invariant: a text that models may not be told (a secret by its name, ignored by ``.tandemignore``)
is not in the answer; that it changed is, if git tracks it or would take it in.
"""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from tandem.core.errors import RefusedError
from tandem.workspace.files import is_generated, look, reason_by_name
from tandem.workspace.git import Git, ask
from tandem.workspace.ignore import Reason, Rules
from tandem.workspace.objects import (
    LINK,
    SUBMODULE,
    Entry,
    Listed,
    checked_out,
    is_as,
    is_as_pointed,
    is_pointer,
    is_text_as,
    of_index,
    of_tree,
    status_of,
    texts,
)
from tandem.workspace.revisions import commit_of

_RANGE: Final = re.compile(r"^(?P<from>.*?)(?P<dots>\.{2,3})(?P<to>.*)$")
_MOST: Final = 5_000  # files: more is an import of somebody else's code
_NO_GIT: Final = "git knows no repository here: there is nothing to compare with"
_MODE: Final = {False: "100644", True: "100755"}


class Kind(Enum):
    """What is reviewed."""

    UNCOMMITTED = "uncommitted"  # the last commit with the working tree
    UNSTAGED = "unstaged"  # the index with the working tree
    STAGED = "staged"  # the last commit with the index
    BRANCH = "branch"  # where the branch left another, with the working tree
    COMMIT = "commit"  # a commit with its first parent
    RANGE = "range"  # two commits


@dataclass(frozen=True, slots=True)
class Scope:
    """What is reviewed; `revision` is the commit, the range or the other branch."""

    kind: Kind = Kind.UNCOMMITTED
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """Texts before and after, by path; None for what was or is not there.

    `notes` tell what happened to what is no text. `beneath` are the texts of files that do not
    change but differ from the working tree with `after`: all there is to know of the code then.
    """

    title: str
    before: Mapping[str, str | None] = field(repr=False)
    after: Mapping[str, str | None] = field(repr=False)
    notes: Mapping[str, str] = field(default_factory=dict)
    beneath: Mapping[str, str | None] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """The working tree: the files that belong to it, and their texts as they are now."""

    root: Path
    known: Collection[str] = field(repr=False)
    rules: Rules = field(repr=False)
    read: Callable[[str], str | None] = field(repr=False)
    open: Collection[str] = ()
    git: Git = field(default_factory=Git)


def compared(work: Work, scope: Scope) -> Compared:
    """Compare what a scope names. Raises RefusedError with a sentence if it cannot be."""
    sides = _sides(work, scope)
    paths = _differing(work, sides)
    if len(paths) > _MOST:
        raise RefusedError(
            f"{sides.title} changes {len(paths):,} files: more than {_MOST:,} are not read"
        )
    old, why_old = _texts(work, sides.before, paths)
    new, why_new = _texts(work, sides.after, paths)
    why = {**why_new, **why_old}
    if sides.after is None:
        paths = {path for path in paths if not is_as_pointed(work.root, path, old.get(path))}
    pointers = {path for side in (old, new) for path, text in side.items() if is_pointer(text)}
    why |= dict.fromkeys(pointers, "kept by Git LFS")
    notes = {path: f"{_happened(work, sides, path)}: {why[path]}" for path in paths & why.keys()}
    notes |= _notes(work, sides, paths)
    was = {path: old.get(path) for path in sorted(paths - why.keys())}
    now = {path: _like(text, new.get(path)) for path, text in was.items()}
    changed = [path for path in was if was[path] != now[path]]
    return Compared(
        sides.title,
        {path: was[path] for path in changed},
        {path: now[path] for path in changed},
        {path: notes[path] for path in sorted(notes)},
        _beneath(work, sides, changed),
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """What is at every path before and after; None for the working tree.

    `modes` tells whether who may execute a file is looked at.
    """

    title: str
    before: Mapping[str, Entry]
    after: Mapping[str, Entry] | None
    listed: Listed
    modes: bool = False


def _sides(work: Work, scope: Scope) -> _Sides:
    now = scope.kind in {Kind.UNCOMMITTED, Kind.UNSTAGED, Kind.BRANCH}
    listed = of_index(work.root, work.git, others=now) if work.rules.in_git else None
    if listed is None:
        raise RefusedError(_NO_GIT)
    if scope.kind is Kind.STAGED:
        return _Sides("what is staged", _last(work), listed.entries, listed)
    if not now:
        title, before, after = _committed(work, scope)
        return _Sides(title, before, after, listed)
    title, before = _earlier(work, scope, listed)
    return _Sides(title, before, None, listed, _has_modes(work))


def _committed(work: Work, scope: Scope) -> tuple[str, Mapping[str, Entry], Mapping[str, Entry]]:
    if scope.kind is Kind.COMMIT:
        commit = _commit(work, scope.revision)
        parent, subject = _about(work, commit)
        before = _tree(work, parent) if parent else {}
        return f"{commit[:7]} {subject}".strip(), before, _tree(work, commit)
    match = _RANGE.match(scope.revision)
    if match is None:
        raise RefusedError(f"{scope.revision!r} is no range: write A..B, or A...B")
    first, last = match["from"] or "HEAD", match["to"] or "HEAD"
    start = _commit(work, first) if match["dots"] == ".." else _merge_base(work, first, last)
    return scope.revision, _tree(work, start), _tree(work, _commit(work, last))


def _earlier(work: Work, scope: Scope, listed: Listed) -> tuple[str, Mapping[str, Entry]]:
    """Return what the working tree is compared with."""
    revision = scope.revision
    if scope.kind is Kind.UNSTAGED:
        return "what is not staged", listed.entries
    if scope.kind is Kind.BRANCH:
        base = _merge_base(work, revision, "HEAD")
        return f"this branch since {revision} ({base[:7]})", _tree(work, base)
    if revision in {"", "HEAD"}:
        return "what is not committed", _last(work)
    return f"what differs from {revision}", _tree(work, _commit(work, revision))


def _commit(work: Work, revision: str) -> str:
    found = commit_of(work.root, revision, work.git)
    if found is None:
        raise RefusedError(f"there is no commit {revision!r}")
    return found


def _merge_base(work: Work, one: str, other: str) -> str:
    answer = ask(work.git, work.root, "merge-base", _commit(work, one), _commit(work, other))
    if not answer:
        raise RefusedError(f"{one!r} and {other!r} have no commit in common")
    return answer.decode("ascii").strip()


def _about(work: Work, commit: str) -> tuple[str, str]:
    """Return a commit's first parent, "" if it has none, and the first line of its message."""
    # Not `git show`: by log.showSignature it runs the program that gpg.program names.
    data = ask(work.git, work.root, "cat-file", "commit", commit) or b""
    head, _, message = data.decode("utf-8", "replace").partition("\n\n")
    parent = commit_of(work.root, f"{commit}^", work.git) or ""
    if not parent and "\nparent " in head:
        raise RefusedError(
            f"what {commit[:7]} changed is not known: this clone has no more history"
        )
    return parent, message.strip().partition("\n")[0].strip()


def _tree(work: Work, commit: str) -> Mapping[str, Entry]:
    found = of_tree(work.root, commit, work.git)
    if found is None:
        raise RefusedError(f"git cannot read commit {commit[:7]}")
    return found


def _last(work: Work) -> Mapping[str, Entry]:
    """Return what the last commit has: nothing if nothing was committed yet."""
    commit = commit_of(work.root, "HEAD", work.git)
    return _tree(work, commit) if commit is not None else {}


# -- which files -------------------------------------------------------------------------------


def _differing(work: Work, sides: _Sides) -> set[str]:
    before, after = sides.before, sides.after
    if after is None:
        found = _differing_now(work, before, sides.listed)
        return found | {path for path in before if _mode(work, path, sides) is not None}
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def _differing_now(work: Work, state: Mapping[str, Entry], listed: Listed) -> set[str]:
    """Return the paths at which the working tree is not what a state says."""
    opened, known = set(work.open), set(work.known)
    found = {
        p
        for p in known
        if p in opened or p not in state or not is_text_as(work.root, p, state[p].name)
    }
    for path in {*state, *listed.entries, *listed.others} - known:
        entry = state.get(path)
        is_new = entry is None and _is_new(work, path, listed)
        if is_new or (entry is not None and _changed_unread(work, path, entry, listed)):
            found.add(path)
    return found


def _is_new(work: Work, path: str, listed: Listed) -> bool:
    """Tell whether something is there that a state does not have and that is no text."""
    entry = listed.entries.get(path)
    if entry is not None and entry.mode == SUBMODULE:
        return bool(checked_out(work.root, path, work.git))
    status = status_of(work.root, path)
    if status is None or stat.S_ISDIR(status.st_mode):
        return False
    return entry is not None or work.rules.excluded_from_git(path) is None


def _changed_unread(work: Work, path: str, entry: Entry, listed: Listed) -> bool:
    """Tell whether something changed that is no text of the workspace: binary, link, submodule."""
    status = status_of(work.root, path)
    if status is None:
        return path not in listed.absent
    if entry.mode == SUBMODULE:
        return checked_out(work.root, path, work.git) not in {"", entry.name}
    return not is_as(work.root, path, entry, work.git)


def _has_modes(work: Work) -> bool:
    """Tell whether git looks at who may execute a file: not on every system of files."""
    answer = ask(work.git, work.root, "config", "--type=bool", "--get", "core.fileMode")
    return os.name == "posix" and (answer or b"true").strip() == b"true"


def _mode(work: Work, path: str, sides: _Sides) -> str | None:
    """Return the mode of a file of the working tree, None if it is none or as it was."""
    was = sides.before.get(path)
    status = status_of(work.root, path) if sides.modes and was is not None and was.is_file else None
    if was is None or status is None or not stat.S_ISREG(status.st_mode):
        return None
    runs = bool(status.st_mode & stat.S_IXUSR)
    return _MODE[runs] if runs != bool(int(was.mode, 8) & stat.S_IXUSR) else None


# -- texts -------------------------------------------------------------------------------------

_Found = Iterator[tuple[str, "str | _Unread"]]


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why something has no text."""

    said: str


def _texts(
    work: Work, state: Mapping[str, Entry] | None, paths: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return texts by path, and for what has none the reason; what is not there is in neither."""
    found: dict[str, str] = {}
    why: dict[str, str] = {}
    for path, answer in _now(work, paths) if state is None else _then(work, state, paths):
        if isinstance(answer, _Unread):
            why[path] = answer.said
        else:
            found[path] = answer
    return found, why


def _now(work: Work, paths: Collection[str]) -> _Found:
    known = set(work.known)
    for path in paths:
        text = work.read(path) if path in known else None
        if text is not None:
            yield path, _Unread("generated") if is_generated(text) else text
        elif status_of(work.root, path) is not None:
            yield path, _Unread(_unread(work, path))


def _then(work: Work, state: Mapping[str, Entry], paths: Collection[str]) -> _Found:
    there = {path: state[path] for path in paths if path in state}
    told = {path for path, one in there.items() if one.is_file and not _kept(work, path)}
    known = texts(work.root, {there[path].name for path in told}, work.git)
    for path, entry in there.items():
        text = known.get(entry.name)
        if path not in told:
            kinds = {LINK: "a link", SUBMODULE: f"submodule {entry.name[:7]}"}
            yield path, _Unread(kinds.get(entry.mode) or _unread(work, path))
        elif not isinstance(text, str):
            yield path, _Unread(text.value if text is not None else "git has no text of it here")
        elif is_pointer(text):
            yield path, text
        else:
            by_name = reason_by_name(path) or (Reason.GENERATED if is_generated(text) else None)
            yield path, _Unread(by_name.value) if by_name is not None else text


def _kept(work: Work, path: str) -> bool:
    """Tell whether nobody may be told a text."""
    is_secret = reason_by_name(path) is Reason.SECRET
    return is_secret or work.rules.excluded_from_git(path) is not None


def _unread(work: Work, path: str) -> str:
    if reason_by_name(path) is Reason.SECRET:
        return "kept out, it may hold secrets"
    found = work.rules.excluded_from_git(path) or next(look(work.root, [path]))
    return found.value if isinstance(found, Reason) else Reason.BINARY.value


def _like(before: str | None, now: str | None) -> str | None:
    r"""Return a text with ``\n`` where git turned it into ``\r\n`` for this platform."""
    if before is None or now is None or "\r" in before:
        return now
    return now.replace("\r\n", "\n")


# -- what is no text ---------------------------------------------------------------------------


def _happened(work: Work, sides: _Sides, path: str) -> str:
    if path not in sides.before:
        return "new"
    gone = status_of(work.root, path) is None if sides.after is None else path not in sides.after
    return "gone" if gone else "changed"


def _notes(work: Work, sides: _Sides, paths: Collection[str]) -> dict[str, str]:
    """Tell what happened beside the text: modes, submodules, conflicts."""
    found: dict[str, str] = {}
    for path in paths:
        old = sides.before.get(path)
        new = sides.after.get(path) if sides.after is not None else _entry_now(work, sides, path)
        if SUBMODULE in {one.mode for one in (old, new) if one is not None}:
            then, now = (one.name[:7] if one else "nothing" for one in (old, new))
            found[path] = f"submodule {then} → {now}"
        elif old and new and old.is_file and new.is_file and old.mode != new.mode:
            found[path] = f"mode {old.mode} → {new.mode}"
    if sides.after is None or sides.after is sides.listed.entries:
        found |= dict.fromkeys(sides.listed.clashing, "in conflict")
    return found


def _entry_now(work: Work, sides: _Sides, path: str) -> Entry | None:
    """Return what is in the working tree, as far as it is no matter of the text."""
    modes = {side[path].mode for side in (sides.before, sides.listed.entries) if path in side}
    if SUBMODULE in modes:
        commit = checked_out(work.root, path, work.git)
        return Entry(SUBMODULE, commit) if commit else None
    mode = _mode(work, path, sides)
    return Entry(mode, "") if mode is not None else sides.before.get(path)


def _beneath(work: Work, sides: _Sides, changed: Collection[str]) -> Mapping[str, str | None]:
    """Return the texts of files that are other in the working tree than on the newer side."""
    if sides.after is None:
        return {}
    others = _differing_now(work, sides.after, sides.listed) - set(changed)
    found, _why = _texts(work, sides.after, others)
    gone = {path: None for path in others if path not in sides.after}
    return {**{path: text for path, text in found.items() if not is_pointer(text)}, **gone}
