"""The gates against noise: what is not so is dropped with its reason, what is so stays."""

from functools import cache

import pytest

from tandem.features.review.ask import read
from tandem.features.review.evidence.case import Case
from tandem.features.review.noise import Sifted, sifted
from tests.support.review_cases import ReviewCase, cases
from tests.support.review_models import MANNERS, claim_of, inventions, true_claim

FILLER = "\n".join(f"FILLER_{n} = {n} * 60" for n in range(60))
PRICES = f"""\
def price(item):
    return item.net


def total(items):
    return sum(price(item) for item in items)


{FILLER}


def rebate(items):
    return len(items) // 10
"""
TILL = f"""\
from shop.prices import price, total


def sell(item):
    amount = price(item)
    return amount


{FILLER}


def report(day):
    lines = [str(entry) for entry in day]
    return lines
"""
BEFORE = {"shop/prices.py": PRICES, "shop/till.py": TILL, "shop/cart.py": "def cart():\n    pass\n"}
NEW = PRICES.replace("def price(item):", "def price(item, currency=None):").replace(
    "    return item.net\n", "    return item.net_in(currency)\n"
)
AFTER = BEFORE | {"shop/prices.py": NEW}
HERE = ("shop/prices.py", "    return item.net_in(currency)")
CALL = ("shop/till.py", "    amount = price(item)")
CLAIM = "The net may be missing."


@cache
def case() -> Case:
    return ReviewCase("python", "prices get a currency", BEFORE, AFTER, None).case()


def sift(file: str, quote: str, claim: str = CLAIM, /, **other: object) -> Sifted:
    claims, _ = read({"findings": [claim_of(file, quote, claim, **other)]})
    return sifted(claims, case(), "pro")


def why(*words: str, **other: object) -> str:
    found = sift(*words, **other)
    assert len(found.kept) + len(found.dropped) == 1
    return found.dropped[0].why if found.dropped else ""


@pytest.mark.parametrize(
    ("quote", "line"),
    [
        ("    return item.net_in(currency)", 1),
        ("return   item.net_in(currency)", 1),
        ("+    return item.net_in(currency)", 1),
        ("item.net_in(currency)", 1),
        ("\n    return item.net_in(currency)\n\n", 1),
        ("    return item.net", 1),  # removed: the line next to where it stood
        ("-    return item.net", 1),
        ("def total(items):", 4),
    ],
)
def test_a_line_is_found_as_models_quote_it(quote, line):
    (one,) = sift("shop/prices.py", quote).kept
    assert one.line == line
    assert one.quote == NEW.split("\n")[line]


@pytest.mark.parametrize(
    ("file", "quote", "reason"),
    [
        ("shop/none.py", HERE[1], "there is no file shop/none.py"),
        ("/etc/passwd", "root", "there is no file /etc/passwd"),
        ("../secrets.py", "root", "there is no file ../secrets.py"),
        ("shop/prices.py", "    return item.gross", "the line that it quotes is not there"),
        ("shop/prices.py", "pric", "the line that it quotes is not there"),
        ("shop/prices.py", "FILLER_30 = 30 * 60", "it is neither in the change nor next to it"),
        ("shop/till.py", "    return lines", "it is neither in the change nor next to it"),
        ("shop/cart.py", "def cart():", "it is neither in the change nor next to it"),
    ],
)
def test_what_is_not_there_or_far_away_is_dropped(file, quote, reason):
    assert why(file, quote) == reason


def test_a_place_outside_is_not_even_read(tmp_path):
    (tmp_path / "secret").write_text("very secret\n")
    (gone,) = sift(str(tmp_path / "secret"), "very secret").dropped
    assert "secret" not in gone.finding.quote


def test_a_line_elsewhere_counts_that_has_a_name_which_changed():
    assert why(*CALL) == ""


def test_a_line_elsewhere_counts_that_the_claim_ties_to_what_changed():
    far = ("shop/till.py", "    return lines")
    said = "`report` does not know what `price` takes now."
    assert why(*far, said, symbols=["report", "price"]) == ""
    assert why(*far, said, symbols=["report"]) != ""
    assert why(*far, "It does not know it.", symbols=["price"]) != ""


def test_a_file_that_knows_nothing_of_the_change_is_not_tied_to_it():
    texts = BEFORE | {
        "lib/far.py": "def away():\n    return 0\n",
        "shop/cart.py": "import lib.far\n",
    }
    one = ReviewCase("python", "x", texts, texts | {"shop/prices.py": NEW}, None).case()
    claim = claim_of(
        "lib/far.py", "    return 0", "`away` ignores `price`.", symbols=["away", "price"]
    )
    found = sifted(read({"findings": [claim]})[0], one, "pro")
    assert found.dropped[0].why == "it is neither in the change nor next to it"


@pytest.mark.parametrize(
    "symbol", ["frobnicate", "Item.frobnicate", "frobnicate()", "`frobnicate`"]
)
def test_a_name_that_is_nowhere_is_dropped(symbol):
    assert why(*HERE, symbols=["price", symbol]) == f"`{symbol}` is nowhere in the code"


@pytest.mark.parametrize(
    "symbol",
    ["price", "shop.prices.price", "net", "TypeError", "None", "prices.py", "the old net", "await"],
)
def test_a_name_of_the_code_the_language_or_no_name_at_all_is_not(symbol):
    assert why(*HERE, symbols=[symbol]) == ""


@pytest.mark.parametrize(
    ("places", "kept"),
    [
        (["shop/till.py:5"], True),
        (["shop/till.py:5", "shop/till.py:9999"], True),
        (["shop/till.py:9999"], False),
        (["shop/none.py:1"], False),
        (["shop/till.py:40"], False),
        (["shop/till.py:0"], False),
        (["somewhere in the shop"], True),
        (["shop/prices.py:4"], True),  # beside the change
    ],
)
def test_places_have_to_be_what_they_are_said_to_be(places, kept):
    assert (why(*HERE, symbols=["price"], places=places) == "") is kept


def test_where_a_caller_is_said_to_be_its_name_has_to_be():
    said = "`total` is called there."
    other = {"symbols": ["total"], "places": ["shop/prices.py:12"], "category": "callers"}
    assert why(*HERE, said, **other) == "shop/prices.py:12 is not what it is said to be"


def test_places_that_are_there_are_told_along():
    (one,) = sift(*HERE, symbols=["price"], places=["shop/till.py:5", "shop/none.py:3"]).kept
    assert [(place.path, place.line) for place in one.related] == [("shop/till.py", 4)]


@pytest.mark.parametrize(
    "claim",
    [
        "`price` is not defined.",
        "`price` no longer exists.",
        "`price` does not exist in this file.",
        "`price` was removed but is still used.",
        "Missing import of `price`.",
        "The import of `price` is missing.",
        "This uses the undeclared function `price`.",
        "`price` is undefined here.",
    ],
)
def test_a_name_that_is_there_is_not_gone(claim):
    assert why(*CALL, claim, symbols=["price"]) == "`price` is there"


@pytest.mark.parametrize(
    "claim",
    [
        "When the file does not exist, `price` raises.",
        "`price` does not exist when the shop is closed.",
        "The check of `price` was removed.",
        "`price` is gone from `total`.",
        "`net` is not defined, `price` is.",
        "What `price` gives is not imported.",
    ],
)
def test_what_is_said_of_something_else_is_no_claim_that_a_name_is_gone(claim):
    assert why(*CALL, claim, symbols=["price"]) == ""


STALE = "This call of `price` was not updated: an argument is missing."


def test_a_call_that_fits_is_not_stale():
    assert why(*CALL, STALE, symbols=["price"]) == "the calls that it means fit what is defined"
    assert why(*CALL, "`price` is slow.", symbols=["price"], category="callers") == ""


@pytest.mark.parametrize("head", ["def price(item, currency):", "def price(currency, item=None):"])
def test_a_call_that_does_not_fit_or_gives_something_else_now_may_be_stale(head):
    after = BEFORE | {"shop/prices.py": PRICES.replace("def price(item):", head)}
    one = ReviewCase("python", "x", BEFORE, after, None).case()
    claims, _ = read({"findings": [claim_of(*CALL, STALE, symbols=["price"])]})
    assert len(sifted(claims, one, "pro").kept) == 1


def test_a_call_of_a_name_that_went_may_be_stale_though_another_has_its_name():
    before = BEFORE | {"shop/cart.py": "class Cart:\n    def price(self, item):\n        pass\n"}
    after = before | {"shop/prices.py": PRICES.replace("def price(item)", "def cost(item)")}
    one = ReviewCase("python", "x", before, after, None).case()
    claims, _ = read({"findings": [claim_of(*CALL, STALE, symbols=["price"])]})
    assert len(sifted(claims, one, "pro").kept) == 1


def test_taste_is_style_whatever_it_calls_itself():
    (one,) = sift(*HERE, "A docstring would help readability.", category="correctness").kept
    assert one.rule == "style"
    (other,) = sift(*HERE, "The docstring's example is not run.", category="tests").kept
    assert (other.rule, sift(*HERE, category="tests").kept[0].rule) == ("style", "tests")


@pytest.mark.parametrize(
    ("suggestion", "made"),
    [
        ("return item.net_in(currency or EUR)", "    return item.net_in(currency or EUR)"),
        ("    return item.net_in(currency or EUR)\n", "    return item.net_in(currency or EUR)"),
        ("return item.net_in(currency", None),  # no longer valid
        ("    return item.net_in(currency)", None),  # as it is
        ("", None),
    ],
)
def test_a_suggestion_has_the_indentation_of_its_line_and_breaks_nothing(suggestion, made):
    assert sift(*HERE, suggestion=suggestion).kept[0].suggestion == made


def test_a_suggestion_for_several_lines_is_none():
    quote = f"{HERE[1]}\n\n\ndef total(items):"
    assert sift(HERE[0], quote, suggestion="return 0").kept[0].suggestion is None


# -- over all cases ----------------------------------------------------------------------------


def few() -> list[ReviewCase]:
    return [one for n, one in enumerate(cases()) if n % 9 == 0]


@pytest.mark.parametrize("one", few(), ids=lambda one: f"{one.language}: {one.title}")
def test_what_is_planted_stays_and_what_is_made_up_goes(one):
    made = one.case()
    for manner in MANNERS if one.planted is not None else ():
        claims, _ = read({"findings": [true_claim(one, manner)]})
        assert sifted(claims, made, "pro").dropped == (), manner
    for invented in inventions(one, made):
        if invented.kind != "the same again":
            claims, _ = read({"findings": [invented.claim]})
            assert [f for f in sifted(claims, made, "pro").kept if f.rule != "style"] == []
