r"""Facts of open documents, which follow edits.

A keystroke parses the document abridged around it (`abridge`), moves what is known of the rest
(`carry`) and reads one block of words again (`words`): 2.5 ms in 5,000 lines of Python, where a
parse and a walk of everything take 22. Where the text around the edit makes no sense, because a
bracket or a string is open, the definitions stay those of the text before it, in their new places,
and the value is `unsettled` until the text makes sense again or `settled` parses everything.

Invariants: never raises, whatever the bytes; None means no grammar, or no time. A settled value has
the facts of a fresh parse, where that finds no errors and the grammar is not ambiguous.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tandem.core.text import Span
from tandem.index.abridge import Abridged, abridged, missing
from tandem.index.carry import Edit, LeftOut, moved, moved_imports, spliced, spliced_imports
from tandem.index.facts import Definition, FileFacts, Import
from tandem.index.languages import Language
from tandem.index.names import decoded, offsets
from tandem.index.parse import facts_of_tree
from tandem.index.syntax.tables import syntax_of
from tandem.index.trees import deadline, never, parsed, spoken
from tandem.index.words import Words

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_SMALL: Final = 16_000  # bytes; all of it is parsed and walked in 3 ms
_PART_S: Final = 0.05  # for an abridged document, which takes 1 ms if it is code
_BLOCK: Final = 8_192
_MOST_NODES: Final = 20_000  # looked at for errors, as `trees.error_count` does
_CONTINUES: Final = range(0x80, 0xC0)  # bytes that begin no character
# A table that looks at what stands before a node cannot do without any of it, nor can a grammar
# whose keywords are nodes: BEGIN and END are not next to each other.
_NEVER_ABRIDGED: Final = frozenset(["elixir", "sql"])
_SOMEWHERE: Final = -1  # the line of an error that no node says
_Ends = tuple[int, int, int]
"""An edit in bytes: its start, its end before and its end now."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A text (UTF-8) and what is known of it."""

    data: bytes
    spoken: Language
    tree: "Tree"  # of the last parse of everything, its places moved by the edits since
    facts: FileFacts
    errors: tuple[int, ...]  # the line of each
    words: Words | None  # None where the text is not the bytes
    unsettled: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class OpenTree:
    """An open document and its facts; a value, never changed. Offsets are bytes of its UTF-8."""

    language: Language
    _known: _Known

    @classmethod
    def of(
        cls, data: bytes, language: Language, *, budget_s: float | None = None
    ) -> "OpenTree | None":
        """Parse a whole document; None without a grammar or over budget."""
        source = decoded(data)[1]
        actual = spoken(language, source)
        tree = parsed(source, actual, None, deadline(budget_s, never, len(source)))
        if tree is None:
            return None
        words = Words.of(source, actual.id) if source is data else None
        return cls(language, _whole(language.id, data, actual, tree, words))

    @property
    def data(self) -> bytes:
        """The bytes of the document."""
        return self._known.data

    @property
    def unsettled(self) -> tuple[int, int] | None:
        """The first and last line, zero-based, between which a parse of everything may say more."""
        return self._known.unsettled

    def edit(
        self,
        start: int,
        old_end: int,
        new_end: int,
        data: bytes,
        *,
        budget_s: float | None = None,
    ) -> "OpenTree | None":
        r"""Return the edited document: bytes ``[start, old_end)`` became ``[start, new_end)``.

        The budget is for a parse of everything, which a small document gets, one that cannot be
        abridged, and one whose structure has changed: an opening ``\"\"\"`` at the top of 5,000
        lines costs seven full parses. Over it the document stays unsettled. None where the text
        has to be read anew, as its encoding or its language has changed, and that takes too long.
        """
        text, source = decoded(data)
        known = self._known
        if source is not data or known.words is None:
            return OpenTree.of(data, self.language, budget_s=budget_s)
        ends = _whole_characters(known.data, data, (start, old_end, new_end))
        if not _speaks_the_same(self.language, known, data, ends):
            return OpenTree.of(data, self.language, budget_s=budget_s)
        edit, points = _edit(known.data, text, data, ends)
        tree = known.tree.copy()
        tree.edit(*ends, *points)
        known = replace(known, data=data, tree=tree, words=known.words.edited(data, *ends))
        followed = _followed(known, text, edit, (ends[0], ends[2]))
        if followed is None:
            followed = _parsed_whole(known, budget_s)
        if followed is None:
            followed = _moved(known, edit, (0, edit.new_line + data.count(b"\n", ends[2])))
        return OpenTree(self.language, followed)

    def updated(self, data: bytes, *, budget_s: float | None = None) -> "OpenTree | None":
        """Return the document as it is now, whatever was edited; the same value if nothing was."""
        changed = difference(self.data, data)
        return self.edit(*changed, data, budget_s=budget_s) if changed is not None else self

    def settled(self, *, budget_s: float | None = None) -> "OpenTree | None":
        """Parse everything, unless that would say nothing new; None over budget. For a pause."""
        if self.unsettled is None:
            return self
        if spoken(self.language, self.data) is not self._known.spoken:
            return OpenTree.of(self.data, self.language, budget_s=budget_s)
        known = _parsed_whole(self._known, budget_s)
        return OpenTree(self.language, known) if known is not None else None

    def facts(self) -> FileFacts:
        """Return the facts of the document as it is. Free."""
        return self._known.facts

    def errors(self) -> int:
        """Count the places that the grammar could not make sense of."""
        return self._known.facts.errors


def difference(old: bytes, new: bytes) -> _Ends | None:
    """Return the smallest edit from one text to another: start, old end, new end; None if equal.

    Compared in blocks and then by halves: 0.05 ms for 200 kB.
    """
    if old == new:
        return None
    most = min(len(old), len(new))
    start = _common(most, lambda a, b: old[a:b] == new[a:b])
    a, b = len(old), len(new)
    same = _common(most - start, lambda c, d: old[a - d : a - c] == new[b - d : b - c])
    return start, a - same, b - same


def _common(most: int, equal: Callable[[int, int], bool]) -> int:
    """Return how far two texts are equal, `most` at most."""
    at = 0
    while at < most and equal(at, min(at + _BLOCK, most)):
        at = min(at + _BLOCK, most)
    end = min(at + _BLOCK, most)
    while at < end:
        middle = (at + end + 1) // 2
        if equal(at, middle):
            at = middle
        else:
            end = middle - 1
    return at


def _whole(name: str, data: bytes, actual: Language, tree: "Tree", words: Words | None) -> _Known:
    text, source = decoded(data)
    facts = facts_of_tree(tree.root_node, text, source, actual, name)
    return _Known(data, actual, tree, facts, tuple(_error_lines(tree.root_node)), words)


def _parsed_whole(known: _Known, budget_s: float | None) -> _Known | None:
    """Parse everything with the help of the tree before."""
    over = deadline(budget_s, never, len(known.data))
    tree = parsed(known.data, known.spoken, known.tree, over)
    if tree is None:
        return None
    return _whole(known.facts.language, known.data, known.spoken, tree, known.words)


def _followed(known: _Known, text: str, edit: Edit, fresh: tuple[int, int]) -> _Known | None:
    """Return what is known after an edit from what is around it; None where that is not enough."""
    part = _abridged(known, *fresh)
    if part is None:
        return None
    tree = parsed(part.data, known.spoken, None, deadline(_PART_S, never, len(part.data)))
    if tree is None:
        return _moved(known, edit, part.touched)
    root = tree.root_node
    absent = missing(part, root)
    if absent is None:
        spliced = _spliced(known, part, root, text, edit)
        if spliced is not None:
            return spliced
    # Without errors, or beside what is out of date, it is the structure that has changed.
    if not root.has_error or (absent is not None and absent.is_stale):
        return None
    return _moved(known, edit, part.touched)


def _abridged(known: _Known, start: int, end: int) -> Abridged | None:
    syntax = syntax_of(known.spoken.id)
    if len(known.data) <= _SMALL or syntax is None or known.spoken.id in _NEVER_ABRIDGED:
        return None
    if _SOMEWHERE in known.errors:
        return None
    leading = frozenset((*syntax.comments, *syntax.above))
    return abridged(known.tree.root_node, known.data, start, end, leading)


def _moved(known: _Known, edit: Edit, touched: tuple[int, int]) -> _Known:
    """Return what was known before, in its new places."""
    facts = known.facts
    lines = [*touched, edit.line, edit.new_line, *map(edit.line_now, known.unsettled or ())]
    return replace(
        known,
        facts=_facts(
            known, moved(facts.definitions, edit), moved_imports(facts.imports, edit), facts.errors
        ),
        errors=tuple(map(edit.line_now, known.errors)),
        unsettled=(min(lines), max(lines)),
    )


def _spliced(known: _Known, part: Abridged, root: "Node", text: str, edit: Edit) -> _Known | None:
    """Return what is known with what the abridged document says in its place."""
    at = offsets({edge for gap in part.gaps for edge in gap[:2]}, text, known.data)
    left_out = LeftOut(
        tuple([Span(at[gap.start], at[gap.end]) for gap in part.gaps]),
        tuple([(gap.line, gap.end_line) for gap in part.gaps]),
    )
    fresh = facts_of_tree(root, part.data.decode(), part.data, known.spoken, known.facts.language)
    definitions = spliced(
        known.facts.definitions, left_out.restored(fresh.definitions), left_out, edit
    )
    if definitions is None:
        return None
    imports = spliced_imports(known.facts.imports, fresh.imports, left_out, edit)
    found = [left_out.line_restored(max(line, 0)) for line in _error_lines(root)]
    kept, replaced = left_out.divided([edit.line_now(line) for line in known.errors])
    lines = [*part.touched, edit.line, edit.new_line] if set(found).difference(replaced) else []
    if known.unsettled is not None:
        first, last = map(edit.line_now, known.unsettled)
        if (
            found or left_out.divided(range(first, last + 1))[0]
        ):  # they make no sense, or are unseen
            lines += [first, last]
    errors = tuple(sorted([*kept, *found]))
    return replace(
        known,
        facts=_facts(known, definitions, imports, len(errors)),
        errors=errors,
        unsettled=(min(lines), max(lines)) if lines else None,
    )


def _facts(
    known: _Known, definitions: tuple[Definition, ...], imports: tuple[Import, ...], errors: int
) -> FileFacts:
    words = known.words.all if known.words is not None else known.facts.identifiers
    return FileFacts(known.facts.language, definitions, imports, words, errors, exact=True)


def _speaks_the_same(language: Language, known: _Known, data: bytes, ends: _Ends) -> bool:
    """Tell whether the text is still of the language that its tree is of."""
    if known.spoken is language:  # what would say another is on the lines of the edit
        first, last = data.rfind(b"\n", 0, ends[0]), data.find(b"\n", ends[2])
        data = data[max(first, 0) : last if last >= 0 else len(data)]
    return spoken(language, data) is known.spoken


def _whole_characters(old: bytes, new: bytes, ends: _Ends) -> _Ends:
    """Widen an edit so that it begins and ends between characters."""
    start, old_end, new_end = ends
    while start and (_continues(old, start) or _continues(new, start)):
        start -= 1
    while _continues(old, old_end):
        old_end, new_end = old_end + 1, new_end + 1
    return start, old_end, new_end


def _continues(data: bytes, at: int) -> bool:
    return at < len(data) and data[at] in _CONTINUES


_Point = tuple[int, int]


def _edit(
    old: bytes, text: str, new: bytes, ends: _Ends
) -> tuple[Edit, tuple[_Point, _Point, _Point]]:
    """Return an edit in code points and lines, and the points of its three ends for the tree."""
    start, old_end, new_end = ends
    line = new.count(b"\n", 0, start)
    old_line = line + old.count(b"\n", start, old_end)
    new_line = line + new.count(b"\n", start, new_end)
    at = start if len(text) == len(new) else len(new[:start].decode())
    edit = Edit(
        at,
        at + len(old[start:old_end].decode()),
        at + len(new[start:new_end].decode()),
        line,
        old_line,
        new_line,
    )
    points = (
        (line, start - new.rfind(b"\n", 0, start) - 1),
        (old_line, old_end - old.rfind(b"\n", 0, old_end) - 1),
        (new_line, new_end - new.rfind(b"\n", 0, new_end) - 1),
    )
    return edit, points


def _error_lines(root: "Node") -> list[int]:
    """Return the lines of ERROR and MISSING nodes, going only where there are some."""
    lines: list[int] = []
    nodes, seen = [root] if root.has_error else [], 0
    while nodes and seen < _MOST_NODES:
        node = nodes.pop()
        seen += 1
        if node.is_error or node.is_missing:
            lines.append(node.start_point[0])
        nodes += [child for child in node.children if child.has_error]
    return sorted(lines) if lines or not root.has_error else [_SOMEWHERE]
