r"""A patch as files hold it: mail around it, git's headers, binary parts; its text diffs taken out.

``core.diff`` reads what is a diff and nothing else; here a patch may stand in a mail of
``git format-patch``, behind a commit message, with parts that are no text, written by a program
that prints other prefixes, other line ends or names in octal. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tandem.core import diff
from tandem.core.diff import DoesNotApplyError, FileDiff, MalformedDiffError

_GIT: Final = "diff --git "
_COMBINED: Final = re.compile(r"diff --(?:cc|combined) (.*)")
_HUNK: Final = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
# What git prints between its header and the hunks; `core.diff` reads the first four.
_READ: Final = ("rename from ", "rename to ", "new file mode ", "deleted file mode ")
_HEADER: Final = (
    *_READ, "old mode ", "new mode ", "similarity index ", "dissimilarity index ", "index ",
    "copy from ", "copy to ", "Binary files ", "GIT binary patch",
)  # fmt: skip
_OCTAL: Final = re.compile(r"((?:\\[23][0-7]{2})+)|\\.")


@dataclass(frozen=True, slots=True)
class PatchFile:
    """The text diffs of a patch, and what it does to files besides, by path."""

    diffs: tuple[FileDiff, ...]
    notes: dict[str, str]


@dataclass(slots=True)
class _Section:
    """What is about one file: lines in front of the hunks, and the hunks."""

    header: list[str]
    hunks: list[str] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Return what a line of the header says behind a name."""
        found = (line[len(name) :] for line in self.header if line.startswith(name))
        return next(found, "").rstrip("\n")


def read(text: str) -> PatchFile:
    """Read a patch. Raises MalformedDiffError, with the place, at a diff that cannot be one."""
    diffs: list[FileDiff] = []
    notes: dict[str, str] = {}
    for section in _sections(diff.lines_of(_ended(text))):
        found = _diffs_of(section)
        path = section.value("copy to ") or found[0].new or found[0].old or ""
        unread, mode = _unread(section), _mode(section)
        if unread or mode:
            notes[path] = unread or mode
        if not unread:
            diffs += [one for one in found if one.hunks or one.old != one.new]
    if not diffs and not notes:
        raise MalformedDiffError("there is no diff in it")
    return PatchFile(tuple(diffs), notes)


def _ended(text: str) -> str:
    r"""Return a patch with ``\n`` where something made ``\r\n`` of all its line ends.

    Of a file whose own lines end so, only the lines with its content do.
    """
    if re.search(r"^(?:diff --git |\+\+\+ ).*\r\n", text, re.MULTILINE):
        text = text.replace("\r\n", "\n")
    return text if text.endswith("\n") else f"{text}\n"


# -- cut into files ----------------------------------------------------------------------------


def _sections(lines: list[str]) -> Iterator[_Section]:
    """Yield what is about each file; what stands before, between and behind is left out."""
    section: _Section | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        begun = _begun(lines, at, section)
        if begun is not None:
            if section is not None:
                yield section
            section = _Section(begun)
            at += len(begun)
        elif section is not None and line.startswith("@@ "):
            end = _hunk_end(lines, at)
            section.hunks += [line, *(" \n" if one == "\n" else one for one in lines[at + 1 : end])]
            at = end
        elif section is not None and not section.hunks and line.startswith(_HEADER):
            section.header.append(line)
            at += 1
        elif section is not None and not section.hunks and _is_plain(lines, at):
            section.header += lines[at : at + 2]
            at += 2
        elif _HUNK.match(line):
            raise MalformedDiffError(f"line {at + 1} begins a hunk of no file")
        else:
            if section is not None:
                yield section
            section = None
            at += 1
    if section is not None:
        yield section


def _begun(lines: list[str], at: int, section: _Section | None) -> list[str] | None:
    """Return the lines with which the next file begins, None if it does not begin here."""
    if lines[at].startswith(_GIT) or _COMBINED.match(lines[at]):
        return [lines[at]]
    if not _is_plain(lines, at):
        return None
    if section is not None and not section.hunks and not section.value("--- "):
        return None  # the same file's
    return lines[at : at + 2]


def _is_plain(lines: list[str], at: int) -> bool:
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return lines[at].startswith("--- ") and following.startswith("+++ ")


def _hunk_end(lines: list[str], at: int) -> int:
    """Return the line behind a hunk. Programs that cut spaces off leave an empty line empty."""
    match = _HUNK.match(lines[at])
    if match is None:
        raise MalformedDiffError(f"line {at + 1} is no hunk header")
    olds, news = (int(count) if count is not None else 1 for count in match.groups())
    at += 1
    while olds > 0 or news > 0:
        tag = lines[at][:1] if at < len(lines) else ""
        if tag not in {" ", "-", "+", "\n", "\\"}:
            raise MalformedDiffError(f"line {at + 1} does not belong to a hunk")
        olds -= tag in {" ", "-", "\n"}
        news -= tag in {" ", "+", "\n"}
        at += 1
    return at + (at < len(lines) and lines[at].startswith("\\"))


# -- of one file -------------------------------------------------------------------------------


def _diffs_of(section: _Section) -> list[FileDiff]:
    """Return the diff of a file; behind one without hunks the next may have no line of git's."""
    combined = _COMBINED.match(section.header[0])
    if combined is not None:
        return [FileDiff(combined[1], combined[1])]
    known = (_GIT, "--- ", "+++ ", *_READ)
    header = [_plain(line) for line in section.header if line.startswith(known)]
    found = list(diff.parse("".join([*_usual(header), *section.hunks])))
    if found[0].old is None and found[0].new is None:
        raise MalformedDiffError("one of its diffs names no file")
    return found


def _plain(line: str) -> str:
    """Return a line of a header with the letters that git prints as bytes in octal."""
    # Behind a name with a space git prints a tab, also where it quotes the name.
    return f"{_OCTAL.sub(_letters, line).rstrip()}\n" if line.rstrip().endswith('"') else line


def _letters(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    data = bytes(int(octal, 8) for octal in match[1].split("\\")[1:])
    return data.decode("utf-8", "surrogateescape")


def _usual(header: list[str]) -> list[str]:
    """Put ``a/`` and ``b/`` in the place of other prefixes: git's own, folders of ``diff -r``."""
    is_git = header[0].startswith(_GIT)
    words = header[0][len(_GIT) :] if is_git else f"{_name(header[0])} {_name(header[1])}"
    names = words.rstrip("\n").replace('"', "")
    old, new = names[: len(names) // 2], names[len(names) // 2 + 1 :]
    (prefix, _, path), (other, _, same) = old.partition("/"), new.partition("/")
    if not path or path != same or prefix == other or {prefix, other} == {"a", "b"}:
        return header
    known = {"a": re.escape(prefix), "b": re.escape(other)}
    lines = [re.sub(f'^((?:--- |{_GIT})"?){known["a"]}/', r"\1a/", line) for line in header]
    lines = [re.sub(f'^(\\+\\+\\+ "?){known["b"]}/', r"\1b/", line) for line in lines]
    return [re.sub(f'^({_GIT}.* "?){known["b"]}/', r"\1b/", line) for line in lines]


def _name(line: str) -> str:
    return line[len("--- ") :].rstrip("\n").partition("\t")[0]


def _unread(section: _Section) -> str:
    """Return what happens to a file of which there is no diff that is read."""
    if _COMBINED.match(section.header[0]):
        return "a merge, compared with both sides: not read"
    if section.value("copy from "):
        return f"copied from {section.value('copy from ')}: not read"
    binary = any(line.startswith(("Binary files ", "GIT binary patch")) for line in section.header)
    return "binary" if binary else ""


def _mode(section: _Section) -> str:
    old, new = section.value("old mode "), section.value("new mode ")
    return f"mode {old} → {new}" if old and new else ""


# -- applied -----------------------------------------------------------------------------------


def applied(texts: Mapping[str, str | None], one: FileDiff) -> str | None:
    """Return a file's text with a diff applied to what is there. Raises DoesNotApplyError."""
    if one.new is not None and one.new != one.old and texts.get(one.new) is not None:
        raise DoesNotApplyError("the file is there already")
    return diff.apply(texts.get(one.old) if one.old is not None else None, one)


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
