"""Quick fixes and rewrites in Neovim, by the keys that it has for code actions: `gra`."""

import re
import sys
from pathlib import Path

from tests.editors import checker, repairs
from tests.editors.model import Model
from tests.editors.neovim_running import Running
from tests.editors.proof import Proof, until
from tests.editors.replies import BODY

# A second server for Python, which says what is wrong. It counts in UTF-16, Tandem in UTF-8 here.
CONFIGURATION = f"""\
vim.lsp.config('checker', {{
  cmd = {{ '{sys.executable}', '{checker.__file__}', '{repairs.MISSING}' }},
  filetypes = {{ 'python' }},
}})
vim.lsp.enable('checker')
"""
LAST_LINE = "vim.api.nvim_buf_get_lines(0, -2, -1, true)[1]"
DIAGNOSTICS = "#vim.diagnostic.get(0)"
IMPORTS = f"vim.fn.search('^{repairs.IMPORTED}$', 'n') > 0"


def prove(proof: Proof, editor: Running, model: Model, out: Path) -> None:
    """Repair and rewrite in a Neovim that is in any mode."""
    _repair(proof, editor, model, out)
    _rewrite(proof, editor, model, out)
    _refuse(proof, editor)


def _repair(proof: Proof, editor: Running, model: Model, out: Path) -> None:
    with proof.step("what another server says is fixed, free") as detail:
        open_file(editor, repairs.TOTALS)
        editor.wait("the other server says what is wrong", DIAGNOSTICS, 1)
        number = menu(editor, repairs.IMPORT)
        picture(proof, editor, out / "nvim-fixes.txt")
        choose(editor, number)
        editor.wait("the import is in the buffer", IMPORTS, wanted=True)
        editor.wait("nothing is wrong any more", DIAGNOSTICS, 0)
        repairs.not_asked(model)
        detail.append(repairs.IMPORT)


def _rewrite(proof: Proof, editor: Running, model: Model, out: Path) -> None:
    with proof.step("the menu offers to implement a stub; nothing was sent") as detail:
        open_file(editor, repairs.LABELS)
        number = menu(editor, repairs.IMPLEMENT)
        picture(proof, editor, out / "nvim-rewrites.txt")
        repairs.not_asked(model)
        detail.append(f"{number}: {repairs.IMPLEMENT}")
    with proof.step("the progress says who is asked, for how much") as detail:
        choose(editor, number)
        editor.terminal.wait_for(repairs.ASKING)
        lines = editor.terminal.screen().splitlines()
        detail.append(next(line.strip() for line in lines if repairs.ASKING in line))
    with proof.step("the buffer holds the model's body") as detail:
        editor.wait("the body is in the buffer", LAST_LINE, BODY)
        repairs.asked_once(model)
        detail.append(BODY.strip())
    with proof.step("one undo brings the stub back"):
        editor.terminal.keys("u")
        editor.wait("the stub is in the buffer", LAST_LINE, repairs.STUB)


def _refuse(proof: Proof, editor: Running) -> None:
    with proof.step("where no answer passes the checks, the editor says so") as detail:
        open_file(editor, repairs.TOTALS)
        choose(editor, menu(editor, repairs.SIMPLIFY))
        editor.terminal.wait_for(repairs.REFUSED)
        editor.terminal.keys("Enter")  # The message is longer than the line.
        editor.wait("the buffer is as it was", LAST_LINE, repairs.TOTAL)
        detail.append(repairs.REFUSED)


def open_file(editor: Running, name: str) -> None:
    editor.terminal.keys("Escape")
    editor.terminal.type(f":update | edit {name}")
    editor.terminal.keys("Enter")
    editor.wait("the file is open", "vim.fn.expand('%:t')", Path(name).name)
    editor.terminal.keys("G")


def choose(editor: Running, number: str) -> None:
    editor.terminal.type(number)
    editor.terminal.keys("Enter")


def picture(proof: Proof, editor: Running, path: Path) -> None:
    path.write_text(editor.terminal.screen(), encoding="utf-8")
    proof.screenshots.append(path)


def menu(editor: Running, title: str) -> str:
    """Open the menu until it holds the title; return that entry's number."""
    entry = re.compile(rf"^(\d+): {re.escape(title)}", re.MULTILINE)

    def again() -> None:
        editor.terminal.keys("Escape", "g", "r", "a")

    again()
    return until(
        f"{title!r} in the menu",
        lambda: entry.search(editor.terminal.screen()),
        seconds=60,
        nudge=again,  # The first look may come before the server has read the file.
        on_screen=editor.terminal.screen,
    )[1]
