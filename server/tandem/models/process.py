"""The model's process, kept: started when wanted, started again once, then given up.

It is asked over loopback HTTP with a key made for each start, so no other user of the machine can
use it. Its end of our pipe is what it lives on: it goes when we close it or are gone.

Event-loop thread only. Invariant: at most one process, and none after `aclose`.
"""

import asyncio
import contextlib
import json
import logging
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.core.errors import Failure, ModelError
from tandem.models.server import NO_ENGINE

logger = logging.getLogger(__name__)

_STARTS: Final = 2
_LOAD_S: Final = 180.0  # a slow disk reads 1 GB in 20 s


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a process listens, and the key it wants."""

    base_url: str
    key: str


class ModelProcess:
    """One model's process."""

    def __init__(self, path: Path, command: Sequence[str] | None = None) -> None:
        """Name the model's file; nothing is started yet. `command` stands in for the server's."""
        # -P: a repository that the editor was started in must not bring modules of its own.
        own = (sys.executable, "-P", "-m", "tandem.models.server")
        self._command = (*(command or own), str(path))
        self._keeping: asyncio.Task[None] | None = None
        self._address: asyncio.Future[Reached] | None = None
        self._process: asyncio.subprocess.Process | None = None

    def start(self) -> None:
        """Begin to load the model, if nobody has."""
        if self._keeping is None:
            self._address = asyncio.get_running_loop().create_future()
            self._keeping = asyncio.create_task(self._keep(), name="model process")

    async def reach(self) -> Reached:
        """Return where the process listens, when it does. Raises ModelError if it will not."""
        self.start()
        if self._address is None:  # pragma: no cover - `start` has made it
            raise ModelError(Failure.LOCAL_MODEL)
        return await asyncio.shield(self._address)

    async def _keep(self) -> None:
        """Live one process after another, as often as is allowed."""
        failure = Failure.LOCAL_MODEL
        for number in range(1, _STARTS + 1):
            try:
                self._process = process = await self._spawn()
                reached = await self._greet(process)
            except _MissingEngineError:
                failure = Failure.LOCAL_ENGINE
                break
            except (OSError, ValueError, TimeoutError) as error:
                fields = {"start": number, "error": type(error).__name__}
                logger.warning("model.not_started", extra={"fields": fields})
                await self._end()
                continue
            self._tell(reached)
            status = await process.wait()
            logger.warning("model.ended", extra={"fields": {"start": number, "status": status}})
            self._address = asyncio.get_running_loop().create_future()
        logger.error("model.given_up", extra={"fields": {"why": failure.name.lower()}})
        if self._address is not None:
            self._address.set_exception(ModelError(failure))
            self._address.exception()  # nobody may be waiting

    def _tell(self, reached: Reached) -> None:
        if self._address is not None:
            self._address.set_result(reached)
        logger.info("model.ready")

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def _greet(self, process: asyncio.subprocess.Process) -> Reached:
        """Hand over a fresh key and wait for the port. Raises OSError, ValueError, TimeoutError."""
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:  # pragma: no cover - both are pipes
            raise ValueError
        key = secrets.token_urlsafe(24)
        stdin.write(f"{key}\n".encode())
        async with asyncio.timeout(_LOAD_S):
            await stdin.drain()
            said = json.loads(await stdout.readline())
        if said == {"error": NO_ENGINE}:
            raise _MissingEngineError
        try:
            return Reached(f"http://127.0.0.1:{int(said['port'])}", key)
        except (KeyError, TypeError):
            raise ValueError from None

    async def _end(self) -> None:
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # it has nothing to save
            await process.wait()

    async def aclose(self) -> None:
        """End the process; whoever waits for it is told that it will not come."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self._end()
        if self._address is not None and not self._address.done():
            self._address.set_exception(ModelError(Failure.LOCAL_LOST))
            self._address.exception()


class _MissingEngineError(Exception):
    """The server's process has no engine to run a model with."""
