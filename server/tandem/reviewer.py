"""Composition of reviews for the server: what the editor's review handlers ask for.

Part of the composition root beside ``app`` and ``reviewing``; made when the first review is wanted.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tandem.acting import kept_text
from tandem.core.errors import RefusedError
from tandem.features.review import report, rules
from tandem.features.review.findings import Finding
from tandem.lsp.review_ports import Looked, Reviewed, Told
from tandem.workspace.hunks import Hunks

if TYPE_CHECKING:
    from tandem.opened import Opened
    from tandem.reviewing.judge import Draft
    from tandem.workspace.compared import Scope
    from tandem.workspace.reviews import Reviews


class Reviewer:
    """The reviews of one server process; see `lsp.review_ports.ReviewPorts`."""

    def __init__(self, opened: "Opened") -> None:
        """Take the workspace that is open."""
        self._opened = opened
        self._rules = ""
        self._hunks: Hunks | None = None

    async def look(self, kind: str, revision: str) -> Looked:
        """Return what the evidence shows, and what Pro's review would cost."""
        from tandem.reviewing import judge, look, shown  # noqa: PLC0415 - with the first review
        from tandem.spending import must_ask  # noqa: PLC0415

        site = self._opened.site()
        await self._opened.ready()
        seen = await look.looked(site, _scope(kind, revision))
        found = await shown.unasked(site, seen)
        why = self._opened.without_model()
        draft = await judge.drafted(self._opened.world, site, seen) if not why else None
        return Looked(
            found.title,
            found.findings,
            report.summary(found),
            report.markdown(found),
            draft.quote.brief if draft is not None else "",
            ask=draft is not None and must_ask(draft.quote, site.settings.review.confirm_usd),
            nothing=draft is not None and not draft.parts,
            without_model=why,
            draft=draft,
        )

    async def judge(self, look: Looked, told: Told) -> Reviewed:
        """Have Pro review what was looked at."""
        from tandem.reviewing import judge  # noqa: PLC0415 - with the first review

        draft = cast("Draft", look.draft)
        site, asker = self._opened.site(), self._opened.asker()
        found = await judge.judged(site, draft, asker, told)
        return Reviewed(
            found.findings,
            report.summary(found),
            report.markdown(found),
            len(found.dropped),
            str(found.cost),
        )

    async def dismiss(self, finding: Finding) -> None:
        """Keep a finding from being shown again."""
        at = self._opened.world.clock.now().isoformat(timespec="seconds")
        said = {"path": finding.path, "rule": finding.rule, "claim": finding.claim, "at": at}
        reviews = self._reviews()
        try:
            await asyncio.to_thread(reviews.dismiss, finding.key, said)
        except OSError as error:
            raise RefusedError(f"it cannot be kept: {error.strerror}") from None

    async def restore(self) -> int:
        """Let all that was dismissed be shown again."""
        reviews = self._reviews()
        try:
            return await asyncio.to_thread(reviews.restore)
        except OSError as error:
            raise RefusedError(f"it cannot be kept: {error.strerror}") from None

    def _reviews(self) -> "Reviews":
        from tandem.reviewing.shown import reviews_of  # noqa: PLC0415 - with the first review

        return reviews_of(self._opened.site())

    def uri_of(self, path: str) -> str:
        """Return the URI of a file, as the editor has it if it is open."""
        document = self._opened.document(path)
        return document.uri if document is not None else (self._opened.root() / path).as_uri()

    def path_of(self, uri: str) -> str | None:
        """Return the path of a document in the workspace."""
        return self._opened.path_of(uri)

    def explained(self, finding: Finding) -> str:
        """Return a finding as Markdown."""
        lines = [f"# {finding.claim}", "", *report.explained(finding)]
        said = {**rules.EVIDENCE, **rules.JUDGED}.get(finding.rule)
        return "\n".join([*lines, *(["", said] if said else [])]) + "\n"

    async def rules(self) -> str:
        """Return the URI of a text about the kinds of findings."""
        if not self._rules:
            self._rules = await self.keep("kinds of findings", rules.markdown())
        return self._rules

    async def keep(self, title: str, text: str) -> str:
        """Write a text for people to a file in the state directory; return its URI."""
        state = self._opened.world.paths.state
        return await asyncio.to_thread(kept_text, state, title, text)

    def is_changed(self, uri: str, lines: Sequence[int]) -> bool:
        """Tell whether one of the lines of an open document is not as it was committed."""
        path, root = self._opened.path_of(uri), self._opened.session.root
        document = self._opened.document(path) if path is not None else None
        if path is None or root is None or document is None:
            return False
        if self._hunks is None:
            self._hunks = Hunks(root)
        return not self._hunks.changed(path, document.text).isdisjoint(lines)


def _scope(kind: str, revision: str) -> "Scope":
    from tandem.workspace.compared import Kind, Scope  # noqa: PLC0415 - with the first review

    try:
        found = Kind(kind or Kind.UNCOMMITTED.value)
    except ValueError:
        known = ", ".join(one.value for one in Kind)
        raise RefusedError(f"{kind!r} cannot be reviewed: say one of {known}") from None
    if found in {Kind.BRANCH, Kind.COMMIT, Kind.RANGE} and not revision:
        raise RefusedError(f"say which {found.value} is to be reviewed")
    return Scope(found, revision)
