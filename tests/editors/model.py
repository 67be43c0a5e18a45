"""A model for the proofs: the simulated API as a process of its own, and what it was told."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
KEY = "sk-sim-editors"
REPLIES = "tests.editors.replies:reply"
FIRST_TOKEN_MS = 50


@dataclass(frozen=True, slots=True)
class Model:
    """Where the simulated API listens."""

    base_url: str

    def environment(self) -> dict[str, str]:
        """Return what a person with a key has set."""
        return {"DEEPSEEK_API_KEY": KEY, "TANDEM_API__BASE_URL": self.base_url}

    def prompts(self) -> list[str]:
        """Return the prompts of all completions so far, oldest first."""
        return [body["prompt"] for body in self._bodies() if "prompt" in body]

    def chats(self) -> int:
        """Return how many questions were asked so far that are no completions."""
        return sum("messages" in body for body in self._bodies())

    def _bodies(self) -> list[dict[str, Any]]:
        address = f"{self.base_url}/_sim/record"
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - loopback
            record = json.load(answer)["requests"]
        bodies = [each["body"] for each in record if each["path"].endswith("completions")]
        return [body for body in bodies if isinstance(body, dict)]


@contextmanager
def simulated_model(errors: Path) -> Iterator[Model]:
    """Run the simulated API while the block runs; its standard error goes to the file."""
    command = [
        *(sys.executable, "-m", "fixtures.api", "--replies", REPLIES, "--until-stdin-closes"),
        *("--first-token-ms", str(FIRST_TOKEN_MS)),
    ]
    with (
        errors.open("wb") as log,
        subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Model(json.loads(process.stdout.readline())["base_url"])
        finally:
            process.stdin.close()
            process.wait(20)
