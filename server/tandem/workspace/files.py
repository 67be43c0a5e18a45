"""Which files of a workspace are source to learn from: git's answer where git is, else a walk.

Never yields a file that looks like a secret, is not source by its name, or is larger than a
megabyte (generated or data). Blocking: called off the event loop.
"""

import fnmatch
import os
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

LANGUAGES: Final = {
    ".bash": "shellscript", ".c": "c", ".cc": "cpp", ".cpp": "cpp", ".cs": "csharp",
    ".css": "css", ".cxx": "cpp", ".dart": "dart", ".ex": "elixir", ".exs": "elixir",
    ".go": "go", ".h": "c", ".hpp": "cpp", ".hs": "haskell", ".html": "html", ".java": "java",
    ".js": "javascript", ".jsx": "javascriptreact", ".kt": "kotlin", ".kts": "kotlin",
    ".lua": "lua", ".mjs": "javascript", ".cjs": "javascript", ".ml": "ocaml", ".mts": "typescript",
    ".php": "php", ".pl": "perl", ".py": "python", ".pyi": "python", ".r": "r", ".rb": "ruby",
    ".rs": "rust", ".scala": "scala", ".sh": "shellscript", ".sql": "sql", ".swift": "swift",
    ".ts": "typescript", ".tsx": "typescriptreact", ".vue": "vue", ".zig": "zig",
}  # fmt: skip
"""LSP language ids by suffix, for files that no editor has named."""

_FAMILIES: Final = {
    "javascriptreact": "javascript", "typescript": "javascript", "typescriptreact": "javascript",
    "vue": "javascript", "c": "cpp",
}  # fmt: skip


def family(language: str) -> str:
    """Return the language whose words a language shares: that of JavaScript for TypeScript."""
    return _FAMILIES.get(language, language)


_SECRET_NAMES: Final = ("*.pem", "*.key", "id_rsa*", "id_ed25519*", "*secret*", "*credential*")
_SKIPPED_FOLDERS: Final = frozenset(
    [
        "node_modules",
        "vendor",
        "third_party",
        "venv",
        "env",
        "__pycache__",
        "dist",
        "build",
        "target",
        "site-packages",
    ]
)
_LARGEST: Final = 1_000_000  # bytes
_GIT_S: Final = 20.0


def source_files(root: Path, exclude: Sequence[str] = ()) -> list[Path]:
    """Return the source files below `root`, sorted by path; `exclude` are globs relative to it."""
    found = _git_files(root)
    names = found if found is not None else list(_walk(root))
    return [
        root / name
        for name in sorted(set(names))  # git lists a file in conflict once for each side
        if is_source(name)
        and not any(fnmatch.fnmatchcase(name, glob) for glob in exclude)
        and _is_small_file(root / name)
    ]


def is_source(name: str) -> bool:
    """Tell from its name alone whether a file is source to learn from."""
    base = name.rsplit("/", 1)[-1].lower()
    secret = any(fnmatch.fnmatch(base, pattern) for pattern in _SECRET_NAMES)
    return bool(language_of(base)) and not secret


def language_of(name: str) -> str:
    """Return the language id of a file by its name, or an empty string."""
    dot = name.rfind(".")
    return LANGUAGES.get(name[dot:].lower(), "") if dot > 0 and name[dot - 1] != "/" else ""


def _git_files(root: Path) -> list[str] | None:
    """Ask git, which alone knows its ignore rules exactly; None outside a work tree."""
    command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and the user's own folder
            command, capture_output=True, timeout=_GIT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _walk(root: Path) -> Iterator[str]:
    """Yield names relative to `root` without following links, hidden and vendored folders."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS]
        for name in files:
            yield Path(folder, name).relative_to(root).as_posix()


def _is_small_file(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST
