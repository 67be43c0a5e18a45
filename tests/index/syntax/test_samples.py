"""Each language's sample is listed as its `expected.txt` says, however its bytes are written."""

from pathlib import Path

import pytest

from tandem.index.facts import FileFacts, Kind
from tandem.index.names import decoded, names
from tandem.index.parse import syntax_errors
from tests.index.syntax.listing import exact, known, listing, samples

CORE = """python javascript typescript typescriptreact go rust java kotlin c cpp csharp ruby php
swift scala shellscript lua elixir sql css html json yaml toml""".split()  # noqa: SIM905
# Top-level names that lines alone do not show: the second of several in a statement, one in a
# block, one without a name.
UNSEEN = {
    "python": {"first", "second", "right", "yaml", "opened", "matched"},
    "javascript": {"pending", "default", "conditional"},
    "typescript": {"limit"},
    "c": {"cursor"},
    "cpp": {"Old_t"},
    "css": {".button"},
    "lua": {"second", "size"},
    "php": {"BUILD"},
    "shellscript": {"REGION"},
    "swift": {"b", "limit"},
}
FALSE_MOST = 3  # names in a sample that are none: each has a definition in a string, as bait


def facts_of(path: Path) -> FileFacts:
    return exact(path.read_bytes(), known(path.name))


@pytest.mark.parametrize("language", CORE)
def test_every_core_language_has_a_sample(language):
    assert known(language) in [known(path.name) for path in samples()]


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.parent.name)
class TestSample:
    def test_it_is_listed_as_expected(self, path):
        expected = path.with_name("expected.txt").read_text("utf-8")

        assert listing(facts_of(path)) == expected

    def test_it_parses_without_errors(self, path):
        language = known(path.name)

        assert facts_of(path).errors == syntax_errors(path.read_bytes(), language) == 0

    def test_places_are_code_points_of_the_text(self, path):
        text, _ = decoded(path.read_bytes())
        lines = text.split("\n")
        for found in facts_of(path).definitions:
            assert text[found.at : found.at + len(found.name)] == found.name
            assert text[: found.at].count("\n") == found.line
            assert found.name in lines[found.line]
            assert found.span.start <= found.at < found.span.end <= len(text)

    def test_spans_nest_in_the_order_of_their_starts(self, path):
        definitions = facts_of(path).definitions
        starts = [found.span.start for found in definitions]
        assert starts == sorted(starts)
        for number, found in enumerate(definitions):
            assert found.parent < number
            if found.parent >= 0:
                outer = definitions[found.parent].span
                assert outer.start <= found.span.start <= found.span.end <= outer.end

    def test_names_are_among_the_identifiers(self, path):
        facts = facts_of(path)
        plain = {d.name for d in facts.definitions if d.name.isidentifier()}
        plain |= {name for found in facts.imports for name, _ in found.names if name.isidentifier()}
        # a keyword may name something: `this` of C#, `init` of Swift
        assert len(plain - facts.identifiers) <= 3
        assert not [word for word in facts.identifiers if word[0].isdigit() or not word]

    def test_line_ends_do_not_matter(self, path):
        data = path.read_bytes()
        unix = exact(data, known(path.name))
        dos = exact(data.replace(b"\n", b"\r\n"), known(path.name))

        assert listing(dos).replace("\r", "") == listing(unix)
        assert dos.identifiers == unix.identifiers

    def test_a_bare_return_ends_a_line_too(self, path):
        data = path.read_bytes()
        old = exact(data.replace(b"\n", b"\r"), known(path.name))

        assert [(d.name, d.line, d.at) for d in old.definitions] == [
            (d.name, d.line, d.at) for d in facts_of(path).definitions
        ]

    def test_a_mark_at_the_start_is_no_character(self, path):
        marked = exact(b"\xef\xbb\xbf" + path.read_bytes(), known(path.name))

        assert marked == facts_of(path)

    def test_lines_alone_show_nearly_every_top_level_name(self, path):
        language = known(path.name).id
        facts = facts_of(path)
        seen = {found.name for found in names(path.read_bytes(), language).definitions}
        top = {found.name for found in facts.definitions if found.parent < 0}
        every = {found.name for found in facts.definitions}

        assert top - seen == UNSEEN.get(language, set())
        assert len(seen - every) <= FALSE_MOST, seen - every

    def test_places_of_lines_are_code_points_too(self, path):
        data = "# é\n".encode() + path.read_bytes()
        text, _ = decoded(data)
        facts = names(data, known(path.name).id)
        assert not facts.exact
        for found in facts.definitions:
            assert text[found.at : found.at + len(found.name)] == found.name
            assert text[: found.at].count("\n") == found.line
            assert found.span.start <= found.at < found.span.end <= len(text)
            assert "\n" not in text[found.span.start : found.span.end]

    def test_both_tiers_agree_on_the_identifiers(self, path):
        language = known(path.name)
        facts = facts_of(path)

        assert names(path.read_bytes(), language.id).identifiers == facts.identifiers


def test_lines_show_most_imports_as_they_are():
    both = [(facts_of(p), names(p.read_bytes(), known(p.name).id)) for p in samples()]
    every = sum(len(facts.imports) for facts, _ in both)
    same = sum(len(set(facts.imports) & set(lines.imports)) for facts, lines in both)

    assert same >= 0.9 * every


def test_a_header_is_the_language_it_is_written_in():
    source = b"#pragma once\nnamespace geo {\nclass Shape { int area() const; };\n}\n"
    facts = exact(source, known("c"))

    assert facts.language == "c"
    assert facts.errors == 0
    assert [(d.name, d.kind) for d in facts.definitions] == [
        ("geo", Kind.MODULE),
        ("Shape", Kind.CLASS),
        ("area", Kind.METHOD),
    ]
