"""What an instruction names: files, definitions, words that together make one, and nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.features.refactor.evidence import GUESS, Target
from tandem.features.refactor.mentions import mentions
from tandem.features.refactor.targets import named
from tests.support.code import codebase

FILES = {
    "shop/__init__.py": "from shop.cart import Cart\n",
    "shop/cart.py": (
        "LIMIT = 3\n\n\nclass Cart:\n    def total(self):\n        return 0\n\n\n"
        "def select_proxy(url):\n    return url\n\n\ndef truncate(text):\n    return text\n"
    ),
    "shop/utils.py": "def round_to_cents(value):\n    return value\n",
    "shop/web/utils.py": "def escape_all(text):\n    return text\n",
    "shop/web/quoting.py": "from shop.web.utils import escape_all\n\ndef unquote(x):\n    pass\n",
    "shop/stock.py": "class Stock:\n    def total(self):\n        return 1\n",
    "shop/cart_items.py": "def sorted_items():\n    return []\n",
    "shop/exception_handlers.py": "def on_error():\n    return None\n",
    "shop/deep/unpickler.py": "def _unpickle_order():\n    return None\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\n\nclass CartItems:\n    pass\n",
    "docs/cart.md": "# Cart\n",
    "log.py": "def log(text):\n    return text\n",
}
CODE = codebase(FILES)


def places(targets: tuple[Target, ...]) -> list[str]:
    """Write targets as ``path`` or ``path:name``."""
    return [t.path if t.definition is None else f"{t.path}:{t.definition.name}" for t in targets]


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("Rename shop/cart.py to basket.py", ["shop/cart.py"]),
        ("Split cart.py", ["shop/cart.py"]),
        ("Move everything out of shop.web.quoting", ["shop/web/quoting.py"]),
        ("Rename `shop/web/quoting`", ["shop/web/quoting.py"]),
        ("Move all content from quoting elsewhere", ["shop/web/quoting.py"]),
        ("Tidy the quoting module", ["shop/web/quoting.py"]),
        ("Remove the file named 'quoting'", ["shop/web/quoting.py"]),
        ("Rename round_to_cents", ["shop/utils.py:round_to_cents"]),
        ("Make `unquote` faster", ["shop/web/quoting.py:unquote"]),
        ("Change unquote()'s name", ["shop/web/quoting.py:unquote"]),
        ("Let Cart.total round", ["shop/cart.py:total"]),
        ("Let shop.stock.Stock.total round", ["shop/stock.py:total"]),
        ("Rename shop.cart.LIMIT", ["shop/cart.py:LIMIT"]),
        ("Rename shop.Cart", ["shop/cart.py:Cart"]),
        ("Rename truncate to cut", ["shop/cart.py:truncate"]),
        ("Give the Stock class a name", ["shop/stock.py:Stock"]),
    ],
)
def test_a_name_is_found_as_people_write_it(instruction, expected):
    found = places(named(CODE, instruction))

    assert found[: len(expected)] == expected


def test_definitions_come_before_the_files_that_are_named_with_them():
    found = places(named(CODE, "Move round_to_cents from shop/utils.py to cart.py"))

    assert found == ["shop/utils.py:round_to_cents", "shop/utils.py", "shop/cart.py"]


def test_a_file_name_of_many_is_the_one_whose_folder_is_named():
    assert places(named(CODE, "Rename utils.py in the web folder"))[0] == "shop/web/utils.py"
    assert places(named(CODE, "Rename utils.py in the shop folder"))[0] == "shop/utils.py"


def test_a_file_name_of_many_is_the_one_with_what_else_is_named():
    found = places(named(CODE, "Move escape_all out of utils.py"))

    assert found == ["shop/web/utils.py:escape_all", "shop/web/utils.py"]


def test_a_definition_of_many_is_the_one_in_the_file_that_is_named():
    assert places(named(CODE, "Rename `total` in stock.py"))[0] == "shop/stock.py:total"


def test_definitions_that_fit_as_well_are_all_there_and_less_sure():
    found = named(CODE, "Rename `total`")

    assert places(found) == ["shop/cart.py:total", "shop/stock.py:total"]
    assert all(target.sure < 1 for target in found)


def test_words_that_together_are_a_name_mean_it():
    assert places(named(CODE, "Add a flag to the select proxy function")) == [
        "shop/cart.py:select_proxy"
    ]
    assert places(named(CODE, "Sort the cart items")) == ["shop/cart_items.py"]


def test_a_parameter_a_folder_and_a_value_are_not_what_is_to_change():
    text = (
        "Give `unquote` in the 'web' directory a parameter named 'log' and call it with `log=True`"
    )

    assert places(named(CODE, text)) == ["shop/web/quoting.py:unquote"]


def test_a_slip_is_read_as_what_is_meant_and_less_sure():
    found = named(CODE, "Rename exceptions_handlers.py to handlers.py")
    other = named(CODE, "Add a flag to round_too_cents")

    assert places(found) == ["shop/exception_handlers.py"]
    assert places(other) == ["shop/utils.py:round_to_cents"]
    assert found[0].sure < 1 > other[0].sure


def test_a_definition_with_a_suffix_is_still_one():
    assert places(named(CODE, "Move round_to_cents.py elsewhere")) == [
        "shop/utils.py:round_to_cents"
    ]


def test_without_a_name_the_rarest_words_are_looked_for():
    found = named(CODE, "Merge what has to do with the unpickle step")

    assert places(found)[0] == "shop/deep/unpickler.py:_unpickle_order"
    assert all(target.sure <= GUESS for target in found)


@pytest.mark.parametrize("text", ["", "Rename the function and update references.", "¿Qué? 1 + 1"])
def test_what_names_nothing_has_no_target(text):
    assert named(CODE, text) == ()


def test_an_empty_codebase_has_no_target():
    assert named(codebase({}), "Rename total in cart.py") == ()


TEXTS = st.text() | st.lists(
    st.sampled_from(
        """rename the function `total` cart.py shop/web utils in from Cart.total select proxy
        `log=False` 'quoting' module .. / ./ a.b.c __init__.py :: ( ` ' round_to_cents named
        """.split()  # noqa: SIM905 - a sentence of its own
    ),
    max_size=40,
).map(" ".join)


@given(TEXTS)
def test_no_text_raises_and_every_target_is_there(text):
    found = named(CODE, text)

    assert len(found) <= 16
    assert len({(target.path, target.definition) for target in found}) == len(found)
    for target in found:
        facts = CODE.facts(target.path)
        assert facts is not None
        assert target.definition is None or target.definition in facts.definitions
        assert 0 < target.sure <= 1


@given(TEXTS)
def test_every_mention_stands_in_the_text(text):
    assert all(mention.text in text for mention in mentions(text))
