"""Documents stay in step with the client: any line ends, any changes, any encoding, as messages.

The client's side is a naive model of its own: a Python string and the protocol's words.
"""

import asyncio
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.lsp.harness import GHOST, URI, Peer, inline, insertion, place

CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
WIDTHS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
# Everything that `str.splitlines` takes for a line end, and characters of 1 to 4 bytes.
ALPHABET = "ab \n\r\f\v\x1c\x85\u2028\u2029é你😀"
TEXTS = st.text(ALPHABET, max_size=30)
LINE_END = re.compile("\r\n|\n|\r")


def units(text: str, encoding: str) -> int:
    return len(text.encode(CODECS[encoding])) // WIDTHS[encoding]


def position_of(text: str, offset: int, encoding: str) -> dict[str, int]:
    """Return a place in the protocol's words: only three line ends exist."""
    ends = [match.end() for match in LINE_END.finditer(text) if match.end() <= offset]
    if text[offset - 1 : offset + 1] == "\r\n":  # a place between the two is not one
        raise ValueError("inside a line end")
    start = ends[-1] if ends else 0
    return place(len(ends), units(text[start:offset], encoding))


@st.composite
def edits(draw):
    """Return a text and changes of it as (start, end, new), each for the text as it is then."""
    text = original = draw(TEXTS)
    changes = []
    for _ in range(draw(st.integers(1, 5))):
        places = [at for at in range(len(text) + 1) if text[at - 1 : at + 1] != "\r\n" or not at]
        start, end = sorted((draw(st.sampled_from(places)), draw(st.sampled_from(places))))
        new = draw(TEXTS)
        changes.append((text, start, end, new))
        text = text[:start] + new + text[end:]
    return original, changes, text


@pytest.fixture(scope="module")
def peers():
    """Return a peer for each encoding; documents need no loop."""

    async def start(encoding: str) -> Peer:
        peer = Peer()
        await peer.initialize({**GHOST, "general": {"positionEncodings": [encoding]}})
        return peer

    return {encoding: asyncio.run(start(encoding)) for encoding in CODECS}


@given(edited=edits(), encoding=st.sampled_from(sorted(CODECS)), together=st.booleans())
@example(
    edited=("a = 1\n\fb = 2\nc = 3\n", [("a = 1\n\fb = 2\nc = 3\n", 17, 18, "99")],
            "a = 1\n\fb = 2\nc = 99\n"),
    encoding="utf-16", together=False,
)  # fmt: skip
def test_any_changes_leave_the_text_the_client_has(peers, edited, encoding, together):
    original, changes, expected = edited
    peer = peers[encoding]
    peer.open(original)
    wire = [
        {
            "range": {
                "start": position_of(text, start, encoding),
                "end": position_of(text, end, encoding),
            },
            "text": new,
        }
        for text, start, end, new in changes
    ]
    if together:
        peer.change(2, wire)
    else:
        for version, change in enumerate(wire, 2):
            peer.change(version, [change])

    assert peer.text() == expected


@pytest.mark.parametrize(
    "separator", ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
async def test_f5_only_three_line_ends_are_line_ends(peer, separator):
    """The library splits at these too, and then applies line 2's edit to line 1."""
    peer.open(f"a = 1\n{separator}b = 2\nc = 3\n")
    change = {"range": {"start": place(2, 4), "end": place(2, 5)}, "text": "99"}
    peer.change(2, [change])

    assert peer.text() == f"a = 1\n{separator}b = 2\nc = 99\n"


@pytest.mark.parametrize("separator", ["\f", "\u2028"])
async def test_f5_a_completion_is_for_the_line_the_client_means(peer, separator):
    peer.engine.text = "4"
    peer.open(f"a = 1\n{separator}b = 2\nc = \n")
    result = await peer.result("textDocument/inlineCompletion", inline(2, 4))

    (item,) = result["items"]
    assert item["insertText"] == "c = 4"
    assert item["range"] == {"start": place(2, 0), "end": place(2, 4)}


async def test_a_change_without_a_range_replaces_the_text(peer):
    peer.open("old")
    peer.change(2, [{"text": "new\n"}, insertion(1, 0, "newer")])

    assert peer.text() == "new\nnewer"


async def test_a_change_of_a_document_that_is_not_open_is_noted_and_ignored(peer, caplog):
    peer.change(2, [{"text": "secret"}])

    assert "document.not_open" in caplog.messages
    assert not peer.session.snapshot().documents
    peer.open("x")
    assert peer.text() == "x"


async def test_a_closed_document_is_forgotten(peer):
    peer.open("x")
    peer.open("y", uri="file:///other.py")
    peer.notify("textDocument/didClose", {"textDocument": {"uri": URI}})

    assert list(peer.session.snapshot().documents) == ["file:///other.py"]
    assert peer.closed == [URI]


async def test_opening_again_replaces(peer):
    peer.open("x")
    peer.open("y", version=7)

    assert (peer.text(), peer.session.snapshot().documents[URI].version) == ("y", 7)
