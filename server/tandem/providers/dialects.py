"""A request to fill in the middle in each dialect: where it goes, what it says, how it is answered.

Pure. Addresses are ``address``'s matter, sockets ``openai_api``'s.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from tandem.core.model import Billed, ChatRequest, Dialect, Event, FimRequest, Stopped
from tandem.providers import codec, llama_cpp, ollama, templates

COMPLETIONS: Final = "/completions"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on the wire.

    `path` is below the dialect's base; `unlisted` are fields of the body that the ``openai``
    package has no parameter for; `events` reads one decoded payload, of which the answer (a
    `media`) has one on each line that begins with `line_mark`; `headers` only go with paths that
    are not OpenAI's.
    """

    path: str
    body: Mapping[str, Any]
    events: Callable[[object], Iterator[Event]] = codec.events
    unlisted: Mapping[str, Any] = field(default_factory=dict)
    media: str = "text/event-stream"
    line_mark: bytes = b"data:"
    headers: Mapping[str, str] = field(default_factory=dict)


def chat(request: ChatRequest) -> Exchange:
    """Return a chat; it is the same in every dialect."""
    body = codec.chat_body(request)
    return Exchange("/chat/completions", body, unlisted={"thinking": body.pop("thinking")})


def exchange(dialect: Dialect, request: FimRequest) -> Exchange:
    """Return the request in a dialect."""
    match dialect:
        case Dialect.DEEPSEEK:
            return Exchange(COMPLETIONS, codec.fim_body(request))
        case Dialect.OPENAI:
            return Exchange(COMPLETIONS, codec.fim_body(request), _as_asked)
        case Dialect.MISTRAL:  # says its usage unasked, and refuses fields that it does not know
            body = codec.fim_body(request)
            del body["stream_options"]
            return Exchange("/fim/completions", body, _as_asked)
        case Dialect.LLAMA_CPP:
            body = llama_cpp.body(request)
            return Exchange(llama_cpp.PATH, body, llama_cpp.events, headers=llama_cpp.HEADERS)
        case Dialect.OLLAMA:
            body, media = ollama.body(request), "application/x-ndjson"
            return Exchange(ollama.PATH, body, ollama.events, media=media, line_mark=b"")
        case _:
            return _templated(templates.TEMPLATES[dialect], request)


def _templated(template: templates.Template, request: FimRequest) -> Exchange:
    prompt, mark = templates.render(template, request)
    body = codec.fim_body(request)
    del body["suffix"]
    body |= {"prompt": prompt, "stop": list(templates.stops(template, request))}
    # Special tokens are left out of an answer by default, and a stop string is looked for in what
    # is left: without this the answer would run on behind a token that ends it.
    shown = {"skip_special_tokens": False}
    return Exchange(COMPLETIONS, body, partial(_restored, mark) if mark else _as_asked, shown)


def _restored(mark: str, chunk: object) -> Iterator[Event]:
    return templates.restored(_as_asked(chunk), mark)


def _as_asked(chunk: object) -> Iterator[Event]:
    """Yield the events without the model's name: the user has it priced by the one they ask for.

    A server of one's own says what it likes there, a path for example. Only DeepSeek's says which
    model an alias really was.
    """
    for event in codec.events(chunk):
        yield replace(event, model="") if isinstance(event, Stopped | Billed) else event
