"""A stage for one editor: a home of its own, a project that repeats itself, `tandem` on the PATH.

Nothing of the user's is read or written: the environment is made here, without a key, so that the
server answers from its repository engine. Every process that the editor starts carries MARK in its
environment, which is how those left behind are found.
"""

import os
import shlex
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.editors.proof import NotShownError, until

MARK = "EDITOR_PROOF_OF_TANDEM"  # Not TANDEM_...: the server reads its settings from those.
SERVICES = (
    "orders",
    "invoices",
    "customers",
    "shipping",
    "billing",
    "catalog",
    "stock",
    "pricing",
    "refunds",
    "reports",
    "accounts",
    "baskets",
    "coupons",
    "exports",
    "imports",
    "loyalty",
    "messages",
    "payments",
    "reviews",
    "search",
    "sessions",
    "subscriptions",
    "taxes",
    "warehouse",
)
MODULE = '''"""Settings of the {name} service."""

from __future__ import annotations

from pathlib import Path

from shop.settings import Settings
'''
REPEATED = """

def load_settings(path: Path) -> Settings:
    raw = path.read_text(encoding="utf-8")
    return Settings.from_json(raw)
"""
SETTINGS = '''"""What a service is configured with."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    name: str
    retries: int

    @classmethod
    def from_json(cls, raw: str) -> Settings:
        return cls(**json.loads(raw))
'''
NEW_MODULE = "shop/returns.py"  # What the proof types into; it ends where REPEATED would begin.
LINE = "def load_settings(path: Path) -> Settings:"
TYPED = "def load_se"
TYPED_ALONG = "tti"
NEXT_LINE = '    raw = path.read_text(encoding="utf-8")'
NEXT_TYPED = "raw = "  # The editor indents by itself.


@dataclass(frozen=True, slots=True)
class Scene:
    home: Path
    workspace: Path
    environment: Mapping[str, str]
    mark: str

    @property
    def new_module(self) -> Path:
        return self.workspace / NEW_MODULE

    def saved(self) -> str:
        """Return what is in the new module; nothing while an editor replaces the file."""
        try:
            return self.new_module.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def wait_until_saved(self) -> None:
        until(
            f"{LINE!r} once in {NEW_MODULE}",
            lambda: self.saved().count(LINE) == 1,
            seconds=20,
            on_screen=self.saved,
        )

    def without_server(self) -> dict[str, str]:
        """Return the environment of a machine without Tandem."""
        path = self.environment["PATH"].split(os.pathsep)
        return {**self.environment, "PATH": os.pathsep.join(path[1:])}

    def processes(self, containing: str = "") -> dict[int, str]:
        """Return the live processes of this scene by id, with their command lines."""
        found: dict[int, str] = {}
        needle = f"{MARK}={self.mark}".encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                environ = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:  # It ended, or it is another user's.
                continue
            if needle in environ.split(b"\0") and containing in command:
                found[int(entry.name)] = command
        return found

    def only_server(self) -> str:
        """Return the one server's command line; one that a restart replaced must have ended."""

        def servers() -> list[str]:
            return [each for each in self.processes().values() if each.endswith(" serve")]

        until(
            "one server runs",
            lambda: len(servers()) == 1,
            seconds=20,
            on_screen=lambda: "\n".join(self.processes().values()),
        )
        return servers()[0]

    def wait_until_nothing_runs(self, seconds: float) -> None:
        until(
            "the editor and its server have ended",
            lambda: not self.processes(),
            seconds=seconds,
            on_screen=lambda: "still running: " + "\n".join(self.processes().values()),
        )

    def end_processes(self) -> None:
        """End what is left, first politely."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.processes():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            try:
                self.wait_until_nothing_runs(5)
            except NotShownError:
                continue  # With the harder signal.
            return


@contextmanager
def scene(server: str, path: str) -> Iterator[Scene]:
    """Set the stage; `server` is the command behind `tandem`, `path` the PATH beside it."""
    root = Path(tempfile.mkdtemp(prefix="tandem-editors-"))
    made = Scene(
        home=root / "home",
        workspace=root / "shop",
        environment=_environment(root, path, mark := uuid.uuid4().hex),
        mark=mark,
    )
    for variable in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR"):
        Path(made.environment[variable]).mkdir(parents=True, exist_ok=True)
    Path(made.environment["XDG_RUNTIME_DIR"]).chmod(0o700)
    _write_launcher(root / "bin" / "tandem", server)
    _write_workspace(made.workspace)
    try:
        yield made
    finally:
        made.end_processes()
        shutil.rmtree(root, ignore_errors=True)


def _environment(root: Path, path: str, mark: str) -> dict[str, str]:
    home = root / "home"
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(root / "bin"), *_foreign(path)]),
        "LANG": "C.UTF-8",
        "TERM": "screen-256color",
        "TMPDIR": str(root / "tmp"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(root / "run"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        MARK: mark,
    }


def _foreign(path: str) -> list[str]:
    """Return the folders of a PATH without the project's own environment.

    Its `tandem` would be found where none should be, and Helix starts its `ruff` and `ty`.
    """
    own = Path(sys.executable).parent
    return [folder for folder in path.split(os.pathsep) if Path(folder) != own]


def _write_launcher(path: Path, server: str) -> None:
    """`tandem` as an executable on the PATH, so that the plugins are proven with their defaults."""
    checkout = Path(__file__).resolve().parents[2]
    path.parent.mkdir(parents=True)
    path.write_text(
        "#!/bin/sh\n"
        f"export PYTHONPATH={shlex.quote(str(checkout / 'server'))}\n"
        f'exec {server} "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)


def _write_workspace(folder: Path) -> None:
    package = folder / "shop"
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1"\n', encoding="utf-8"
    )
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "settings.py").write_text(SETTINGS, encoding="utf-8")
    for name in SERVICES:
        (package / f"{name}.py").write_text(MODULE.format(name=name) + REPEATED, encoding="utf-8")
    (folder / NEW_MODULE).write_text(MODULE.format(name="returns") + "\n\n", encoding="utf-8")
