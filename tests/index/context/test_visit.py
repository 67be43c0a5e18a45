from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.core.text import Span, Text
from tandem.core.tokens import estimate
from tandem.index.context.block import Block, Section, Source
from tandem.index.context.visit import (
    APPENDED,
    ELSEWHERE,
    FROZEN,
    LONGEST,
    SUFFIX,
    TAIL,
    Entered,
    Moved,
    advance,
    enter,
    render,
)

PATH = "a/b.py"
FILE = Text.of("".join(f"def function_{n}(argument):\n    return {n}\n\n" for n in range(400)))


def block(text: str) -> Block:
    section = Section.of(
        Source.WINDOW, "c.py", ((0, 3),), why="w", text=f"# c.py\n{text}\n", language="python"
    )
    return Block.of([section], "python")


def at(line: int) -> int:
    return FILE.line_start(line)


def entered(line: int, text: Text = FILE):
    return enter(Entered(PATH, text, text.line_start(line), block("frozen = 1")))


def test_the_order_of_a_prompt():
    visit = advance(entered(300), Moved(FILE, at(900), block("appended = 2")))
    prompt, suffix = render(visit, FILE, at(900) + 4)
    frozen, tail = prompt.index("frozen = 1"), prompt.index("function_110(")
    appended, own = prompt.index("appended = 2"), prompt.index("function_299(")
    assert frozen < tail < appended < own
    assert prompt.endswith("\ndef ")
    assert suffix.startswith("function_300")
    assert suffix.count("\n") == SUFFIX


def test_typing_repeats_all_but_the_end():
    visit, text, prompts = entered(600), FILE, []
    for n, char in enumerate("result = compute(first, second)\n" * 3):
        offset = at(600) + n
        text = text.replace(Span(offset, offset), char)
        visit = advance(visit, Moved(text, offset + 1))
        prompts.append(render(visit, text, offset + 1)[0])
    assert all(after.startswith(before) for before, after in pairwise(prompts))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1199), st.booleans()), min_size=1, max_size=12))
def test_a_prompt_is_bounded_and_begins_with_the_blocks_wherever_one_goes(moves):
    visit = entered(moves[0][0])
    frozen = visit.blocks[0].text
    for line, asked in moves:
        before = visit
        more = block(f"more_{line} = 1") if asked else None
        visit = advance(visit, Moved(FILE, at(line), more))
        assert visit.blocks[: len(before.blocks)] == before.blocks
        prompt, suffix = render(visit, FILE, at(line))
        assert prompt.startswith(frozen)
        own = prompt.rpartition(f"# {PATH}\n")[2]
        assert FILE.slice(0, at(line)).endswith(own)
        assert estimate(own, "python") <= LONGEST
        assert (prompt + suffix).count(f"# {PATH}\n") == 1


def test_the_anchor_stays_while_it_can_and_starts_a_line():
    visit = entered(600)
    near = advance(visit, Moved(FILE, at(615)))
    far = advance(visit, Moved(FILE, at(1100)))
    assert near.anchor == visit.anchor
    assert far.anchor != visit.anchor
    assert all(FILE.line_start(FILE.point_at(v.anchor)[0]) == v.anchor for v in (visit, far))


def test_an_appended_block_moves_the_anchor_for_free():
    visit = entered(600)
    assert advance(visit, Moved(FILE, at(640), block("x"))).anchor > visit.anchor


def test_elsewhere_is_far_from_the_last_place():
    visit = entered(300)
    assert not visit.elsewhere(300 + ELSEWHERE)
    assert visit.elsewhere(301 + ELSEWHERE)
    assert not advance(visit, Moved(FILE, at(900), Block())).elsewhere(900)


def test_a_visit_is_full_after_enough_has_been_appended():
    visit = entered(300)
    for n in range(40):
        if visit.full:
            break
        visit = advance(visit, Moved(FILE, at(n), block("y = 1\n" * 150)))
    assert 2 <= len(visit.blocks) <= 20
    assert visit.full
    assert not advance(visit, Entered(PATH, FILE, 0, Block())).full


def test_the_tail_is_what_follows_the_suffix():
    (section,) = (s for s in entered(300).blocks[0].sections if s.source is Source.TAIL)
    ((first, last),) = section.lines
    assert first == 300 + SUFFIX + 1
    assert section.tokens <= TAIL * 1.1
    assert section.text.endswith("\n".join(FILE.lines(first, last)) + "\n")


@pytest.mark.parametrize("line", [1190, 1199, 1200])
def test_no_tail_at_the_end_of_a_file(line):
    assert [s.source for s in entered(line).blocks[0].sections] == [Source.WINDOW]


@pytest.mark.parametrize("text", ["", "x", "x\r\ny\r\n", "a" * 30_000])
def test_any_file_can_be_entered(text):
    whole = Text.of(text)
    for offset in {0, len(text) // 2, len(text)}:
        visit = enter(Entered("x.unknown", whole, offset, Block()))
        prompt, suffix = render(visit, whole, offset)
        assert text.replace("\r\n", "\n").startswith(suffix) or suffix in text.replace("\r\n", "\n")
        assert "\r\n" not in prompt + suffix


def test_what_is_appended_is_small_beside_what_is_frozen():
    assert 2 * APPENDED < FROZEN
