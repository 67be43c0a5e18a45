"""A download over a real socket: whole and checked, or not there."""

import errno
import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest

from tandem.core.errors import InstallError
from tandem.models import download as module
from tandem.models.download import Downloaded, download
from tandem.models.known import Remote
from tests.support.file_server import PATH, Hub, serving

DATA = b"GGUF" + bytes(range(256)) * 20
SHA256 = hashlib.sha256(DATA).hexdigest()
LARGEST = 100_000


@pytest.fixture
def hub():
    with serving(Hub(DATA)) as one:
        yield one


@pytest.fixture
def target(tmp_path):
    return tmp_path / "toy.gguf"


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 512)


def bring(hub: Hub, target: Path, *, sha256: str = "", size: int = 0, largest: int = LARGEST):
    seen: list[tuple[int, int]] = []
    remote = Remote("toy", hub.url, sha256, size)
    return download(remote, target, largest, lambda *here: seen.append(here)), seen


def refused(hub: Hub, target: Path, sentence: str, **more) -> None:
    with pytest.raises(InstallError, match=sentence):
        bring(hub, target, **more)
    assert not target.exists()


def partial(target: Path) -> list[bytes]:
    return [path.read_bytes() for path in target.parent.iterdir()]


def test_a_file_comes_whole_and_its_way_is_told(hub, target):
    came, seen = bring(hub, target, sha256=SHA256, size=len(DATA))

    assert came == Downloaded(len(DATA), SHA256, vouched=True)
    assert target.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert [here for here, _ in seen] == sorted({here for here, _ in seen})
    assert hub.asked == [(PATH, ""), ("/bytes", "")]
    assert partial(target) == [DATA]


def test_what_broke_off_is_gone_on_with(hub, target):
    hub.breaks_after = 2_000
    refused(hub, target, "run the command again", sha256=SHA256)
    (half,) = partial(target)
    assert DATA.startswith(half)
    assert 1_500 <= len(half) <= 2_000

    hub.breaks_after = None
    bring(hub, target, sha256=SHA256)
    assert hub.asked[-1] == ("/bytes", f"bytes={len(half)}-")
    assert target.read_bytes() == DATA


def test_a_server_without_ranges_sends_all_of_it_again(hub, target):
    hub.breaks_after = 2_000
    refused(hub, target, "run the command again")
    hub.breaks_after, hub.ranges = None, False
    bring(hub, target, sha256=SHA256)

    assert target.read_bytes() == DATA


def test_a_partial_file_that_was_whole_is_only_checked(hub, target):
    hub.breaks_after = 2_000
    refused(hub, target, "run the command again")
    (path,) = target.parent.iterdir()
    path.write_bytes(DATA)
    bring(hub, target, sha256=SHA256)
    assert target.read_bytes() == DATA

    path.write_bytes(DATA + b"more")
    target.unlink()
    refused(hub, target, "did not fit")
    assert partial(target) == []


def test_a_wrong_checksum_leaves_nothing(hub, target):
    refused(hub, target, f"wrong: it is {SHA256}", sha256="ab" * 32)
    assert partial(target) == []


def test_the_hubs_own_checksum_counts_where_none_is_demanded(hub, target):
    hub.headers = {"X-Linked-Etag": f'"{SHA256}"'}
    assert bring(hub, target)[0].vouched
    target.unlink()

    hub.headers = {"X-Linked-Etag": f'"{"ab" * 32}"'}
    refused(hub, target, "checksum is wrong")
    assert partial(target) == []


def test_without_any_checksum_that_is_told(hub, target):
    assert bring(hub, target)[0] == Downloaded(len(DATA), SHA256, vouched=False)


def test_a_file_that_says_it_is_too_large_is_not_begun(hub, target):
    refused(hub, target, "too large", largest=1_000)
    assert partial(target) == []


def test_a_file_that_does_not_say_its_size_is_stopped_at_the_bound(hub, target):
    hub.says_size = False
    refused(hub, target, "more came than 1,000", largest=1_000)
    assert partial(target) == []

    bring(hub, target)
    assert target.read_bytes() == DATA


def test_another_size_than_the_models_is_not_the_model(hub, target):
    refused(hub, target, "another size", size=17)


@pytest.mark.parametrize("where", ["before", "in the middle"])
def test_a_full_disk_keeps_nothing(hub, target, monkeypatch, where):
    if where == "before":
        full = SimpleNamespace(free=10_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
        refused(hub, target, "no room")
    else:

        def fail(*_: object) -> None:
            raise OSError(errno.ENOSPC, "no space left on device")

        with pytest.raises(InstallError, match="the disk is full"):
            download(Remote("toy", hub.url, SHA256), target, LARGEST, fail)
    assert partial(target) == []


def test_a_page_is_no_model(hub, target):
    hub.data = b"<html>please log in</html>"
    refused(hub, target, "not a GGUF file")
    assert partial(target) == []


@pytest.mark.parametrize(
    ("status", "sentence"), [(401, "login"), (403, "give"), (404, "no such"), (503, "HTTP 503")]
)
def test_a_refusal_is_told_in_words(hub, target, status, sentence):
    hub.status = status
    refused(hub, target, sentence)
    assert partial(target) == []


@pytest.mark.parametrize(
    ("leads_to", "sentence"),
    [
        (PATH, "not followed"),
        ("ftp://127.0.0.1/f.gguf", "not followed"),
        ("http://[::1", "broke"),
    ],
)
def test_where_it_leads_is_not_followed_blindly(hub, target, leads_to, sentence):
    hub.leads_to = leads_to
    refused(hub, target, sentence)


def test_an_encrypted_address_does_not_lead_to_a_plain_one():
    first, last = (
        httpx2.Response(200, request=httpx2.Request("GET", f"{scheme}://hub.example/f.gguf"))
        for scheme in ("https", "http")
    )
    last.history = [first]
    with pytest.raises(InstallError, match="not encrypted"):
        module._check_answer(Remote("toy", "https://hub.example/f.gguf", SHA256), last)


def test_a_server_that_is_not_there_is_told(target):
    refused(Hub(DATA, url="http://127.0.0.1:9/f.gguf"), target, "cannot be reached")


def test_a_folder_that_cannot_be_written_is_told(hub, tmp_path):
    with pytest.raises(InstallError, match="cannot be written"):
        bring(hub, tmp_path / "nowhere" / "toy.gguf")
