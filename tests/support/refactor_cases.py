"""Refactorings of small projects, with the good end, a proof of it and a model's mistakes.

``fixtures/cases/refactor/NAME`` has ``case.toml`` (what is asked for, the steps, how the project is
tested), ``before/`` (the whole project), ``after/`` (what differs in the end or is new), ``proof/``
(tests that only pass afterwards) and ``wrong/STEP-N.txt`` (answers to a step that must not pass).
A file that the end does not have is one of the ``removed_files`` of its step.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "fixtures" / "cases" / "refactor"
_HEAD = re.compile(r"^(\S+\n<<<<<<< SEARCH)$", re.MULTILINE)
_LIMIT = 30.0  # seconds of one test run
_MADE = frozenset(["__pycache__", "node_modules", "target"])  # by tools, never by people


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One step as a plan has it."""

    id: str
    title: str
    files: tuple[str, ...]
    new_files: tuple[str, ...]
    removed_files: tuple[str, ...]
    anchors: tuple[str, ...]
    expects: tuple[str, ...]
    after: tuple[str, ...]
    check: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A refactoring; `at` is FILE:LINE, 1-based, in the project as it is."""

    name: str
    folder: Path
    language: str
    instruction: str
    at: str
    test: tuple[str, ...]
    goal: str
    risks: tuple[str, ...]
    untouched: tuple[str, ...]
    steps: tuple[ScenarioStep, ...]
    prefix: str = ""


def within(s: Scenario, prefix: str) -> Scenario:
    """Return a scenario whose project is a folder of a larger codebase; `prefix` ends with /."""

    def below(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{prefix}{path}" for path in paths)

    steps = [
        replace(
            step,
            files=below(step.files),
            new_files=below(step.new_files),
            removed_files=below(step.removed_files),
        )
        for step in s.steps
    ]
    return replace(s, at=f"{prefix}{s.at}", steps=tuple(steps), prefix=prefix)


def scenarios() -> list[Scenario]:
    """Return all scenarios, sorted by name."""
    return [_scenario(path.parent) for path in sorted(FOLDER.glob("*/case.toml"))]


def _scenario(folder: Path) -> Scenario:
    values = _values(folder)
    return Scenario(
        folder.name,
        folder,
        values["language"],
        values["instruction"],
        values["at"],
        tuple(values["test"]),
        values["goal"],
        tuple(values["risks"]),
        tuple(values["untouched"]),
        tuple(_step(one) for one in values["steps"]),
    )


def _values(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "case.toml").read_text("utf-8"))


def _step(values: Mapping[str, Any]) -> ScenarioStep:
    def texts(key: str) -> tuple[str, ...]:
        return tuple(values.get(key, ()))

    return ScenarioStep(
        values["id"],
        values["title"],
        texts("files"),
        texts("new_files"),
        texts("removed_files"),
        texts("anchors"),
        texts("expects"),
        texts("after"),
        values["check"],
    )


def before(s: Scenario) -> dict[str, str]:
    """Return the whole project as it is, by path."""
    return _texts(s.folder / "before", s.prefix)


def after(s: Scenario) -> dict[str, str | None]:
    """Return what is different in the end: texts by path, None for what is removed."""
    removed = {path: None for step in s.steps for path in step.removed_files}
    return {**removed, **_texts(s.folder / "after", s.prefix)}


def proof(s: Scenario) -> dict[str, str]:
    """Return the tests that tell the end from the beginning, by path."""
    return _texts(s.folder / "proof", s.prefix)


def _texts(folder: Path, prefix: str) -> dict[str, str]:
    return {
        f"{prefix}{path.relative_to(folder).as_posix()}": path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _MADE.isdisjoint(path.relative_to(folder).parts)
    }


def wrong(s: Scenario, step_id: str) -> list[str]:
    """Return the wrong answers to a step, in order."""
    found = sorted((s.folder / "wrong").glob(f"{step_id}-*.txt"))
    texts = [path.read_bytes().decode() for path in found]
    return [_HEAD.sub(rf"{s.prefix}\1", text) for text in texts]


def write_project(
    s: Scenario, folder: Path, *, with_after: bool = False, with_proof: bool = False
) -> None:
    """Write the project: as it is, or as it ends, or with the proof over it."""
    texts: dict[str, str | None] = {**before(s)}
    if with_after:
        texts |= after(s)
    if with_proof:
        texts |= proof(s)
    for path, text in texts.items():
        if text is not None:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())


def has_tools(s: Scenario) -> bool:
    """Tell whether this machine has what the tests of a project need."""
    needs = [_program(s), *_values(s.folder).get("needs", ())]
    return all(shutil.which(name) is not None and _answers(name) for name in needs)


@cache
def _answers(name: str) -> bool:
    """Tell whether a program runs: a launcher may be there without what it launches."""
    if name == "sh":
        return True
    asked = [name, "-version" if name in {"java", "javac"} else "--version"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _program(s: Scenario) -> str:
    return sys.executable if s.test[0] == "python3" else s.test[0]


def unproved(s: Scenario, folder: Path) -> str:
    """Return what is wrong with a scenario: the proof has to tell its end from its beginning."""
    for where, with_after, with_proof, passes in (
        ("before", False, False, True),
        ("unproved", False, True, False),
        ("proved", True, True, True),
    ):
        write_project(s, folder / where, with_after=with_after, with_proof=with_proof)
        done = run_tests(s, folder / where)
        if (done.returncode == 0) is not passes:
            return f"{where}: {done.stdout}"
    return ""


def command(s: Scenario) -> list[str]:
    """Return the words that run a project's tests."""
    return [_program(s), *s.test[1:]]


def run_tests(s: Scenario, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a project's tests in its root; what they say is in `stdout`."""
    world = dict(os.environ)  # noqa: TID251 - the test process's own
    world.pop("PYTHONPATH", None)  # a project sees itself and nothing of ours
    return subprocess.run(
        command(s),
        cwd=folder,
        env={**world, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=_LIMIT,
        check=False,
    )
