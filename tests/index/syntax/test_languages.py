"""Files find their language by name, and knowing languages costs no parser."""

import subprocess
import sys

import pytest

from tandem.index.languages import LANGUAGES, by_id, language_of
from tandem.index.syntax.tables import has_syntax, keywords_of, syntax_of


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("src/app.py", "python"),
        ("C:\\code\\App.TSX", "typescriptreact"),
        ("lib/index.mjs", "javascript"),
        ("a/b.test.ts", "typescript"),
        ("include/ring.h", "c"),
        ("x.hpp", "cpp"),
        ("Makefile", "makefile"),
        ("deploy/Dockerfile", "dockerfile"),
        ("Gemfile", "ruby"),
        ("CMakeLists.txt", "cmake"),
        ("Cargo.lock", "toml"),
        (".bashrc", "shellscript"),
        ("pom.xml", "xml"),
        ("notes.txt", None),
        ("Makefile.txt", None),
        ("README", None),
        ("", None),
        ("dir.py/", None),
    ],
)
def test_a_file_has_the_language_of_its_name(name, language):
    found = language_of(name)

    assert (found.id if found else None) == language


def test_an_id_a_suffix_and_a_file_name_belong_to_one_language():
    ids = [language.id for language in LANGUAGES]
    suffixes = [suffix for language in LANGUAGES for suffix in language.suffixes]
    files = [file for language in LANGUAGES for file in language.files]

    assert len(ids) == len(set(ids))
    assert len(suffixes) == len(set(suffixes))
    assert len(files) == len(set(files))
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in suffixes)
    assert all(by_id(name) is language for name, language in zip(ids, LANGUAGES, strict=True))


def test_every_language_that_completion_learns_from_is_known():
    learned = """bash c cc cpp cs css cxx dart ex exs go h hpp hs html java js jsx kt kts lua mjs
    cjs ml mts php pl py pyi r rb rs scala sh sql swift ts tsx vue zig"""

    assert [s for s in learned.split() if language_of(f"file.{s}") is None] == []


@pytest.mark.parametrize(
    "module", ["tandem.index.languages", "tandem.index.names", "tandem.index.grammars"]
)
def test_names_need_no_parser(module):
    script = f"import sys, {module}; print(any('tree_sitter' in name for name in sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "False"


def test_a_worker_for_names_pays_for_nothing_else():
    script = """
import sys, tandem.index.worker as worker
worker.outline(b"import a\\nb = 1\\n", "python")
print([name for name in ("sqlite3", "hashlib", "tandem.index.syntax.rules") if name in sys.modules])
"""
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.id)
def test_keywords_are_known_without_the_table(language):
    syntax = syntax_of(language.id)

    assert has_syntax(language.id) is (syntax is not None)
    assert keywords_of(language.id) == (syntax.keywords if syntax is not None else frozenset())
