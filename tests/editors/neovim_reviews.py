"""Reviews in Neovim: by `:TandemReview`; what is found is read by `vim.diagnostic`."""

from pathlib import Path

from tests.editors import reviews
from tests.editors.neovim_actions import choose, menu, open_file, picture
from tests.editors.neovim_running import Running
from tests.editors.proof import Proof, until

ASKED = f"1: {reviews.REPORT}"
# Of all files, also those that no buffer shows: [file, line, source, message].
FOUND = """(function()
  local found = {}
  for _, each in ipairs(vim.diagnostic.get()) do
    local file = vim.fs.basename(vim.api.nvim_buf_get_name(each.bufnr))
    table.insert(found, { file, each.lnum + 1, each.source, each.message })
  end
  return found
end)()"""
INDEXED = """(function()
  local client = vim.lsp.get_clients({ name = 'tandem' })[1]
  local answer = client and client:request_sync('tandem/status', nil, 1000)
  return answer and answer.result and answer.result.indexedFiles
end)()"""
MESSAGES = "vim.fn.execute('messages')"
COMPLETED = "vim.fn.getcompletion('TandemReview {typed}', 'cmdline')"


def prove(proof: Proof, editor: Running, out: Path) -> None:
    """Review the change of the small repository, in a Neovim that shows the changed file."""
    _names(proof, editor)
    _stop(proof, editor)
    _review(proof, editor, out)
    _take(proof, editor)
    _dismiss(proof, editor, out)
    _offer(proof, editor)
    editor.terminal.keys("Escape")
    editor.terminal.type(":qa!")
    editor.terminal.keys("Enter")


def _names(proof: Proof, editor: Running) -> None:
    with proof.step("`:TandemReview` completes what can be reviewed, and branches") as detail:
        words = ["clear", "commit"]
        editor.wait("two words begin with c", COMPLETED.format(typed="c"), words)
        editor.wait("the branch is known", COMPLETED.format(typed="branch m"), ["main"])
        second = COMPLETED.format(typed="range HEAD..m")
        editor.wait("also behind the dots", second, ["HEAD..main"])
        detail.append(", ".join([*words, "branch main", "range HEAD..main"]))
    with proof.step("what the server refuses is said") as detail:
        _command(editor, "commit nowhere", reviews.UNKNOWN)
        detail.append(reviews.UNKNOWN)


def _stop(proof: Proof, editor: Running) -> None:
    with proof.step("what is proven is shown at once; stopped, it stays") as detail:
        editor.wait("the index knows both files", INDEXED, 2)
        _command(editor, "")
        _wait_for(editor, _stale(7))  # Pro has not answered yet.
        _command(editor, "stop", reviews.STOPPED)
        _wait_for(editor, _stale(7))
        _command(editor, "stop", reviews.NOTHING_RUNS)
        detail.append(reviews.STOPPED)
    with proof.step("cleared, nothing is shown"):
        _command(editor, "clear")
        _wait_for(editor)


def _review(proof: Proof, editor: Running, out: Path) -> None:
    with proof.step("what is found stands on its lines, in the open file and the other") as detail:
        _command(editor, "uncommitted")
        editor.terminal.wait_for(ASKED)
        picture(proof, editor, out / "nvim-review.txt")
        choose(editor, "1")
        editor.wait("the report is open", "vim.fn.expand('%:e')", "md")
        detail.append(str(editor.ask("vim.fn.getline(1)")))
        open_file(editor, reviews.TOTAL)
        detail.append(str(_wait_for(editor, _claimed(5), _stale(7))))
    with proof.step("`<C-w>d` shows it in a window"):
        editor.terminal.keys("C-w", "d")
        editor.terminal.wait_for("Diagnostics:")
        picture(proof, editor, out / "nvim-finding.txt")
    with proof.step("a line above: it follows") as detail:
        editor.terminal.keys("g", "g", "O")
        editor.terminal.type(reviews.NOTE)
        editor.terminal.keys("Escape")
        detail.append(str(_wait_for(editor, _claimed(6), _stale(7))))


def _take(proof: Proof, editor: Running) -> None:
    with proof.step("its suggestion is taken: it is gone") as detail:
        editor.terminal.keys("G")
        choose(editor, menu(editor, reviews.TAKE))
        editor.wait("the line is mended", "vim.fn.getline('$')", reviews.MENDED)
        _wait_for(editor, _stale(7))
        detail.append(reviews.TAKE)
    with proof.step("undo brings line and finding back"):
        editor.terminal.keys("u")
        editor.wait("the line is as it was", "vim.fn.getline('$')", reviews.CHANGED)
        _wait_for(editor, _claimed(6), _stale(7))


def _dismiss(proof: Proof, editor: Running, out: Path) -> None:
    with proof.step("the caller's file opens with its finding, once; it follows as well") as detail:
        open_file(editor, reviews.KIOSK)
        _wait_for(editor, _claimed(6), _stale(7))
        editor.terminal.keys("g", "g", "O")
        editor.terminal.type(reviews.NOTE)
        editor.terminal.keys("Escape", "G")
        detail.append(str(_wait_for(editor, _claimed(6), _stale(8))))
    with proof.step("dismissed, it is gone") as detail:
        number = menu(editor, reviews.DISMISS)
        picture(proof, editor, out / "nvim-dismiss.txt")
        choose(editor, number)
        _wait_for(editor, _claimed(6))
        detail.append(reviews.DISMISS + reviews.STALE)
    with proof.step("the next review does not show it; brought back, the one after does") as detail:
        _command(editor, "")
        _reviewed(editor)
        _wait_for(editor, _claimed(6))
        _command(editor, "restore", reviews.RESTORED)
        _command(editor, "")
        _reviewed(editor)
        detail.append(str(_wait_for(editor, _claimed(6), _stale(8))))


def _offer(proof: Proof, editor: Running) -> None:
    with proof.step("a line that is not committed offers the review") as detail:
        _command(editor, "clear")
        _wait_for(editor)
        editor.terminal.keys("g", "g")
        choose(editor, menu(editor, reviews.OFFER))
        _reviewed(editor)
        _wait_for(editor, _claimed(6), _stale(8))
        detail.append(reviews.OFFER)


def _command(editor: Running, words: str, said: str = "") -> None:
    """Give the command, and wait until the text is said of it."""
    editor.terminal.keys("Escape")
    editor.terminal.type(f":TandemReview {words}".rstrip())
    editor.terminal.keys("Enter")
    if said:
        _told(editor, said)


def _told(editor: Running, text: str) -> None:
    """Wait for a message; on the screen a bar may have taken its place already."""
    until(
        f"{text!r} is said",
        lambda: text in str(editor.ask(MESSAGES)),
        seconds=60,
        on_screen=lambda: f"{editor.ask(MESSAGES)}\n{editor.terminal.screen()}",
    )


def _reviewed(editor: Running) -> None:
    """Wait for the end of a review, and leave its report be."""
    editor.terminal.wait_for(ASKED)
    editor.terminal.keys("Escape")
    until(
        "the question is gone",
        lambda: ASKED not in editor.terminal.screen(),
        seconds=20,
        on_screen=editor.terminal.screen,
    )


def _stale(line: int) -> list[object]:
    return [reviews.KIOSK, line, "Tandem", reviews.STALE]


def _claimed(line: int) -> list[object]:
    return [reviews.TOTAL, line, "Tandem", reviews.CLAIM]


def _wait_for(editor: Running, *wanted: list[object]) -> list[list[object]]:
    """Wait until these are all the findings there are, in any order."""
    expected = sorted(wanted, key=str)

    def found() -> list[list[object]]:
        answer = editor.ask(FOUND)
        said = answer if isinstance(answer, list) else []  # Lua's empty table is an empty object.
        told = [[*one[:3], str(one[3]).removesuffix(reviews.SURE)] for one in said]
        return sorted(told, key=str)

    until(
        f"the findings are {expected}",
        lambda: editor.ask(FOUND) is not None and found() == expected,
        seconds=60,
        on_screen=lambda: (
            f"they are {editor.ask(FOUND)!r}\n{editor.terminal.screen()}{editor.log()}"
        ),
    )
    return expected
