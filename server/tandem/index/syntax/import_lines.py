"""What imports look like at the start of a line, and how to read them, without a parser.

Where a statement is a tree of paths its text is read as the exact tier reads it; elsewhere a
pattern finds the path. Deliberately no resolution: a path is what is written.

Invariant: patterns begin with the line end before them, and are linear in the source's length.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, TypeAlias

from tandem.index.facts import Import
from tandem.index.syntax.imports import tree_imports

Reader: TypeAlias = Callable[[re.Match[bytes], int], Iterable[Import]]
_Written: TypeAlias = tuple[bytes, bytes, Reader]
"""A pattern, a word that the first line of all its matches has (or none), and what reads them."""

_AS: Final = re.compile(r"\s+as\s+|\s*:\s*")
_REMARK: Final = re.compile(rb"#[^\n]*")
_PYTHON: Final = (
    rb"\n[ \t\f]*+(?:from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]*"
    rb"(?:\((?P<many>[^)]{0,5000})\)|(?P<names>[^\n#;]+))|import[ \t]+(?P<plain>[^\n#;]+))"
)
_SCRIPT: Final = (
    rb"\n(?:import|export)\b[ \t]*(?P<clause>[^\"';=()]{0,2000}?)"
    rb"(?:\bfrom[ \t]*)?[\"'](?P<module>[^\"'\n]+)[\"']"
    rb"|\n(?:const|let|var|import)[ \t]+(?P<bound>\{[^}]{0,2000}\}|[\w$]+)[ \t]*=[ \t]*"
    rb"require\([\"'](?P<required>[^\"'\n]+)[\"']\)"
)
_GO: Final = (
    rb"\n(?:import[ \t]+|[ \t]+)"
    rb"(?:(?P<local>[\w.]+)[ \t]+)?\"(?P<module>[\w./~-]+)\"[ \t]*(?=[\r\n]|//)"
)
_TREE: Final = (
    rb"\n[ \t]*+(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:use|import|extern[ \t]+crate)[ \t]+"
    rb"(?:function[ \t]+|const[ \t]+)?"
    rb"(?P<tree>[\w\\][^;{(=\n]{0,300}(?:\{[^;]{0,2000}?\}(?=[;\s]))?[^;\n{]{0,200})"
)
_USING: Final = (
    rb"\n[ \t]*+(?:global[ \t]+)?using[ \t]+(?:static[ \t]+)?(?:(?P<local>\w+)[ \t]*=[ \t]*)?"
    rb"(?P<module>[\w.:]+)(?:<[^;\n]*)?[ \t]*;"
)
_PATHS: Final = {
    "c": rb"[ \t]*#[ \t]*include[ \t]*(?P<module><[^>\n]+>|\"[^\"\n]+\")",
    "ruby": rb"[ \t]*+(?:require|require_relative|load)[ \t(]+[\"'](?P<module>[^\"'\n]+)[\"']",
    "php": rb"[ \t]*+(?:require|include)(?:_once)?[ \t(][^\n;\"']*[\"'](?P<module>[^\"'\n]+)[\"']",
    "swift": rb"[ \t]*+(?:@\w+[ \t]+)*import[ \t]+(?:(?:struct|class|enum|protocol|func)[ \t]+)?"
    rb"(?P<module>[\w.]+)",
    "shellscript": rb"[ \t]*+(?:source|\.)[ \t]+(?P<module>[^\s;|&]+)",
    "lua": rb"[^\n]{0,100}?(?:(?P<local>\w+)[ \t]*=[ \t]*)?"
    rb"\brequire[ \t(]+[\"'](?P<module>[^\"'\n]+)[\"']",
    "elixir": rb"[ \t]*+(?P<word>alias|import|use|require)[ \t]+(?P<module>[A-Z][\w.]*)"
    rb"(?P<many>\{[^}]{0,2000}\})?(?:,[ \t]*as:[ \t]*(?P<local>\w+))?",
    "css": rb"[ \t]*+@import[ \t]+(?:url\()?[\"']?(?P<module>[^\"')\s;]+)",
}


def _python(found: re.Match[bytes], line: int) -> Iterable[Import]:
    module, many, names, plain = found.groups()
    if plain is not None:
        return [
            Import(name, (), local if local != name else name.partition(".")[0], line)
            for name, local in _pairs(plain)
        ]
    if many is not None:
        names = _REMARK.sub(b"", many) if b"#" in many else many
    pairs = () if names.strip() == b"*" else _pairs(names)
    return (Import(module.decode(), pairs, "", line),)


def _read_script(found: re.Match[bytes], line: int) -> Iterator[Import]:
    module = found["module"] or found["required"]
    clause = (found["clause"] or found["bound"] or b"").decode("utf-8", "replace")
    clause = clause.removeprefix("type ").strip()
    outside, _, inside = clause.partition("{")
    names = list(_pairs(inside.partition("}")[0].replace("type ", "").encode()))
    local = ""
    for part in filter(None, map(str.strip, outside.split(","))):
        if part.startswith("*"):
            local = part.partition(" as ")[2].strip() if found[0][1:2] == b"i" else ""
        elif found["required"]:
            local = part
        else:
            names.insert(0, ("default", part))
    yield Import(module.decode("utf-8", "replace"), tuple(names), local, line)


def _tree(separator: str) -> Reader:
    def read(found: re.Match[bytes], line: int) -> Iterator[Import]:
        if separator == "\\" and found[0][1:2] in b" \t":
            return iter(())  # a trait, used in a class
        written = re.sub(r"//[^\n]*", "", found["tree"].decode("utf-8", "replace"))
        static = "static " if written.startswith("static ") else ""
        return tree_imports(written.removeprefix(static), separator, line)

    return read


def _braced(found: re.Match[bytes], line: int) -> Iterator[Import]:
    """Read `alias A.{B, C}`, `alias A.B, as: C` and their like."""
    module, many, local = (part or b"" for part in found.group("module", "many", "local"))
    alias = found["word"] == b"alias" and not many and not local
    bound = module.rpartition(b".")[2] if alias else local
    yield Import(module.decode().rstrip("."), _pairs(many.strip(b"{}")), bound.decode(), line)


def _script(found: re.Match[bytes], line: int) -> Iterator[Import]:
    here = "." if b"__DIR__" in found[0] else ""
    yield Import(here + found["module"].decode("utf-8", "replace"), (), "", line)


def _path(found: re.Match[bytes], line: int) -> Iterator[Import]:
    groups = found.groupdict()
    module = found["module"].decode("utf-8", "replace").strip("\"'")
    yield Import(module, (), (groups.get("local") or b"").decode("utf-8", "replace"), line)


def _package(found: re.Match[bytes], line: int) -> Iterator[Import]:
    module, local = found["module"].decode(), (found["local"] or b"").decode()
    local = local or re.sub(r"[/.]v\d+$", "", module).rpartition("/")[2]
    yield Import(module, (), "" if local in {"_", "."} else local, line)


@lru_cache(maxsize=1024)  # three of five are written alike elsewhere
def _pairs(names: bytes) -> tuple[tuple[str, str], ...]:
    """Read `a, b as c` and `a, b: c`."""
    plain = b" as " not in names and b":" not in names
    pairs = []
    for written in names.decode("utf-8", "replace").split(","):
        name = written.strip()
        if plain and name:
            pairs.append((name, name))
        elif name:
            name, *local = _AS.split(name, maxsplit=1)
            pairs.append((name, local[0].strip() if local else name))
    return tuple(pairs)


def _paths(language: str, read: Reader = _path, word: bytes = b"") -> _Written:
    return rb"\n" + _PATHS[language], word, read


_SCRIPTED: Final[_Written] = (_SCRIPT, b"", _read_script)
_DOTTED: Final[_Written] = (_TREE, b"", _tree("."))
_INCLUDES: Final = _paths("c", word=b"include")
_STYLES: Final = _paths("css", word=b"@import")

_READERS: Final[dict[str, tuple[_Written, ...]]] = {
    "python": ((_PYTHON, b"import", _python),),
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte"),
        (_SCRIPTED,),
    ),
    "go": ((_GO, b"", _package),),
    "rust": ((_TREE, b"", _tree("::")),),
    **dict.fromkeys(("java", "kotlin", "scala", "groovy"), (_DOTTED,)),
    "csharp": ((_USING, b"using", _path),),
    **dict.fromkeys(("c", "cpp", "objective-c", "objective-cpp"), (_INCLUDES,)),
    "php": ((_TREE, b"", _tree("\\")), _paths("php", _script)),
    "elixir": (_paths("elixir", _braced),),
    "ruby": (_paths("ruby"),),
    "swift": (_paths("swift", word=b"import"),),
    "shellscript": (_paths("shellscript"),),
    "lua": (_paths("lua", word=b"require"),),
    **dict.fromkeys(("css", "scss", "less"), (_STYLES,)),
}


@cache  # a worker compiles what its files need, not 15 ms for every language
def readers(language: str) -> tuple[tuple[re.Pattern[bytes], bytes, Reader], ...]:
    """Return the patterns of a language's imports, each with its word and what reads a match."""
    return tuple([(re.compile(w), word, read) for w, word, read in _READERS.get(language, ())])


def matches(pattern: re.Pattern[bytes], word: bytes, shifted: bytes) -> Iterator[re.Match[bytes]]:
    """Yield what `finditer` would, looking only at lines with the word: a fifth of the time.

    Without a word, at all lines. `shifted` begins with the line end before the first line.
    """
    if not word:
        yield from pattern.finditer(shifted)
        return
    end = 0  # of the last match; the next one begins behind it
    at = shifted.find(word)
    while at >= 0:
        line = shifted.rfind(b"\n", end, at)
        found = pattern.match(shifted, line) if line >= 0 else None
        if found is not None:
            yield found
            end = found.end()
            at = shifted.find(word, end)
        else:
            end = shifted.find(b"\n", at)
            at = shifted.find(word, end) if end >= 0 else -1
