"""Reservations, settlements, sums, and what crashes and other editors may do to them."""

import os
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta, timezone

import pytest

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.ledger.ledger import Totals
from tests.ledger.books import LONG_AGO, NOON, at, opened, reserve, settlement


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(path):
    with opened(path) as ledger:
        yield ledger


def test_a_new_ledger_is_empty(ledger):
    assert ledger.totals(LONG_AGO) == Totals(0, Usd(), Usd(), 0, 0)
    assert ledger.by_purpose(LONG_AGO) == []


def test_a_reservation_is_promised_until_it_is_settled(ledger):
    number = reserve(ledger, 1000)
    assert ledger.totals(NOON) == Totals(1, Usd(), Usd(1000), 0, 0)
    assert ledger.totals(NOON).committed == Usd(1000)

    ledger.settle(number, at(seconds=1), settlement(400))
    assert ledger.totals(NOON) == Totals(1, Usd(400), Usd(), 0, 0)
    assert ledger.totals(NOON).committed == Usd(400)


def test_numbers_of_reservations_differ(ledger):
    assert len({reserve(ledger) for _ in range(10)}) == 10


def test_a_call_may_cost_more_than_was_reserved(ledger):
    ledger.settle(reserve(ledger, 10), NOON, settlement(5000))

    assert ledger.totals(NOON).committed == Usd(5000)


def test_what_has_no_price_is_counted_and_not_made_up(ledger):
    number = reserve(ledger, None)
    assert ledger.totals(NOON) == Totals(1, Usd(), Usd(), 0, 0)

    ledger.settle(number, NOON, settlement(None))
    assert ledger.totals(NOON) == Totals(1, Usd(), Usd(), 1, 0)
    assert ledger.by_purpose(NOON)[0][4] == Usd()


def test_a_free_call_is_not_one_without_a_price(ledger):
    ledger.settle(reserve(ledger, 0), NOON, settlement(0))

    assert ledger.totals(NOON) == Totals(1, Usd(), Usd(), 0, 0)


def test_estimates_are_counted(ledger):
    ledger.settle(reserve(ledger), NOON, settlement(estimated=True, outcome="cancelled"))

    assert ledger.totals(NOON).estimated == 1


def test_a_second_settlement_is_refused_and_changes_nothing(ledger):
    number = reserve(ledger)
    ledger.settle(number, NOON, settlement(400))

    with pytest.raises(sqlite3.IntegrityError):
        ledger.settle(number, NOON, settlement(900))
    assert ledger.totals(NOON).spent == Usd(400)


def test_a_settlement_of_nothing_is_refused(ledger):
    with pytest.raises(sqlite3.IntegrityError):
        ledger.settle(77, NOON, settlement(400))


def test_sums_begin_with_the_instant_that_was_asked_for(ledger):
    for minutes, cost in [(-1, 1), (0, 20), (1, 300)]:
        number = reserve(ledger, 100, at=at(minutes=minutes))
        ledger.settle(number, at(days=1), settlement(cost))

    assert ledger.totals(NOON).calls == 2
    assert ledger.totals(at(minutes=1)).calls == 1
    assert ledger.totals(at(minutes=1, milliseconds=1)).calls == 0
    assert ledger.totals(at(minutes=-1)).spent == Usd(321)
    assert ledger.totals(NOON).spent == Usd(320)


def test_an_instant_may_be_given_in_any_time_zone(ledger):
    reserve(ledger)
    new_york = timezone(timedelta(hours=-5))

    assert ledger.totals(at(minutes=1).astimezone(new_york)).calls == 0


def test_purposes_and_models_are_summed_dearest_first(ledger):
    for purpose, model, cost in [
        ("completion", "deepseek-flash", 10),
        ("plan", "deepseek-v4-pro", 1000),
        ("completion", "deepseek-flash", 20),
        ("completion", "deepseek-v4-pro", 500),
    ]:
        number = reserve(ledger, 5, purpose=purpose)
        ledger.settle(number, NOON, settlement(cost, model=model))
    reserve(ledger, 7, purpose="review")  # still under way: no model, no tokens yet

    assert ledger.by_purpose(LONG_AGO) == [
        ("plan", "deepseek-v4-pro", 1, Usage(1, 2, 3, 0), Usd(1000)),
        ("completion", "deepseek-v4-pro", 1, Usage(1, 2, 3, 0), Usd(500)),
        ("completion", "deepseek-flash", 2, Usage(2, 4, 6, 0), Usd(30)),
    ]


class RefusedError(Exception):
    """Raised by a budget that does not allow a call."""


def test_a_refused_reservation_leaves_nothing_behind(ledger):
    def refuse() -> None:
        raise RefusedError

    with pytest.raises(RefusedError):
        reserve(ledger, allow=refuse)
    assert ledger.totals(LONG_AGO).calls == 0
    reserve(ledger)  # and no transaction stays open
    assert ledger.totals(LONG_AGO).calls == 1


def test_a_budget_may_read_the_totals_before_it_allows(ledger):
    reserve(ledger, 300)
    seen = []

    reserve(ledger, 50, allow=lambda: seen.append(ledger.totals(LONG_AGO).committed))

    assert seen == [Usd(300)]


def test_nobody_else_writes_between_the_budgets_look_and_the_reservation(path, ledger):
    def locked() -> None:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        reserve(ledger, allow=locked)
    locked()  # and afterwards everybody may


def test_two_editors_cannot_both_take_the_last_cent(path):
    cap = Usd(1000)
    refused = []
    with opened(path):
        pass  # the file is there; who is the first to make it is another test
    barrier = threading.Barrier(4)

    def spend(name: str) -> None:
        with opened(path, name) as ledger:

            def within() -> None:
                if ledger.totals(LONG_AGO).committed + Usd(100) > cap:
                    raise RefusedError

            barrier.wait()
            for _ in range(4):
                try:
                    reserve(ledger, 100, allow=within)
                except RefusedError:
                    refused.append(name)

    threads = [threading.Thread(target=spend, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with opened(path) as ledger:
        assert ledger.totals(LONG_AGO).committed == cap
    assert len(refused) == 6


def test_two_ledgers_on_one_file_see_each_other(path):
    with opened(path, "one") as one, opened(path, "two") as two:
        number = reserve(one, 500)
        reserve(two, 70)
        assert one.totals(NOON) == two.totals(NOON) == Totals(2, Usd(), Usd(570), 0, 0)

        one.settle(number, NOON, settlement(400))
        assert two.totals(NOON).committed == Usd(470)
        with pytest.raises(sqlite3.IntegrityError):
            two.settle(number, NOON, settlement(1))


def test_one_ledger_is_usable_from_many_threads(ledger):
    def work() -> None:
        for _ in range(10):
            ledger.settle(reserve(ledger, 7), NOON, settlement(3))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ledger.totals(NOON) == Totals(40, Usd(120), Usd(), 0, 0)


def test_a_crash_loses_nothing_and_the_next_start_settles_it_as_reserved(path):
    with opened(path, "crashed") as ledger:
        ledger.settle(reserve(ledger, 50), NOON, settlement(20))
        reserve(ledger, 1000, model="deepseek-v4-pro", purpose="plan")

    with opened(path, "next") as ledger:
        assert ledger.totals(NOON).committed == Usd(1020)
        assert ledger.sweep(at(hours=2)) == 1
        assert ledger.totals(NOON) == Totals(2, Usd(1020), Usd(), 0, 1)
        assert ledger.by_purpose(NOON)[0] == ("plan", "deepseek-v4-pro", 1, Usage(), Usd(1000))
        assert ledger.sweep(at(hours=3)) == 0


def test_a_call_that_another_server_may_still_hold_open_is_left_alone(path):
    with opened(path, "other") as other, opened(path, "mine") as mine:
        number = reserve(other)

        assert mine.sweep(at(minutes=59)) == 0
        assert mine.sweep(at(hours=1)) == 0
        other.settle(number, at(hours=1), settlement())
        assert mine.sweep(at(hours=5)) == 0


def test_a_server_never_sweeps_its_own_calls(ledger):
    reserve(ledger)

    assert ledger.sweep(at(days=9)) == 0
    assert ledger.totals(NOON).reserved == Usd(1000)


def test_an_abandoned_call_without_a_price_stays_without_one(path):
    with opened(path, "crashed") as ledger:
        reserve(ledger, None)
    with opened(path, "next") as ledger:
        assert ledger.sweep(at(days=1)) == 1
        assert ledger.totals(NOON) == Totals(1, Usd(), Usd(), 1, 1)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_user_may_read_the_file(path, ledger):
    reserve(ledger)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_user_may_read_what_sqlite_puts_beside_the_file(path, ledger):
    reserve(ledger)

    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_the_largest_amount_that_fits_comes_back(ledger):
    reserve(ledger, 2**63 - 1)

    assert ledger.totals(NOON).reserved == Usd(2**63 - 1)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_others_could_read_is_the_users_again(path):
    path.parent.mkdir()
    path.touch(mode=0o644)
    path.chmod(0o644)
    with opened(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
