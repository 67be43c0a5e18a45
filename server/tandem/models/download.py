"""Bring one large file here over HTTP(S): bounded, resumed, checked before anybody can use it.

What arrives is written to a partial file that is named after the address, so that a second try
goes on where the first one ended. It takes its place only once its checksum is right: the one that
was demanded, else the one that the hub says (``X-Linked-Etag``). It is never executed.

Only called by ``tandem model install``. Invariant: `target` is whole and checked, or not there.
"""

import errno
import hashlib
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from tandem.core.errors import InstallError
from tandem.models.known import Remote
from tandem.models.store import sha256_of

Progress = Callable[[int, int], None]
"""Is told the bytes that are here and those there will be; 0 where unknown."""

MAGIC: Final = b"GGUF"
_CHUNK: Final = 1 << 20
_SILENCE_S: Final = 30.0
_REDIRECTS: Final = 5
_SHA256: Final = re.compile(r'"?([0-9a-f]{64})"?')
_OK, _PARTIAL, _BEYOND_END = 200, 206, 416
_FULL: Final = frozenset([errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)])
_ROOM: Final = 64 * 2**20  # bytes that are left free on the disk
_REFUSALS: Final = {
    401: "the server wants a login for this file: download it yourself and install the path",
    403: "the server does not give this file out: download it yourself and install the path",
    404: "there is no such file on the server: check the address and the revision",
}
NOT_GGUF: Final = "this is not a GGUF file"


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What came; `vouched` tells that somebody else said the checksum before."""

    size: int
    sha256: str
    vouched: bool


def download(remote: Remote, target: Path, largest: int, progress: Progress) -> Downloaded:
    """Bring a file to `target`. Raises InstallError; what came so far is then kept if it is good.

    `target`'s folder must be there. `largest` is in bytes.
    """
    mark = hashlib.blake2b(remote.url.encode(), digest_size=8).hexdigest()
    partial = target.parent / f"{mark}.part"
    with _explained(partial):
        vouched = _fetch(remote, partial, largest, progress)
        sha256 = sha256_of(partial)
        expected = remote.sha256 or vouched
        if expected and sha256 != expected:
            partial.unlink()
            raise InstallError(
                f"the checksum is wrong: it is {sha256}, expected {expected}; the file was deleted"
            )
        partial.replace(target)
    return Downloaded(_size(target), sha256, bool(expected))


@contextmanager
def _explained(partial: Path) -> Generator[None]:
    """Turn what can happen on the way into sentences; keep no partial file that holds nothing."""
    try:
        yield
    except httpx2.InvalidURL:
        raise InstallError("the address is not one") from None
    except (httpx2.TooManyRedirects, httpx2.UnsupportedProtocol):
        raise InstallError("the server leads somewhere that is not followed") from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        raise InstallError("the server cannot be reached: check the network") from None
    except httpx2.HTTPError:
        raise InstallError("the connection broke: run the command again to go on") from None
    except OSError as error:
        if error.errno not in _FULL:
            raise InstallError(f"cannot be written ({type(error).__name__})") from None
        partial.unlink(missing_ok=True)
        raise InstallError("the disk is full: nothing was kept") from None
    finally:
        if _size(partial) == 0:
            partial.unlink(missing_ok=True)


def _fetch(remote: Remote, partial: Path, largest: int, progress: Progress) -> str:
    """Complete the partial file; return the checksum that the hub says, or ""."""
    with httpx2.Client(timeout=_SILENCE_S, follow_redirects=True, max_redirects=_REDIRECTS) as web:
        have = _size(partial)
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with web.stream("GET", remote.url, headers=headers) as response:
            _check_answer(remote, response)
            if response.status_code == _BEYOND_END and have:
                if _total(response, 0) == have:
                    return _vouched(response)
                partial.unlink()
                raise InstallError("what was here did not fit: run the command again")
            if response.status_code != _PARTIAL or _from(response) != have:
                have = 0  # the server sends all of it
            total = _total(response, have)
            _check_size(remote, total, have, largest, partial)
            _write(response.iter_bytes(_CHUNK), partial, (have, total, largest), progress)
            if _size(partial) < total:
                raise InstallError("it ended early: run the command again to go on")
            return _vouched(response)


def _check_answer(remote: Remote, response: httpx2.Response) -> None:
    steps = [answer.url.scheme for answer in (*response.history, response)]
    if remote.url.lower().startswith("https:") and "http" in steps:
        raise InstallError("the server leads to an address that is not encrypted")
    status = response.status_code
    if status not in {_OK, _PARTIAL, _BEYOND_END}:
        sentence = _REFUSALS.get(status, f"the server refuses it (HTTP {status}): try again later")
        raise InstallError(sentence)


def _check_size(remote: Remote, total: int, have: int, largest: int, partial: Path) -> None:
    if remote.size and total and total != remote.size:
        partial.unlink(missing_ok=True)
        raise InstallError("the file has another size than the model's: it is not that model")
    if total > largest:
        partial.unlink(missing_ok=True)
        raise InstallError(f"the file is too large: more than {largest:,} bytes are not taken")
    if total - have + _ROOM > shutil.disk_usage(partial.parent).free:
        raise InstallError(f"the disk has no room for it: {(total - have) / 1e6:,.0f} MB to come")


def _write(
    chunks: Iterator[bytes], partial: Path, sizes: tuple[int, int, int], progress: Progress
) -> None:
    """Append what comes; `sizes` are the bytes that are here, all (0: unknown), and the bound."""
    have, total, largest = sizes
    with partial.open("r+b" if have else "wb") as file:
        file.seek(have)
        for chunk in chunks:
            if not have and not chunk.startswith(MAGIC):
                raise InstallError(NOT_GGUF)
            have += len(chunk)
            if have > (total or largest):
                file.truncate(0)
                raise InstallError(f"more came than {total or largest:,} bytes: nothing was kept")
            file.write(chunk)
            progress(have, total)
        file.truncate()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _from(response: httpx2.Response) -> int:
    found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return int(found[1]) if found else -1


def _total(response: httpx2.Response, have: int) -> int:
    """Return the bytes of the whole file, or 0 where the server does not say."""
    found = re.search(r"/(\d{1,18})$", response.headers.get("content-range", ""))
    if found:
        return int(found[1])
    length = response.headers.get("content-length", "")
    return have + int(length) if re.fullmatch(r"\d{1,18}", length) else 0


def _vouched(response: httpx2.Response) -> str:
    """Return the checksum that the hub says of the file, on the answer that leads to the bytes."""
    for answer in (*response.history, response):
        found = _SHA256.fullmatch(answer.headers.get("x-linked-etag", ""))
        if found:
            return found[1]
    return ""
