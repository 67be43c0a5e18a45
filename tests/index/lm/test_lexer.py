"""The lexer: what a token is, and that text survives being cut and put together again."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tandem.index.lm import lexer

CODE = st.text(alphabet="ab_1 ().,:='\"{}\t#-+*/é", max_size=60)


def squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text).strip()


def test_operators_carry_their_blanks_and_words_carry_none() -> None:
    tokens = lexer.lex_line("self.size = max(a, key=len)")

    expected = ["self", ".", "size", " = ", "max", "(", "a", ", ", "key", "=", "len", ")"]
    assert expected == tokens


def test_line_starts_tell_relative_indentation_and_blank_lines() -> None:
    tokens = lexer.lex("def f():\n    if x:\n        y\n    z\n\nw\n")

    starts = [token for token in tokens if token[0] == "\n"]
    assert starts == ["\n", "\n+", "\n+", "\n-", "\n\n-"]


def test_tabs_and_spaces_give_the_same_tokens() -> None:
    spaced = lexer.lex("a:\n    b:\n        c\nd")

    assert spaced == lexer.lex("a:\n\tb:\n\t\tc\nd")


def test_carriage_returns_do_not_reach_the_tokens() -> None:
    unix = lexer.lex(lexer.normalize("a\nb\n\nc\n"))

    assert unix == lexer.lex(lexer.normalize("a\r\nb\r\n\r\nc\r\n"))


def test_aligned_operators_count_as_one_token() -> None:
    assert lexer.canonical("     = ") == lexer.canonical("   = ") == "  = "


@given(CODE)
def test_rendering_the_tokens_of_a_line_gives_the_line(body: str) -> None:
    body = body.strip()
    rendered = lexer.render(lexer.lex_line(body))

    assert squeezed(body) == squeezed(rendered)


@given(CODE, CODE)
def test_lines_are_lexed_one_by_one(first: str, second: str) -> None:
    first, second = f"x{first.strip()}", f"y{second.strip()}"

    assert [*lexer.lex(first), "\n", *lexer.lex_line(second)] == lexer.lex(f"{first}\n{second}")


@given(st.text(max_size=12))
def test_a_shape_is_a_byte_and_only_the_separator_has_none(token: str) -> None:
    assert 0 <= lexer.shape(token) <= 255
    assert (lexer.shape(token) == 0) == (token == "")


def test_shapes_forget_names_and_keep_keywords() -> None:
    assert lexer.shape("alpha") == lexer.shape("beta_2") < lexer.NAME_SHAPES
    assert len({lexer.shape(word) for word in ("alpha", "Alpha", "ALPHA", "7", "return")}) == 5
