"""Money is exact: integers of pico-dollars in, integers out, decimal strings between."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.money import PICO_PER_DOLLAR, Usd

# A signed 64-bit column is what the ledger keeps.
amounts = st.integers(-(2**63), 2**63 - 1).map(Usd)


@given(amounts)
def test_an_amount_is_read_back_exactly_from_its_decimal_string(amount):
    assert Usd.of(amount.decimal()) == amount
    assert "E" not in amount.decimal()


@given(amounts)
def test_the_decimal_string_is_the_amount(amount):
    assert Decimal(amount.decimal()) * PICO_PER_DOLLAR == amount.pico


@given(st.lists(amounts, max_size=8), st.randoms(use_true_random=False))
def test_a_sum_does_not_depend_on_its_order(parts, dice):
    shuffled = list(parts)
    dice.shuffle(shuffled)

    assert sum(shuffled, Usd()) == sum(parts, Usd()) == Usd(sum(part.pico for part in parts))


@given(amounts, amounts, st.integers(0, 10**7))
def test_arithmetic_is_that_of_integers(one, other, count):
    assert (one - other) + other == one
    assert (one * count).pico == one.pico * count
    assert (one < other) == (one.pico < other.pico)
    assert bool(one) == (one.pico != 0)


@pytest.mark.parametrize(
    ("dollars", "pico"),
    [
        ("0.15", 150_000_000_000),
        ("0.0028", 2_800_000_000),
        ("0.000000000001", 1),
        (1, PICO_PER_DOLLAR),
        (Decimal("-2.5"), -2_500_000_000_000),
        ("1e-6", 1_000_000),
        ("1.000000000000000", PICO_PER_DOLLAR),
        ("0", 0),
    ],
)
def test_decimal_amounts_are_read_exactly(dollars, pico):
    assert Usd.of(dollars) == Usd(pico)


@pytest.mark.parametrize(
    "dollars",
    ["", "a dollar", "1,5", "$1", "nan", "inf", "-Infinity", "sNaN", "1e-13", "0.0000000000001",
     "1e999999999", Decimal("0.1234567890123")],
)  # fmt: skip
def test_what_is_no_exact_amount_is_refused(dollars):
    with pytest.raises(ValueError, match=r"is not (an amount|a whole number)"):
        Usd.of(dollars)


def test_a_fraction_of_a_pico_dollar_is_refused_however_small():
    with pytest.raises(ValueError, match="whole number"):
        Usd.of("1.0000000000000000000000000000001")


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        ("0", "$0"),
        ("1.239", "$1.24"),
        ("12", "$12.00"),
        ("0.10", "$0.10"),
        ("0.0034", "$0.0034"),
        ("0.00062", "$0.00062"),
        ("0.000623", "$0.00062"),
        ("0.000000000001", "$0.0000000000010"),
        ("-1.5", "-$1.50"),
        ("-0.00062", "-$0.00062"),
        ("1234.5", "$1234.50"),
    ],
)
def test_an_amount_as_people_read_it(dollars, shown):
    assert str(Usd.of(dollars)) == shown


@pytest.mark.parametrize("dollars", ["0.01", "0.05"])
def test_whole_cents_are_shown_as_cents(dollars):
    assert str(Usd.of(dollars)) == f"${dollars}"


@given(amounts)
def test_what_people_read_is_near_the_amount(amount):
    value = Decimal(amount.pico) / PICO_PER_DOLLAR
    shown = Decimal(str(amount).replace("$", ""))

    assert abs(shown - value) <= max(Decimal("0.05") * abs(value), Decimal(0))
    assert abs(shown - value) <= Decimal("0.005")
