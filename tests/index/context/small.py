"""Codebases made of a few sources, as the index would have them."""

from collections.abc import Mapping
from dataclasses import dataclass

from tandem.core.text import Text
from tandem.index.codebase import Codebase
from tandem.index.context.assemble import context_for
from tandem.index.context.block import Block
from tandem.index.context.ring import Edit, Ring
from tandem.index.context.windows import Windows
from tandem.index.facts import FileFacts
from tandem.index.languages import language_of
from tandem.index.parse import parse
from tandem.index.records import Record, record_of
from tandem.index.store import Stored

CURSOR = "$0"

SHOP = {
    "shop/prices.py": """
from shop.money import Money

RATE = 7


class PriceList:
    def __init__(self, entries):
        self.entries_by_code = entries

    def price_for(self, code):
        return self.entries_by_code[code]

    def discounted(self, code, percentage):
        return self.price_for(code) * percentage


def rounded_up(amount):
    return Money(amount)
""",
    "shop/money.py": """
class Money:
    def __init__(self, cents):
        self.cents_total = cents

    def formatted(self):
        return str(self.cents_total)
""",
    "shop/unrelated.py": """
def anneal_glass(temperature_curve):
    return temperature_curve
""",
    "tests/test_basket.py": """
from shop.basket import Basket


def test_total_of_basket_is_rounded():
    basket = Basket(price_list)
    basket.put_in("tea")
    assert basket.total_price() == rounded_up(3)
""",
}

BASKET = """
from shop.prices import PriceList, rounded_up


class Basket:
    def __init__(self, price_list: PriceList):
        self.price_list = price_list
        self.codes = []

    def put_in(self, code):
        self.codes.append(code)

    def total_price(self):
        $0
"""


def facts_of(path: str, source: str) -> FileFacts:
    """Return exact facts."""
    language = language_of(path)
    found = parse(source.encode(), language) if language is not None else None
    assert found is not None
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """An open file with a cursor in a codebase."""

    code: Codebase
    windows: Windows
    path: str
    text: Text
    offset: int

    def context(self, budget: int = 2000, edits: tuple[Edit, ...] = (), **options) -> Block:
        """Assemble the context of the place."""
        return context_for(
            self.code,
            self.path,
            self.text,
            self.offset,
            Ring(edits),
            windows=self.windows,
            budget_tokens=budget,
            **options,
        )


def place(files: Mapping[str, str], path: str, source: str) -> Place:
    """Open a file, with its cursor at `$0`, in a codebase of the others."""
    offset = source.index(CURSOR)
    visible = source.replace(CURSOR, "")
    records: dict[bytes, Record] = {}
    windows = Windows()
    for name, text in files.items():
        records[name.encode()] = record_of(name.encode(), facts_of(name, text))
        windows.put(name, text)
    code = Codebase(records.get, files.get)
    code.update(
        Stored(key.decode(), 0, 0, record._replace(body="")) for key, record in records.items()
    )
    code.open(path, facts_of(path, visible), visible)
    return Place(code, windows, path, Text.of(visible), offset)
