"""A terminal to run an editor in: tmux on its own socket, keys one by one, the screen as text."""

import shlex
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.editors.proof import until

COLUMNS, ROWS = 100, 28
ESCAPE_SECONDS = 0.1  # A key that an editor reads together with an Escape is one with Alt.
# remain-on-exit keeps the last screen of an editor that died; escape-time 0 sends Escape at once.
CONFIGURATION = "set -g remain-on-exit on\nset -s escape-time 0\nset -g status off\n"


@dataclass(frozen=True, slots=True)
class Terminal:
    socket: str

    def keys(self, *names: str) -> None:
        """Press keys by their tmux names, as `Escape` or `C-n`."""
        for name in names:
            self._tmux("send-keys", name)
            if name == "Escape":
                time.sleep(ESCAPE_SECONDS)

    def type(self, text: str) -> None:
        """Type a text, one key at a time, as a person does."""
        for character in text:
            self._tmux("send-keys", "-l", character)

    def retype(self, text: str) -> None:
        """Take back the last character of a text and type it again."""
        self.keys("BSpace")
        self.type(text[-1])

    def screen(self) -> str:
        lines = self._tmux("capture-pane", "-p").split("\n")
        return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"

    def wait_for(self, text: str, seconds: float = 60) -> None:
        until(
            f"{text!r} on the screen",
            lambda: text in self.screen(),
            seconds=seconds,
            on_screen=self.screen,
        )

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, *arguments],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout


@contextmanager
def terminal(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[Terminal]:
    """Run the command in a terminal, with exactly this environment, while the block runs."""
    shown = Terminal(socket=f"tandem-{uuid.uuid4().hex[:8]}")
    configuration = Path(environment["TMPDIR"]) / "tmux.conf"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    exact = ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), *command]
    subprocess.run(
        [
            *("tmux", "-L", shown.socket, "-f", str(configuration), "new-session", "-d"),
            *("-x", str(COLUMNS), "-y", str(ROWS), "-c", str(folder), shlex.join(exact)),
        ],
        check=True,
        timeout=30,
    )
    try:
        yield shown
    finally:
        subprocess.run(
            ["tmux", "-L", shown.socket, "kill-server"],
            capture_output=True,
            timeout=20,
            check=False,
        )
