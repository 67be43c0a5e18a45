"""Plans in Helix: the report by `Space a`, the rest by `:lsp-workspace-command`."""

import time
from pathlib import Path

from tests.editors import plans
from tests.editors.helix_running import lines, menu, open_file, picture, wait_for_file
from tests.editors.proof import Proof
from tests.editors.scene import Scene
from tests.editors.terminal import Terminal


def prove(proof: Proof, editor: Terminal, scene: Scene, out: Path) -> None:
    """Plan a change of two files and have it; the first entry of a question is yes."""
    with proof.step("the menu shows what a change would reach, free") as detail:
        open_file(editor, plans.CART)
        editor.keys("g", "e")
        menu(editor, plans.REPORT_ACTION)
        editor.keys("C-p", "Enter")  # It is the last one.
        editor.wait_for(plans.REPORT)
        picture(proof, editor, out / "helix-report.txt")
        detail.append(plans.REPORT_ACTION)
    with proof.step(
        "a command plans; what it costs is asked, above the user's threshold"
    ) as detail:
        open_file(editor, plans.CART)  # The report has no server to send a command to.
        _command(editor, f'planRefactor "{plans.INSTRUCTION}"')
        detail.append(_asked(editor, plans.ASK, "Ask Pro"))
    with proof.step("the plan is shown, and what carrying it out costs is asked") as detail:
        editor.keys("Enter")
        detail.append(_asked(editor, plans.RUN, "Carry out"))
        editor.wait_for(plans.HEADING)
        picture(proof, editor, out / "helix-plan.txt")
    with proof.step("before anything is changed, it is asked") as detail:
        editor.keys("Enter")
        detail.append(_asked(editor, plans.APPLY, "Apply"))
        picture(proof, editor, out / "helix-apply.txt")
        plans.not_written(scene)
    with proof.step("both files hold the result"):
        editor.keys("Enter")
        open_file(editor, plans.TILL)
        wait_for_file(editor, scene, plans.TILL, plans.CALLED)
        open_file(editor, plans.CART)
        wait_for_file(editor, scene, plans.CART, plans.DEFINED)
    with proof.step("undo brings one file back"):
        editor.keys("u")
        wait_for_file(editor, scene, plans.CART, plans.OLD_DEFINED)
    with proof.step("what the server refuses is said") as detail:
        _command(editor, "discardPlan 1")
        editor.wait_for("the plan is applied")
        detail.append(lines(editor)[-1].strip())
    _refuse(proof, editor, scene)


def _refuse(proof: Proof, editor: Terminal, scene: Scene) -> None:
    with proof.step("Escape says no, to a plan and to its result; it is discarded"):
        open_file(editor, plans.TILL)
        editor.keys("u")
        wait_for_file(editor, scene, plans.TILL, plans.OLD_CALLED)
        time.sleep(plans.INDEXED_SECONDS)
        _command(editor, f'planRefactor "{plans.INSTRUCTION}"')
        _asked(editor, plans.RUN, "Carry out")  # Cached now, so its price is not asked about.
        editor.keys("Escape")
        open_file(editor, plans.TILL)
        _command(editor, "runPlan")
        _asked(editor, plans.APPLY, "Apply")
        _command(editor, "discardPlan 2")
        editor.wait_for("plan 2 is discarded")
        plans.not_written(scene)


def _command(editor: Terminal, words: str) -> None:
    editor.keys("Escape")
    editor.type(f":lsp-workspace-command tandem.{words}")
    editor.keys("Enter")


def _asked(editor: Terminal, question: str, first: str) -> str:
    """Wait for a question of the server's; return its line."""
    editor.wait_for(question)
    editor.wait_for(f" {first}\n")
    return next(line.strip(" │") for line in lines(editor) if question in line)
