"""What the proofs do in a Helix, and what they read from its screen."""

from pathlib import Path

from tests.editors.proof import Proof, until
from tests.editors.scene import Scene
from tests.editors.terminal import Terminal


def open_file(editor: Terminal, name: str) -> None:
    editor.keys("Escape")
    editor.type(f":open {name}")
    editor.keys("Enter")
    until(
        f"{name} is open",
        lambda: any(name in line for line in lines(editor)[-2:]),
        seconds=20,
        on_screen=editor.screen,
    )


def menu(editor: Terminal, title: str) -> None:
    """Open the menu until it holds the title."""

    def again() -> None:
        editor.keys("Escape", "Space", "a")

    again()
    until(
        f"{title!r} in the menu",
        lambda: title in editor.screen(),
        seconds=60,
        nudge=again,  # The first look may come before the server has read the file.
        on_screen=editor.screen,
    )


def picture(proof: Proof, editor: Terminal, path: Path) -> None:
    path.write_text(editor.screen(), encoding="utf-8")
    proof.screenshots.append(path)


def saved(scene: Scene, name: str) -> str:
    """Return a file's text, "" while Helix puts the new file into the place of the old one."""
    try:
        return (scene.workspace / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def wait_for_file(editor: Terminal, scene: Scene, name: str, wanted: str) -> None:
    editor.type(":write")
    editor.keys("Enter")
    until(
        f"{wanted!r} in {name}",
        lambda: wanted in saved(scene, name),
        seconds=20,
        on_screen=editor.screen,
    )


def lines(editor: Terminal) -> list[str]:
    return editor.screen().splitlines()
