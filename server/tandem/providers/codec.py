"""The model API's wire, pure: a request to call arguments, a decoded chunk to events.

Facts of the wire that shape this module: FIM lives under ``/beta`` and takes raw code; thinking is
on by default, so it is always said; the last chunk of a stream has ``choices: []`` and the usage;
fields may be missing when they are zero; chunks may be empty.
"""

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final

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
    ToolCallDelta,
    Usage,
)

FIM_MAX_TOKENS: Final = 4096
MAX_STOPS: Final = 16
# With tools and thinking the API wants reasoning on every earlier turn of the assistant, also on
# those that nobody thought about (a pack's ``OK``). Some clients saw an empty one refused and a
# blank taken (BerriAI/litellm#28057).
_NO_REASONING: Final = " "

_BY_STATUS: Final = {
    400: Failure.REQUEST,
    401: Failure.AUTHENTICATION,
    402: Failure.BALANCE,
    403: Failure.AUTHENTICATION,
    404: Failure.MODEL,
    408: Failure.TIMEOUT,
    413: Failure.REQUEST,
    422: Failure.REQUEST,
    429: Failure.RATE,
    501: Failure.REQUEST,  # llama.cpp, of a model that has no tokens for the middle
}
_SERVER_ERROR: Final = 500
# What FastAPI (vLLM, SGLang), llama.cpp and Mistral's gateway say of a path, in JSON like what they
# say of a model.
_NO_SUCH_PATH: Final = re.compile(r"'detail': 'Not Found'|File Not Found|no Route matched")


def api_root(base_url: str) -> str:
    """Return the API's root without a trailing ``/``, ``/beta`` or ``/v1``.

    Users paste all of these; each endpoint's own path is added here and nowhere else.
    """
    root = base_url.strip().rstrip("/")
    for tail in ("/beta", "/v1"):
        root = root.removesuffix(tail).rstrip("/")
    return root


def with_extra(request: FimRequest) -> str:
    """Return the prompt with the pieces of other files before it, for wires without their place."""
    return "".join(file.text for file in request.extra) + request.prompt


def fim_body(request: FimRequest) -> dict[str, Any]:
    """Return the JSON body of ``POST /beta/completions``, OpenAI's form of a suffix."""
    body: dict[str, Any] = {
        "model": request.model,
        "prompt": with_extra(request),
        "suffix": request.suffix,
        "max_tokens": min(request.max_tokens, FIM_MAX_TOKENS),
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.stop:
        body["stop"] = list(request.stop[:MAX_STOPS])
    return body


def chat_body(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of ``POST /chat/completions``, thinking said explicitly."""
    thinking = request.thinking is not Thinking.OFF
    missing = _NO_REASONING if thinking and request.tools else ""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message, missing) for message in request.messages],
        "max_tokens": request.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        "thinking": {"type": "enabled" if thinking else "disabled"},
    }
    if thinking:
        body["reasoning_effort"] = request.thinking.value
    else:
        body["temperature"] = request.temperature  # without effect while thinking
    if request.json:
        body["response_format"] = {"type": "json_object"}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.schema),
                    **({"strict": True} if tool.strict else {}),
                },
            }
            for tool in request.tools
        ]
    if request.stop:
        body["stop"] = list(request.stop[:MAX_STOPS])
    return body


def needs_beta(request: ChatRequest) -> bool:
    """Tell whether a chat request uses what only the beta base serves (prefix, strict tools)."""
    prefix = bool(request.messages) and request.messages[-1].prefix
    return prefix or any(tool.strict for tool in request.tools)


def _message(message: Message, missing: str) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    reasoning = message.reasoning or (missing if message.role == "assistant" else "")
    if reasoning:
        wire["reasoning_content"] = reasoning
    if message.prefix:
        wire["prefix"] = True
    if message.tool_call_id:
        wire["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    return wire


def events(chunk: object) -> Iterator[Event]:
    """Yield the events of one decoded chunk, FIM or chat. Raises ModelError if it is neither."""
    if not isinstance(chunk, dict):
        raise ModelError(Failure.MALFORMED)
    if chunk.get("error") is not None:
        raise ModelError(Failure.SERVER)
    model = string(chunk.get("model"))
    choices = chunk.get("choices")
    if not isinstance(choices, list):
        raise ModelError(Failure.MALFORMED)
    for choice in choices:
        if isinstance(choice, dict):
            yield from _choice(choice, model)
    usage = chunk.get("usage")
    if isinstance(usage, dict):
        yield Billed(usage_of(usage), model)


def _choice(choice: Mapping[str, Any], model: str) -> Iterator[Event]:
    text = choice.get("text")
    if isinstance(text, str) and text:
        yield TextDelta(text)
    delta = choice.get("delta")
    if isinstance(delta, dict):
        yield from _delta(delta)
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason:
        try:
            yield Stopped(Stop(reason), model)
        except ValueError:
            yield Stopped(Stop.END, model)  # a reason added later still is an end


def _delta(delta: Mapping[str, Any]) -> Iterator[Event]:
    reasoning = delta.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        yield ReasoningDelta(reasoning)
    content = delta.get("content")
    if isinstance(content, str) and content:
        yield TextDelta(content)
    calls = delta.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if not isinstance(call, dict):
            continue
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        yield ToolCallDelta(
            index=count(call.get("index")),
            id=string(call.get("id")),
            name=string(function.get("name")),
            arguments=string(function.get("arguments")),
        )


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Read a usage object; both spellings of the cache fields, missing ones are zero."""
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    hit = count(_first(usage.get("prompt_cache_hit_tokens"), cached))
    prompt = count(usage.get("prompt_tokens"))
    miss = count(_first(usage.get("prompt_cache_miss_tokens"), prompt - hit))
    inner = usage.get("completion_tokens_details")
    reasoning = inner.get("reasoning_tokens") if isinstance(inner, dict) else None
    return Usage(hit, miss, count(usage.get("completion_tokens")), count(reasoning))


def failure_of(
    status: int, *, json_body: bool, retry_after: str = "", message: str = ""
) -> ModelError:
    """Translate an HTTP status other than 200. The body's words are read but not kept."""
    failure = _BY_STATUS.get(status)
    if failure is Failure.REQUEST and "supported API model names" in message:
        failure = Failure.MODEL  # the API's own words for an unknown model, with a 400
    if failure is None:
        failure = Failure.SERVER if status >= _SERVER_ERROR else Failure.MALFORMED
    if failure is Failure.MODEL and (not json_body or _NO_SUCH_PATH.search(message)):
        failure = Failure.MALFORMED  # some other server's "not found" page
    try:
        seconds = max(0.0, float(retry_after))
    except ValueError:
        seconds = 0.0
    seconds = seconds if isfinite(seconds) else 0.0
    return ModelError(failure, status=status, retry_after_s=seconds)


def _first(value: object, otherwise: object) -> object:
    """Return a field, or its stand-in where it is missing or null."""
    return otherwise if value is None else value


def string(value: object) -> str:
    """Return a field's text, or "" where it is something else."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int:
    """Return a field's count, or 0 where it is none."""
    return value if isinstance(value, int) and value > 0 else 0
