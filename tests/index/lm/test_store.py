"""The model file: opens whole or not at all, and a damaged one never raises."""

import random
from pathlib import Path

import pytest

from tandem.index.lm import lexer
from tandem.index.lm.model import RepositoryModel, complete
from tandem.index.lm.train import train

SOURCE = "def load(path):\n    with open(path) as file:\n        return file.read()\n\n\n" * 40
# A separator in front and behind each of the two files.
TOKENS = 1 + 2 * (len(lexer.lex(SOURCE)) + 1)


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    out = tmp_path / "model"
    train([("a.py", SOURCE), ("b.py", SOURCE.replace("load", "read"))], out)
    return out


def opened(path: Path) -> RepositoryModel:
    model = RepositoryModel.open(path)
    assert model is not None
    return model


def test_a_written_model_opens_with_all_its_tokens(trained: Path) -> None:
    model = opened(trained)

    assert model.tokens == TOKENS
    model.close()


def test_a_missing_or_empty_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    assert RepositoryModel.open(tmp_path / "missing") is None
    assert RepositoryModel.open(tmp_path / "empty") is None
    assert RepositoryModel.open(tmp_path) is None


def test_a_file_cut_anywhere_is_no_model(trained: Path, tmp_path: Path) -> None:
    whole = trained.read_bytes()
    cut = tmp_path / "cut"
    for size in (1, 8, 63, 64, 65, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:size])
        assert RepositoryModel.open(cut) is None


def test_a_file_with_bytes_added_is_no_model(trained: Path) -> None:
    trained.write_bytes(trained.read_bytes() + b"\0")

    assert RepositoryModel.open(trained) is None


def test_a_change_in_the_header_or_a_checked_page_is_no_model(trained: Path) -> None:
    whole = bytearray(trained.read_bytes())
    for place in (0, 8, 12, 20, 30, 64, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        trained.write_bytes(damaged)
        assert RepositoryModel.open(trained) is None


def test_damage_that_opening_cannot_see_never_raises(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained.read_bytes()
    monkeypatch.setattr("tandem.index.lm.store._probe", lambda _: 0)
    trained.unlink()
    train([("a.py", SOURCE)], trained)
    whole = trained.read_bytes()
    rnd = random.Random(1)  # noqa: S311
    answers = 0
    for _ in range(30):
        damaged = bytearray(whole)
        for _ in range(200):
            damaged[rnd.randrange(64, len(damaged))] = rnd.randrange(256)
        trained.write_bytes(damaged)
        model = opened(trained)
        for left in ("def lo", "    with open(", "        return file", ""):
            found = complete(left, "\n", repository=model, file=None)
            answers += found is not None
        model.close()
    assert answers > 0


def test_a_new_model_replaces_the_old_one_under_a_reader(trained: Path) -> None:
    before = opened(trained)
    train([("c.py", "x = 1\n")], trained)
    after = opened(trained)

    assert complete("def lo", "\n", repository=before, file=None)
    assert (before.tokens, after.tokens) == (TOKENS, 6)
    assert [path.name for path in trained.parent.iterdir()] == ["model"]
    before.close()
    after.close()


def test_a_model_closed_during_a_search_ends_it_with_nothing(trained: Path) -> None:
    model = opened(trained)

    def closing() -> bool:
        model.close()
        return False

    left = "    with open(path"
    assert complete(left, "\n", repository=model, file=None) is not None
    assert None is complete(left, "\n", repository=model, file=None, cancelled=closing)


def test_a_closed_model_gives_no_suggestion(trained: Path) -> None:
    model = opened(trained)
    model.close()
    model.close()

    assert complete("def lo", "\n", repository=model, file=None) is None
