"""When a model is asked by itself: not too eagerly, not too late, and with a reason if not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.features.inline.gate import Ask, Shape, Skip, Trigger, decide, silenced
from tandem.features.inline.surroundings import look
from tandem.features.inline.typing_history import Recent, TypingHistory
from tandem.workspace.documents import Change
from tandem.workspace.settings import Completion
from tests.support.markers import marked

NOW = Recent()


def verdict(source: str, trigger: Trigger = Trigger.AUTOMATIC, recent: Recent = NOW, **settings):
    language = settings.pop("language", "python")
    document, offset = marked(source, language)
    seen = look(document.text, offset, language)
    return decide(seen, trigger, Completion(**settings), recent)


@pytest.mark.parametrize(
    ("source", "recent", "settings", "reason"),
    [
        ("fo$0(x)\n", NOW, {}, "text behind the cursor"),
        ("x = $0\n", Recent(deleted=True), {}, "just deleted"),
        ("x = 1$0\n", Recent(accepted=True), {}, "just taken"),
        ("# see $0\n", NOW, {"in_comments": False}, "completion.in_comments"),
        ("x = 'a $0'\n", NOW, {"in_strings": False}, "completion.in_strings"),
        ("\n\n$0\n", NOW, {}, "nothing around"),
        ("f(x)$0\n", NOW, {}, "looks finished"),
        ("f();$0\n", NOW, {"language": "go"}, "looks finished"),
    ],
)
def test_it_does_not_ask_and_says_why(source, recent, settings, reason):
    found = verdict(source, recent=recent, **settings)
    assert isinstance(found, Skip)
    assert reason in found.reason
    assert isinstance(verdict(source, Trigger.INVOKED, recent, **settings), Ask)


@pytest.mark.parametrize(
    ("source", "settings", "shape"),
    [
        ("def f():\n    $0\n", {}, Shape.BLOCK),
        ("def f():\n    $0\n", {"length": "line"}, Shape.LINE),
        ("x = 1\n$0\n", {}, Shape.LINE),
        ("x = 1\n$0\n", {"length": "block"}, Shape.BLOCK),
        ("call(\n    $0\n)\n", {"length": "block"}, Shape.LINE),
        ("x = $0 + y\n", {"length": "block"}, Shape.LINE),
        ("func f() {\n\t$0\n}\n", {"language": "go"}, Shape.BLOCK),
        ("f(func() {\n\t$0\n})\n", {"language": "go"}, Shape.BLOCK),
    ],
)
def test_syntax_decides_how_much_is_asked_for(source, settings, shape):
    found = verdict(source, **settings)
    assert isinstance(found, Ask)
    assert found.shape is shape


def test_somebody_who_asks_on_an_empty_line_gets_a_block():
    found = verdict("x = 1\n$0\n", Trigger.INVOKED)
    assert found == Ask(0.0, Shape.BLOCK)


def pause(source: str, recent: Recent = NOW, **settings) -> float:
    found = verdict(source, recent=recent, **settings)
    assert isinstance(found, Ask)
    return found.pause_s


def test_the_start_of_a_line_is_asked_at_once_and_a_word_later_than_its_end():
    assert pause("def f():\n    $0\n") == 0.0
    assert 0 < pause("x = f($0)\n") < pause("x = fo$0\n")


def test_slow_typing_and_slow_models_move_the_pause():
    slow, fast = Recent(interval_s=0.19), Recent(interval_s=0.08)
    assert pause("x = fo$0\n", slow) > pause("x = fo$0\n", fast)
    assert pause("x = fo$0\n", Recent(latency_s=0.5)) < pause("x = fo$0\n")


def test_what_is_ignored_is_asked_for_less_and_less():
    pauses = [pause("x = f($0)\n", Recent(ignored=n)) for n in range(30)]
    assert pauses == sorted(pauses)
    assert pauses[0] == pauses[5] < pauses[6]
    assert pauses[-1] == 2.0
    assert pause("def f():\n    $0\n", Recent(ignored=9)) > 0


@given(st.floats(0.01, 3), st.floats(0.01, 9), st.integers(0, 99))
def test_a_set_delay_is_the_delay(interval, latency, ignored):
    recent = Recent(interval_s=interval, latency_s=latency, ignored=ignored)
    assert pause("x = fo$0\n", recent, delay_ms=300) == 0.3
    assert 0 <= pause("x = fo$0\n", recent) <= 2


@pytest.mark.parametrize(
    ("modes", "mode"),
    [
        ((), None),
        (("python=off",), "off"),
        (("go=off",), None),
        (("*.py=manual",), "manual"),
        (("python=off", "test*=auto"), None),
    ],
)
def test_the_last_mode_that_fits_holds(modes, mode):
    document, offset = marked("x = $0")
    found = silenced(document, offset, Trigger.AUTOMATIC, Completion(modes=modes))
    assert (found is None) is (mode is None)
    if found is not None:
        assert found.reason.endswith(f"is {mode}")
    invoked = silenced(document, offset, Trigger.INVOKED, Completion(modes=modes))
    assert (invoked is None) is (mode != "off")


def test_the_history_tells_what_was_done_last():
    history, here = TypingHistory(), Change(None, None, "x")
    for n in range(20):
        history.changed("a", [here], 0.3 * n)
    assert 0.25 < history.recent("a", 6.0).interval_s < 0.3
    assert not history.recent("a", 6.0).deleted
    history.changed("a", [Change(None, None, "")], 6.1)
    assert history.recent("a", 6.2).deleted
    assert not history.recent("b", 6.2).deleted
    history.shown("read this", 6.2)
    history.changed("a", [Change(None, None, "r")], 6.3)
    history.changed("a", [here], 6.4)
    assert history.recent("a", 6.4).ignored == 0, "it was not there long enough to be read"
    history.shown("read this", 6.5)
    history.changed("a", [here], 7.1)
    assert history.recent("a", 7.1).ignored == 1
    history.accepted(7.5)
    history.accepted(8.0)
    taken = history.recent("a", 8.1)
    assert (taken.accepted, taken.ignored, taken.streak) == (True, 0, 2)
    history.changed("a", [here], 9.0)
    assert not history.recent("a", 9.0).accepted
    assert history.recent("a", 60.0).streak == 0
