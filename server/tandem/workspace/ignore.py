"""Which paths of a workspace its rules leave out, and why.

Three families of rules are kept apart, and a path is out if any of them says so: git's
(``.gitignore`` at every level, ``info/exclude``, the user's global file), Tandem's own
(``.tandemignore`` at every level) and the user's setting. So a repository's ``!pattern`` takes back
only what its own family excluded, never what the user or git did.

Deliberately not known here: which files git tracks although they match a pattern (only git's index
knows), contents and sizes (``workspace.files``).

Invariant: nothing below an excluded folder is ever taken back, and no link is followed to read a
rule.
"""

import errno
import os
import stat
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final

from tandem.workspace.git import Git, ask, git_environment
from tandem.workspace.patterns import Patterns

GIT_FILE: Final = ".gitignore"
OWN_FILE: Final = ".tandemignore"

_LARGEST_FILE: Final = 1_000_000  # bytes of an ignore file; the largest of GitHub's templates: 8 KB
_FOLDS: Final = sys.platform in ("darwin", "win32")  # what `git init` finds out: core.ignoreCase
_VENDORED: Final = frozenset(
    ["node_modules", "bower_components", "vendor", "third_party", "site-packages", "__pycache__",
     "venv", "env", "dist", "build", "target"]
)  # fmt: skip
_MARKERS: Final = ("pyvenv.cfg", "CACHEDIR.TAG")  # virtual environments, caches
_SPEAKING: Final = frozenset([".git", GIT_FILE, OWN_FILE, *_MARKERS, *map(str.lower, _MARKERS)])


class Reason(Enum):
    """Why a file is left out; the value ends the sentence "left out because it is …"."""

    IGNORED = "ignored by git"
    OWN = "named in .tandemignore"
    SETTING = "excluded by the settings"
    VENDORED = "in a hidden, vendored or generated folder outside git"
    NESTED = "in a repository inside the repository"
    GIT = "git's own"
    SECRET = "named like a secret"  # noqa: S105 - a reason, not a password
    GENERATED = "generated"
    BINARY = "binary"
    LARGE = "larger than a megabyte"
    LINK = "a link, or behind one"
    SPECIAL = "not a regular file"
    UNREADABLE = "unreadable"
    GONE = "gone"
    OUTSIDE = "outside the workspace"
    OVER = "beyond the number of files that are looked at"


@dataclass(frozen=True, slots=True)
class _Level:
    """The patterns of one ignore file; they speak of paths with the first `cut` bytes off."""

    patterns: Patterns
    cut: int


_Levels = tuple[_Level, ...]
"""From the weakest to the strongest."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """What holds for what lies directly in a folder. A family that is None leaves all of it out."""

    barred: Reason | None
    git: _Levels | None
    own: _Levels | None
    setting: _Levels | None
    in_git: bool

    @property
    def closed(self) -> Reason | None:
        """Why everything in it is left out."""
        if self.barred is not None:
            return self.barred
        if self.own is None:
            return Reason.OWN
        if self.setting is None:
            return Reason.SETTING
        return Reason.IGNORED if self.git is None else None


class Rules:
    """What is left out of one workspace. Reads ignore files when it first meets their folder."""

    def __init__(
        self, root: Path, exclude: Sequence[str] = (), *, global_file: Path | None = None
    ) -> None:
        """Take the workspace, the user's globs and the user's global ignore file of git.

        `exclude` are patterns like those of an ignore file in `root`, the last match decides.
        """
        self.root = os.path.realpath(root)  # git too looks for the repository from there
        self._given = (root, exclude, global_file)
        self._exclude = "\n".join(exclude)
        self._global_file = global_file
        top = _top_of(self.root)
        self._prefix = b"" if top is None else _relative(self.root, top)
        start = self._outside() if top is None else self._start(top)
        if start.git is None:
            # The folder that is open is itself ignored by a repository around it (a home folder
            # under git is the usual case): that repository has nothing to say about it.
            self._prefix = b""
            start = replace(self._outside(), own=start.own and self._outside().own)
        self.in_git = start.in_git
        self._folders = {"": start}

    def again(self) -> "Rules":
        """Return the same rules, read anew: an ignore file has changed."""
        root, exclude, global_file = self._given
        return Rules(root, exclude, global_file=global_file)

    def _outside(self) -> _Folder:
        """Return the rules of a workspace that is in no repository."""
        bare = _Folder(None, (), (), self._setting(), in_git=False)
        return self._with_files(bare, self.root, 0)

    def _start(self, top: str) -> _Folder:
        """Return the rules of the root: those of the repository, then of each folder down to it."""
        weakest = [self._global_file, _info_file(top)]
        git = tuple(_Level(_read(file), 0) for file in weakest if file is not None)
        folder = self._with_files(_Folder(None, git, (), self._setting(), in_git=True), top, 0)
        path, full = top, b""
        for part in self._prefix.split(b"/")[:-1]:
            full += part
            below = replace(folder, git=_descend(folder.git, full), own=_descend(folder.own, full))
            path = str(Path(path, os.fsdecode(part)))
            full += b"/"
            folder = self._with_files(below, path, len(full))
        return folder

    def _setting(self) -> _Levels:
        patterns = Patterns(self._exclude.encode("utf-8", "surrogateescape"), fold=_FOLDS)
        return (_Level(patterns, len(self._prefix)),) if self._exclude else ()

    @staticmethod
    def _with_files(folder: _Folder, path: str, cut: int) -> _Folder:
        """Add the ignore files that lie in a folder to what holds for it."""
        git, own = folder.git, folder.own
        if git is not None and (patterns := _read_if_there(path, GIT_FILE)):
            git = (*git, _Level(patterns, cut))
        if own is not None and (patterns := _read_if_there(path, OWN_FILE)):
            own = (*own, _Level(patterns, cut))
        return replace(folder, git=git, own=own)

    def excluded(self, path: str, *, folder: bool = False) -> Reason | None:
        """Return why a path (relative, with slashes) is left out, by the rules; None if it is not.

        The file need not be there. What git tracks although it is ignored counts as ignored.
        """
        at = path.find("/")
        while at >= 0:
            if (closed := self._folder(path[:at]).closed) is not None:
                return closed
            at = path.find("/", at + 1)
        found = self.here(path, folder=folder)
        return self._folder(path).closed if folder and found is None else found

    def here(self, path: str, *, folder: bool = False) -> Reason | None:
        """Return the same for a path whose folder is not left out; what lies in it is not seen."""
        above = self._folder(path[: max(path.rfind("/"), 0)])
        name = path[path.rfind("/") + 1 :]
        if above.closed is not None:
            return above.closed
        if name == ".git" or (_FOLDS and name.lower() == ".git"):
            return Reason.GIT
        if folder and not above.in_git and (name.startswith(".") or name in _VENDORED):
            return Reason.VENDORED
        full = self._prefix + os.fsencode(path)
        if _ignored(above.git, full, folder=folder):
            return Reason.IGNORED
        if _ignored(above.own, full, folder=folder):
            return Reason.OWN
        return Reason.SETTING if _ignored(above.setting, full, folder=folder) else None

    def enter(self, folder: str, names: Collection[str] | None) -> Reason | None:
        """Note what holds in a folder that `here` lets in, and why it is left out after all.

        Hardly any has one of the names that matter: five files that are not there are not tried.
        """
        if names is None or not _SPEAKING.isdisjoint(map(str.lower, names) if _FOLDS else names):
            return self._folder(folder).closed
        above = self._folder(folder[: max(folder.rfind("/"), 0)])
        return self._folders.setdefault(folder, above).closed

    def excluded_from_git(self, path: str) -> Reason | None:
        """Return why a file that git lists is left out all the same."""
        above = self._folder(path[: max(path.rfind("/"), 0)])
        if above.own == above.setting == ():
            return None
        full = self._prefix + os.fsencode(path)
        if _ignored(above.own, full, folder=False):
            return Reason.OWN
        return Reason.SETTING if _ignored(above.setting, full, folder=False) else None

    def _folder(self, path: str) -> _Folder:
        """Return what holds in a folder, reading the ignore files on the way down to it."""
        missing: list[str] = []
        while path not in self._folders:
            missing.append(path)
            path = path[: max(path.rfind("/"), 0)]
        found = self._folders[path]
        for below in reversed(missing):
            found = self._folders[below] = self._enter(found, below)
        return found

    def _enter(self, above: _Folder, path: str) -> _Folder:
        """Return what holds in a folder, from what holds in the one above it."""
        barred = above.barred
        judged = None if above.closed is not None else self.here(path, folder=True)
        if judged in (Reason.GIT, Reason.VENDORED):
            barred = judged
        full = self._prefix + os.fsencode(path)
        git = _descend(above.git, full)
        place = f"{self.root}/{path}"
        nested = barred is None and git is not None and _is_repository(place)
        if nested and above.in_git:
            barred, nested = Reason.NESTED, False
        elif not above.in_git and any(os.path.lexists(f"{place}/{name}") for name in _MARKERS):
            barred = barred or Reason.VENDORED
        if nested:  # in a folder of repositories each has its own rules
            files = (self._global_file, _info_file(place))
            git = tuple(_Level(_read(file), len(full) + 1) for file in files if file)
        below = _Folder(
            barred, git, _descend(above.own, full), _descend(above.setting, full),
            in_git=above.in_git or nested,
        )  # fmt: skip
        return self._with_files(below, place, len(full) + 1)


def read_rules(root: Path, exclude: Sequence[str] = (), git: Git | None = None) -> Rules:
    """Return the rules of a workspace, with the ignore file that the user has for all of git."""
    git = git or Git()
    answer = ask(git, root, "config", "--type=path", "--get", "core.excludesFile")
    if answer:
        return Rules(root, exclude, global_file=Path(os.fsdecode(answer.rstrip(b"\n"))))
    kept = git_environment(git)
    home = kept.get("HOME") or kept.get("USERPROFILE") or ""
    base = Path(kept.get("XDG_CONFIG_HOME") or f"{home}/.config")
    return Rules(root, exclude, global_file=base / "git" / "ignore")


def _ignored(levels: _Levels | None, full: bytes, *, folder: bool) -> bool:
    """Tell what the strongest pattern that matches says; levels that are None ignore all."""
    for level in reversed(levels or ()):
        if (verdict := level.patterns.verdict(full[level.cut :], folder=folder)) is not None:
            return verdict
    return levels is None


def _descend(levels: _Levels | None, full: bytes) -> _Levels | None:
    """Return the levels that go on to hold in a folder, or None where they ignore it."""
    return None if _ignored(levels, full, folder=True) else levels


def _is_repository(folder: str) -> bool:
    """Tell whether a folder is the top of a work tree, by git's own measure."""
    entry = f"{folder}/.git"
    try:
        kind = os.lstat(entry).st_mode
    except OSError:
        return False
    if not stat.S_ISDIR(kind):
        return _git_folder(folder) is not None
    return all(os.path.lexists(f"{entry}/{name}") for name in ("HEAD", "objects", "refs"))


def _top_of(root: str) -> str | None:
    """Return the top of the work tree that a folder is in, or None."""
    return next((top for top in (root, *map(str, Path(root).parents)) if _is_repository(top)), None)


def _git_folder(top: str) -> str | None:
    """Return the folder with git's data; a linked work tree and a submodule name it in a file."""
    entry = f"{top}/.git"
    if Path(entry).is_dir():
        return entry
    data = read_regular(entry, _LARGEST_FILE)
    if not isinstance(data, bytes) or not data.startswith(b"gitdir: "):
        return None
    return str(Path(top, os.fsdecode(data.removeprefix(b"gitdir: ").rstrip(b"\r\n"))))


def _info_file(top: str) -> Path | None:
    """Return the repository's private ignore file, which linked work trees share."""
    folder = _git_folder(top)
    if folder is None:
        return None
    common = read_regular(f"{folder}/commondir", _LARGEST_FILE)
    if isinstance(common, bytes):
        folder = str(Path(folder, os.fsdecode(common.rstrip(b"\r\n"))))
    return Path(folder, "info", "exclude")


def _relative(root: str, top: str) -> bytes:
    """Return the way from the top of the work tree down to the root: empty, or ends in a slash."""
    way = Path(root).relative_to(top).as_posix()
    return b"" if way == "." else os.fsencode(way) + b"/"


def _read_if_there(folder: str, name: str) -> Patterns | None:
    data = read_regular(f"{folder}/{name}", _LARGEST_FILE)
    return Patterns(data, fold=_FOLDS) if isinstance(data, bytes) and data else None


def _read(file: Path) -> Patterns:
    data = read_regular(str(file), _LARGEST_FILE, follow=True)
    return Patterns(data if isinstance(data, bytes) else b"", fold=_FOLDS)


_PAGE: Final = 4096  # read at once of a file that says it is empty, as those of devices do
# 0 where a system has no such flag.
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_READING: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_REASONS: Final = {  # a link that is not followed: of the BSDs one has a number of its own
    errno.ENOENT: Reason.GONE, errno.ELOOP: Reason.LINK, errno.EMLINK: Reason.LINK,
}  # fmt: skip


def read_regular(path: str, most: int, *, follow: bool = False) -> bytes | Reason:
    """Return the bytes of a regular file, or why not. Pipes are not waited for.

    Links are not followed, as git does not follow one named ``.gitignore``: it could lead out of
    the repository. Only what the user keeps outside it (`follow`) may be a link.
    """
    if not follow and not _NO_FOLLOW and os.path.islink(path):  # noqa: PTH114 - a third of the time
        return Reason.LINK
    try:
        handle = os.open(path, _READING | (0 if follow else _NO_FOLLOW))
    except OSError as error:
        return _REASONS.get(error.errno or 0, Reason.UNREADABLE)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return Reason.SPECIAL
        if status.st_size > most:
            return Reason.LARGE
        return _read_all(handle, status.st_size, most)
    except OSError:
        return Reason.UNREADABLE
    finally:
        os.close(handle)


def _read_all(handle: int, size: int, most: int) -> bytes:
    """Read a file by its handle: a file object around it would take as long as the reading."""
    parts: list[bytes] = []
    while most > 0 and (part := os.read(handle, min(most, max(size + 1, _PAGE)))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)
