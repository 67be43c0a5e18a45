"""How a small model is asked: which path, what window, what is healed. Pure."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.model import ExtraFile, FimRequest, TextDelta
from tandem.providers.small_model import Ability, exchange

SMALL, LARGE = Ability(small=True, middle=True), Ability(small=False, middle=True)
NO_MIDDLE = Ability(small=False, middle=False)
LINE, BLOCK = ("\n",), ("\n\n\n",)
REST, FOLLOWED = "\nnext = 1\n", ")\nnext = 1\n"


def asked(prompt: str, suffix: str = REST, stop: tuple[str, ...] = LINE, ability: Ability = SMALL):
    return exchange(ability, FimRequest("local/x", prompt, suffix, 32, stop))


def held(body) -> str:
    """Return what the grammar forces."""
    if "grammar" not in body:
        return ""
    quoted = re.fullmatch(r'root ::= ("(?:[^"\\]|\\.)*") \[\^\\n\]\* "\\n"\?', body["grammar"])
    assert quoted
    return str(json.loads(quoted[1]))


def said(one, *pieces: str) -> str:
    """Return what is left of an answer that comes in pieces."""
    events = [event for piece in pieces for event in one.events({"content": piece, "stop": False})]
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("ability", "suffix", "stop", "path"),
    [
        (SMALL, REST, LINE, "/completion"),
        (SMALL, "  " + REST, LINE, "/completion"),
        (SMALL, "", LINE, "/completion"),
        (SMALL, FOLLOWED, LINE, "/infill"),
        (SMALL, REST, BLOCK, "/infill"),
        (LARGE, REST, LINE, "/infill"),
        (NO_MIDDLE, FOLLOWED, LINE, "/completion"),
        (NO_MIDDLE, REST, BLOCK, "/completion"),
    ],
)
def test_a_small_model_sees_both_sides_only_where_it_must(ability, suffix, stop, path):
    one = asked("x = foo(", suffix, stop, ability)

    assert one.path == path
    assert ("t_max_predict_ms" in one.body) is (stop == BLOCK)
    assert one.headers == {"Connection": "close"}


@pytest.mark.parametrize(
    ("prompt", "off"),
    [
        ("    retu", " retu"),
        ("\tretu", "\tretu"),
        ("self.na", ".na"),
        ("f(", "("),
        ("x = ", " "),
        ("x", "x"),
        ('say("', '"'),
        ("a\\", "\\"),
        ("größ", "größ"),
        ("x = 1\n", ""),
        ("", ""),
    ],
)
def test_the_last_word_and_the_character_before_it_are_forced(prompt, off):
    one = asked(prompt)

    assert held(one.body) == off
    assert one.body["prompt"] == prompt.removesuffix(off)
    assert said(one, *f"{off}rest") == "rest"
    assert said(asked(prompt), off[:1], f"{off[1:]}re", "st") == "rest"


@given(st.text(max_size=60), st.integers(0, 8))
def test_nothing_is_lost_and_nothing_is_said_twice(prompt, size):
    one = asked(prompt)
    answer = f"{held(one.body)}abc"
    pieces = [answer[at : at + size + 1] for at in range(0, len(answer), size + 1)]

    assert said(one, *pieces) == "abc"
    assert one.body["prompt"] + held(one.body) == prompt or "|" in prompt or "<" in prompt
    assert "\n" not in held(one.body)


@given(st.integers(1, 120), st.integers(0, 5_000), st.integers(0, 40))
def test_the_window_is_bounded_and_stays_while_a_line_is_typed(width, size, typed):
    line = "a" * width + "\n"
    text = (line * (size // len(line) + 1))[:size]
    before = asked(text, stop=BLOCK, ability=LARGE).body["input_prefix"]
    after = asked(text + "b" * typed, stop=BLOCK, ability=LARGE).body["input_prefix"]

    assert text.endswith(before)
    assert len(before) <= 2_000
    assert len(before) == len(text) or len(before) >= 1_000
    moved = (size + typed - 1_500 + 499) // 500 != (size - 1_500 + 499) // 500
    assert after == before + "b" * typed or moved


def test_a_suffix_is_cut_at_a_line_end_and_other_files_are_left_out():
    request = FimRequest("m", "p", "one\n" * 200, 8, BLOCK, extra=(ExtraFile("a.py", "text"),))
    body = exchange(LARGE, request).body
    assert body["input_suffix"] == "one\n" * 75
    assert body["input_extra"] == []
    long = exchange(LARGE, FimRequest("m", "p", "x" * 500, 8, BLOCK)).body
    assert long["input_suffix"] == "x" * 300


def test_special_tokens_in_a_text_are_text():
    one = asked("a = '<|fim_prefix|>' + <file_sep>\nb")

    assert "<|fim_prefix|>" not in one.body["prompt"]
    assert "<file_sep>" not in one.body["prompt"]
    assert re.sub("\u200b", "", one.body["prompt"]) == "a = '<|fim_prefix|>' + <file_sep>\n"
    assert said(one, "b", "<\u200b|fim_suffix|>") == "<|fim_suffix|>"
    assert asked("List<int> a = <div>x").body["prompt"] == "List<int> a = <div"
