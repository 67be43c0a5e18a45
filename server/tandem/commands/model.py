"""``tandem model``: install a small model on this machine, choose it, see what is there.

The only command that downloads, and only what it was told to. What is chosen completes where no
API can be asked.
"""

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tandem.app import World
from tandem.core.errors import InstallError
from tandem.models import store
from tandem.models.known import KNOWN, TABLE_DATE, remote_of
from tandem.models.store import Installed

_MB: Final = 1_000_000
_STEP: Final = 0.05  # of the whole, between two lines where there is no terminal
_UNKNOWN: Final = 1_000 * _MB  # the whole, where it is not known
_NO_ENGINE: Final = "it cannot run yet: the engine is missing; pip install 'tandem-ls[local]'"


def run(arguments: argparse.Namespace) -> int:
    """Do one of the actions; status 1 if it could not be done."""
    actions = {"install": _install, "list": _list, "use": _use, "remove": _remove}
    try:
        return actions[arguments.action](World.real(), arguments)
    except InstallError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nstopped: run the command again to go on", file=sys.stderr)
    return 1


def _install(world: World, arguments: argparse.Namespace) -> int:
    from tandem.models import install  # noqa: PLC0415 - loads an HTTP client

    state, weights = world.paths.state, world.paths.weights
    remote = remote_of(arguments.source, arguments.name, arguments.sha256)
    if remote is None:
        path = Path(arguments.source).expanduser()
        model = install.install_file(state, path, arguments.name, arguments.sha256)
    else:
        print(f"{remote.name}: {remote.url}", file=sys.stderr)
        model, came = install.install_remote(state, weights, remote, _Line(sys.stderr.isatty()))
        if not came.vouched:
            print("nobody vouches for its checksum: it is the one that came, and is kept")
    print(f"installed {model.name}: {model.size / _MB:,.0f} MB, SHA-256 {model.sha256}")
    if model.license:
        print(f"license {model.license}: see {model.path.parent}")
    print(f"`tandem model use {model.name}` has it complete where there is no API key")
    return 0


class _Line:
    """The progress of a download: a line that is written over, or one now and then."""

    def __init__(self, over: bool) -> None:  # noqa: FBT001 - of the terminal
        self._over = over
        self._next = 0.0

    def __call__(self, here: int, total: int) -> None:
        share = here / (total or _UNKNOWN)
        if not self._over and share < self._next:
            return
        self._next = share + _STEP
        of = f" of {total / _MB:,.0f} MB, {share:.0%}" if total else " MB"
        end = "\n" if not self._over or here == total else ""
        print(f"{chr(13) if self._over else ''}{here / _MB:,.0f}{of}", end=end, file=sys.stderr)
        sys.stderr.flush()


def _list(world: World, arguments: argparse.Namespace) -> int:
    setting = world.configuration(Path.cwd(), {}).settings.local.model
    models = store.read(world.paths.state)
    used = store.chosen(world.paths.state, setting)
    rows = [_row(model, model == used) for model in models.installed.values()]
    engine = find_spec("xllamacpp") is not None
    if arguments.json:
        print(json.dumps({"models": rows, "engine": engine, "known": sorted(KNOWN)}))
    else:
        print("\n".join(_lines(rows, used=used is not None, engine=engine)))
    return 1 if any(row["problem"] for row in rows) else 0


def _row(model: Installed, used: bool) -> dict[str, Any]:  # noqa: FBT001 - private
    problem = store.wrong_with(model)
    return {
        "name": model.name, "used": used, "size": model.size, "sha256": model.sha256,
        "sha256_ok": not problem, "problem": problem, "license": model.license,
        "path": str(model.path), "source": model.source,
    }  # fmt: skip


def _lines(rows: list[dict[str, Any]], *, used: bool, engine: bool) -> list[str]:
    lines = [
        f"{'*' if row['used'] else ' '} {row['name']:<28}{row['size'] / _MB:>8,.0f} MB  "
        f"{row['problem'] or 'checksum right'}  {row['path']}"
        for row in rows
    ]
    left = [name for name in sorted(KNOWN) if name not in {row["name"] for row in rows}]
    if left:
        lines.append(f"can be installed by name (table of {TABLE_DATE}): {', '.join(left)}")
    if rows and not used:
        lines.append("none is used: `tandem model use NAME`")
    if rows and not engine:
        lines.append(_NO_ENGINE)
    return lines


def _use(world: World, arguments: argparse.Namespace) -> int:
    store.use(world.paths.state, arguments.name)
    if arguments.name == store.NONE:
        print("no model on this machine completes")
        return 0
    settings = world.configuration(Path.cwd(), {}).settings
    print(f"{arguments.name} completes where no API can be asked, from the next start of an editor")
    if settings.local.model not in {"", arguments.name}:
        print(f"but the setting local.model says {settings.local.model!r}, and that holds")
    if world.key(settings):
        print(f"but there is a key in {settings.api.key_env}: the API is asked instead")
    if find_spec("xllamacpp") is None:
        print(_NO_ENGINE)
    return 0


def _remove(world: World, arguments: argparse.Namespace) -> int:
    from tandem.models import install  # noqa: PLC0415 - loads an HTTP client

    model = install.remove(world.paths.state, world.paths.weights, arguments.name)
    kept = "deleted" if model.fetched else f"its file stays: {model.path}"
    print(f"removed {model.name}; {kept}")
    return 0
