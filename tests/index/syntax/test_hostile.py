"""Whatever the bytes, there are facts or None: no exception, no hang, no recursion."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index.facts import FileFacts
from tandem.index.languages import LANGUAGES
from tandem.index.names import decoded, names
from tandem.index.parse import parse, syntax_errors
from tandem.index.syntax.import_lines import matches, readers
from tests.index.syntax.listing import exact, known, samples

PARSED = [language for language in LANGUAGES if language.grammar and language.grammar.module]
SAMPLES = {known(path.name).id: path.read_bytes() for path in samples()}
SAMPLED = [known(name) for name in SAMPLES]
PYTHON = known("python")
# A quadratic pattern would take minutes for what a linear one does in 10 ms.
CPU_S = 2.0


def check(facts: FileFacts, data: bytes) -> None:
    text, _ = decoded(data)
    for number, found in enumerate(facts.definitions):
        assert found.name
        assert text[found.at : found.at + len(found.name)] == found.name
        assert 0 <= found.span.start <= found.at <= found.span.end <= len(text)
        assert found.parent < number
        assert len(found.signature) <= 300
        assert len(found.doc) <= 200
        assert "\n" not in found.signature + found.doc


@given(st.sampled_from(PARSED), st.binary(max_size=300))
def test_arbitrary_bytes(language, data):
    check(exact(data, language), data)
    check(names(data, language.id), data)


@given(st.data(), st.sampled_from(SAMPLED))
def test_broken_samples(data, language):
    """A sample with a stretch cut out, another put in, and its end missing."""
    source = SAMPLES[language.id]
    at, size = data.draw(st.integers(0, len(source))), data.draw(st.integers(0, 60))
    noise = data.draw(st.sampled_from([b"", b"\x00", b"\xff", b"\"'", b"{", b"}", b"(\n", b"\xc3"]))
    end = data.draw(st.integers(0, len(source)))
    broken = source[:at] + noise + source[at + size : max(end, at)]

    check(exact(broken, language), broken)
    check(names(broken, language.id), broken)


@given(st.sampled_from([language.id for language in LANGUAGES] + ["", "unheard-of"]), st.text())
def test_lines_of_any_language(language, text):
    data = text.encode("utf-8", "surrogatepass")
    check(names(data, language), data)


WORDED = [
    (language.id, pattern, word)
    for language in LANGUAGES
    for pattern, word, _ in readers(language.id)
    if word
]
PIECES = [
    b"import", b"from", b"#include", b"include", b"using", b"require", b"@import", b"static",
    b" ", b"\t", b"\n", b"\r\n", b"(", b")", b"'a'", b'"b"', b"<c.h>", b"d", b".e", b",", b";",
]  # fmt: skip


@given(st.sampled_from(WORDED), st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_lines_with_a_word_are_all_that_match(worded, source):
    _, pattern, word = worded
    shifted = b"\n" + source

    found = [match.span() for match in matches(pattern, word, shifted)]
    assert found == [match.span() for match in pattern.finditer(shifted)]


@pytest.mark.parametrize(("language", "pattern", "word"), WORDED, ids=lambda part: str(part)[:12])
def test_a_word_finds_the_imports_of_a_sample(language, pattern, word):
    shifted = b"\n" + SAMPLES.get(language, b"")

    found = [match.span() for match in matches(pattern, word, shifted)]
    assert found == [match.span() for match in pattern.finditer(shifted)]
    assert found or language not in SAMPLES


@pytest.mark.parametrize("language", PARSED, ids=lambda language: language.id)
def test_an_empty_file_defines_nothing(language):
    facts = exact(b"", language)

    assert facts == FileFacts(language.id, exact=True)
    assert names(b"", language.id) == FileFacts(language.id)


@pytest.mark.parametrize("piece", [b"(", b"a,", b" ", b"\n", b"{", b"a b(c) ", b"x = ", b")"])
@pytest.mark.parametrize("language", sorted({*SAMPLES, "zig", "vue"}))
def test_patterns_are_linear(language, piece):
    data = b"import a\n" + piece * (200_000 // len(piece))
    start = time.process_time()
    check(names(data, language), data)

    assert time.process_time() - start < CPU_S


@pytest.mark.parametrize(
    ("language", "opening", "closing"),
    [
        ("python", b"(", b")"),
        ("json", b'{"a":', b"}"),
        ("javascript", b"function f() {", b"}"),
        ("c", b"#if A\n", b"#endif\n"),
        ("html", b"<main>", b"</main>"),
        ("ruby", b"class A\n", b"end\n"),
        ("rust", b"mod a {", b"}"),
        ("css", b"@media x {", b"}"),
    ],
)
def test_nesting_is_no_recursion(language, opening, closing):
    data = opening * 5_000 + closing * 5_000
    facts = exact(data, known(language), budget_s=20.0)

    check(facts, data)


def test_a_line_of_a_megabyte():
    data = b"x = [" + b"1, " * 350_000 + b"]\ndef f(): pass\n"
    facts = exact(data, PYTHON, budget_s=20.0)

    assert [found.name for found in facts.definitions] == ["x", "f"]
    assert len(facts.definitions[0].signature) == 300


@pytest.mark.parametrize("data", [b"\x00\x00\x00", b"def f():\x00\n  pass", b"\f\ndef f(): pass\n"])
def test_control_characters(data):
    check(exact(data, PYTHON), data)


def test_a_form_feed_ends_no_line():
    facts = exact(b"a = 1\n\x0cdef f(): pass\n\xe2\x80\xa8\nb = 2\n", PYTHON)

    assert [(d.name, d.line) for d in facts.definitions] == [("a", 0), ("f", 1), ("b", 3)]


def test_foreign_bytes_are_latin():
    facts = exact(b"# caf\xe9\ndef \xe9t\xe9(): pass\n", PYTHON)

    assert [(d.name, d.at) for d in facts.definitions] == [("été", 11)]
    assert "été" in facts.identifiers


def test_a_lone_surrogate_is_one_character():
    data = 'x = "\ud800"\ny = 1\n'.encode("utf-8", "surrogatepass")

    assert [(d.name, d.at) for d in exact(data, PYTHON).definitions] == [("x", 0), ("y", 8)]


def test_errors_are_counted_and_bounded():
    assert syntax_errors(b"def f(:\n  pass\n", PYTHON) > 0
    assert syntax_errors(b"def f(): pass\n", PYTHON) == 0
    assert 0 < syntax_errors(b")]} " * 50_000, PYTHON) <= 20_000
    assert syntax_errors(b"x", known("less")) == 0


def test_a_budget_ends_a_parse():
    data = b"class A:\n" + b"    def f(self, x): return [x + 1, (x, {x: x})]\n" * 60_000
    start = time.process_time()
    assert parse(data, PYTHON, budget_s=0.005) is None
    assert time.process_time() - start < 0.25  # parsing it whole takes 0.4 s and more
    assert parse(data, PYTHON, budget_s=0.0) is None


def test_a_caller_can_stop_a_parse():
    calls = 0

    def stop():
        nonlocal calls
        calls += 1
        return calls > 3

    assert parse(b"x = [1, 2, (3, 4)]\n" * 5_000, PYTHON, stop=stop) is None
    assert calls == 4
    assert parse(b"x = 1\n", PYTHON, stop=lambda: False) is not None


def test_a_language_without_a_grammar_has_names_only():
    assert parse(b"fn f() {}", known("less")) is None
    facts = names("func f(x) { return größe + 12 }\n".encode(), "unheard-of")

    assert [found.name for found in facts.definitions] == ["f"]
    assert facts.identifiers == {"func", "f", "x", "return", "größe"}
