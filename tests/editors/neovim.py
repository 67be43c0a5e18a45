"""Neovim with the plugin as a package: ghost text, typing along, Tab, and a clean quit.

Once without a key, once with a simulated model: whole blocks, several answers, other files, quick
fixes and rewrites, plans, and in a second repository reviews.
"""

from dataclasses import replace
from pathlib import Path

from tests.editors import (
    neovim_actions,
    neovim_plans,
    neovim_reviews,
    parcels,
    plans,
    repairs,
    reviews,
)
from tests.editors.installation import Installation
from tests.editors.model import Model, simulated_model
from tests.editors.neovim_running import Running, running, version
from tests.editors.proof import Proof, until
from tests.editors.replies import BLOCK, FIRST, HEADER, PLACE, SECOND
from tests.editors.scene import LINE, NEXT_LINE, NEXT_TYPED, TYPED, TYPED_ALONG, Scene

PLUGIN = Path(__file__).resolve().parents[2] / "editors" / "nvim"
GHOST = """(function()
  local space = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
  local text = ''
  local get = vim.api.nvim_buf_get_extmarks
  for _, mark in ipairs(space and get(0, space, 0, -1, {details = true}) or {}) do
    for _, chunk in ipairs(mark[4].virt_text or {}) do text = text .. chunk[1] end
    for _, line in ipairs(mark[4].virt_lines or {}) do
      text = text .. '\\n'
      for _, chunk in ipairs(line) do text = text .. chunk[1] end
    end
  end
  return text
end)()"""
# The configuration: what the README says, and what :help tandem-progress says. BARS is the proof's.
CONFIGURATION = """\
require('tandem').setup()
_G.bars = {}
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    local token, value = event.data.params.token, event.data.params.value
    table.insert(_G.bars, { token = token, kind = value.kind, percentage = value.percentage or 0 })
    local message = vim.fn.strcharpart(value.message or '', 0, vim.v.echospace - 20)
    vim.api.nvim_echo({ { message } }, false, {
      id = 'lsp.' .. token,
      kind = 'progress',
      source = 'tandem',
      title = value.title,
      status = value.kind == 'end' and 'success' or 'running',
      percent = value.percentage,
    })
  end,
})
"""
BARS = "_G.bars"
INDEX = "tandem/index"  # The token of the index's bar.
INSIDE = "Tandem: the cursor is inside a word (gate)"
# How many answers Neovim holds for the buffer.
ITEMS = """(function()
  local active = require('vim.lsp._capability').all.inline_completion.active
  local _, state = next(active[vim.api.nvim_get_current_buf()].client_state)
  return #(state.items or {})
end)()"""
ATTACHED = "vim.lsp.get_clients({bufnr = 0, name = 'tandem'})[1] ~= nil"
ATTACHED_AGAIN = "(vim.lsp.get_clients({bufnr = 0, name = 'tandem'})[1] or {id = 0}).id > 1"
MESSAGES = "vim.fn.execute('messages')"
ADVICE = "pip install tandem-ls"


def prove(proof: Proof, installation: Installation, scene: Scene, out: Path) -> None:
    program = installation.nvim
    proof.version = version(program, scene)
    proof.echo(f"nvim    {proof.version}")
    _install_plugin(scene)
    plans.write(scene)
    with running(program, scene, scene.environment) as editor:
        _complete(proof, editor, scene, out)
    with proof.step("quitting leaves no process behind"):
        scene.wait_until_nothing_runs(20)
    parcels.write(scene)
    repairs.write(scene)
    changed = replace(scene, workspace=reviews.write(scene))
    with simulated_model(scene.home / "model.log") as model:
        environment = {**scene.environment, **model.environment()}
        with running(program, scene, environment, parcels.QUOTES) as editor:
            _complete_with_model(proof, editor, model, scene, out)
        scene.wait_until_nothing_runs(20)
        with running(program, changed, environment, reviews.TOTAL) as editor:
            editor.wait("the server is attached", ATTACHED, wanted=True)
            neovim_reviews.prove(proof, editor, out)
    scene.wait_until_nothing_runs(20)
    with (
        proof.step("says what to do when tandem is not installed") as detail,
        running(program, scene, scene.without_server()) as editor,
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
    _why(proof, editor)
    _restart(proof, editor, scene)
    neovim_plans.report(proof, editor, out)
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


def _why(proof: Proof, editor: Running) -> None:
    with proof.step("`:Tandem why` says why nothing is shown") as detail:
        editor.terminal.keys("o")
        editor.terminal.type("ab")
        editor.terminal.keys("Left")
        editor.terminal.type("c")
        until(
            f"{INSIDE!r} on the screen",
            lambda: INSIDE in editor.terminal.screen(),
            seconds=20,
            on_screen=editor.terminal.screen,
            nudge=lambda: _ask_why(editor),
        )
        detail.append(INSIDE)
        editor.terminal.keys("d", "d")


def _ask_why(editor: Running) -> None:
    editor.terminal.keys("Escape")
    editor.terminal.type(":Tandem why")
    editor.terminal.keys("Enter")


def _complete_with_model(
    proof: Proof, editor: Running, model: Model, scene: Scene, out: Path
) -> None:
    with proof.step("the index's bar appears and ends") as detail:
        editor.terminal.wait_for("% reading")
        detail.append(_last_line(editor))
        detail.append(_ended_bar(editor))
    _block(proof, editor, out)
    _second_answer(proof, editor)
    neovim_actions.prove(proof, editor, model, out)
    neovim_plans.prove(proof, editor, scene, out)
    with proof.step("a file that another program writes is told of as it is now") as detail:
        detail.append(_told(editor, model, scene))
    editor.terminal.keys("Escape")
    editor.terminal.type(":qa!")
    editor.terminal.keys("Enter")


def _block(proof: Proof, editor: Running, out: Path) -> None:
    editor.terminal.keys("G", "o")
    with proof.step("a block appears as ghost text where a body begins") as detail:
        editor.terminal.type(HEADER)
        editor.terminal.keys("Enter")
        _wait_for_ghost(editor, "\n".join(BLOCK).strip(), nudge=("Escape", "c", "c"))
        editor.terminal.wait_for("\n".join(BLOCK))
        picture = out / "nvim-block.txt"
        picture.write_text(editor.terminal.screen(), encoding="utf-8")
        proof.screenshots.append(picture)
        detail.append(f"{len(BLOCK)} lines")
    with proof.step("Tab takes all of it, indented as it was shown"):
        editor.terminal.keys("Tab")
        lines = "vim.api.nvim_buf_get_lines(0, -6, -1, true)"
        editor.wait("the block is in the buffer", lines, [HEADER, *BLOCK])


def _second_answer(proof: Proof, editor: Running) -> None:
    with proof.step("`<M-\\>` asks by hand, `<M-]>` shows the second answer") as detail:
        editor.terminal.keys("Enter")
        editor.terminal.type(PLACE)
        editor.wait(f"ghost text {FIRST!r}", GHOST, FIRST, typed=PLACE)
        editor.terminal.keys("M-\\")
        editor.wait("two answers have come", ITEMS, 2)
        editor.terminal.keys("M-]")
        second = f"{SECOND} (2/2)"
        _wait_for_ghost(editor, second, nudge=("M-]",))
        detail.append(second)
        editor.terminal.keys("Tab")
        line = "vim.trim(vim.api.nvim_get_current_line())"
        editor.wait("the second answer is in the buffer", line, PLACE + SECOND)


def _ended_bar(editor: Running) -> str:
    """Wait until the index has said that it ended, after percentages that never fell."""

    def bar() -> list[dict[str, object]]:
        seen = editor.ask(BARS) or []
        assert isinstance(seen, list)
        return [each for each in seen if each["token"] == INDEX]

    def ended() -> bool:
        return [each["kind"] for each in bar()][-1:] == ["end"]

    until("the index's bar has ended", ended, seconds=60, on_screen=lambda: str(bar()))
    kinds = [each["kind"] for each in bar()]
    shares = [each["percentage"] for each in bar()][:-1]
    until(
        "it began first and only rose",
        lambda: kinds[0] == "begin" and shares == sorted(map(int, map(str, shares))),
        seconds=0,
        on_screen=lambda: str(bar()),
    )
    return f"{len(kinds)} notifications"


def _wait_for_ghost(editor: Running, wanted: str, nudge: tuple[str, ...]) -> None:
    until(
        f"ghost text {wanted!r}",
        lambda: editor.ask(GHOST) == wanted,
        seconds=60,
        nudge=lambda: editor.terminal.keys(*nudge),
        on_screen=lambda: f"it is {editor.ask(GHOST)!r}\n{editor.terminal.screen()}",
    )


def _told(editor: Running, model: Model, scene: Scene) -> str:
    def complete_in(name: str) -> None:
        editor.terminal.keys("Escape")
        editor.terminal.type(f":update | edit {name}")
        editor.terminal.keys("Enter", "G", "o")
        editor.terminal.type(PLACE)

    parcels.change_on_disk(scene)
    return parcels.told_of_change(model, complete_in, pause=1)


def _last_line(editor: Running) -> str:
    return editor.terminal.screen().splitlines()[-1].strip()


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
    init = CONFIGURATION + neovim_actions.CONFIGURATION
    (configuration / "init.lua").write_text(init, encoding="utf-8")
