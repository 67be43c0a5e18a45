"""The process that runs a model: ``python -m tandem.models.server MODEL.gguf``.

It reads the key that it will want to see from the first line of stdin, says its port on stdout as
one line of JSON, and serves on loopback until stdin ends, which is when whoever started it closes
it or is gone, killed or not. The engine (llama.cpp's own HTTP server, inside ``xllamacpp``) works
on threads of its own. While a model is loaded the engine does not let Python run, so a parent that
dies meanwhile is noticed when the loading is over: 1.2 s for 0.1 GB.

Niced, because typing comes first; one core is left to everybody else.
"""

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

_NICENESS: Final = 10
_CONTEXT: Final = 8_192  # tokens
# Of a batch `/infill` takes 3/4 for the text before the cursor: 768 tokens, which hold what is sent
# (`providers.small_model`). A batch is not interrupted: 4,000 tokens in one ran on for 75 s of CPU
# after the connection was closed.
_BATCH: Final = 1_024
_CACHE_MIB: Final = 256  # of prompts that were left; the engine's own bound is 8 GiB

NO_ENGINE: Final = "engine"
"""What is said instead of a port where the engine is not installed."""


def main(
    arguments: Sequence[str], start: Callable[[str, str], tuple[object, int]] | None = None
) -> int:
    """Serve the model until stdin ends, then end the process; return only what kept it from it.

    `start` takes the path and the key, and returns the engine, which must be kept, and its port.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    key = sys.stdin.buffer.readline().decode("ascii").strip()
    if not key:
        return 1
    try:
        _engine, port = (start or _start)(arguments[0], key)
    except ImportError:
        _say({"error": NO_ENGINE})
        return 1
    _say({"port": port})
    sys.stdin.buffer.read()
    os._exit(0)  # the engine takes a second or more to take itself down, and once hung in it


def _say(words: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _start(path: str, key: str) -> tuple[object, int]:
    xllamacpp: Any = importlib.import_module("xllamacpp")  # an extra, without types
    threads = max(1, (os.cpu_count() or 1) - 1)
    ngrams = xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE
    wanted = xllamacpp.CommonParams()
    wanted.model.path = path
    wanted.hostnames, wanted.port, wanted.api_keys = ["127.0.0.1"], 0, [key]
    wanted.n_ctx, wanted.n_batch, wanted.n_parallel = _CONTEXT, _BATCH, 1
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
    wanted.speculative.types = [ngrams]
    wanted.cache_ram_mib = _CACHE_MIB
    wanted.ui = wanted.endpoint_slots = False
    wanted.verbosity = 0
    server = xllamacpp.Server(wanted)
    return server, int(server.listening_address.rsplit(":", 1)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
