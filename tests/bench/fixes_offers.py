"""The round trip of ``textDocument/codeAction`` beside ruff's, and what it costs: nothing."""

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from fixtures.api.server import SimulatedApi
from tandem.app import World
from tandem.commands.client import Client, started
from tests.bench.results import median, percentile

LINES: Final = 5_000
PROBLEMS: Final = 500
ASKED: Final = 200
_WHOLE: Final = 10  # times all diagnostics are sent at once

CAPABILITIES: Final[dict[str, Any]] = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "diagnostic": {},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor"]}},
            "dataSupport": True,
            "disabledSupport": True,
            "isPreferredSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}


async def measure() -> dict[str, float]:
    """Return milliseconds by server, their ratio, and what the API was asked meanwhile."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        root = Path(folder) / "w"
        root.mkdir()
        text = _source()
        file = root / "big.py"
        file.write_text(text, "utf-8")
        for number in range(40):
            name = f"wares_{number}"
            (root / f"{name}.py").write_text(f"class Ware{number}:\n    pass\n", "utf-8")
        ruff, found = await _ruff(root, file, text)
        async with SimulatedApi(first_token_ms=0) as api:
            ours = await _ours(file, found, api.base_url)
            asked = sum(one.path.endswith("completions") for one in api.requests)
    return {
        "offers_diagnostics": float(len(found)),
        "offers_p50_ms": median(ours[_WHOLE:]),
        "offers_p95_ms": percentile(ours[_WHOLE:], 0.95),
        "offers_all_500_ms": median(ours[:_WHOLE]),
        "ruff_p50_ms": median(ruff[_WHOLE:]),
        "ruff_p95_ms": percentile(ruff[_WHOLE:], 0.95),
        "ruff_all_500_ms": median(ruff[:_WHOLE]),
        "offers_all_over_ruff": median(ours[:_WHOLE]) / median(ruff[:_WHOLE]),
        "calls_before_choice": float(asked),
    }


def _source() -> str:
    """Return a module of 5,000 lines in which every tenth uses a name that is not there."""
    lines = ["import os", "", ""]
    number = 0
    while len(lines) < LINES:
        number += 1
        lines += [
            f"def step_{number}(first, second):",
            f'    """Do step {number}."""',
            "    total = first + second",
            "    for item in range(first):",
            f"        total += item * {number}",
            "    if total > second:",
            f"        return Ware{number % 40}(totl)" if number % 2 else "        return total",
            "    return second" if number % 2 else f"    return missing_{number}",
            "",
            "",
        ]
    return "\n".join(lines[:LINES]) + "\n"


async def _ruff(root: Path, file: Path, text: str) -> tuple[list[float], list[dict[str, Any]]]:
    """Return ruff's round trips and its diagnostics."""
    command = (str(Path(sys.executable).with_name("ruff")), "server")
    environment = dict(World.real().environment)
    async with started(environment, command) as client:
        options = {"settings": {"lint": {"select": ["F"]}}}
        await client.initialize(root, options, CAPABILITIES)
        client.open(file.as_uri(), "python", text)
        document = {"textDocument": {"uri": file.as_uri()}}
        pulled = await client.request("textDocument/diagnostic", document)
        found: list[dict[str, Any]] = pulled["items"][:PROBLEMS]
        return await _times(client, file.as_uri(), found), found


async def _ours(file: Path, found: list[dict[str, Any]], base_url: str) -> list[float]:
    root, text, home = file.parent, file.read_text("utf-8"), file.parents[1] / "home"
    environment = dict(World.real().environment) | {
        "TANDEM_HOME": str(home),
        "TANDEM_API__BASE_URL": base_url,
        "DEEPSEEK_API_KEY": "sk-sim-bench",
        "TANDEM_LOCAL__ENABLED": "false",
    }
    async with started(environment) as client:
        await client.initialize(root, {}, CAPABILITIES)
        client.open(file.as_uri(), "python", text)
        await client.until(lambda s: s["models"] and s["indexedFiles"] and not s["indexing"])
        return await _times(client, file.as_uri(), found)


async def _times(client: Client, uri: str, found: list[dict[str, Any]]) -> list[float]:
    """Ask for actions as editors do: about the whole file on save, about a place at a cursor move.

    Every server is asked about the same places in the same order.
    """
    chance = random.Random(5)  # noqa: S311 - a bench
    whole = {"start": found[0]["range"]["start"], "end": found[-1]["range"]["end"]}
    asked = [(found, whole)] * _WHOLE
    asked += [([one], one["range"]) for one in chance.choices(found, k=ASKED)]
    times: list[float] = []
    for diagnostics, span in (asked[0], asked[-1], *asked):  # the first load what waits for it
        params = {
            "textDocument": {"uri": uri},
            "range": span,
            "context": {"diagnostics": diagnostics, "triggerKind": 2},
        }
        begin = time.perf_counter()
        await client.request("textDocument/codeAction", params)
        times.append((time.perf_counter() - begin) * 1000)
    return times[2:]
