"""The house rules that no linter knows: layers, sizes, start-up, documents in step."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import docs

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "server" / "tandem"
LONGEST_MODULE = 400
LONGEST_FUNCTION = 40


def sources(*folders: str) -> list[Path]:
    """Return our own Python files: the samples are other people's code in spirit."""
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "samples" not in path.parts
    ]


def test_the_layers_hold():
    # In a process of its own: it switches off the loggers of the one it runs in.
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sources("server", "fixtures"), ids=lambda p: p.name)
def test_a_module_fits_a_head(path):
    text = path.read_text("utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            start = (first.end_lineno or 0) if documented else node.lineno
            assert (node.end_lineno or 0) - start <= LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", sources("server"), ids=lambda p: p.name)
def test_a_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", sources("server", "fixtures", "tests"), ids=lambda p: p.name)
def test_nothing_is_left_for_later_and_nothing_speaks_of_a_machine(path):
    text = path.read_text("utf-8")
    later = "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX"))
    assert not re.search(rf"#.*\b({later})\b", text)
    assert "/home/" + "user" not in text


def test_lines_are_split_as_the_protocol_does():
    """``splitlines`` breaks at form feeds and U+2028: only the HTTP-like header parser may."""
    users = {path.name for path in sources("server") if ".splitlines(" in path.read_text("utf-8")}
    assert users <= {"frames.py"}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("tandem.cli", ["pygls", "lsprotocol", "openai", "numpy", "sqlite3", "asyncio"]),
        ("tandem.commands.doctor", ["pygls", "lsprotocol", "openai", "numpy"]),
        ("tandem.lsp.server", ["openai", "numpy", "httpx2", "pydantic"]),
        ("tandem.index.lm.model", ["numpy", "asyncio"]),
        ("tandem.app", ["pygls", "openai", "numpy", "sqlite3"]),
    ],
)
def test_start_up_imports_only_what_it_needs(module, forbidden):
    script = f"import sys, {module}; print(*(m for m in {forbidden!r} if m in sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == []


def test_the_generated_documents_are_in_step():
    stale = [path.name for path, text in docs.generated() if path.read_text("utf-8") != text]
    assert stale == [], "run ./dev docs"


def test_every_link_in_the_documents_leads_somewhere():
    pages = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")]
    pages += sorted((ROOT / "server" / "docs").rglob("*.md"))
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_code_map_names_what_exists():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for name in re.findall(r"`((?:server|editors|tests|fixtures)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
