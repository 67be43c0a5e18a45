"""Write what becomes of suggestions to the ledger, on a thread of its own and never in a hurry.

The ledger is opened with the first suggestion, also where no model is asked. Whoever notes
something does not wait; what a crash loses is two seconds of it. A file that cannot be written
costs one line in the log: nobody's editor is disturbed for a statistic.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tandem.core import bug
from tandem.core.clock import Clock
from tandem.core.suggestion import Happened, Offer

if TYPE_CHECKING:  # sqlite3 comes with the first suggestion
    from tandem.ledger.ledger import Ledger
    from tandem.ledger.suggestions import SuggestionRows

logger = logging.getLogger(__name__)

_PAUSE_S: Final = 2.0  # between two transactions
_CLOSE_S: Final = 2.0


class Outcomes:
    """Notes on the event loop's thread, rows on another."""

    def __init__(self, ledger: Path, workspace: Callable[[], str], clock: Clock) -> None:
        """Name the ledger's file and how to learn the workspace's opaque tag; open nothing yet."""
        self._path = ledger
        self._workspace = workspace
        self._clock = clock
        self._ledger: Ledger | None = None
        self._rows: SuggestionRows | None = None
        self._waiting: list[Offer | Happened] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tandem-outcomes")
        self._ended = False  # closed, or the file cannot be written

    def note(self, record: Offer | Happened) -> None:
        """Have a record written soon, behind those noted earlier."""
        if self._ended:
            return
        self._waiting.append(record)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon(), name="outcomes")

    async def _write_soon(self) -> None:
        while self._waiting:
            await self._clock.sleep(_PAUSE_S)
            await asyncio.get_running_loop().run_in_executor(
                self._thread, self._write, self._taken()
            )

    def _taken(self) -> list[Offer | Happened]:
        records, self._waiting = self._waiting, []
        return records

    def _write(self, records: list[Offer | Happened]) -> None:
        try:
            if self._rows is None:
                self._rows = self._open()
            self._rows.write(records)
        except Exception:
            self._ended = True
            bug.seen["outcomes"] += 1
            logger.exception("outcomes.crashed")

    def _open(self) -> "SuggestionRows":
        from tandem.ledger.ledger import Ledger  # noqa: PLC0415 - sqlite3
        from tandem.ledger.suggestions import SuggestionRows  # noqa: PLC0415

        self._ledger = Ledger(self._path, f"{os.getpid()}")
        return SuggestionRows(self._ledger, self._workspace())

    async def aclose(self) -> None:
        """Write what is left and close the ledger, within two seconds."""
        if self._writing is None:
            return
        self._writing.cancel()
        self._writing = None
        records = [] if self._ended else self._taken()
        self._ended = True
        loop = asyncio.get_running_loop()
        last = loop.run_in_executor(self._thread, self._write_last, records)
        await asyncio.wait([last], timeout=_CLOSE_S)
        self._thread.shutdown(wait=False)

    def _write_last(self, records: list[Offer | Happened]) -> None:
        if records:
            self._write(records)
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
