r"""Cut source text of any language into the tokens of the repository language model.

A token is a string.  Words and numbers carry no blanks; an operator carries the blanks around it
(`", "`, `" = "`), so a keyword argument's `"="` and an assignment's `" = "` differ while a word
is the same token wherever it stands.  A line start is one token, `"\n"` with its *relative*
indentation: `"\n+"` deeper, `"\n-"` one level out, `"\n\n"` after a blank line.

It deliberately does not parse: no grammar, no keywords, no strings, no comments.  Text cut out of
the middle of a file must give the same tokens as the whole file does.

Invariant: `render` of a line's tokens is that line, up to runs of blanks and its indentation.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

_OPERATORS = (
    r'"""|\'\'\'|===|!==|\*\*=|//=|<<=|>>=|\.\.\.|=>|->|\?\.|\?\?|::|:=|==|!=|<=|>=|&&|\|\|'
    r"|\+=|-=|\*=|/=|%=|\|=|&=|\^=|\*\*|//|<<|>>|\+\+|--|/>|</|[^\w\s]"
)
# One group, so that findall gives plain strings; blanks before a word are skipped outside it.
_TOKEN = re.compile(
    rf"(?:[ \t]+(?=\w))?([^\W\d]\w*|\d(?:\w|\.(?=\d))*|\n\s*|[ \t]*(?:{_OPERATORS})[ \t]?)",
)
# Words that mean the same wherever they stand, in the languages people ask us for.  They shape a
# line like operators do; all other words differ by form only (see `shape`).
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        abstract and as assert async await bool boolean break case catch char class const
        constructor continue def default defer del delete do double elif else enum except export
        extends extern false False final finally float fn for foreach from func function get global
        go if impl implements import in include instanceof int interface is isinstance lambda len
        let long loop match mod module move mut namespace new nil none None nonlocal not null number
        object of or override package pass private protected pub public raise range readonly ref
        require return self Self set short static str string struct super switch template this throw
        throws trait true True try type typeof undefined union unsafe unsigned use using val var
        virtual void volatile when where while with yield
        """,
    )
)
_TAB_COLUMNS = 4
_MAX_DEDENT = 3
_MAX_TOKEN = 64


@dataclass(slots=True)
class Indentation:
    """The open indentation levels (columns, increasing) above the next line."""

    levels: list[int] = field(default_factory=lambda: [0])

    def newline(self, whitespace: str) -> str:
        """Return the line-start token for a line that begins after `whitespace`, and enter it.

        `whitespace` starts with the newline and ends where the line's first character stands.
        """
        blanks = whitespace.rpartition("\n")[2]
        column = len(blanks.expandtabs(_TAB_COLUMNS))
        levels = self.levels
        head = "\n\n" if whitespace.count("\n") > 1 else "\n"
        if column > levels[-1]:
            levels.append(column)
            return head + "+"
        out = 0
        while len(levels) > 1 and column < levels[-1]:
            levels.pop()
            out += 1
        levels[-1] = min(levels[-1], column)
        return head + "-" * min(out, _MAX_DEDENT)


def normalize(text: str) -> str:
    """Return `text` with plain newlines and without form feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "")


def lex(text: str, indentation: Indentation | None = None) -> list[str]:
    """Return the tokens of whole lines of normalized `text`, the first line's start included."""
    if not text.strip():
        return []
    indentation = Indentation() if indentation is None else indentation
    newline = indentation.newline
    return [
        token if token[0] != "\n" else newline(token)
        for token in _TOKEN.findall("\n" + text.strip("\n").rstrip())
    ]


def lex_line(body: str) -> list[str]:
    """Return the tokens of `body`, part of one line without its indentation."""
    return _TOKEN.findall(body)


def canonical(token: str) -> str:
    """Return the form under which `token` is counted: short, at most two blanks in front.

    Aligned operators would otherwise be a new token per column; `"  # "` keeps its two blanks.
    """
    if token[0] in " \t":
        body = token.lstrip(" \t")
        token = ("  " if len(token) - len(body) > 1 else " ") + body
    return token[:_MAX_TOKEN].replace("\t", " ")


def is_word(token: str) -> bool:
    """Tell whether `token` is a word or a number, which needs a blank after another one."""
    return token[:1].isalnum() or token[:1] == "_"


def render(tokens: Sequence[str], before: str = "") -> str:
    """Return the text of `tokens` of one line when the token `before` stands in front of them."""
    out: list[str] = []
    after_word = is_word(before)
    for token in tokens:
        word = is_word(token)
        if word and after_word:
            out.append(" ")
        out.append(token)
        after_word = word
    return "".join(out)


# Shapes under this are forms of names; from here on operators, line starts and keywords.
NAME_SHAPES = 5


def shape(token: str) -> int:
    """Return what remains of `token` when its name is left out: a byte, 0 for the separator.

    Names keep their form only: lower case, Capitalized or CONSTANT; numbers are one shape.
    Operators and keywords keep their identity; that two may share a byte is harmless.
    """
    if not token:
        return 0
    first = token[0]
    if first.isdecimal():
        return NAME_SHAPES
    if is_word(token) and token not in _KEYWORDS:
        if not first.isupper():
            return 1
        return 2 if token.upper() != token or len(token) == 1 else 3
    return NAME_SHAPES + 1 + zlib.crc32(token.encode("utf-8", "replace")) % (250 - NAME_SHAPES)
