"""The user's own checker: run where it may be, read leniently, never believed too much."""

import sys
from pathlib import Path

import pytest

from tandem.core.diagnostics import Diagnostic
from tandem.core.text import Span
from tandem.workspace.checks import Checker, checker_for, is_trusted, still_there

PRINTS = """
import sys
for number, line in enumerate(sys.stdin, 1):
    if "nam " in line:
        print(f"a.py:{number}:1: F821 Undefined name `nam`")
    if "bad" in line:
        print(f"a.py:{number}: E999 bad")
"""
PROBLEM = Diagnostic(Span(0, 3), "Undefined name `nam`", "Ruff", "F821")


def checker(tmp_path: Path, source: str = PRINTS) -> Checker:
    return Checker((sys.executable, "-c", source), tmp_path)


async def test_a_problem_that_is_gone_is_not_there(tmp_path):
    assert await still_there(checker(tmp_path), "nam = 1\nnam + 1\n", "x = 1\n", [PROBLEM]) is None


async def test_a_problem_that_stays_is_told_in_the_checkers_words(tmp_path):
    said = await still_there(checker(tmp_path), "nam + 1\n", "\nnam + 2\n", [PROBLEM])
    assert said == "the checker still says: F821 Undefined name `nam`"


async def test_another_problem_instead_is_no_fix(tmp_path):
    said = await still_there(checker(tmp_path), "nam + 1\n", "bad\n", [PROBLEM])
    assert said == "the checker now says: E999 bad"


async def test_what_was_there_before_may_stay(tmp_path):
    before, after = "bad\nnam + 1\n", "bad\nname + 1\n"
    assert await still_there(checker(tmp_path), before, after, [PROBLEM]) is None


@pytest.mark.parametrize("source", ["import sys; sys.exit(1)", "print('no place')", ""])
async def test_a_checker_that_says_nothing_knows_nothing(tmp_path, source):
    assert await still_there(checker(tmp_path, source), "nam \n", "nam \n", [PROBLEM]) is None


async def test_a_command_that_is_not_there_knows_nothing(tmp_path):
    missing = Checker((str(tmp_path / "nothing"),), tmp_path)
    assert await still_there(missing, "nam \n", "nam \n", [PROBLEM]) is None


COMMANDS = ("python=ruff check {file} -", "go = vet 'a b'", "python=flake8 -")


def test_the_last_command_of_a_language_holds_and_knows_the_file(tmp_path):
    everywhere = ("*",)
    python = checker_for(COMMANDS, everywhere, "python", tmp_path, "a b.py")
    go = checker_for(COMMANDS, everywhere, "go", tmp_path, "a.go")
    assert python == Checker(("flake8", "-"), tmp_path)
    assert go == Checker(("vet", "a b"), tmp_path)
    assert checker_for(COMMANDS[:1], everywhere, "python", tmp_path, "a b.py") == Checker(
        ("ruff", "check", "a b.py", "-"), tmp_path
    )
    odd = checker_for(COMMANDS[:1], everywhere, "python", tmp_path, "--fix.py")
    assert odd == Checker(("ruff", "check", "./--fix.py", "-"), tmp_path)
    assert checker_for(COMMANDS, everywhere, "rust", tmp_path, "a.rs") is None
    assert checker_for(("rust='open",), everywhere, "rust", tmp_path, "a.rs") is None


def test_nothing_is_run_where_the_user_did_not_say_so(tmp_path):
    assert checker_for(COMMANDS, (), "python", tmp_path, "a.py") is None
    assert checker_for(COMMANDS, ("*",), "python", None, "a.py") is None
    assert is_trusted(tmp_path / "project", (str(tmp_path),))
    assert not is_trusted(tmp_path, (str(tmp_path / "project"),))
    assert not is_trusted(tmp_path.with_name(tmp_path.name + "2"), (str(tmp_path),))
