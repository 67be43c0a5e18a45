"""Where a result goes: a diff, edits of files that changed meanwhile, conflicts that say where."""

import pytest

from tandem.features.refactor.events import Begun, Done, Proposed, Started, Wanted
from tandem.features.refactor.plan import Plan, Step
from tandem.features.refactor.result import Delivery, delivery, diff_of, steps_of
from tandem.features.refactor.state import fold

OLD = "one\ntwo\nthree\nfour\n"
STEP = Step("s1", "Shout", ("a.txt",), ("new.txt",), removed_files=("old.txt",))
RUN = fold(
    [
        Wanted("x", "", ""),
        Proposed(Plan("x", (STEP,))),
        Begun(),
        Started("s1", {"a.txt": OLD, "new.txt": None, "old.txt": "gone\n"}),
        Done("s1", {"a.txt": "ONE\ntwo\nthree\nfour\n", "new.txt": "hi\n", "old.txt": None}),
    ]
)
ASIS: dict[str, str | None] = {"a.txt": OLD, "new.txt": None, "old.txt": "gone\n"}


def test_a_result_is_a_diff():
    assert diff_of(RUN) == (
        "--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n-one\n+ONE\n two\n three\n four\n"
        "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+hi\n"
        "--- a/old.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n"
    )


def test_files_as_they_were_get_what_came_of_it():
    assert delivery(RUN, ASIS.get) == Delivery(ASIS, dict(RUN.now))


def test_what_was_typed_elsewhere_in_a_file_stays():
    now = {**ASIS, "a.txt": "one\ntwo\nthree\nFOUR\nfive\n"}
    assert delivery(RUN, now.get).texts["a.txt"] == "ONE\ntwo\nthree\nFOUR\nfive\n"


def test_what_is_there_already_is_not_written_again():
    now = {**ASIS, "new.txt": "hi\n", "old.txt": None}
    assert set(delivery(RUN, now.get).texts) == {"a.txt"}


@pytest.mark.parametrize(
    ("changed", "conflict"),
    [
        ({"a.txt": "zero\none!\ntwo\n"}, "a.txt was changed meanwhile in the same place (line 1)"),
        ({"a.txt": None}, "a.txt was removed meanwhile"),
        ({"new.txt": "mine\n"}, "new.txt was made meanwhile"),
        ({"old.txt": "mine\n"}, "old.txt was changed meanwhile, and the plan removes it"),
    ],
)
def test_a_conflict_says_where_and_nothing_is_delivered(changed, conflict):
    found = delivery(RUN, {**ASIS, **changed}.get)
    assert found.conflicts == (conflict,)
    assert found.texts == {}


def test_files_know_their_steps():
    assert steps_of(RUN) == dict.fromkeys(["a.txt", "new.txt", "old.txt"], "s1: Shout")
