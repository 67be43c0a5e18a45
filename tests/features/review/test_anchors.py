"""Findings follow their lines through edits, or go with them; an undo brings them back."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Severity
from tandem.core.edits import Edit
from tandem.core.text import Span, Text
from tandem.features.review.anchors import Anchors
from tandem.features.review.findings import Finding

LINES = [f"line {number}" for number in range(12)]
TEXT = "\n".join(LINES) + "\n"


def finding(line: int, quote: str | None = None) -> Finding:
    said = LINES[line] if quote is None else quote
    return Finding("correctness", "a.py", line, said, Severity.ERROR, f"wrong in {line}")


def anchors(*lines: int) -> Anchors:
    return Anchors(Text.of(TEXT), [finding(line) for line in lines])


def at(found: Anchors) -> list[int]:
    return [line for _, line in found.shown()]


def insert(offset: int, new: str) -> Edit:
    return Edit(Span(offset, offset), new)


def test_what_is_typed_above_moves_a_finding_down():
    found = anchors(3)
    assert found.edit(insert(0, "new\nlines\n"))
    assert at(found) == [5]


def test_a_line_end_typed_before_a_line_takes_it_along():
    found = anchors(3)
    found.edit(insert(TEXT.index("line 3"), "\n"))
    assert at(found) == [4]


def test_a_line_end_typed_behind_a_line_leaves_it():
    found = anchors(3)
    found.edit(insert(TEXT.index("line 3") + len("line 3"), "\n    more"))
    assert at(found) == [3]


def test_a_line_that_changes_hides_its_finding_and_an_undo_brings_it_back():
    found = anchors(3)
    start = TEXT.index("line 3")
    found.edit(Edit(Span(start, start + 6), "mended"))
    assert at(found) == []
    found.edit(Edit(Span(start, start + 6), "line 3"))
    assert at(found) == [3]


def test_a_line_that_is_only_indented_keeps_its_finding():
    found = anchors(3)
    found.edit(insert(TEXT.index("line 3"), "    "))
    assert at(found) == [3]


def test_a_line_that_goes_takes_its_finding_and_not_its_twin():
    twin = Anchors(Text.of("same\nother\nsame\n"), [finding(0, "same")])
    twin.edit(Edit(Span(0, 5), ""))
    assert at(twin) == []


def test_a_text_that_is_sent_whole_keeps_what_stands():
    found = anchors(3, 7)
    new = TEXT.replace("line 7", "line seven").replace("line 0\n", "")
    found.edit(Edit(Span(0, len(TEXT)), new))
    assert at(found) == [2]


def test_a_finding_of_an_older_text_is_found_by_its_line():
    found = Anchors(Text.of("new\n" + TEXT), [finding(3)])
    assert at(found) == [4]


EDITS = st.lists(
    st.tuples(
        st.integers(0, 400), st.integers(0, 30),
        st.sampled_from(["", "x", "\n", "ab\ncd\n", "line 3", "line 3\n", "\n\n", "    "]),
    ),
    max_size=30,
)  # fmt: skip


@given(EDITS)
def test_what_is_shown_reads_as_when_it_was_found(edits):
    found = anchors(*range(12))
    text = Text.of(TEXT)
    for start, length, new in edits:
        begin = min(start, len(text))
        edit = Edit(Span(begin, min(begin + length, len(text))), new)
        found.edit(edit)
        text = text.replace(edit.span, edit.new)
        assert found.text.same_as(text)
        for one, line in found.shown():
            assert text.line(line).strip() == one.quote


@given(EDITS, st.integers(0, 11))
def test_edits_of_other_lines_never_lose_a_finding(edits, line):
    """Whole lines are put in and taken out elsewhere: the finding stays with its line."""
    found = anchors(line)
    lines: list[tuple[int, str]] = list(enumerate(LINES))
    for number, (start, length, _new) in enumerate(edits):
        place = start % (len(lines) + 1)
        cut = min(length % 3, len(lines) - place)
        if any(one == line for one, _ in lines[place : place + cut]):
            continue
        offset = sum(len(text) + 1 for _, text in lines[:place])
        size = sum(len(text) + 1 for _, text in lines[place : place + cut])
        found.edit(Edit(Span(offset, offset + size), f"new {number}\n"))
        lines[place : place + cut] = [(100 + number, f"new {number}")]
        assert at(found) == [[one for one, _ in lines].index(line)]
