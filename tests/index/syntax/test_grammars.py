"""Grammars come from the official wheel, else from what is installed, else not at all."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor

import pytest

from tandem.index import grammars
from tandem.index.facts import Kind
from tandem.index.languages import LANGUAGES, Grammar, Language
from tests.index.syntax.listing import exact, known

OFFICIAL = [language for language in LANGUAGES if language.grammar and language.grammar.module]


def missing(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        importlib.util.find_spec(module) is None,
        reason=f"{module} is an extra (all-grammars or legacy-grammars) and not installed",
    )


@pytest.mark.parametrize("language", OFFICIAL, ids=lambda language: language.id)
def test_an_official_grammar_is_there_and_says_which_it_is(language):
    assert grammars.grammar(language) is grammars.grammar(language) is not None
    assert grammars.version(language).startswith(f"{language.grammar.module} 0.") or (
        grammars.version(language).startswith(f"{language.grammar.module} 1.")
    )
    assert " abi 1" in grammars.version(language)


@pytest.mark.parametrize(
    "grammar",
    [
        None,
        Grammar("unheard_of"),
        Grammar("unheard_of", "tree_sitter_unheard_of"),
        Grammar("unheard_of", "json", "loads"),  # a module that is no grammar
        Grammar("unheard_of", "tree_sitter_python", "unheard_of"),
    ],
)
def test_what_cannot_be_loaded_is_none(grammar):
    language = Language(f"test-{grammar}", (), grammar)

    assert grammars.grammar(language) is None
    assert grammars.version(language) == ""


def test_threads_load_a_grammar_once():
    language = Language("test-threads", (), Grammar("go", "tree_sitter_go"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(grammars.grammar, [language] * 32))

    assert all(one is found[0] is not None for one in found)


@missing("tree_sitter_language_pack")
def test_the_collection_serves_what_has_no_wheel_here():
    zig = known("zig")

    assert grammars.version(zig).startswith("tree_sitter_language_pack 0.")
    facts = exact(b"pub fn add(a: i32) i32 {\n    return a;\n}\n", zig)
    # its node types say nothing, so the names are those that lines show
    assert [(d.name, d.kind) for d in facts.definitions] == [("add", Kind.FUNCTION)]
    assert not facts.exact
    assert exact(b"pub fn add(\n", zig).errors


@missing("tree_sitter_language_pack")
@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("dart", b"class A {\n  int f(int x) => x;\n}\nvoid g() {}\n", {"A", "f", "g"}),
        ("haskell", b"f :: Int -> Int\nf x = x\n", {"f"}),
        ("perl", b"sub f { 1 }\n", {"f"}),
        ("julia", b"function f(x)\n  x\nend\n", {"f"}),
        ("solidity", b"contract A { function f() public {} }\n", {"A", "f"}),
        ("julia", b"struct P\n  x\nend\n", {"P"}),
        ("proto", b"message A { string b = 1; }\n", {"A"}),
    ],
)
def test_a_language_without_a_table_is_read_off_its_grammar(language, source, names):
    facts = exact(source, known(language))

    assert names <= {found.name for found in facts.definitions}
    assert facts.exact


@missing("tree_sitter_languages")
@pytest.mark.parametrize("name", ["python", "c_sharp", "ocaml", "julia"])
def test_the_old_collection_is_opened_without_its_own_code(name):
    language = Language(f"test-old-{name}", (), Grammar(name))
    found = grammars._from_legacy(name)

    assert found is not None
    assert 13 <= found.abi_version <= 15
    assert grammars.grammar(language) is not None
