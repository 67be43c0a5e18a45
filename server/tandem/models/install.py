"""Install and remove models: a file where it is, or one from a server beside its license.

What is downloaded lies in a folder of its own with the license's text and where it comes from. A
file of the user's is only looked at and noted; removing it from the list leaves it where it is.
"""

import shutil
from importlib import resources
from pathlib import Path
from typing import Final

from tandem.core.errors import InstallError
from tandem.models import store
from tandem.models.download import MAGIC, NOT_GGUF, Downloaded, Progress, download
from tandem.models.known import LARGEST, Remote, checked_name, checked_sha256, name_of
from tandem.models.store import Installed, sha256_of

_TEXTS: Final = {"Apache-2.0": "apache-2.0.txt"}


def install_file(state: Path, path: Path, name: str = "", sha256: str = "") -> Installed:
    """Note a GGUF file where it lies. Raises InstallError, OSError."""
    expected = checked_sha256(sha256)
    name = checked_name(name or name_of(path.name))
    if not path.is_file():
        raise InstallError("there is no such file, and no known model has this name")
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise InstallError(NOT_GGUF)
    found = sha256_of(path)
    if expected not in {"", found}:
        raise InstallError(f"the checksum is wrong: it is {found}, expected {expected}")
    path = path.resolve()
    _check_free(state, name, path)
    size = path.stat().st_size
    model = Installed(name, path, size, found, str(path), license="", fetched=False)
    store.add(state, model)
    return model


def install_remote(
    state: Path, weights: Path, remote: Remote, progress: Progress
) -> tuple[Installed, Downloaded]:
    """Download a model. Raises InstallError, OSError; then nothing is installed."""
    folder = weights / remote.name
    path = folder / f"{remote.name}.gguf"
    _check_free(state, remote.name, path)
    folder.mkdir(parents=True, exist_ok=True)
    largest = remote.size or LARGEST
    came = download(remote, path, largest, progress)
    _describe(folder, remote, came)
    model = Installed(
        remote.name, path, came.size, came.sha256, remote.url, remote.license, fetched=True
    )
    store.add(state, model)
    return model, came


def remove(state: Path, weights: Path, name: str) -> Installed:
    """Forget a model, and delete it if it was downloaded. Raises InstallError, OSError."""
    model = store.forget(state, name)
    folder = weights / model.name
    if model.fetched and model.path.parent == folder:
        shutil.rmtree(folder, ignore_errors=True)
    return model


def _check_free(state: Path, name: str, path: Path) -> None:
    """Refuse a second file under a name: it must not take the first one's place in silence."""
    known = store.read(state).installed.get(name)
    if known is not None and known.path != path:
        raise InstallError(
            f"another model is installed under the name {name!r}: say --name, or remove it first"
        )


def _describe(folder: Path, remote: Remote, came: Downloaded) -> None:
    """Put beside the weights whose they are and under which license."""
    origin = remote.attribution or "See the model's page for its authors and its license."
    lines = [origin, f"File: {remote.url}", f"SHA-256: {came.sha256}", "Not changed by Tandem."]
    if remote.license:
        lines.insert(1, f"License: {remote.license}; its text is beside this file.")
    (folder / "ATTRIBUTION.txt").write_text("\n".join(lines) + "\n", "utf-8")
    text = _TEXTS.get(remote.license)
    if text is not None:
        license_text = (resources.files("tandem.models") / text).read_text("utf-8")
        (folder / "LICENSE.txt").write_text(license_text, "utf-8")
