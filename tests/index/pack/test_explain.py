"""Planted differences between two prompts are found: the byte, the file, the cause, the cost."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.money import Usd
from tandem.index.pack import state
from tandem.index.pack.compact import Options
from tandem.index.pack.explain import Break, Cause, Prompt, explain
from tandem.index.pack.layout import Entry, Kind
from tests.index.pack import worlds
from tests.index.pack.worlds import RATE, moment

OPTIONS = Options(estimate=lambda text, _language: max(1, len(text) // 4))


def prompt(tree: dict[str, Entry], focus: str = "focus", task: str = "task") -> Prompt:
    current = state.begin(tree, moment(), OPTIONS)
    return Prompt(state.sections(current, focus, task, OPTIONS.estimate))


FILES = {f"{name}.py": Entry(f"# é\n{name} = 1\n" * 20) for name in "abcd"}


def at(found: Break, before: Prompt, after: Prompt) -> None:
    """Check that the byte is the first that differs."""
    old, new = (
        "".join(part.text for part in p.prefix).encode("utf-8", "surrogatepass")
        for p in (before, after)
    )
    assert old[: found.byte] == new[: found.byte]
    assert old[found.byte : found.byte + 1] != new[found.byte : found.byte + 1]


def test_a_changed_file_is_named_with_its_byte():
    before = prompt(FILES)
    changed = {**FILES, "c.py": Entry(FILES["c.py"].text.replace("c = 1", "c = 2", 3))}
    after = prompt(changed)
    found = explain(before, after, RATE)

    assert found is not None
    at(found, before, after)
    assert (found.section.kind, found.section.name) == (Kind.FILE, "c.py")
    assert found.cause is Cause.CONTENT
    assert found.byte_in_section == len('<file path="c.py">\n# é\nc = '.encode())
    assert found.cost == Usd(found.lost * (RATE.miss - RATE.hit))
    rest = [part.tokens for part in after.prefix if part.name in {"c.py", "d.py"}]
    assert sum(rest) * 9 // 10 < found.lost < sum(rest) * 11 // 10


def test_swapped_files_are_an_order():
    before = prompt(FILES)
    after = prompt({**FILES, "b.py": replace(FILES["b.py"], changed=1)})
    found = explain(before, after, RATE)

    assert found is not None
    at(found, before, after)
    assert found.section.name == "c.py"
    assert found.cause is Cause.ORDER


def test_a_file_that_is_gone_is_a_content():
    found = explain(prompt(FILES), prompt({k: v for k, v in FILES.items() if k != "b.py"}), RATE)

    assert found is not None
    assert (found.section.name, found.cause) == ("c.py", Cause.CONTENT)


def test_a_compaction_says_so():
    before = prompt(FILES)
    after = replace(prompt({**FILES, "a.py": Entry("new\n")}), cuts=1)
    found = explain(before, after, RATE)

    assert found is not None
    assert (found.section.name, found.cause) == ("a.py", Cause.COMPACTION)


def test_a_shorter_prefix_breaks_where_it_ends():
    before = prompt(FILES)
    after = Prompt(before.prefix[:3])
    found = explain(before, after, RATE)

    assert found is not None
    assert found.section == before.prefix[3]
    assert (found.byte_in_section, found.lost) == (0, 0)


@pytest.mark.parametrize("focus", ["", "other"])
def test_another_focus_or_task_is_no_break(focus):
    assert explain(prompt(FILES), prompt(FILES, focus, "other task"), RATE) is None


@given(st.lists(worlds.trees, min_size=2, max_size=4), worlds.options)
def test_there_is_a_report_if_and_only_if_the_prefix_broke(trees, options):
    states = [state.begin(trees[0], moment(), options)]
    for tree in trees[1:]:
        states.append(state.advance(states[-1], tree, moment(), options))
    for old, new in pairwise(states):
        before, after = (
            Prompt(state.sections(s, "", "t", options.estimate), len(s.history)) for s in (old, new)
        )
        found = explain(before, after, RATE)
        assert (found is None) == state.prefix(new).startswith(state.prefix(old))
        if found is not None:
            assert found.cause is Cause.COMPACTION
            assert 0 <= found.lost <= sum(part.tokens for part in before.prefix)
