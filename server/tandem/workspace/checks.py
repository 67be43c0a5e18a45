"""The user's own checker, run on a text before and after an edit, to tell if a problem is gone.

A command of the user's settings (never a repository's), in a folder the user trusts, without a
shell, with the new text on stdin, bounded in time and output. What it prints is read as lines that
name a place: ``file:line:column: message`` is what compilers and linters agree on.

Invariant: what cannot be run or read says nothing; a checker never makes anything worse.
"""

import asyncio
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.core.diagnostics import Diagnostic

_LONGEST_S: Final = 20.0
_OUTPUT: Final = 1_000_000  # bytes that are read
_KILL_S: Final = 2.0
_PLACED: Final = re.compile(r"^(?:.*?):(\d+)(?::(\d+))?(?:-\d+(?::\d+)?)?:?\s+(.*)$")
_ANY: Final = "*"
_QUOTE: Final = re.compile(r"[`'\"]([^`'\"]+)[`'\"]")
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Checker:
    """A command for one file; `words` are its arguments, `folder` where it runs."""

    words: tuple[str, ...]
    folder: Path

    async def said(self, text: str) -> Counter[str] | None:
        """Return what it says of a text, by message without places; None if it cannot tell."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.words,
                cwd=self.folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except (OSError, ValueError):
            return None
        try:
            async with asyncio.timeout(_LONGEST_S):
                data = text.encode("utf-8", "replace")
                output, _ = await process.communicate(data)
        except TimeoutError:
            return None
        finally:
            await _ended(process)
        lines = output[:_OUTPUT].decode("utf-8", "replace").split("\n")
        return Counter(found[3].strip() for line in lines if (found := _PLACED.match(line)))


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill what still runs, also when the caller is cancelled."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_KILL_S):
                await process.wait()


def checker_for(
    commands: Sequence[str], trusted: Sequence[str], language: str, root: Path | None, path: str
) -> Checker | None:
    """Return the command for a file; None without one, or in a folder that is not trusted."""
    if root is None or not path or not is_trusted(root, trusted):
        return None
    for entry in reversed(commands):
        spoken, _, command = entry.partition("=")
        words = words_of(command)
        if spoken.strip() == language and words:
            name = f"./{path}" if path.startswith("-") else path  # a file, not an option
            return Checker(tuple(word.replace("{file}", name) for word in words), root)
    return None


def words_of(command: str) -> list[str]:
    """Split a command as a shell would; one with an open quote is none."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def is_trusted(root: Path, trusted: Sequence[str]) -> bool:
    """Tell whether a folder is one of those the user trusts, or below one."""
    if _ANY in trusted:
        return True
    here = root.resolve()
    return any(here.is_relative_to(Path(one).expanduser().resolve()) for one in trusted)


async def still_there(
    checker: Checker, before: str, after: str, problems: Sequence[Diagnostic]
) -> str | None:
    """Return a sentence if a problem the checker knew is still there, or others came instead."""
    old, new = await asyncio.gather(checker.said(before), checker.said(after))
    if old is None or new is None:
        return None
    for one in problems:
        known = [said for said in old if _is_about(said, one)]
        if known and sum(new[said] for said in known) >= sum(old[said] for said in known):
            return f"the checker still says: {known[0][:200]}"
    came = [said for said in new if new[said] > old[said]]
    if came and new.total() >= old.total():
        return f"the checker now says: {came[0][:200]}"
    return None


def _is_about(said: str, problem: Diagnostic) -> bool:
    """Tell whether a line of the checker is the diagnostic: its code, or all of its words."""
    if problem.code and re.search(rf"(?<!\w){re.escape(problem.code)}(?!\w)", said):
        return set(_quoted(problem.message)) <= set(_quoted(said))
    return problem.message.partition("\n")[0].strip() in said


def _quoted(message: str) -> list[str]:
    quotes = _QUOTE.findall(message)
    return [word for part in quotes for word in _WORD.findall(part)]
