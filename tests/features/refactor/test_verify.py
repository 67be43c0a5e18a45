"""The gates over the whole: what is gone, lost imports, calls; and who has to mend it."""

import pytest

from tandem.core.money import Usd
from tandem.features.refactor.events import Begun, Done, Event, Proposed, Started, Wanted
from tandem.features.refactor.plan import Plan, Step
from tandem.features.refactor.state import Run, fold
from tandem.features.refactor.verify import Verified, verified
from tests.support.code import codebase

FILES = {
    "cart.py": "RATE = 2\n\n\nclass Cart:\n    def total(self, year):\n        return RATE\n",
    "till.py": "from cart import Cart\n\n\ndef pay():\n    return Cart().total(1)\n",
    "shelf.py": "import cart\n\n\ndef weigh():\n    return cart.RATE\n",
    "app.js": "import { sum } from './sum.js';\n\nexport const all = () => sum(1, 2);\n",
    "sum.js": "export function sum(a, b) {\n  return a + b;\n}\n",
}
CODE = codebase(FILES)


def run_of(*steps: tuple[Step, dict[str, str | None]]) -> Run:
    plan = Plan("x", tuple(step for step, _ in steps))
    events: list[Event] = [Wanted("x", "", ""), Proposed(plan), Begun(Usd())]
    for step, texts in steps:
        seen = {path: FILES.get(path) for path in step.touches}
        events += [Started(step.id, seen), Done(step.id, texts)]
    return fold(events)


def of(*steps: tuple[Step, dict[str, str | None]]) -> Verified:
    return verified(run_of(*steps), CODE)


CART = Step("s1", "Cart", ("cart.py",))
TILL = Step("s2", "Till", ("till.py",))


def test_a_good_change_has_no_problems():
    cart = FILES["cart.py"].replace("RATE", "SHARE").replace("total(self, year)", "sum(self, year)")
    till = FILES["till.py"].replace("total", "sum")
    shelf = FILES["shelf.py"].replace("RATE", "SHARE")
    found = of(
        (CART, {"cart.py": cart}),
        (TILL, {"till.py": till}),
        (Step("s3", "Shelf", ("shelf.py",)), {"shelf.py": shelf}),
    )
    assert found == Verified({}, {})


def test_whoever_made_it_go_mends_it_with_the_files_that_still_mean_it():
    cart = FILES["cart.py"].replace("RATE", "SHARE")
    found = of((CART, {"cart.py": cart}), (TILL, {"till.py": FILES["till.py"] + "\n"}))
    assert found.problems == {"s1": ("`RATE` is no longer defined in cart.py but still used",)}
    assert found.wider == {"s1": ("shelf.py",)}


def test_a_call_that_did_not_follow_goes_to_the_step_that_changed_the_signature():
    cart = FILES["cart.py"].replace("total(self, year)", "total(self, year, month)")
    found = of((CART, {"cart.py": cart}))
    assert found.problems == {
        "s1": ("till.py:5 calls `total` with 1 argument, which takes (year, month) in cart.py",)
    }
    assert found.wider == {"s1": ("till.py",)}


def test_an_import_of_what_is_not_there_is_the_importers():
    till = FILES["till.py"].replace("import Cart\n", "import Cart, Voucher\n")
    found = of((TILL, {"till.py": till}))
    assert found.problems == {"s2": ("till.py:1 imports `Voucher`, which cart.py does not have",)}
    assert found.wider == {}


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({"cart.py": None, "cat.py": FILES["cart.py"]}, "imports `Cart` from cart, which is gone"),
        ({"sum.js": None, "add.js": FILES["sum.js"]}, "imports `sum` from ./sum.js, which is gone"),
    ],
)  # fmt: skip
def test_an_import_of_a_file_that_went_is_lost(moved, said):
    gone, made = moved
    step = Step("s1", "Move", (), (made,), removed_files=(gone,))
    (problems,) = of((step, moved)).problems.values()
    assert any(said in one for one in problems)


def test_what_no_step_has_to_do_with_is_left_alone():
    broken = codebase({**FILES, "odd.py": "from nowhere import Nothing\n"})
    assert verified(run_of((TILL, {"till.py": FILES["till.py"] + "\n"})), broken).problems == {}


def test_a_name_that_now_comes_from_a_library_is_not_lost():
    files = {"own.py": "def loads(text):\n    return text\n", "use.py": "from own import loads\n"}
    step = Step("s1", "Use the library", ("use.py",), removed_files=("own.py",))
    plan = Plan("x", (step,))
    run = fold(
        [
            *(Wanted("x", "", ""), Proposed(plan), Begun(Usd())),
            Started("s1", {**files}),
            Done("s1", {"use.py": "from json import loads\n", "own.py": None}),
        ]
    )
    assert verified(run, codebase(files)) == Verified({}, {})
