"""Git as a program: asked with fixed words, without a shell, bounded in time, running nothing else.

Blocking. Invariant: nothing that a repository's own configuration names is started.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_GIT_S: Final = 20.0  # Linux, with cold caches, takes under 2 s
# A repository is data, its `.git/config` too. Else `ls-files` would start what core.fsmonitor
# names, a hook after refreshing the index, `log` what gpg.program names to show signatures, and a
# transport for a blob that a partial clone lacks.
_HARMLESS: Final = (
    "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}",
    "-c", "safe.bareRepository=explicit", "-c", "log.showSignature=false",
)  # fmt: skip
_FIXED: Final = {
    "GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
}  # fmt: skip
# Not GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE and the like: an editor started from a hook has them.
_KEPT: Final = (
    "HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "XDG_CONFIG_HOME", "SYSTEMROOT", "PROGRAMDATA",
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Git:
    """How git is asked. `environment` is the user's, of which git sees only what `_KEPT` names."""

    environment: Mapping[str, str] | None = None
    timeout_s: float = _GIT_S


def git_environment(git: Git) -> dict[str, str]:
    """Return what git sees of the user's environment."""
    given = git.environment
    if given is None:
        with suppress(RuntimeError):  # a user without a home
            return {"HOME": str(Path.home())}
        return {}
    return {name: given[name] for name in _KEPT if name in given}


def ask(
    git: Git, root: Path, *words: str, stdin: bytes = b"", index: Path | None = None
) -> bytes | None:
    """Run git in a folder and return what it says, or None where it does not.

    `index` is used in the place of the repository's own.
    """
    program = shutil.which("git", path=git.environment.get("PATH") if git.environment else None)
    if program is None or not Path(program).is_absolute() or Path(program).is_relative_to(root):
        return None  # a program of that name in the workspace is not the user's git
    environment = {**git_environment(git), **_FIXED, "PATH": str(Path(program).parent)}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and the user's own folder
            [program, "-C", str(root), *_HARMLESS, *words], env=environment, check=False,
            capture_output=True, timeout=git.timeout_s, input=stdin,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout
