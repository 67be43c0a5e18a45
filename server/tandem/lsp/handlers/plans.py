"""Plans in the editor: ``tandem/planRefactor``, ``tandem/runPlan``, and their commands.

The requests answer when it is done; the commands, for editors that can only send those, at once,
and what comes of it is shown. Whatever costs more than the user's threshold is asked about first.
The result comes as one workspace edit, after a yes, for exactly the texts it was made for.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from tandem.core.errors import RefusedError
from tandem.lsp.client import Client
from tandem.lsp.errands import Errands
from tandem.lsp.ext import plain
from tandem.lsp.handlers.completion import document_of
from tandem.lsp.plan_ports import Change, Look, Made, PlanPorts, Ran
from tandem.lsp.showing import shown
from tandem.workspace.session import Session, Snapshot

logger = logging.getLogger(__name__)

T = TypeVar("T")

_STOPPED: Final = "it was stopped; run it again to go on"
_ASK: Final = "Ask Pro"
_REPORT: Final = "Only the report"
_RUN: Final = "Carry out"
_LATER: Final = "Later"
_APPLY: Final = "Apply"
_PREVIEW: Final = "Preview"
_GO_ON: Final = "Go on"


@dataclass(slots=True, eq=False)
class PlanHandlers:
    """Plans for one connection."""

    server: LanguageServer
    session: Session
    client: Callable[[], Client]
    ports: Callable[[], PlanPorts]
    errands: Errands

    # -- requests ------------------------------------------------------------------------------

    async def plan(self, snapshot: Snapshot, params: Any) -> dict[str, Any]:
        """Answer ``tandem/planRefactor``: the report without a model, else a plan."""
        params = plain(params)
        instruction, document, offset = _wish(snapshot, params)
        ports = self.ports()
        look = await ports.look(instruction, document, offset)
        why = look.without_model or await self._unwanted(look, params)
        if why:
            uri = await ports.keep(look.title, look.report)
            await self._show(uri)
            self.errands.say(f"Tandem: {why}; the report shows what the change would reach")
            return {"report": uri, "reason": why}
        with self.errands.bar() as bar:
            bar.say(f"planning, {look.price}")
            made = await self.errands.stoppable(ports.make(look, bar.say), _STOPPED)
            bar.done(f"plan {made.number}: {made.steps} steps, {made.cost}")
        await self._show(made.uri)
        self.errands.later(self._offer(made))
        return {
            "number": made.number,
            "plan": made.uri,
            "problems": list(made.problems),
            "cost": made.cost,
        }

    async def _unwanted(self, look: Look, params: Any) -> str:
        """Return why no plan is wanted, "" if one is."""
        if isinstance(params, dict) and params.get("report"):
            return "no plan was asked for"
        if look.ask and await self.errands.asked(look.price, [_ASK, _REPORT]) != _ASK:
            return "nothing was asked"
        return ""

    async def run(self, _snapshot: Snapshot, params: Any) -> dict[str, Any]:
        """Answer ``tandem/runPlan``: carry a plan out and have its result applied."""
        ports = self.ports()
        number = await _number(params, ports)
        price, ask = await ports.price(number)
        if ask and await self.errands.asked(price, [_RUN, _LATER]) != _RUN:
            return {"number": number, "phase": "proposed", "reason": "nothing was asked"}
        return await self._carry(number)

    async def discard(self, _snapshot: Snapshot, params: Any) -> dict[str, Any]:
        """Answer ``tandem/discardPlan``."""
        number = await _number(params, self.ports())
        await self.ports().discard(number)
        self.errands.say(f"Tandem: plan {number} is discarded")
        return {"number": number}

    async def stop_plan(self, _snapshot: Snapshot, _params: Any) -> dict[str, Any]:
        """Answer ``tandem/stopPlan``: end the spending; what is done stays done."""
        stopped = self.errands.cancel()
        if not stopped:
            raise RefusedError("no plan is being made or carried out")
        return {"stopped": stopped}

    async def stop(self) -> None:
        """End what goes on; plans can be gone on with."""
        await self.errands.stop()

    # -- offers --------------------------------------------------------------------------------

    def resume(self) -> None:
        """Offer a plan that was interrupted, once the editor is there."""
        self.errands.later(self._resume())

    async def _resume(self) -> None:
        found = await self.ports().unfinished()
        if found is None:
            return
        number, state = found
        if await self.errands.asked(state, [_GO_ON, _LATER]) == _GO_ON:
            await self._carry(number)

    async def _offer(self, made: Made) -> None:
        if made.problems:
            some = f"Plan {made.number} has problems: {made.problems[0]}. Edit it, then run it."
            self.errands.say(f"Tandem: {some}", lsp.MessageType.Warning)
            return
        said = f"Plan {made.number}, {made.steps} steps: {made.price}"
        if await self.errands.asked(said, [_RUN, _LATER]) == _RUN:
            await self._carry(made.number)

    async def _carry(self, number: int) -> dict[str, Any]:
        ports = self.ports()
        with self.errands.bar() as bar:
            ran = await self.errands.stoppable(ports.run(number, bar.say), _STOPPED)
            bar.done(f"plan {number} is {ran.phase}, {ran.cost}")
        applied = False
        if ran.ready:
            applied = await self._deliver(ran)
        else:
            why = f": {ran.reason}" if ran.reason else ""
            self.errands.say(f"Tandem: plan {number} is {ran.phase}{why}", lsp.MessageType.Warning)
        return {
            "number": number,
            "phase": "applied" if applied else ran.phase,
            "reason": ran.reason,
            "files": list(ran.files),
            "aside": list(ran.aside),
            "cost": ran.cost,
            "patch": ran.patch_uri,
        }

    async def _deliver(self, ran: Ran) -> bool:
        """Have the editor take a result, after a yes; tell whether it did."""
        files = f"{len(ran.files)} {'file' if len(ran.files) == 1 else 'files'}"
        left = f" {len(ran.aside)} steps were set aside: {ran.aside[0]}." if ran.aside else ""
        said = f"{ran.goal}: {files} change, {ran.cost}.{left}"
        choices = [_APPLY, *([_PREVIEW] if self.client().change_annotations else []), _LATER]
        choice = await self.errands.asked(said, choices)
        if choice not in {_APPLY, _PREVIEW}:
            return False
        ports = self.ports()
        change = await ports.begin(ran.number)
        refusal = "it broke off"
        try:
            refusal = await self._edited(change, preview=choice == _PREVIEW)
        finally:
            await asyncio.shield(ports.end(ran.number, refusal))
        if refusal:
            raise RefusedError(f"{refusal}; the patch is kept with the plan")
        self.errands.say(f"Tandem: {files} changed; look whether your editor has saved them")
        return True

    async def _edited(self, change: Change, *, preview: bool) -> str:
        """Send the edit; return why it was not taken, "" if it was."""
        from tandem.lsp import workspace_edit  # noqa: PLC0415 - with the first plan

        try:
            edit = workspace_edit.of(
                change, self.session.snapshot(), self.client(), preview=preview
            )
        except RefusedError as refused:
            return str(refused)
        # VS Code then saves what it edits, if the user has it so.
        metadata = lsp.WorkspaceEditMetadata(is_refactoring=True)
        params = lsp.ApplyWorkspaceEditParams(edit, f"Tandem: {change.goal}", metadata)
        answer = await self.server.workspace_apply_edit_async(params)
        why = f": {answer.failure_reason}" if answer.failure_reason else ""
        return "" if answer.applied else f"the editor did not take the edit{why}"

    # -- the editor ----------------------------------------------------------------------------

    async def _show(self, uri: str) -> None:
        if not await shown(self.server, self.client(), uri, focus=True):
            self.errands.say(f"Tandem: see {uri}")


def _wish(snapshot: Snapshot, params: Any) -> tuple[str, str, int | None]:
    """Return what is wanted, in which document ("" for none), and the offset in it."""
    from tandem.lsp import actions  # noqa: PLC0415 - with the first plan

    values = params if isinstance(params, dict) else {"instruction": params}
    instruction = values.get("instruction")
    if not isinstance(instruction, str) or not instruction.strip():
        raise RefusedError("say what should change: the instruction is empty")
    document, place = values.get("textDocument"), values.get("range")
    uri = document.get("uri") if isinstance(document, dict) else None
    if not isinstance(uri, str):
        return instruction.strip(), "", None
    text = document_of(snapshot, uri).text
    if not isinstance(place, dict):
        return instruction.strip(), uri, None
    try:
        start, end = place["start"], place["end"]
        ends = [lsp.Position(int(one["line"]), int(one["character"])) for one in (start, end)]
    except (KeyError, TypeError, ValueError):
        raise RefusedError("the range is no range") from None
    span = actions.from_lsp_selection(text, lsp.Range(*ends), snapshot.encoding)
    return instruction.strip(), uri, actions.code_at(text, span)


async def _number(params: Any, ports: PlanPorts) -> int:
    """Return which plan is meant: the number that is said, else the last one."""
    params = plain(params)
    said = params.get("number") if isinstance(params, dict) else params
    if said is None:
        return await ports.latest()
    if isinstance(said, bool) or not isinstance(said, int):
        raise RefusedError("the number of a plan is a number")
    return said
