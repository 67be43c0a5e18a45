"""A Neovim in a terminal, which can also be asked what it holds."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.editors.proof import until
from tests.editors.scene import NEW_MODULE, Scene
from tests.editors.terminal import Terminal, terminal

LOG_LINES, LOG_COLUMNS = 5, 400
ANSWER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Running:
    """A Neovim in a terminal, which can also be asked."""

    program: Path
    socket: Path
    terminal: Terminal

    def ask(self, lua: str) -> object:
        """Evaluate a Lua expression in any mode; None while a prompt keeps the editor busy."""
        quoted = f"vim.json.encode({lua})".replace("'", "''").replace("\n", " ")
        try:
            done = subprocess.run(
                [self.program, "--server", self.socket, "--remote-expr", f"luaeval('{quoted}')"],
                capture_output=True,
                text=True,
                timeout=ANSWER_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else None

    def wait(self, what: str, lua: str, wanted: object, *, typed: str = "") -> None:
        """Wait until the expression has the wanted value; `typed` is retyped while it has not."""
        until(
            what,
            lambda: self.ask(lua) == wanted,
            seconds=60,
            nudge=(lambda: self.terminal.retype(typed)) if typed else None,
            on_screen=lambda: f"it is {self.ask(lua)!r}\n{self.terminal.screen()}{self.log()}",
        )

    def log(self) -> str:
        """Return the end of the language server log, where the server's own errors are."""
        log = self.ask("vim.lsp.log.get_filename()")
        lines = Path(str(log)).read_text(errors="replace").splitlines() if log else []
        return "\n".join(line[:LOG_COLUMNS] for line in lines[-LOG_LINES:])


@contextmanager
def running(
    program: Path, scene: Scene, environment: Mapping[str, str], file: str = NEW_MODULE
) -> Iterator[Running]:
    socket = Path(environment["XDG_RUNTIME_DIR"]) / "nvim.sock"
    command = [str(program), "--listen", str(socket), file]
    with terminal(command, environment, scene.workspace) as shown:
        yield Running(program, socket, shown)


def version(program: Path, scene: Scene) -> str:
    done = subprocess.run(
        [program, "--version"],
        env=dict(scene.environment),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout.splitlines()[0]
