"""A git checkout of 2,000 files while somebody types: how soon it is known, what typing feels.

    ./dev bench checkout [PATH] [--json]

A copy of the tree (default: the pinned Django that `local` uses) becomes a git repository with a
branch that adds a function to 2,000 files. A real server follows it over stdio with the disk as its
only source, as for an editor that does not watch. Beside each other, in one run: the round trip of
a key and its completion while nothing happens, and while the checkout is taken in. Absorbed is when
a prompt tells of a function that only the branch has, in the file that git wrote last.
"""

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from fixtures.api.server import SimulatedApi
from tandem.app import World
from tandem.commands.client import Client, inline_params, started
from tests.bench.local import fetch
from tests.bench.results import median, percentile, report

DEFAULT = "django==5.2.19"
FILES = 2_000
KEYS = 60
KEY_S = 0.05
_LONGEST_S = 60.0


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench checkout")
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        root = Path(folder) / "tree"
        count = _repository(options.path or fetch(DEFAULT), root)
        metrics = {
            "files": float(count),
            **asyncio.run(_measure(root, Path(folder) / "home", count)),
        }
    path = Path(__file__).with_suffix(".csv")
    report("checkout", metrics, as_json=options.json, path=path)
    return 0


def _repository(source: Path, root: Path) -> int:
    """Make a repository with a branch that changes up to 2,000 files; return how many."""
    shutil.copytree(source, root, ignore=shutil.ignore_patterns(".git", "__pycache__"))
    (root / "typed.py").write_text("x = 1\n", "utf-8")
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "before")
    _git(root, "checkout", "-qb", "after")
    files = sorted(p for p in root.rglob("*.py") if p.name != "typed.py")[:FILES]
    for number, path in enumerate(files):
        with path.open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f"\n\ndef absorbed_{number}(marker_{number}):\n    pass\n")
    _git(root, "commit", "-qam", "after")
    _git(root, "checkout", "-q", "main")
    return len(files)


def _git(root: Path, *words: str) -> None:
    name = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0"]
    subprocess.run(["git", *name, *words], cwd=root, check=True, capture_output=True)


async def _measure(root: Path, home: Path, count: int) -> dict[str, float]:
    environment = dict(World.real().environment) | {
        "TANDEM_HOME": str(home),
        "DEEPSEEK_API_KEY": "sk-sim-bench",
        "TANDEM_COMPLETION__DELAY_MS": "0",
        "TANDEM_LOCAL__ENABLED": "false",
    }
    clock = World.real().clock
    async with SimulatedApi(first_token_ms=0, tokens_per_second=0, clock=clock.now) as api:
        environment["TANDEM_API__BASE_URL"] = api.base_url
        async with started(environment) as client:
            await client.initialize(root, {})
            await client.until(lambda s: s["models"] and s["indexedFiles"] and not s["indexing"])
            typist = _Typist(client, root, count)
            idle = await typist.type(KEYS)
            begin = time.monotonic()
            _ = await asyncio.to_thread(_git, root, "checkout", "-q", "after")
            written = time.monotonic() - begin
            busy, absorbed = await _absorb(api, typist, begin)
    return {
        "checkout_s": written,
        "absorbed_s": absorbed,
        "idle_p50_ms": median(idle),
        "idle_p95_ms": percentile(idle, 0.95),
        "busy_p50_ms": median(busy),
        "busy_p95_ms": percentile(busy, 0.95),
        "busy_over_idle": median(busy) / median(idle),
    }


async def _absorb(api: SimulatedApi, typist: "_Typist", begin: float) -> tuple[list[float], float]:
    """Type until a prompt tells of the branch; return the round trips and the seconds."""
    busy: list[float] = []
    while time.monotonic() - begin < _LONGEST_S:
        busy += await typist.type(4)
        await typist.ask_about(typist.count - 1)
        body = api.requests[-1].body
        if f"marker_{typist.count - 1}" in str(
            body.get("prompt") if isinstance(body, dict) else ""
        ):
            return busy, time.monotonic() - begin
    raise SystemExit(f"the checkout was not taken in within {_LONGEST_S:g} seconds")


class _Typist:
    """Types a word on one line of one file, and asks at each key."""

    def __init__(self, client: Client, root: Path, count: int) -> None:
        self.count = count
        self._client = client
        self._root = root
        self._uri = (root / "typed.py").as_uri()
        self._keys = 0
        self._asked = 0
        client.open(self._uri, "python", "x = 1\n")

    async def type(self, keys: int) -> list[float]:
        """Type keys at their pace; return the milliseconds until each was answered."""
        times: list[float] = []
        for _ in range(keys):
            begin = time.perf_counter()
            self._client.insert(self._uri, self._keys + 2, 0, 5 + self._keys, "1")
            self._keys += 1
            params = inline_params(self._uri, 0, 5 + self._keys)
            await self._client.request("textDocument/inlineCompletion", params)
            spent = time.perf_counter() - begin
            times.append(spent * 1000)
            await asyncio.sleep(max(0.0, KEY_S - spent))
        return times

    async def ask_about(self, number: int) -> None:
        """Ask for a completion behind a function's name, in a file that is opened for that."""
        self._asked += 1
        uri = (self._root / f"asking_{self._asked}.py").as_uri()
        self._client.open(uri, "python", f"absorbed_{number}(\n")
        params = inline_params(uri, 0, len(f"absorbed_{number}("), invoked=True)
        await self._client.request("textDocument/inlineCompletion", params)
        self._client.close_document(uri)
