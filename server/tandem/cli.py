"""The command line. Imports lazily: `tandem doctor` must not pay for a language server's start."""

import argparse
import gc
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandem import __version__

_COMMANDS: Final = ("context", "demo", "doctor", "fix", "index", "model", "plan", "review", "usage")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; return the exit status."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "serve":
        return _serve(arguments)
    if arguments.command in _COMMANDS:
        command = importlib.import_module(f"tandem.commands.{arguments.command}")
        return int(command.run(arguments))
    parser.print_help()
    return 0 if not argv else 2


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; the documentation is generated from it."""
    parser = argparse.ArgumentParser(prog="tandem", description="An AI language server.")
    parser.add_argument("--version", action="version", version=f"tandem {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the language server (editors start this)")
    serve.add_argument("--stdio", action="store_true", help="speak over stdin and stdout (default)")
    serve.add_argument(
        "--tcp", type=int, metavar="PORT", help="listen on a loopback port instead; 0 picks one"
    )
    demo = commands.add_parser("demo", help="watch a real session complete real code")
    demo.add_argument("path", nargs="?", type=Path, help="a repository (default: Tandem's source)")
    mode = demo.add_mutually_exclusive_group()
    mode.add_argument(
        "--simulated", action="store_true", help="against the simulated API, with its bill"
    )
    mode.add_argument("--live", action="store_true", help="with your key, against the real API")
    demo.add_argument(
        "--act",
        choices=("codebase", "fix", "review", "completion"),
        help="only this act of the four",
    )
    demo.add_argument("--json", action="store_true", help="print one JSON object")
    _doctor_options(commands.add_parser("doctor", help="check the set-up and say what is wrong"))
    _fix_options(commands.add_parser("fix", help="fix what a linter or compiler says of a file"))
    index = commands.add_parser("index", help="index a codebase and say what is known of it")
    index.add_argument("path", nargs="?", type=Path, help="its folder (default: this one)")
    index.add_argument("--json", action="store_true", help="print one JSON object")
    _context_options(
        commands.add_parser("context", help="show what a model is told, and its price")
    )
    _model_actions(commands.add_parser("model", help="install a model on this machine, choose it"))
    _plan_options(commands.add_parser("plan", help="show what a change would reach; have it made"))
    _review_options(commands.add_parser("review", help="find what is wrong with a change"))
    usage = commands.add_parser("usage", help="show what was spent")
    usage.add_argument("--days", type=int, default=30, help="how far back (default: 30)")
    usage.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _doctor_options(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    asking = doctor.add_mutually_exclusive_group()
    asking.add_argument("--offline", action="store_true", help="do not ask the API")
    asking.add_argument(
        "--probe-cache",
        action="store_true",
        help="measure how the API's prefix cache behaves, for $0.05 at most (asks first)",
    )
    asking.add_argument(
        "--probe-fim", action="store_true", help="find out api.fim by asking: costs a few tokens"
    )
    doctor.add_argument("--yes", action="store_true", help="let the probe spend without asking")
    doctor.add_argument(
        "--wait", type=int, default=10, metavar="MINUTES", help="that the probe may wait (10)"
    )


def _fix_options(fix: argparse.ArgumentParser) -> None:
    fix.add_argument("file", type=Path, metavar="FILE")
    fix.add_argument(
        "--diagnostics", required=True, metavar="REPORT",
        help="its problems as JSON of the protocol or SARIF: a file, or - for stdin",
    )  # fmt: skip
    fix.add_argument("--write", action="store_true", help="change the file; else print a patch")
    fix.add_argument("--free", action="store_true", help="only what needs no model")
    fix.add_argument("--json", action="store_true", help="print one JSON object")


def _plan_options(plan: argparse.ArgumentParser) -> None:
    plan.add_argument(
        "what",
        metavar="INSTRUCTION",
        help="what should change, in words; or list, show, resume, discard",
    )
    plan.add_argument("number", nargs="?", type=int, metavar="N", help="of show, resume, discard")
    plan.add_argument("--at", metavar="FILE[:LINE[:COLUMN]]", help="where")
    plan.add_argument("--ask", action="store_true", help="have Pro make a plan; tells its price")
    result = plan.add_mutually_exclusive_group()
    result.add_argument("--apply", action="store_true", help="carry it out and write the files")
    result.add_argument("--branch", metavar="NAME", help="carry it out and commit to a new branch")
    plan.add_argument(
        "--patch", nargs="?", const="-", metavar="FILE", help="carry it out and print a patch"
    )
    plan.add_argument("--partial", action="store_true", help="deliver also if steps were set aside")
    plan.add_argument("--yes", action="store_true", help="let it spend without asking")
    plan.add_argument("--json", action="store_true", help="print one JSON object")


def _review_options(review: argparse.ArgumentParser) -> None:
    what = review.add_mutually_exclusive_group()
    what.add_argument("--staged", action="store_true", help="what is in git's index")
    what.add_argument("--unstaged", action="store_true", help="what is not in git's index yet")
    what.add_argument("--base", metavar="REV", help="this branch since it left REV")
    what.add_argument("--commit", metavar="REV", help="a commit")
    what.add_argument("--range", metavar="A..B", help="from one commit to another")
    what.add_argument("--patch", metavar="FILE", help="a patch, applied or not")
    review.add_argument("--ask", action="store_true", help="have Pro review; tells its price")
    review.add_argument("--yes", action="store_true", help="let it spend without asking")
    review.add_argument(
        "--format",
        choices=("text", "json", "sarif", "markdown", "github"),
        default="text",
        help="how to print it (default: text)",
    )
    review.add_argument(
        "--fail-on", choices=("never", "error", "warning", "any"), default="never",
        help="exit with 1 if a finding is that bad, or worse (default: never)",
    )  # fmt: skip


def _model_actions(model: argparse.ArgumentParser) -> None:
    actions = model.add_subparsers(dest="action", metavar="ACTION", required=True)
    install = actions.add_parser("install", help="note a GGUF file, or download one")
    source = "a file, a known name, or https://.../resolve/<40 hex of a commit>/FILE.gguf"
    install.add_argument("source", metavar="SOURCE", help=source)
    install.add_argument("--name", default="", help="what to call it (default: by its file)")
    install.add_argument("--sha256", default="", metavar="HEX", help="what it must be")
    listing = actions.add_parser("list", help="show what is installed, and check it")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    use = actions.add_parser("use", help="choose the one that completes without an API")
    use.add_argument("name", metavar="NAME", help="an installed one, or none")
    remove = actions.add_parser("remove", help="take one out; what was downloaded is deleted")
    remove.add_argument("name", metavar="NAME")


def _context_options(context: argparse.ArgumentParser) -> None:
    place = "one-based; a completion needs all of it, a plan takes FILE too, a review nothing"
    context.add_argument("place", nargs="?", metavar="FILE:LINE:COLUMN", help=place)
    context.add_argument(
        "--for", dest="kind", choices=("completion", "plan", "review"), default="completion",
        help="what the model is asked for (default: completion)",
    )  # fmt: skip
    context.add_argument("--base", metavar="REV", help="review against a commit (default: HEAD)")
    context.add_argument(
        "--explain", action="store_true", help="say where the cached prefix breaks, and the cost"
    )
    context.add_argument("--prompt", action="store_true", help="print the prompt itself as well")
    context.add_argument("--json", action="store_true", help="print one JSON object")


def _serve(arguments: argparse.Namespace) -> int:
    # Half of the start-up is the creation of classes; collecting garbage meanwhile finds none.
    gc.disable()
    from tandem import app, logs  # noqa: PLC0415

    world = app.World.real()
    settings = world.configuration(None, {}).settings
    log = Path(settings.log.file) if settings.log.file else world.paths.log
    logs.configure(log, settings.log.level, (world.key(settings),))

    def announce(port: int) -> None:
        print(f"listening on 127.0.0.1:{port}", file=sys.stderr, flush=True)

    return app.serve(world, tcp_port=arguments.tcp, announce=announce)
