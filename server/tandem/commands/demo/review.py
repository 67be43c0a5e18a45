"""The act of reviews: the last commits of the repository, reviewed by what the index proves.

No key and no network are used, nothing is written; what Pro would cost is left out.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem.app import World
from tandem.commands import screen
from tandem.commands.demo.stage import Say, indexed, staged
from tandem.core.errors import RefusedError
from tandem.features.review import machine
from tandem.features.review.findings import Finding
from tandem.features.review.notes import told
from tandem.features.review.report import WORDS
from tandem.reviewing.look import Looked, looked
from tandem.site import site_of
from tandem.workspace.compared import Kind, Scope
from tandem.workspace.files import list_files
from tandem.workspace.ignore import read_rules
from tandem.workspace.revisions import last_commits

_COMMITS: Final = 6
_FACTS: Final = 3  # that are shown of a commit


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with what its review showed, and how long that took."""

    seen: Looked
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "title": self.seen.change.title,
            "files": len(self.seen.change.files),
            "findings": [machine.finding(one) for one in self.seen.findings],
            "facts": list(told(self.seen.notes)),
            "seconds": round(self.seconds, 3),
        }


async def show(world: World, root: Path, palette: screen.Palette, say: Say) -> list[dict[str, Any]]:
    """Play the act; return what it showed as JSON. DemoError without source files."""
    with staged(world, root, say) as stage:
        say(screen.headline(f"Reviews of the last commits by evidence alone: {root}", palette))
        async with indexed(stage) as (indexing, _seconds):
            settings = world.configuration(root, {}).settings
            files = list_files(root, read_rules(root, settings.index.exclude)).files
            site = site_of(world.paths, root, settings, indexing.codebase, lambda: files)
            found = []
            for commit in last_commits(root, _COMMITS):
                begin = time.perf_counter()
                try:
                    seen = await looked(site, Scope(Kind.COMMIT, commit.name))
                except RefusedError as error:
                    say(f"{commit.name[:7]}: {error}")
                    continue
                found.append(Commit(seen, time.perf_counter() - begin))
                stage.say(_lines(found[-1], palette))
    count = sum(len(one.seen.findings) for one in found)
    said = f"{len(found)} commits, {count} {'finding' if count == 1 else 'findings'}, for $0"
    say(palette.paint("bold", said if found else "no commits here: nothing to review"))
    return [one.to_json() for one in found]


def _lines(one: Commit, palette: screen.Palette) -> list[str]:
    seen = one.seen
    count = len(seen.change.files)
    files = f"{count} {'file' if count == 1 else 'files'}"
    how_long = palette.paint("dim", f"{one.seconds:.1f} s")
    lines = [f"{palette.paint('cyan', seen.change.title)}  {files}  {how_long}"]
    for finding in seen.findings:
        lines += _finding(finding, palette)
    facts = list(told(seen.notes))
    lines += [f"    {palette.paint('dim', fact.removeprefix('- '))}" for fact in facts[:_FACTS]]
    if len(facts) > _FACTS:
        lines.append(f"    {palette.paint('dim', f'and {len(facts) - _FACTS} more facts')}")
    return lines


def _finding(finding: Finding, palette: screen.Palette) -> list[str]:
    word = palette.paint("bold", WORDS[finding.severity])
    place = f"{finding.path}:{finding.line + 1}"
    return [f"    {word} {place}: {finding.claim}", f"        {finding.quote.strip()}"]
