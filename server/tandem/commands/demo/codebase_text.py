"""What the act about the codebase found, line by line. Pure, so that a test reads it."""

from collections.abc import Sequence
from typing import Final

from tandem.commands.demo.replay import Replay
from tandem.commands.demo.seen import Answer, Known, Packed, Told

_LANGUAGES: Final = 6  # named; a demo is read, not studied
_USES: Final = 4
_MOST: Final = 200  # mentions at which `index.graph` stops to count
_SECTIONS: Final = 6
_WIDTH: Final = 100
_LEVELS: Final = {"full": "whole", "signatures": "by signatures", "name": "by name"}


def known(found: Known) -> list[str]:
    """Return how much is known, and how long that took."""
    languages = [f"{name} {count:,}" for name, count in found.languages]
    more = len(languages) - _LANGUAGES
    named = ", ".join(languages[:_LANGUAGES]) + (f" and {more} more" if more > 0 else "")
    lines = [
        f"  {found.files:,} files: {named}",
        f"  {found.definitions:,} definitions of {found.names:,} names",
        f"  read and parsed in {found.cold_s:.2f} s; the second time {found.warm_s:.2f} s",
    ]
    if found.left_out:
        lines.append(f"  ({found.left_out:,} more files are left out of this demo)")
    return lines


def answer(found: Answer | None) -> list[str]:
    """Return who uses a definition, where, and what its file needs."""
    if found is None:
        return ["", "There is no definition here that other files import."]
    definition = found.place.definition
    doc = f"  {definition.doc}" if definition.doc else ""
    at = "at" if found.mentions < _MOST else "at more than"
    files = len({use.path for use, _ in found.uses})
    lines = [
        "",
        f"Who uses `{definition.name}`?  (answered in {found.ms:.1f} ms)",
        _cut(f"  {found.place.path}:{definition.line + 1}  {definition.signature}{doc}"),
        f"  used {at} {_counted(len(found.uses), 'place')} in {_counted(files, 'file')}:",
    ]
    for use, line in found.uses[:_USES]:
        inside = f" in {use.inside.name}" if use.inside is not None else ""
        lines.append(_cut(f"    {use.path}:{use.line + 1}{inside}: {line}"))
    needs = ", ".join(found.imports) or "nothing of the repository"
    lines.append(_cut(f"  its file is imported by {found.importers:,} others; it imports {needs}"))
    return lines


def told(found: Told) -> list[str]:
    """Return the context of a completion, section by section."""
    place = f"{found.path}:{found.line + 1}:{found.column + 1}"
    sections = found.block.sections
    lines = [
        "",
        f"What a completion at {place} is told of other files  (in {found.ms:.0f} ms)",
        f"  {found.block.tokens:,} tokens in {len(sections):,} pieces, the largest of them:",
    ]
    for section in sorted(sections, key=lambda section: -section.tokens)[:_SECTIONS]:
        what = f"{section.tokens:>6,}  {section.source.value:<11} {section.path}"
        lines.append(_cut(f"  {what}: {section.why}"))
    return lines


def packed(found: Packed) -> list[str]:
    """Return the size of the codebase as a prompt, its price, and what the cache saves."""
    cost = found.cost
    files = ", ".join(f"{count:,} {_LEVELS[how]}" for how, count in _shown(found.files))
    hours = "peak" if found.peak else "off-peak"
    lines = [
        "",
        f"What a plan or a review is told: the codebase itself  (in {found.seconds:.2f} s)",
        f"  {cost.tokens:,} tokens; files: {files}",
    ]
    if cost.first is None or cost.following is None:
        lines.append("  no price is known for the model of `models.pro`")
    else:
        lines.append(f"  first request {cost.first}, the next {cost.following}  (input, {hours})")
    return [*lines, *_replayed(found.replay)]


def _shown(files: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(how, count) for how, count in files if how in _LEVELS]


def _replayed(found: Replay | None) -> list[str]:
    if found is None:
        return ["  there is no git history to replay here in a second"]
    share = 100 * found.hit / found.tokens
    requests = f"one request after each of the last {found.requests} commits, replayed"
    others = f"{found.rebuilt} packed anew by path and {found.uncached} without a cache"
    return [
        f"  {requests}: {share:.1f}% from the cache",
        f"    {found.ours}, against {others}",
    ]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
