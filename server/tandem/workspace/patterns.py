r"""Git's pattern language for ignore files: what `dir.c` and `wildmatch.c` do, quirks included.

Works on bytes, as git does: `?` is one byte of a name. Pure: the bytes of one ignore file come in,
a verdict about one path comes out. Knows nothing of folders above a path, of other ignore files or
of the disk: that is `workspace.ignore`. Not `pathspec`, because on random patterns it answers one
path in forty otherwise than git (`[[:alpha:]]`, escapes in sets, `a**/b`, names beyond ASCII).

Invariant: matching never goes back over a star that another star follows. A repository is data, and
may hold patterns made to hang whoever reads them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SPECIAL: Final = re.compile(rb"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file. `regex` is None where the pattern has nothing but letters."""

    literal: bytes
    regex: re.Pattern[bytes] | None
    negative: bool
    folders_only: bool
    by_name: bool

    def matches(self, path: bytes, name: bytes, *, folder: bool) -> bool:
        """Tell whether the pattern speaks of exactly this path (not of a folder above it)."""
        if self.folders_only and not folder:
            return False
        subject = name if self.by_name else path
        if self.regex is None:
            return subject == self.literal
        return self.regex.fullmatch(subject) is not None


class Patterns:
    """The patterns of one ignore file, compiled when first asked: most are never needed."""

    def __init__(self, data: bytes, *, fold: bool = False) -> None:
        """Take the bytes of an ignore file. `fold`: upper and lower case ASCII are alike."""
        self._data = data
        self._fold = fold
        self._patterns: tuple[Pattern, ...] | None = None
        self._literals: frozenset[bytes] = frozenset()
        self._by_name: re.Pattern[bytes] | None = None
        self._by_path: re.Pattern[bytes] | None = None

    def verdict(self, path: bytes, *, folder: bool) -> bool | None:
        """Return True for "ignored", False for "taken back", None where no pattern matches."""
        if self._patterns is None:
            self._compile()
        if self._fold:
            path = path.lower()
        name = path[path.rfind(b"/") + 1 :]
        if not (
            name in self._literals
            or path in self._literals
            or (self._by_name is not None and self._by_name.fullmatch(name))
            or (self._by_path is not None and self._by_path.fullmatch(path))
        ):
            return None
        for pattern in reversed(self._patterns or ()):
            if pattern.matches(path, name, folder=folder):
                return not pattern.negative
        return None

    def _compile(self) -> None:
        found = [_pattern(line, fold=self._fold) for line in _lines(self._data)]
        patterns = tuple(pattern for pattern in found if pattern is not None)
        wild = [(p.by_name, p.regex.pattern) for p in patterns if p.regex is not None]
        self._literals = frozenset(p.literal for p in patterns if p.regex is None)
        self._by_name = _any([source for by_name, source in wild if by_name])
        self._by_path = _any([source for by_name, source in wild if not by_name])
        self._patterns = patterns  # last: another thread that sees it finds the rest in place


def _any(sources: Sequence[bytes]) -> re.Pattern[bytes] | None:
    """Return one expression for many: nearly every path matches none, and this says so at once."""
    return re.compile(b"|".join(sources), re.DOTALL) if sources else None


def _lines(data: bytes) -> list[bytes]:
    """Return the lines that hold patterns, trimmed as git trims them."""
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [
        _trimmed(line.removesuffix(b"\r").partition(b"\0")[0])
        for line in lines
        if line and not line.startswith(b"#")
    ]


def _trimmed(line: bytes) -> bytes:
    """Drop trailing spaces, except what a backslash protects."""
    kept = line.rstrip(b" ")
    escapes = len(kept) - len(kept.rstrip(b"\\"))
    return line[: len(kept) + 1] if escapes % 2 else kept


def _pattern(line: bytes, *, fold: bool) -> Pattern | None:
    """Compile a line; None where it can match nothing."""
    glob = line[1:] if line.startswith(b"!") else line
    folders_only = glob.endswith(b"/")
    glob = glob[:-1] if folders_only else glob
    by_name = b"/" not in glob
    glob = glob.removeprefix(b"/").lower() if fold else glob.removeprefix(b"/")
    if not glob:
        return None
    regex = None
    special = _SPECIAL.search(glob)
    if special:
        # Git compares the text before the first special sign as it is and matches the rest as a
        # pattern of its own, for which `**` then stands at the start: `a**/b` matches `a/x/b`.
        start = 0 if by_name else special.start()
        source = _translate(glob[start:], by_name=by_name)
        if source is None:
            return None
        regex = re.compile(re.escape(glob[:start]) + source, re.DOTALL)
    return Pattern(glob, regex, line.startswith(b"!"), folders_only, by_name)


_STAR: Final = b"*"
_SLASH: Final = b"/"
_DEEP: Final = b"**"  # anything, slashes too
_DEEP_SLASH: Final = b"**/"  # any number of whole folders


def _translate(glob: bytes, *, by_name: bool) -> bytes | None:
    """Return a glob as a regular expression, or None where it is malformed.

    A star that another star follows is atomic and lazy: what lies between them has a fixed length,
    so its first place is as good as any, and going back over it would only cost time. The same
    holds for whole folders between two `**`.
    """
    tokens = _tokens(glob, by_name=by_name)
    if tokens is None:
        return None
    deep = [index for index, token in enumerate(tokens) if token in (_DEEP, _DEEP_SLASH)]
    parts = [_flat(tokens[: deep[0]] if deep else tokens)]
    for number, index in enumerate(deep):
        last = number == len(deep) - 1
        part = _flat(tokens[index + 1 :] if last else tokens[index + 1 : deep[number + 1]])
        if tokens[index] == _DEEP:
            parts.append((b".*%b" if last else b"(?>.*?%b)") % part)
        else:
            parts.append((b"(?:.*/)?%b" if last else b"(?>(?:.*?/)??%b)") % part)
    return b"".join(parts)


def _flat(tokens: Sequence[bytes]) -> bytes:
    """Return the expression of tokens without `**`."""
    parts: list[bytes] = []
    stars = [index for index, token in enumerate(tokens) if token in (_STAR, _SLASH)]
    edges = [*stars, len(tokens)]
    parts.extend(tokens[: edges[0]])
    for index, following in zip(stars, edges[1:], strict=True):
        chunk = b"".join(tokens[index + 1 : following])
        if tokens[index] == _SLASH:
            parts.append(b"/" + chunk)
        elif following < len(tokens) and tokens[following] == _STAR:
            parts.append(b"(?>[^/]*?%b)" % chunk)
        else:
            parts.append(b"[^/]*" + chunk)
    return b"".join(parts)


def _tokens(glob: bytes, *, by_name: bool) -> list[bytes] | None:
    """Split a glob into stars, slashes and expressions of one byte each; None if malformed."""
    tokens: list[bytes] = []
    at = 0
    while at < len(glob):
        sign = glob[at : at + 1]
        if sign == b"*":
            token, at = _stars(glob, at, by_name=by_name)
            tokens.append(token)
        elif sign == b"[":
            members = _set(glob, at + 1)
            if members is None:
                return None
            tokens.append(_one_of(members[0]))
            at = members[1]
        elif sign == b"\\":
            if at + 1 == len(glob):
                return None
            tokens.append(_literal(glob[at + 1 : at + 2]))
            at += 2
        else:
            tokens.append(b"[^/]" if sign == b"?" else _literal(sign))
            at += 1
    return tokens


def _literal(sign: bytes) -> bytes:
    return _SLASH if sign == b"/" else re.escape(sign)


def _stars(glob: bytes, at: int, *, by_name: bool) -> tuple[bytes, int]:
    """Return the token of the stars at a place, and the place after it."""
    end = at
    while glob[end : end + 1] == b"*":
        end += 1
    bounded = at == 0 or glob[at - 1 : at] == b"/"
    if by_name or end - at == 1 or not bounded:
        return _STAR, end
    if glob[end : end + 1] == b"/":
        return _DEEP_SLASH, end + 1
    if end == len(glob) or glob[end : end + 2] == b"\\/":
        return _DEEP, end
    return _STAR, end


_CLASSES: Final = {
    b"alnum": rb"[0-9A-Za-z]", b"alpha": rb"[A-Za-z]", b"blank": rb"[ \t]",
    b"cntrl": rb"[\x00-\x1f\x7f]", b"digit": rb"[0-9]", b"graph": rb"[!-~]", b"lower": rb"[a-z]",
    b"print": rb"[ -~]", b"punct": rb"[!-/:-@\[-`{-~]", b"space": rb"[\t-\r ]",
    b"upper": rb"[A-Z]", b"xdigit": rb"[0-9A-Fa-f]",
}  # fmt: skip
_BYTES: Final = bytes(range(256))
_NAMED: Final = re.compile(rb"\[:([^\]]*):\]")


def _set(glob: bytes, at: int) -> tuple[frozenset[int], int] | None:
    """Read a set from after its bracket: its bytes, and the place after it. None if malformed."""
    negated = glob[at : at + 1] in (b"!", b"^")
    at += negated
    first = at
    members: set[int] = set()
    previous = -1
    while at < len(glob) and (at == first or glob[at] != ord("]")):
        if previous >= 0 and glob[at] == ord("-") and glob[at + 1 : at + 2] not in (b"", b"]"):
            at += 2 if glob[at + 1] == ord("\\") else 1
            if at == len(glob):
                return None
            members.update(range(previous, glob[at] + 1))
            previous = -1
        elif (named := _NAMED.match(glob, at)) is not None:
            if named[1] not in _CLASSES:
                return None
            members.update(b"".join(re.findall(_CLASSES[named[1]], _BYTES)))
            at, previous = named.end() - 1, -1
        else:
            at += glob[at] == ord("\\")
            if at == len(glob):
                return None
            previous = glob[at]
            members.add(previous)
        at += 1
    if at >= len(glob):
        return None
    return frozenset(range(256)) - members if negated else frozenset(members), at + 1


def _one_of(members: frozenset[int]) -> bytes:
    signs = b"".join(b"\\x%02x" % member for member in sorted(members - {ord("/")}))
    return b"[%b]" % signs if signs else b"(?!)"
