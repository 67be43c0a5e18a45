"""An editor in front of `Suggestions`: one document, a cursor, a clock that is moved by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tandem.core.edits import Edit
from tandem.core.suggestion import Happened, Offer
from tandem.core.text import Span, Text
from tandem.features.inline.acceptance import Suggestions
from tandem.features.inline.complete import Completion
from tandem.workspace.documents import Document

URI = "file:///a.py"
CALL = "execute(query).scalar()"
BLOCK = "\n    for item in items:\n        yield item.name"


@dataclass
class Watch:
    """A clock that is moved by hand."""

    seconds: float = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Editor:
    """One document and a cursor; a second passes between any two things that happen."""

    text: Text
    cursor: int
    watch: Watch = field(default_factory=Watch)
    records: list[Offer | Happened] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.suggestions = Suggestions(self.watch, self.records.append)

    def show(self, *texts: str, menu: bool = False) -> list[int]:
        self.watch.seconds += 1
        document = Document(URI, "python", 1, self.text)
        items = [Completion(text, "flash", "m", None, remembered=False) for text in texts]
        return self.suggestions.shown(document, self.cursor, items, menu=menu)

    def edit(self, start: int, end: int, new: str, after_s: float = 1.0) -> None:
        self.watch.seconds += after_s
        edit = Edit(Span(start, end), new)
        if self.suggestions.follows(URI):
            self.suggestions.edited(URI, self.text, edit)
        self.text = self.text.replace(edit.span, new)
        self.cursor = start + len(new)

    def insert(self, new: str, after_s: float = 1.0) -> None:
        self.edit(self.cursor, self.cursor, new, after_s)

    def type(self, keys: str) -> None:
        for key in keys:
            self.insert(key, 0.15)

    def wait(self, seconds: float) -> None:
        self.watch.seconds += seconds
        self.suggestions.look(lambda _uri: self.text)

    def close(self) -> None:
        self.suggestions.closed(URI, self.text)

    @property
    def news(self) -> list[tuple[object, ...]]:
        """What happened: the suggestion's number, what, characters."""
        happened = [one for one in self.records if isinstance(one, Happened)]
        return [(one.number, one.what, one.characters) for one in happened]

    @property
    def offers(self) -> list[Offer]:
        return [one for one in self.records if isinstance(one, Offer)]


def editor(before: str = "def f():\n    return session.", after: str = "\n") -> Editor:
    return Editor(Text.of(before + after), len(before))
