"""What is kept of reviews: written, read back, damaged."""

import json
import os

import pytest

from tandem.workspace import reviews
from tandem.workspace.reviews import Reviews


@pytest.fixture
def kept(tmp_path):
    return Reviews(tmp_path / "state" / "reviews" / "shop")


def test_what_is_dismissed_stays_so_until_it_is_wanted_again(kept):
    assert kept.dismissed() == {}
    kept.dismiss("k1", {"claim": "ü is wrong", "path": "a\udcff.py"})
    kept.dismiss("k2", {"claim": "other"})
    kept.dismiss("k1", {"claim": "again"})

    assert Reviews(kept.folder).dismissed() == {"k1": {"claim": "again"}, "k2": {"claim": "other"}}
    assert kept.restore() == 2
    assert kept.dismissed() == {}
    assert kept.restore() == 0


def test_what_was_judged_is_remembered_the_newest_longest(kept, monkeypatch):
    monkeypatch.setattr(reviews, "_MOST", 3)
    kept.remember({"a": [], "b": [{"claim": "x"}]})
    kept.remember({"c": []})
    kept.remember({"a": [{"claim": "y"}], "d": []})

    assert list(kept.judged().items()) == [("c", []), ("a", [{"claim": "y"}]), ("d", [])]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_a_damaged_file_is_as_if_it_were_not_there(kept, damage):
    kept.dismiss("k", {})
    kept.remember({"a": []})
    for name in ("dismissed.json", "judged.json"):
        (kept.folder / name).write_bytes(damage)

    assert (kept.dismissed(), kept.judged()) == ({}, {})
    kept.dismiss("k", {"claim": "x"})
    kept.remember({"a": [1]})
    assert (kept.dismissed(), kept.judged()) == ({"k": {"claim": "x"}}, {"a": [1]})


def test_what_is_damaged_inside_is_left_out(kept):
    kept.folder.mkdir(parents=True)
    for name in ("dismissed.json", "judged.json"):
        (kept.folder / name).write_text(json.dumps({"a": {}, "b": [], "c": 3, "d": None}))

    assert (kept.dismissed(), kept.judged()) == ({"a": {}}, {"b": []})


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_it_is_for_its_owner_only(kept):
    kept.dismiss("k", {})

    assert kept.folder.stat().st_mode & 0o077 == 0
    assert (kept.folder / "dismissed.json").stat().st_mode & 0o077 == 0
    assert [path.name for path in kept.folder.iterdir()] == ["dismissed.json"]
