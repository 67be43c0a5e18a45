"""The tables of ``tandem usage``, as a user reads them."""

from tandem.commands.usage import _table
from tandem.core.money import Usd
from tandem.core.suggestion import Happened, Offer
from tandem.ledger.report import report
from tandem.ledger.suggestions import SuggestionRows
from tests.ledger.books import LONG_AGO, NOON, at, opened, reserve, settlement


def test_what_was_kept_stands_below_what_was_spent(tmp_path):
    with opened(tmp_path / "ledger.db") as ledger:
        ledger.settle(reserve(ledger), NOON, settlement(Usd.of("0.0004").pico))
        SuggestionRows(ledger, "").write(
            [
                Offer(1, NOON, "python", "flash", "deepseek-flash", 40, 1),
                Offer(2, NOON, "python", "flash", "deepseek-flash", 40, 1),
                Offer(3, NOON, "python", "local", "", 10, 1),
                Happened(1, NOON, "accepted", 40),
                Happened(1, NOON, "kept_30s", 40, 40),
                Happened(1, NOON, "kept_5m", 32, 40),
                Happened(2, NOON, "partly", 10),
            ]
        )
        lines = _table(report(ledger, LONG_AGO, at(hours=1))).split("\n")

    words = [line.split() for line in lines]
    assert words[2] == ["1", "calls,", "$0.00040", "spent,", "$0", "reserved", "now"]
    title, flash, local = words[4:7]
    assert title[:5] == ["suggested", "by", "model", "shown", "accepted"]
    assert flash == ["flash", "deepseek-flash", "2", "1", "1", "100%", "80%", "$0.012"]
    assert local == ["local", "-", "1", "0", "0", "-", "-", "-"]
    assert "still there" in lines[7]


def test_without_suggestions_there_is_no_table_of_them(tmp_path):
    with opened(tmp_path / "ledger.db") as ledger:
        reserve(ledger)
        table = _table(report(ledger, LONG_AGO, at(hours=1)))

    assert "kept" not in table
