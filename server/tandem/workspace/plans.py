"""Where plans are kept: a numbered folder each, with its journal, its text and what was paid for.

    plans/<workspace>/<number>/journal.jsonl  one event a line, only ever appended to
                               plan.md        for people, who may change it before it is run
                               change.patch   the result as a unified diff
                               answers/       what models said, until a step has used it

Below the user's state directory, for its owner only: journals hold texts of files. Blocking; a line
is on disk (fsync, 1-5 ms) when `append` returns.

Invariant: at most one process carries a plan on; a torn last line is as if never written.
"""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem.index.pack.persist import swap

_JOURNAL: Final = "journal.jsonl"


class BusyError(Exception):
    """Another process carries the plan on."""


@dataclass(frozen=True, slots=True)
class PlanFolder:
    """The folder of one plan."""

    path: Path

    @property
    def number(self) -> int:
        """What people call it."""
        return int(self.path.name)

    @property
    def text(self) -> Path:
        """The plan for people."""
        return self.path / "plan.md"

    @property
    def patch(self) -> Path:
        """The result as a diff."""
        return self.path / "change.patch"

    def append(self, line: str) -> None:
        """Add a line to the journal; it is on disk afterwards. Raises OSError: it is not there."""
        data = line.encode("ascii") + b"\n"
        with (self.path / _JOURNAL).open("ab", buffering=0) as journal:
            size = journal.tell()
            try:
                while data:
                    data = data[journal.write(data) :]
                os.fsync(journal.fileno())
            except OSError:
                journal.truncate(size)  # a part of a line would spoil the next
                raise

    def lines(self) -> list[str]:
        """Return the whole lines of the journal; cuts off one that was torn."""
        try:
            data = (self.path / _JOURNAL).read_bytes()
        except FileNotFoundError:
            return []
        return data.decode("ascii", "replace").split("\n")[:-1]

    def mend(self) -> None:
        """Cut a torn last line off, so that the next is a line of its own."""
        journal = self.path / _JOURNAL
        with suppress(FileNotFoundError), journal.open("r+b") as file:
            data = file.read()
            file.truncate(data.rfind(b"\n") + 1)

    def write(self, file: Path, text: str) -> None:
        """Write one of its texts, whole or not at all. Raises OSError."""
        swap(file, text.encode("utf-8", "surrogateescape"))

    def read(self, file: Path) -> str | None:
        """Return one of its texts; None if it is not there."""
        try:
            return file.read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            return None

    @contextmanager
    def held(self) -> Generator[None]:
        """Carry the plan on: no other process does meanwhile. Raises BusyError."""
        with (self.path / "lock").open("a+b") as file:
            if not _locked(file.fileno()):
                raise BusyError
            yield

    # -- answers -------------------------------------------------------------------------------

    def answer(self, key: str) -> dict[str, Any] | None:
        """Return an answer that was kept under a key."""
        try:
            value = json.loads((self.path / "answers" / f"{key}.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Keep an answer, so that it outlives the process. Raises OSError."""
        swap(self.path / "answers" / f"{key}.json", json.dumps(answer).encode("ascii"))


def _locked(handle: int) -> bool:
    """Take the lock of an open file; the system gives it back when the process ends, however."""
    try:
        if os.name == "nt":  # pragma: no cover - no Windows to try it on
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of one workspace."""

    folder: Path

    def all(self) -> list[PlanFolder]:
        """Return the plans, the oldest first."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except OSError:
            return []
        numbers = sorted({int(name) for name in names if name.isdecimal()})
        return [plan for plan in map(self.get, numbers) if plan is not None]

    def get(self, number: int) -> PlanFolder | None:
        """Return a plan by its number."""
        found = PlanFolder(self.folder / str(number))
        return found if found.path.is_dir() else None

    def new(self) -> PlanFolder:
        """Make a folder with the next free number. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = max((plan.number for plan in self.all()), default=0) + 1
        while True:
            path = self.folder / str(number)
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:  # another editor was first
                number += 1
                continue
            return PlanFolder(path)
