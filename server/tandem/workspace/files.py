"""Which files belong to a workspace: git's answer where git is, else a walk by the same rules.

The listing looks at names and sizes only. What takes reading (binary, generated) is told when a
file is read: `load`, `is_generated`. Every file that is left out has a `Reason`.

A secret is known by its name alone. What always holds keys (``.env``, ``*.pem``, ``.npmrc``) is
one whatever else it is; what is merely called so (``credentials.json``, ``secrets/db.yaml``) is
one unless its suffix makes it source or prose: ``secrets.py`` and ``credential_store.ts`` are code.

Invariants: no link is followed, in the middle of a path neither; nothing of the repository is run;
no path that leaves the workspace is yielded. Blocking: called off the event loop.
"""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from tandem.index import languages
from tandem.workspace.git import Git, ask
from tandem.workspace.ignore import Reason, Rules, read_regular, read_rules

_FAMILIES: Final = {
    "javascriptreact": "javascript", "typescript": "javascript", "typescriptreact": "javascript",
    "vue": "javascript", "c": "cpp",
}  # fmt: skip

_LARGEST: Final = 1_000_000  # bytes
_MOST_FILES: Final = 200_000  # Linux has 79,000; a home folder opened by mistake has millions
_MOUNT_POINT: Final = 0xA0000003  # a Windows junction: a link in all but name


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the workspace. `path` is relative, with slashes; odd bytes are surrogates."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """The files of a workspace, sorted by path, and how many were left out for which reason.

    A folder that is left out by a walk counts as one; what git ignores is not counted by git.
    """

    files: tuple[FileEntry, ...]
    excluded: Mapping[Reason, int]
    by_git: bool


def source_files(root: Path, exclude: Sequence[str] = ()) -> list[Path]:
    """Return the source files below `root`, sorted by path; `exclude` as in `Rules`."""
    rules = read_rules(root, exclude)
    return [root / file.path for file in list_files(root, rules).files if is_source(file.path)]


def family(language: str) -> str:
    """Return the language whose words a language shares: that of JavaScript for TypeScript."""
    return _FAMILIES.get(language, language)


def language_of(name: str) -> str:
    """Return the language id of a file of code by its name, or an empty string."""
    found = languages.language_of(name)
    return found.id if found is not None and not found.listing else ""


def is_source(name: str) -> bool:
    """Tell from its name alone whether a file is source to learn from."""
    return bool(language_of(name)) and reason_by_name(name) is None


def list_files(root: Path, rules: Rules | None = None, git: Git | None = None) -> Inventory:
    """Return what belongs to the workspace: by git in its work tree, by a walk elsewhere."""
    git = git or Git()
    rules = rules or read_rules(root, (), git)
    names = git_names(root, git) if rules.in_git else None
    candidates = walk_names(rules) if names is None else _of_git(names, rules)
    excluded: Counter[Reason] = Counter()
    files = sorted(_looked_at(root, candidates, excluded), key=lambda file: file.path)
    return Inventory(tuple(files), dict(excluded), names is not None)


def git_names(root: Path, git: Git) -> list[str] | None:
    """Return what git lists below a folder, folders of other repositories with a slash, or None.

    Sorted, each name once: git lists a file in conflict once for each side.
    """
    answer = ask(git, root, "ls-files", "-z", "-co", "--exclude-standard")
    if answer is None:
        return None
    return sorted({os.fsdecode(name) for name in answer.split(b"\0") if name})


def walk(root: Path, rules: Rules, start: str = "") -> Iterator[FileEntry]:
    """Yield the files below `root`, or below a folder in it, without git and in no order."""
    yield from _looked_at(root, walk_names(rules, start), Counter())


def why_left_out(root: Path, path: str, rules: Rules) -> Reason | None:
    """Return why a relative path is left out, reading the file if need be; None if it is not.

    A file that git tracks although it is ignored is in the inventory: ask that first.
    """
    if leaves(path):
        return Reason.OUTSIDE
    found = rules.excluded(path) or next(look(root, [path]))
    if isinstance(found, Reason):
        return found
    text = load(root / path)
    if isinstance(text, Reason):
        return text
    return Reason.GENERATED if is_generated(text) else None


def leaves(path: str) -> bool:
    """Tell whether a path is not simply the way down to a file: it may come from anybody."""
    if "\0" in path or (os.name == "nt" and ("\\" in path or ":" in path)):
        return True
    parts = path.split("/")
    return "" in parts or ".." in parts or "." in parts


def look(root: Path, paths: Iterable[str]) -> Iterator[FileEntry | Reason]:
    """Yield for each relative path the file that is there, or why there is none, unread."""
    return _look(root, ((path, None) for path in paths))


def _looked_at(
    root: Path, candidates: Iterable[tuple[str, Reason | None]], excluded: Counter[Reason]
) -> Iterator[FileEntry]:
    count = 0
    for found in _look(root, candidates):
        if isinstance(found, Reason):
            excluded[found] += 1
        elif count == _MOST_FILES:
            excluded[Reason.OVER] += 1
            return
        else:
            count += 1
            yield found


def _look(
    root: Path, candidates: Iterable[tuple[str, Reason | None]]
) -> Iterator[FileEntry | Reason]:
    """Look at each candidate: its name first, then its folders, then the file."""
    base = str(root)
    folders: dict[str, Reason | None] = {"": None}
    for path, given in candidates:
        reason = given or reason_by_name(path) or (Reason.OUTSIDE if leaves(path) else None)
        if reason is None:
            reason = _reason_of_folder(base, path[: max(path.rfind("/"), 0)], folders)
        yield reason if reason is not None else _entry(base, path)


def _entry(base: str, path: str) -> FileEntry | Reason:
    try:
        status = os.lstat(f"{base}/{path}")
    except FileNotFoundError:
        return Reason.GONE
    except (OSError, ValueError):  # names that cannot be written in the system's encoding
        return Reason.UNREADABLE
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        return {stat.S_IFLNK: Reason.LINK, stat.S_IFDIR: Reason.NESTED}.get(kind, Reason.SPECIAL)
    if status.st_size > _LARGEST:
        return Reason.LARGE
    return FileEntry(path, status.st_size, status.st_mtime_ns)


def _reason_of_folder(base: str, path: str, known: dict[str, Reason | None]) -> Reason | None:
    """Tell why nothing in a folder may be read: it, or one above it, is a link or gone.

    Git goes on listing ``a/b.py`` from its index when ``a`` has become a link to somewhere else.
    """
    if path in known:
        return known[path]
    reason = None
    at = 0
    while reason is None and at < len(path):
        at = path.find("/", at + 1) if "/" in path[at + 1 :] else len(path)
        part = path[:at]
        if part not in known:
            known[part] = _reason_of_one(f"{base}/{part}")
        reason = known[part]
    known[path] = reason
    return reason


def _reason_of_one(folder: str) -> Reason | None:
    try:
        status = os.lstat(folder)
    except FileNotFoundError:
        return Reason.GONE
    except (OSError, ValueError):
        return Reason.UNREADABLE
    if stat.S_ISDIR(status.st_mode) and getattr(status, "st_reparse_tag", 0) != _MOUNT_POINT:
        return None
    return Reason.GONE if stat.S_ISREG(status.st_mode) else Reason.LINK


def walk_names(rules: Rules, start: str = "") -> Iterator[tuple[str, Reason | None]]:
    """Yield every file and link that is met, as git would list them, or the reason against it."""
    for folder, found in _walked(rules, start):
        if isinstance(found, Reason):
            yield folder, found
            continue
        for path, is_folder, reason in found:
            if not is_folder or reason is not None:
                yield path, reason


def walk_folders(rules: Rules) -> Iterator[str]:
    """Yield the folders that are not left out, the root (an empty path) among them."""
    return (folder for folder, found in _walked(rules, "") if not isinstance(found, Reason))


class _Child(NamedTuple):
    """What lies in a folder; a link to a folder is none. The reason is that of the rules above."""

    path: str
    is_folder: bool
    reason: Reason | None


def _walked(rules: Rules, start: str) -> Iterator[tuple[str, Sequence[_Child] | Reason]]:
    """Yield each folder with what is in it, or with why what is in it leaves it out."""
    pending = [start]
    while pending:
        folder = pending.pop()
        names = _names_in(f"{rules.root}/{folder}")
        if folder != start and (reason := rules.enter(folder, names)) is not None:
            yield folder, reason
            continue
        lead = f"{folder}/" if folder else ""
        children = [
            _Child(lead + name, is_folder, rules.here(lead + name, folder=is_folder))
            for name, is_folder in (names or {}).items()
        ]
        pending += [child.path for child in children if child.is_folder and child.reason is None]
        yield folder, children


def _names_in(folder: str) -> Mapping[str, bool] | None:
    """Return the names in a folder, and which are folders and no links to one."""
    try:
        with os.scandir(folder) as found:
            return {one.name: one.is_dir(follow_symlinks=False) for one in found}
    except OSError:  # unreadable, or gone since it was listed
        return None


def _of_git(names: Iterable[str], rules: Rules) -> Iterator[tuple[str, Reason | None]]:
    for name in names:
        # A repository that git does not know as a submodule is listed as a folder.
        nested = name.endswith("/")
        yield name.rstrip("/"), Reason.NESTED if nested else rules.excluded_from_git(name)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEY_SUFFIXES: Final = _words(".env .pem .key .p12 .pfx .jks .keystore .kdbx .ppk .tfstate .tfvars")
_KEY_FILES: Final = _words(
    ".env .envrc .npmrc .yarnrc .pypirc .netrc _netrc .pgpass .my.cnf .htpasswd .dockercfg "
    ".git-credentials .boto .s3cfg"
)
_EXAMPLES: Final = (".example", ".sample", ".template", ".dist", ".defaults")
_CALLED_SECRET: Final = re.compile(
    r"secret|credential|service[-_]account|^id_(?:rsa|dsa|ecdsa|ed25519)|^id_[^.]*$"
)
_PRIVATE_FOLDERS: Final = _words(".ssh .gnupg .aws .azure .gcloud .kube")
_SECRET_FOLDERS: Final = _words("secrets .secrets credentials")
_DATA: Final = _words(".json .jsonc .json5 .yaml .yml .toml .xml .csv")
_PROSE: Final = _words(".md .markdown .rst .adoc")
_MACHINE_MADE: Final = (".min.js", ".min.css", ".min.mjs", ".bundle.js", ".js.map", ".css.map")
_LOCKS: Final = _words("go.sum package-lock.json npm-shrinkwrap.json pnpm-lock.yaml")
_BINARY: Final = _words(
    ".7z .a .avif .bin .bmp .bz2 .class .dll .dylib .eot .exe .gif .gz .ico .jar .jpeg .jpg .lib "
    ".lockb .mo .mp3 .mp4 .o .obj .otf .pdf .png .pyc .pyd .so .tar .ttf .wasm .webm .webp .whl "
    ".woff .woff2 .xz .zip .zst"
)


def reason_by_name(path: str) -> Reason | None:
    """Return why a path is left out by its name alone, whatever the rules say."""
    *folders, name = path.lower().split("/")
    dot = name.rfind(".")
    suffix = name[dot:] if dot > 0 else ""
    if _is_secret(folders, name, suffix):
        return Reason.SECRET
    if suffix == ".lock" or name in _LOCKS or name.endswith(_MACHINE_MADE):
        return Reason.GENERATED
    return Reason.BINARY if suffix in _BINARY else None


def _is_secret(folders: Sequence[str], name: str, suffix: str) -> bool:
    if name.startswith(".env.") or name in _KEY_FILES or suffix in _KEY_SUFFIXES:
        return not name.endswith(_EXAMPLES)
    if name.endswith(".tfstate.backup") or not _PRIVATE_FOLDERS.isdisjoint(folders):
        return True
    if _SECRET_FOLDERS.isdisjoint(folders) and not _CALLED_SECRET.search(name):
        return False
    return suffix in _DATA or not (suffix in _PROSE or language_of(name))


_SNIFFED: Final = 8192  # bytes; git looks at 8000
_HEAD: Final = 2000  # characters in which a generator signs
_SIGNED: Final = re.compile(
    r"^[ \t]*(?:#|//|/?\*|--|;|%|<!--).*(?:@generated\b|generated.{0,80}do not (?:edit|modify))",
    re.MULTILINE | re.IGNORECASE,
)
_LONGEST_LINE: Final = 10_000  # characters
_MEAN_LINE: Final = 300
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip
_CONTROLS: Final = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f]")


def read_text(path: Path) -> str | None:
    """Return the text of a file, line ends as they are; None if it cannot or may not be read."""
    text = load(path)
    return text if isinstance(text, str) else None


def load(path: Path) -> str | Reason:
    """Return the text of a file, or why there is none. Does not ask whether it is a secret."""
    data = read_regular(str(path), _LARGEST)
    if isinstance(data, Reason):
        return data
    text = decode(data)
    return Reason.BINARY if text is None else text


def decode(data: bytes) -> str | None:
    """Return bytes as text: by their mark, else UTF-8, else Latin-1; None if they are binary."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                return None
    if b"\0" in data[:_SNIFFED]:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Every byte string is Latin-1. Text in it has no control characters but white space.
        return None if _CONTROLS.search(data) else data.decode("latin-1")


def encoded(text: str, like: bytes) -> bytes:
    """Return a text as the bytes of the file it was read from are: mark and encoding of `like`."""
    for mark, encoding in _BOMS:
        if like.startswith(mark):
            little = mark[:1] == b"\xff"
            name = encoding if encoding == "utf-8-sig" else f"{encoding}-{'le' if little else 'be'}"
            return (b"" if encoding == "utf-8-sig" else mark) + text.encode(name)
    try:
        like.decode("utf-8")
    except UnicodeDecodeError:
        with suppress(UnicodeEncodeError):  # what Latin-1 does not have needs another
            data = text.encode("latin-1")
            if decode(data) == text:  # and what would be read as UTF-8
                return data
    return text.encode("utf-8", "surrogateescape")


def is_generated(text: str) -> bool:
    """Tell whether a machine wrote a text: a generator signed it, or its lines are endless."""
    if _SIGNED.search(text[:_HEAD]):
        return True
    lines = text.count("\n") + 1
    if len(text) > _LONGEST_LINE and len(text) > lines * _MEAN_LINE:
        return True
    return any(len(line) > _LONGEST_LINE for line in text.split("\n"))
