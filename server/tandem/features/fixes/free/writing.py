"""An import as an edit, in the language and the style of the file that wants it.

Invariant: an edit adds an import and nothing else; a name that is imported already has none.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from tandem.core.edits import Edit
from tandem.core.text import Span
from tandem.features.fixes.free.placing import Line, group_of, head, into_list, new_line
from tandem.features.fixes.free.statements import Entry, Statement

_SCRIPTS: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])
_FORMS: Final = {
    "java": "import {module}.{name};",
    "kotlin": "import {module}.{name}",
    "scala": "import {module}.{name}",
    "csharp": "using {module};",
    "php": "use {module}\\{name};",
    "rust": "use {module}::{name};",
}
_RENAMED: Final = {"scala": "import {module}.{{{name} => {local}}}"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An import to add: `name` of `module` as `local`, or the module itself (no name).

    JavaScript's default export is the name ``default``; `require` asks for that form. `own` tells
    that it leads into the codebase.
    """

    module: str
    name: str
    local: str
    own: bool = False
    require: bool = False


def import_edit(source: str, language: str, wanted: Wanted, bound: Collection[str]) -> Edit | None:
    """Return the edit that adds an import; `bound` are names that lead into the codebase."""
    present = head(source, language)
    if any(_brings(statement, wanted, language) for statement in present):
        return None
    merged = _merged(source, language, present, wanted)
    if merged is not None:
        return merged

    def group(statement: Statement) -> int:
        first = next(statement.leaves(), None)
        module = statement.module or (first.name if first is not None else "")
        own = any(leaf.local in bound for leaf in statement.leaves())
        return group_of(language, module, own=own)

    text = statement_of(source, language, wanted, in_block=_has_block(present))
    module = wanted.module if not wanted.name or language == "python" else _path(language, wanted)
    plain = language == "python" and not wanted.name
    its = group_of(language, wanted.module, own=wanted.own)
    return new_line(source, language, Line(text, module, its, plain), group)


def _brings(statement: Statement, wanted: Wanted, language: str) -> bool:
    if language == "csharp" or not wanted.local:
        return statement.module == wanted.module
    return any(leaf.local == wanted.local for leaf in statement.leaves())


def _has_block(present: Collection[Statement]) -> bool:
    return any(statement.block is not None for statement in present)


def _path(language: str, wanted: Wanted) -> str:
    mark = {"rust": "::", "php": "\\"}.get(language, ".")
    return f"{wanted.module}{mark}{wanted.name}"


def statement_of(source: str, language: str, wanted: Wanted, *, in_block: bool = False) -> str:
    """Return an import statement; in a block of Go's, its line there."""
    if language == "python":
        return _python(wanted)
    if language in _SCRIPTS:
        return _script(source, wanted)
    if language == "go":
        last = re.sub(r"[/.]v\d+$", "", wanted.module).rpartition("/")[2]
        alias = f"{wanted.local} " if wanted.local != last else ""
        return f'{"" if in_block else "import "}{alias}"{wanted.module}"'
    if language in {"c", "cpp", "objective-c", "objective-cpp"}:
        angled = wanted.module.startswith("<")
        return f"#include {wanted.module}" if angled else f'#include "{wanted.module}"'
    form = _FORMS[language]
    if wanted.local not in {"", wanted.name}:
        end = ";" if form.endswith(";") else ""
        form = _RENAMED.get(language, f"{form.removesuffix(';')} as {{local}}{end}")
    if language == "java" and _is_static(wanted):
        form = form.replace("import ", "import static ", 1)
    written = form.format(module=wanted.module, name=wanted.name, local=wanted.local)
    if language == "php" and not wanted.name[:1].isupper():
        return written.replace("use ", "use function ", 1)
    return written


def _is_static(wanted: Wanted) -> bool:
    """Tell a method or a constant of a class from a class in it, by their usual spelling."""
    of_class = wanted.module.rpartition(".")[2][:1].isupper()
    return of_class and (wanted.name[:1].islower() or wanted.name.isupper())


def _renamed(wanted: Wanted) -> str:
    return wanted.name if wanted.local == wanted.name else f"{wanted.name} as {wanted.local}"


def _python(wanted: Wanted) -> str:
    if wanted.name:
        return f"from {wanted.module} import {_renamed(wanted)}"
    bare = wanted.module.partition(".")[0]
    return f"import {wanted.module}" + (f" as {wanted.local}" if wanted.local != bare else "")


def _script(source: str, wanted: Wanted) -> str:
    quote, end = _style(source)
    module = f"{quote}{wanted.module}{quote}"
    if wanted.require:
        clause = wanted.local if wanted.name in {"", "default"} else f"{{ {wanted.name} }}"
        return f"const {clause} = require({module}){end}"
    if wanted.name == "default":
        clause = wanted.local
    elif wanted.name:
        clause = f"{{ {_renamed(wanted)} }}"
    else:
        clause = f"* as {wanted.local}"
    return f"import {clause} from {module}{end}"


def _style(source: str) -> tuple[str, str]:
    """Return the quote and the end of statements that a script uses."""
    imports = re.findall(r"^import\b[^\n]*?([\"'])[^\"'\n]*\1[ \t]*(;?)", source, re.MULTILINE)
    if imports:
        quotes, ends = zip(*imports, strict=True)
        return max("'\"", key=quotes.count), ";" if ends.count(";") * 2 >= len(ends) else ""
    lines = [line.rstrip() for line in source[:20_000].split("\n")]
    ended = sum(line.endswith(";") for line in lines)
    open_ended = sum(line.endswith((")", "'", '"', "`")) for line in lines)
    quote = "'" if source.count("'", 0, 20_000) > source.count('"', 0, 20_000) else '"'
    return quote, ";" if ended >= open_ended else ""


def _merged(
    source: str, language: str, present: Collection[Statement], wanted: Wanted
) -> Edit | None:
    """Return the edit that adds a name to a statement which takes others from its module."""
    merge = _MERGES.get(language)
    if merge is None or not wanted.name or wanted.require:
        return None
    found = (merge(source, statement, wanted) for statement in present)
    return next(filter(None, found), None)


def _into_python(source: str, statement: Statement, wanted: Wanted) -> Edit | None:
    if statement.module != wanted.module or any(e.name == "*" for e in statement.entries):
        return None
    if not statement.entries:
        return None
    return into_list(
        source, statement.entries, statement.listed, _renamed(wanted), trailing=statement.bracketed
    )


def _into_script(source: str, statement: Statement, wanted: Wanted) -> Edit | None:
    written = source[slice(*statement.span)]
    if statement.module != wanted.module or re.match(r"import\s+type\b|(?!import)", written):
        return None
    braces = next((e for e in statement.entries if e.inner is not None), None)
    if wanted.name == "default":
        if braces is None or len(statement.entries) != 1:
            return None
        return Edit(Span(braces.span.start, braces.span.start), f"{wanted.local}, ")
    if braces is not None:
        return _into_braces(source, braces, _renamed(wanted))
    if len(statement.entries) == 1 and statement.entries[0].name == "default":
        at = statement.entries[0].span.end
        return Edit(Span(at, at), f", {{ {_renamed(wanted)} }}")
    return None


def _into_rust(source: str, statement: Statement, wanted: Wanted) -> Edit | None:
    only = statement.entries[0] if len(statement.entries) == 1 else None
    if only is None or only.inner is None or statement.module != wanted.module:
        return None
    if source.startswith("pub", statement.span.start):
        return None
    return _into_braces(source, only, _renamed(wanted))


def _into_braces(source: str, braces: Entry, name: str) -> Edit | None:
    if braces.inner is None or not braces.entries:
        return None
    return into_list(source, braces.entries, braces.inner, name, trailing=True)


_MERGES: Final[dict[str, Callable[[str, Statement, Wanted], Edit | None]]] = {
    "python": _into_python,
    **dict.fromkeys(_SCRIPTS, _into_script),
    "rust": _into_rust,
}
