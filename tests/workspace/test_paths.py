"""Folders by platform and environment; nothing is created."""

from pathlib import Path

import pytest

from tandem.workspace.paths import Paths, find, workspace_tag

HOME = Path("/home/u")


def test_one_folder_for_everything_wins_over_all(monkeypatch):
    environment = {"TANDEM_HOME": "/t", "XDG_CONFIG_HOME": "/x", "LOCALAPPDATA": "/l"}

    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr("sys.platform", platform)
        assert find(environment, HOME) == Paths(
            Path("/t/config"), Path("/t/state"), Path("/t/cache")
        )


@pytest.mark.parametrize(
    "empty", [{}, {"TANDEM_HOME": "", "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""}]
)
def test_linux_without_wishes_has_the_usual_folders(monkeypatch, empty):
    monkeypatch.setattr("sys.platform", "linux")

    assert find(empty, HOME) == Paths(
        HOME / ".config/tandem", HOME / ".local/state/tandem", HOME / ".cache/tandem"
    )


def test_linux_follows_xdg(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    environment = {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/k"}

    assert find(environment, HOME) == Paths(Path("/c/tandem"), Path("/s/tandem"), Path("/k/tandem"))


def test_macos_has_a_library(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    support = HOME / "Library" / "Application Support" / "tandem"

    assert find({"XDG_CONFIG_HOME": "/c"}, HOME) == Paths(
        support, support / "state", HOME / "Library" / "Caches" / "tandem"
    )


@pytest.mark.parametrize(
    ("environment", "base"),
    [({"LOCALAPPDATA": "/local"}, Path("/local/tandem")), ({}, HOME / "AppData/Local/tandem")],
)
def test_windows_has_local_application_data(monkeypatch, environment, base):
    monkeypatch.setattr("sys.platform", "win32")

    assert find(environment, HOME) == Paths(base / "config", base / "state", base / "cache")


def test_files_have_their_places():
    paths = Paths(Path("/c"), Path("/s"), Path("/k"))

    assert paths.ledger == Path("/s/ledger.db")
    assert paths.log == Path("/s/tandem.log")
    assert paths.repository_models(HOME) == Path("/k/lm") / workspace_tag(HOME)


def test_a_tag_is_stable_and_does_not_tell_the_path():
    tag = workspace_tag(Path("/home/u/secret-project"))

    assert tag == workspace_tag(Path("/home/u/secret-project"))
    assert tag != workspace_tag(Path("/home/u/secret-projects"))
    assert len(tag) == 16
    assert set(tag) <= set("0123456789abcdef")
    assert tag == "".join(part for part in tag if part.isalnum())


def test_a_path_that_is_no_unicode_has_a_tag():
    assert len(workspace_tag(Path("/caf\udce9"))) == 16


def test_looking_creates_nothing(tmp_path):
    find({"TANDEM_HOME": str(tmp_path / "t")}, tmp_path)

    assert list(tmp_path.iterdir()) == []
