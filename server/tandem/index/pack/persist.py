r"""A pack as bytes: after a restart the same prefix goes on, byte for byte, on any machine.

    magic "TNDMPACK", version, BLAKE2 of the rest, then JSON in ASCII with sorted keys

What is shown now is not stored but made again by applying the log to the snapshot. Deliberately no
recovery: a damaged, foreign or other version's file is None, and the caller begins anew. It reads
and writes only at the path it is given; where that is, and that it is private, is the caller's.

Invariant: ``parse(dump(state)) == state`` and equal states are equal bytes.
"""

import hashlib
import json
import os
import struct
import tempfile
from pathlib import Path
from typing import Any, Final

from tandem.core import diff
from tandem.index.pack import changes, layout
from tandem.index.pack.changes import Change
from tandem.index.pack.compact import Reason
from tandem.index.pack.layout import File, Level, Turn
from tandem.index.pack.state import Compaction, State

_MAGIC: Final = b"TNDMPACK"
_FORM: Final = 1
_HEADER: Final = struct.Struct("<8sHH16s")  # magic, form of this file, version of the layout, sum


def write(path: Path, state: State) -> None:
    """Write a state in one step that readers see whole or not at all; OSError if it cannot be."""
    swap(path, dump(state))


def swap(path: Path, data: bytes) -> None:
    """Put bytes in the place of a file, for its owner only, whole or not at all; or OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> State | None:
    """Read a state; None if there is none that can be continued."""
    try:
        return parse(path.read_bytes())
    except OSError:
        return None


def dump(state: State) -> bytes:
    """Return a state as bytes."""
    value = {
        "model": state.model,
        "system": state.system,
        "turns": [_turn_values(turn) for turn in state.turns],
        "log": [_change_values(change) for change in state.log],
        "omitted": sorted(
            path for path, file in state.shown.items() if file.level is Level.OMITTED
        ),
        "carried": state.carried,
        "calls": state.calls,
        "used": state.used_s,
        "history": [[c.reason.name, c.kept, c.rewritten, c.residue] for c in state.history],
    }
    body = json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
    return _HEADER.pack(_MAGIC, _FORM, layout.VERSION, _checksum(body)) + body


def parse(data: bytes) -> State | None:
    """Read a state from bytes; None for any bytes that ``dump`` did not make."""
    if len(data) < _HEADER.size:
        return None
    magic, form, version, checksum = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if (magic, form, version) != (_MAGIC, _FORM, layout.VERSION) or checksum != _checksum(body):
        return None
    try:
        return _state(json.loads(body))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def _state(value: dict[str, Any]) -> State:
    turns = tuple(_turn(item) for item in value["turns"])
    shown = {file.path: file for turn in turns for file in turn.files}
    shown |= {path: File(path, Level.OMITTED, "", 0) for path in value["omitted"]}
    log: list[Change] = []
    for number, item in enumerate(value["log"], 1):
        change = _change(number, item, shown)
        log.append(change)
        shown = changes.applied(shown, change)
    return State(
        value["model"],
        value["system"],
        turns,
        tuple(log),
        shown,
        value["carried"],
        value["calls"],
        value["used"],
        tuple(Compaction(Reason[name], *numbers) for name, *numbers in value["history"]),
    )


def _turn_values(turn: Turn) -> list[Any]:
    files = [[file.path, file.level.name, file.text, file.tokens] for file in turn.files]
    return [turn.tokens, turn.text.startswith(layout.OPENING), files]


def _turn(value: list[Any]) -> Turn:
    tokens, first, items = value
    files = tuple(File(path, Level[level], text, size) for path, level, text, size in items)
    return Turn(files, layout.turn(files, lambda _text, _language: 0, first=first).text, tokens)


def _change_values(change: Change) -> list[Any]:
    after = [[file.path, file.level.name, file.tokens] for file in change.after]
    return [change.tokens, diff.render(change.diffs), after]


def _change(number: int, value: list[Any], shown: dict[str, File]) -> Change:
    tokens, printed, items = value
    diffs = diff.parse(printed)
    texts: dict[str, str] = {}
    for item in diffs:
        old = None if item.old is None else shown[item.old].text
        new = diff.apply(old, item)
        if item.new is not None and new is not None:
            texts[item.new] = new
    after = tuple(File(path, Level[level], texts[path], size) for path, level, size in items)
    return changes.written(number, diffs, after, tokens)


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
