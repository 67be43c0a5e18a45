"""Names that Python code uses and nothing binds, by the language's own rules of scope.

Python alone has them in its standard library (``symtable``); of other languages nothing is claimed.
Invariant: total; text that this Python cannot compile proves nothing.
"""

import builtins
import symtable
import warnings
from typing import Final

_KNOWN: Final = frozenset(dir(builtins)) | {
    "__file__", "__name__", "__doc__", "__package__", "__spec__", "__loader__", "__path__",
    "__builtins__", "__annotations__", "__class__", "__module__", "__qualname__", "reveal_type",
}  # fmt: skip


def is_valid(text: str) -> bool:
    """Tell whether this Python can compile a text."""
    return _table(text) is not None


def error_line(text: str) -> int | None:
    """Return the zero-based line at which this Python gives a text up; None if it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<text>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return max((error.lineno or 1) - 1, 0)
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def unbound_names(text: str) -> frozenset[str] | None:
    """Return the names that are looked up and never bound; None where nothing can be said.

    A star import may bind anything, so with one nothing can be said either.
    """
    top = _table(text)
    if top is None or " import *" in text:
        return None
    bound = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    bound |= {one.get_name() for one in top.get_symbols() if one.is_namespace()}
    used: set[str] = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for one in table.get_symbols():
            if one.is_declared_global() and one.is_assigned():
                bound.add(one.get_name())
            if one.is_referenced() and (one.is_global() or table is top):
                used.add(one.get_name())
    return frozenset(used - bound - _KNOWN)


def _table(text: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(text, "<text>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
