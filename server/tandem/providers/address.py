"""What an address says about the server behind it. Pure: no name is looked up, nothing asked.

DeepSeek's paths hang on its root and on ``/beta``. Everybody else's OpenAI paths hang on a base
that mostly ends in ``/v1``, the own ones of llama.cpp and Ollama on the root.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from tandem.core.model import Dialect
from tandem.providers.codec import api_root

_OWN_NAMES: Final = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
_NATIVE: Final = frozenset([Dialect.LLAMA_CPP, Dialect.OLLAMA])


@dataclass(frozen=True, slots=True)
class Bases:
    """Where chats and ``/models`` are, chats that need the beta, and the filling in the middle."""

    api: str
    beta: str
    fim: str


def bases(base_url: str, dialect: Dialect) -> Bases:
    """Return the addresses under which a dialect's paths hang.

    ``/v1`` is added to an address that ends in it or has no path; another path is left as it is,
    since some services have their API at ``/api/v3``.
    """
    root = api_root(base_url)
    if dialect is Dialect.DEEPSEEK:
        return Bases(root, f"{root}/beta", f"{root}/beta")
    plain = root == base_url.strip().rstrip("/") and _path(root)
    api = root if plain else f"{root}/v1"
    return Bases(api, api, root if dialect in _NATIVE else api)


def is_loopback(base_url: str) -> bool:
    """Tell whether the server is on this machine."""
    host = _host(base_url)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_own(base_url: str) -> bool:
    """Tell whether the server is on this machine or its private network, by its name alone."""
    host = _host(base_url)
    try:
        return not ip_address(host).is_global
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_OWN_NAMES))


def _host(base_url: str) -> str:
    try:
        return (urlsplit(base_url.strip()).hostname or "").rstrip(".")
    except ValueError:  # "http://[::1"
        return ""


def _path(root: str) -> str:
    try:
        return urlsplit(root).path
    except ValueError:
        return ""
