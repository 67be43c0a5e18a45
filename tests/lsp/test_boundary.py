"""One request, one response: every interleaving of asking, canceling, replacing, ending, failing.

A handler is a job that only the test moves; time is a number that only the test changes. The
machine sends real messages through the whole protocol class, so pygls's own bookkeeping of
requests is part of what is tested.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tandem.core.errors import StaleError, TandemError
from tandem.lsp.boundary import Boundary, Lane
from tandem.lsp.protocol import TandemProtocol, TandemServer
from tandem.workspace.session import Session
from tests.lsp.harness import Wire, turns

CANCELLED, MODIFIED, FAILED, INTERNAL, OWN = -32800, -32801, -32803, -32603, 4242
RESULT = 0
DEADLINE_S = 5.0
ERRORS: dict[int, Callable[[], Exception]] = {
    MODIFIED: lambda: StaleError("the document changed"),
    FAILED: lambda: TandemError("the budget is spent"),
    INTERNAL: lambda: ValueError("a bug"),
    OWN: lambda: JsonRpcException("own", OWN),
}


class HandLoop(asyncio.SelectorEventLoop):
    """A loop whose time is a number."""

    now = 0.0

    def time(self) -> float:
        return self.now


@dataclass(slots=True, eq=False)
class Job:
    """One request and everything that may still happen to it."""

    number: int
    lane: Lane | None
    document: str
    stubborn: bool
    end: "asyncio.Future[str]"
    cleanup: "asyncio.Future[None]"
    possible: set[int] = field(default_factory=set)
    begun_at: float | None = None
    running: bool = False
    disturbed: bool = False


class Requests(RuleBasedStateMachine):
    """What an editor and the world may do, in any order and with any number of turns between."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = HandLoop()
        self.jobs: dict[int, Job] = {}
        self.numbers = itertools.count(1)
        self.boundary = Boundary()

    @initialize()
    def connect(self) -> None:
        server = TandemServer("test", "0", protocol_cls=TandemProtocol, max_workers=1)
        self.protocol = cast("TandemProtocol", server.protocol)
        self.protocol.session = Session()
        for lane in (None, Lane.GHOST, Lane.MENU):
            handler = self.boundary.request(
                self.work, deadline_s=DEADLINE_S, lane=lane, key=lambda params: params.document
            )
            server.feature(f"test/{lane.value if lane else 'free'}")(handler)

        async def begin() -> None:
            self.wire = Wire()
            self.protocol.connected(self.wire)

        self.loop.run_until_complete(begin())
        self.send(id=0, method="initialize", params={"processId": None, "capabilities": {}})

    async def work(self, _snapshot: object, params: Any) -> str:
        job = self.jobs[params.job]
        job.running, job.begun_at = True, self.loop.now
        for older in self.jobs.values():  # a newer request replaces when it begins, not before
            if self.replaces(job, older) and older.number < job.number:
                older.disturbed = True
        try:
            return await asyncio.shield(job.end)
        except asyncio.CancelledError:
            await asyncio.shield(job.cleanup)
            if job.stubborn:
                return "late"
            raise
        finally:
            job.running = False

    def send(self, **message: Any) -> None:
        """Hand a message over as a callback of the loop would, but without turning it."""
        asyncio._set_running_loop(self.loop)
        try:
            self.protocol.received(json.dumps({"jsonrpc": "2.0", **message}).encode())
        finally:
            asyncio._set_running_loop(None)

    def turn(self, count: int) -> None:
        self.loop.run_until_complete(turns(count))

    def answered(self, job: Job) -> bool:
        return bool(self.wire.answers(job.number))

    # -- what may happen -------------------------------------------------------------------------

    @rule(
        lane=st.sampled_from([None, Lane.GHOST, Lane.GHOST, Lane.MENU]),
        document=st.sampled_from("ab"),
        stubborn=st.booleans(),
        tidy=st.booleans(),
    )
    def ask(self, lane: Lane | None, document: str, *, stubborn: bool, tidy: bool) -> None:
        """Ask; `tidy` jobs clean up at once when they are canceled, others when told."""
        number = next(self.numbers)
        end, cleanup = self.loop.create_future(), self.loop.create_future()
        if tidy:
            cleanup.set_result(None)
        job = Job(number, lane, document, stubborn, end, cleanup)
        for older in self.jobs.values():
            if self.replaces(job, older) and not self.answered(older):
                older.possible |= self.codes(older, MODIFIED)
        self.jobs[number] = job
        method = f"test/{lane.value if lane else 'free'}"
        self.send(id=number, method=method, params={"job": number, "document": document})

    @staticmethod
    def replaces(newer: Job, older: Job) -> bool:
        same = (older.lane, older.document) == (newer.lane, newer.document)
        return newer.lane is not None and same

    @staticmethod
    def codes(job: Job, code: int) -> set[int]:
        """Return what a job may answer that is stopped; a stubborn one may have a result."""
        return {code, RESULT} if job.stubborn else {code}

    def disturb(self, job: Job, code: int) -> None:
        job.disturbed = True
        job.possible |= self.codes(job, code)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel any request there ever was, answered or not, or one there never was."""
        number = data.draw(st.sampled_from([*self.jobs, 4711]))
        job = self.jobs.get(number)
        if job is not None and not self.answered(job):
            self.disturb(job, CANCELLED)
        self.send(method="$/cancelRequest", params={"id": number})

    @precondition(lambda self: any(not job.end.done() for job in self.jobs.values()))
    @rule(data=st.data(), how=st.sampled_from([RESULT, *ERRORS]))
    def end(self, data: st.DataObject, how: int) -> None:
        """End a job: with a result, an expected error or a bug."""
        open_ones = [job for job in self.jobs.values() if not job.end.done()]
        job = data.draw(st.sampled_from(open_ones))
        if how == RESULT:
            job.end.set_result("done")
        else:
            job.end.set_exception(ERRORS[how]())
            job.end.exception()  # a job that was canceled before never looks
        job.possible.add(how)

    @precondition(lambda self: any(not job.cleanup.done() for job in self.jobs.values()))
    @rule(data=st.data())
    def clean_up(self, data: st.DataObject) -> None:
        """Let a canceled job finish its cleaning up."""
        open_ones = [job for job in self.jobs.values() if not job.cleanup.done()]
        data.draw(st.sampled_from(open_ones)).cleanup.set_result(None)

    @rule(seconds=st.sampled_from([1.0, DEADLINE_S]))
    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.now += seconds
        for job in self.jobs.values():
            begun = self.loop.now if job.begun_at is None else job.begun_at
            if not self.answered(job) and self.loop.now - begun >= DEADLINE_S:
                self.disturb(job, FAILED)

    @rule(count=st.integers(1, 4))
    def run(self, count: int) -> None:
        """Let the loop turn."""
        self.turn(count)

    # -- what must hold --------------------------------------------------------------------------

    @invariant()
    def no_request_is_answered_twice_or_for_no_reason(self) -> None:
        for job in self.jobs.values():
            answers = self.wire.answers(job.number)
            assert len(answers) <= 1, answers
            for answer in answers:
                kind = answer["error"]["code"] if "error" in answer else RESULT
                assert kind in job.possible, (kind, job)

    @rule()
    def settle(self) -> None:
        """Let the loop turn until nothing moves: what has ended then has its answer."""
        self.turn(12)
        for job in self.jobs.values():
            ended = job.end.done() and not job.disturbed
            stopped = job.disturbed and job.cleanup.done()
            assert self.answered(job) or not (ended or stopped), job
            assert self.answered(job) or job.running, job

    def teardown(self) -> None:
        """Let everything end; then every request has its answer and nothing is left."""
        for job in self.jobs.values():
            if not job.cleanup.done():
                job.cleanup.set_result(None)
            if not job.end.done():
                job.end.set_result("done")
                job.possible.add(RESULT)
        self.turn(30)
        try:
            assert [j.number for j in self.jobs.values() if not self.answered(j)] == []
            self.no_request_is_answered_twice_or_for_no_reason()
            assert not any(job.running for job in self.jobs.values())
            assert self.boundary._running == {}
            assert self.protocol._request_futures == {}
            assert asyncio.all_tasks(self.loop) == set()
        finally:
            self.loop.close()


def test_every_request_is_answered_exactly_once():
    run_state_machine_as_test(Requests, settings=settings(settings.default, stateful_step_count=25))


# -- the same, as plain sentences ------------------------------------------------------------------


@pytest.fixture
async def served():
    """Return a function that serves a handler and one that asks it, and the wire."""
    server = TandemServer("test", "0", protocol_cls=TandemProtocol, max_workers=1)
    protocol = cast("TandemProtocol", server.protocol)
    protocol.session = Session()
    wire = Wire()
    protocol.connected(wire)
    boundary = Boundary()

    def serve(handler, **options):
        options = {"deadline_s": 10.0, "key": lambda params: params.document, **options}
        server.feature("test/work")(boundary.request(handler, **options))

    def send(**message: Any) -> None:
        protocol.received(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def ask(number, document="a"):
        send(id=number, method="test/work", params={"document": document, "number": number})

    send(id=0, method="initialize", params={"processId": None, "capabilities": {}})
    return serve, ask, wire


def codes(wire: Wire, *numbers: int) -> list[list[int | None]]:
    return [[a.get("error", {}).get("code") for a in wire.answers(number)] for number in numbers]


async def forever(_snapshot, _params):
    await asyncio.Event().wait()


async def test_a_newer_request_replaces_the_older_of_its_document_only(served):
    serve, ask, wire = served
    serve(forever, lane=Lane.GHOST)
    for number, document in enumerate("abab", 1):
        ask(number, document)
    await turns()

    assert codes(wire, 1, 2, 3, 4) == [[MODIFIED], [MODIFIED], [], []]


async def test_a_request_without_a_lane_replaces_nothing(served):
    serve, ask, wire = served
    serve(forever)
    ask(1)
    ask(2)
    await turns()

    assert codes(wire, 1, 2) == [[], []]


async def test_a_request_that_takes_too_long_fails_with_a_sentence(served):
    serve, ask, wire = served
    serve(forever, deadline_s=0.0)
    ask(1)
    await wire.until(lambda: wire.answers(1))

    error = {"code": FAILED, "message": "not done within 0 seconds"}
    assert wire.answers(1) == [{"id": 1, "jsonrpc": "2.0", "error": error}]


async def test_the_older_one_may_clean_up_while_the_newer_one_works(served):
    serve, ask, wire = served
    cleaned = asyncio.Event()

    async def work(_snapshot, params):
        if params.number == 2:
            return "new"
        try:
            await asyncio.Event().wait()
        finally:
            await cleaned.wait()

    serve(work, lane=Lane.MENU)
    ask(1)
    await turns()
    ask(2)
    await turns()
    assert codes(wire, 1, 2) == [[], [None]]
    cleaned.set()
    await turns()
    assert codes(wire, 1, 2) == [[MODIFIED], [None]]


async def test_a_parameter_that_has_no_key_is_a_bug_with_an_answer(served):
    """What is wrong before the handler runs must be answered as well."""
    serve, ask, wire = served
    serve(forever, lane=Lane.GHOST, key=lambda params: str(params.no_such))
    ask(1)
    await turns()

    assert codes(wire, 1) == [[INTERNAL]]


def test_every_code_of_the_module_is_the_protocols():
    assert (lsp.LSPErrorCodes.RequestCancelled, lsp.LSPErrorCodes.ContentModified) == (
        CANCELLED,
        MODIFIED,
    )
    assert (lsp.LSPErrorCodes.RequestFailed, lsp.ErrorCodes.InternalError) == (FAILED, INTERNAL)
