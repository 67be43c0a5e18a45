"""What is reserved before a call: for all that is sent, and nothing for what is free."""

from dataclasses import replace

import pytest

from tandem.core.errors import BudgetError
from tandem.core.model import ExtraFile, Usage
from tandem.core.money import Usd
from tandem.core.tokens import upper_bound
from tandem.engine.accounts import Accounts
from tandem.engine.budget import Caps, day_start
from tandem.ledger.ledger import Ledger
from tandem.ledger.prices import Prices, Rate
from tests.support.clock import NOON
from tests.support.gateway import REQUEST

RATE, FREE = Rate(0, 10**6, 0), Rate(0, 0, 0)
OWN = {REQUEST.model: RATE, "local/toy": FREE}


@pytest.fixture
def accounts(tmp_path):
    one = Accounts(
        Ledger(tmp_path / "ledger.db", "test"), Prices(OWN), Caps(Usd.of("0.001"), Usd())
    )
    yield one
    one.close()


async def test_pieces_of_other_files_are_reserved_for_as_well(accounts):
    extra = (ExtraFile("a.py", "one two three\n" * 10), ExtraFile("b.py", "four\n"))
    await accounts.reserve(replace(REQUEST, extra=extra), "completion", NOON)
    reserved = (await accounts.totals(day_start(NOON))).reserved

    texts = (REQUEST.prompt, REQUEST.suffix, *(file.text for file in extra))
    tokens = sum(upper_bound(text, REQUEST.language) for text in texts)
    assert reserved == RATE.cost(Usage(miss=tokens))


async def test_a_cap_that_is_used_up_does_not_refuse_what_is_free(accounts):
    long = replace(REQUEST, prompt="word " * 500)
    await accounts.reserve(long, "completion", NOON)
    with pytest.raises(BudgetError):
        await accounts.reserve(long, "completion", NOON)
    accounts._caps = Caps(Usd(1), Usd(1))  # lowered, as by another window's settings

    await accounts.reserve(replace(long, model="local/toy"), "completion", NOON)
    with pytest.raises(BudgetError):
        await accounts.reserve(replace(REQUEST, model="unpriced"), "completion", NOON)
