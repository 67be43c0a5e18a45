"""The simulated API as a process of its own, scripted over HTTP."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import urllib.request
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fixtures.api.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def process(*arguments):
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "fixtures.api", *arguments],
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(10):
            line = await child.stdout.readline()
        yield child, json.loads(line)["base_url"]
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def ask(url: str, body: object = None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer sk-sim-1", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - loopback only
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


async def test_script_record_bill_and_end_of_stdin():
    async with process("--until-stdin-closes", "--price-date", "2026-11-23T02:00Z") as (child, url):
        fim = {"model": "deepseek-flash", "prompt": "x", "suffix": ""}
        script = [
            {"reply": {"text": "scripted"}},
            {"fault": "finish", "arguments": {"reason": "length"}, "reply": {"text": "one two"}},
        ]
        assert await asyncio.to_thread(ask, f"{url}/_sim/script", script) == {"scripted": 2}
        first = await asyncio.to_thread(ask, f"{url}/beta/completions", fim)
        assert first["choices"][0]["text"] == "scripted"
        second = await asyncio.to_thread(ask, f"{url}/beta/completions", fim)
        assert second["choices"] == [
            {"text": "one ", "index": 0, "logprobs": None, "finish_reason": "length"}
        ]
        bill = await asyncio.to_thread(ask, f"{url}/_sim/bill")
        # Peak: 4 tokens missed at $0.30, then hit at $0.006; 1 and 2 tokens out at $1.20.
        assert bill["total_pico"] == 4 * 300_000 + 4 * 6_000 + 3 * 1_200_000
        record = await asyncio.to_thread(ask, f"{url}/_sim/record")
        assert [item["outcome"] for item in record["requests"]] == [
            *["done", "done", "fault", "done", "pending"]
        ]
        assert record["requests"][1]["body"] == fim
        assert record["requests"][1]["headers"]["authorization"] == "***"
        child.stdin.close()
        async with asyncio.timeout(5):
            assert await child.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_on_signals(number):
    options = ["--until-stdin-closes", "--replies", "fixtures.api.replies:default_reply"]
    async with process(*options) as (child, _url):
        child.send_signal(number)
        async with asyncio.timeout(5):
            assert await child.wait() == 0


@pytest.mark.parametrize(
    "script",
    [
        "{",
        {"reply": {}},
        [{"text": "x"}],
        [{"reply": 1}],
        [{"reply": {"txt": "x"}}],
        [{"fault": "earthquake"}],
        [{"fault": "rst_after", "arguments": {"bytes": 1}}],
    ],
)
async def test_bad_scripts_are_refused_whole(api, client, script):
    body = script if isinstance(script, str) else json.dumps(script)
    response = await client._client.post(f"{api.base_url}/_sim/script", content=body)
    assert response.status_code == 400
    assert not api._script


def test_the_help_names_the_options(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "--abort-bills {produced,nothing}" in capsys.readouterr().out
