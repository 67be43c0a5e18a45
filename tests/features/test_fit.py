"""What is kept of an answer: never more than was said, nothing that is there, nothing left open."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.text import Text
from tandem.features.inline.cut import cut, stops
from tandem.features.inline.fit import fit
from tandem.features.inline.gate import Shape
from tandem.features.inline.surroundings import Surroundings, look

CODE = st.text(alphabet="ab(){}[]'\" =,.:\n", max_size=60)
LINES = st.lists(
    st.sampled_from(["  a = 1", "    b()", "c", "", "}", "  }", "  f({", "\tx"]), max_size=12
)
LANGUAGES = st.sampled_from(["python", "typescript", "go", "rust", "ruby", "lua", "markdown", ""])


def at(source: str, language: str) -> tuple[Surroundings, tuple[str, ...]]:
    offset = source.index("$0")
    text = Text.of(source.replace("$0", ""))
    line, _ = text.point_at(offset)
    return look(text, offset, language), tuple(text.lines(line + 1, line + 9))


@given(CODE, CODE, CODE, LANGUAGES)
def test_a_line_is_one_line_and_invents_nothing(completion, before, after, language):
    seen, following = at(f"{before}$0{after}", language)
    shown = fit(completion, seen, Shape.LINE, following)

    assert "\n" not in shown
    assert shown == shown.rstrip()
    assert shown in completion


@given(LINES, LINES, LINES, LANGUAGES, st.booleans())
def test_a_block_never_says_more_than_was_said(said, above, below, language, partial):
    seen, following = at("\n".join([*above, "  $0", *below]), language)
    shown = fit("\n".join(said), seen, Shape.BLOCK, following, partial=partial)

    lines = [line.strip() for line in shown.split("\n") if line.strip()]
    given_lines = [line.strip() for line in said]
    assert all(any(line in whole for whole in given_lines) for line in lines)
    assert shown == shown.rstrip()


@given(LINES, LINES, LINES, LANGUAGES)
def test_what_ended_early_stays_ended(said, above, below, language):
    seen, _ = at("\n".join([*above, "  $0", *below]), language)
    text = "\n".join(said)
    for end in range(len(text)):
        early = cut(text[:end], seen, Shape.BLOCK)
        if early.enough:
            later = cut(text, seen, Shape.BLOCK)
            assert later.enough
            assert later.text == early.text
            break


@given(LINES, LINES, LANGUAGES)
def test_the_api_takes_the_stops(above, below, language):
    seen, _ = at("\n".join([*above, "  $0", *below]), language)
    for shape in Shape:
        found = stops(seen, shape)
        assert 0 < len(found) <= 16
        assert all(found)
