"""Reviews in Helix: by `:lsp-workspace-command`; what is found stands on its lines."""

import json
import re
from pathlib import Path

from tests.editors import reviews
from tests.editors.helix_running import lines, menu, open_file, picture
from tests.editors.proof import Proof, until
from tests.editors.terminal import Terminal

KNOWN = "Show what a change of `pay` would reach"  # Offered once the index knows the file.
FIRST_KIOSK, FIRST_TOTAL = reviews.EXPLAIN, reviews.TAKE  # The first entries of the menus there.


def prove(proof: Proof, editor: Terminal, out: Path) -> None:
    """Review the change of the small repository, in a Helix that shows the file of the caller."""
    _stop(proof, editor)
    _review(proof, editor, out)
    _take(proof, editor)
    _dismiss(proof, editor, out)
    _offer(proof, editor)
    editor.keys("Escape")
    editor.type(":quit-all!")
    editor.keys("Enter")


def _stop(proof: Proof, editor: Terminal) -> None:
    with proof.step("what the server refuses to review is said") as detail:
        editor.wait_for(reviews.CALL)
        editor.keys("g", "e")
        menu(editor, KNOWN)
        _command(editor, "reviewDiff", {"scope": "commit", "revision": "nowhere"})
        editor.wait_for(reviews.UNKNOWN)
        detail.append(reviews.UNKNOWN)
    with proof.step("the word for what is to be reviewed is enough") as detail:
        _command(editor, "reviewDiff", "staged")
        editor.wait_for(reviews.NOTHING_STAGED)  # Without findings no report is offered.
        detail.append(reviews.NOTHING_STAGED)
    with proof.step("what is proven is shown at once; stopped, it stays") as detail:
        _command(editor, "reviewDiff")
        editor.keys("g", "g")
        _stands(editor, reviews.STALE, 7)  # Pro has not answered yet.
        _command(editor, "stopReview")
        editor.wait_for(reviews.STOPPED)
        detail.append(_stands(editor, reviews.STALE, 7))
    with proof.step("cleared, nothing is shown"):
        _command(editor, "clearReview")
        _gone(editor, reviews.STALE)


def _review(proof: Proof, editor: Terminal, out: Path) -> None:
    with proof.step("a command reviews; the report may be read") as detail:
        _command(editor, "reviewDiff")
        detail.append(_asked(editor))
        editor.keys("Enter")
        editor.wait_for(f"# Review of {reviews.SCOPE}")
        picture(proof, editor, out / "helix-report-of-review.txt")
    with proof.step("what is found stands on its lines, in both files") as detail:
        open_file(editor, reviews.KIOSK)
        editor.keys("g", "g")
        detail.append(_stands(editor, reviews.STALE, 7))
        open_file(editor, reviews.TOTAL)
        editor.keys("g", "g")
        detail.append(_stands(editor, reviews.CLAIM, 5))
        picture(proof, editor, out / "helix-review.txt")
    with proof.step("`Space D` lists it"):
        editor.keys("Space", "D")
        editor.wait_for("changed-signature")
        picture(proof, editor, out / "helix-findings.txt")
        editor.keys("Escape")
    with proof.step("a line above: it follows") as detail:
        editor.keys("O")
        editor.type(reviews.NOTE)
        _leave_insert(editor)
        detail.append(_stands(editor, reviews.CLAIM, 6))


def _take(proof: Proof, editor: Terminal) -> None:
    with proof.step("its suggestion is taken: it is gone") as detail:
        editor.keys("g", "e")
        _choose(editor, reviews.TAKE, FIRST_TOTAL)
        editor.wait_for(reviews.MENDED)
        _gone(editor, reviews.CLAIM)
        detail.append(reviews.TAKE)
    with proof.step("undo brings line and finding back") as detail:
        editor.keys("u", "g", "g")
        detail.append(_stands(editor, reviews.CLAIM, 6))


def _dismiss(proof: Proof, editor: Terminal, out: Path) -> None:
    with proof.step("dismissed, it is gone") as detail:
        open_file(editor, reviews.KIOSK)
        editor.keys("g", "e")
        _choose(editor, reviews.DISMISS, FIRST_KIOSK, proof, out / "helix-dismiss.txt")
        _gone(editor, reviews.STALE)
        detail.append(reviews.DISMISS + reviews.STALE)
    with proof.step("the next review does not show it; brought back, the one after does") as detail:
        _command(editor, "reviewDiff")
        _asked(editor)
        editor.keys("Escape", "g", "g")
        _gone(editor, reviews.STALE)
        _command(editor, "restoreFindings")
        editor.wait_for(reviews.RESTORED)
        _command(editor, "reviewDiff")
        _asked(editor)
        editor.keys("Escape", "g", "g")
        detail.append(_stands(editor, reviews.STALE, 7))


def _offer(proof: Proof, editor: Terminal) -> None:
    with proof.step("a line that is not committed offers the review") as detail:
        _command(editor, "clearReview")
        _gone(editor, reviews.STALE)
        open_file(editor, reviews.TOTAL)
        editor.keys("g", "g")
        menu(editor, reviews.OFFER)
        editor.keys("Enter")  # It is the first one.
        _asked(editor)
        editor.keys("Escape")
        detail.append(_stands(editor, reviews.CLAIM, 6))


def _command(editor: Terminal, name: str, argument: object = None) -> None:
    words = f" {json.dumps(argument)}" if argument is not None else ""
    editor.keys("Escape")
    editor.type(f":lsp-workspace-command tandem.{name}{words}")
    editor.keys("Enter")


def _leave_insert(editor: Terminal) -> None:
    """Press Escape, and again where the first one closed the menu of completions."""
    editor.keys("Escape")
    until(
        "the mode is normal",
        lambda: any(line.startswith(" NOR ") for line in lines(editor)),
        seconds=20,
        on_screen=editor.screen,
        nudge=lambda: editor.keys("Escape"),
    )


def _asked(editor: Terminal) -> str:
    """Wait for the question that ends a review; return it."""
    editor.wait_for(f" {reviews.REPORT}\n")
    return next(line.strip(" │") for line in lines(editor) if f"Tandem: {reviews.SCOPE}" in line)


def _choose(
    editor: Terminal, title: str, first: str, proof: Proof | None = None, path: Path | None = None
) -> None:
    """Choose an entry of the menu, below the one that is chosen from the start."""
    menu(editor, title)
    if proof is not None and path is not None:
        picture(proof, editor, path)
    rows = lines(editor)
    start, wanted = (
        next(number for number, row in enumerate(rows) if text in row) for text in (first, title)
    )
    editor.keys(*["C-n"] * (wanted - start), "Enter")


def _stands(editor: Terminal, text: str, number: int) -> str:
    """Wait until a finding is shown behind the line of this number, and there alone."""
    place = re.compile(rf"^\W*{number}\W.*{re.escape(text)}")

    def found() -> str | None:
        said = [line for line in lines(editor) if text in line]
        return said[0].strip() if len(said) == 1 and place.match(said[0]) else None

    return until(f"{text!r} on line {number}", found, seconds=60, on_screen=editor.screen)


def _gone(editor: Terminal, text: str) -> None:
    until(
        f"{text!r} is not shown any more",
        lambda: text not in editor.screen(),
        seconds=60,
        on_screen=editor.screen,
    )
