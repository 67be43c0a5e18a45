"""What is left of a document around an edit, and that what was left out can be put back."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.text import Span
from tandem.index.abridge import Abridged, Gap, Witness, abridged, missing
from tandem.index.carry import LeftOut
from tandem.index.facts import Definition, Kind
from tandem.index.trees import parsed
from tests.index.syntax.listing import known

PYTHON = known("python")
MEMBER = "    # About it.\n    def member_{0}(self):\n        return [self, {0}]\n\n"
SOURCE = (
    "import os\n"
    + "".join(f"def before_{n}():\n    pass\n\n" for n in range(40))
    + "class Big(Base):\n    'All of it.'\n\n"
    + "".join(map(MEMBER.format, range(100)))
    + "".join(f"def behind_{n}():\n    pass\n\n" for n in range(40))
).encode()


def around(source: bytes, start: int, end: int) -> Abridged | None:
    tree = parsed(source, PYTHON, None, None)
    assert tree is not None
    return abridged(tree.root_node, source, start, end, frozenset(["comment"]))


def absent(part: Abridged, data: bytes) -> Witness | None:
    tree = parsed(data, PYTHON, None, None)
    assert tree is not None
    return missing(part, tree.root_node)


def test_the_frame_and_the_neighbors_are_left():
    at = SOURCE.index(b"member_50")
    part = around(SOURCE, at, at)
    assert part is not None
    kept = part.data.decode()

    assert [f"member_{n}" in kept for n in (48, 49, 50, 51, 52, 99)] == [0, 1, 1, 1, 0, 1]
    assert [name in kept for name in ("import os", "class Big", "'All of it.'")] == [1, 1, 1]
    assert ["behind_0" in kept, "behind_2" in kept, "before_3(" in kept] == [1, 0, 0]
    assert kept.count("# About it.") == 4
    assert absent(part, part.data) is None


def test_a_witness_is_missed_where_the_structure_has_changed():
    at = SOURCE.index(b"    # About it.\n    def member_50")
    part = around(SOURCE, at, at)
    assert part is not None
    place = part.place(at)
    ends_early = part.data[:place] + b"x" + part.data[place + 1 :]
    opens = part.data[:place] + b"(" + part.data[place + 1 :]

    assert absent(part, ends_early) is not None
    assert absent(part, opens) is not None


def test_what_has_no_lines_is_not_abridged():
    source = b"f(1); " * 2_000
    assert around(source, 6_000, 6_000) is None


@given(st.integers(0, len(SOURCE)), st.integers(0, 60))
def test_nothing_that_is_touched_is_left_out(start, length):
    end = min(start + length, len(SOURCE))
    part = around(SOURCE, start, end)
    assert part is not None
    assert absent(part, part.data) is None
    for gap in part.gaps:
        assert gap.end <= start or gap.start >= end
        assert SOURCE[gap.start - 1 : gap.start] == b"\n"
        assert SOURCE.count(b"\n", 0, gap.start) == gap.line


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=5), st.integers(1, 9))
def test_places_are_put_back_where_they_were(stretches, rest):
    gaps, at = [], 0
    for kept, left_out in stretches:
        gaps.append(Gap(at + kept, at + kept + left_out, at + kept, at + kept + left_out))
        at += kept + left_out
    before = [0]
    for gap in gaps:
        before.append(before[-1] + gap.end - gap.start)
    part = Abridged(b"", tuple(gaps), Witness(0, -1, -1), (0, 0), tuple(before))
    out = LeftOut(tuple(Span(*gap[:2]) for gap in gaps), tuple(gap[2:] for gap in gaps))
    for place in range(at + rest):
        if any(gap.start <= place < gap.end for gap in gaps):
            assert out.divided([place]) == ([place], [])
            continue
        now = part.place(place)
        one = Definition("a", Kind.CLASS, Span(now, now + 1), now, now, "")
        (back,) = out.restored([one])
        assert (back.at, back.span.start, back.line) == (place, place, place)
        assert back.span.end == place + 1
        assert out.line_restored(now) == place
