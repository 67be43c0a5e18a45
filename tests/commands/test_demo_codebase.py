"""The demo's act about the codebase: what it finds in a repository is what is there."""

import asyncio
import json
import shutil

import pytest

from tandem.app import World
from tandem.cli import main
from tandem.commands.demo import codebase, stage
from tandem.commands.demo.models import DemoError
from tandem.commands.demo.seen import Seen
from tandem.commands.screen import Palette
from tests.support.workers import InProcess
from tests.workspace.test_revisions import Repository

MONEY = 'class Money:\n    """An amount of cents."""\n\n    def shown(self):\n        return 1\n'
USER = "from money import Money\n\n\ndef price_{0}():\n    # Money\n    return Money({0})\n"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository of three commits in an empty home."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
    monkeypatch.setattr("tandem.commands.demo.replay._LONGEST_S", 60.0)  # on any machine
    made = Repository(tmp_path / "repo")
    made.write(money_py=MONEY, **{f"user_{n}_py": USER.format(n) for n in range(5)})
    made.write(notes__read_py="# words\n" * 99)
    made.commit()
    for number in range(2):
        made.write(user_3_py=USER.format(number + 10))
        made.commit()
    return made


def act(root) -> tuple[Seen, list[str]]:
    lines: list[str] = []
    show = codebase.show(World.real(), root, Palette(color=False), lines.append)
    return asyncio.run(show), lines


def test_it_counts_what_is_there(repository):
    seen, lines = act(repository.root)

    assert (seen.known.files, seen.known.left_out) == (7, 0)
    assert seen.known.languages == (("python", 7),)
    assert (seen.known.definitions, seen.known.names) == (5 + 2, 5 + 2)
    assert lines[0].endswith(str(repository.root))
    assert lines[1] == "  7 files: python 7"


def test_it_asks_about_the_definition_that_most_files_import(repository):
    seen, lines = act(repository.root)
    assert seen.answer is not None
    places = [(use.path, use.line) for use, _ in seen.answer.uses]

    assert seen.answer.place.definition.name == "Money"
    assert places == [(f"user_{n}.py", 5) for n in range(5)]
    assert (seen.answer.importers, seen.answer.imports) == (5, ())
    assert "  money.py:1  class Money:  An amount of cents." in lines
    assert "  used at 5 places in 5 files:" in lines
    assert "    user_0.py:6 in price_0: return Money(0)" in lines
    assert "  its file is imported by 5 others; it imports nothing of the repository" in lines


def test_it_shows_a_context_and_the_pack_with_what_the_cache_saves(repository):
    seen, lines = act(repository.root)
    replay = seen.packed.replay
    assert seen.told is not None
    assert replay is not None

    assert (seen.told.path, seen.told.line) == ("user_0.py", 5)
    assert "money.py" in {section.path for section in seen.told.block.sections}
    assert seen.packed.files == (("full", 7),)
    assert replay.requests == 2
    assert 0 < replay.hit < replay.tokens
    assert replay.ours.pico < replay.rebuilt.pico < replay.uncached.pico
    assert any(line.startswith("  one request after each of the last 2 commits") for line in lines)
    assert lines[-1] == (
        f"    {replay.ours}, against {replay.rebuilt} packed anew by path and "
        f"{replay.uncached} without a cache"
    )


def test_outside_of_git_one_sentence_stands_for_the_history(repository):
    shutil.rmtree(repository.root / ".git")
    seen, lines = act(repository.root)

    assert seen.packed.replay is None
    assert seen.answer is not None
    assert lines[-1] == "  there is no git history to replay here in a second"


def test_a_codebase_without_imports_has_no_question(repository):
    for path in repository.root.glob("user_*.py"):
        path.unlink()
    seen, lines = act(repository.root)

    assert (seen.answer, seen.told) == (None, None)
    assert "There is no definition here that other files import." in lines


def test_a_model_without_a_price_is_said_to_have_none(repository, monkeypatch):
    monkeypatch.setenv("TANDEM_MODELS__PRO", "unheard-of")
    seen, lines = act(repository.root)

    assert (seen.packed.cost.first, seen.packed.replay) == (None, None)
    assert "  no price is known for the model of `models.pro`" in lines


def test_a_large_repository_is_shown_in_part(repository, monkeypatch):
    monkeypatch.setattr(stage, "_MOST_FILES", 3)
    seen, lines = act(repository.root)

    assert (seen.known.files, seen.known.left_out) == (3, 4)
    assert "  (4 more files are left out of this demo)" in lines


def test_the_users_own_index_and_pack_are_not_touched(repository, tmp_path):
    act(repository.root)

    assert not (tmp_path / "home").exists()


def test_it_is_one_json_object_on_the_command_line(repository, capsys):
    assert main(["demo", str(repository.root), "--act", "codebase", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["codebase"]

    assert found["answer"]["name"] == "Money"
    assert found["pack"]["replay"]["requests"] == 2
    assert float(found["pack"]["first_request"]) > float(found["pack"]["next_request"]) > 0
    assert found["context"]["place"] == "user_0.py:6:12"


def test_an_empty_folder_is_one_sentence(tmp_path, capsys):
    (tmp_path / "notes.unknown").write_text("?\n")
    with pytest.raises(DemoError):
        act(tmp_path)

    assert main(["demo", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"tandem demo: there is no source file in {tmp_path}\n"
