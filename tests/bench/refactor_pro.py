"""One strong model for everything: Pro carries the steps out too, behind the whole codebase.

Stands in front of the gateway and makes every step's request one for Pro, thinking, with the same
plan, gates and scripted answers as Tandem's own run: what differs is who is asked, and what stands
in front. *Naive*: all files as they are now, sorted by path, as a script would join them; an edit
breaks the prefix at the file it is in. *Packed*: our own frozen snapshot, then the diff of what was
done so far.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tandem.core.model import ChatRequest, Message, Request, Thinking, Usage
from tandem.core.money import Usd
from tandem.engine.asking import Answering, Asker
from tandem.engine.forms import FORMS
from tandem.engine.gateway import Terms
from tandem.features.refactor.result import diff_of
from tandem.features.refactor.state import WORKING, Run
from tandem.features.refactor.steps import PURPOSE
from tandem.index.pack import state
from tandem.index.tools import TOOLS
from tandem.planning.book import read_run
from tandem.planning.evidence import plans_of
from tandem.site import Site
from tandem.workspace.packing import SYSTEM

_THOUGHTS = 16_384


@dataclass(frozen=True, slots=True)
class ProAlone:
    """An asker that has everything done by Pro."""

    asker: Asker
    site: Site
    packed: bool

    def estimate(self, model: str, usage: Usage) -> Usd | None:
        """Return what tokens cost."""
        return self.asker.estimate(model, usage)

    @asynccontextmanager
    async def call(self, request: Request, terms: Terms) -> AsyncIterator[Answering]:
        """Ask Pro instead."""
        made = self._made(request, terms.purpose) if isinstance(request, ChatRequest) else request
        async with self.asker.call(made, terms) as call:
            yield call

    def _made(self, request: ChatRequest, purpose: str) -> ChatRequest:
        if purpose != PURPOSE:
            return request if self.packed else self._with_files(request)
        rest = request.messages[1:]
        head = self._head()
        first = Message("user", f"{self._tail()}{request.messages[0].content}\n{rest[0].content}")
        thought = request.max_tokens + (0 if request.thinking is not Thinking.OFF else _THOUGHTS)
        return replace(
            request,
            model=self.site.settings.models.pro,
            messages=(*head, first, *rest[1:]),
            thinking=Thinking.HIGH,
            max_tokens=thought,
            tools=(*TOOLS, *FORMS),
        )

    def _with_files(self, request: ChatRequest) -> ChatRequest:
        """Put the files in front of a question of ours that came without the pack."""
        users = [n for n, one in enumerate(request.messages) if one.role == "user"]
        messages = list(request.messages)
        first = users[0]
        messages[first] = replace(
            messages[first], content=f"{self._joined()}\n{messages[first].content}"
        )
        return replace(request, messages=tuple(messages))

    def _head(self) -> tuple[Message, ...]:
        """Return the messages that stand before a step's own."""
        if not self.packed:
            return (Message("system", SYSTEM),)
        kept = self.site.packing._kept
        if kept is None or kept[0] is None:
            return (Message("system", SYSTEM),)
        return state.messages(kept[0], "", "")[:-1]

    def _tail(self) -> str:
        run = self._run()
        if not self.packed:
            return f"{self._joined()}\n"
        return f"Changed since:\n{diff_of(run)}\n" if run is not None and run.now else ""

    def _joined(self) -> str:
        run = self._run()
        texts = {file.path: self.site.text(file.path) for file in self.site.files()}
        texts |= run.now if run is not None else {}
        return "".join(
            f"File {path} :\n{text}\n" for path, text in sorted(texts.items()) if text is not None
        )

    def _run(self) -> Run | None:
        folders = plans_of(self.site.paths, self.site.root).all()
        run = read_run(folders[-1]) if folders else None
        return run if run is not None and run.phase in WORKING else None
