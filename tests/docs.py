"""What is generated in the documentation, and whether it is in step: ``./dev docs [--check]``.

* ``server/docs/settings.md`` from the settings' own metadata
* the command line in ``README.md``, between its markers, from the parser
* the hash of ``lsp/ext.py`` in ``server/docs/lsp-extensions.md``: written by hand, so a change of
  the methods only marks it as out of step
* the settings in ``editors/vscode/package.json``
"""

import argparse
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

from tandem.cli import build_parser
from tandem.workspace.settings import Option, options
from tests.editors.schema import MANIFEST, manifest

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- generated: {} -->\n", "<!-- end -->"


def main(argv: list[str]) -> int:
    """Write what is out of step, or with ``--check`` say so and fail."""
    stale = [(path, text) for path, text in generated() if _read(path) != text]
    for path, text in stale:
        name = path.relative_to(ROOT)
        if "--check" in argv:
            print(f"{name} is out of step; run ./dev docs")
        else:
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    return 1 if stale and "--check" in argv else 0


def generated() -> Iterator[tuple[Path, str]]:
    """Yield every file with generated parts, as it should be."""
    yield ROOT / "server" / "docs" / "settings.md", settings_page()
    readme = ROOT / "README.md"
    yield readme, _between(_read(readme), "help", f"```text\n{_help()}```\n")
    extensions = ROOT / "server" / "docs" / "lsp-extensions.md"
    yield extensions, _between(_read(extensions), "hash", f"`lsp/ext.py` {_hash()}\n")
    yield MANIFEST, manifest(_read(MANIFEST))


def settings_page() -> str:
    """Return the settings as Markdown."""
    lines = [
        "# Settings",
        "",
        "Generated from `server/tandem/workspace/settings.py` by `./dev docs`.",
        "",
        "Later layers win: defaults, your `config.toml` (`tandem doctor` shows where), the",
        "repository's `.tandem.toml`, the environment (`TANDEM_COMPLETION__MODE=manual`), the",
        "editor. Settings marked *yours* are not taken from a repository.",
        "",
        "| key | type | default | what it does |",
        "| --- | --- | --- | --- |",
    ]
    lines += [_row(option) for option in options()]
    return "\n".join(lines) + "\n"


def _row(option: Option) -> str:
    meta = option.metadata
    kind = " \\| ".join(f"`{c}`" for c in meta["choices"]) if "choices" in meta else option.kind
    if "least" in meta:
        kind += f", {meta['least']} to {meta['most']}"
    mark = " *yours*" if meta["private"] else ""
    default = json.dumps(option.default)
    return f"| `{option.key}` | {kind} | `{default}` | {meta['doc']}{mark} |"


def _help() -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        parser = build_parser()
        parser.prog = "tandem"
        parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=80)
        parser.print_help()
    return out.getvalue()


def _hash() -> str:
    text = (ROOT / "server" / "tandem" / "lsp" / "ext.py").read_bytes()
    return hashlib.sha256(text).hexdigest()[:16]


def _between(text: str, name: str, inside: str) -> str:
    pattern = re.escape(BEGIN.format(name)) + r".*?" + re.escape(END)
    return re.sub(
        pattern, lambda _: BEGIN.format(name) + inside + END, text, count=1, flags=re.DOTALL
    )


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
