"""The model's process: it serves, comes back once, is given up then, and outlives nobody."""

import asyncio
import contextlib
import os
import signal
import sys
import urllib.error
import urllib.request

import pytest

from tandem.core.errors import Failure, ModelError
from tandem.models import process
from tandem.models.process import ModelProcess, Reached
from tandem.models.server import main

WAIT_S = 20.0
PARENT = """
import asyncio, sys
from pathlib import Path
from tandem.models.process import ModelProcess

async def main():
    reached = await ModelProcess(Path(sys.argv[1])).reach()
    print(reached.base_url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def kept(weights):
    one = ModelProcess(weights)
    yield one
    await one.aclose()


def status_of(reached: Reached, key: str) -> int:
    request = urllib.request.Request(  # noqa: S310
        f"{reached.base_url}/completion", b'{"prompt": "a"}', {"Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


async def reach(kept: ModelProcess) -> Reached:
    async with asyncio.timeout(WAIT_S):
        return await kept.reach()


def kill(kept: ModelProcess) -> None:
    assert kept._process is not None
    kept._process.kill()


async def connected(base_url: str) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base_url.rsplit(":", 1)[1]))
    reader._kept = writer  # type: ignore[attr-defined]
    return reader


async def until_gone(reader: asyncio.StreamReader) -> None:
    """Wait until a process has let go of a connection that it never answered on."""
    async with asyncio.timeout(WAIT_S):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    reader._kept.close()  # type: ignore[attr-defined]


async def test_it_is_started_once_and_wants_the_key_of_this_start(kept):
    reached, again = await asyncio.gather(reach(kept), reach(kept))

    assert reached is again
    assert len(reached.key) >= 32
    assert await asyncio.to_thread(status_of, reached, reached.key) == 200
    assert await asyncio.to_thread(status_of, reached, "another") == 401


async def test_after_a_crash_it_is_started_again_once_and_then_given_up(kept, caplog):
    first = await reach(kept)
    kill(kept)
    await kept._process.wait()
    async with asyncio.timeout(WAIT_S):
        second = first
        while second is first:
            await asyncio.sleep(0)
            second = await kept.reach()
    assert second.key != first.key

    kill(kept)
    async with asyncio.timeout(WAIT_S):
        await kept._keeping
    with pytest.raises(ModelError) as caught:
        await reach(kept)
    assert caught.value.failure is Failure.LOCAL_MODEL
    assert [record.message for record in caplog.records].count("model.ended") == 2


async def test_a_model_that_cannot_be_loaded_is_given_up(kept, weights):
    weights.write_bytes(b"GGUF broken")

    with pytest.raises(ModelError) as caught:
        await reach(kept)
    assert caught.value.failure is Failure.LOCAL_MODEL


async def test_without_the_engine_the_sentence_says_how_to_get_it(kept, monkeypatch, tmp_path):
    path = os.environ["PYTHONPATH"].split(os.pathsep)[1]  # noqa: TID251
    (tmp_path / "xllamacpp.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), path]))

    with pytest.raises(ModelError, match="pip install") as caught:
        await reach(kept)
    assert caught.value.failure is Failure.LOCAL_ENGINE


async def test_modules_of_the_folder_it_is_started_in_are_not_run(kept, monkeypatch, tmp_path):
    (tmp_path / "xllamacpp.py").write_text("raise SystemExit")
    (tmp_path / "tandem.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    await reach(kept)


async def test_closing_ends_the_process(weights):
    one = ModelProcess(weights)
    gone = await connected((await reach(one)).base_url)
    await one.aclose()

    await until_gone(gone)
    assert one._process is not None
    assert one._process.returncode is not None


async def test_closing_while_it_loads_tells_those_who_wait(weights):
    one = ModelProcess(weights)
    waiting = asyncio.create_task(one.reach())
    await asyncio.sleep(0)
    await one.aclose()

    with pytest.raises(ModelError):
        await waiting


async def test_closing_what_was_never_started_is_nothing(weights):
    await ModelProcess(weights).aclose()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
async def test_it_dies_with_a_parent_that_was_killed(weights):
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(weights), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    async with asyncio.timeout(WAIT_S):
        base_url = (await parent.stdout.readline()).decode().strip()
    gone = await connected(base_url)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    await until_gone(gone)


async def test_a_server_that_says_nonsense_is_not_believed(weights, tmp_path):
    stand_in = tmp_path / "stand_in.py"
    stand_in.write_text("import sys; sys.stdin.readline(); print('{}')")
    one = ModelProcess(weights, (sys.executable, str(stand_in)))
    with pytest.raises(ModelError):
        await reach(one)
    await one.aclose()


async def test_a_server_that_stays_silent_is_not_waited_for_forever(weights, monkeypatch, tmp_path):
    monkeypatch.setattr(process, "_LOAD_S", 0.05)
    stand_in = tmp_path / "stand_in.py"
    stand_in.write_text("import sys; sys.stdin.read()")
    one = ModelProcess(weights, (sys.executable, str(stand_in)))
    with pytest.raises(ModelError):
        await reach(one)
    await one.aclose()


def test_a_server_without_a_key_does_not_start(monkeypatch):
    class Silent:
        class buffer:  # noqa: N801
            @staticmethod
            def readline() -> bytes:
                return b"\n"

    monkeypatch.setattr(sys, "stdin", Silent)
    assert main(["model.gguf"], start=lambda *_: pytest.fail("it started")) == 1
