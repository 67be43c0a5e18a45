"""Neovim with the plugin as a package: ghost text, typing along, Tab, and a clean quit."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.editors.installation import Installation
from tests.editors.proof import Proof, until
from tests.editors.scene import LINE, NEW_MODULE, NEXT_LINE, NEXT_TYPED, TYPED, TYPED_ALONG, Scene
from tests.editors.terminal import Terminal, terminal

PLUGIN = Path(__file__).resolve().parents[2] / "editors" / "nvim"
GHOST = """(function()
  local space = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
  local text = ''
  local get = vim.api.nvim_buf_get_extmarks
  for _, mark in ipairs(space and get(0, space, 0, -1, {details = true}) or {}) do
    for _, chunk in ipairs(mark[4].virt_text or {}) do text = text .. chunk[1] end
  end
  return text
end)()"""
ATTACHED = "vim.lsp.get_clients({bufnr = 0, name = 'tandem'})[1] ~= nil"
ATTACHED_AGAIN = "(vim.lsp.get_clients({bufnr = 0, name = 'tandem'})[1] or {id = 0}).id > 1"
MESSAGES = "vim.fn.execute('messages')"
ADVICE = "pip install tandem-ls"
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


def prove(proof: Proof, installation: Installation, scene: Scene, out: Path) -> None:
    program = installation.nvim
    proof.version = _version(program, scene)
    proof.echo(f"nvim    {proof.version}")
    _install_plugin(scene)
    with _running(program, scene, scene.environment) as editor:
        _complete(proof, editor, scene, out)
    with proof.step("quitting leaves no process behind"):
        scene.wait_until_nothing_runs(20)
    with (
        proof.step("says what to do when tandem is not installed") as detail,
        _running(program, scene, scene.without_server()) as editor,
    ):
        detail.append(_missing_server(editor))


def _complete(proof: Proof, editor: Running, scene: Scene, out: Path) -> None:
    with proof.step("the plugin starts the server"):
        editor.wait("the server is attached", ATTACHED, wanted=True)
    with proof.step("ghost text appears") as detail:
        editor.terminal.keys("G", "o")
        editor.terminal.type(TYPED)
        rest = LINE.removeprefix(TYPED)
        editor.wait(f"ghost text {rest!r} after {TYPED!r}", GHOST, rest, typed=TYPED)
        editor.terminal.wait_for(LINE)
        detail.append(rest)
        picture = out / "nvim.txt"
        picture.write_text(editor.terminal.screen(), encoding="utf-8")
        proof.screenshots.append(picture)
    with proof.step("typing along keeps it") as detail:
        editor.terminal.type(TYPED_ALONG)
        rest = rest.removeprefix(TYPED_ALONG)
        editor.wait(f"ghost text {rest!r} after {TYPED_ALONG!r}", GHOST, rest)
        detail.append(rest)
    with proof.step("Tab takes it") as detail:
        editor.terminal.keys("Tab")
        editor.wait("the line is in the buffer", "vim.api.nvim_get_current_line()", LINE)
        detail.append(LINE)
    with proof.step("Tab is Tab where there is no ghost text"):
        editor.terminal.keys("Enter", "C-u")
        editor.wait("no ghost text on an empty line", GHOST, "")
        editor.terminal.keys("Tab")
        editor.wait("the line is indented", "vim.fn.indent('.') > 0", wanted=True)
        editor.terminal.keys("Escape", "u")
    _restart(proof, editor, scene)
    with proof.step("the file holds the line, written once"):
        editor.terminal.type(":wqa")
        editor.terminal.keys("Enter")
        scene.wait_until_saved()


def _restart(proof: Proof, editor: Running, scene: Scene) -> None:
    with proof.step("`:Tandem restart`, and the next line is completed") as detail:
        editor.terminal.type(":Tandem restart")
        editor.terminal.keys("Enter")
        editor.wait("another server is attached", ATTACHED_AGAIN, wanted=True)
        editor.terminal.keys("o")
        editor.terminal.type(NEXT_TYPED)
        rest = NEXT_LINE.strip().removeprefix(NEXT_TYPED)
        editor.wait(f"ghost text {rest!r} after {NEXT_TYPED!r}", GHOST, rest, typed=NEXT_TYPED)
        editor.terminal.keys("Tab")
        editor.wait("the line is in the buffer", "vim.api.nvim_get_current_line()", NEXT_LINE)
        editor.terminal.keys("Escape")
        detail.append(NEXT_LINE.strip())
    with proof.step("one server runs, also after the restart") as detail:
        detail.append(scene.only_server())


def _missing_server(editor: Running) -> str:
    editor.terminal.wait_for(ADVICE)
    editor.terminal.keys("Enter")
    editor.terminal.type(":edit shop/orders.py")
    editor.terminal.keys("Enter")
    editor.wait("a second file is open", "vim.fn.expand('%:t')", "orders.py")
    messages = str(editor.ask(MESSAGES))
    until(
        "one message for two files",
        lambda: messages.count(ADVICE) == 1,
        seconds=0,
        on_screen=lambda: messages,
    )
    editor.terminal.type(":qa!")
    editor.terminal.keys("Enter")
    return next(line for line in messages.splitlines() if ADVICE in line)


def _install_plugin(scene: Scene) -> None:
    """As the README says: a link among the packages that start, and one line of configuration."""
    packages = Path(scene.environment["XDG_DATA_HOME"]) / "nvim/site/pack/tandem/start"
    packages.mkdir(parents=True)
    (packages / "tandem").symlink_to(PLUGIN)
    configuration = Path(scene.environment["XDG_CONFIG_HOME"]) / "nvim"
    configuration.mkdir(parents=True)
    (configuration / "init.lua").write_text("require('tandem').setup()\n", encoding="utf-8")


@contextmanager
def _running(program: Path, scene: Scene, environment: Mapping[str, str]) -> Iterator[Running]:
    socket = Path(environment["XDG_RUNTIME_DIR"]) / "nvim.sock"
    command = [str(program), "--listen", str(socket), NEW_MODULE]
    with terminal(command, environment, scene.workspace) as shown:
        yield Running(program, socket, shown)


def _version(program: Path, scene: Scene) -> str:
    done = subprocess.run(
        [program, "--version"],
        env=dict(scene.environment),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return done.stdout.splitlines()[0]
