"""What git's trees and its index list, the texts of blobs, and whether files are as they are.

Of git only what reads objects is asked, and no filter is run: a file counts as unchanged if its
bytes are, or differ as ``core.autocrlf`` or Git LFS make them differ. Paths are relative to the
folder asked about, with slashes. Blocking: called off the event loop.
"""

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.workspace.files import decode
from tandem.workspace.git import Git, ask
from tandem.workspace.ignore import Reason, read_regular

LARGEST: Final = 1_000_000
"""Bytes of a text that is looked at, as of every file of a workspace."""

LINK: Final = "120000"
SUBMODULE: Final = "160000"
_REGULAR: Final = "100"
_BATCH: Final = 32_000_000  # bytes of blobs read at once
_SHA1: Final = 40  # digits of a name; a repository of SHA-256 has 64
_STAGED = "0"
_OURS = "2"
_OTHER: Final = b"? "
_ABSENT: Final = "S"
_HASHED: Final = 20_000_000  # bytes; a larger file is taken for unchanged if its size is
_POINTER: Final = re.compile(
    r"version https://git-lfs[^\n]*\n(?s:.*)^oid sha256:(\w+)$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a path is: git's mode and the name of the object."""

    mode: str
    name: str

    @property
    def is_file(self) -> bool:
        """Tell whether it is a regular file."""
        return self.mode.startswith(_REGULAR)


@dataclass(frozen=True, slots=True)
class Listed:
    """What git lists: what is staged, which paths are in conflict, which are not checked out.

    `others` are what is neither tracked nor ignored, if they were asked for; of a path in conflict
    the entry is ours.
    """

    entries: Mapping[str, Entry]
    clashing: frozenset[str]
    absent: frozenset[str]
    others: frozenset[str]


def of_tree(root: Path, commit: str, git: Git) -> dict[str, Entry] | None:
    """Return what a commit has, by path; None if there is no such commit."""
    answer = ask(git, root, "ls-tree", "-r", "-z", commit, "--")
    if answer is None:
        return None
    return {path: Entry(mode, name) for (mode, _, name), path in _lines(answer)}


def of_index(root: Path, git: Git, *, others: bool = False) -> Listed | None:
    """Return what is staged, and what is not tracked if asked; None without a repository."""
    words = ("-o", "--exclude-standard") if others else ()
    answer = ask(git, root, "ls-files", "-s", "-t", "-z", *words)
    if answer is None:
        return None
    found: dict[str, Entry] = {}
    clashing: set[str] = set()
    absent: set[str] = set()
    for (tag, mode, name, stage), path in _lines(answer):
        if stage in {_STAGED, _OURS}:
            found[path] = Entry(mode, name)
        if stage != _STAGED:
            clashing.add(path)
        if tag == _ABSENT:
            absent.add(path)
    names = (line[len(_OTHER) :] for line in answer.split(b"\0") if line.startswith(_OTHER))
    # A repository that git does not know as a submodule is listed as a folder.
    untracked = frozenset(os.fsdecode(name) for name in names if not name.endswith(b"/"))
    return Listed(found, frozenset(clashing), frozenset(absent), untracked)


def _lines(answer: bytes) -> Iterator[tuple[list[str], str]]:
    for line in answer.split(b"\0"):
        facts, tab, path = line.partition(b"\t")
        if tab and not line.startswith(_OTHER):
            yield facts.decode("ascii", "replace").split(), os.fsdecode(path)


def texts(root: Path, names: Collection[str], git: Git) -> Mapping[str, str | Reason]:
    """Return the texts of blobs by name, or why one has none; what git has not is left out."""
    known = sizes(root, names, git)
    found: dict[str, str | Reason] = {n: Reason.LARGE for n, s in known.items() if s > LARGEST}
    wanted = {name: size for name, size in known.items() if size <= LARGEST}
    for batch in _batches(wanted):
        for name, data in _contents(root, batch, git):
            text = decode(data)
            found[name] = text if text is not None else Reason.BINARY
    return found


def _batches(known: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    total = 0
    for name, size in known.items():
        if batch and total + size > _BATCH:
            yield batch
            batch, total = [], 0
        batch.append(name)
        total += size
    if batch:
        yield batch


def sizes(root: Path, names: Collection[str], git: Git) -> dict[str, int]:
    """Return the bytes of blobs by name; what git has not is left out."""
    asked = "".join(f"{name}\n" for name in sorted(names)).encode("ascii")
    answer = ask(git, root, "cat-file", "--batch-check", stdin=asked) if names else b""
    found: dict[str, int] = {}
    for line in (answer or b"").decode("ascii", "replace").split("\n"):
        name, _, rest = line.partition(" ")
        kind, _, size = rest.partition(" ")
        if kind == "blob" and size.isdigit():
            found[name] = int(size)
    return found


def _contents(root: Path, names: Sequence[str], git: Git) -> Iterator[tuple[str, bytes]]:
    asked = "".join(f"{name}\n" for name in names).encode("ascii")
    answer = ask(git, root, "cat-file", "--batch", stdin=asked) or b""
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        name, kind, size = [*answer[at:end].decode("ascii", "replace").split(), "", ""][:3]
        if kind != "blob" or not size.isdigit():  # "<name> missing"
            at = end + 1
            continue
        yield name, answer[end + 1 : end + 1 + int(size)]
        at = end + 2 + int(size)


# -- files against blobs -----------------------------------------------------------------------


def status_of(root: Path, path: str) -> os.stat_result | None:
    """Return what lies at a path, links not followed; None for nothing."""
    try:
        return os.lstat(f"{root}/{path}")
    except (OSError, ValueError):
        return None


def is_text_as(root: Path, path: str, name: str) -> bool:
    r"""Tell whether a file of text is as a blob; also if git made ``\r\n`` of its line ends."""
    data = read_regular(f"{root}/{path}", LARGEST)
    if isinstance(data, Reason):
        return False
    if _is_blob(data, name):
        return True
    return b"\r\n" in data and _is_blob(data.replace(b"\r\n", b"\n"), name)


def is_as(root: Path, path: str, entry: Entry, git: Git) -> bool:
    """Tell whether a link or a file, whatever it holds, is as git has it."""
    full = f"{root}/{path}"
    status = status_of(root, path)
    if status is None:
        return False
    if stat.S_ISLNK(status.st_mode):
        return entry.mode == LINK and _is_blob(os.fsencode(Path(full).readlink()), entry.name)
    if status.st_size > _HASHED:
        return sizes(root, [entry.name], git).get(entry.name) == status.st_size
    data = read_regular(full, _HASHED)
    return isinstance(data, bytes) and _is_blob(data, entry.name)


def checked_out(root: Path, path: str, git: Git) -> str:
    """Return the commit that is checked out in a submodule, "" if none is."""
    folder = root / path
    if not (folder / ".git").exists():
        return ""
    answer = ask(git, folder, "rev-parse", "--verify", "--quiet", "HEAD")
    return (answer or b"").decode("ascii", "replace").strip()


def is_pointer(text: str | None) -> bool:
    """Tell whether a text stands for a file that Git LFS keeps."""
    return text is not None and _POINTER.match(text) is not None


def is_as_pointed(root: Path, path: str, text: str | None) -> bool:
    """Tell whether a file is what Git LFS puts in the place of a pointer to it."""
    match = _POINTER.match(text) if text is not None else None
    data = read_regular(f"{root}/{path}", _HASHED) if match is not None else b""
    if match is None or isinstance(data, Reason):
        return False
    return hashlib.sha256(data).hexdigest() == match[1]


def _is_blob(data: bytes, name: str) -> bool:
    named = b"blob %d\0%b" % (len(data), data)
    if len(name) == _SHA1:
        return hashlib.sha1(named, usedforsecurity=False).hexdigest() == name
    return hashlib.sha256(named).hexdigest() == name
