"""The wire, pure: decoded chunks to events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.errors import Failure, ModelError
from tandem.core.model import (
    Billed,
    Event,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from tandem.providers.codec import events, usage_of

STOP = Stopped(Stop.END, "m")


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ({"choices": [{"text": "a", "index": 0}]}, [TextDelta("a")]),
        ({"choices": [{"delta": {"content": "1"}, "index": 0}]}, [TextDelta("1")]),
        ({"choices": [{"delta": {"reasoning_content": "r"}}]}, [ReasoningDelta("r")]),
        ({"choices": [{"delta": {"reasoning_content": "r", "content": "c"}}]},
         [ReasoningDelta("r"), TextDelta("c")]),
        ({"choices": [{"delta": {"content": None, "reasoning_content": None}}]}, []),
        ({"choices": [{"delta": {"role": "assistant", "content": ""}}]}, []),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}], "model": "m"}, [STOP]),
        ({"choices": [{"text": "", "finish_reason": "stop"}], "model": "m"}, [STOP]),
        ({"choices": [{"text": "x", "finish_reason": "length"}], "model": "m"},
         [TextDelta("x"), Stopped(Stop.LENGTH, "m")]),
        ({"choices": [{"finish_reason": "content_filter"}]}, [Stopped(Stop.FILTERED, "")]),
        ({"choices": [{"finish_reason": "insufficient_system_resource"}]},
         [Stopped(Stop.NO_CAPACITY, "")]),
        ({"choices": [{"finish_reason": "tool_calls"}]}, [Stopped(Stop.TOOL_CALLS, "")]),
        ({"choices": [{"finish_reason": "a later one"}], "model": "m"}, [STOP]),
        ({"choices": [{"finish_reason": None, "text": "a"}]}, [TextDelta("a")]),
        ({"choices": []}, []),
        ({"choices": [], "usage": None}, []),
        ({"choices": [{}]}, []),
        ({"choices": [None, 3, "x"]}, []),
    ],
)  # fmt: skip
def test_chunks_of_every_documented_shape(chunk, expected):
    assert list(events(chunk)) == expected


def test_tool_calls_come_in_pieces_by_index():
    chunk = {
        "choices": [
            {
                "delta": {
                    "tool_calls": [
                        {"index": 1, "id": "b", "function": {"name": "f", "arguments": ""}},
                        {"index": 0, "function": {"arguments": '{"'}},
                        {"function": None},
                        None,
                    ]
                }
            }
        ]
    }

    assert list(events(chunk)) == [
        ToolCallDelta(1, "b", "f", ""),
        ToolCallDelta(0, "", "", '{"'),
        ToolCallDelta(0, "", "", ""),
    ]


def test_the_bill_comes_with_empty_choices():
    chunk = {
        "model": "deepseek-flash",
        "choices": [],
        "usage": {"prompt_tokens": 10, "prompt_cache_hit_tokens": 4, "completion_tokens": 3},
    }

    assert list(events(chunk)) == [Billed(Usage(4, 6, 3, 0), "deepseek-flash")]


def test_a_stop_comes_before_the_bill_of_the_same_chunk():
    chunk = {"choices": [{"text": "a", "finish_reason": "stop"}], "usage": {}, "model": "m"}

    assert list(events(chunk)) == [TextDelta("a"), STOP, Billed(Usage(), "m")]


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        ({}, Usage()),
        ({"prompt_tokens": 7, "completion_tokens": 11, "total_tokens": 18}, Usage(0, 7, 11)),
        ({"prompt_tokens": 10, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6},
         Usage(4, 6)),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 4}}, Usage(4, 6)),
        ({"prompt_tokens": 10, "prompt_tokens_details": None}, Usage(0, 10)),
        ({"prompt_tokens": 10, "prompt_cache_hit_tokens": 4,
          "prompt_tokens_details": {"cached_tokens": 3}}, Usage(4, 6)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(9, 0)),
        ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 8}},
         Usage(0, 0, 9, 8)),
        ({"completion_tokens": 9, "completion_tokens_details": None}, Usage(0, 0, 9)),
        ({"completion_tokens": "9", "prompt_tokens": -4}, Usage()),
    ],
)  # fmt: skip
def test_usage_under_either_name(wire, usage):
    assert usage_of(wire) == usage


@pytest.mark.parametrize(
    "wire",
    [
        {"prompt_tokens": 10, "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": None},
        {"prompt_tokens": 10, "prompt_cache_hit_tokens": None, "prompt_cache_miss_tokens": None},
    ],
)
def test_a_field_that_is_null_is_a_field_that_is_missing(wire):
    assert usage_of(wire) == Usage(0, 10)


def test_an_empty_finish_reason_is_none():
    assert list(events({"choices": [{"text": "a", "finish_reason": ""}]})) == [TextDelta("a")]


def test_an_error_that_is_null_is_none():
    assert list(events({"error": None, "choices": [{"text": "a"}]})) == [TextDelta("a")]


@pytest.mark.parametrize(
    "chunk", [None, 3, "x", [], {}, {"choices": None}, {"choices": {}}, {"object": "page"}]
)
def test_what_is_no_chunk_is_malformed(chunk):
    with pytest.raises(ModelError) as caught:
        list(events(chunk))
    assert caught.value.failure is Failure.MALFORMED


def test_an_error_in_the_stream_is_the_servers_and_its_words_are_not_kept():
    with pytest.raises(ModelError) as caught:
        list(events({"error": {"message": "canary"}}))
    assert caught.value.failure is Failure.SERVER
    assert "canary" not in repr(caught.value)


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3),
        st.sampled_from(["stop", "length", "tool_calls"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([
                "choices", "delta", "text", "content", "reasoning_content", "tool_calls", "index",
                "function", "name", "arguments", "id", "finish_reason", "usage", "model", "error",
                "prompt_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens",
                "prompt_tokens_details", "cached_tokens", "completion_tokens",
            ]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)  # fmt: skip
choices = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "text": json_values,
            "delta": st.one_of(
                json_values,
                st.fixed_dictionaries(
                    {}, optional={"content": json_values, "tool_calls": st.lists(json_values)}
                ),
            ),
            "finish_reason": json_values,
        },
    ),
    max_size=3,
)
nearly_chunks = st.fixed_dictionaries(
    {"choices": choices}, optional={"usage": json_values, "model": json_values}
)


def checked(event: Event) -> None:
    """Check that an event holds the types it says, whatever came."""
    match event:
        case TextDelta(text) | ReasoningDelta(text):
            assert isinstance(text, str)
            assert text
        case ToolCallDelta(index, call, name, arguments):
            assert isinstance(index, int)
            assert index >= 0
            assert all(isinstance(part, str) for part in (call, name, arguments))
        case Stopped(reason, model):
            assert isinstance(reason, Stop)
            assert isinstance(model, str)
        case Billed(usage, model):
            counts = (usage.hit, usage.miss, usage.output, usage.reasoning)
            assert min(counts) >= 0
            assert isinstance(model, str)


@given(st.one_of(json_values, nearly_chunks))
def test_garbage_is_events_or_a_model_error_and_nothing_else(chunk):
    failures = set()
    try:
        for event in events(chunk):
            checked(event)
    except ModelError as error:
        failures.add(error.failure)
    assert failures <= {Failure.MALFORMED, Failure.SERVER}
