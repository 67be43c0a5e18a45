"""``tandem index``: bring the index of a codebase up to date and say what it knows.

The same index the server uses, so a run of this before opening the editor is time saved there.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tandem.app import World
from tandem.index.languages import language_of
from tandem.workspace.files import Inventory, list_files, read_text
from tandem.workspace.ignore import read_rules
from tandem.workspace.indexing import Indexing, Progress


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a codebase after a run."""

    root: str
    files: int
    exact: int
    definitions: int
    names: int
    languages: dict[str, int]
    left_out: dict[str, int]
    seconds: float
    store: str


def run(arguments: argparse.Namespace) -> int:
    """Index and report; status 1 with a sentence if there is nothing to index."""
    world = World.real()
    root = (arguments.path or Path.cwd()).resolve()
    if not root.is_dir():
        print(f"tandem index: {root} is not a folder", file=sys.stderr)
        return 1
    inventory = list_files(root, read_rules(root))
    quiet = arguments.json or not sys.stderr.isatty()
    summary = asyncio.run(_index(world, root, inventory, quiet=quiet))
    print(json.dumps(asdict(summary)) if arguments.json else _text(summary))
    return 0


async def _index(world: World, root: Path, inventory: Inventory, *, quiet: bool) -> Summary:
    begin = time.monotonic()
    store = world.paths.index(root)
    indexing = Indexing(root, store, lambda path: read_text(root / path))

    async def report(progress: Progress) -> None:
        if not quiet:
            print(f"\r{progress.done} of {progress.total} files", end="", file=sys.stderr)

    try:
        await indexing.load()
        known = [file for file in inventory.files if language_of(file.path) is not None]
        await indexing.refresh(known, report=report)
        return _summary(indexing, root, inventory, time.monotonic() - begin, store)
    finally:
        await indexing.aclose()
        if not quiet:
            print("\r", end="", file=sys.stderr)


def _summary(
    indexing: Indexing, root: Path, inventory: Inventory, seconds: float, store: Path
) -> Summary:
    code = indexing.codebase
    languages = Counter(found.id for path in sorted(code.paths) if (found := language_of(path)))
    facts = [code.facts(path) for path in code.paths]
    names = {d.name for known in facts if known for d in known.definitions}
    return Summary(
        root=str(root),
        files=len(code.paths),
        exact=sum(code.is_exact(path) for path in code.paths),
        definitions=sum(len(known.definitions) for known in facts if known),
        names=len(names),
        languages=dict(languages.most_common()),
        left_out={reason.value: count for reason, count in inventory.excluded.items()},
        seconds=round(seconds, 3),
        store=str(store),
    )


def _text(summary: Summary) -> str:
    values: dict[str, Any] = {
        "files": f"{summary.files:,}, {summary.exact:,} of them parsed",
        "definitions": f"{summary.definitions:,} of {summary.names:,} names",
        "languages": ", ".join(f"{name} {count}" for name, count in summary.languages.items()),
        "left out": ", ".join(f"{count} {why}" for why, count in summary.left_out.items())
        or "none",
        "took": f"{summary.seconds:.2f} s",
        "store": summary.store,
    }
    return "\n".join(f"{name:<12}{value}" for name, value in values.items())
