"""Open documents follow at the next pause of typing, whatever else is waited for."""

import asyncio

from tandem.core.text import Text
from tandem.workspace.open_files import OpenFiles
from tests.support.clock import LoopClock, run_jumping
from tests.support.code import codebase

ONE = "def one():\n    pass\n"
TWO = ONE + "\n\ndef two():\n    pass\n"
THREE = TWO + "\n\ndef three():\n    pass\n"


def test_what_is_typed_while_a_longer_pause_is_waited_for_follows_at_its_own():
    code = codebase({"a.py": ONE})
    posted: list[str] = []

    async def main() -> float:
        loop = asyncio.get_running_loop()
        files = OpenFiles(code, lambda _path, text: posted.append(text), LoopClock())
        files.opened("a.py", Text.of(ONE))
        following = asyncio.create_task(files.follow())
        files.changed("a.py", Text.of(TWO))
        await known("two")
        await asyncio.sleep(0.3)  # it waits for two seconds of rest now
        begin = loop.time()
        files.changed("a.py", Text.of(THREE))
        await known("three")
        following.cancel()
        return loop.time() - begin

    async def known(name: str) -> None:
        async with asyncio.timeout(10):
            while not code.definers(name):  # noqa: ASYNC110 - in virtual time
                await asyncio.sleep(0.01)

    assert run_jumping(main) < 0.4
