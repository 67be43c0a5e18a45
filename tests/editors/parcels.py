"""The part of the project in which a model is asked: what is there, and what changes on the disk.

With it come enough modules for the index to need a progress bar (it begins at 64).
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.editors.model import Model
from tests.editors.proof import NotShownError, until
from tests.editors.scene import Scene

FEES: Final = "shop/fees.py"
QUOTES: Final = "shop/quotes.py"  # What the proofs type into.
LATER: Final = tuple(f"shop/later_{number}.py" for number in range(8))  # Opened after the change.
ARCHIVED: Final = 2400  # A bar is there for about two seconds, so that it can be seen.
OLD_NAME: Final = "parcel_weight"
NEW_NAME: Final = "weight_in_grams"

_FEES: Final = '''"""What sending a parcel costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parcel:
    weight: float


def shipping_fee({parameter}: float) -> float:
    return 4.5 + 0.8 * {parameter}
'''
CHANGED: Final = _FEES.format(parameter=NEW_NAME)
_QUOTES: Final = '''"""Quotes for parcels."""

from __future__ import annotations

from shop.fees import Parcel, shipping_fee

'''
_ARCHIVED: Final = '''"""Postings of the year {number}."""

from __future__ import annotations


class Postings{number}:
    def __init__(self, opened: int) -> None:
        self.opened = opened

    def balance_{number}(self, day: int) -> int:
        return self.opened + day
'''


def write(scene: Scene) -> None:
    """Add the parcels and the archive to the project."""
    archive = scene.workspace / "archive"
    archive.mkdir()
    for number in range(ARCHIVED):
        (archive / f"year_{number}.py").write_text(
            _ARCHIVED.format(number=number), encoding="utf-8"
        )
    (scene.workspace / FEES).write_text(_FEES.format(parameter=OLD_NAME), encoding="utf-8")
    for name in (QUOTES, *LATER):
        (scene.workspace / name).write_text(_QUOTES, encoding="utf-8")


def change_on_disk(scene: Scene) -> None:
    """Rename a parameter, as another program would: no editor is told by anyone."""
    (scene.workspace / FEES).write_text(CHANGED, encoding="utf-8")


def told_of_change(model: Model, complete_in: Callable[[str], None], pause: float) -> str:
    """Complete in one fresh file after the other until a prompt knows the change, nothing else.

    A prompt that was begun stays as it is (the prefix cache), so each try needs a file of its own.
    `complete_in` opens the named file and types what is completed; `pause` is before each try.
    Returns which try it was.
    """
    prompt = ""
    for number, name in enumerate(LATER, 1):
        time.sleep(pause)
        complete_in(name)
        prompt = until(f"a prompt for {name}", partial(_prompt_for, model, name), seconds=20)
        if NEW_NAME in prompt and OLD_NAME not in prompt:
            return f"try {number}"
    raise NotShownError(f"{len(LATER)} files later the prompt is:\n{prompt}")


def _prompt_for(model: Model, name: str) -> str:
    """Return a prompt whose own file, the last one it holds, is the named one, or nothing."""
    own = f"{name}\n"
    prompts = model.prompts()
    return next((each for each in prompts if each.rpartition("# ")[2].startswith(own)), "")
