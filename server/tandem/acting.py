"""Composition of what acts: who helps with a quick fix or a rewrite, and why no model may be asked.

Part of the composition root beside ``app`` and ``spending``, made when the first action is wanted.
What an action learns (how often models failed, what was paid for and not used) lives as long as the
process.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tandem.engine.harness import Experience
from tandem.features.fixes.fix import Check, no_check
from tandem.features.fixes.paid import Paid
from tandem.lsp.handlers.actions import ActionPorts
from tandem.workspace.checks import checker_for, still_there
from tandem.workspace.files import reason_by_name
from tandem.workspace.session import Session

if TYPE_CHECKING:
    from tandem.core.clock import Clock
    from tandem.engine.gateway import Gateway
    from tandem.workspace.live_index import LiveIndex

_LONGEST_NAME = 60


class Acting:
    """The actions of one server process."""

    def __init__(self, session: Session, clock: "Clock", state: Path) -> None:
        """Take the session, and the folder for texts that are shown to people."""
        self._session = session
        self._clock = clock
        self._state = state
        self._experience = Experience()
        self._paid = Paid()

    def ports(self, uri: str, index: "LiveIndex | None", gateway: "Gateway | None") -> ActionPorts:
        """Return who helps in a document at this moment; `gateway` is None without an API."""
        path = index.path_of(uri) if index is not None else None
        without = self._without_model(uri, path, index, gateway)
        return ActionPorts(
            gateway=None if without else gateway,
            without_model=without,
            code=index.codebase if index is not None else None,
            path=path,
            experience=self._experience,
            check=self._check(uri, path or ""),
            paid=self._paid,
            clock=self._clock,
            keep=self._keep,
        )

    def _without_model(
        self, uri: str, path: str | None, index: "LiveIndex | None", gateway: "Gateway | None"
    ) -> str:
        """Return why no model may be asked about a file, "" if one may."""
        if gateway is None:
            name = self._session.configuration.settings.api.key_env or "api.key_env"
            return f"no API key: set {name} and restart"
        outside = index is not None and self._session.root is not None and path is None
        if outside or reason_by_name(uri.rpartition("/")[2]) is not None:
            return "this file is not of the workspace, or kept out of what models are told"
        return ""

    def _check(self, uri: str, path: str) -> Check:
        """Return the user's own checker for a file as the harness asks it."""
        snapshot = self._session.snapshot()
        document, settings = snapshot.documents.get(uri), snapshot.settings.fix
        language = document.language if document is not None else ""
        found = checker_for(settings.check, settings.trusted, language, snapshot.root, path)
        return partial(still_there, found) if found is not None else no_check

    async def _keep(self, title: str, text: str) -> str:
        return await asyncio.to_thread(kept_text, self._state, title, text)


def kept_text(state: Path, title: str, text: str) -> str:
    """Write a text for people to a file in the state directory; return its URI. Blocking."""
    letters = "".join(char if char.isalnum() else "-" for char in title.lower())
    name = letters[:_LONGEST_NAME].strip("-") or "text"
    path = state / "texts" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path.as_uri()
