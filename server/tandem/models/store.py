"""Which models are installed and which one is used: a small file in the state directory.

It holds places and checksums, the weights are elsewhere. A damaged file is the same as none, and a
model in it may be gone: who serves one looks.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from tandem.core.errors import InstallError
from tandem.core.model import LOCAL

NONE: Final = "none"
_FILE: Final = "models.json"


@dataclass(frozen=True, slots=True)
class Installed:
    """One model: its file and the checksum it had. `fetched` ones are Tandem's own to delete."""

    name: str
    path: Path
    size: int
    sha256: str
    source: str
    license: str
    fetched: bool

    @property
    def model(self) -> str:
        """What requests, the ledger and the user are told: ``local/NAME``."""
        return f"{LOCAL}{self.name}"


@dataclass(frozen=True, slots=True)
class Models:
    """All of them by name, and the name of the one that is used; "" for none."""

    installed: Mapping[str, Installed]
    used: str


def read(state: Path) -> Models:
    """Return what is installed."""
    try:
        found = json.loads((state / _FILE).read_text("utf-8"))
        models = {name: _installed(name, row) for name, row in found["models"].items()}
        used = str(found["used"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return Models({}, "")
    return Models(models, used if used in models else "")


def _installed(name: str, row: dict[str, Any]) -> Installed:
    return Installed(name, Path(row["path"]), **{key: row[key] for key in _KEPT})


_KEPT: Final = tuple(
    field.name for field in fields(Installed) if field.name not in {"name", "path"}
)


def chosen(state: Path, setting: str) -> Installed | None:
    """Return the model that completes, by ``local.model``: a name, "none", or "" as recorded."""
    models = read(state)
    return models.installed.get(setting or models.used)


def add(state: Path, model: Installed) -> None:
    """Keep a model under its name. Raises OSError."""
    models = read(state)
    _write(state, Models({**models.installed, model.name: model}, models.used))


def use(state: Path, name: str) -> None:
    """Record which model completes, or "none". Raises InstallError, OSError."""
    models = read(state)
    if name not in {NONE, *models.installed}:
        raise InstallError(
            f"no model is installed under the name {name!r}: see `tandem model list`"
        )
    _write(state, Models(models.installed, "" if name == NONE else name))


def forget(state: Path, name: str) -> Installed:
    """Take a model out and return it; used no more. Raises InstallError, OSError."""
    models = read(state)
    left = dict(models.installed)
    model = left.pop(name, None)
    if model is None:
        raise InstallError(
            f"no model is installed under the name {name!r}: see `tandem model list`"
        )
    _write(state, Models(left, "" if models.used == name else models.used))
    return model


def _write(state: Path, models: Models) -> None:
    rows = {
        name: {**asdict(model), "path": str(model.path)} for name, model in models.installed.items()
    }
    state.mkdir(parents=True, exist_ok=True)
    new = state / f"{_FILE}.new"
    new.write_text(json.dumps({"used": models.used, "models": rows}, indent=2) + "\n", "utf-8")
    new.replace(state / _FILE)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_with(model: Installed) -> str:
    """Read a model's file through; return what is wrong with it, or ""."""
    try:
        if model.path.stat().st_size != model.size:
            return "the file has changed: its size is another"
        return "" if sha256_of(model.path) == model.sha256 else "the file has changed"
    except FileNotFoundError:
        return "the file is gone"
    except OSError as error:
        return f"the file cannot be read ({type(error).__name__})"
