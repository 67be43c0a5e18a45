"""The wire, pure: addresses to roots, requests to bodies."""

import json

import pytest

from tandem.core.model import ChatRequest, FimRequest, Message, Thinking, Tool, ToolCall
from tandem.providers.codec import (
    FIM_MAX_TOKENS,
    MAX_STOPS,
    api_root,
    chat_body,
    fim_body,
    needs_beta,
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


def test_turns_that_nobody_thought_about_have_a_blank_reasoning_only_with_tools_and_thinking():
    tools = (Tool("read", "Read a file.", {"type": "object"}),)
    turns = (USER, Message("assistant", "OK"), USER)

    def said(thinking: Thinking, tools: tuple[Tool, ...]) -> list[str | None]:
        body = chat_body(chat(*turns, thinking=thinking, tools=tools))
        return [message.get("reasoning_content") for message in body["messages"]]

    assert said(Thinking.HIGH, tools) == [None, " ", None]
    assert said(Thinking.HIGH, ()) == said(Thinking.OFF, tools) == [None, None, None]


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
