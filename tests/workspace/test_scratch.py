"""The user's own check in a copy of the workspace: what is there, what it says, how it ends."""

import asyncio
import json
import os
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tandem.core.errors import RefusedError
from tandem.workspace import scratch
from tandem.workspace.scratch import Command, Ran, command_of, run_with

posix = pytest.mark.skipif(os.name != "posix", reason="links, modes and groups are POSIX's")

LISTS = """
import json, os
found = {}
for folder, _, files in os.walk("."):
    for name in files:
        path = os.path.join(folder, name)
        found[path[2:].replace(os.sep, "/")] = open(path, encoding="latin-1", newline="").read()
print(json.dumps(found))
"""


def command(source: str, *options: str, links: tuple[str, ...] = (), seconds: int = 60) -> Command:
    """Return a command that runs Python, with nothing in its environment."""
    words = shlex.join([sys.executable, "-I", "-S", "-c", source, *options])
    made = command_of(words, seconds, links, {})
    assert made is not None
    return made


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def listed(ran: Ran) -> dict[str, str]:
    assert ran.status == 0, ran.output
    found: dict[str, str] = json.loads(ran.output)
    return found


@pytest.fixture(autouse=True)
def copies(tmp_path, monkeypatch):
    """Have the copies below the test's own folder; none is left."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    lay(folder, {"a.py": "a = 1\n", "gone.py": "g = 1\n", "sub/s.py": "s = 1\n"})
    lay(folder, {"installed/x.py": "x = 1\n", "run.log": "noise"})
    lay(folder, {".gitignore": "installed/\n*.log\n"})
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


# ---------------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pytest -q", ("pytest", "-q")),
        ("'my tool' --in=\"a b\" c\\ d", ("my tool", "--in=a b", "c d")),
        ("make && rm -rf /", ("make", "&&", "rm", "-rf", "/")),  # no shell: they are words
        ("$HOME/bin/check `id`", ("$HOME/bin/check", "`id`")),
    ],
)
def test_a_command_is_read_as_a_shell_would(text, words):
    made = command_of(text, 60, ("venv",), {"A": "1"})

    assert made == Command(words, 60, ("venv",), {"A": "1"})


@pytest.mark.parametrize("text", ["", "  \t", "pytest 'a", 'say "', "a\\"])
def test_without_words_there_is_no_command(text):
    assert command_of(text, 60, (), {}) is None


def test_what_a_command_sees_is_not_shown():
    assert "sk-secret" not in repr(command_of("pytest", 60, (), {"KEY": "sk-secret"}))


# ------------------------------------------------------------------------------------- the copy


async def test_the_copy_has_the_texts_and_what_git_does_not_ignore(root):
    texts = {"a.py": "a = 2\r\n", "gone.py": None, "new/er/n.py": "n = 1\n", "never.py": None}

    assert listed(await run_with(command(LISTS), root, texts)) == {
        ".gitignore": "installed/\n*.log\n",
        "a.py": "a = 2\r\n",
        "new/er/n.py": "n = 1\n",
        "sub/s.py": "s = 1\n",
    }


async def test_a_file_that_git_knows_but_is_gone_is_not_there(root):
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)
    (root / "a.py").unlink()

    assert set(listed(await run_with(command(LISTS), root, {}))) == {
        ".gitignore",
        "gone.py",
        "sub/s.py",
    }


async def test_the_workspace_stays_as_it_is_whatever_the_command_does(root):
    was = tree(root)
    source = """
import os, pathlib, shutil
pathlib.Path("a.py").write_text("worse")
pathlib.Path("made.py").write_text("more")
os.remove("gone.py")
shutil.rmtree("sub")
"""
    ran = await run_with(command(source), root, {"a.py": "a = 2\n", "new.py": "n = 1\n"})

    assert ran == Ran(0, "")
    assert tree(root) == was


@posix
async def test_folders_that_are_named_are_links_to_what_is_installed(root):
    source = "import os; print(*(os.path.realpath(p) for p in ('installed', 'x/y', 'sub', 'no')))"
    lay(root, {"x/y/z.py": "z = 1\n", ".gitignore": "installed/\nx/\n"})
    links = ("installed/", "x/y", "sub", "no")
    ran = await run_with(command(source, links=links), root, {})

    installed, below, copied, missing = ran.output.split()
    assert installed == str((root / "installed").resolve())
    assert below == str((root / "x" / "y").resolve())
    assert Path(copied).parent.parent == Path(missing).parent.parent != root.parent
    assert tree(root)["installed/x.py"] == b"x = 1\n"  # the link went, not what it led to


@posix
async def test_without_git_hidden_folders_and_the_links_are_left_out(tmp_path):
    root = tmp_path / "plain"
    lay(root, {"a.py": "a = 1\n", "sub/s.py": "s = 1\n", "modules/m.py": "m = 1\n"})
    lay(root, {".venv/b.py": "b = 1\n", "sub/.cache/c.py": "c = 1\n", ".env": "E=1\n"})
    (root / "link.py").symlink_to("a.py")
    ran = await run_with(command(LISTS, links=("modules",)), root, {"sub/s.py": "s = 2\n"})

    assert listed(ran) == {".env": "E=1\n", "a.py": "a = 1\n", "sub/s.py": "s = 2\n"}


@posix
async def test_a_link_is_not_copied(root):
    (root / "link.py").symlink_to("/etc/hostname")
    (root / "folder").symlink_to("/etc")

    found = listed(await run_with(command(LISTS), root, {}))
    assert set(found) == {".gitignore", "a.py", "gone.py", "sub/s.py"}


@posix
async def test_a_script_stays_one(root):
    for name in ("a.py", "gone.py"):
        (root / name).write_text("#!/bin/sh\nexit 3\n")
        (root / name).chmod(0o755)
    for name in ("./a.py", "./gone.py"):
        made = command_of(name, 60, (), {})
        assert made is not None
        assert await run_with(made, root, {"a.py": "#!/bin/sh\nexit 3\n"}) == Ran(3, "")


@pytest.mark.parametrize("codec", ["latin-1", "utf-16", "utf-8-sig"])
async def test_a_changed_file_keeps_its_encoding(root, codec):
    (root / "a.py").write_bytes("a = 'ö'\n".encode(codec))
    wanted = "a = 'ä'\n".encode(codec)
    source = "import sys; sys.exit(open('a.py', 'rb').read().hex() != sys.argv[1])"

    assert await run_with(command(source, wanted.hex()), root, {"a.py": "a = 'ä'\n"}) == Ran(0, "")


async def test_a_workspace_that_is_too_large_is_refused(root, monkeypatch):
    for limit, most in (("_MOST_FILES", 3), ("_MOST_BYTES", 30)):
        with monkeypatch.context() as patched:
            patched.setattr(scratch, limit, most)
            with pytest.raises(RefusedError, match="too large"):
                await run_with(command(LISTS), root, {})


@pytest.mark.parametrize("texts", [{"a.py/b.py": "x"}, {"sub": "x"}, {"a.py": "\ud83d"}])
async def test_what_cannot_be_copied_is_refused(root, texts):
    with pytest.raises(RefusedError, match=r"^the workspace cannot be copied for the check$"):
        await run_with(command(LISTS), root, texts)


async def test_a_copy_that_is_given_up_half_way_is_gone(root, copies):
    for number in range(200):
        (root / f"file{number}").write_text("x")
    running = asyncio.create_task(run_with(command(LISTS), root, {}))
    while not any(copies.glob("*/*")):  # noqa: ASYNC110 - a thread makes them
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# ---------------------------------------------------------------------------------- the command


@pytest.mark.parametrize("status", [0, 1, 77])
async def test_the_exit_status_and_both_outputs_are_told(root, status):
    source = f"""
import sys
print("out", flush=True)
print("err\\r\\n", file=sys.stderr, flush=True)
sys.exit({status})
"""
    assert await run_with(command(source), root, {}) == Ran(status, "out\nerr")


@posix
async def test_a_signal_is_no_success(root):
    source = "import os; os.kill(os.getpid(), 9)"
    assert await run_with(command(source), root, {}) == Ran(-9, "")


async def test_of_much_output_the_end_is_told(root):
    source = "import sys; sys.stdout.write('é' * 500_000 + '\\nthe end\\n')"
    ran = await run_with(
        command(f"import sys; sys.stdout.reconfigure(encoding='utf-8'); {source}"), root, {}
    )

    assert ran.status == 0
    assert ran.output.endswith("é\nthe end")
    assert 3_900 < len(ran.output) < 4_100


async def test_output_that_is_no_text_is_told_as_far_as_it_goes(root):
    source = "import sys; sys.stdout.buffer.write(b'\\xff\\x00ok\\xe2')"
    assert (await run_with(command(source), root, {})).output == "\ufffd\x00ok\ufffd"


async def test_there_is_nothing_to_read_from(root):
    source = "import sys; print(repr(sys.stdin.read()))"
    assert await run_with(command(source), root, {}) == Ran(0, "''")


@posix
async def test_the_environment_is_what_is_given(root, monkeypatch):
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-secret")
    made = Command((str(shutil.which("env")),), 60, (), {"A": "1", "PATH": "/nowhere"})

    assert sorted((await run_with(made, root, {})).output.split("\n")) == ["A=1", "PATH=/nowhere"]


@pytest.mark.parametrize("words", [("no-such-command", "-q"), ("./a.py",), ("a\0b",), ("sub",)])
async def test_a_command_that_cannot_be_started_is_refused(root, words):
    with pytest.raises(RefusedError, match=r"^the check '.+' cannot be started$"):
        await run_with(Command(words, 60, (), {"PATH": "/nowhere"}), root, {})


# ---------------------------------------------------------------------------------- how it ends

WAITS = "exec 3>{fifo}; echo begun >&3; echo said; sleep 60 & {then}"


class Fifo:
    """Tells when all processes that a command started have ended: then nobody writes any more."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fifo"
        os.mkfifo(self.path)
        self.handle = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self) -> str:
        """Return what comes within five seconds, an empty text at the end of all writers."""
        ready, _, _ = select.select([self.handle], [], [], 5)
        assert ready, "something still runs"
        return os.read(self.handle, 100).decode()

    def command(self, then: str, seconds: float) -> Command:
        words = ("/bin/sh", "-c", WAITS.format(fifo=shlex.quote(str(self.path)), then=then))
        path = {"PATH": os.defpath}
        return Command(words, seconds, (), path)  # type: ignore[arg-type]


@pytest.fixture
def fifo(tmp_path):
    made = Fifo(tmp_path)
    yield made
    os.close(made.handle)


@posix
async def test_what_takes_too_long_is_killed_with_all_that_it_started(root, fifo):
    ran = await run_with(fifo.command("sleep 60", 0.2), root, {})

    assert ran == Ran(None, "said\n(not done within 0.2 s)")
    assert [fifo.read(), fifo.read()] == ["begun\n", ""]


@posix
async def test_what_is_cancelled_is_killed_with_all_that_it_started(root, fifo):
    running = asyncio.create_task(run_with(fifo.command("sleep 60", 60), root, {}))
    assert await asyncio.to_thread(fifo.read) == "begun\n"
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert fifo.read() == ""


@posix
async def test_what_is_cancelled_while_it_is_started_is_killed_too(root, fifo, monkeypatch):
    start, made, go = asyncio.create_subprocess_exec, asyncio.Event(), asyncio.Event()

    async def slow(*words, **options):
        process = await start(*words, **options)
        made.set()
        await go.wait()
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slow)
    running = asyncio.create_task(run_with(fifo.command("sleep 60", 60), root, {}))
    await made.wait()
    assert await asyncio.to_thread(fifo.read) == "begun\n"
    running.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert fifo.read() == ""


@posix
async def test_what_a_command_leaves_running_ends_with_it(root, fifo):
    ran = await run_with(fifo.command("exec >&- 2>&-; exit 4", 60), root, {})

    assert ran.status == 4
    assert [fifo.read(), fifo.read()] == ["begun\n", ""]


@posix
async def test_a_command_that_ended_has_its_status_though_a_child_holds_its_output(root, fifo):
    ran = await run_with(fifo.command("exit 4", 0.2), root, {})

    assert ran == Ran(4, "said")
    assert [fifo.read(), fifo.read()] == ["begun\n", ""]
