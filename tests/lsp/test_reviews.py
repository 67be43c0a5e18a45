"""Reviews over the protocol: what is asked of the user, what is shown where, what is refused."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tandem.core.diagnostics import Severity
from tandem.core.errors import RefusedError
from tandem.features.review.findings import Finding, Place
from tandem.lsp.review_ports import Looked, Reviewed, Told
from tests.lsp.harness import Peer
from tests.lsp.test_plans import ABLE, URI, Editor, turns

PUBLISHED = "textDocument/publishDiagnostics"
DIAGNOSTICS = {
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "dataSupport": True},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
    }
}
PUSHES: dict[str, Any] = {**ABLE, **DIAGNOSTICS}
PULLS: dict[str, Any] = {
    **PUSHES,
    "textDocument": {**DIAGNOSTICS["textDocument"], "diagnostic": {}},
    "workspace": {**ABLE["workspace"], "diagnostics": {"refreshSupport": True}},
}
PROVEN = Finding(
    "changed-signature", "a.py", 1, "two", Severity.ERROR, "it takes more now",
    related=(Place("b.py", 0, "defined here"),),
)  # fmt: skip
CLAIMED = Finding(
    "data", "b.py", 0, "    beta", Severity.WARNING, "it loses data", by="pro", confidence=0.8
)


class Reviews:
    """A reviewer that has one proven finding, and one of Pro's."""

    def __init__(self) -> None:
        self.ask = False
        self.without_model = ""
        self.judged = 0
        self.dismissed: list[str] = []
        self.looked: list[tuple[str, str]] = []
        self.hold: asyncio.Event | None = None

    async def look(self, kind: str, revision: str) -> Looked:
        self.looked.append((kind, revision))
        if kind == "moon":
            raise RefusedError("'moon' cannot be reviewed")
        draft = None if self.without_model else object()
        return Looked(
            "it", (PROVEN,), "it: 1 finding", "# evidence", "$1", self.ask, False,
            self.without_model, draft,
        )  # fmt: skip

    async def judge(self, _look: Looked, _told: Told) -> Reviewed:
        self.judged += 1
        if self.hold is not None:
            await self.hold.wait()
        return Reviewed((PROVEN, CLAIMED), "it: 2 findings", "# all", 3, "$0.2")

    async def dismiss(self, finding: Finding) -> None:
        self.dismissed.append(finding.key)

    async def restore(self) -> int:
        return len(self.dismissed)

    def uri_of(self, path: str) -> str:
        return f"file:///workspace/{path}"

    def path_of(self, uri: str) -> str | None:
        return uri.removeprefix("file:///workspace/") if "/workspace/" in uri else None

    def explained(self, finding: Finding) -> str:
        return f"# {finding.claim}"

    async def rules(self) -> str:
        return "file:///state/texts/rules.md"

    async def keep(self, title: str, _text: str) -> str:
        return f"file:///state/texts/{title}.md"

    def is_changed(self, _uri: str, lines: Sequence[int]) -> bool:
        return 1 in lines


@pytest.fixture
def reviews(fresh):
    fresh.reviews = Reviews()
    return fresh.reviews


async def begin(peer: Peer, capabilities: dict[str, Any] = PUSHES) -> None:
    await peer.initialize(capabilities, rootUri="file:///workspace")
    peer.open("one\ntwo\nthree\n", uri=URI)


def told(peer: Peer, name: str) -> list[dict[str, Any]]:
    uri = f"file:///workspace/{name}"
    said = [one["params"] for one in peer.wire.asked(PUBLISHED)]
    mine = [one["diagnostics"] for one in said if one["uri"] == uri]
    return mine[-1] if mine else []


async def test_evidence_comes_first_and_pro_adds_to_it(fresh, reviews):
    await begin(fresh)
    result = await Editor(fresh, {}).result("tandem/reviewDiff", {"scope": "staged"})
    assert reviews.looked == [("staged", "")]
    assert (result["findings"], result["asked"], result["dropped"]) == (2, True, 3)
    (one,) = told(fresh, "a.py")
    assert one["range"] == {
        "start": {"line": 1, "character": 0},
        "end": {"line": 1, "character": 3},
    }
    assert one["relatedInformation"][0]["location"]["uri"] == "file:///workspace/b.py"
    (two,) = told(fresh, "b.py")
    assert (two["message"], two["range"]["start"]["character"]) == (
        "it loses data (pro, 80% sure)", 4,
    )  # fmt: skip


async def test_a_price_over_the_threshold_is_asked_about(fresh, reviews):
    reviews.ask = True
    await begin(fresh)
    editor = Editor(fresh, {"Pro's review costs $1": "The evidence is enough"})
    result = await editor.result("tandem/reviewDiff", {})
    assert (result["asked"], reviews.judged, result["findings"]) == (False, 0, 1)


@pytest.mark.parametrize("reason", ["no API key", ""])
async def test_evidence_is_enough_without_a_model_or_by_wish(fresh, reviews, reason):
    reviews.without_model = reason
    await begin(fresh)
    result = await Editor(fresh, {}).result("tandem/reviewDiff", {"evidence": not reason})
    assert (result["asked"], reviews.judged) == (False, 0)


@pytest.mark.parametrize(
    ("method", "params", "sentence"),
    [
        ("tandem/reviewDiff", {"scope": "moon"}, "cannot be reviewed"),
        ("tandem/reviewDiff", {"scope": 3}, "are texts"),
        ("tandem/reviewDiff", [1], "an object with a scope"),
        ("tandem/dismissFinding", {"key": "x"}, "no such finding"),
        ("tandem/explainFinding", None, "no such finding"),
        ("tandem/stopReview", None, "no review is under way"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(fresh, reviews, method, params, sentence):
    del reviews
    await begin(fresh)
    assert sentence in await Editor(fresh, {}).error(method, params)


async def test_open_documents_are_pulled_and_others_pushed(fresh, reviews):
    del reviews
    await begin(fresh, PULLS)
    editor = Editor(fresh, {})
    await editor.result("tandem/reviewDiff", {})
    assert told(fresh, "a.py") == []
    assert len(told(fresh, "b.py")) == 1
    assert fresh.wire.asked("workspace/diagnostic/refresh")
    report = await editor.result("textDocument/diagnostic", {"textDocument": {"uri": URI}})
    assert [one["code"] for one in report["items"]] == ["changed-signature"]
    other = {"textDocument": {"uri": URI.replace("a.py", "b.py")}}
    report = await editor.result("textDocument/diagnostic", other)
    assert report["items"] == [], "it is not open: what was pushed would show twice"


async def test_a_document_that_closes_leaves_its_finding_where_it_was_last(fresh, reviews):
    del reviews
    await begin(fresh)
    await Editor(fresh, {}).result("tandem/reviewDiff", {"evidence": True})
    top = {"line": 0, "character": 0}
    fresh.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": URI, "version": 2},
            "contentChanges": [
                {"range": {"start": top, "end": top}, "text": "zero\n"}
            ],
        },
    )  # fmt: skip
    fresh.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    (one,) = told(fresh, "a.py")
    assert one["range"]["start"]["line"] == 2


async def test_a_finding_is_explained_dismissed_and_cleared(fresh, reviews):
    await begin(fresh)
    editor = Editor(fresh, {})
    await editor.result("tandem/reviewDiff", {})
    await editor.result("tandem/explainFinding", {"key": PROVEN.key})
    assert any("finding" in one["params"]["uri"] for one in fresh.wire.asked("window/showDocument"))
    await editor.result("tandem/dismissFinding", {"key": PROVEN.key})
    assert (reviews.dismissed, told(fresh, "a.py")) == ([PROVEN.key], [])
    assert (await editor.result("tandem/clearReview", None))["cleared"] == 1
    assert told(fresh, "b.py") == []


async def test_a_review_that_is_stopped_says_so_and_leaves_the_evidence(fresh, reviews):
    reviews.hold = asyncio.Event()
    await begin(fresh)
    editor = Editor(fresh, {})
    asking = asyncio.create_task(editor.error("tandem/reviewDiff", {}))
    await turns(lambda: reviews.judged)
    await editor.result("tandem/stopReview", None)
    assert "was stopped" in await asking
    assert len(told(fresh, "a.py")) == 1


async def test_a_changed_line_offers_a_review(fresh, reviews):
    del reviews
    await begin(fresh)

    async def titles(line: int) -> list[str]:
        place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 0}}
        wish = {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": []}}
        found = await Editor(fresh, {}).result("textDocument/codeAction", wish)
        return [one["title"] for one in found]

    assert "Review what is not committed" in await titles(1)
    assert "Review what is not committed" not in await titles(0)
