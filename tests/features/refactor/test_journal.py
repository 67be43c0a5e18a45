"""Events as lines and back; what is torn, foreign or damaged."""

import json

import pytest

from tandem.core.errors import RefusedError
from tandem.core.money import Usd
from tandem.engine.harness import Failed
from tandem.engine.ladder import Rung
from tandem.features.refactor import journal
from tandem.features.refactor.events import Checked, Done, Event, Proposed, Refused, Started
from tandem.features.refactor.state import Phase
from tests.features.refactor.test_state import PLAN, REACHED

EVENTS: list[Event] = [
    *REACHED[Phase.APPLIED],
    Proposed(PLAN, ("a problem",), Usd(123)),
    Started("s1", {"a.py": "line\r\n\x85\u2028\udce4", "new.py": None}),
    Refused("s1", Rung.FLASH_THINKING, 3, Usd(1), (Failed(Rung.FLASH, "said", ("no", "not")),)),
    Done("s1", {"a.py": "", "gone.py": None}, None),
    Checked({"": ("a", "b")}, {"s1": ("x.py",)}, "note"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event):
    line = journal.line(event)
    assert "\n" not in line
    assert line.isascii()
    assert journal.events([line]) == [event]


def test_a_line_that_is_torn_did_not_happen():
    lines = [journal.line(event) for event in EVENTS]
    assert journal.events([*lines[:3], lines[3][: len(lines[3]) // 2]]) == EVENTS[:3]


def test_another_version_is_refused():
    value = json.loads(journal.line(EVENTS[0])) | {"version": 99}
    with pytest.raises(RefusedError, match="another version of Tandem"):
        journal.events([json.dumps(value)])


@pytest.mark.parametrize(
    "change", [{"event": "Nothing"}, {"step": 5, "event": "Done"}, {"more": 1}]
)
def test_a_damaged_line_is_refused(change):
    value = json.loads(journal.line(EVENTS[0])) | change
    with pytest.raises(RefusedError, match="damaged"):
        journal.events([json.dumps(value)])
