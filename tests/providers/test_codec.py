"""The wire, pure: requests to bodies, chunks to events, statuses to failures."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.errors import Failure, ModelError
from tandem.core.model import (
    Billed,
    ChatRequest,
    Event,
    FimRequest,
    Message,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    Thinking,
    Tool,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from tandem.providers.codec import (
    FIM_MAX_TOKENS,
    MAX_STOPS,
    api_root,
    chat_body,
    events,
    failure_of,
    fim_body,
    needs_beta,
    usage_of,
)

USER = Message("user", "hello")


def fim(**changes) -> FimRequest:
    return FimRequest(**{
        "model": "m", "prompt": "a", "suffix": "b", "max_tokens": 10, **changes
    })  # fmt: skip


def chat(*messages: Message, **changes) -> ChatRequest:
    return ChatRequest(**{
        "model": "m", "messages": messages or (USER,), "max_tokens": 10,
        "thinking": Thinking.OFF, **changes,
    })  # fmt: skip


# -- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pasted",
    ["https://h", "https://h/", "https://h/beta", "https://h/beta/", "https://h/v1",
     " https://h/v1/ ",     "https://h/v1/beta", "https://h//", "https://h/beta//", "https://h/v1//beta/"],
)  # fmt: skip
def test_whatever_users_paste_has_one_root(pasted):
    assert api_root(pasted) == "https://h"


@pytest.mark.parametrize(
    ("pasted", "root"),
    [
        ("http://127.0.0.1:8000/proxy/v1", "http://127.0.0.1:8000/proxy"),
        ("https://beta.example", "https://beta.example"),
        ("https://h/alphabeta", "https://h/alphabeta"),
        ("https://h/anthropic", "https://h/anthropic"),
        ("", ""),
    ],
)
def test_other_paths_stay(pasted, root):
    assert api_root(pasted) == root


# -- bodies ----------------------------------------------------------------------------------


def test_fim_sends_code_as_it_is_and_asks_for_the_bill():
    request = fim(prompt="def f():\n\t\u00e9", suffix="\r\n  pass", temperature=0.2)

    assert fim_body(request) == {
        "model": "m",
        "prompt": "def f():\n\té",
        "suffix": "\r\n  pass",
        "max_tokens": 10,
        "temperature": 0.2,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("asked", "sent"), [(1, 1), (4096, 4096), (4097, FIM_MAX_TOKENS), (10**6, FIM_MAX_TOKENS)]
)
def test_fim_never_asks_for_more_tokens_than_it_may(asked, sent):
    assert fim_body(fim(max_tokens=asked))["max_tokens"] == sent


@pytest.mark.parametrize("count", [0, 1, 16, 17, 40])
def test_stops_are_the_first_that_the_api_takes(count):
    stops = tuple(f"stop {n}" for n in range(count))

    for body in (fim_body(fim(stop=stops)), chat_body(chat(stop=stops))):
        assert body.get("stop", []) == list(stops[:MAX_STOPS])
        assert ("stop" in body) == (count > 0)


@pytest.mark.parametrize("thinking", Thinking)
def test_thinking_is_always_said(thinking):
    body = chat_body(chat(thinking=thinking, temperature=0.3))

    if thinking is Thinking.OFF:
        assert body["thinking"] == {"type": "disabled"}
        assert "reasoning_effort" not in body
        assert body["temperature"] == 0.3
    else:
        assert body["thinking"] == {"type": "enabled"}
        assert body["reasoning_effort"] == thinking.value
        assert "temperature" not in body  # without effect, and not to be believed
    assert body["stream_options"] == {"include_usage": True}


def test_a_plain_chat_has_nothing_that_was_not_asked_for():
    assert chat_body(chat(Message("system", "s"), USER)) == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hello"}],
        "max_tokens": 10,
        "stream": True,
        "stream_options": {"include_usage": True},
        "thinking": {"type": "disabled"},
        "temperature": 0.0,
    }


def test_json_tools_and_earlier_turns_take_the_documented_form():
    tool = Tool("read", "Read a file.", {"type": "object"}, strict=True)
    call = ToolCall("c1", "read", '{"path": "a"}')
    body = chat_body(
        chat(
            USER,
            Message("assistant", "", reasoning="because", tool_calls=(call,)),
            Message("tool", "text", tool_call_id="c1"),
            Message("assistant", "```", prefix=True),
            json=True,
            tools=(tool, Tool("list", "List.", {})),
        )
    )

    assert body["response_format"] == {"type": "json_object"}
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "read",
                "description": "Read a file.",
                "parameters": {"type": "object"},
                "strict": True,
            },
        },
        {
            "type": "function",
            "function": {"name": "list", "description": "List.", "parameters": {}},
        },
    ]
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "because",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "read", "arguments": '{"path": "a"}'},
                }
            ],
        },
        {"role": "tool", "content": "text", "tool_call_id": "c1"},
        {"role": "assistant", "content": "```", "prefix": True},
    ]
    assert json.loads(json.dumps(body)) == body


def test_only_prefixes_and_strict_tools_need_the_beta_base():
    tool = Tool("t", "", {})
    prefix = Message("assistant", "x", prefix=True)

    assert not needs_beta(chat())
    assert not needs_beta(ChatRequest("m", (), 1, Thinking.OFF))
    assert not needs_beta(chat(tools=(tool,)))
    assert needs_beta(chat(USER, prefix))
    assert needs_beta(chat(tools=(tool, Tool("s", "", {}, strict=True))))
    assert not needs_beta(chat(prefix, USER))  # only a last turn is continued


# -- chunks ----------------------------------------------------------------------------------

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


# -- statuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, Failure.REQUEST),
        (401, Failure.AUTHENTICATION),
        (402, Failure.BALANCE),
        (403, Failure.AUTHENTICATION),
        (404, Failure.MODEL),
        (422, Failure.REQUEST),
        (429, Failure.RATE),
        (500, Failure.SERVER),
        (502, Failure.SERVER),
        (503, Failure.SERVER),
        (529, Failure.SERVER),
        (301, Failure.MALFORMED),
        (307, Failure.MALFORMED),
        (418, Failure.MALFORMED),
    ],
)
def test_a_status_says_what_failed(status, failure):
    error = failure_of(status, json_body=True)

    assert (error.failure, error.status, error.retry_after_s) == (failure, status, 0.0)


def test_a_not_found_page_is_not_the_apis_word_about_a_model():
    assert failure_of(404, json_body=False).failure is Failure.MALFORMED


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", 0.0), ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", 0.0), ("nan", 0.0),
     ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_seconds_or_nothing(header, seconds):
    assert failure_of(429, json_body=True, retry_after=header).retry_after_s == seconds


@given(st.integers(100, 999), st.booleans(), st.text(max_size=12))
def test_no_status_and_no_header_is_an_error_of_its_own(status, json_body, header):
    error = failure_of(status, json_body=json_body, retry_after=header)

    assert error.status == status
    assert error.retry_after_s >= 0


@pytest.mark.parametrize("header", ["inf", "Infinity", "1e999"])
def test_retry_after_is_finite(header):
    assert math.isfinite(failure_of(429, json_body=True, retry_after=header).retry_after_s)
