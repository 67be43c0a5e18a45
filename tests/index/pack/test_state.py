"""The pack over time: prefixes that go on, budgets that hold, a log that tells the truth."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index.pack import layout, state
from tandem.index.pack.compact import Options, Reason
from tandem.index.pack.layout import Entry, Level
from tandem.index.pack.state import State
from tests.index.pack import worlds
from tests.index.pack.worlds import RATE, moment

MANY = Options(turns=4)


def walked(steps, options) -> list[State]:
    """Return the states of a pack over some steps."""
    now = 0
    states = [state.begin(steps[0].tree, moment(), options)]
    for step in steps:
        now += step.wait_s
        at = moment(now, step.model, step.system)
        current = state.advance(states[-1], step.tree, at, options)
        for _ in range(step.calls):
            current = state.called(current, at, options)
        states.append(current)
    return states


histories = st.lists(worlds.steps, min_size=1, max_size=6)


@given(histories, worlds.options)
def test_a_prefix_goes_on_unless_the_compaction_log_says_so(steps, options):
    states = walked(steps, options)
    for before, after in pairwise(states):
        if len(after.history) == len(before.history):
            assert state.prefix(after).startswith(state.prefix(before))
        else:
            kept = after.history[-1].kept
            assert len(after.history) == len(before.history) + 1
            assert after.turns[:kept] == before.turns[:kept]


@given(histories, worlds.options)
def test_a_pack_is_never_over_its_budget(steps, options):
    for current in walked(steps, options):
        carried = state.load(current, options)
        assert carried.snapshot + carried.log <= options.budget
        assert all(s.tokens > 0 for s in state.sections(current, "", "t", options.estimate))


@given(histories, worlds.options)
def test_the_log_applied_to_the_snapshot_gives_what_is_shown(steps, options):
    for step, current in zip([steps[0], *steps], walked(steps, options), strict=True):
        assert worlds.replayed(current) == worlds.visible(current)
        assert current.shown.keys() >= step.tree.keys()
        for path, entry in step.tree.items():
            file = current.shown[path]
            assert file.path == path
            if file.level in {Level.FULL, Level.SKELETON}:
                shown = entry.text if file.level is Level.FULL else entry.skeleton
                assert file.text == shown


@given(histories, worlds.options, st.randoms())
def test_the_order_of_the_input_changes_nothing(steps, options, chance):
    def shuffled(tree: dict[str, Entry]) -> dict[str, Entry]:
        items = list(tree.items())
        chance.shuffle(items)
        return dict(items)

    mixed = [replace(step, tree=shuffled(step.tree)) for step in steps]

    assert walked(steps, options) == walked(mixed, options)


@given(histories, worlds.options)
def test_the_sections_joined_are_the_messages(steps, options):
    current = walked(steps, options)[-1]
    parts = state.sections(current, "focus", "task", options.estimate)
    sent = state.messages(current, "focus", "task")

    assert "".join(part.text for part in parts) == "".join(message.content for message in sent)
    assert "".join(message.content for message in sent).startswith(state.prefix(current))
    roles = [message.role for message in sent]
    assert roles == ["system"] + ["user", "assistant"] * len(current.turns) + ["user"]


def tree(sizes=(40_000,) * 8, changed=0) -> dict[str, Entry]:
    """Return files of some sizes in tokens, a later file changed later."""
    return {
        f"f{n}.py": Entry(f"x = {n:03d}\n" * (size * 35 // 80), changed=changed + n)
        for n, size in enumerate(sizes)
    }


def edited(old: dict[str, Entry], path: str, line: str, changed: int) -> dict[str, Entry]:
    """Return the tree with a line added to a file."""
    entry = old[path]
    return {**old, path: replace(entry, text=entry.text + line, changed=changed)}


def test_files_lie_in_the_order_of_their_last_change():
    entries = {"b": Entry("b\n", changed=1), "c": Entry("c\n"), "a": Entry("a\n", changed=1)}
    current = state.begin(entries, moment(), Options())

    assert [file.path for turn in current.turns for file in turn.files] == ["c", "a", "b"]


def test_a_change_is_appended_and_the_turns_stay_the_same_values():
    before = state.begin(tree(), moment(), MANY)
    after = state.advance(before, edited(tree(), "f2.py", "new\n", 9), moment(), MANY)

    assert after.turns is before.turns
    assert after.log[0].text.startswith('<change number="1">\n--- a/f2.py\n')
    assert after.log[0].text.endswith("+new\n</change>\n")


Files = dict[str, Entry]


def until_cut(files: Files, edits: Callable[[Files, int], Files]) -> tuple[State, State]:
    """Make edits, two calls after each, until there is a compaction; return first and last."""
    options = MANY
    first = current = state.begin(files, moment(), options)
    for n in range(1, 500):
        files = edits(files, n)
        current = state.advance(current, files, moment(), options)
        if len(current.history) > 1:
            assert worlds.replayed(current) == {path: e.text for path, e in files.items()}
            return first, current
        for _ in range(2):
            current = state.called(current, moment(), options)
    raise AssertionError("never cut")


def test_at_the_cap_only_the_tail_is_rewritten():
    def grow(files, n):
        return edited(files, "f7.py", f"value = {n}\n" * 300, 100 + n)

    before, after = until_cut(tree(), grow)
    last = after.history[-1]

    assert last.reason is Reason.QUALITY
    assert 0 < last.kept == len(before.turns) - 1
    assert after.log == ()
    kept = state.primes(before)[last.kept - 1]
    assert state.primes(after)[0][: len(kept)] == kept


def test_a_small_change_in_old_files_stays_a_diff_when_the_tail_is_cut():
    def grow(files, n):
        files = edited(files, "f0.py", "old = 1\n", 50) if n == 1 else files
        return edited(files, "f7.py", f"value = {n}\n" * 300, 100 + n)

    _, after = until_cut(tree(), grow)

    assert after.history[-1].kept > 0
    assert [item.new for change in after.log for item in change.diffs] == ["f0.py"]


def test_a_log_that_takes_itself_back_is_merged_and_the_snapshot_stays():
    def swing(files: Files, n: int) -> Files:
        lines = "".join(f"line_{k} = {n % 2}\n" for k in range(600))
        return {**files, "f0.py": Entry(lines, changed=n)}

    before, after = until_cut(swing(tree(), 0), swing)

    assert after.turns is before.turns
    assert after.log == ()
    assert after.history[-1].reason is Reason.QUALITY
    assert state.primes(after) == ()


@pytest.mark.parametrize("change", ["later", "model", "system"])
def test_a_cold_cache_makes_a_compaction_free(change):
    files = tree()
    before = state.advance(
        state.begin(files, moment(), MANY), edited(files, "f0.py", "a\n", 9), moment(), MANY
    )
    at = {
        "later": moment(MANY.ttl_s + 1),
        "model": moment(model="flash"),
        "system": moment(system="Other."),
    }[change]
    after = state.advance(before, edited(files, "f0.py", "a\n", 9), at, MANY)

    assert after.history[-1].reason is Reason.COLD
    assert after.history[-1].kept == 0
    assert after.log == ()
    assert [file.path for turn in after.turns for file in turn.files][-1] == "f0.py"


def test_nothing_is_cut_where_nothing_changed():
    before = state.begin(tree(), moment(), MANY)
    after = state.advance(before, tree(), moment(10**9, model="flash"), MANY)

    assert after == replace(before, model="flash")


def test_carrying_is_paid_until_it_has_cost_what_rewriting_does():
    options = replace(MANY, log_percent=100)
    files = edited(tree(), "f7.py", "y = 1\n" * 5000, 99)
    current = state.advance(state.begin(tree(), moment(), options), files, moment(), options)
    carried = state.load(current, options)
    due = -(-(RATE.miss - RATE.hit) * carried.stale // (RATE.hit * carried.excess))
    for _ in range(due - 1):
        current = state.called(current, moment(), options)
    assert state.advance(current, files, moment(), options) == current
    current = state.called(current, moment(), options)
    cut = state.advance(current, files, moment(), options)

    assert cut.history[-1].reason is Reason.PRICE


def test_a_codebase_over_the_window_leaves_room_for_a_log():
    big = {
        path: replace(entry, skeleton="def f()", rank=1.0 if path == "f3.py" else 0.0)
        for path, entry in tree().items()
    }
    options = Options(window=200_000)
    current = state.begin(big, moment(), options)
    levels = {path: file.level for path, file in current.shown.items()}

    assert levels["f3.py"] is Level.FULL
    assert Level.SKELETON in levels.values()
    assert state.load(current, options).snapshot <= options.snapshot_budget
    after = state.advance(current, edited(big, "f3.py", "n\n", 99), moment(), options)
    assert len(after.history) == 1


def test_a_renamed_file_is_a_rename_in_the_log():
    files = tree((2_000, 2_000))
    moved = {"moved.py": edited(files, "f0.py", "more\n", 9)["f0.py"], "f1.py": files["f1.py"]}
    options = Options()
    before = state.begin(files, moment(), options)
    after = state.advance(before, moved, moment(), options)

    assert "rename from f0.py\nrename to moved.py\n" in after.log[0].text
    assert after.log[0].tokens < 100
    assert worlds.replayed(after) == {path: entry.text for path, entry in moved.items()}


def test_a_long_new_file_comes_as_its_signatures():
    files = tree((3_000,))
    new = {**files, "new.py": Entry("x = 1\n" * 9_000, "def new_one()", changed=5)}
    options = Options()
    after = state.advance(state.begin(files, moment(), options), new, moment(), options)

    assert after.shown["new.py"].level is Level.SKELETON
    assert 'Only signatures of "new.py" are shown.\n' in after.log[0].text
    assert "+def new_one()\n" in after.log[0].text


def test_primes_end_where_turns_end():
    current = state.begin(tree(), moment(), MANY)
    sent = state.messages(current, "", "task")

    assert len(current.turns) == 4
    assert [len(prime) for prime in state.primes(current)] == [2, 4, 6, 8]
    assert all(prime == sent[: len(prime)] for prime in state.primes(current))


def test_without_a_pack_there_is_focus_and_task_only():
    sent = layout.without_pack("system", "the diff", "Review it.")

    assert [message.content for message in sent] == [
        "system",
        "<focus>\nthe diff\n\\ No newline at end of file\n</focus>\nReview it.",
    ]


SCRIPT = """
import hashlib, random, sys
from tandem.index.pack import persist, state
from tandem.index.pack.compact import Options, Rate
from tandem.index.pack.layout import Entry
names = [f"{c}{n}.py" for n in range(60) for c in ("a", "B", "\\u00e9", "_")]
random.Random(sys.argv[1]).shuffle(names)
files = {n: Entry(f"{n} = 1\\n" * 40, "s", len(n), 0.1) for n in set(names)}
options = Options(window=45_000)
at = state.Moment("pro", "system", Rate(22_000, 660_000), 0)
now = state.begin(files, at, options)
files["B3.py"] = Entry("changed\\n", "s", 9)
del files["a5.py"]
now = state.advance(now, files, at, options)
assert now.log and len({f.level for f in now.shown.values()}) > 1
print(hashlib.sha256(persist.dump(now) + state.prefix(now).encode()).hexdigest())
"""


def test_hash_seeds_and_locales_change_nothing():
    root = Path(__file__).parents[3] / "server"
    seen = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, seed],
            env={"PYTHONPATH": str(root), "PYTHONHASHSEED": seed, "LC_ALL": locale},
            capture_output=True,
            check=True,
        ).stdout
        for seed, locale in (("1", "C"), ("2", "tr_TR.UTF-8"), ("3", "C.UTF-8"))
    }

    assert len(seen) == 1
