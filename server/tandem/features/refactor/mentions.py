"""An instruction as text: its tokens that may name something, and its words. Pure; no codebase."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.index.languages import by_id

LONGEST: Final = 8_000  # characters of an instruction that are read
_TOKEN: Final = re.compile(r"\.{0,2}/?[A-Za-z_](?:[\w./:-]*\w)?")
_QUOTED: Final = re.compile(
    r"`([^`\n]{1,120})`|['\"\u201c\u2018]([\w./:()-]{1,120})['\"\u201d\u2019]"
)
_SHAPED: Final = re.compile(r"\w*(?:\w_\w|^_\w|[a-z\d][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]\d)\w*")
_SENTENCE: Final = re.compile(r"(?:^|[.!?:]\s+|\n\s*)[\"'`(]*\Z")
_RUN: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z\d]+(?:[ -][A-Za-z\d]+)+")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PLURAL: Final = re.compile(r"..[^s]s\Z")
_BEFORE: Final = frozenset({"from", "in", "into", "of", "rename", "to", "within"})
_BEHIND: Final = frozenset({"file", "module", "package", "script"})
_CALLED: Final = frozenset({"called", "named"})
_FOLDERS: Final = frozenset({"dir", "directories", "directory", "folder", "subdirectory"})
_WHOLE: Final = frozenset({"codebase", "framework", "library", "project", "repo", "repository"})
_SYMBOLS: Final = frozenset(
    {"class", "constant", "decorator", "exception", "function", "method", "rename"}
)
_ARGUMENTS: Final = frozenset({"argument", "flag", "keyword", "option", "param", "parameter"})
_NEAR: Final = 10  # tokens either side whose words tell where a thing is
_ASIDE: Final = 4  # tokens before in which a parameter is announced
# Words that instructions are made of: alone they name nothing.
COMMON: Final = frozenset(
    """
    a across add additional additionally adjust after all also an and any appropriate are as at
    base based be been being boolean but by call called calls can case change changes class
    classes clean cleanup code codebase content contents core create created current default
    defaults defined definition directory each ensure exception existing false file files folder
    following for from function functions global have helper if implementation import imports in
    include instead internal into is it its keep local located main make making merge method
    methods modify module modules more move name named names necessary new not of off old on one
    only option or other out outer outside package parameter parameters place please previous
    private project public refactor reference references related relevant relocate remove rename
    renamed repo repository same script set several should so source specific specifically
    standalone such sure test tests that the their them then these they this those throughout to
    true up update updated usage usages use used using value various was where which while will
    with within you
    """.split()  # noqa: SIM905 - a hundred lines as a list
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A token of an instruction, with what the sentence around it tells of it."""

    text: str
    is_quoted: bool
    is_code: bool  # quoted, called, or written as only names are
    is_file: bool  # "from quoting", "the quoting module"
    is_symbol: bool  # "rename total", "the total function"
    is_aside: bool  # a folder, the project as a whole, a parameter: says where, or is to be made
    near: frozenset[str]  # the words around it, folded


def is_common(mention: Mention) -> bool:
    """Tell whether a word is of the kind that instructions are made of, or names a language."""
    meant = mention.is_quoted and (mention.is_file or mention.is_symbol)
    word = mention.text.lower()
    return (word in COMMON and not meant) or by_id(word) is not None


def mentions(text: str) -> Iterator[Mention]:
    """Yield the tokens in their order."""
    quoted = {n for m in _QUOTED.finditer(text) for n in range(*m.span())}
    found = list(_TOKEN.finditer(text))
    words = [match[0].lower() for match in found]
    parts = [frozenset(split(match[0])) for match in found]
    for n, match in enumerate(found):
        before = next((w for w in reversed(words[max(0, n - 2) : n]) if w != "the"), "")
        behind = words[n + 1] if n + 1 < len(words) else ""
        token = match[0]
        is_quoted = match.start() in quoted
        named = token[:1].isupper() and not _SENTENCE.search(
            text[max(0, match.start() - 8) : match.start()]
        )
        yield Mention(
            token,
            is_quoted,
            is_quoted or named or is_shaped(token) or text.startswith("(", match.end()),
            _is_file(words[max(0, n - 2) : n], before, behind),
            before in _SYMBOLS or behind in _SYMBOLS,
            _is_aside(token, words[max(0, n - _ASIDE) : n], behind)
            or text[match.end() : match.end() + 1] == "=",
            frozenset().union(*parts[max(0, n - _NEAR) : n + _NEAR + 1]),
        )


def runs(text: str) -> Iterator[list[str]]:
    """Yield the words that stand together, in lower case: nothing but spaces is between them."""
    for run in _RUN.findall(text):
        yield run.lower().replace("-", " ").split()


def is_shaped(token: str) -> bool:
    """Tell whether a word is written as only identifiers are."""
    return _SHAPED.fullmatch(token) is not None


def _is_file(words: Sequence[str], before: str, behind: str) -> bool:
    """Tell whether a name is taken for a file's: "from x", "the x module", "file named x"."""
    called = not _CALLED.isdisjoint(words) and not _BEHIND.isdisjoint(words)
    return called or before in _BEFORE or behind in _BEHIND or "/" in before


def _is_aside(token: str, before: Sequence[str], behind: str) -> bool:
    if behind in _FOLDERS or (behind in _WHOLE and "_" not in token):
        return "." not in token
    if is_shaped(token) or "." in token:
        return False
    return not _ARGUMENTS.isdisjoint(before) or behind in _ARGUMENTS


def split(name: str) -> list[str]:
    """Return the words of a name or a text, in lower case, plurals without their s."""
    found = [part.lower() for part in _PART.findall(name)]
    return [word[:-1] if _PLURAL.search(word) else word for word in found]


def folded(name: str) -> str:
    """Return a name without what writers differ in: case, underscores, hyphens."""
    return name.replace("_", "").replace("-", "").lower()
