"""``tandem demo``: what Tandem knows of a repository and what it does in it, in four acts.

*codebase*: the index answers, with no key and no network. *fix*: it puts broken files right, with
neither. *review*: it reviews the last commits, with neither. *completion*: a real client drives a
real ``tandem serve`` over stdio. Three ways for that: with no key (the default), the repository
engine answers; ``--simulated`` lets the simulated API of a source checkout answer and prints our
ledger beside its bill; ``--live`` uses the user's key, account and ledger.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import tandem
from tandem.app import World
from tandem.commands import screen
from tandem.commands.demo import codebase
from tandem.commands.demo.models import CHECKOUT, DemoError


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; status 1 with a sentence if it cannot run."""
    try:
        result = asyncio.run(_demo(arguments))
    except DemoError as error:
        print(f"tandem demo: {error}", file=sys.stderr)
        return 1
    except (TimeoutError, ConnectionError):
        print("tandem demo: the server stopped answering; see `tandem doctor`", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(result))
    return 0


async def _demo(arguments: argparse.Namespace) -> dict[str, Any]:
    root = (arguments.path or _own_source()).resolve()
    if not root.is_dir():
        raise DemoError(f"{root} is not a folder; give the path of a repository")
    world = World.real()
    palette = screen.Palette(color=sys.stdout.isatty() and "NO_COLOR" not in world.environment)
    say = (lambda _line: None) if arguments.json else print
    result: dict[str, Any] = {}
    models = arguments.simulated or arguments.live  # whoever asks for a model wants to see it
    if arguments.act == "codebase" or (arguments.act is None and not models):
        result["codebase"] = (await codebase.show(world, root, palette, say)).to_json()
    if arguments.act == "fix" or (arguments.act is None and not models):
        from tandem.commands.demo import fixes  # noqa: PLC0415 - as below

        say("")
        result["fix"] = await fixes.show(world, root, palette, say)
    if arguments.act == "review" or (arguments.act is None and not models):
        from tandem.commands.demo import review  # noqa: PLC0415 - as below

        say("")
        result["review"] = await review.show(world, root, palette, say)
    if arguments.act in {None, "completion"}:
        from tandem.commands.demo import completion  # noqa: PLC0415 - the protocol: 0.4 s

        if result:
            say("")
        result |= (await completion.show(arguments, world, root, palette, say)).to_json()
    return result


def _own_source() -> Path:
    """Return Tandem's checkout, or the installed package where there is none."""
    in_checkout = (CHECKOUT / "pyproject.toml").is_file()
    return CHECKOUT if in_checkout else Path(tandem.__file__).parent
