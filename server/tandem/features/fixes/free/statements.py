"""Import statements as they stand in a text: where each is, and where each of its names.

Facts know what a file imports but not where each name is written, and those of an open document
may be behind its text; an edit needs the places. Read by one pattern a language over code without
strings and comments. Deliberately not read: imports by a call other than ``require`` of a constant,
exports, preprocessor conditions.

Invariants: spans are offsets of the source; statements are in the order of their starts and do not
overlap; never raises.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

from tandem.core.text import Span
from tandem.index.lexical import blanked


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: a name with its new name, or a path with a list in braces of its own.

    `name` is as written, with the paths around it (``a::b``); `inner` is what is in its braces.
    """

    span: Span
    name: str
    local: str = ""
    inner: Span | None = None
    entries: "tuple[Entry, ...]" = ()

    def leaves(self) -> "Iterator[Entry]":
        """Yield the names, at any depth."""
        if self.inner is None:
            yield self
        for entry in self.entries:
            yield from entry.leaves()


@dataclass(frozen=True, slots=True)
class Statement:
    """One import statement; `span` is without indent and line end.

    `module` is as facts have it, empty where the entries are the modules. `listed` is the inside
    of its list (of the brackets, where there are some); `block` the whole of Go's ``import (..)``
    around it. A `nested` one is indented: in a function, or under a condition.
    """

    span: Span
    module: str
    entries: tuple[Entry, ...]
    listed: Span
    bracketed: bool = False
    nested: bool = False
    block: Span | None = None

    def leaves(self) -> Iterator[Entry]:
        """Yield the names that it brings, at any depth of its list."""
        for entry in self.entries:
            yield from entry.leaves()


_QUOTED: Final = r"(?P<quote>[\"'])(?P<module>[^\"'\n]*)(?P=quote)"
_SCRIPT: Final = (
    rf"^(?P<indent>[ \t]*)(?P<all>(?:import(?![ \t]*[(.\w$]*[(=])(?P<clause>[^;\"'()=]{{0,5000}}+)"
    rf"{_QUOTED}(?:\s*(?:with|assert)\s*\{{[^}}]{{0,500}}\}})?"
    r"|(?:const|let|var|import)[ \t]+(?P<bound>\{[^}]{0,5000}+\}|[\w$]+)\s*=\s*"
    r"require\(\s*(?P<mark>[\"'])(?P<required>[^\"'\n]*)(?P=mark)\s*\))[ \t]*;?)"
)
_PYTHON: Final = (
    r"(?:^|(?<=;))(?P<indent>[ \t]*)(?P<all>from[ \t]+(?P<module>[.\w]+)[ \t]*\bimport[ \t]*"
    r"(?:\((?P<many>[^()]{0,20000}+)\)|(?P<names>(?:[^\n;()\\]|\\\n){1,5000}+))"
    r"|import[ \t]+(?P<plain>(?:[^\n;\\]|\\\n){1,5000}+))"
)
_GO: Final = (
    r"^(?P<indent>[ \t]*)(?P<all>import[ \t]+(?P<clause>(?:[\w.]+[ \t]+)?\"[^\"\n]*\"))"
    r"|^(?P<block>import[ \t]*\((?P<lines>[^()]{0,20000}+)\))"
)
_GO_LINE: Final = r"^(?P<indent>[ \t]*)(?P<all>(?P<clause>(?:[\w.]+[ \t]+)?\"[^\"\n]*\"))"
_USE: Final = (
    r"^(?P<indent>[ \t]*)(?P<all>(?:pub(?:\([^)\n]*\))?[ \t]+)?use[ \t]+"
    r"(?:function[ \t]+|const[ \t]+)?(?P<clause>[^;(=]{1,5000}+);)"
)
_JVM: Final = (
    r"^(?P<indent>[ \t]*)(?P<all>import[ \t]+(?:static[ \t]+)?"
    r"(?P<clause>[\w.*$]+(?:[ \t]*\{[^}]{0,5000}\})?(?:[ \t]+as[ \t]+\w+)?)[ \t]*;?)"
)
_USING: Final = (
    r"^(?P<indent>[ \t]*)(?P<all>(?:global[ \t]+)?using[ \t]+(?:static[ \t]+)?"
    r"(?P<clause>(?:\w+[ \t]*=[ \t]*)?[\w.:]+(?:<[^;\n]*>)?)[ \t]*;)"
)
_INCLUDE: Final = (
    r"^(?P<indent>[ \t]*)(?P<all>#[ \t]*include[ \t]*(?P<clause><[^>\n]*>|\"[^\"\n]*\"))"
)
_LANGUAGES: Final = {
    "python": _PYTHON,
    **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _SCRIPT),
    "go": _GO,
    **dict.fromkeys(("rust", "php"), _USE),
    **dict.fromkeys(("java", "kotlin", "scala", "swift"), _JVM),
    "csharp": _USING,
    **dict.fromkeys(("c", "cpp", "objective-c", "objective-cpp"), _INCLUDE),
}
_PATH_MARKS: Final = {"rust": "::", "php": "\\", "csharp": ""}
_PIECE: Final = re.compile(r"[{},]|[^{},]+")
_RENAME: Final = re.compile(r"\s+as\s+|\s*=>\s*|\s*(?<!:):(?!:)\s*")
_TYPE: Final = re.compile(r"(?:type|typeof)\s+(?=[\w$*{])(?!as\b)")
_MOST: Final = 2_000  # statements read of one text
_DEEPEST: Final = 20  # braces within each other


@cache
def _pattern(written: str) -> re.Pattern[str]:
    return re.compile(written, re.MULTILINE)


@lru_cache(maxsize=8)  # several diagnostics of one text come together
def statements(source: str, language: str) -> tuple[Statement, ...]:
    """Return the import statements of a text."""
    written = _LANGUAGES.get(language)
    if written is None:
        return ()
    code = blanked(source, language)
    found: list[Statement] = []
    for match in _pattern(written).finditer(code):
        if language == "go" and match["block"] is not None:
            lines = _pattern(_GO_LINE).finditer(code, *match.span("lines"))
            found += [_go(source, line, Span(*match.span("block"))) for line in lines]
        elif language == "php" and match["indent"] and "class " in code[: match.start()]:
            continue  # a trait, used in a class
        else:
            found.append(_statement(source, code, language, match))
        if len(found) >= _MOST:
            break
    return tuple(found)


def covering(source: str, language: str, span: Span) -> Statement | None:
    """Return the import statement that a span is in, or begins in front of."""
    start = span.start
    while start < span.end and source[start : start + 1] in {" ", "\t"}:
        start += 1
    for found in statements(source, language):
        outer = (
            found.block if found.block is not None and start == found.block.start else found.span
        )
        if outer.start <= start <= outer.end:
            return found
    return None


def _statement(source: str, code: str, language: str, match: re.Match[str]) -> Statement:
    if language == "python":
        return _python(source, code, match)
    if language == "go":
        return _go(source, match, None)
    if "quote" in match.re.groupindex:
        return _script(source, code, match)
    span, clause = Span(*match.span("all")), Span(*match.span("clause"))
    nested = bool(match["indent"])
    if language in {"c", "cpp", "objective-c", "objective-cpp"}:
        path = source[clause.start : clause.end]
        return Statement(span, path.strip('"'), (Entry(clause, path),), clause, nested=nested)
    if language == "csharp":
        alias, _, path = source[clause.start : clause.end].rpartition("=")
        entry = Entry(clause, path.strip(), alias.strip())
        return Statement(span, path.strip(), (entry,), clause, nested=nested)
    mark = _PATH_MARKS.get(language, ".")
    entries = _entries(source, code, clause, mark, "")
    single = entries[0] if len(entries) == 1 else None
    module = single.name.rpartition(mark)[0] if single and single.inner is None else ""
    if single and single.inner is not None:
        module = single.name.rstrip(mark)
    return Statement(span, module, entries, clause, nested=nested)


def _python(source: str, code: str, match: re.Match[str]) -> Statement:
    group = next(name for name in ("many", "names", "plain") if match[name] is not None)
    listed = Span(*match.span(group))
    entries = _entries(source, code, listed, ".", "")
    end = match.end("all")
    if group != "many":  # without what is blank at its end: a comment
        end = listed.start + len(match[group].rstrip())
    if match["module"] is None:  # `import a.b` binds a
        entries = tuple(
            e if " as " in source[slice(*e.span)] else replace(e, local=e.name.partition(".")[0])
            for e in entries
        )
    return Statement(
        Span(match.start("all"), end),
        match["module"] or "",
        entries,
        listed,
        bracketed=group == "many",
        nested=bool(match["indent"]),
    )


def _script(source: str, code: str, match: re.Match[str]) -> Statement:
    span, nested = Span(*match.span("all")), bool(match["indent"])
    if match["bound"] is not None:
        listed = Span(*match.span("bound"))
        module = source[slice(*match.span("required"))]
    else:
        listed = Span(match.start("clause"), match.start("clause") + _clause(match["clause"]))
        module = source[slice(*match.span("module"))]
        prefix = _TYPE.match(code[listed.start : listed.end].lstrip())
        if prefix is not None:
            start = code.index(prefix[0], listed.start) + len(prefix[0])
            listed = Span(start, listed.end)
    entries = _entries(source, code, listed, ".", "default")
    return Statement(span, module, entries, listed, nested=nested)


def _clause(written: str) -> int:
    """Return how long a clause is without the `from` behind it."""
    bare = written.rstrip()
    before = bare.removesuffix("from")
    ends = before == bare or (before and (before[-1].isalnum() or before[-1] in "_$"))
    return len(bare if ends else before)


def _go(source: str, match: re.Match[str], block: Span | None) -> Statement:
    clause = Span(*match.span("clause"))
    alias, _, path = source[clause.start : clause.end].partition('"')
    module = path.rstrip('"')
    local = alias.strip() or package_name(module)
    entry = Entry(clause, module, local)
    span = Span(*match.span("all"))
    return Statement(span, module, (entry,), clause, block is not None, block is not None, block)


def package_name(module: str) -> str:
    """Return the name that a Go package of a path most likely has."""
    return re.sub(r"[/.]v\d+$", "", module).rpartition("/")[2]


def _entries(source: str, code: str, listed: Span, mark: str, bare: str) -> tuple[Entry, ...]:
    """Read a list of names, of `a as b` and of `path::{list}`.

    `bare` is what a name outside of braces stands for (JavaScript's default).
    """
    # One list for each open brace: (prefix, where the entry began, where its inside began).
    open_at: list[tuple[str, int, int]] = []
    lists: list[list[Entry]] = [[]]
    pending: Entry | None = None
    for piece in _PIECE.finditer(code, listed.start, listed.end):
        written = piece[0]
        if written == "{" and len(open_at) == _DEEPEST:
            return ()
        if written == "{":
            open_at.append(
                ("", piece.start(), piece.end())
                if pending is None
                else (pending.name, pending.span.start, piece.end())
            )
            lists.append([])
            pending = None
            continue
        if written == ",":
            lists[-1] += [pending] if pending is not None else []
            pending = None
            continue
        if written == "}":
            if not open_at:
                break
            lists[-1] += [pending] if pending is not None else []
            prefix, start, inside = open_at.pop()
            inner = Span(inside, piece.start())
            pending = Entry(Span(start, piece.end()), prefix, "", inner, tuple(lists.pop()))
            continue
        if written.strip() and pending is None:
            pending = _leaf(source, piece.start(), written, mark, "" if open_at else bare)
    while len(lists) > 1:  # not closed
        lists.pop()
        pending = None
    return (*lists[0], *([pending] if pending is not None else []))


def _leaf(source: str, at: int, written: str, mark: str, bare: str) -> Entry:
    start = at + len(written) - len(written.lstrip())
    end = at + len(written.rstrip())
    text = " ".join(source[start:end].replace("\\\n", " ").split())
    name, *alias = _RENAME.split(_TYPE.sub("", text, count=1), maxsplit=1)
    if alias:
        return Entry(Span(start, end), name, alias[0].strip())
    local = name.rpartition(mark)[2] if mark and name != "*" else name
    if local == "self" and mark:
        local = name.rpartition(mark)[0].rpartition(mark)[2]
    return Entry(Span(start, end), bare or name, local)
