"""Installing: a file where it is, a download beside its license; and taking them out again."""

import hashlib

import pytest

from tandem.core.errors import InstallError
from tandem.models import store
from tandem.models.install import install_file, install_remote, remove
from tandem.models.known import Remote
from tests.support.file_server import Hub, serving

DATA = b"GGUF and weights"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "models"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "My Model.Q4.gguf"
    path.write_bytes(DATA)
    return path


def test_a_file_is_noted_where_it_lies_and_stays_there(state, folder, file):
    model = install_file(state, file)

    assert (model.name, model.path, model.sha256) == ("my-model.q4", file, SHA256)
    assert store.read(state).installed == {"my-model.q4": model}
    assert remove(state, folder, "my-model.q4") == model
    assert file.read_bytes() == DATA
    assert store.read(state).installed == {}


def test_a_file_of_the_users_in_tandems_folder_stays_too(state, folder, file):
    place = folder / "mine" / "mine.gguf"
    place.parent.mkdir(parents=True)
    file.rename(place)
    install_file(state, place, "mine", SHA256)
    remove(state, folder, "mine")

    assert place.exists()


@pytest.mark.parametrize(
    ("data", "more", "sentence"),
    [
        (b"MZ", {}, "not a GGUF"),
        (b"", {}, "not a GGUF"),
        (DATA, {"sha256": "ab" * 32}, "checksum is wrong"),
        (DATA, {"sha256": "ab"}, "64 hex digits"),
        (DATA, {"name": "None"}, "a name is made of"),
        (None, {}, "no such file"),
    ],
)
def test_what_cannot_be_a_model_is_not_noted(state, file, data, more, sentence):
    if data is None:
        file.unlink()
    else:
        file.write_bytes(data)
    with pytest.raises(InstallError, match=sentence):
        install_file(state, file, **more)
    assert store.read(state).installed == {}


def test_a_name_is_not_given_to_a_second_file(state, file, tmp_path):
    install_file(state, file, "toy")
    install_file(state, file, "toy")  # the same again is fine
    other = tmp_path / "other.gguf"
    other.write_bytes(DATA)
    with pytest.raises(InstallError, match="--name"):
        install_file(state, other, "toy")
    assert store.read(state).installed["toy"].path == file


@pytest.mark.parametrize("license", ["Apache-2.0", ""])
def test_a_download_lies_beside_its_license_and_is_deleted_with_it(state, folder, license):  # noqa: A002
    with serving(Hub(DATA)) as hub:
        remote = Remote("toy", hub.url, SHA256, len(DATA), license, "Toy, by Toymakers.")
        model, came = install_remote(state, folder, remote, lambda *_: None)

    assert came.vouched
    assert store.read(state).installed == {"toy": model}
    assert model.path.read_bytes() == DATA
    names = {path.name for path in model.path.parent.iterdir()}
    assert names == {"toy.gguf", "ATTRIBUTION.txt"} | ({"LICENSE.txt"} if license else set())
    told = (model.path.parent / "ATTRIBUTION.txt").read_text()
    assert "Toy, by Toymakers." in told
    assert SHA256 in told
    if license:
        assert "Apache License" in (model.path.parent / "LICENSE.txt").read_text()

    remove(state, folder, "toy")
    assert not model.path.parent.exists()


def test_a_download_that_fails_installs_nothing(state, folder):
    with serving(Hub(b"no")) as hub, pytest.raises(InstallError):
        install_remote(state, folder, Remote("toy", hub.url, SHA256), lambda *_: None)
    assert store.read(state).installed == {}
