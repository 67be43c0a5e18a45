"""Which lines of open documents are not as they were committed; asked at every move of the cursor.

What is known answers at once; what changed since is compared in a thread, for the next question.
Event-loop thread only.
"""

import asyncio
from pathlib import Path
from typing import Final

from tandem.core import changed_lines
from tandem.core.diff import changed_blocks
from tandem.core.text import Text
from tandem.workspace.git import Git, ask
from tandem.workspace.objects import texts

_LONGEST: Final = 2_000_000  # characters of a text that is compared


class Hunks:
    """The changed lines of documents, by path."""

    def __init__(self, root: Path, git: Git | None = None) -> None:
        """Begin with nothing known."""
        self._root = root
        self._git = git or Git()
        self._known: dict[str, tuple[Text, frozenset[int]]] = {}
        self._blobs: dict[str, tuple[str, str]] = {}
        self._busy: set[asyncio.Task[None]] = set()
        self._asked: set[str] = set()

    def changed(self, path: str, text: Text) -> frozenset[int]:
        """Return the changed lines of a document as far as they are known."""
        known = self._known.get(path)
        if (known is None or known[0] is not text) and path not in self._asked:
            self._asked.add(path)
            task = asyncio.create_task(self._compare(path, text))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        return known[1] if known is not None else frozenset()

    async def settled(self) -> None:
        """Wait until everything that was asked is compared."""
        while self._busy:
            await asyncio.gather(*self._busy)

    async def _compare(self, path: str, text: Text) -> None:
        try:
            lines = await asyncio.to_thread(self._lines, path, str(text))
            self._known[path] = text, lines
        finally:
            self._asked.discard(path)

    def _lines(self, path: str, now: str) -> frozenset[int]:
        before = self._committed(path)
        if before is None or len(now) > _LONGEST:
            return frozenset()
        old, new = before.split("\n"), now.replace("\r\n", "\n").split("\n")
        return changed_lines.by_blocks(changed_blocks(old, new))

    def _committed(self, path: str) -> str | None:
        """Return a file's text in the last commit, "" of a file that is new; None without git."""
        answer = ask(self._git, self._root, "ls-tree", "-z", "HEAD", "--", path)
        if answer is None:
            return None
        words = answer.partition(b"\t")[0].decode("ascii", "replace").split()
        name = words[-1] if words else ""
        if not name:
            return ""
        known = self._blobs.get(path)
        if known is None or known[0] != name:
            text = texts(self._root, [name], self._git).get(name)
            if not isinstance(text, str):
                return None
            known = self._blobs[path] = name, text.replace("\r\n", "\n")
        return known[1]
