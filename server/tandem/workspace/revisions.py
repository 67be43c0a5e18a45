"""What a repository's commits hold, and what differs from one of them now.

Contents are compared here and not by git: for a file whose time it doubts even ``diff-index`` runs
the filter that the repository's own configuration names. Of git only what reads objects is asked.
Paths are relative to the folder
asked about, with slashes; links and submodules are no files. No git, no repository or no such
commit is None. Blocking: called off the event loop.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tandem.workspace.files import decode, reason_by_name
from tandem.workspace.git import Git, ask
from tandem.workspace.ignore import Rules, read_regular

_BATCH: Final = 400  # names of objects on a command line: 17 kB, half of what Windows takes
_LARGEST: Final = 1_000_000  # bytes, as of every file of a workspace
_SHA1: Final = 40  # digits of a name; a repository of SHA-256 has 64
_FEW: Final = 200  # paths on a command line


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content in a commit: the name of the object and its bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Revised:
    """A file that differs: its text before and now, None where it was or is not there."""

    path: str
    before: str | None = field(repr=False)
    now: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and the paths in which it differs from its first parent."""

    name: str
    paths: tuple[str, ...]


def commit_of(root: Path, revision: str, git: Git | None = None) -> str | None:
    """Return the full name of the commit that a revision (``HEAD``, ``main~3``) means."""
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    answer = ask(git or Git(), root, *words)
    return answer.decode("ascii").strip() if answer else None


def last_commits(root: Path, count: int, git: Git | None = None) -> list[Commit]:
    """Return the last commits of the first-parent line, newest first."""
    log = ask(
        git or Git(), root,
        "log", "-z", "--first-parent", "-m", "--no-renames", "--relative", "--name-only",
        "--format=%x01%H", f"--max-count={count}",
    )  # fmt: skip
    found: list[Commit] = []
    for entry in (log or b"").split(b"\x01")[1:]:
        name, *paths = entry.split(b"\0")
        names = [os.fsdecode(path.strip(b"\n")) for path in paths]
        found.append(Commit(name.strip().decode("ascii"), tuple(filter(None, names))))
    return found


def blobs(
    root: Path, commit: str, paths: Sequence[str] = (), git: Git | None = None
) -> dict[str, Blob] | None:
    """Return the files of a commit by path; only these paths if they are given."""
    only = paths if len(paths) <= _FEW else ()
    words = ("--literal-pathspecs", "ls-tree", "-r", "-l", "-z", commit, "--", *only)
    answer = ask(git or Git(), root, *words)
    if answer is None:
        return None
    wanted = set(paths)
    return {path: blob for path, blob in _listed(answer) if not wanted or path in wanted}


def _listed(answer: bytes) -> Iterator[tuple[str, Blob]]:
    for line in answer.split(b"\0"):
        facts, _, path = line.partition(b"\t")
        if facts.startswith(b"100"):  # a regular file
            _, _, name, size = facts.split()
            yield os.fsdecode(path), Blob(name.decode("ascii"), int(size))


def contents(root: Path, wanted: Collection[Blob], git: Git | None = None) -> dict[str, str]:
    """Return the texts of blobs by name; what is binary, or cannot be read, is left out."""
    sizes = {blob.name: blob.size for blob in wanted}
    names = sorted(sizes)
    texts: dict[str, str] = {}
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        data = ask(git or Git(), root, "show", "--no-textconv", "--no-ext-diff", *batch)
        if data is None or len(data) != sum(sizes[name] for name in batch):
            continue
        at = 0
        for name in batch:
            text = decode(data[at : at + sizes[name]])
            at += sizes[name]
            if text is not None:
                texts[name] = text
    return texts


def revised(
    root: Path,
    commit: str,
    known: Collection[str],
    rules: Rules,
    read: Callable[[str], str | None],
    *,
    git: Git | None = None,
) -> list[Revised] | None:
    """Return the files that differ between a commit and now, sorted by path.

    `known` are the files of the workspace; another file of the commit counts only if it is gone
    and `rules` would not have left it out. `read` returns a known file's text as it is now.
    """
    then = blobs(root, commit, git=git)
    if then is None:
        return None
    gone = {path for path in then if path not in known and _is_gone(root, path, rules)}
    paths = gone | {path for path in known if _differs(root, path, then.get(path))}
    old = {path: then[path] for path in paths if path in then}
    texts = contents(root, old.values(), git)
    found: list[Revised] = []
    for path in sorted(paths):
        before = texts.get(old[path].name) if path in old else None
        now = _as_committed(before, read(path) if path in known else None)
        if before != now:
            found.append(Revised(path, before, now))
    return found


def _is_gone(root: Path, path: str, rules: Rules) -> bool:
    if reason_by_name(path) is not None or rules.excluded_from_git(path) is not None:
        return False
    return not os.path.lexists(root / path)


def _differs(root: Path, path: str, blob: Blob | None) -> bool:
    if blob is None:
        return True
    try:
        if os.lstat(f"{root}/{path}").st_size != blob.size:
            return True
    except OSError:
        return True
    return not is_as(root, path, blob.name)


def is_as(root: Path, path: str, name: str | None, most: int = _LARGEST) -> bool:
    """Tell whether the bytes of a file are those of a blob; not if it is larger than that."""
    data = read_regular(f"{root}/{path}", most) if name is not None else b""
    if name is None or not isinstance(data, bytes):
        return False
    named = b"blob %d\0%b" % (len(data), data)
    if len(name) == _SHA1:
        return hashlib.sha1(named, usedforsecurity=False).hexdigest() == name
    return hashlib.sha256(named).hexdigest() == name


def _as_committed(before: str | None, now: str | None) -> str | None:
    r"""Return a text with ``\n`` where git turned it into ``\r\n`` for this platform."""
    if before is None or now is None or "\r" in before:
        return now
    return now.replace("\r\n", "\n")


def replayed(
    root: Path, commits: Sequence[Commit], wanted: Callable[[str], bool], git: Git | None = None
) -> list[Mapping[str, str]]:
    """Return the texts of the wanted files at each commit of a line that is given oldest first."""
    whole = blobs(root, commits[0].name, git=git) if commits else None
    if whole is None:
        return []
    states = [{path: blob for path, blob in whole.items() if wanted(path)}]
    for commit in commits[1:]:
        paths = [path for path in commit.paths if wanted(path)]
        changed = blobs(root, commit.name, paths, git) if paths else {}
        state = {path: blob for path, blob in states[-1].items() if path not in paths}
        states.append(state | (changed or {}))
    texts = contents(root, {blob for state in states for blob in state.values()}, git)
    return [
        {path: texts[blob.name] for path, blob in state.items() if blob.name in texts}
        for state in states
    ]
