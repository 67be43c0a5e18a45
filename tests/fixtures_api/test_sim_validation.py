"""What the API refuses, in its own words."""

from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.api.errors import ApiError
from fixtures.api.requests import parse_chat, parse_fim
from fixtures.api.strict import check_strict_tools

HELLO = {"model": "deepseek-flash", "messages": [{"role": "user", "content": "hello"}]}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
CALLING = {"role": "assistant", "content": "", "tool_calls": [{"id": "c1"}]}
OFF = {"thinking": {"type": "disabled"}}
FIM = {"model": "deepseek-flash", "prompt": "x"}


def refused(parse, body, **keywords) -> tuple[int, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(ApiError) as caught:
        parse(raw, **keywords)
    return caught.value.answer.status, json.loads(caught.value.answer.body)["error"]["message"]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"model": "gpt-4o"}, 400, "names are deepseek-flash, deepseek-v4-pro, but you passed gp"),
        ({"model": None}, 422, "missing field `model`"),
        ({"messages": None}, 422, "missing field `messages`"),
        ({"messages": []}, 400, "Empty input messages"),
        ({"messages": ["hello"]}, 422, "messages: expected a sequence of maps"),
        ({"messages": [{"role": "robot"}]}, 422, "messages[0]: unknown variant `robot`"),
        ({"max_tokens": 0}, 400, "the valid range of max_tokens is [1, 393216]"),
        ({"max_tokens": 393_217}, 400, "the valid range of max_tokens is [1, 393216]"),
        ({"max_tokens": "9"}, 422, "max_tokens: expected an integer"),
        ({"temperature": 2.1}, 400, "Invalid temperature value"),
        ({"stop": ["x"] * 17}, 400, "at most 16"),
        ({"stream": 1}, 422, "stream: expected a boolean"),
        ({"stream_options": {"include_usage": True}}, 400, "along with stream = true"),
        ({"thinking": {"type": "maybe"}}, 422, "unknown variant `maybe`"),
        ({"reasoning_effort": "huge"}, 422, "unknown variant `huge`"),
        ({"user_id": "u" * 513}, 400, "at most 512 bytes"),
        ({"response_format": {"type": "json_object"}}, 400, "must contain the word 'json'"),
        ({"response_format": {"type": "json_schema"}}, 400, "type is unavailable now"),
        ({"tools": [TOOL], "tool_choice": "required"}, 400, "does not support this tool_choice"),
        ({"tools": [{"type": "function"}]}, 422, "tools[0]: missing field `function`"),
        (
            {"messages": [{"role": "assistant", "content": "```", "prefix": True}]},
            400,
            'prefix is only available when using beta api (set base_url="https://api.deep',
        ),
        ({"messages": [CALLING]}, 400, "insufficient tool messages"),
        ({"messages": [{"role": "tool", "tool_call_id": "c1"}]}, 400, "with 'tool_calls'"),
        (
            {
                "tools": [TOOL],
                "messages": [*HELLO["messages"], {"role": "assistant", "content": "hi"}],
            },
            400,
            "The reasoning_content in the thinking mode must be passed back to the API.",
        ),
    ],
)
def test_chat_refusals(change, status, words):
    got_status, message = refused(parse_chat, {**HELLO, **change}, beta=False)
    assert got_status == status
    assert words in message


def test_a_body_that_is_not_json_is_refused():
    assert refused(parse_chat, b"{", beta=False)[0] == 400
    assert refused(parse_fim, b"[]")[0] == 422


def test_fim_refusals():
    assert "range of max_tokens is [1, 4096]" in refused(parse_fim, {**FIM, "max_tokens": 4097})[1]
    assert refused(parse_fim, {"model": "deepseek-flash"})[1].endswith("missing field `prompt`")


def test_what_thinking_forbids_is_allowed_without_it():
    body = {
        **HELLO,
        **OFF,
        "tools": [TOOL],
        "tool_choice": "required",
        "messages": [*HELLO["messages"], {"role": "assistant", "content": "hi"}],
    }
    assert parse_chat(json.dumps(body).encode(), beta=False).effort == ""


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("minimal", "low"), ("medium", "high"), ("xhigh", "high"), ("ultra", "max"), (None, "high")],
)
def test_efforts_are_mapped(sent, meant):
    body = json.dumps({**HELLO, "reasoning_effort": sent}).encode()
    assert parse_chat(body, beta=False).effort == meant


def schema(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def strict(parameters: object) -> list[dict[str, object]]:
    return [{"name": "look", "strict": True, "parameters": parameters}]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (None, "missing field `parameters`"),
        ({"type": "string"}, "root must be of type object"),
        (schema(), "An object with no properties is not allowed"),
        ({**schema(a={"type": "string"}), "required": []}, "all properties must be required"),
        ({**schema(a={"type": "string"}), "additionalProperties": {}}, "invalid type: map"),
        ({**schema(a={"type": "string"}), "additionalProperties": True}, "must be false"),
        (schema(a={"type": ["string", "null"]}), "unknown variant"),
        (schema(a={"type": "string", "format": "uri"}), "unknown variant `uri`"),
        (schema(a={"type": "array", "items": {}}), "missing field `type`"),
        (schema(a={"anyOf": [{"enum": ["x"]}]}), "field `anyOf`: missing field `type`"),
        (schema(a={"type": "array", "items": {"type": "string"}, "minItems": 1}), "`minItems`"),
    ],
)
def test_strict_schemas_that_are_refused(parameters, words):
    with pytest.raises(ApiError) as caught:
        check_strict_tools(strict(parameters))
    assert words in str(caught.value)


def test_strict_tools_are_all_strict_and_only_checked_on_beta():
    good = schema(a={"anyOf": [{"type": "string"}, schema(b={"$ref": "#/$defs/x"})]})
    check_strict_tools(strict({**good, "$defs": {"x": {"type": "integer"}}}))
    with pytest.raises(ApiError, match="All functions"):
        check_strict_tools([*strict(good), {"name": "other", "parameters": good}])
    tool = {"type": "function", "function": strict(schema())[0]}
    body = json.dumps({**HELLO, "tools": [tool]}).encode()
    assert parse_chat(body, beta=False).tools
    assert "no properties" in refused(parse_chat, body, beta=True)[1]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        *["role", "content", "tool_calls", "tool_call_id", "function", "name", "strict"],
        *["parameters", "type", "properties", "required", "additionalProperties", "items"],
        *["anyOf", "prefix", "id", "include_usage"],
    ]
)
OBJECTS = st.dictionaries(NAMES, ANY | st.sampled_from(["user", "assistant", "tool"]))
MEMBERS = st.sampled_from(
    [
        *["thinking", "tools", "tool_choice", "stop", "response_format", "stream_options"],
        *["user_id", "max_tokens", "stream", "reasoning_effort", "temperature", "messages"],
        *["model", "suffix", "logprobs"],
    ]
)


@given(st.dictionaries(MEMBERS, ANY | OBJECTS | st.lists(OBJECTS, max_size=3)))
def test_any_json_is_answered_with_a_documented_error_or_taken(change):
    raw = json.dumps({**HELLO, "prompt": "x", **change}).encode()
    for parse in (partial(parse_chat, beta=True), parse_fim):
        assert outcome(parse, raw) in {200, 400, 422}


def outcome(parse, raw: bytes) -> int:
    try:
        parse(raw)
    except ApiError as error:
        return error.answer.status
    return 200
