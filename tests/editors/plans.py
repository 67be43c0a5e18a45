"""The part of the project that a plan changes: a method, and a second file that calls it."""

from typing import Final

from tests.editors.proof import NotShownError
from tests.editors.scene import Scene

CART: Final = "shop/cart.py"  # Its last line but one defines the method.
TILL: Final = "shop/till.py"  # Its last line calls it.
OLD_NAME: Final = "total"
NEW_NAME: Final = "amount"
INSTRUCTION: Final = f"Rename Cart.{OLD_NAME} to {NEW_NAME}"
ACTION: Final = f"Plan refactor of `{OLD_NAME}`…"
REPORT_ACTION: Final = f"Show what a change of `{OLD_NAME}` would reach (free)"
"""What is offered instead by an editor that cannot ask for a text."""
REPORTED: Final = "the report shows what the change would reach"
REPORT: Final = "return cart.total()"
"""In the report: the caller. In the plan it does not stand."""

GOAL: Final = "Carts have an amount"
ASK: Final = "a plan costs about $"
"""The archive of `parcels` makes that dearer than what is not asked about."""
HEADING: Final = f"# {GOAL}"
RUN: Final = "2 steps: to carry it out costs"
APPLY: Final = f"{GOAL}: 2 files change"
INDEXED_SECONDS: Final = 1.0  # After a pause of half a second the index knows what was typed.

_DEFINED: Final = "    def {name}(self) -> float:"
_CALLED: Final = "    return cart.{name}()"
OLD_DEFINED, DEFINED = _DEFINED.format(name=OLD_NAME), _DEFINED.format(name=NEW_NAME)
OLD_CALLED, CALLED = _CALLED.format(name=OLD_NAME), _CALLED.format(name=NEW_NAME)
PLAN: Final = {
    "goal": GOAL,
    "steps": [
        {
            "id": "s1",
            "title": f"Rename the method to `{NEW_NAME}`",
            "files": [CART],
            "new_files": [],
            "removed_files": [],
            "anchors": [f"Cart.{OLD_NAME}"],
            "expects": [f"Cart.{NEW_NAME}"],
            "after": [],
            "check": f"`Cart` has `{NEW_NAME}`",
        },
        {
            "id": "s2",
            "title": f"Call `{NEW_NAME}`",
            "files": [TILL],
            "new_files": [],
            "removed_files": [],
            "anchors": ["due"],
            "expects": [],
            "after": ["s1"],
            "check": f"`due` calls `{NEW_NAME}`",
        },
    ],
    "risks": [],
    "untouched": [],
}
VERDICT: Final = {"accept": True, "reason": "everything has its new name", "redo": []}
_EDIT: Final = "{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"
EDITS: Final = {
    "s1": _EDIT.format(path=CART, old=OLD_DEFINED, new=DEFINED),
    "s2": _EDIT.format(path=TILL, old=OLD_CALLED, new=CALLED),
}

_CART: Final = f'''"""What is bought."""

from __future__ import annotations


class Cart:
    def __init__(self, prices: list[float]) -> None:
        self.prices = prices

{OLD_DEFINED}
        return sum(self.prices)
'''
_TILL: Final = f'''"""What is paid."""

from __future__ import annotations

from shop.cart import Cart


def due(cart: Cart) -> float:
{OLD_CALLED}
'''


def write(scene: Scene) -> None:
    """Add the files; the index of a server that starts then knows them."""
    (scene.workspace / CART).write_text(_CART, encoding="utf-8")
    (scene.workspace / TILL).write_text(_TILL, encoding="utf-8")


def not_written(scene: Scene) -> None:
    """Raise if the result is on the disk: it was given to the editor, which has not saved it."""
    for path, line in ((CART, OLD_DEFINED), (TILL, OLD_CALLED)):
        if line not in (scene.workspace / path).read_text(encoding="utf-8"):
            raise NotShownError(f"{path} was written already")
