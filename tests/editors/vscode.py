"""VS Code with the extension from a VSIX: the workbench in Chromium, driven by `workbench.cjs`.

The extension and the server run in code-server's extension host, as they do on a remote; the
workbench is the same. Once without a key, once with a simulated model (quick fixes, rewrites and
plans as well, and reviews in a second repository), once without a server.
"""

import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.editors import parcels, plans, repairs, reviews
from tests.editors.installation import Installation
from tests.editors.model import Model, simulated_model
from tests.editors.proof import NotShownError, Proof, Step, until
from tests.editors.replies import BLOCK, BODY, FIRST, HEADER, PLACE, SECOND
from tests.editors.scene import LINE, NEW_MODULE, NEXT_LINE, NEXT_TYPED, TYPED, TYPED_ALONG, Scene

EXTENSION = Path(__file__).resolve().parents[2] / "editors" / "vscode"
DRIVER = Path(__file__).with_name("workbench.cjs")
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ADVICE = "pip install tandem-ls"
INSIDE = "Tandem: the cursor is inside a word (gate)"
# The workbench was seen to take 8 to 72 s to its first line under load on two cores.
WAIT_MS = 120_000
DRIVER_SECONDS = 600
BUILD_SECONDS = 300
RECORD = ("step", "passed", "seconds", "detail")
SETTINGS = {
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "editor.codeActionsOnSave": {"source.fixAll.tandem": "explicit"},
    "chat.disableAIFeatures": True,  # VS Code's own assistant, not the inline completion API.
    "files.hotExit": "off",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
}


@dataclass(frozen=True, slots=True)
class Workbench:
    """The tools of one proof, all of the cache's installation."""

    node: Path
    code_server: Path
    tools: Path

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """With the installation's Node on the PATH.

        VSCODE_CLI says that this is a terminal's environment; else VS Code takes the PATH of a
        login shell.
        """
        path = os.pathsep.join([base["PATH"], str(self.node.parent)])
        return {**base, "PATH": path, "VSCODE_CLI": "1"}


def prove(proof: Proof, installation: Installation, scene: Scene, out: Path) -> None:
    code_server = installation.code_server
    prefix = code_server.parents[1]
    workbench = Workbench(prefix / "bin" / "node", code_server, prefix / "tools" / "node_modules")
    proof.version = _version(workbench, scene)
    proof.echo(f"vscode  {proof.version}")
    with proof.step("the extension is checked, built and packaged") as detail:
        vsix = _package(workbench, installation, scene)
        detail.append(f"{vsix.stat().st_size // 1024} KiB")
    with proof.step("the VSIX installs"):
        _install(workbench, scene, vsix)
    picture = out / "vscode.png"
    plans.write(scene)
    with _serving(workbench, scene, scene.environment) as url:
        _drive(proof, workbench, scene, _without_key(url, picture))
        proof.screenshots += [picture, out / "vscode-why.png", out / "vscode-report.png"]
        with proof.step("the file holds the line, written once"):
            scene.wait_until_saved()
    with proof.step("quitting leaves no process behind"):
        scene.wait_until_nothing_runs(30)
    parcels.write(scene)
    repairs.write(scene)
    picture = out / "vscode-block.png"
    with (
        simulated_model(scene.home / "model.log") as model,
        _serving(workbench, scene, {**scene.environment, **model.environment()}) as url,
    ):
        _drive(proof, workbench, scene, _with_model(url, picture, model, scene))
        proof.screenshots.append(picture)
        proof.screenshots += [out / "vscode-fixes.png", out / "vscode-rewrites.png"]
        proof.screenshots += [out / f"vscode-{name}.png" for name in ("plan", "apply")]
        folder = reviews.write(scene)
        changed = f"{url.partition('?')[0]}?folder={folder}"
        _drive(proof, workbench, scene, _with_change(changed, picture))
        pictures = ("scopes", "review", "take", "dismiss")
        proof.screenshots += [out / f"vscode-{name}.png" for name in pictures]
    scene.wait_until_nothing_runs(30)
    with _serving(workbench, scene, scene.without_server()) as url:
        picture = out / "vscode-missing.png"
        missing = {"drive": "saysWhatIsMissing", "url": url, "picture": str(picture)}
        missing |= {"file": Path(NEW_MODULE).name, "advice": ADVICE}
        _drive(proof, workbench, scene, missing)


def _without_key(url: str, picture: Path) -> dict[str, object]:
    return {
        "drive": "completes",
        "url": url,
        "picture": str(picture),
        "file": Path(NEW_MODULE).name,
        "line": LINE,
        "typed": TYPED,
        "along": TYPED_ALONG,
        "next": NEXT_LINE,
        "next_typed": NEXT_TYPED,
        "why": INSIDE,
        "plan": _plan(),
    }


def _with_model(url: str, picture: Path, model: Model, scene: Scene) -> dict[str, object]:
    return {
        "drive": "completesWithModel",
        "url": url,
        "picture": str(picture),
        "file": Path(parcels.QUOTES).name,
        "model": model.base_url,
        "header": HEADER,
        "block": BLOCK,
        "place": PLACE,
        "first": FIRST,
        "second": SECOND,
        "repair": {
            "file": Path(repairs.SCRIPT).name,
            "title": repairs.SCRIPT_IMPORT,
            "line": repairs.SCRIPT_IMPORTED,
        },
        "rewrite": {
            "file": Path(repairs.LABELS).name,
            "title": repairs.IMPLEMENT,
            "asking": repairs.ASKING,
            "body": BODY,
            "stub": repairs.STUB,
            "simplify": {
                "file": Path(repairs.TOTALS).name,
                "title": repairs.SIMPLIFY,
                "line": repairs.TOTAL,
            },
            "refused": repairs.REFUSED,
        },
        "plan": _plan(),
        "later": [Path(name).name for name in parcels.LATER],
        "changed": {
            "path": str(scene.workspace / parcels.FEES),
            "text": parcels.CHANGED,
            "before": parcels.OLD_NAME,
            "now": parcels.NEW_NAME,
        },
    }


def _with_change(url: str, picture: Path) -> dict[str, object]:
    return {
        "drive": "reviewsChanges",
        "url": url,
        "picture": str(picture),
        "file": reviews.TOTAL,
        "review": {
            "kiosk": reviews.KIOSK,
            "scope": reviews.SCOPE,
            "call": reviews.CALL,
            "changed": reviews.CHANGED,
            "mended": reviews.MENDED,
            "note": reviews.NOTE,
            "stale": reviews.STALE,
            "claim": reviews.CLAIM,
            "take": reviews.TAKE,
            "dismiss": reviews.DISMISS,
            "offer": reviews.OFFER,
            "report": reviews.REPORT,
            "stopped": reviews.STOPPED,
            "unknown": reviews.UNKNOWN,
            "restored": reviews.RESTORED,
        },
    }


def _plan() -> dict[str, object]:
    return {
        "file": Path(plans.CART).name,
        "caller": Path(plans.TILL).name,
        "action": plans.ACTION,
        "instruction": plans.INSTRUCTION,
        "reported": plans.REPORTED,
        "ask": plans.ASK,
        "heading": plans.HEADING,
        "run": plans.RUN,
        "apply": plans.APPLY,
        "before": [plans.OLD_DEFINED, plans.OLD_CALLED],
        "after": [plans.DEFINED, plans.CALLED],
        "discarded": "the plan is applied",
    }


def _package(workbench: Workbench, installation: Installation, scene: Scene) -> Path:
    """Build in the checkout, in the folders that git ignores, with what the lock file names."""
    environment = workbench.environment(dict(installation.environment))
    npm = str(workbench.node.with_name("npm"))
    installed = EXTENSION / "node_modules" / ".package-lock.json"
    locked = EXTENSION / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        _run([npm, "ci", "--no-audit", "--no-fund"], environment, EXTENSION)
    _run([npm, "run", "check"], environment, EXTENSION)
    _run([npm, "run", "build"], environment, EXTENSION)
    vsix = scene.home / "tandem.vsix"
    vsce = workbench.tools / "@vscode" / "vsce" / "vsce"
    arguments = ["package", "--no-dependencies", "--skip-license", "--allow-missing-repository"]
    _run([str(workbench.node), str(vsce), *arguments, "-o", str(vsix)], environment, EXTENSION)
    return vsix


def _install(workbench: Workbench, scene: Scene, vsix: Path) -> None:
    settings = _user_data(scene) / "User" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
    command = [*_code_server(workbench, scene), "--install-extension", str(vsix)]
    _run(command, workbench.environment(scene.environment), scene.workspace)


def _drive(proof: Proof, workbench: Workbench, scene: Scene, task: Mapping[str, object]) -> None:
    """Run the driver; its lines become steps of the proof as they come."""
    browser = next((path for path in BROWSERS if Path(path).exists()), None)
    if browser is None:
        raise NotShownError(f"no Chromium among {', '.join(BROWSERS)}")
    whole = {
        **task,
        "playwright": str(workbench.tools / "playwright-core"),
        "browser": browser,
        "timeout_ms": WAIT_MS,
    }
    command = ["timeout", str(DRIVER_SECONDS), str(workbench.node), str(DRIVER), json.dumps(whole)]
    with subprocess.Popen(
        command,
        env=workbench.environment(scene.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as driver:
        assert driver.stdin is not None
        assert driver.stdout is not None
        for line in driver.stdout:
            record = json.loads(line)
            if "holding" not in record:
                proof.add(Step(*(record[name] for name in RECORD)))
                continue
            try:
                with proof.step("one server runs, also after the restart") as detail:
                    detail.append(scene.only_server())
            finally:
                driver.stdin.close()
    if driver.returncode:
        raise NotShownError(f"the driver of the workbench ended with {driver.returncode}")


@contextmanager
def _serving(workbench: Workbench, scene: Scene, environment: Mapping[str, str]) -> Iterator[str]:
    port = _free_port()
    command = [
        *_code_server(workbench, scene),
        *("--auth", "none", "--bind-addr", f"127.0.0.1:{port}"),
        *("--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"),
        "--disable-getting-started-override",
    ]
    log = scene.home / "code-server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=workbench.environment(environment),
            cwd=scene.workspace,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(
            "code-server answers",
            lambda: _answers(port),
            seconds=60,
            on_screen=lambda: log.read_text(errors="replace")[-2000:],
        )
        yield f"http://127.0.0.1:{port}/?folder={scene.workspace}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _code_server(workbench: Workbench, scene: Scene) -> list[str]:
    configuration = scene.home / "code-server.yaml"
    configuration.touch()
    return [
        str(workbench.code_server),
        *("--config", str(configuration)),
        *("--user-data-dir", str(_user_data(scene))),
        *("--extensions-dir", str(scene.home / "extensions")),
    ]


def _user_data(scene: Scene) -> Path:
    return scene.home / "user-data"


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _version(workbench: Workbench, scene: Scene) -> str:
    output = _run(
        [*_code_server(workbench, scene), "--version"],
        workbench.environment(scene.environment),
        scene.workspace,
    )
    number, *_, product = output.splitlines()[-1].partition(" with ")
    return f"VS Code {product.removeprefix('Code ')} (code-server {number.split()[0]})"


def _run(command: list[str], environment: Mapping[str, str], folder: Path) -> str:
    done = subprocess.run(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise NotShownError(
            f"{' '.join(map(str, command[:3]))} exited with {done.returncode}\n{tail}"
        )
    return done.stdout
