"""Workers without processes, for tests that index three files and mean something else."""

from collections.abc import Sequence
from pathlib import Path

from tandem.index.facts import FileFacts
from tandem.index.languages import language_of
from tandem.index.parse import parse
from tandem.index.records import key_of, record_of
from tandem.index.store import Store, Stored


class InProcess:
    """Stands in for `index.pool.Workers`: the same records, computed here. 0.4 CPU-s less a run."""

    def __init__(self, store: Path, root: Path, count: int = 1) -> None:
        """Name what is worked on."""
        self._store = Store(store)
        self._root = root
        self.count = min(count, 1)

    async def facts(self, _tier: int, paths: Sequence[str]) -> list[Stored]:
        """Return exact facts, whichever tier is asked for."""
        rows = [self._stored(path) for path in paths]
        self._store.put(rows)
        return [row._replace(record=row.record._replace(body="")) for row in rows]

    def _stored(self, path: str) -> Stored:
        file, language = self._root / path, language_of(path)
        data = file.read_bytes()
        found = parse(data, language) if language is not None else None
        facts = found or FileFacts(language.id if language is not None else "")
        status = file.stat()
        return Stored(path, status.st_mtime_ns, len(data), record_of(key_of(data, path), facts))

    async def aclose(self) -> None:
        """Close the store."""
        self._store.close()
