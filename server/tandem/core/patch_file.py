r"""A patch as files hold it: in mail, with git's own headers and binary parts; its diffs taken out.

``core.diff`` reads what is a diff and nothing else; here a patch may stand in a mail of
``git format-patch``, behind a commit message, with parts that are no text. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tandem.core import diff
from tandem.core.diff import FileDiff, MalformedDiffError

_GIT: Final = "diff --git "
_BINARY: Final = ("Binary files ", "GIT binary patch")
_DEV_NULL: Final = "/dev/null"


@dataclass(frozen=True, slots=True)
class PatchFile:
    """The text diffs of a patch, and what it does to files besides, by path."""

    diffs: tuple[FileDiff, ...]
    notes: dict[str, str]


def read(text: str) -> PatchFile:
    """Read a patch. Raises MalformedDiffError, with the place, at a diff that cannot be one."""
    diffs: list[FileDiff] = []
    notes: dict[str, str] = {}
    for section in _sections(diff.lines_of(text.replace("\r\n", "\n") if _is_mail(text) else text)):
        said = _said(section)
        path = _path(section)
        if said and path:
            notes[path] = said
        body = "".join(_known(section))
        if body:
            diffs += [one for one in diff.parse(body) if one.hunks or one.old != one.new]
    if not diffs and not notes:
        raise MalformedDiffError("there is no diff in it")
    return PatchFile(tuple(diffs), notes)


def _is_mail(text: str) -> bool:
    return text.startswith("From ") and "\r\n" in text


def _sections(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines about each file; what stands before, between and behind is left out."""
    section: list[str] = []
    olds = news = 0
    for number, line in enumerate(lines):
        if olds > 0 or news > 0:  # in a hunk everything is content
            olds -= line[:1] in {" ", "-"}
            news -= line[:1] in {" ", "+"}
            section.append(line)
            continue
        following = lines[number + 1] if number + 1 < len(lines) else ""
        plain = line.startswith("--- ") and following.startswith("+++ ")
        if line.startswith(_GIT) or (plain and _has_hunks(section)):
            if section:
                yield section
            section = []
        if line.startswith("@@ "):
            olds, news = _counts(line)
        if section or line.startswith(_GIT) or plain:
            section.append(line)
    if section:
        yield section


def _has_hunks(section: list[str]) -> bool:
    return not section or any(line.startswith(("@@ ", "--- ")) for line in section)


def _counts(line: str) -> tuple[int, int]:
    numbers = []
    for word in line.split()[1:3]:
        _, _, count = word.partition(",")
        numbers.append(int(count) if count.isdigit() else 1)
    return (numbers[0], numbers[1]) if len(numbers) > 1 else (0, 0)


def _known(section: list[str]) -> Iterator[str]:
    """Yield the lines that `core.diff` reads."""
    inside = 0, 0
    for line in section:
        olds, news = inside
        if olds > 0 or news > 0:
            inside = olds - (line[:1] in {" ", "-"}), news - (line[:1] in {" ", "+"})
            yield line
        elif line.startswith("@@ "):
            inside = _counts(line)
            yield line
        elif line.startswith(
            (_GIT, "--- ", "+++ ", "rename ", "new file mode", "deleted file mode", "\\")
        ):
            yield line


def _said(section: list[str]) -> str:
    modes = {
        line.split()[0]: line.split()[-1]
        for line in section
        if line.startswith(("old mode", "new mode"))
    }
    if any(line.startswith(_BINARY) for line in section):
        return "binary"
    return f"mode {modes['old']} → {modes['new']}" if len(modes) > 1 else ""


def _path(section: list[str]) -> str:
    names = section[0][len(_GIT) :].strip() if section[0].startswith(_GIT) else ""
    name = names[len(names) // 2 + 1 :]
    return name.removeprefix("b/") if name != _DEV_NULL else ""


def applied(texts: dict[str, str | None], one: FileDiff) -> str | None:
    """Return a file's text with a diff applied to what is there. Raises DoesNotApplyError."""
    old = texts.get(one.old) if one.old is not None else None
    return diff.apply(old, one)


def reversed_of(one: FileDiff) -> FileDiff:
    """Return the diff that takes a diff back."""
    swap = {"+": "-", "-": "+", " ": " "}
    hunks = []
    for hunk in one.hunks:
        lines = [swap[line[0]] + line[1:] for line in hunk.lines]
        hunks.append(diff.Hunk(hunk.new_at, hunk.old_at, tuple(_minus_first(lines))))
    return FileDiff(one.new, one.old, tuple(hunks))


def _minus_first(lines: list[str]) -> Iterator[str]:
    """Put removed lines before added ones, as diffs have them."""
    added: list[str] = []
    for line in lines:
        if line[0] == "+":
            added.append(line)
            continue
        if line[0] == " ":
            yield from added
            added = []
        yield line
    yield from added
