"""The act of fixes: real files are broken in memory, and what needs no model puts them right.

An import is taken away, a name misspelt, an import added that nothing uses; the diagnostic is said
in the words of the language's usual server. What the index proves is offered as in an editor, and
compared with what the author wrote. Nothing is written, no key and no network are used.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tandem.app import World
from tandem.commands import screen
from tandem.commands.demo.stage import Say, indexed, staged
from tandem.core import edits
from tandem.core.diagnostics import Diagnostic
from tandem.core.text import Span, Text
from tandem.features.fixes.free.fixes import free_fixes
from tandem.index.codebase import Codebase
from tandem.index.facts import FileFacts

_MOST: Final = 6  # breaks that are shown
_LARGEST: Final = 100_000  # characters of a file that is broken
_SHORTEST: Final = 5  # letters of a name that is misspelt
_PYTHON_IMPORT: Final = re.compile(r"^from [\w.]+ import (\w+)\n", re.MULTILINE)
_SCRIPT_IMPORT: Final = re.compile(
    r"""^import \{ (\w+) \} from ["'][^"'\n]+["'];?\n""", re.MULTILINE
)
_IMPORTS: Final = {
    "python": _PYTHON_IMPORT,
    "javascript": _SCRIPT_IMPORT,
    "typescript": _SCRIPT_IMPORT,
    "typescriptreact": _SCRIPT_IMPORT,
}


@dataclass(frozen=True, slots=True)
class Break:
    """A file with one thing wrong: what was done to it, what a server would say."""

    path: str
    language: str
    done: str
    before: str
    text: str
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Mended:
    """A break and what was offered for it; `exact` where that is what the author wrote."""

    path: str
    done: str
    said: str
    offered: str
    exact: bool
    milliseconds: float


async def show(world: World, root: Path, palette: screen.Palette, say: Say) -> list[dict[str, Any]]:
    """Play the act; return what it showed as JSON. DemoError without source files."""
    with staged(world, root, say) as stage:
        headline = f"Fixes that need no model, on files broken for the show: {root}"
        say(screen.headline(headline, palette))
        async with indexed(stage) as (indexing, _seconds):
            shown = [_mended(indexing.codebase, one) for one in _breaks(indexing.codebase)]
    for one in shown:
        stage.say(_lines(one, palette))
    right = sum(one.exact for one in shown)
    say(palette.paint("bold", f"{len(shown)} broken, {right} put right as written, for $0"))
    return [asdict(one) for one in shown]


def _breaks(code: Codebase) -> Iterator[Break]:
    """Yield a few breaks of each kind, in the order of the paths."""
    makers = (_without_import, _misspelt, _with_unused)
    for number, maker in enumerate(makers):
        found = 0
        for path in sorted(code.paths)[number::3]:
            facts, text = code.facts(path), code.text(path)
            if facts is None or text is None or len(text) > _LARGEST or "\r" in text:
                continue
            broken = maker(code, path, facts, text)
            if broken is not None:
                yield broken
                found += 1
            if found == _MOST // len(makers):
                break


def _without_import(code: Codebase, path: str, facts: FileFacts, text: str) -> Break | None:
    pattern = _IMPORTS.get(facts.language)
    known = code.imports(path)
    for match in pattern.finditer(text) if pattern is not None else ():
        name = match[1]
        rest = text[: match.start()] + text[match.end() :]
        at = re.search(rf"(?<![\w.\"'])(?<!import ){name}\b", rest)
        if name in known and at is not None and code.definers(name):
            done = f"took away `{match[0].strip()}`"
            return Break(path, facts.language, done, text, rest, _undefined(facts, rest, at.span()))
    return None


def _misspelt(code: Codebase, path: str, facts: FileFacts, text: str) -> Break | None:
    if facts.language not in _IMPORTS:
        return None
    for name in code.imports(path):
        at = re.search(rf"(?<![\w.\"']){name}(?=\()", text)
        if len(name) < _SHORTEST or not name.isidentifier() or at is None:
            continue
        wrong = name[:-2] + name[-1]
        rest = text[: at.start()] + wrong + text[at.end() :]
        span = (at.start(), at.start() + len(wrong))
        done = f"wrote `{wrong}` for `{name}`"
        return Break(path, facts.language, done, text, rest, _undefined(facts, rest, span))
    return None


def _with_unused(_code: Codebase, path: str, facts: FileFacts, text: str) -> Break | None:
    first = next((item for item in facts.imports), None)
    if facts.language != "python" or first is None or "zipfile" in text:
        return None
    at = sum(len(line) + 1 for line in text.split("\n")[: first.line])
    rest = f"{text[:at]}import zipfile\n{text[at:]}"
    start = at + len("import ")
    diagnostic = Diagnostic(
        Span(start, start + len("zipfile")), "`zipfile` imported but unused", "Ruff", "F401"
    )
    return Break(path, facts.language, "added `import zipfile`", text, rest, diagnostic)


def _undefined(facts: FileFacts, text: str, span: tuple[int, int]) -> Diagnostic:
    name = text[slice(*span)]
    if facts.language == "python":
        message, source, code = f'"{name}" is not defined', "Pyright", "reportUndefinedVariable"
    else:
        message, source, code = f"Cannot find name '{name}'.", "typescript", "2304"
    return Diagnostic(Span(*span), message, source, code)


def _mended(code: Codebase, broken: Break) -> Mended:
    text = Text.of(broken.text)
    begin = time.perf_counter()
    found = free_fixes(code, broken.path, text, broken.language, broken.diagnostic)
    milliseconds = (time.perf_counter() - begin) * 1000
    exact = bool(found) and str(edits.apply(text, found[0].edits)) == broken.before
    offered = found[0].title if found else ""
    said = broken.diagnostic.message
    return Mended(broken.path, broken.done, said, offered, exact, round(milliseconds, 2))


def _lines(one: Mended, palette: screen.Palette) -> list[str]:
    offered = f"→ {one.offered} (free)" if one.offered else "→ left to a model"
    mark = palette.paint("green", "   ✓ as written") if one.exact else ""
    return [
        f"{palette.paint('cyan', one.path)}  {one.done}",
        f"    {palette.paint('dim', one.said)}",
        f"    {offered}  {palette.paint('dim', f'{one.milliseconds:.1f} ms')}{mark}",
    ]
