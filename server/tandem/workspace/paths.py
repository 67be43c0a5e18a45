"""Where Tandem keeps things, by the platform's own conventions. Pure: the environment comes in."""

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of one user; `TANDEM_HOME` puts all of them under one folder (tests, portable)."""

    config: Path
    state: Path
    cache: Path

    @property
    def ledger(self) -> Path:
        """The money, kept for good."""
        return self.state / "ledger.db"

    @property
    def log(self) -> Path:
        """The log, by default."""
        return self.state / "tandem.log"

    def repository_models(self, root: Path) -> Path:
        """Return the folder of what the repository engine learned; it may be deleted any time."""
        return self.cache / "lm" / workspace_tag(root)

    @property
    def weights(self) -> Path:
        """Models that were downloaded; what is deleted here can be installed again."""
        return self.cache / "models"

    def plans(self, root: Path) -> Path:
        """Return the folder of a workspace's plans."""
        return self.state / "plans" / workspace_tag(root)

    def reviews(self, root: Path) -> Path:
        """Return the folder of what is kept of a workspace's reviews."""
        return self.state / "reviews" / workspace_tag(root)

    def index(self, root: Path) -> Path:
        """Return the file of a workspace's facts; it may be deleted at any time."""
        return self.cache / "index" / f"{workspace_tag(root)}.db"


def workspace_tag(root: Path | None) -> str:
    """Return a short stable name for a workspace that does not tell its path; "" for none."""
    if root is None:
        return ""
    return hashlib.blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def of_uri(uri: str) -> str | None:
    """Return the path of a ``file:`` URI, or None for any other scheme or no URI at all."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    drive = 3
    if len(path) >= drive and path[0] == "/" and path[2] == ":":  # /C:/folder
        return path[1:]
    return path


def find(environment: Mapping[str, str], home: Path) -> Paths:
    """Return the folders; nothing is created."""
    own = environment.get("TANDEM_HOME")
    if own:
        base = Path(own)
        return Paths(base / "config", base / "state", base / "cache")
    if sys.platform == "darwin":
        support = home / "Library" / "Application Support" / "tandem"
        return Paths(support, support / "state", home / "Library" / "Caches" / "tandem")
    if sys.platform == "win32":
        local = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "tandem"
        return Paths(local / "config", local / "state", local / "cache")
    return Paths(
        Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "tandem",
        Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state") / "tandem",
        Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "tandem",
    )
