"""Plans in Neovim: by `gra` and by `:Tandem`, answered by its own prompts."""

import time
from pathlib import Path

from tests.editors import plans
from tests.editors.neovim_actions import choose, menu, open_file, picture
from tests.editors.neovim_running import Running
from tests.editors.proof import Proof
from tests.editors.scene import Scene

FIRST_LINE = "vim.fn.getline(1)"
PROMPT = "Type number and <Enter>"
YES, LATER = "1", "2"  # In both questions; Neovim is not told that it could preview.


def report(proof: Proof, editor: Running, out: Path) -> None:
    """Ask for a plan in a Neovim without a key."""
    with proof.step("without a key a plan is a report") as detail:
        _ask(editor)
        editor.terminal.wait_for(plans.REPORT)
        picture(proof, editor, out / "nvim-report.txt")
        editor.terminal.keys("Enter")  # The message is longer than the line.
        detail.append(str(editor.ask(FIRST_LINE)))


def prove(proof: Proof, editor: Running, scene: Scene, out: Path) -> None:
    """Plan a change of two files and have it, in a Neovim that is in any mode."""
    with proof.step("the menu offers to plan a change, and asks for the words") as detail:
        detail.append(_ask(editor))
    with proof.step("what a plan costs is asked about, above the user's threshold") as detail:
        detail.append(_asked(editor, plans.ASK))
        picture(proof, editor, out / "nvim-price.txt")
        choose(editor, YES)
    with proof.step("the plan is in a buffer, and may be left there") as detail:
        _asked(editor, plans.RUN)
        picture(proof, editor, out / "nvim-plan.txt")
        choose(editor, LATER)
        editor.wait("the plan is in the window", FIRST_LINE, plans.HEADING)
        detail.append(plans.HEADING)
    with proof.step("`:Tandem run` carries it out, and asks before anything is changed") as detail:
        _command(editor, "run")
        _asked(editor, plans.APPLY)
        picture(proof, editor, out / "nvim-apply.txt")
        detail.append(plans.APPLY)
    with proof.step("the buffers of both files hold the result; nothing was saved"):
        choose(editor, YES)
        _holds(editor, plans.CART, plans.DEFINED)
        _holds(editor, plans.TILL, plans.CALLED)
        plans.not_written(scene)
    with proof.step("undo brings one file back"):
        open_file(editor, plans.TILL)
        editor.terminal.keys("u")
        _holds(editor, plans.TILL, plans.OLD_CALLED)
        _holds(editor, plans.CART, plans.DEFINED)
        open_file(editor, plans.CART)
        editor.terminal.keys("u")
        _holds(editor, plans.CART, plans.OLD_DEFINED)
    _by_words(proof, editor)


def _by_words(proof: Proof, editor: Running) -> None:
    with proof.step("`:Tandem plan` with words; a result that is not wanted changes nothing"):
        time.sleep(plans.INDEXED_SECONDS)
        _command(
            editor, f"plan {plans.INSTRUCTION}"
        )  # Cached now, so its price is not asked about.
        _asked(editor, plans.RUN)
        choose(editor, YES)
        _asked(editor, plans.APPLY)
        choose(editor, LATER)
        _holds(editor, plans.CART, plans.OLD_DEFINED)
        _holds(editor, plans.TILL, plans.OLD_CALLED)
    with proof.step("`:Tandem discard` gives it up; what the server refuses is said"):
        _command(editor, "discard 99")
        editor.terminal.wait_for("there is no plan 99 of this workspace")
        _command(editor, "discard")
        editor.terminal.wait_for("Tandem: plan 2 is discarded")


def _ask(editor: Running) -> str:
    """Choose the action for the method and say what should change; return the question."""
    open_file(editor, plans.CART)
    choose(editor, menu(editor, plans.ACTION))
    question = f"What should change at {plans.CART}:11?"
    editor.terminal.wait_for(question)
    editor.terminal.type(plans.INSTRUCTION)
    editor.terminal.keys("Enter")
    return question


def _asked(editor: Running, question: str) -> str:
    """Wait for a question of the server's; return its line."""
    editor.terminal.wait_for(question)
    editor.terminal.wait_for(PROMPT)
    return next(line for line in editor.terminal.screen().splitlines() if question in line)


def _command(editor: Running, words: str) -> None:
    editor.terminal.keys("Escape")
    editor.terminal.type(f":Tandem {words}")
    editor.terminal.keys("Enter")


def _holds(editor: Running, path: str, line: str) -> None:
    text = f"vim.api.nvim_buf_get_lines(vim.fn.bufnr('{path}'), 0, -1, true)"
    editor.wait(f"{path} holds {line!r}", f"vim.list_contains({text}, '{line}')", wanted=True)
