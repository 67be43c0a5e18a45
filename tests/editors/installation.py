"""The real editors, installed once into a cache by the scripts in `install/`."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.editors.proof import NotShownError

SCRIPTS = Path(__file__).parent / "install"
# A first installation took 11 s (native) and 55 s (VS Code); the bound is for a slow mirror.
INSTALL_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the editors are, or will be."""

    cache: Path
    environment: Mapping[str, str]
    echo: Callable[[str], None]

    @property
    def nvim(self) -> Path:
        return self._program("native", "nvim")

    @property
    def helix(self) -> Path:
        return self._program("native", "hx")

    @property
    def code_server(self) -> Path:
        return self._program("vscode", "code-server")

    def _program(self, kind: str, name: str) -> Path:
        prefix = self.cache / kind
        program = prefix / "bin" / name
        if not program.exists() or not (prefix / "installed").exists():
            self._install(kind, prefix)
        return program

    def _install(self, kind: str, prefix: Path) -> None:
        self.echo(f"installing {kind} into {prefix}")
        log = self.cache / f"{kind}.log"
        self.cache.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            done = subprocess.run(
                ["bash", str(SCRIPTS / f"{kind}.sh"), str(prefix)],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        if done.returncode:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
            raise NotShownError(
                f"install/{kind}.sh exited with {done.returncode}; {log} ends:\n{tail}"
            )
        (prefix / "installed").touch()
