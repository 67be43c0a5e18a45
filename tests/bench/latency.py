"""What Tandem itself adds between a keystroke and the model, over stdio, process against process.

Beside it, in the same call and on the same machine: a bare pygls server that answers inline
completion with a constant (the floor of the protocol stack), and the ``openai`` package alone
against the same simulated API (the floor of the way to the model).

The keystroke session types 200 characters at 80 ms against a model with 150 ms to its first token;
every twentieth key comes after a pause to think, so that requests are also cancelled while their
answer is under way, half of them by ``$/cancelRequest`` as VS Code does, half by the next request.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from fixtures.api.server import SimulatedApi
from tandem.app import World
from tandem.commands.client import Client, inline_params, started
from tests.bench.results import median, percentile, report

ROOT = Path(__file__).parents[2] / "server"
SOURCE = ROOT / "tandem" / "core" / "text.py"
PICO = Decimal(10) ** 12
ROUNDS = 200
STARTS = 9
KEYS = 200
KEY_S = 0.08
PAUSE_EVERY, PAUSE_S = 20, 0.25

BARE = """
from lsprotocol import types as T
from pygls.lsp.server import LanguageServer
server = LanguageServer("bare", "1")
@server.feature(T.TEXT_DOCUMENT_INLINE_COMPLETION, T.InlineCompletionOptions())
async def inline(params):
    return T.InlineCompletionList(items=[T.InlineCompletionItem(insert_text="x")])
server.start_io()
"""


def main(argv: list[str]) -> int:
    """Run every part and report."""
    parser = argparse.ArgumentParser(prog="./dev bench latency")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    metrics = asyncio.run(_measure())
    path = Path(__file__).with_suffix(".csv")
    report("latency", metrics, as_json=arguments.json, path=path)
    return 0


async def _measure() -> dict[str, float]:
    metrics = await _starts()
    metrics |= await _bare()
    metrics |= await _overhead()
    metrics |= await _keystrokes()
    metrics["uncached_over_floor"] = metrics["uncached_p50_ms"] / (
        metrics["bare_p50_ms"] + metrics["openai_p50_ms"]
    )
    metrics["memo_over_bare"] = metrics["memo_p50_ms"] / metrics["bare_p50_ms"]
    return metrics


# -- start -------------------------------------------------------------------------------------


async def _starts() -> dict[str, float]:
    """CPU until ``initialize`` is answered, and memory when nothing happens any more."""
    async with _api(0, 0) as api, _home(api) as environment:
        spent, resident = [], 0.0
        for _ in range(STARTS):
            async with started(environment) as client:
                await client.initialize(ROOT, {})
                spent.append(_cpu_s(client.process.pid))
                await client.learned()
                await _models_ready(client)
                resident = max(resident, _resident_mb(client.process.pid))
    return {"initialize_cpu_s": median(spent), "idle_rss_mb": resident}


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


# -- floors ------------------------------------------------------------------------------------


async def _bare() -> dict[str, float]:
    """Round trip of a constant answer by pygls alone."""
    environment = dict(World.real().environment)
    async with started(environment, [sys.executable, "-c", BARE]) as client:
        await client.initialize(ROOT, {})
        params = inline_params(SOURCE.as_uri(), 0, 0)
        times = [await _timed(client, params) for _ in range(ROUNDS)]
    return {"bare_p50_ms": median(times)}


async def _timed(client: Client, params: Mapping[str, object]) -> float:
    began = time.perf_counter()
    await client.request("textDocument/inlineCompletion", params)
    return (time.perf_counter() - began) * 1000


async def _openai(api: SimulatedApi) -> list[float]:
    """Time of one streamed FIM request through the package's own objects, warm."""
    import openai  # noqa: PLC0415 - a second of CPU, after the starts were measured

    client = openai.AsyncOpenAI(api_key="sk-sim-bench", base_url=f"{api.base_url}/beta")
    times = []
    async with client:
        for number in range(ROUNDS):
            began = time.perf_counter()
            prompt = f"{SOURCE.read_text()}\nvalue_{number} ="
            stream = await client.completions.create(
                model="deepseek-flash",
                prompt=prompt[-8000:],
                suffix="\n",
                stream=True,
                max_tokens=64,
            )
            async for _ in stream:
                pass
            times.append((time.perf_counter() - began) * 1000)
    return times[10:]


# -- overhead ----------------------------------------------------------------------------------


async def _overhead() -> dict[str, float]:
    """Uncached and remembered completions with a model that answers at once."""
    extra = {"TANDEM_COMPLETION__DELAY_MS": "0", "TANDEM_LOCAL__ENABLED": "false"}
    async with _api(0, 0) as api, _home(api, extra) as environment:
        async with started(environment) as client:
            uri = await _open(client)
            await _models_ready(client)
            uncached, remembered = [], []
            line = 40
            for number in range(ROUNDS):
                text = f"value_{number} = "
                client.insert(uri, number + 2, line, 0, f"{text}\n")
                params = inline_params(uri, line, len(text))
                uncached.append(await _timed(client, params))
                remembered.append(await _timed(client, params))
            sent = sum(bool(response["result"].get("items")) for response in _answers(client))
            if sent != 2 * ROUNDS:
                raise SystemExit(f"only {sent} of {2 * ROUNDS} requests were answered with text")
            spent = await _settled(client)
        metrics = {
            "uncached_p50_ms": median(uncached[10:]),
            "uncached_p95_ms": percentile(uncached[10:], 0.95),
            "memo_p50_ms": median(remembered),
            "memo_p95_ms": percentile(remembered, 0.95),
            "overhead_ledger_minus_bill": float(spent - _bill(api)),
        }
        return metrics | {"openai_p50_ms": median(await _openai(api))}


# -- keystrokes --------------------------------------------------------------------------------


async def _keystrokes() -> dict[str, float]:
    async with _api(150, 200) as api, _home(api, {"TANDEM_LOCAL__ENABLED": "false"}) as environment:
        async with started(environment) as client:
            uri = await _open(client)
            await _models_ready(client)
            numbers = await _type(client, uri)
            spent = await _settled(client)
            status = await client.request("tandem/status", None)
            answers = [response["id"] for response in client.responses]
        await api.wait_for(lambda: api.open_sockets == 0)
        billed = [request for request in api.requests if request.cost_pico]
        return {
            "keystrokes_billed": len(billed),
            "keystrokes_sent": len([r for r in api.requests if r.path.endswith("completions")]),
            "keystrokes_answered_once": sum(answers.count(number) == 1 for number in numbers),
            "estimated_settlements": status["estimatedToday"],
            "ledger_minus_bill": float(spent - _bill(api)),
            "open_sockets": api.open_sockets,
        }


async def _type(client: Client, uri: str) -> list[int]:
    """Type as a fast typist does, ask at each key, give the older requests up."""
    typed = (SOURCE.read_text() * 2)[2000 : 2000 + KEYS].replace("\n", " ")
    numbers: list[int] = []
    futures = []
    client.insert(uri, 2, 40, 0, "\n")
    for count, char in enumerate(typed):
        client.insert(uri, count + 3, 40, count, char)
        if numbers and count % 2:
            client.cancel(numbers[-1])
        params = inline_params(uri, 40, count + 1)
        number, future = client.begin("textDocument/inlineCompletion", params)
        numbers.append(number)
        futures.append(future)
        await asyncio.sleep(PAUSE_S if count % PAUSE_EVERY == PAUSE_EVERY - 1 else KEY_S)
    await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 30)
    return numbers


# -- support -----------------------------------------------------------------------------------


@asynccontextmanager
async def _api(first_token_ms: float, tokens_per_second: float) -> AsyncIterator[SimulatedApi]:
    """Run the simulated API in this process, with the real clock's prices."""
    clock = World.real().clock
    async with SimulatedApi(
        first_token_ms=first_token_ms, tokens_per_second=tokens_per_second, clock=clock.now
    ) as api:
        yield api


@asynccontextmanager
async def _home(
    api: SimulatedApi, extra: Mapping[str, str] | None = None
) -> AsyncIterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as home:
        yield dict(World.real().environment) | {
            "TANDEM_HOME": home,
            "DEEPSEEK_API_KEY": "sk-sim-bench",
            "TANDEM_API__BASE_URL": api.base_url,
            **(extra or {}),
        }


async def _open(client: Client) -> str:
    await client.initialize(ROOT, {})
    uri = SOURCE.as_uri()
    client.open(uri, "python", SOURCE.read_text())
    return uri


async def _models_ready(client: Client) -> None:
    await client.until(lambda status: status["models"])


async def _settled(client: Client) -> Decimal:
    return Decimal((await client.settled())["spentTodayUsd"])


def _answers(client: Client) -> list[dict[str, Any]]:
    """Return the responses to completion requests: those whose result holds items."""
    return [
        r for r in client.responses if isinstance(r.get("result"), dict) and "items" in r["result"]
    ]


def _bill(api: SimulatedApi) -> Decimal:
    return Decimal(api.bill.total_pico) / PICO
