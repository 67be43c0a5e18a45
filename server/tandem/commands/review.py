"""``tandem review``: what is wrong with a change, before it is committed or pushed.

    tandem review                          what is not committed, untracked files included
    ... --staged | --unstaged              what is in git's index, or not yet
    ... --base REV                         this branch since it left REV, the working tree included
    ... --commit REV | --range A..B        what was committed
    ... --patch FILE                       a patch, applied or not

The evidence comes from the index and the history: free, no key. ``--ask`` has Pro review on top;
its price is told first. Status 0, or 1 if a finding is as bad as ``--fail-on`` says; 2, with a
sentence, if it could not be reviewed.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Final

from tandem import __version__
from tandem.app import World
from tandem.commands.consent import agreed, told
from tandem.commands.context.repository import PlaceError, indexed, root_of, site_for
from tandem.core.diagnostics import Severity
from tandem.core.errors import TandemError
from tandem.features.review import machine, report
from tandem.features.review.result import Review, fails
from tandem.reviewing.judge import drafted, judged
from tandem.reviewing.look import looked
from tandem.reviewing.shown import unasked
from tandem.site import Site
from tandem.spending import may_ask, open_gateway
from tandem.workspace.compared import Kind, Scope

_FAIL: Final = {"error": Severity.ERROR, "warning": Severity.WARNING, "any": Severity.HINT}


def run(arguments: argparse.Namespace) -> int:
    """Print a review."""
    try:
        return asyncio.run(_run(World.real(), arguments))
    except (PlaceError, TandemError) as error:
        print(f"tandem review: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("tandem review: stopped", file=sys.stderr)
    return 2


async def _run(world: World, arguments: argparse.Namespace) -> int:
    scope, root = _scope(arguments), root_of(Path.cwd())
    if isinstance(scope, Scope) and not (root / ".git").exists():
        raise PlaceError("this folder is in no git repository: there is nothing to compare with")
    async with indexed(world, root) as repository:
        site = site_for(world, repository)
        found = await _reviewed(world, site, scope, arguments)
    _print(_printed(found, arguments.format))
    return 1 if fails(found.findings, _FAIL.get(arguments.fail_on)) else 0


async def _reviewed(
    world: World, site: Site, scope: Scope | Path, arguments: argparse.Namespace
) -> Review:
    seen = await looked(site, scope)
    if not arguments.ask:
        return await unasked(site, seen)
    if not may_ask(world, site.settings):
        raise PlaceError(f"there is no key in {site.settings.api.key_env} to ask Pro with")
    draft = await drafted(world, site, seen)
    threshold = site.settings.review.confirm_usd
    if draft.parts and not await agreed("The review", draft.quote, threshold, yes=arguments.yes):
        raise PlaceError("nothing was asked")
    async with open_gateway(world, site.settings) as gateway:
        return await judged(site, draft, gateway, told)


def _scope(arguments: argparse.Namespace) -> Scope | Path:
    if arguments.patch is not None:
        return Path(arguments.patch).resolve()
    if arguments.base is not None:
        return Scope(Kind.BRANCH, arguments.base)
    if arguments.commit is not None:
        return Scope(Kind.COMMIT, arguments.commit)
    if arguments.range is not None:
        return Scope(Kind.RANGE, arguments.range)
    if arguments.staged:
        return Scope(Kind.STAGED)
    return Scope(Kind.UNSTAGED) if arguments.unstaged else Scope()


def _printed(found: Review, form: str) -> str:
    if form == "json":
        return f"{json.dumps(machine.to_json(found))}\n"
    if form == "sarif":
        return f"{json.dumps(machine.to_sarif(found, __version__))}\n"
    made = {"markdown": report.markdown, "github": report.github}.get(form, report.text)
    return made(found)


def _print(text: str) -> None:
    """Print what a terminal may have no letters for: names of files are any bytes."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), end="")
