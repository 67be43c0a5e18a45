"""The keys of a session make the new text of the old one, whatever happens between them."""

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.recall_cases import Blob
from tests.bench.typing import Hunk, hunks, pairs

LINES = st.lists(
    st.sampled_from(
        ["", "a = f(x)", "    return [1, 'two']", "def name(one, two):", "x", "a = g(x, y)"]
    ),
    max_size=8,
)


def at(text: str, hunk: Hunk, done: int, wrong: str) -> str:
    """Return a document in the middle of a hunk."""
    behind = text[hunk.start + len(hunk.removed) :]
    return text[: hunk.start] + hunk.target[:done] + wrong + hunk.closers(done) + behind


@given(LINES, LINES)
def test_the_old_text_becomes_the_new_one(old, new):
    text = "\n".join(old)
    for hunk in hunks(Blob(text), Blob("\n".join(new)), "seed"):
        assert text[hunk.start :].startswith(hunk.removed)
        last = hunk.keys[-1]
        assert (last.done, last.wrong, last.next) == (len(hunk.target), "", "move")
        text = at(text, hunk, last.done, last.wrong)
    assert text == "\n".join(new)


@given(LINES, LINES)
def test_each_key_says_what_the_next_one_does(old, new):
    for hunk in hunks(Blob("\n".join(old)), Blob("\n".join(new)), "seed"):
        for key, following in zip(hunk.keys, hunk.keys[1:], strict=False):
            assert key.pause_s > 0
            shrinks = len(following.wrong) < len(key.wrong)
            assert (key.next == "delete") == shrinks
            if key.next == "type" and not following.wrong:
                assert following.done > key.done
            assert following.done == key.done or not (key.wrong or following.wrong)


@given(LINES, st.integers(0, 200))
def test_going_on_behind_what_was_accepted_skips_nothing(new, done):
    for hunk in hunks(Blob("begin\nend"), Blob("\n".join(["begin", *new, "end"])), "seed"):
        place = min(done, len(hunk.target))
        rest = hunk.keys[hunk.after(place) :]
        assert all(key.done > place or (key.done == place and key.wrong) for key in rest[:1])
        assert rest or place == len(hunk.target)


def test_sessions_repeat_and_seeds_differ():
    old, new = Blob("a\n"), Blob("a\nvalue = compute(something, other)\nreturn value\n")
    assert hunks(old, new, "one") == hunks(old, new, "one")
    assert hunks(old, new, "one") != hunks(old, new, "two")


def test_a_changed_line_is_edited_where_it_differs():
    (hunk,) = hunks(Blob("x = call(alpha, beta)"), Blob("x = call(gamma, beta)"), "s")
    assert (hunk.start, hunk.removed, hunk.target) == (9, "alpha", "gamma")


def test_the_editor_closes_what_ends_on_its_line():
    target = "f(a, [b])\nd = {\n'x': don't # (\n"
    closed = [target[one] + target[other] for one, other in pairs(target, "\n")]
    assert sorted(closed) == ["''", "()", "[]"]
    assert pairs(target, "word") == ()


def test_gold_ends_where_the_editor_has_closed():
    new = "x = call(alpha)"
    (hunk,) = hunks(Blob(""), Blob(new), "s")
    inside = hunk.target.index("(") + 1
    assert hunk.gold(inside) == "alpha"
    assert hunk.closers(inside) == ")"
    assert hunk.gold(inside - 1) == "(alpha)"


def test_over_many_lines_there_are_typos_and_changes_of_mind():
    new = "\n".join(f"value_{n} = compute(something, another)" for n in range(60))
    (hunk,) = hunks(Blob(""), Blob(new), "s")
    kinds = [key.next for key in hunk.keys]
    assert kinds.count("delete") > 20
    assert kinds.count("move") == 1
    assert any(len(key.wrong) > 3 for key in hunk.keys)
    typed = sorted(key.pause_s for key in hunk.keys)
    assert 0.1 < typed[len(typed) // 2] < 0.2
