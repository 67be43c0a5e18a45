"""The session against a dictionary: snapshots stay true, revisions tell every change."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tandem.core.text import Encoding, Position, Text
from tandem.workspace.configuration import Layer, resolve
from tandem.workspace.documents import Change, Document
from tandem.workspace.session import Session, Snapshot

uris = st.sampled_from(["file:///a", "file:///b", "untitled:c"])
words = st.text("ab\n", max_size=4)


def document(uri: str, text: str, version: int = 0) -> Document:
    return Document(uri, "python", version, Text.of(text))


def contents(snapshot: Snapshot) -> dict[str, tuple[int, str]]:
    return {uri: (doc.version, str(doc.text)) for uri, doc in snapshot.documents.items()}


class SessionMachine(RuleBasedStateMachine):
    """Open, change, close and configure in any order; every snapshot is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session()
        self.documents: dict[str, tuple[int, str]] = {}
        self.delay = -1
        self.history: list[tuple[Snapshot, dict[str, tuple[int, str]], int]] = []
        self.revision = self.session.revision
        self.version = 0

    def changed(self) -> None:
        assert self.session.revision > self.revision
        self.revision = self.session.revision

    @rule(uri=uris, text=words)
    def open(self, uri, text):
        self.version += 1
        self.session.open(document(uri, text, self.version))
        self.documents[uri] = (self.version, text)
        self.changed()

    @rule(uri=uris, text=words, line=st.integers(0, 3))
    def change(self, uri, text, line):
        self.version += 1
        place = Position(line, 0)
        done = self.session.change(uri, self.version, [Change(place, place, text)])
        assert done == (uri in self.documents)
        if not done:
            assert self.session.revision == self.revision
            return
        old = self.documents[uri][1]
        lines = old.split("\n")
        at = len("\n".join(lines[:line])) + (line > 0) if line < len(lines) else len(old)
        self.documents[uri] = (self.version, old[:at] + text + old[at:])
        self.changed()

    @rule(data=st.data())
    def close(self, data):
        if not self.documents:
            return
        uri = data.draw(st.sampled_from(sorted(self.documents)))
        self.session.close(uri)
        del self.documents[uri]
        self.changed()

    @rule(delay=st.integers(0, 5000))
    def configure(self, delay):
        self.session.configure(resolve([Layer("x", {"completion": {"delay_ms": delay}})]))
        self.delay = delay
        self.changed()

    @rule()
    def remember(self):
        self.history.append((self.session.snapshot(), dict(self.documents), self.delay))

    @invariant()
    def snapshots_stay_true(self):
        present = (self.session.snapshot(), self.documents, self.delay)
        for snapshot, documents, delay in [*self.history, present]:
            assert contents(snapshot) == documents
            assert snapshot.settings.completion.delay_ms == delay
        assert present[0].revision == self.session.revision == self.revision


TestSession = SessionMachine.TestCase
TestSession.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_a_snapshot_has_what_the_session_has():
    root = Path("/somewhere")
    session = Session(root=root, encoding=Encoding.UTF8)
    session.open(document("file:///a", "x"))
    snapshot = session.snapshot()

    assert (snapshot.root, snapshot.encoding, snapshot.revision) == (root, Encoding.UTF8, 1)
    assert snapshot.settings is session.configuration.settings


def test_a_snapshot_cannot_be_written_to():
    session = Session()
    session.open(document("file:///a", "x"))
    documents = session.snapshot().documents

    with pytest.raises(TypeError):
        documents["file:///b"] = document("file:///b", "")  # type: ignore[index]


def test_changes_use_the_encoding_of_the_session():
    session = Session(encoding=Encoding.UTF8)
    session.open(document("u", "é"))
    session.change("u", 1, [Change(Position(0, 2), Position(0, 2), "!")])

    assert str(session.snapshot().documents["u"].text) == "é!"


def test_a_change_of_what_is_not_open_is_refused_and_is_no_change():
    session = Session()

    assert not session.change("file:///a", 2, [Change(None, None, "x")])
    assert session.revision == 0
    assert session.snapshot().documents == {}


def test_closing_what_is_not_open_is_no_change():
    session = Session()
    session.close("file:///a")

    assert session.revision == 0
