"""Helix with the fragment of its README: the completion is in the menu; C-n and Enter take it.

Once without a key, once with a simulated model: a whole block as one entry, other files, and quick
fixes and rewrites by `Space a`, and plans by typable commands; in a second repository reviews.
"""

import subprocess
import sys
from pathlib import Path

from tests.editors import checker, helix_plans, helix_reviews, parcels, plans, repairs, reviews
from tests.editors.helix_running import lines, menu, open_file, picture, saved, wait_for_file
from tests.editors.installation import Installation
from tests.editors.model import Model, simulated_model
from tests.editors.proof import Proof, until
from tests.editors.replies import BLOCK, BODY, HEADER, PLACE
from tests.editors.scene import LINE, NEW_MODULE, TYPED, TYPED_ALONG, Scene
from tests.editors.terminal import Terminal, terminal

FRAGMENT = Path(__file__).resolve().parents[2] / "editors" / "helix" / "languages.toml"
PROGRESS = "[editor.lsp]\ndisplay-progress-messages = true\n"  # As its README says.
SOURCE, MODEL_SOURCE = "tandem local", "tandem flash"
READING = "Tandem ⋅ reading"
# A second server for Python, which says what is wrong.
CHECKER = f"""
[language-server.checker]
command = '{sys.executable}'
args = ['{checker.__file__}', '{repairs.MISSING}']
"""
LABEL = 24  # Characters of the label that must be in the menu; the server cuts it at 40.


def prove(proof: Proof, installation: Installation, scene: Scene, out: Path) -> None:
    program = installation.helix
    done = subprocess.run(
        [program, "--version"],
        env=dict(scene.environment),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    proof.version = done.stdout.strip()
    proof.echo(f"helix   {proof.version}")
    configuration = Path(scene.environment["XDG_CONFIG_HOME"]) / "helix"
    configuration.mkdir(parents=True, exist_ok=True)
    (configuration / "languages.toml").write_text(_languages(), encoding="utf-8")
    (configuration / "config.toml").write_text(PROGRESS, encoding="utf-8")
    with terminal([str(program), NEW_MODULE], scene.environment, scene.workspace) as editor:
        _complete(proof, editor, scene, out)
    with proof.step("quitting leaves no process behind"):
        scene.wait_until_nothing_runs(20)
    parcels.write(scene)
    repairs.write(scene)
    plans.write(scene)
    with simulated_model(scene.home / "model.log") as model:
        environment = {**scene.environment, **model.environment()}
        with terminal([str(program), parcels.QUOTES], environment, scene.workspace) as editor:
            _complete_with_model(proof, editor, model, scene, out)
        scene.wait_until_nothing_runs(20)
        with terminal([str(program), reviews.KIOSK], environment, reviews.write(scene)) as editor:
            helix_reviews.prove(proof, editor, out)
    scene.wait_until_nothing_runs(20)


def _complete(proof: Proof, editor: Terminal, scene: Scene, out: Path) -> None:
    with proof.step("the fragment starts the server"):
        editor.wait_for(NEW_MODULE.rsplit("/", maxsplit=1)[-1])
        until(
            "a process `serve`",
            lambda: scene.processes("serve"),
            seconds=60,
            on_screen=editor.screen,
        )
    with proof.step("the completion is in the menu") as detail:
        editor.keys("g", "e", "o")
        editor.type(TYPED)
        detail.append(_wait_for_item(editor, TYPED))
    with proof.step("typing along keeps it") as detail:
        editor.type(TYPED_ALONG)
        detail.append(_wait_for_item(editor, TYPED + TYPED_ALONG))
    with proof.step("C-n shows it, with where it comes from") as detail:
        editor.keys("C-n")
        editor.wait_for(SOURCE)
        picture(proof, editor, out / "helix.txt")
        detail.append(next(line.strip() for line in lines(editor) if SOURCE in line))
    with proof.step("Enter takes it"):
        editor.keys("Enter")
        until(
            "the menu has closed over the line",
            lambda: LINE in editor.screen() and SOURCE not in editor.screen(),
            seconds=20,
            on_screen=editor.screen,
        )
    with proof.step("the file holds the line, written once"):
        editor.keys("Escape")
        editor.type(":wqa")
        editor.keys("Enter")
        scene.wait_until_saved()


def _complete_with_model(
    proof: Proof, editor: Terminal, model: Model, scene: Scene, out: Path
) -> None:
    with proof.step("the index's bar appears and ends") as detail:
        editor.wait_for(READING)
        detail.append(lines(editor)[-1].strip())
        until(
            "the index's bar has ended",
            lambda: READING not in editor.screen(),
            seconds=60,
            on_screen=editor.screen,
        )
    _block(proof, editor, scene, out)
    _repair(proof, editor, model, scene, out)
    _rewrite(proof, editor, model, scene, out)
    helix_plans.prove(proof, editor, scene, out)
    with proof.step("a file that another program writes is told of as it is now") as detail:
        detail.append(_told(editor, model, scene))
    editor.keys("Escape")
    editor.type(":quit-all!")
    editor.keys("Enter")


def _block(proof: Proof, editor: Terminal, scene: Scene, out: Path) -> None:
    with proof.step("a block is one entry of the menu") as detail:
        editor.keys("g", "e", "o")
        editor.type(HEADER)
        editor.keys("Enter")
        editor.type(" " * 4)  # Debian's Helix has no grammar of Python to indent by.
        label = BLOCK[0].strip()
        editor.keys("C-x")
        until(
            f"{label!r} in the menu",
            lambda: label in editor.screen(),
            seconds=60,
            on_screen=editor.screen,
            nudge=lambda: editor.keys("C-x"),  # The first answer came behind the menu.
        )
        editor.keys("C-n")
        editor.wait_for(MODEL_SOURCE)
        picture(proof, editor, out / "helix-block.txt")
        detail.append(next(line.strip() for line in lines(editor) if MODEL_SOURCE in line))
    with proof.step("Enter takes all of it, indented"):
        editor.keys("Enter", "Escape")
        editor.type(":write")
        editor.keys("Enter")
        wanted = "\n".join([HEADER, *BLOCK, ""])
        until(
            "the block is in the file",
            lambda: saved(scene, parcels.QUOTES).endswith(wanted),
            seconds=20,
            on_screen=editor.screen,
        )


def _repair(proof: Proof, editor: Terminal, model: Model, scene: Scene, out: Path) -> None:
    with proof.step("what another server says is fixed, free") as detail:
        open_file(editor, repairs.TOTALS)
        editor.wait_for("is not defined")
        editor.type(f"/{repairs.MISSING}")
        editor.keys("Enter")
        menu(editor, repairs.IMPORT)
        picture(proof, editor, out / "helix-fixes.txt")
        editor.keys("Enter")  # The first entry is chosen from the start.
        wait_for_file(editor, scene, repairs.TOTALS, f"\n{repairs.IMPORTED}\n")
        repairs.not_asked(model)
        detail.append(repairs.IMPORT)


def _rewrite(proof: Proof, editor: Terminal, model: Model, scene: Scene, out: Path) -> None:
    with proof.step("the menu offers to implement a stub; nothing was sent") as detail:
        open_file(editor, repairs.LABELS)
        editor.keys("g", "e")
        menu(editor, repairs.IMPLEMENT)
        picture(proof, editor, out / "helix-rewrites.txt")
        repairs.not_asked(model)
        detail.append(repairs.IMPLEMENT)
    with proof.step("the progress says who is asked, for how much") as detail:
        editor.keys("Enter")
        editor.wait_for(repairs.ASKING)
        detail.append(next(line.strip() for line in lines(editor) if repairs.ASKING in line))
    with proof.step("the file holds the model's body") as detail:
        editor.wait_for(BODY)
        wait_for_file(editor, scene, repairs.LABELS, f"\n{BODY}\n")
        repairs.asked_once(model)
        detail.append(BODY.strip())
    with proof.step("one undo brings the stub back"):
        editor.keys("u")
        wait_for_file(editor, scene, repairs.LABELS, f"\n{repairs.STUB}\n")


def _told(editor: Terminal, model: Model, scene: Scene) -> str:
    """Helix only tells of its own saves; the server compares the disk itself after a minute."""

    def complete_in(name: str) -> None:
        editor.keys("Escape")
        editor.type(f":open {name}")
        editor.keys("Enter", "g", "e", "o")
        editor.type(f"{PLACE}qu")

    parcels.change_on_disk(scene)
    return parcels.told_of_change(model, complete_in, pause=10)


def _wait_for_item(editor: Terminal, so_far: str) -> str:
    """Return the line of the menu that offers the rest of LINE, when `so_far` is typed."""
    label = LINE.removeprefix("def ")[:LABEL]

    def offered() -> list[str]:
        if not any(line.endswith(so_far) for line in lines(editor)):
            return []
        return [line.strip() for line in lines(editor) if label in line]

    return until(
        f"{label!r} in the menu after {so_far!r}",
        offered,
        seconds=60,
        on_screen=editor.screen,
        nudge=lambda: editor.retype(so_far),
    )[0]


def _languages() -> str:
    """Return the fragment with the second server in front of Tandem."""
    fragment = FRAGMENT.read_text(encoding="utf-8")
    assert '"pylsp", "tandem"]' in fragment
    return fragment.replace('"pylsp", "tandem"]', '"pylsp", "checker", "tandem"]') + CHECKER
