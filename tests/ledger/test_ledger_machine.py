"""Whatever happens to a ledger, in whatever order: its sums are those of a dictionary."""

import sqlite3
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tandem.core.money import Usd
from tandem.ledger.ledger import Ledger
from tests.ledger.books import LONG_AGO, NOON, reserve, settlement

servers = st.sampled_from([0, 1])
amounts = st.one_of(st.none(), st.integers(0, 10**9))


@dataclass(frozen=True)
class Entry:
    """A reservation as the model knows it."""

    process: str
    at: datetime
    purpose: str
    amount: int | None
    settled: bool = False
    cost: int | None = None
    estimated: bool = False


class RefusedError(Exception):
    """What a budget raises."""


class LedgerMachine(RuleBasedStateMachine):
    """Two servers of one user on one file, one clock, crashes included."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "ledger.db"
        self.starts = 0
        self.now = NOON
        self.entries: dict[int, Entry] = {}
        self.names = ["", ""]
        self.ledgers = [self.start(0), self.start(1)]

    def start(self, server: int) -> Ledger:
        self.starts += 1
        self.names[server] = f"server {self.starts}"
        return Ledger(self.path, self.names[server])

    def teardown(self) -> None:
        for ledger in self.ledgers:
            ledger.close()
        self.folder.cleanup()

    @rule(server=servers, amount=amounts, purpose=st.sampled_from(["completion", "plan"]))
    def reserve(self, server, amount, purpose):
        number = reserve(self.ledgers[server], amount, at=self.now, purpose=purpose)
        assert number not in self.entries
        self.entries[number] = Entry(self.names[server], self.now, purpose, amount)

    @rule(server=servers)
    def refuse(self, server):
        def no() -> None:
            raise RefusedError

        with pytest.raises(RefusedError):
            reserve(self.ledgers[server], at=self.now, allow=no)

    @precondition(lambda self: any(not e.settled for e in self.entries.values()))
    @rule(
        server=servers,
        data=st.data(),
        cost=amounts,
        outcome=st.sampled_from(["done", "cancelled", "failed"]),
    )
    def settle(self, server, data, cost, outcome):
        open_numbers = sorted(n for n, e in self.entries.items() if not e.settled)
        number = data.draw(st.sampled_from(open_numbers))
        estimated = outcome == "cancelled"
        end = settlement(cost, outcome=outcome, estimated=estimated)
        self.ledgers[server].settle(number, self.now, end)
        self.entries[number] = replace(
            self.entries[number], settled=True, cost=cost, estimated=estimated
        )

    @precondition(lambda self: any(e.settled for e in self.entries.values()))
    @rule(server=servers, data=st.data())
    def settle_again(self, server, data):
        number = data.draw(st.sampled_from(sorted(n for n, e in self.entries.items() if e.settled)))
        with pytest.raises(sqlite3.IntegrityError):
            self.ledgers[server].settle(number, self.now, settlement(1))

    @rule(minutes=st.sampled_from([1, 59, 61, 600]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(server=servers)
    def crash(self, server):
        self.ledgers[server].close()
        self.ledgers[server] = self.start(server)

    @rule(server=servers)
    def sweep(self, server):
        orphans = [
            number
            for number, entry in self.entries.items()
            if not entry.settled
            and entry.process != self.names[server]
            and entry.at < self.now - timedelta(hours=1)
        ]
        assert self.ledgers[server].sweep(self.now) == len(orphans)
        for number in orphans:
            entry = self.entries[number]
            self.entries[number] = replace(entry, settled=True, cost=entry.amount, estimated=True)

    @invariant()
    def sums_agree(self):
        for since in (LONG_AGO, self.now - timedelta(hours=1), self.now):
            entries = [entry for entry in self.entries.values() if entry.at >= since]
            done = [entry for entry in entries if entry.settled]
            totals = self.ledgers[0].totals(since)
            assert totals == self.ledgers[1].totals(since)
            assert totals.calls == len(entries)
            assert totals.spent == Usd(sum(entry.cost or 0 for entry in done))
            assert totals.reserved == Usd(sum(e.amount or 0 for e in entries if not e.settled))
            assert totals.unpriced == sum(entry.cost is None for entry in done)
            assert totals.estimated == sum(entry.estimated for entry in done)
            rows = self.ledgers[0].by_purpose(since)
            assert sum((row[4] for row in rows), Usd()) == totals.spent
            assert sum(row[2] for row in rows) == len(done)
            assert [row[4] for row in rows] == sorted((row[4] for row in rows), reverse=True)


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
