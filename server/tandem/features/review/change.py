"""What is reviewed, as a value: files before and after, and what of them is no text.

Where it comes from (the working tree, the index of git, a commit, a patch) is not known here.
Pure. Invariant: a file's path is the one it has with the change; of a removed one, the one it had.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from tandem.core import changed_lines, diff
from tandem.core.diff import FileDiff
from tandem.engine import gates
from tandem.engine.gates import Read
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.graph import enclosing
from tandem.index.languages import id_of
from tandem.index.lexical import blanked
from tandem.index.pack import focus

FUNCTIONS: Final = frozenset([Kind.FUNCTION, Kind.METHOD])
_AROUND: Final = 8  # lines next to a change that are its neighborhood


@dataclass(frozen=True)
class Changed:
    """A file of text that changed; None where it was or is not there. `old` is its earlier path."""

    path: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)
    old: str = ""

    @cached_property
    def look(self) -> "Look":
        """The file as the evidence looks at it."""
        return Look(self)


@dataclass(frozen=True)
class Change:
    """A change as a whole. `notes` tells of what is no text, by path: binary, mode, submodule."""

    title: str
    files: tuple[Changed, ...]
    notes: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def diffs(self) -> tuple[FileDiff, ...]:
        """The change as unified diffs, sorted by path."""
        found = [
            diff.between(one.before, one.after, one.old or one.path, one.path) for one in self.files
        ]
        return tuple(item for item in found if item.hunks or item.old != item.new)

    @property
    def paths(self) -> frozenset[str]:
        """All paths of text that it is about, earlier ones included."""
        return frozenset(path for one in self.files for path in (one.path, one.old) if path)

    @cached_property
    def before(self) -> Mapping[str, str | None]:
        """The texts before, by path; None for what was not there."""
        found: dict[str, str | None] = dict.fromkeys(one.path for one in self.files)
        found |= {one.old or one.path: one.before for one in self.files}
        return found

    @cached_property
    def after(self) -> Mapping[str, str | None]:
        """The texts with the change, by path; None for what is gone."""
        found: dict[str, str | None] = dict.fromkeys(one.old for one in self.files if one.old)
        return found | {one.path: one.after for one in self.files}


def change_of(
    title: str,
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
    notes: Mapping[str, str] | None = None,
) -> Change:
    """Return the change between texts by path; a moved file is one."""
    old = {path: text for path, text in before.items() if text is not None}
    now = {path: text for path, text in after.items() if text is not None}
    files = []
    for item in focus.diffs_of(old, now):
        path, source = item.new or item.old or "", item.old or item.new or ""
        earlier = source if source != path else ""
        files.append(Changed(path, old.get(source), now.get(item.new or ""), earlier))
    return Change(title, tuple(files), dict(notes or {}))


class Look:
    """A changed file as the evidence looks at it: its lines, its code, its definitions.

    Everything is made when it is first asked for. Lines are zero-based and have no line end.
    """

    def __init__(self, changed: Changed) -> None:
        """Take a file; one that is gone has an empty text."""
        self.path = changed.path
        self.language = id_of(changed.path)
        self.is_new = changed.before is None
        self.is_gone = changed.after is None
        self.before = changed.before or ""
        self.after = changed.after or ""

    @cached_property
    def read(self) -> Read:
        """The file as the gates look at it."""
        return gates.read(gates.Change(self.path, self.language, self.before, self.after))

    @cached_property
    def lines(self) -> list[str]:
        """The lines with the change."""
        return self.after.split("\n")

    @cached_property
    def code(self) -> str:
        """The text with the change without comments and strings, at the same offsets."""
        return blanked(self.after, self.language)

    @cached_property
    def old_code(self) -> str:
        """The text before without comments and strings."""
        return blanked(self.before, self.language)

    @cached_property
    def code_lines(self) -> list[str]:
        """The lines of `code`."""
        return self.code.split("\n")

    @cached_property
    def blocks(self) -> list[tuple[int, int, int, int]]:
        """What differs: old lines ``[a, b)`` became new lines ``[c, d)``."""
        old, new = diff.lines_of(self.before), diff.lines_of(self.after)
        return list(diff.changed_blocks(old, new))

    @cached_property
    def added(self) -> tuple[int, ...]:
        """The lines that are new to the file, wherever they stood before."""
        old = self.before.split("\n")
        gone = Counter(
            old[n].strip() for a, b, _, _ in self.blocks for n in range(a, min(b, len(old)))
        )
        found = []
        for _, _, c, d in self.blocks:
            for number in range(c, min(d, len(self.lines))):
                text = self.lines[number].strip()
                if gone[text] > 0:
                    gone[text] -= 1
                else:
                    found.append(number)
        return tuple(found)

    @cached_property
    def changed(self) -> frozenset[int]:
        """The lines that changed place or text, and those next to which lines went."""
        return changed_lines.by_blocks(self.blocks)

    @cached_property
    def removed(self) -> list[str]:
        """The lines that are no longer in the file."""
        old, new = self.before.split("\n"), Counter(line.strip() for line in self.lines)
        new.subtract(line.strip() for line in old)
        found = []
        for a, b, _, _ in self.blocks:
            for line in old[a : min(b, len(old))]:
                if new[line.strip()] < 0:
                    new[line.strip()] += 1
                    found.append(line)
        return found

    @cached_property
    def touched(self) -> frozenset[str]:
        """The names of definitions that are made, changed or removed."""
        sides = (
            (self.read.before, self.before, self.after),
            (self.read.after, self.after, self.before),
        )
        return frozenset(
            one.name
            for facts, text, other in sides
            for one in (facts.definitions if facts is not None else ())
            if text[one.span.start : one.span.end] not in other
        )

    @cached_property
    def lost(self) -> frozenset[str]:
        """The names of definitions that are no longer in the file."""
        before, after = (
            frozenset(one.name for one in facts.definitions) if facts is not None else frozenset()
            for facts in (self.read.before, self.read.after)
        )
        return before - after

    def is_beside(self, line: int) -> bool:
        """Tell whether a line is in the change, near it, or in a function that changed."""
        if any(abs(line - changed) <= _AROUND for changed in self.changed):
            return True
        here = self.function_at(line)
        return here is not None and any(
            self.function_at(n) == here for n in self.changed if n < len(self.lines)
        )

    def function_at(self, line: int) -> Definition | None:
        """Return the innermost function around a line as it is with the change."""
        facts = self.read.after
        functions = [d for d in facts.definitions if d.kind in FUNCTIONS] if facts else []
        return enclosing(functions, offset_of(self.lines, line))

    def line_of(self, offset: int) -> int:
        """Return the line of an offset of the text with the change."""
        return self.after.count("\n", 0, offset)

    def functions(self) -> dict[str, tuple[Definition, str, Definition | None, str]]:
        """Return the functions with the change by qualified name.

        Each with its code, and as it was before, with its code then.
        """
        old = dict(_functions(self.read.before, self.old_code))
        new = dict(_functions(self.read.after, self.code))
        return {
            name: (found, code, *(old.get(name) or (None, "")))
            for name, (found, code) in new.items()
        }


def offset_of(lines: Sequence[str], line: int) -> int:
    """Return the offset of the first word of a line."""
    text = lines[line] if line < len(lines) else ""
    return sum(len(one) + 1 for one in lines[:line]) + len(text) - len(text.lstrip())


def _functions(facts: FileFacts | None, code: str) -> list[tuple[str, tuple[Definition, str]]]:
    definitions = facts.definitions if facts is not None else ()
    return [
        (qualified(definitions, d), (d, code[d.span.start : d.span.end]))
        for d in definitions
        if d.kind in FUNCTIONS
    ]


def qualified(definitions: "tuple[Definition, ...]", one: Definition) -> str:
    """Return a definition's name with the names that it stands in."""
    names = [one.name]
    while one.parent >= 0:
        one = definitions[one.parent]
        names.append(one.name)
    return ".".join(reversed(names))
