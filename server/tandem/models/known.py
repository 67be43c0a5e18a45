"""Models that can be installed by a short name, and what a source names. Pure.

The table is dated: repository, revision and checksum were compared on the day it says, and an entry
is replaced, not edited. A source that names no exact bytes is refused: what a branch points to
today is not what it points to tomorrow.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import unquote, urlsplit

from tandem.core.errors import InstallError

TABLE_DATE: Final = date(2026, 11, 21)
LARGEST: Final = 16 * 2**30
"""Bytes; a model that completes while somebody types is far smaller."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_REVISION: Final = re.compile(r"/resolve/[0-9a-f]{40}/")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A model file on a server: `sha256` may be empty, `size` is in bytes, 0 where unknown."""

    name: str
    url: str
    sha256: str
    size: int = 0
    license: str = ""
    attribution: str = ""


def _qwen(name: str, revision: str, sha256: str, size: int) -> Remote:
    model = f"Qwen2.5-Coder-{name.upper()}-Instruct"
    return Remote(
        f"qwen2.5-coder-{name}",
        f"https://huggingface.co/Qwen/{model}-GGUF/resolve/{revision}/{model.lower()}-q4_k_m.gguf",
        sha256,
        size,
        "Apache-2.0",
        f"{model} (GGUF, Q4_K_M), by the Qwen team, Alibaba Cloud. "
        f"https://huggingface.co/Qwen/{model}-GGUF",
    )


KNOWN: Final = {
    remote.name: remote
    for remote in (
        _qwen(
            "0.5b",
            "ebb2015119c907b064c512bf053e945850b5875f",
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            491_400_064,
        ),
        _qwen(
            "1.5b",
            "f86cb2c1fa58255f8052cc32aeede1b7482d4361",
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            1_117_320_768,
        ),
    )
}


def remote_of(source: str, name: str = "", sha256: str = "") -> Remote | None:
    """Return the file on a server that a source names; None if it is a path. Raises InstallError.

    A known name has its checksum, another one that is given must agree.
    """
    sha256 = checked_sha256(sha256)
    known = KNOWN.get(source.lower())
    if known is not None:
        if sha256 not in {"", known.sha256}:
            raise InstallError("--sha256 is not the checksum of this model: leave it out")
        return known
    if "://" not in source:
        return None
    path = _path_of(source)
    if not sha256 and not _REVISION.search(path):
        raise InstallError(
            "the address names no revision, so what comes may change: use .../resolve/<40 hex "
            "digits of a commit>/FILE.gguf, or say --sha256"
        )
    return Remote(checked_name(name or name_of(path)), source, sha256)


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        served = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        raise InstallError("the address is not one") from None
    if not served:
        raise InstallError("the address must begin with https:// or http:// and name a server")
    if not parts.path.lower().endswith(".gguf"):
        raise InstallError("the address must be that of a .gguf file")
    return unquote(parts.path)


def name_of(path: str) -> str:
    """Return a name made of a file's: ``SmolLM2-135M.Q4_1.gguf`` is ``smollm2-135m.q4_1``."""
    stem = re.split(r"[/\\]", path)[-1].lower().removesuffix(".gguf")
    return re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:64]


def checked_name(name: str) -> str:
    """Return a name if it is one. Raises InstallError."""
    if not _NAME.fullmatch(name) or name == "none":
        raise InstallError(
            "a name is made of a-z, 0-9, dot, dash and underscore, and is not `none`: say --name"
        )
    return name


def checked_sha256(sha256: str) -> str:
    """Return a checksum in lower case, or "" where none is given. Raises InstallError."""
    sha256 = sha256.strip().lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise InstallError("--sha256 takes the 64 hex digits of a checksum")
    return sha256
