"""How changes become batches: the pure part, the filtered events, and real files on a disk."""

import asyncio
import contextlib
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.workspace import watch
from tandem.workspace.files import list_files
from tandem.workspace.ignore import read_rules
from tandem.workspace.watch import (
    BOUND_S,
    MOST,
    QUIET_S,
    Batch,
    Coalescer,
    DiskWatch,
    Event,
    FileEvents,
)
from tests.support.clock import LoopClock, run_jumping

pytestmark = pytest.mark.timeout(20)  # what is not heard is waited for, but not for ever


@pytest.fixture(autouse=True)
def own_git(tmp_path, monkeypatch):
    """Keep the user's git configuration out of the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def write(root: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


# --------------------------------------------------------------------------- the pure part


def test_a_batch_is_due_after_a_pause():
    coalescer = Coalescer()
    assert coalescer.wait(0.0) is None
    assert coalescer.due(0.0) is None

    coalescer.feed(Event("a"), 10.0)
    assert coalescer.wait(10.0) == pytest.approx(QUIET_S)
    assert coalescer.due(10.0 + QUIET_S / 2) is None
    assert coalescer.due(10.0 + QUIET_S) == Batch(changed=("a",))
    assert coalescer.wait(11.0) is None


def test_every_event_prolongs_the_pause_up_to_the_bound():
    coalescer = Coalescer()
    now = 0.0
    while coalescer.due(now) is None:
        coalescer.feed(Event(f"{now}"), now)
        now += QUIET_S / 2
    assert BOUND_S <= now <= BOUND_S + QUIET_S


def test_a_checkout_of_thousands_of_files_is_one_batch():
    coalescer = Coalescer()
    for number in range(5000):
        assert coalescer.due(number / 5000) is None
        coalescer.feed(Event(f"{number:04}"), number / 5000)

    batch = coalescer.due(1.0 + QUIET_S)
    assert batch == Batch(changed=tuple(f"{number:04}" for number in range(5000)))


def test_a_rename_is_a_removal_and_an_addition():
    coalescer = Coalescer()
    coalescer.feed(Event("old", removed=True), 0.0)
    coalescer.feed(Event("new"), 0.0)
    assert coalescer.due(QUIET_S) == Batch(("new",), ("old",))


def test_too_much_is_a_rescan_that_keeps_nothing_in_memory():
    coalescer = Coalescer()
    for number in range(3 * MOST):
        coalescer.feed(Event(f"{number}"), 0.0)
        assert len(coalescer._removed) <= MOST

    batch = coalescer.due(QUIET_S)
    assert batch is not None
    assert batch.rescan
    assert len(batch.changed) <= MOST


news = st.tuples(
    st.one_of(st.none(), st.builds(Event, st.sampled_from("abc"), st.booleans())),
    st.floats(0, 0.5),
)


@given(st.lists(news, max_size=40))
def test_the_last_word_about_each_path_arrives_in_time(events):
    coalescer = Coalescer()
    now = 100.0
    open_since: float | None = None
    expected: dict[str, bool] = {}
    rescan = False
    for event, pause in events:
        coalescer.feed(event, now)
        open_since = now if open_since is None else open_since
        if event is None:
            rescan = True
        else:
            expected[event.path] = event.removed
        now += pause
        batch = coalescer.due(now)
        if batch is None:
            assert now < open_since + BOUND_S
            assert pause < QUIET_S
            continue
        assert set(batch.changed) == {path for path, removed in expected.items() if not removed}
        assert set(batch.removed) == {path for path, removed in expected.items() if removed}
        assert batch.rescan is rescan
        open_since, expected, rescan = None, {}, False
    assert (coalescer.wait(now) is None) == (open_since is None)


# --------------------------------------------------------------------------- events of a client


def told(root: Path, act: Callable[[FileEvents], None]) -> list[Batch]:
    """Return the batches that follow what `act` does to a workspace that was listed before."""

    async def main() -> list[Batch]:
        rules = read_rules(root)
        clock = LoopClock()
        events = FileEvents(root, rules, list_files(root, rules), clock)
        act(events)
        stream = events.batches()
        found: list[Batch] = []
        while events._coalescer.wait(clock.monotonic()) is not None:
            found.append(await anext(stream))
        return found

    return run_jumping(main)


def at(root: Path, *names: str, removed: bool = False) -> list[Event]:
    return [Event(str(root / name), removed) for name in names]


def test_what_the_client_saw_is_told(root):
    write(root, "a.py", "b.py")

    def act(events: FileEvents) -> None:
        (root / "a.py").write_text("changed")
        (root / "b.py").unlink()
        write(root, "new/c.py")
        events.feed(at(root, "a.py", "new/c.py"))
        events.feed(at(root, "b.py", removed=True))

    assert told(root, act) == [Batch(("a.py", "new/c.py"), ("b.py",))]


def test_the_disk_decides_what_an_event_meant(root):
    write(root, "a.py", "b.py")

    def act(events: FileEvents) -> None:
        (root / "b.py").unlink()
        events.feed(at(root, "a.py", removed=True))
        events.feed(at(root, "b.py", "never.py"))

    assert told(root, act) == [Batch(("a.py",), ("b.py",))]


@pytest.mark.parametrize("in_git", [True, False])
def test_what_is_left_out_wakes_nobody(root, in_git):
    write(root, "a.py", ".gitignore", text="*.log\nout/\n")
    write(root, ".tandemignore", text="own/\n")
    if in_git:
        subprocess.run(["git", "init", "-q", str(root)], check=True)

    def act(events: FileEvents) -> None:
        names = ["x.log", "out/b.py", "out/.gitignore", "own/c.py", ".env", "logo.png"]
        write(root, *names)
        events.feed(at(root, *names, ".git/index", ".git/HEAD"))
        events.feed([Event(str(root.parent / "outside.py")), Event("relative.py"), Event("")])
        events.feed([Event(str(root)), Event(f"{root}/"), Event(f"{root}-not/a.py")])
        odd = [f"../{root.name}/a.py", "./a.py", "a//b.py", "nul\0.py", "odd\ud800/a.py"]
        events.feed(Event(f"{root}/{name}") for name in odd)

    assert told(root, act) == []


def test_a_tracked_file_is_of_interest_though_it_is_ignored(root):
    write(root, "a.log", ".gitignore", text="*.log\n")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "-f", "a.log"], cwd=root, check=True)

    assert told(root, lambda events: events.feed(at(root, "a.log", "b.log"))) == [
        Batch(changed=("a.log",))
    ]


def test_a_folder_that_went_stands_for_its_files(root):
    write(root, "pkg/a.py", "pkg/deep/b.py", "pkg2/c.py", "other/d.py")

    def act(events: FileEvents) -> None:
        (root / "pkg").rename(root / "moved")
        events.feed(at(root, "pkg", removed=True))
        events.feed(at(root, "moved"))

    assert told(root, act) == [
        Batch(("moved/a.py", "moved/deep/b.py"), ("pkg/a.py", "pkg/deep/b.py"))
    ]


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_folder_that_became_a_link_lost_its_files(root):
    write(root, "pkg/a.py")

    def act(events: FileEvents) -> None:
        (root / "pkg").rename(root.parent / "outside")
        (root / "pkg").symlink_to(root.parent / "outside", target_is_directory=True)
        events.feed(at(root, "pkg", "pkg/a.py"))

    assert told(root, act) == [Batch(removed=("pkg/a.py",))]


@pytest.mark.parametrize("name", [".gitignore", ".tandemignore", "sub/.gitignore"])
def test_other_rules_are_a_rescan_with_its_differences(root, name):
    write(root, "sub/a.py", "sub/b.py", "sub/c.txt")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)

    def act(events: FileEvents) -> None:
        write(root, name, text="b.py\n")
        (root / "sub" / "c.txt").write_text("changed")
        events.feed(at(root, name, "sub/c.txt"))
        assert events.rules.excluded("sub/b.py") is None

    assert told(root, act) == [Batch((*sorted([name, "sub/c.txt"]),), ("sub/b.py",), rescan=True)]


def test_rules_that_appear_let_files_in_again(root):
    write(root, "a.py", ".gitignore", text="a.py\n")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)

    def act(events: FileEvents) -> None:
        (root / ".gitignore").unlink()
        events.feed(at(root, ".gitignore", removed=True))

    assert told(root, act) == [Batch(("a.py",), (".gitignore",), rescan=True)]


def test_too_many_events_are_a_rescan_with_the_exact_differences(root, monkeypatch):
    monkeypatch.setattr(watch, "MOST", 10)
    write(root, *(f"{number:02}.py" for number in range(20)))

    def act(events: FileEvents) -> None:
        for number in range(20):
            (root / f"{number:02}.py").write_text("changed")
        events.feed(at(root, *(f"{number:02}.py" for number in range(20))))

    batches = told(root, act)
    assert batches == [Batch(tuple(f"{n:02}.py" for n in range(20)), rescan=True)]


def test_a_scan_finds_what_nobody_told(root):
    write(root, "a.py", "b.py", "c.py")

    async def main() -> Batch:
        events = FileEvents(root, rules := read_rules(root), list_files(root, rules), LoopClock())
        (root / "a.py").write_text("longer than before")
        (root / "b.py").unlink()
        write(root, "d/e.py")
        await events.scan()
        return await anext(events.batches())

    assert run_jumping(main) == Batch(("a.py", "d/e.py"), ("b.py",))


# --------------------------------------------------------------------------- a real disk


class Heard:
    """What a watched workspace was told, batch by batch."""

    def __init__(self, stream: AsyncIterator[Batch]) -> None:
        self._stream = stream
        self.batches: list[Batch] = []

    @property
    def changed(self) -> set[str]:
        return {path for batch in self.batches for path in batch.changed}

    @property
    def removed(self) -> set[str]:
        return {path for batch in self.batches for path in batch.removed}

    async def until(self, done: Callable[["Heard"], bool]) -> None:
        while not done(self):
            self.batches.append(await anext(self._stream))


@contextlib.asynccontextmanager
async def watched(root: Path, most_folders: int = 100) -> AsyncIterator[tuple[Heard, FileEvents]]:
    """Watch real files; the body begins when nothing can be missed any more."""
    rules = read_rules(root)
    clock = LoopClock()
    events = FileEvents(root, rules, list_files(root, rules), clock)
    ready = asyncio.Event()
    task = asyncio.create_task(DiskWatch(events, clock, most_folders=most_folders).run(ready.set))
    try:
        await ready.wait()
        yield Heard(events.batches()), events
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_the_disk_is_heard(root):
    write(root, "a.py", "sub/b.py", "gone.py", ".gitignore", text="*.log\n")
    async with watched(root) as (heard, _):
        write(root, "a.py", "sub/b.py", "new.py", "sub/x.log", text="changed\n")
        (root / "gone.py").unlink()
        (root / "sub" / "b.py").rename(root / "sub" / "c.py")
        await heard.until(lambda it: {"a.py", "new.py", "sub/c.py"} <= it.changed)
        await heard.until(lambda it: {"gone.py", "sub/b.py"} <= it.removed)
    assert "sub/x.log" not in heard.changed


async def test_two_thousand_files_at_once_are_a_few_batches_and_none_is_lost(root):
    write(root, "a.py", "sub/b.py")
    names = {f"sub/{number:04}.py" for number in range(2000)}
    async with watched(root) as (heard, _):
        write(root, *names)
        await heard.until(lambda it: names <= it.changed)
    assert len(heard.batches) <= 4
    assert heard.removed == set()


async def test_folders_that_appear_are_watched_with_all_that_is_in_them(root):
    write(root, "a.py", ".gitignore", text="out/\n")
    async with watched(root) as (heard, _):
        write(root, "x/y/z/deep.py", "x/other.py", "out/no.py")
        await heard.until(lambda it: {"x/y/z/deep.py", "x/other.py"} <= it.changed)
        write(root, "x/y/z/later.py", "x/y/w/more.py")
        await heard.until(lambda it: {"x/y/z/later.py", "x/y/w/more.py"} <= it.changed)
    assert heard.changed == {"x/y/z/deep.py", "x/other.py", "x/y/z/later.py", "x/y/w/more.py"}


async def test_an_empty_folder_is_watched_too(root):
    (root / "empty" / "deep").mkdir(parents=True)
    async with watched(root) as (heard, _):
        write(root, "empty/deep/a.py")
        await heard.until(lambda it: it.changed == {"empty/deep/a.py"})


async def test_a_folder_that_goes_and_comes_again_is_watched_on(root):
    write(root, "sub/a.py", "b.py")
    async with watched(root) as (heard, events):
        (root / "sub" / "a.py").unlink()
        (root / "sub").rmdir()
        await heard.until(lambda it: it.removed == {"sub/a.py"})
        write(root, "sub/a.py")
        await heard.until(lambda it: it.changed == {"sub/a.py"})
        write(root, "sub/c.py")
        await heard.until(lambda it: it.changed == {"sub/a.py", "sub/c.py"})
        assert str(root / "sub") in await events.folders()


async def test_folders_that_the_rules_let_in_are_watched(root):
    write(root, "a.py", "out/b.py", "out/deep/c.py", ".gitignore", text="out/\n")
    async with watched(root) as (heard, events):
        assert await events.folders() == [str(root)]
        (root / ".gitignore").unlink()
        await heard.until(lambda it: {"out/b.py", "out/deep/c.py"} <= it.changed)
        assert heard.batches[-1].rescan
        write(root, "out/deep/d.py")
        await heard.until(lambda it: "out/deep/d.py" in it.changed)


async def test_the_end_leaves_no_thread(root):
    write(root, "a.py")
    async with watched(root):
        threads = [one for one in threading.enumerate() if one.name == "tandem-files"]
        assert threads
    for thread in threads:
        thread.join(5)  # it tells that it ends a moment before it does
        assert not thread.is_alive()


def test_too_many_folders_are_compared_now_and_then(root):
    write(root, "a/b.py", "c/d.py")

    async def main() -> Heard:
        async with watched(root, most_folders=2) as (heard, _):
            write(root, "a/new.py")
            (root / "c" / "d.py").unlink()
            await heard.until(lambda it: it.changed == {"a/new.py"} and it.removed == {"c/d.py"})
        return heard

    assert len(run_jumping(main).batches) <= 2


def test_a_disk_that_cannot_be_watched_is_compared_now_and_then(root, monkeypatch):
    def refuse(_: object) -> None:
        raise OSError("no watches left")

    monkeypatch.setattr(watch._Pump, "_hear", refuse)
    write(root, "a.py")

    async def main() -> Heard:
        async with watched(root) as (heard, _):
            write(root, "b.py")
            await heard.until(lambda it: it.changed == {"b.py"})
        return heard

    assert run_jumping(main).removed == set()
