"""A name that is nearly one that is there: the server's own suggestion, else the nearest in view.

In view are the words of the file near the place, what it imports, the members of the owner and the
exports of the module that the message names. Deliberately no words of other files: at two slips
something is always near.

Invariant: the edit replaces the name where it stands in the diagnostic's lines, nothing else.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from tandem.core.edits import Edit
from tandem.core.text import Span
from tandem.features.fixes.causes import CauseKind
from tandem.features.fixes.free.arguments import accepted
from tandem.features.fixes.free.candidate import Asked, FreeFix
from tandem.features.fixes.free.members import exports, members
from tandem.features.fixes.free.spelling import near, only_nearest
from tandem.features.fixes.free.statements import covering, statements
from tandem.index.context.near import keywords
from tandem.index.facts import Kind
from tandem.index.lexical import blanked

_NEAR: Final = 10_000  # characters on each side; 20,000 are read in 1 ms
_WORD: Final = re.compile(r"[^\W\d][\w$]*")
_DOTTED: Final = re.compile(r"(?:\.|->|::)\s*([^\W\d][\w$]*)")
_ATTRIBUTE: Final = re.compile(r"\b(?:self|this)\.([^\W\d][\w$]*)\s*(?::[^=\n]+)?=(?!=)")
_MEMBERS: Final = frozenset([Kind.METHOD, Kind.FUNCTION, Kind.PROPERTY, Kind.FIELD, Kind.CONSTANT])
_ABOVE: Final = 3_000  # characters in which what is said once may be what is meant
_SHORTEST: Final = 3  # a word of two letters is near everything
_OFFERED: Final = 3


def misspelt(asked: Asked) -> list[FreeFix]:
    """Return what the name may have been meant to be, the likeliest first."""
    name, suggestion = asked.cause.name, asked.cause.suggestion
    at = place_of(asked, name)
    if at is None:
        return []
    fixes = [_change(at, suggestion, sure=True)] if suggestion not in {"", name} else []
    ranked = near(name, in_view(asked))
    unique = only_nearest(name, ranked)
    for other in ranked[:_OFFERED]:
        fixes.append(_change(at, other, sure=unique and other == ranked[0] and not fixes))
    return fixes


def _change(at: Span, new: str, *, sure: bool) -> FreeFix:
    return FreeFix(f"Change to `{new}`", (Edit(at, new),), sure)


def place_of(asked: Asked, name: str) -> Span | None:
    """Return where the name stands in the diagnostic's span, else in the line where it begins."""
    if not name:
        return None
    pattern = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    start, end = asked.diagnostic.span
    start = min(max(start, 0), len(asked.source))
    line_end = asked.source.find("\n", start)
    line_end = len(asked.source) if line_end < 0 else line_end
    found = pattern.search(asked.source, start, max(end, start))
    found = found or pattern.search(asked.source, start, max(line_end, min(end, start + _NEAR)))
    if found is None:
        return None
    return Span(*found.span())


def in_view(asked: Asked) -> Iterable[str]:
    """Return the names that could have been meant, by what the cause says of the place."""
    kind, owner = asked.cause.kind, asked.cause.owner
    if kind is CauseKind.UNKNOWN_MEMBER:
        known = members(asked.code, asked.path, owner)
        return (
            [*known, *_assigned(asked)]
            if known
            else [*_own_members(asked), *_words(asked, _DOTTED)]
        )
    if kind is CauseKind.MISSING_EXPORT:
        return _exported(asked)
    if kind is CauseKind.UNKNOWN_ARGUMENT:
        return accepted(asked)
    bound = [leaf.local for s in statements(asked.source, asked.language) for leaf in s.leaves()]
    return [*bound, *_words(asked, _WORD)]


def _own_members(asked: Asked) -> Sequence[str]:
    """Return the members of the types of the file, where the message does not name the type."""
    facts = asked.code.facts(asked.path)
    found = facts.definitions if facts is not None else ()
    return [d.name for d in found if d.parent >= 0 and d.kind in _MEMBERS]


def _assigned(asked: Asked) -> Sequence[str]:
    """Return the attributes that the file's own methods make."""
    code = blanked(asked.source, asked.language)
    return list(dict.fromkeys(_ATTRIBUTE.findall(code)))


def _words(asked: Asked, pattern: re.Pattern[str]) -> Sequence[str]:
    """Return the names near the place that are there more than once, defined, or just above it.

    A parameter that is only used misspelt is there once.
    """
    at = asked.diagnostic.span.start
    whole = blanked(asked.source, asked.language)
    code = whole[max(at - _NEAR, 0) : at + _NEAR]
    counts = Counter(pattern.findall(code))
    above = set(pattern.findall(whole, max(at - _ABOVE, 0), at))
    facts = asked.code.facts(asked.path)
    defined = {d.name for d in facts.definitions} if facts is not None else set()
    unsaid = keywords(asked.language)
    return [
        word
        for word, count in counts.most_common()
        if (count > 1 or word in defined or word in above)
        and word not in unsaid
        and len(word) >= _SHORTEST
    ]


def _exported(asked: Asked) -> Sequence[str]:
    target = asked.code.imports(asked.path).get(asked.cause.name)
    if target is None and asked.cause.module:
        last = re.split(r"[./:\\]", asked.cause.module)[-1]
        target = asked.code.imports(asked.path).get(last)
    if target is None:
        statement = covering(asked.source, asked.language, asked.diagnostic.span)
        bound = [leaf.local for leaf in statement.leaves()] if statement is not None else []
        leading = filter(None, map(asked.code.imports(asked.path).get, bound))
        target = next(leading, None)
    return exports(asked.code.facts(target.path)) if target is not None else []
