"""What may not be shown, whoever wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.engine.gates import Change, judged, placeholder

SHOP = '''\
import math


def total(prices):
    """Add up."""
    return math.fsum(prices)


def shown(prices):
    return f"{total(prices):.2f}"
'''


def objections(after: str, before: str = SHOP, language: str = "python") -> tuple[str, ...]:
    return judged(Change("shop.py", language, before, after), None)


def test_a_good_change_passes() -> None:
    assert objections(SHOP.replace("math.fsum", "sum")) == ()


def test_a_syntax_error_does_not() -> None:
    assert objections(SHOP.replace("fsum(prices)", "fsum(prices")) == (
        "shop.py is no longer valid python with this change",
    )


def test_a_file_with_errors_may_keep_them_and_not_get_more() -> None:
    broken = SHOP + "\ndef half(:\n    pass\n"
    assert objections(broken.replace("fsum", "sumprod"), broken) == ()
    assert objections(broken.replace("{total(prices):.2f}", "{"), broken) == (
        "shop.py has more syntax errors with this change than before",
    )


def test_a_definition_that_is_used_may_not_go() -> None:
    gone = SHOP.replace(SHOP[SHOP.index("def total") : SHOP.index("def shown")], "")
    assert objections(gone) == ("`total` is no longer defined in shop.py but still used",)


def test_a_definition_that_is_imported_instead_may() -> None:
    start, end = SHOP.index("def total"), SHOP.index("def shown")
    moved = "from sums import total\n" + SHOP[:start] + SHOP[end:]
    assert objections(moved) == ()


def test_a_definition_that_nobody_uses_may_go() -> None:
    assert objections(SHOP[: SHOP.index("def shown")]) == ()


@pytest.mark.parametrize(
    "line",
    [
        "    # ... rest of the code ...",
        "    # rest of code unchanged",
        "    # existing code here",
        "    // ... existing code ...",
        "    /* remaining implementation */",
        "    # (rest of the function remains the same)",
        "    # The rest of the method stays the same",
        "    # your code here",
        "    # implementation goes here",
        "    # unchanged",
        "    # ...",
        "    // …",
        "    <!-- rest of file -->",
        "    # same as before",
        "    # keep the rest of the function as it is",
        "    ... existing code ...",
        "    # omitted for brevity",
    ],
)
def test_a_line_that_stands_for_code_does_not_pass(line: str) -> None:
    after = SHOP.replace("    return math.fsum(prices)", f"{line}\n    return 1")
    found = placeholder(Change("shop.py", "python", SHOP, after))
    assert found is not None, line
    assert line.strip()[:40] in found


@pytest.mark.parametrize(
    "line",
    [
        "    # the rest of the prices are added below",
        "    # round to cents",
        "    ...",
        "    rest = code",
        "    # See the existing code in total() for why",
        "    # unchanged prices are skipped",
        '    """Return the rest of the code as text."""',
        "    # the code is the same for every currency, see RFC 7",
    ],
)
def test_other_remarks_do(line: str) -> None:
    after = SHOP.replace("    return math", f"{line}\n    return math")
    assert placeholder(Change("shop.py", "python", SHOP, after)) is None


def test_a_remark_that_was_there_may_stay_and_move() -> None:
    before = SHOP + "# ...\n"
    assert placeholder(Change("shop.py", "python", before, "# ...\n" + SHOP)) is None


def test_an_answer_that_fell_into_a_loop_does_not_pass() -> None:
    assert objections(SHOP + "x = 1\n" * 20) == ("the line 'x = 1' is repeated over and over",)


@given(st.text(), st.text(), st.sampled_from(["python", "go", "html", "nothing"]))
def test_nothing_raises(before: str, after: str, language: str) -> None:
    assert all(isinstance(one, str) for one in objections(after, before, language))
