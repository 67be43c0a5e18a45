"""Ollama's own wire for filling in the middle, ``POST /api/generate``, as JSON lines. Pure.

Facts of it: with a ``suffix`` the model's own template is used, if it has a place for one (else the
answer is 400); an empty ``suffix`` is none, and the model would chat about the code instead, so the
end of a file is sent as a line end. Thinking is on by default where a model can, so it is switched
off. ``prompt_eval_count`` includes what the cache had; newer versions say how much that was.
"""

from collections.abc import Iterator
from typing import Any, Final

from tandem.core.errors import Failure, ModelError
from tandem.core.model import (
    Billed,
    Event,
    FimRequest,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    Usage,
)
from tandem.providers.codec import count, string, with_extra

PATH: Final = "/api/generate"


def body(request: FimRequest) -> dict[str, Any]:
    """Return the JSON body of ``POST /api/generate``."""
    return {
        "model": request.model,
        "prompt": with_extra(request),
        "suffix": request.suffix or "\n",
        "stream": True,
        "think": False,
        "options": {
            "num_predict": request.max_tokens,
            "temperature": request.temperature,
            "stop": list(request.stop),
        },
    }


def events(line: object) -> Iterator[Event]:
    """Yield the events of one decoded line. Raises ModelError if it is none."""
    if not isinstance(line, dict):
        raise ModelError(Failure.MALFORMED)
    if line.get("error") is not None:
        raise ModelError(Failure.SERVER)
    if not isinstance(line.get("done"), bool):
        raise ModelError(Failure.MALFORMED)
    thought, text = string(line.get("thinking")), string(line.get("response"))
    if thought:
        yield ReasoningDelta(thought)
    if text:
        yield TextDelta(text)
    if line["done"]:
        limit = line.get("done_reason") == "length"
        yield Stopped(Stop.LENGTH if limit else Stop.END, "")  # as asked: see `dialects`
        prompt = count(line.get("prompt_eval_count"))
        hit = min(count(line.get("prompt_eval_cached_count")), prompt)
        yield Billed(Usage(hit, prompt - hit, count(line.get("eval_count"))), "")
