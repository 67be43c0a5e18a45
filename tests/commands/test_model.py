"""``tandem model``: what is said and done, over a loopback hub and in a home of its own."""

import hashlib
import json
import sys

import pytest

from tandem import cli
from tandem.app import World
from tandem.commands import doctor, model
from tandem.models import store
from tests.support.file_server import Hub, serving

DATA = b"GGUF" + b"weights" * 1_000
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Have commands find a world of this test's own, without a key and without an engine."""
    environment: dict[str, str] = {"TANDEM_HOME": str(tmp_path)}
    monkeypatch.setattr(World, "real", classmethod(lambda cls: cls(environment, tmp_path)))
    monkeypatch.setattr(model, "find_spec", lambda _: None)
    return environment


@pytest.fixture
def tandem(capsys):
    def run(*words: str, status: int = 0) -> str:
        assert cli.main(["model", *words]) == status
        told = capsys.readouterr()
        return str(told.out or told.err)

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "toy.gguf"
    path.write_bytes(DATA)
    return path


def test_a_file_is_installed_listed_used_and_removed(tandem, file):
    assert f"installed toy: 0 MB, SHA-256 {SHA256}" in tandem("install", str(file))
    assert "none is used" in tandem("list")
    assert "from the next start" in tandem("use", "toy")
    listed = tandem("list")
    assert f"* toy                                0 MB  checksum right  {file}" in listed
    assert "qwen2.5-coder-0.5b, qwen2.5-coder-1.5b" in listed
    assert "its file stays" in tandem("remove", "toy")
    assert json.loads(tandem("list", "--json"))["models"] == []
    assert file.exists()


def test_a_download_shows_its_way_and_says_who_vouches(tandem, tmp_path):
    with serving(Hub(DATA)) as hub:
        words = tandem("install", hub.url, "--name", "mine")
        assert "nobody vouches for its checksum" in words
        checked = tandem("install", hub.url, "--name", "mine", "--sha256", SHA256)
        assert "nobody" not in checked
    row = json.loads(tandem("list", "--json"))["models"][0]

    assert (row["name"], row["sha256"], row["sha256_ok"], row["used"]) == (
        "mine", SHA256, True, False,
    )  # fmt: skip
    assert row["path"].startswith(str(tmp_path / "cache" / "models" / "mine"))
    assert "deleted" in tandem("remove", "mine")


def test_a_changed_file_is_a_problem(tandem, file):
    tandem("install", str(file))
    file.write_bytes(DATA[:-1] + b"!")

    assert "the file has changed" in tandem("list", status=1)
    assert not json.loads(tandem("list", "--json", status=1))["models"][0]["sha256_ok"]


def test_what_keeps_a_choice_from_holding_is_said(tandem, file, home):
    tandem("install", str(file))
    home |= {"DEEPSEEK_API_KEY": "sk-x", "TANDEM_LOCAL__MODEL": "none"}
    words = tandem("use", "toy")

    assert "local.model says 'none', and that holds" in words
    assert "the API is asked instead" in words
    assert "pip install 'tandem-ls[local]'" in words
    assert tandem("use", "none") == "no model on this machine completes\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("install", "https://hub.example/resolve/main/f.gguf"), "names no revision"),
        (("install", "nowhere.gguf"), "no such file"),
        (("use", "toy"), "no model is installed under the name 'toy'"),
        (("remove", "toy"), "no model is installed under the name 'toy'"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(tandem, words, sentence):
    assert sentence in tandem(*words, status=1)


def test_a_state_that_cannot_be_written_is_a_sentence(tandem, file, tmp_path):
    (tmp_path / "state").write_text("a file in the way")

    assert str(tmp_path / "state") in tandem("install", str(file), status=1)


def test_a_download_may_be_stopped(tandem, monkeypatch):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "remote_of", stopped)
    assert "run the command again to go on" in tandem("install", "x", status=1)


def test_a_terminal_has_one_line_and_a_file_has_few(capsys):
    over, under = model._Line(True), model._Line(False)
    for here in range(0, 1_000_001, 1_000):
        over(here, 1_000_000)
    assert capsys.readouterr().err.count("\n") == 1
    for here in range(0, 1_000_001, 1_000):
        under(here, 1_000_000)
    assert 15 <= capsys.readouterr().err.count("\n") <= 21
    unknown = model._Line(False)
    for here in range(0, 1_000_000_001, 1_000_000):
        unknown(here, 0)
    assert 15 <= capsys.readouterr().err.count(" MB\n") <= 21


def test_nothing_is_downloaded_by_looking(tandem, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name == "httpx2"]:
        monkeypatch.delitem(sys.modules, name)
    tandem("list")
    assert "httpx2" not in sys.modules
    assert store.read(tmp_path / "state").installed == {}


def test_the_doctor_tells_who_completes_and_what_is_missing(
    tandem, file, home, monkeypatch, tmp_path
):
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    tandem("install", str(file))
    tandem("use", "toy")

    def examined() -> doctor.Findings:
        world = World(home, tmp_path)
        return doctor._examine(world, world.configuration(None, {}))

    found = examined()
    assert found.local_model == {"name": "toy", "path": str(file), "asked": True}
    assert found.problems == [
        "no engine for models on this machine: pip install 'tandem-ls[local]'"
    ]
    assert "toy completes" in doctor._text(found)
    file.unlink()
    assert f"{file}: the model is gone; install it again" in examined().problems

    home |= {"DEEPSEEK_API_KEY": "sk-x"}
    found = examined()
    assert found.problems == []
    assert "toy is not asked: an API can be" in doctor._text(found)
    home |= {"TANDEM_LOCAL__MODEL": "tyo"}
    assert examined().problems == [
        "local.model: 'tyo' is not installed; `tandem model list` shows what is"
    ]
