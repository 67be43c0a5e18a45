"""Removal of imports that nothing needs: a name of a list, an entry of it, or the whole statement.

What an import does by being imported is not known: that is why the server only calls it unused.
Deliberately by text and marks alone, so that it also works in a file that does not parse.

Invariants: what parsed before parses after; the blank lines around a removed statement become as
many as the more of both sides had.
"""

from collections.abc import Collection, Iterator, Sequence

from tandem.core.edits import Edit
from tandem.core.text import Span
from tandem.features.fixes.free.candidate import Asked, FreeFix
from tandem.features.fixes.free.statements import Entry, Statement, covering

_UNWRAPPED = frozenset(["rust", "php", "scala"])
_MOST_NAMED = 4  # in a title


def unused_import(asked: Asked) -> list[FreeFix]:
    """Return the removal of what the diagnostic calls unused."""
    source, language = asked.source, asked.language
    diagnostic, cause = asked.diagnostic, asked.cause
    statement = covering(source, language, diagnostic.span)
    if statement is None:
        return []
    leaves = list(statement.leaves())
    gone = [leaf for leaf in leaves if _is(leaf, cause.name)] if cause.name else []
    if len(gone) > 1:  # `import a.b` and `import a.c` on one line: the one that is marked
        gone = [leaf for leaf in gone if _meets(leaf.span, diagnostic.span)] or gone[:1]
    if not gone:
        gone = [leaf for leaf in leaves if _meets(leaf.span, diagnostic.span)]
    if not gone and not cause.name:  # the server marks a word of it for the whole
        gone = leaves
    edits = without(source, language, statement, gone)
    return [FreeFix(_title(source, gone), edits, sure=True)] if edits else []


def _is(leaf: Entry, name: str) -> bool:
    last = leaf.name.strip('<>"').replace("\\", ".").replace("::", ".").rpartition(".")[2]
    return name in {leaf.local, leaf.name, last, leaf.name.strip('<>"')}


def _meets(span: Span, other: Span) -> bool:
    return span.start < max(other.end, other.start + 1) and other.start < span.end


def _title(source: str, gone: Sequence[Entry]) -> str:
    if len(gone) > _MOST_NAMED:
        return "Remove unused imports"
    written = [" ".join(source[slice(*leaf.span)].split()).strip('"') for leaf in gone]
    names = ", ".join(f"`{name.removeprefix('type ')}`" for name in written)
    return f"Remove unused import{'s' if len(gone) > 1 else ''} {names}"


def without(
    source: str, language: str, statement: Statement, gone: Collection[Entry]
) -> tuple[Edit, ...]:
    """Return the edits that take names out of a statement, which goes with its last."""
    if not gone:
        return ()
    kept = [leaf for leaf in statement.leaves() if leaf not in gone]
    if not kept:
        return (_whole(source, language, statement),)
    inside = Span(statement.listed.start, statement.listed.end)
    parts = statement.entries
    lined = statement.bracketed
    return tuple(_of_list(source, language, parts, inside, gone, lined=lined))


def _of_list(
    source: str,
    language: str,
    entries: Sequence[Entry],
    inside: Span,
    gone: Collection[Entry],
    *,
    lined: bool,
) -> Iterator[Edit]:
    """Yield the edits of a list of which something stays. `lined` lists may end with a comma."""
    going = [all(leaf in gone for leaf in entry.leaves()) for entry in entries]
    left = [entry for entry, goes in zip(entries, going, strict=True) if not goes]
    if language in _UNWRAPPED and lined and len(left) == 1 and _can_stand_alone(left[0]):
        braces = Span(inside.start - 1, inside.end + 1)
        yield Edit(braces, source[slice(*left[0].span)])
        return
    first_left = going.index(False)
    for at, entry in enumerate(entries):
        if not going[at]:
            if entry.inner is not None:
                yield from _of_list(source, language, entry.entries, entry.inner, gone, lined=True)
            continue
        own = _own_lines(source, entry.span) if lined else None
        if own is not None and inside.start < own.start and own.end <= inside.end:
            yield Edit(own, "")
        elif at < first_left:
            yield Edit(Span(entry.span.start, entries[at + 1].span.start), "")
        else:
            start = entries[at - 1].span.end
            if going[at - 1] and _own_lines(source, entries[at - 1].span) and lined:
                start = entry.span.start
            yield Edit(Span(start, entry.span.end), "")


def _can_stand_alone(entry: Entry) -> bool:
    return entry.inner is None and entry.name not in {"self", "*", "_"} and "=>" not in entry.name


def _own_lines(source: str, span: Span) -> Span | None:
    """Return the whole lines of an entry that shares them only with its comma and a comment."""
    start = source.rfind("\n", 0, span.start) + 1
    end = source.find("\n", span.end)
    if end < 0 or source[start : span.start].strip():
        return None
    rest = source[span.end : end].strip()
    behind = rest.removeprefix(",").strip()
    if (rest and not rest.startswith(",")) or (behind and not behind.startswith(("#", "//"))):
        return None
    return Span(start, end + 1)


def _whole(source: str, language: str, statement: Statement) -> Edit:
    span = statement.span
    block = statement.block
    if block is not None and source[slice(*block)].count('"') <= source[slice(*span)].count('"'):
        span = block
    start = source.rfind("\n", 0, span.start) + 1
    end = source.find("\n", span.end)
    end = len(source) if end < 0 else end
    before, behind = source[start : span.start].strip(), source[span.end : end].strip()
    if before.startswith("#["):  # an attribute goes with what it is of
        before = ""
    while start and source.startswith("#[", source.rfind("\n", 0, start - 1) + 1):
        start = source.rfind("\n", 0, start - 1) + 1
    if before:  # `import a; import b`
        mark = source.rindex(";", start, span.start) if ";" in before else span.start
        return Edit(Span(mark, span.end), "")
    if behind.startswith(";"):
        following = span.end + source[span.end : end].index(";") + 1
        following += len(source[following:end]) - len(source[following:end].lstrip())
        if following < end:
            return Edit(Span(span.start, following), "")
    elif behind and not behind.startswith(("#", "//", "/*")):
        return Edit(span, "")
    if language == "python" and _only_of_block(source, start, end):
        return Edit(span, "pass")
    return Edit(_with_blanks(source, start, min(end + 1, len(source))), "")


def _only_of_block(source: str, start: int, end: int) -> bool:
    """Tell whether the line is all of the body of a statement of Python."""
    line = source[start:end]
    indent = len(line) - len(line.lstrip())
    if not indent:
        return False
    before = source[:start].rstrip()
    opening = before[before.rfind("\n") + 1 :]
    if not opening.split("#")[0].rstrip().endswith(":"):
        return False
    following = source[end:].lstrip("\r\n")
    rest = next((part for part in following.split("\n", 200) if part.strip()), "")
    return len(rest) - len(rest.lstrip()) < indent


def _with_blanks(source: str, start: int, end: int) -> Span:
    """Return lines with as many of the blank ones behind as would be too many."""
    above = 0
    at = start
    while at > 0:
        line = source.rfind("\n", 0, at - 1) + 1
        if source[line:at].strip():
            break
        above, at = above + 1, line
    opens = at == 0 or source[:at].rstrip().endswith(("(", "{"))
    below: list[int] = []
    reached = end
    while reached < len(source):
        following = source.find("\n", reached) + 1 or len(source)
        if source[reached:following].strip():
            break
        reached = following
        below.append(reached)
    closes = reached >= len(source) or source[reached:].lstrip(" \t").startswith((")", "}"))
    if closes and above and not opens:  # nothing follows: no blank line at the end
        return Span(at, reached)
    surplus = len(below) if opens else min(above, len(below))
    return Span(start, below[surplus - 1] if surplus else end)
