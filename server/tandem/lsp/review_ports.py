"""What the protocol layer asks of whoever reviews changes; `reviewer` answers it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tandem.features.review.findings import Finding

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of a change for free. `price` is what Pro's review would cost, in words.

    `without_model` says why Pro cannot be asked, "" if it can; `ask`: the price is to be asked
    about; `nothing`: there is nothing left to be judged. `draft` is the reviewer's own.
    """

    title: str
    findings: tuple[Finding, ...]
    summary: str
    report: str = field(repr=False)
    price: str
    ask: bool
    nothing: bool
    without_model: str
    draft: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of a review: what is shown, in a line, and whole as Markdown."""

    findings: tuple[Finding, ...]
    summary: str
    report: str = field(repr=False)
    dropped: int
    cost: str


class ReviewPorts(Protocol):
    """Who reviews changes and knows what was dismissed."""

    async def look(self, kind: str, revision: str) -> Looked:
        """Return what the evidence shows. Raises RefusedError if there is nothing to compare."""
        ...

    async def judge(self, look: Looked, told: Told) -> Reviewed:
        """Have Pro review what was looked at."""
        ...

    async def dismiss(self, finding: Finding) -> None:
        """Keep a finding from being shown again in this workspace."""
        ...

    async def restore(self) -> int:
        """Let all that was dismissed be shown again; return how many."""
        ...

    def uri_of(self, path: str) -> str:
        """Return the URI of a file of the workspace, as the editor has it if it is open."""
        ...

    def path_of(self, uri: str) -> str | None:
        """Return the path of a document in the workspace."""
        ...

    def explained(self, finding: Finding) -> str:
        """Return a finding as Markdown, with all that is known of it."""
        ...

    async def rules(self) -> str:
        """Return the URI of a text about the kinds of findings."""
        ...

    async def keep(self, title: str, text: str) -> str:
        """Write a text for people to a file of Tandem's own; return its URI."""
        ...

    def is_changed(self, uri: str, lines: Sequence[int]) -> bool:
        """Tell whether one of the lines of an open document is not as it was committed."""
        ...
