"""What was paid for and could not be used: the document changed while the answer was made.

Kept by the definition it is for, not by where that stands: asked again, the same answer is free,
also when something was typed elsewhere. Given back only once, and through the gates again. An
answer that also changes another part, such as the imports, is not kept.

Invariant: a few answers, the oldest forgotten first.
"""

from collections import OrderedDict
from typing import Final

from tandem.core.edits import Edit
from tandem.core.text import Span
from tandem.features.fixes.ask import Ask
from tandem.features.fixes.prompt import Job

_KEPT: Final = 16
_Key = tuple[str, str, tuple[str, ...], str]


class Paid:
    """Answers that passed the gates, by what they were asked for."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[_Key, tuple[Edit, ...]] = OrderedDict()

    def keep(self, job: Job, ask: Ask, edits: tuple[Edit, ...]) -> None:
        """Keep the edits of an answer until they are taken."""
        start, end = job.target.span
        if all(start <= edit.span.start and edit.span.end <= end for edit in edits):
            self._kept[_key(job, ask)] = tuple(_moved(edit, -start) for edit in edits)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def take(self, job: Job, ask: Ask) -> tuple[Edit, ...]:
        """Return and forget the edits of an answer for the same lines; none if there is none."""
        kept = self._kept.pop(_key(job, ask), ())
        return tuple(_moved(edit, job.target.span.start) for edit in kept)


def _moved(edit: Edit, by: int) -> Edit:
    return Edit(Span(edit.span.start + by, edit.span.end + by), edit.new)


def _key(job: Job, ask: Ask) -> _Key:
    messages = tuple(one.message for one in ask.diagnostics)
    return job.source.name, ask.action, messages, job.source.text.slice(*job.target.span)
