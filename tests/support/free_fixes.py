"""One diagnostic in a small codebase, and what a free fix makes of its file."""

from collections.abc import Mapping
from dataclasses import dataclass

from tandem.core.diagnostics import Diagnostic
from tandem.core.edits import apply
from tandem.core.text import Text
from tandem.features.fixes.free.fixes import FreeFix, free_fixes
from tandem.index.code import Code
from tandem.index.languages import language_of
from tandem.index.parse import syntax_errors
from tests.support.code import codebase, marked


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is offered: each fix with the text that it makes."""

    fixes: list[FreeFix]
    texts: list[str]

    @property
    def titles(self) -> list[str]:
        """The titles, in order."""
        return [fix.title for fix in self.fixes]


def fixed(
    path: str,
    source: str,
    message: str,
    files: Mapping[str, str] | None = None,
    *,
    code: Code | None = None,
) -> Outcome:
    """Return what is offered for a message about the marked place of a file.

    No fix may make a file that parses worse than before.
    """
    visible, span = marked(source)
    language = language_of(path)
    assert language is not None
    text = Text.of(visible)
    code = code or codebase({**(files or {}), path: visible})
    fixes = free_fixes(code, path, text, language.id, Diagnostic(span, message))
    texts = [str(apply(text, fix.edits)) for fix in fixes]
    before = syntax_errors(visible.encode(), language)
    for after in texts:
        assert syntax_errors(after.encode(), language) <= before, after
    return Outcome(fixes, texts)
