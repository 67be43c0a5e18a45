"""A copy of the workspace with a result in it, and the user's own check run there.

The copy has what git does not ignore; ignored folders that the settings name are links, so that a
check finds what is installed. The command is of the user's settings, never a repository's, runs
without a shell and only where the user trusts the folder; it is bounded in time and output, and
its whole process group ends with it.

Invariant: no file of the workspace is written; the copy is gone afterwards.
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tandem.core.errors import RefusedError
from tandem.workspace.checks import words_of
from tandem.workspace.files import encoded
from tandem.workspace.git import Git, ask
from tandem.workspace.ignore import read_regular

_MOST_BYTES: Final = 2_000_000_000
_MOST_FILES: Final = 100_000
_TAIL: Final = 8_000  # bytes of the output that are told
_KILL_S: Final = 2.0
_POLL_S: Final = 0.02
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Command:
    """A check: its words, how long it may take, and the folders that the copy has as links.

    `environment` is what it sees: not the API key, for it runs code that a model wrote.
    """

    words: tuple[str, ...]
    seconds: int
    links: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said: its exit status (None where time ran out), the end of its output."""

    status: int | None
    output: str


def command_of(
    text: str, seconds: int, links: tuple[str, ...], environment: Mapping[str, str]
) -> Command | None:
    """Read a command as a shell would; None where there is none."""
    words = words_of(text)
    return Command(tuple(words), seconds, links, environment) if words else None


async def run_with(command: Command, root: Path, texts: Mapping[str, str | None]) -> Ran:
    """Run a command in a copy of `root` in which some files have other texts (None: are gone).

    Raises RefusedError if the workspace cannot be copied or the command not started.
    """
    folder = await asyncio.to_thread(_made)
    copying = asyncio.ensure_future(asyncio.to_thread(_copied, root, folder, texts, command.links))
    try:
        await asyncio.shield(copying)
        return await _ran(command, folder)
    except (OSError, UnicodeError):
        raise RefusedError("the workspace cannot be copied for the check") from None
    finally:
        await asyncio.gather(copying, return_exceptions=True)  # no cancellation ends a thread
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _made() -> Path:
    return Path(tempfile.mkdtemp(prefix="tandem-check-"))


def _copied(
    root: Path, folder: Path, texts: Mapping[str, str | None], links: tuple[str, ...]
) -> None:
    size = count = 0
    for name in _names(root, links):
        source, target = root / name, folder / name
        if name in texts or source.is_symlink() or not source.is_file():
            continue
        count += 1
        size += source.stat().st_size
        if count > _MOST_FILES or size > _MOST_BYTES:
            raise RefusedError("the workspace is too large to be copied for the check")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    for name, text in texts.items():
        if text is not None:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            was = read_regular(str(root / name), _MOST_BYTES)
            target.write_bytes(encoded(text, was if isinstance(was, bytes) else b""))
            with suppress(OSError):  # a script stays one that can be run
                shutil.copymode(root / name, target)
    for name in links:
        if (root / name).is_dir() and not (folder / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to((root / name).resolve(), target_is_directory=True)


def _names(root: Path, links: tuple[str, ...]) -> list[str]:
    """Return what git does not ignore; without git everything but hidden folders and the links."""
    said = ask(Git(), root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if said is not None:
        return [n.decode("utf-8", "surrogateescape") for n in said.split(b"\0") if n]
    found: list[str] = []
    for path, folders, files in os.walk(root):
        folders[:] = [one for one in folders if not one.startswith(".") and one not in links]
        found += [os.path.relpath(os.path.join(path, file), root) for file in files]  # noqa: PTH118
    return found


async def _started(command: Command, folder: Path) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command.words,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(command.environment),
            start_new_session=True,
        )
    except (OSError, ValueError):
        raise RefusedError(f"the check {command.words[0]!r} cannot be started") from None


async def _ran(command: Command, folder: Path) -> Ran:
    starting = asyncio.ensure_future(_started(command, folder))
    try:
        process = await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(RefusedError):
            await _ended(await starting)  # by now it may have started others
        raise
    tail, status = bytearray(), None
    reading = asyncio.ensure_future(_read(process, tail))
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(command.seconds):
                status = await _exited(process)
    finally:
        await _ended(process)
        await asyncio.wait([reading], timeout=_KILL_S)
        reading.cancel()
    late = f"\n(not done within {command.seconds} s)" if status is None else ""
    return Ran(status, f"{_text(tail)}{late}")


async def _exited(process: asyncio.subprocess.Process) -> int:
    """Wait for the process alone: `wait` may wait for its children too, who have its output."""
    while process.returncode is None:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(_POLL_S)
    return process.returncode


async def _read(process: asyncio.subprocess.Process, tail: bytearray) -> None:
    """Read all of the output and keep its end."""
    stream = process.stdout
    while stream is not None and (data := await stream.read(_CHUNK)):
        tail += data
        del tail[:-_TAIL]


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill what still runs, its children too, also when the caller is cancelled."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:  # pragma: no cover - no Windows to try it on
            process.kill()
    with suppress(TimeoutError):
        async with asyncio.timeout(_KILL_S):
            await process.wait()


def _text(tail: bytearray) -> str:
    return tail.decode("utf-8", "replace").replace("\r\n", "\n").strip()
