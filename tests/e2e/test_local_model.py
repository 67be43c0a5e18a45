"""A server without a key and with a model on its machine: it completes, it is free, it ends."""

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from tandem.commands.client import Client, inline_params, started
from tandem.models import store
from tandem.models.store import Installed
from tests.e2e.process import WAIT_S, environment

ENGINE = Path(__file__).parents[2] / "fixtures" / "engine"
SOURCE = "def area(width, height):\n    return "
HERE = (1, len("    return "))


def chosen(folder: Path, content: bytes = b"GGUF of a toy") -> Path:
    """Install a toy and choose it; return the home."""
    home, path = folder / "home", folder / "toy.gguf"
    path.write_bytes(content)
    state = home / "state"
    checksum = store.sha256_of(path)
    store.add(state, Installed("toy", path, path.stat().st_size, checksum, "x", "", fetched=False))
    store.use(state, "toy")
    return home


def world(home: Path) -> dict[str, str]:
    given = environment(home, local__enabled=False, completion__delay_ms=0)
    return given | {"PYTHONPATH": os.pathsep.join([str(ENGINE), given["PYTHONPATH"]])}


@asynccontextmanager
async def session(environment: dict[str, str], root: Path) -> AsyncIterator[Client]:
    """Open a session with one document, and wait until there are models."""
    async with started(environment) as client:
        await client.initialize(root, {})
        client.open((root / "area.py").as_uri(), "python", SOURCE)
        async with asyncio.timeout(WAIT_S):
            while not (await client.request("tandem/status", None))["models"]:
                pass
            yield client


async def test_it_completes_under_its_label_and_costs_nothing(tmp_path):
    home, root = chosen(tmp_path), tmp_path / "workspace"
    root.mkdir()
    uri = (root / "area.py").as_uri()
    async with session(world(home), root) as client:
        answer = await client.request("textDocument/inlineCompletion", inline_params(uri, *HERE))
        status = await client.request("tandem/status", None)
        while status["callsRunning"]:
            status = await client.request("tandem/status", None)
    (item,) = answer["items"]
    (told,) = item["command"]["arguments"]

    assert item["insertText"].endswith("width * height")
    assert (told["source"], told["model"]) == ("local model", "local/toy")
    assert (status["spentTodayUsd"], status["callsToday"], status["models"]) == ("0", 1, True)
    with closing(sqlite3.connect(home / "state" / "ledger.db")) as database:
        rows = database.execute(
            "SELECT r.purpose, r.model, r.amount_pico, s.cost_pico, s.outcome"
            " FROM reservation r JOIN settlement s ON s.reservation = r.id"
        ).fetchall()
    assert rows == [("completion", "local/toy", 0, 0, "done")]


async def test_a_model_that_cannot_run_is_given_up_with_a_sentence(tmp_path):
    home, uri = chosen(tmp_path, b"GGUF broken"), (tmp_path / "area.py").as_uri()
    async with session(world(home), tmp_path) as client:
        answer = await client.request("textDocument/inlineCompletion", inline_params(uri, *HERE))
        reason = await client.request("tandem/whyNoCompletion", {"textDocument": {"uri": uri}})
    log = (home / "state" / "tandem.log").read_text("utf-8")

    assert answer["items"] == []
    assert "the model on this machine ended twice and is given up" in reason["reason"]
    assert "model.given_up" in [json.loads(line)["event"] for line in log.split("\n") if line]
