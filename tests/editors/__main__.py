"""`python -m tests.editors nvim|vscode|helix|all [--json]`: prove each plugin in its editor."""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.editors import helix, neovim, vscode
from tests.editors.installation import Installation
from tests.editors.proof import NotShownError, Proof, Step
from tests.editors.scene import Scene, scene

EDITORS: dict[str, Callable[[Proof, Installation, Scene, Path], None]] = {
    "nvim": neovim.prove,
    "helix": helix.prove,
    "vscode": vscode.prove,
}


def main(arguments: list[str], environment: dict[str, str]) -> int:
    """Prove the named editors one after the other; 0 only if every step of every one passed."""
    options = _parse(arguments)
    out = Path(options.out or tempfile.mkdtemp(prefix="tandem-screenshots-")).resolve()
    out.mkdir(parents=True, exist_ok=True)
    told = sys.stderr if options.json else sys.stdout

    def echo(line: str) -> None:
        print(line, file=told, flush=True)

    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tandem-editors"
    installation = Installation(cache, environment, echo)
    proofs: list[Proof] = []
    for name in EDITORS if options.editor == "all" else [options.editor]:
        proof = Proof(name, echo)
        proofs.append(proof)
        _prove(proof, installation, options.server, environment["PATH"], out)
    echo(f"screenshots in {out}")
    passed, failed = _counts(proofs)
    echo(f"{passed} passed, {failed} failed")
    if options.json:
        record = {
            "bench": "editors",
            "metrics": {"passed": passed, "failed": failed},
            "editors": {proof.editor: proof.record() for proof in proofs},
        }
        print(json.dumps(record, indent=2))
    return 1 if failed else 0


def _prove(proof: Proof, installation: Installation, server: str, path: str, out: Path) -> None:
    try:
        with scene(server, path) as stage:
            EDITORS[proof.editor](proof, installation, stage, out)
    except (NotShownError, OSError, subprocess.SubprocessError) as problem:
        if not proof.failed:  # Outside a step, as an installation that failed.
            proof.add(Step("can be proven", passed=False, seconds=0, detail=str(problem)))


def _counts(proofs: list[Proof]) -> tuple[int, int]:
    failed = sum(proof.failed for proof in proofs)
    return sum(len(proof.steps) for proof in proofs) - failed, failed


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.editors", description=__doc__)
    parser.add_argument("editor", choices=[*EDITORS, "all"])
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "--out", metavar="DIR", help="where the screenshots go (default: a new folder)"
    )
    parser.add_argument(
        "--server",
        metavar="CMD",
        default=shlex.join([sys.executable, "-m", "tandem"]),
        help="what stands for `tandem`; the plugins add `serve` (default: %(default)s)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))  # noqa: TID251 - the one place that reads it
