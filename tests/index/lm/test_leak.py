"""The leak canary: what is hidden must not be found, and what is not hidden must be."""

import random
import re
from pathlib import Path

from tandem.index.lm.model import RepositoryModel
from tandem.index.lm.train import train
from tests.bench.local import TASKS, Hole, ask, engine, exact, holes


def module(number: int, rnd: random.Random) -> str:
    """Return a module of the same few habits with names of its own."""
    lines = ["import logging", "", "logger = logging.getLogger(__name__)", ""]
    for _ in range(12):
        name = "".join(rnd.choices("abcdefgh", k=6))
        lines += [
            f"def {name}_{number}(self, {name}, limit=None):",
            f"    if {name} is None:",
            f'        raise ValueError("{name} is missing")',
            f"    self.{name} = {name}",
            f"    return self.finish({name}, limit=limit)",
            "",
        ]
    return "\n".join(lines)


def renamed(hole: Hole, rnd: random.Random) -> Hole:
    """Return the hole with its hidden text replaced by random names of the same length."""
    gold = "".join(rnd.choice("qxzjkv") if c.isalnum() else c for c in hole.gold)
    return Hole(hole.task, hole.left, hole.right, gold, hole.language)


def test_hidden_names_drawn_at_random_are_never_guessed(tmp_path: Path) -> None:
    rnd = random.Random(3)  # noqa: S311
    out = tmp_path / "model"
    train([(f"{n}.py", module(n, rnd)) for n in range(12)], out)
    repository = RepositoryModel.open(out)
    assert repository is not None
    found = [hole for n in range(4) for hole in holes(module(90 + n, rnd), "python", 8, rnd)]
    real = exact(ask(found, engine(repository)), "rest of line", "next line")
    lost = ask(
        [renamed(hole, rnd) for hole in found if any(map(str.isalpha, hole.gold))],
        engine(repository),
    )
    repository.close()

    assert real > 0.5
    assert exact(lost, "rest of line", "next line") == 0.0


def test_a_hole_hides_its_text_from_both_sides() -> None:
    text = "\n".join(f"name_{n} = call_{n}(first_{n}, second_{n})" for n in range(40))
    found = list(holes(text, "python", 30, random.Random(1)))  # noqa: S311

    assert {hole.task for hole in found} == set(TASKS)
    for hole in found:
        assert text == hole.left + hole.gold + hole.right
        names = set(re.findall(r"\w+_\d+", hole.gold))
        assert not names & set(re.findall(r"\w+_\d+", f"{hole.left} {hole.right}"))
