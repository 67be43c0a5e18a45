"""Put the files of a result where they belong: into the workspace, or on a branch of their own.

Into the workspace: what every file is and shall be is known (and in a journal), so that writing can
be taken up again after the process died: a file that is as it shall be is left alone, one that is
as it was is written. Each by a rename, so that no reader sees half a file. Blocking.

Invariants: a file that is neither as it was nor as it shall be is not touched, and if there is one
at the start nothing is; nothing outside the workspace is written, and no link followed.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import Final

from tandem.core.errors import RefusedError
from tandem.core.merge import merged
from tandem.workspace.files import decode, encoded
from tandem.workspace.git import Git, ask

Texts = Mapping[str, str | None]

_FILE: Final = 0o644
_WHY: Final = {
    "rev-parse": "a branch needs a git repository with a commit",
    "commit-tree": "git makes no commit: tell it who you are by `git config user.name` and "
    "`git config user.email`",
    "update-ref": "git makes no branch of that name beside those that there are",
}


def write(root: Path, before: Texts, texts: Texts) -> None:
    """Write all files or none; raise RefusedError with the reason for none, OSError for the disk.

    After an OSError some are written: calling it again goes on.
    """
    known = {path: _bytes(root, path) for path in texts}
    for path, data in known.items():
        text = decode(data) if data is not None else None
        if (text is None and data is not None) or text not in {before.get(path), texts[path]}:
            raise RefusedError(f"{path} was changed meanwhile; nothing was written")
    wanted = {path: _encoded(path, text, known[path]) for path, text in texts.items()}
    for path, text in texts.items():
        data, new = known[path], wanted[path]
        if new is None:
            with suppress(FileNotFoundError):
                (root / path).unlink()
        elif data is None or decode(data) != text:
            _replace(root / path, new)


def _bytes(root: Path, path: str) -> bytes | None:
    """Return a file's bytes; raises RefusedError for a place that is none of the workspace."""
    place, relative = root / path, Path(path)
    if _is_outside(path) or not place.parent.resolve().is_relative_to(root.resolve()):
        raise RefusedError(f"{path} is outside the workspace")
    if any((root / one).is_symlink() for one in (relative, *relative.parents[:-1])):
        raise RefusedError(f"{path} is a link, or behind one")
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None
    except (IsADirectoryError, NotADirectoryError):
        raise RefusedError(f"{path} cannot be a file: a folder or a file is in its way") from None


def _is_outside(path: str) -> bool:
    return not {"", ".", "..", ".git"}.isdisjoint(path.lower().split("/"))


def _encoded(path: str, text: str | None, like: bytes | None) -> bytes | None:
    try:
        return encoded(text, like or b"") if text is not None else None
    except UnicodeEncodeError:
        raise RefusedError(f"{path} would have characters that no file can hold") from None


def _replace(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    mode = place.stat().st_mode & 0o777 if place.exists() else _FILE
    handle, name = mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".tandem")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(place)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def commit(
    root: Path, branch: str, base: Texts, texts: Texts, message: str, *, git: Git | None = None
) -> str:
    """Make a branch with one commit of the result on top of HEAD; return the commit.

    The working tree, the index and the current branch stay as they are. `base` are the texts that
    `texts` were made from; what HEAD has otherwise is merged. Raises RefusedError.
    """
    git = git or Git()
    head = _asked(git, root, "rev-parse", "--verify", "HEAD^{commit}")
    prefix = _asked(git, root, "rev-parse", "--show-prefix")
    name = f"refs/heads/{branch}"
    meant = ask(git, root, "check-ref-format", "--branch", branch) or b""  # `@{-1}` is another
    if not branch or meant.decode("utf-8", "surrogateescape").rstrip("\n") != branch:
        raise RefusedError(f"{branch!r} is no name for a branch")
    if ask(git, root, "rev-parse", "--verify", "--quiet", name) is not None:
        raise RefusedError(f"there is a branch {branch!r} already")
    with TemporaryDirectory(prefix="tandem-index-") as folder:
        index = Path(folder) / "index"
        _asked(git, root, "read-tree", head, index=index)
        lines = [
            _line(git, root, head, f"{prefix}{path}", base.get(path), text)
            for path, text in texts.items()
        ]
        info = "".join(sorted(lines)).encode("utf-8", "surrogateescape")  # what goes, goes first
        _asked(git, root, "update-index", "-z", "--index-info", stdin=info, index=index)
        tree = _asked(git, root, "write-tree", index=index)
    changed = _asked(git, root, "diff-tree", "-r", "-z", "--name-only", "--no-renames", head, tree)
    others = set(changed.split("\0")) - {"", *(f"{prefix}{path}" for path in texts)}
    if others:  # the index makes way for a file where a folder was, and the other way round
        raise RefusedError(f"{min(others)} is in the way")
    said = message.encode("utf-8", "replace")
    made = _asked(git, root, "commit-tree", tree, "-p", head, stdin=said)
    _asked(git, root, "update-ref", name, made, "")
    return made


def _line(  # noqa: PLR0917 - private
    git: Git, root: Path, head: str, path: str, base: str | None, text: str | None
) -> str:
    """Return what becomes of a file as a line for the index; of what was not there, nothing."""
    entry = _asked(git, root, "ls-tree", "-z", "--full-tree", head, "--", f":(literal){path}")
    if not entry or entry.startswith("040000"):  # a folder, whose files may go
        mode, blob = "100644", ""
    else:
        mode, _, blob = entry.partition("\t")[0].split(" ")
    if _is_outside(path) or not mode.startswith("100"):
        raise RefusedError(f"{path} cannot be committed: it is no file of the workspace")
    was = ask(git, root, "cat-file", "blob", blob) if blob else None
    if blob and was is None:  # a partial clone, and nothing is fetched
        raise RefusedError(f"{path} cannot be read from HEAD")
    text = _joined(path, base, text, was) if was is not None else text
    if text is None:
        return f"0 {blob}\t{path}\0" if blob else ""
    data = _encoded(path, text, was) or b""
    blob = _asked(git, root, "hash-object", "-w", "--stdin", stdin=data)
    return f"{mode} {blob}\t{path}\0"


def _joined(path: str, base: str | None, text: str | None, was: bytes) -> str | None:
    """Return a text with what HEAD has otherwise than `base`."""
    theirs = decode(was)
    if theirs is not None and "\r" not in theirs:  # git has the line ends of a platform as `\n`
        base, text = (one and one.replace("\r\n", "\n") for one in (base, text))
    if theirs is not None and theirs in {base, text}:
        return text
    if base is None or text is None or theirs is None:
        raise RefusedError(f"{path} is another in HEAD than the change was made for")
    joined, _ = merged(base, text, theirs)
    if joined is None:
        raise RefusedError(f"{path} has changes that are not committed, in the same place")
    return joined


def _asked(git: Git, root: Path, *words: str, stdin: bytes = b"", index: Path | None = None) -> str:
    said = ask(git, root, *words, stdin=stdin, index=index)
    if said is None:
        raise RefusedError(_WHY.get(words[0], f"git {words[0]} failed"))
    return said.decode("utf-8", "surrogateescape").rstrip("\n")
