"""What can be rewritten on a selection or a symbol: one table, each row with when and how. Pure.

A rewrite is offered where it makes sense by the text alone. `kind` is the protocol's hierarchy of
action kinds, by which editors filter and sort.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tandem.core.text import Span
from tandem.features.fixes.ask import Source
from tandem.features.fixes.kinds import EXTRACT, REWRITE
from tandem.features.fixes.target import definition_at
from tandem.index.facts import Definition, Kind

_FUNCTIONS: Final = frozenset([Kind.FUNCTION, Kind.METHOD])
_STUB: Final = re.compile(
    r"""(?x)(?:
        \b(?:pass|\.\.\.)\s*$
      | raise\s+NotImplementedError\b[^\n]*\s*$
      | (?:todo|unimplemented)!\s*\([^)]*\)\s*;?\s*\}?\s*$
      | panic\(\s*"(?:TODO|not\ implemented|unimplemented)[^"]*"\s*\)\s*\}?\s*$
      | throw\s+new\s+\w*(?:Error|Exception)\(\s*["'][^"'\n]*(?:implement|TODO)[^"'\n]*["']\s*\)
        \s*;?\s*\}?\s*$
      | \{\s*(?://[^\n]*\s*|/\*.*?\*/\s*)*\}\s*$
      | NotImplementedError\b[^\n]*\s+end\s*$
    )""",
    re.DOTALL,
)
_TEST_FILE: Final = re.compile(
    r"(?:^|[/_.-])(?:tests?|spec)(?:[/_.-]|$)|Tests?\.\w+$", re.IGNORECASE
)
_TYPED: Final = frozenset(["python", "php", "typescript", "typescriptreact", "ruby", "elixir"])
_FORMATTED: Final = re.compile(r"""["']\s*%\s*[\w(]|["']\.format\(""")
_LOOP: Final = re.compile(r"\bfor\b[^\n]*:\s*\n\s+(?:if\b[^\n]*:\s*\n\s+)?\w+\.(?:append|add)\(")
_INIT: Final = re.compile(
    r"def __init__\(self[^)]*\)[^\n]*:\s*\n(?:\s+self\.\w+(?:\s*:[^=\n]+)? = \w+[ \t]*(?:\n|\Z))+"
)
_THEN: Final = re.compile(r"\.then\(")
_VAR: Final = re.compile(r"\bfunction\s*\(|\bfunction \w+\(")
_LINE: Final = 24  # characters of a line that may be simplified; less is a name
_SHORTEST: Final = 8  # characters that are worth a function
_SCRIPTS: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])


@dataclass(frozen=True, slots=True)
class Where:
    """A place that may be rewritten: the selection (may be empty), the symbol around it."""

    source: Source
    selection: Span
    symbol: Definition | None

    @property
    def code(self) -> str:
        """The text of the selection, else of the symbol."""
        span = self.selection
        if span.start == span.end and self.symbol is not None:
            span = self.symbol.span
        return self.source.text.slice(*span)

    @property
    def is_function(self) -> bool:
        """Whether the symbol is a function and nothing smaller is selected."""
        return self.symbol is not None and self.symbol.kind in _FUNCTIONS and not self.has_selection

    @property
    def has_selection(self) -> bool:
        """Whether some text is selected."""
        return self.selection.start < self.selection.end


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A row of the table. `title` may name the symbol as ``{name}``; `task` is told to the model.

    `whole`: the answer is the new text of the whole symbol.
    """

    name: str
    kind: str
    title: str
    task: str
    applies: Callable[[Where], bool]
    whole: bool = True


def at(source: Source, selection: Span) -> Where:
    """Return a place with the symbol around it."""
    return Where(source, selection, definition_at(source.facts, selection))


def applicable(where: Where) -> Iterator[Rewrite]:
    """Yield the rewrites that make sense at a place, in the order of the table."""
    for rewrite in TABLE:
        if rewrite.applies(where):
            yield rewrite


def by_name(name: str) -> Rewrite | None:
    """Return a row of the table."""
    return next((row for row in TABLE if row.name == name), None)


def title(rewrite: Rewrite, where: Where) -> str:
    """Return a rewrite's title at a place."""
    name = where.symbol.name if where.symbol is not None else ""
    return rewrite.title.format(
        name=f"`{name}`" if name and not where.has_selection else "selection"
    )


def is_stub(text: str) -> bool:
    """Tell whether a function has no body to speak of."""
    return _STUB.search(text) is not None


def is_test(path: str) -> bool:
    """Tell a test file by its name."""
    return _TEST_FILE.search(path) is not None


def _language(where: Where) -> str:
    return where.source.document.language


def _implements(where: Where) -> bool:
    return where.is_function and is_stub(where.code)


def _completes_tests(where: Where) -> bool:
    return where.symbol is not None and not where.has_selection and is_test(where.source.name)


def _extracts(where: Where) -> bool:
    return where.has_selection and len(where.code.strip()) > _SHORTEST and where.symbol is not None


def _simplifies(where: Where) -> bool:
    code = where.code.strip()
    if not code or is_stub(code):
        return False
    return where.is_function or ("\n" in code or len(code) > _LINE)


def _annotates(where: Where) -> bool:
    return where.is_function and _language(where) in _TYPED and not is_stub(where.code)


def _documents(where: Where) -> bool:
    return where.symbol is not None and not where.symbol.doc and not where.has_selection


def _python(pattern: re.Pattern[str], kinds: frozenset[Kind]) -> Callable[[Where], bool]:
    def applies(where: Where) -> bool:
        fits = where.symbol is not None and where.symbol.kind in kinds
        return fits and _language(where) == "python" and pattern.search(where.code) is not None

    return applies


def _script(pattern: re.Pattern[str]) -> Callable[[Where], bool]:
    def applies(where: Where) -> bool:
        return _language(where) in _SCRIPTS and pattern.search(where.code) is not None

    return applies


TABLE: Final = (
    Rewrite(
        "implement",
        REWRITE,
        "Implement {name}",
        "Write the body of `{name}` as its name, signature and documentation promise. Keep the "
        "signature and the documentation.",
        _implements,
    ),
    Rewrite(
        "tests",
        REWRITE,
        "Complete the tests in {name}",
        "Complete the tests in `{name}`: add the cases that are missing, in the style of those "
        "that are there. Keep those that are there as they are.",
        _completes_tests,
    ),
    Rewrite(
        "extract",
        EXTRACT,
        "Extract {name} into a function",
        "Move the selected code into a function of its own with a telling name beside the one it "
        "is in, and call it in its place. The behavior stays the same.",
        _extracts,
        whole=False,
    ),
    Rewrite(
        "simplify",
        REWRITE,
        "Simplify {name}",
        "Simplify the code without changing its behavior: fewer branches and names, clearer ones, "
        "the standard library where it does the same. Keep names that others use.",
        _simplifies,
    ),
    Rewrite(
        "types",
        REWRITE,
        "Add types to {name}",
        "Add precise type annotations to the parameters and results of `{name}`, from how they "
        "are used. Change nothing else.",
        _annotates,
    ),
    Rewrite(
        "docs",
        REWRITE,
        "Document {name}",
        "Add a documentation comment to `{name}` in the language's usual form: what it does, what "
        "it takes and returns, what it raises. Change nothing else.",
        _documents,
    ),
    Rewrite(
        "dataclass",
        REWRITE,
        "Convert {name} to a dataclass",
        "Convert the class to a dataclass. Keep its behavior, its defaults and its methods.",
        _python(_INIT, frozenset([Kind.CLASS])),
        whole=False,
    ),
    Rewrite(
        "comprehension",
        REWRITE,
        "Convert the loop in {name} to a comprehension",
        "Convert loops that only collect into comprehensions. Keep the behavior.",
        _python(_LOOP, _FUNCTIONS),
    ),
    Rewrite(
        "f-strings",
        REWRITE,
        "Convert {name} to f-strings",
        "Convert `%` and `.format` formatting of literals to f-strings. Keep the output the same.",
        _python(_FORMATTED, _FUNCTIONS),
    ),
    Rewrite(
        "async",
        REWRITE,
        "Convert {name} to async/await",
        "Convert promise chains to async/await. Keep the behavior, errors included.",
        _script(_THEN),
    ),
    Rewrite(
        "arrow",
        REWRITE,
        "Convert {name} to arrow functions",
        "Convert function expressions that do not use `this` or `arguments` to arrow functions.",
        _script(_VAR),
    ),
)
