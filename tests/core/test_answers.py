"""Forms in which models answer, and the ways in which they get them wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.answers import calls, json_object
from tandem.core.model import ToolCall
from tandem.core.reply import Reply

EDITS = '{"edits": [{"search": "a", "replace": "b"}, {"search": "c", "replace": "d"}]}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (EDITS, json.loads(EDITS)),
        (f"```json\n{EDITS}\n```", json.loads(EDITS)),
        (f"Here you are:\n```json\n{EDITS}\n```\nThat is all.", json.loads(EDITS)),
        (f"Here you are: {EDITS} I hope it helps.", json.loads(EDITS)),
        (f"{{not json}} {EDITS}", json.loads(EDITS)),
        ('{"text": "two\nlines"}', {"text": "two\nlines"}),  # a raw line end in a string
        (EDITS[:-22], {"edits": [{"search": "a", "replace": "b"}]}),  # cut off in the second
        ('{"a": 1, "b": "cut o', {"a": 1}),
        (f"```json\n{EDITS[:-22]}", {"edits": [{"search": "a", "replace": "b"}]}),
        ('{"a": "quoted \\" brace }", "b": [1, 2', {"a": 'quoted " brace }', "b": [1]}),
        ("", None),
        ("no object at all", None),
        ("[1, 2]", None),
        ("{" * 5_000, None),
    ],
)
def test_an_object_is_found_whatever_is_around_it(text: str, value: object) -> None:
    assert json_object(text) == value


def reply(text: str, *known: ToolCall) -> Reply:
    return Reply(text, "", known, None, None, "")


BAR, LOW = "\uff5c", "\u2581"  # what the template has in the place of | and _
V3 = (
    "<|tool_calls_begin|><|tool_call_begin|>function<|tool_sep|>edit\n"
    '```json\n{"search": "a", "replace": "b"}\n```<|tool_call_end|><|tool_calls_end|>'
)
V31 = '<|tool_call_begin|>edit<|tool_sep|>{"search": "a", "replace": "b"}<|tool_call_end|>'
DSML = (
    '<|DSML|function_calls><|DSML|invoke name="edit">'
    '<|DSML|parameter name="search" string="true">a</|DSML|parameter>'
    '<|DSML|parameter name="replace" string="true">b</|DSML|parameter>'
    "</|DSML|invoke></|DSML|function_calls>"
)


@pytest.mark.parametrize("leaked", [V3, V31, DSML, f"I will edit it. {V31}"])
@pytest.mark.parametrize(("bar", "low"), [(BAR, LOW), ("|", "_")])
def test_a_call_that_leaked_into_the_text_is_a_call(leaked, bar, low) -> None:
    (call,) = calls(reply(leaked.replace("|", bar).replace("_", low)))

    assert call.name == "edit"
    assert json.loads(call.arguments) == {"search": "a", "replace": "b"}


def test_parameters_that_are_no_strings_are_json() -> None:
    text = '<invoke name="read"><parameter name="line" string="false">3</parameter></invoke>'

    assert json.loads(calls(reply(text))[0].arguments) == {"line": 3}


def test_a_call_in_its_place_is_taken_as_it_is() -> None:
    known = ToolCall("1", "edit", "{}")

    assert calls(reply(V31, known)) == (known,)


@given(st.text() | st.text(alphabet='{}[]",:\\ntru1 ', max_size=300))
def test_nothing_raises(text: str) -> None:
    assert isinstance(json_object(text), dict | None)
    assert all(isinstance(json.loads(call.arguments), dict) for call in calls(reply(text)))


@given(st.dictionaries(st.text(), st.lists(st.text() | st.integers())), st.integers(0, 200))
def test_what_is_kept_of_a_cut_off_object_was_in_it(value, length) -> None:
    text = json.dumps(value)
    found = json_object(text[:length])
    for key, items in (found or {}).items():
        assert items == value[key][: len(items)]
