"""`tandem context --for plan|review`: what is printed, what is kept, what is refused."""

import asyncio
import json
import os
import shutil
from typing import Any

import pytest

from tandem.app import World
from tandem.cli import main
from tandem.commands.context import task
from tandem.commands.context.task import Asked, Told
from tandem.index.codebase import Codebase
from tandem.workspace.packing import Packing, folder_of
from tests.support.workers import InProcess
from tests.workspace.test_revisions import Repository

SHOP = "from money import Money\n\n\ndef price(items):\n    return Money(len(items))\n"
MONEY = "class Money:\n    def __init__(self, cents):\n        self.cents = cents\n"
NOTHING = Codebase(lambda _: None, lambda _: None)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository with a commit, in an empty home, as the working directory."""
    monkeypatch.setenv("TANDEM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tandem.workspace.indexing.Workers", InProcess)
    made = Repository(tmp_path / "repo")
    made.write(shop_py=SHOP, money_py=MONEY)
    made.commit()
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def context(capsys):
    """Return a function that runs the command and returns what it prints."""

    def run(*words: str, status: int = 0) -> str:
        assert main(["context", *words]) == status
        printed, said = capsys.readouterr()
        return str(said if status else printed)

    return run


def found(context, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(context(*words, "--json"))
    return told


def contents(told: dict[str, Any]) -> str:
    """Return all of a prompt, up to the focus."""
    text = "".join(message["content"] for message in told["prompt"])
    return text[: text.index("<focus>")]


def edit_later(path) -> None:
    """Edit a file, a while after the commit."""
    path.write_text(MONEY.replace("cents", "amount"))
    os.utime(path, (2**32, 2**32))


def send(root) -> Told:
    """Count what a review would be told as sent, as a feature does after its call."""
    told = asyncio.run(task.of_task(World.real(), Asked("review")))
    assert told.pack is not None
    packing = Packing(root, NOTHING, folder_of(World.real().paths, root))
    asyncio.run(packing.sent(told.pack, told.moment))
    return told


def test_a_review_is_told_the_codebase_the_change_and_who_is_concerned(repository, context):
    repository.write(money_py=MONEY.replace("cents)", "cents, unit)"))
    told = found(context, "--for", "review", "--prompt")

    assert (told["for"], told["pack"], told["origin"]) == ("review", True, "begun")
    assert told["files"] == {"whole": 2}
    kinds = [section["kind"] for section in told["sections"]]
    assert kinds == ["system", "opening", "file", "file", "closing", "reply", "focus", "task"]
    assert {(part["part"], part["path"]) for part in told["focus"]} == {
        ("diff", "money.py"),
        ("callers", "shop.py"),
    }
    assert "+    def __init__(self, cents, unit):" in told["prompt"][-1]["content"]
    assert told["tokens"] == sum(section["tokens"] for section in told["sections"])
    assert (told["cached_tokens"], told["priming_calls"], told["last_sent"]) == (0, 1, None)
    assert float(told["first_request"]) > float(told["next_request"]) > 0


def test_a_plan_takes_a_place_a_file_or_nothing(repository, context):
    place = found(context, "--for", "plan", "shop.py:5")
    file = found(context, "--for", "plan", str(repository.root / "shop.py"))
    nothing = found(context, "--for", "plan")

    assert [part["part"] for part in place["focus"]] == ["source", "outline", "used"]
    assert [part["part"] for part in file["focus"]] == ["outline", "used"]
    assert nothing["focus"] == []
    assert nothing["prompt"] is None


def test_a_second_call_after_an_edit_continues_the_prefix_byte_for_byte(repository, context):
    repository.write(shop_py=SHOP.replace("price", "total"))
    first = found(context, "--for", "review", "--prompt", "--explain")
    repository.write(shop_py=SHOP.replace("price", "sum_of"), added_py="a = 1\n")
    second = found(context, "--for", "review", "--prompt", "--explain")

    assert contents(second).startswith(contents(first))
    assert second["origin"] == "continued"
    assert first["explained"]["compared"] is False
    assert second["explained"]["broken"] is None
    assert "is continued: all of its" in context("--for", "review", "--explain")


def test_after_a_request_the_prefix_is_expected_in_the_cache(repository, context):
    sent = send(repository.root)
    repository.write(shop_py=SHOP.replace("price", "total"))
    told = found(context, "--for", "review")
    again = found(context, "--for", "review")

    whole = sum(section.tokens for section in sent.prompt.prefix)
    assert told["cached_tokens"] == whole == again["cached_tokens"]
    cached = {section["kind"] for section in told["sections"] if section["cached"]}
    assert cached == {"system", "opening", "file", "closing", "reply"}
    assert told["last_sent"] is not None
    assert told["priming_calls"] == 0


def test_a_lost_pack_is_explained_by_byte_file_and_cost(repository, context):
    sent = send(repository.root)
    (folder_of(World.real().paths, repository.root) / "pack").unlink()
    edit_later(repository.root / "money.py")
    told = found(context, "--for", "review", "--prompt", "--explain")
    broken = told["explained"]["broken"]

    before = "".join(section.text for section in sent.prompt.prefix).encode()
    now = contents(told).encode()
    assert now[: broken["byte"]] == before[: broken["byte"]]
    assert now[broken["byte"]] != before[broken["byte"]]
    assert (broken["kind"], broken["name"], broken["cached"]) == ("file", "shop.py", True)
    assert broken["cause"] == "files changed places"
    assert broken["tokens"] > 0
    assert float(broken["cost"]) > 0
    assert "that loses" in context("--for", "review", "--explain")


def test_what_was_never_sent_costs_nothing_to_lose(repository, context):
    context("--for", "review")
    (folder_of(World.real().paths, repository.root) / "pack").unlink()
    edit_later(repository.root / "money.py")
    sentence = context("--for", "review", "--explain").strip().split("\n")[-1]

    assert sentence.startswith("the prefix that was shown last is left at byte ")
    assert "of file shop.py: files changed places; nothing of it is cached any more" in sentence


def test_a_review_against_an_older_commit_sees_the_commits_since(repository, context):
    repository.write(added_py="a = 1\n")
    repository.commit()
    repository.write(added_py=None)

    assert [p["path"] for p in found(context, "--for", "review")["focus"]] == ["added.py"]
    assert found(context, "--for", "review", "--base", "HEAD~1")["focus"] == []


def test_without_the_pack_focus_and_task_are_left(repository, context, monkeypatch):
    monkeypatch.setenv("TANDEM_CONTEXT__PACK", "false")
    repository.write(shop_py=SHOP.replace("price", "total"))
    told = found(context, "--for", "review", "--prompt", "--explain")

    assert [message["role"] for message in told["prompt"]] == ["system", "user"]
    assert [section["kind"] for section in told["sections"]] == ["system", "focus", "task"]
    assert (told["pack"], told["origin"], told["files"]) == (False, None, {})
    assert not folder_of(World.real().paths, repository.root).exists()
    assert "no pack: `context.pack` is false" in context("--for", "review")


def test_it_is_printed_for_people(repository, context):
    repository.write(shop_py=SHOP.replace("price", "total"))
    lines = context("--for", "review", "--prompt").split("\n")

    assert lines[0].split() == ["tokens", "cached", "part"]
    assert [line.split(maxsplit=2)[2] for line in lines[1:6]] == [
        "system",
        "snapshot, turn 1: 2 files",
        "focus: the change (1)",
        "task",
        "in all",
    ]
    assert lines[6].endswith("nothing was sent yet; files: 2 whole")
    assert lines[7].startswith("first request $0.0")
    assert "--- system" in lines


@pytest.mark.usefixtures("repository")
def test_a_model_without_a_price_has_none(context, monkeypatch):
    monkeypatch.setenv("TANDEM_MODELS__PRO", "unheard-of")
    told = found(context, "--for", "plan")

    assert (told["model"], told["first_request"], told["next_request"]) == (
        "unheard-of",
        None,
        None,
    )
    assert "first request at an unknown price" in context("--for", "plan")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--for", "review", "shop.py"], "takes no place"),
        (["--for", "review", "--base", "nowhere"], "there is no commit 'nowhere'"),
        (["--for", "plan", "--base", "HEAD"], "--base goes with --for review"),
        (["--for", "plan", "nothing.py:3"], "cannot be read as text"),
        (["--for", "plan", "."], "cannot be read as text"),
        (["--for", "plan", ".env"], "left out of the codebase because it is named like a secret"),
        (["--for", "plan", "own.py"], "because it is named in .tandemignore"),
        (["shop.py:1"], "'shop.py:1' is not FILE:LINE:COLUMN"),
        (["shop.py:1:1", "--explain"], "--explain goes with"),
        ([], "needs a place"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(repository, context, words, sentence):
    (repository.root / ".tandemignore").write_text("own.py\n")
    repository.write(**{".env": "KEY=1\n", "own_py": "o = 1\n"})
    said = context(*words, status=1)

    assert said.startswith("tandem context: ")
    assert sentence in said
    assert said.count("\n") == 1


def test_outside_of_git_there_is_nothing_to_review(repository, context):
    shutil.rmtree(repository.root / ".git")

    assert "is not in a git repository" in context("--for", "review", status=1)
    assert found(context, "--for", "plan", "shop.py")["files"] == {"whole": 2}
