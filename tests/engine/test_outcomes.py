"""What became of suggestions reaches the ledger without anybody waiting for it."""

import asyncio
import logging
import threading
from pathlib import Path

from tandem.core import bug
from tandem.core.suggestion import Happened, Offer
from tandem.engine.outcomes import Outcomes
from tandem.ledger.suggestions import fates
from tests.ledger.books import LONG_AGO, NOON, opened
from tests.support.clock import LoopClock, run_jumping


def offer(number: int) -> Offer:
    return Offer(number, NOON, "python", "local", "", 10, 1)


def outcomes(path: Path) -> Outcomes:
    return Outcomes(path, lambda: "hash", LoopClock())


def shown(path: Path) -> int:
    with opened(path, "reader") as ledger:
        return sum(fate.shown for fate in fates(ledger, LONG_AGO))


def test_nothing_noted_opens_nothing(tmp_path):
    async def story() -> None:
        await outcomes(tmp_path / "ledger.db").aclose()

    before = threading.active_count()
    run_jumping(story)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before


def test_what_is_noted_is_written_soon_in_order_and_together(tmp_path):
    path = tmp_path / "ledger.db"

    async def story() -> None:
        mine = outcomes(path)
        mine.note(offer(1))
        mine.note(Happened(1, NOON, "accepted", 10))
        await asyncio.sleep(1.5)
        assert not path.exists()
        await asyncio.sleep(1)
        assert mine._writing is not None
        await mine._writing
        assert shown(path) == 1
        mine.note(offer(2))
        await mine._writing
        assert shown(path) == 2
        await mine.aclose()

    run_jumping(story)
    with opened(path, "reader") as ledger:
        assert [fate.accepted_characters for fate in fates(ledger, LONG_AGO)] == [10]


def test_the_end_writes_what_is_left_and_may_come_twice(tmp_path):
    path = tmp_path / "ledger.db"

    async def story() -> None:
        mine = outcomes(path)
        mine.note(offer(1))
        await mine.aclose()
        mine.note(offer(2))
        await mine.aclose()

    asyncio.run(story())  # in real time: a jump would pass the limit of the last write
    assert shown(path) == 1


def test_a_ledger_that_cannot_be_opened_is_said_once_and_disturbs_nobody(tmp_path, caplog):
    caplog.set_level(logging.ERROR, "tandem")
    (tmp_path / "file").write_text("")

    async def story() -> None:
        mine = outcomes(tmp_path / "file" / "ledger.db")
        for number in range(3):
            mine.note(offer(number))
            if mine._writing is not None:
                await mine._writing
        await mine.aclose()

    before = bug.seen["outcomes"]
    run_jumping(story)
    assert [record.message for record in caplog.records] == ["outcomes.crashed"]
    assert bug.seen["outcomes"] == before + 1


def test_the_loop_is_free_while_the_ledger_is_locked(tmp_path):
    path = tmp_path / "ledger.db"

    async def story() -> None:
        mine = outcomes(path)
        with opened(path, "other") as other, other.transaction():
            mine.note(offer(1))
            await asyncio.sleep(2.5)
            assert mine._writing is not None
            assert not mine._writing.done()
        await mine._writing
        await mine.aclose()

    run_jumping(story)
    assert shown(path) == 1
