"""llama.cpp's own wire for filling in the middle, ``POST /infill``. Pure.

Facts of it, read in the source and seen on the server inside xllamacpp 2026.10.11549: ``prompt`` is
appended to the prefix and, unlike it, read for special tokens, so everything goes into
``input_prefix`` and no spelling in the user's text can break the template. The last event says
``"stop": true``, there is no ``[DONE]``. ``tokens_cached`` counts all that is in the slot
afterwards, the answer included: what the cache saved is ``timings.cache_n``, what was read
``timings.prompt_n``, and their sum is ``tokens_evaluated``.
"""

from collections.abc import Iterator
from typing import Any, Final

from tandem.core.errors import Failure, ModelError
from tandem.core.model import Billed, Event, FimRequest, Stop, Stopped, TextDelta, Usage
from tandem.providers.codec import count

PATH: Final = "/infill"
# The server closes the connection behind a stream without a word of it beforehand: the next
# request would be sent into it, and be lost if it came at once.
HEADERS: Final = {"Connection": "close"}

# Without this the last event repeats the whole prompt and all sampling settings.
FIELDS: Final = (
    "content", "stop", "stop_type", "tokens_evaluated", "tokens_predicted", "timings",
)  # fmt: skip


def body(request: FimRequest) -> dict[str, Any]:
    """Return the JSON body of ``POST /infill``."""
    return {
        "model": request.model,  # a router needs it, a single model ignores it
        "input_prefix": request.prompt,
        "input_suffix": request.suffix,
        "input_extra": [{"filename": file.path, "text": file.text} for file in request.extra],
        "prompt": "",
        "n_predict": request.max_tokens,
        "temperature": request.temperature,
        "stop": list(request.stop),
        "cache_prompt": True,
        "stream": True,
        "response_fields": list(FIELDS),
    }


def events(chunk: object) -> Iterator[Event]:
    """Yield the events of one decoded chunk. Raises ModelError if it is none."""
    if not isinstance(chunk, dict):
        raise ModelError(Failure.MALFORMED)
    if chunk.get("error") is not None:
        raise ModelError(Failure.SERVER)
    content = chunk.get("content")
    if not isinstance(content, str):
        raise ModelError(Failure.MALFORMED)
    if content:
        yield TextDelta(content)
    if chunk.get("stop") is True:
        limit = chunk.get("stop_type") == "limit"
        yield Stopped(Stop.LENGTH if limit else Stop.END, "")  # as asked: see `dialects`
        yield Billed(_usage(chunk), "")


def _usage(chunk: dict[str, Any]) -> Usage:
    timings = chunk.get("timings")
    prompt = count(chunk.get("tokens_evaluated"))
    read = timings.get("prompt_n") if isinstance(timings, dict) else None
    miss = min(count(read), prompt) if isinstance(read, int) else prompt
    return Usage(prompt - miss, miss, count(chunk.get("tokens_predicted")))
