"""What a language server, compiler or linter says about a place of a text.

As the editor hands it over, in offsets. Deliberately no opinion on what it means: whose words they
are, and what can be done about them, is the fixes' business.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tandem.core.text import Span

OWN: Final = "Tandem"
"""The source of diagnostics that are findings of a review."""


class Severity(Enum):
    """How bad it is; the values are the protocol's."""

    ERROR = 1
    WARNING = 2
    INFORMATION = 3
    HINT = 4


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One diagnostic; `span` is of the text it was made for.

    `source` and `code` are as the server spells them (``Pyright``, ``reportUndefinedVariable``);
    numbers are decimal, what is missing is empty. `unnecessary` is the protocol's tag for code that
    can go.
    """

    span: Span
    message: str
    source: str = ""
    code: str = ""
    severity: Severity = Severity.ERROR
    unnecessary: bool = False
