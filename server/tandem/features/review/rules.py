"""The kinds of findings, in a sentence each: for the link behind a diagnostic, the documents."""

from collections.abc import Mapping
from typing import Final

EVIDENCE: Final[Mapping[str, str]] = {
    "changed-signature": "A call gives what its function no longer takes.",
    "stale-reference": "A name is used that is no longer defined, or that nothing binds.",
    "lost-import": "An import takes what is no longer there.",
    "stale-override": "A method does not follow the one of its base, which changed.",
    "missing-member": "A type lacks a method that its interface or abstract base demands.",
    "dropped-await": "The result of something asynchronous is not waited for.",
    "lost-release": "What is opened, locked or begun is not given back, or not on every way out.",
    "swallowed-error": "An error is caught and forgotten, or returned and not looked at.",
    "sql-injection": "A value is put into the text of a query.",
    "secret": "A key, token or password stands in the source.",
    "leftover": "A debug print, a breakpoint, a test that runs alone, the mark of a merge.",
    "syntax-error": "The file is no valid code any more.",
    "api-break": "What a package shows to others is gone, or demands more.",
    "duplicate-definition": "Something is defined twice in one place; the later one wins.",
}
"""What the index proves."""

JUDGED: Final[Mapping[str, str]] = {
    "correctness": "The code does not do what it should.",
    "callers": "Who calls what changed does not follow.",
    "errors": "An error is lost, or leads somewhere else than before.",
    "resources": "Something is not given back.",
    "concurrency": "Two threads or tasks can come between each other.",
    "security": "Somebody can do what they should not.",
    "api": "Those outside are broken.",
    "data": "Data is lost, or becomes wrong.",
    "performance": "It takes much longer, or much more, than before.",
    "tests": "A test does not test what it says.",
    "style": "A matter of taste; shown only with `review.style`.",
}
"""What Pro claims, after the gates."""


def markdown() -> str:
    """Return the kinds as Markdown, each with a heading that a link can lead to."""
    parts = ["# Kinds of findings", "", "What the index proves:"]
    for rules in (EVIDENCE, JUDGED):
        for name, said in rules.items():
            parts += ["", f"## {name}", "", said]
        if rules is EVIDENCE:
            parts += ["", "What Pro claims, after the gates:"]
    parts += ["", "`review.mute` keeps kinds from being shown."]
    return "\n".join(parts) + "\n"
