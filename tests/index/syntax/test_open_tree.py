"""Facts that follow edits are those of a fresh parse; what makes no sense leaves them in place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.index import abridge, open_tree
from tandem.index.facts import FileFacts, Kind
from tandem.index.languages import Language
from tandem.index.open_tree import OpenTree, difference
from tests.index.syntax.listing import exact, known, samples

PYTHON = known("python")
SAMPLES = [(known(path.name), path.read_bytes()) for path in samples()]
BROKEN = (PYTHON, b"def f(:\n    x = [1,\n\nclass A\n    def g(self: pass\n\n" * 3 + SAMPLES[0][1])
METHOD = "    def method_{0}(self, a):\n        # Note.\n        return [a, {0}]\n\n"
CLASS = "class Big(Base):\n    '''All of it.'''\n\n" + "".join(map(METHOD.format, range(600)))


@pytest.fixture(autouse=True, scope="module")
def _abridge_small_documents():
    """Make the samples large enough to be abridged, and their functions to be lists."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_tree, "_SMALL", 100)
        patch.setattr(abridge, "_WHOLE", 60)
        patch.setattr(abridge, "_FEW", 4)
        yield


@pytest.fixture
def real_sizes(monkeypatch):
    monkeypatch.setattr(open_tree, "_SMALL", 16_000)
    monkeypatch.setattr(abridge, "_WHOLE", 1_500)
    monkeypatch.setattr(abridge, "_FEW", 8)


@pytest.fixture
def only_parts(monkeypatch, real_sizes):  # noqa: ARG001 - sizes first
    """Let nothing be parsed as a whole once a document is open."""

    def refuse(*_):
        raise AssertionError("parsed as a whole")

    monkeypatch.setattr(open_tree, "_parsed_whole", refuse)


def opened(data: bytes, language: Language = PYTHON) -> OpenTree:
    tree = OpenTree.of(data, language)
    assert tree is not None
    return tree


def updated(tree: OpenTree, data: bytes) -> OpenTree:
    found = tree.updated(data)
    assert found is not None
    assert found.data == data
    return found


def typed(tree: OpenTree, at: int, text: str) -> OpenTree:
    """Type a text in the middle of another, key by key."""
    for key in text:
        new = key.encode()
        tree = updated(tree, tree.data[:at] + new + tree.data[at:])
        at += len(new)
    return tree


def names(facts: FileFacts) -> list[str]:
    return [d.name for d in facts.definitions]


def test_an_edit_is_followed():
    tree = opened(b"def f(): pass\n")
    tree = updated(tree, b"def longer(): pass\n")
    tree = updated(tree, "# Größe.\ndef longer(): pass\n".encode())

    assert [(d.name, d.line, d.doc) for d in tree.facts().definitions] == [("longer", 1, "Größe.")]


def test_the_older_tree_stays_as_it_is():
    first = opened(b"def f(): pass\n")
    second = first.edit(4, 5, 5, b"def g(): pass\n")

    assert second is not None
    assert names(first.facts()) == ["f"]
    assert names(second.facts()) == ["g"]
    assert second.updated(second.data) is second


def drawn_edit(data: st.DataObject, text: str, sample: str) -> str:
    """Change a few characters or lines, also into what makes no sense."""
    if data.draw(st.booleans()):
        lines, other = text.splitlines(keepends=True), sample.splitlines(keepends=True)
        start = data.draw(st.integers(0, len(lines)))
        end = start + data.draw(st.sampled_from([0, 0, 1, 1, 3]))
        first = data.draw(st.integers(0, len(other)))
        taken = other[first : first + data.draw(st.integers(0, 4))]
        return "".join([*lines[:start], *taken, *lines[end:]])
    start = data.draw(st.integers(0, len(text)))
    end = start + data.draw(st.sampled_from([0, 0, 1, 30]))
    new = data.draw(st.sampled_from(["", " ", "é", "x1", "\n", "\n\n# é\n", "(", "}", '"', "@a\n"]))
    return text[:start] + new + text[end:]


def check(tree: OpenTree) -> None:
    fresh, mine = exact(tree.data, tree.language), tree.facts()
    assert mine.identifiers == fresh.identifiers
    assert [d.span.start for d in mine.definitions] == sorted(
        d.span.start for d in mine.definitions
    )
    assert all(d.parent < number for number, d in enumerate(mine.definitions))
    # An incremental parse may recover from errors elsewhere than a fresh one; without errors
    # both are the same tree.
    if tree.unsettled is None and not fresh.errors:
        assert mine == fresh
    settled = tree.settled()
    assert settled is not None
    assert settled.unsettled is None
    if not fresh.errors and not settled.errors():
        assert settled.facts() == fresh


# Always the same examples: once in some thousand, a grammar wavers. What Python's makes of
# `a,\r\n (b, c) = d` depends on how many statements there are before it.
@settings(derandomize=True)
@given(st.data(), st.sampled_from([*SAMPLES, BROKEN]), st.sampled_from([1, 3]), st.booleans())
def test_any_edits_come_to_what_a_fresh_parse_says(data, sample, times, returns):
    language, source = sample
    source *= times
    if returns:
        source = source.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    tree = opened(source, language)
    for _ in range(data.draw(st.integers(1, 3))):
        text = drawn_edit(data, tree.data.decode(), source.decode())
        tree = updated(tree, text.encode())
    check(tree)


@pytest.mark.parametrize("sample", SAMPLES, ids=[language.id for language, _ in SAMPLES])
def test_lines_typed_again_leave_everything_as_it_was(sample):
    language, source = sample
    before = opened(source * 2, language)
    lines = source.splitlines(keepends=True)
    start = len(source) + len(b"".join(lines[: len(lines) // 2]))
    end = start + len(b"".join(lines[len(lines) // 2 :][:3]))
    tree = updated(before, before.data[:start] + before.data[end:])
    tree = typed(tree, start, before.data[start:end].decode())

    if tree.unsettled is None:
        assert tree.facts() == before.facts()
    settled = tree.settled()
    assert settled is not None
    assert settled.facts() == before.facts()


@pytest.mark.usefixtures("only_parts")
@pytest.mark.parametrize(
    ("language", "source", "before"),
    [
        ("python", CLASS, "    def method_300"),
        ("python", CLASS.replace("self", "größe"), "    def method_300"),
        ("python", CLASS.replace("\n", "\r\n"), "    def method_300"),
        ("python", "import a\n" * 3_000, "import a\nimport a\n"),
        ("python", "def one():\n" + "    if a:\n        b = [1, 2]\n" * 900, "    if a:\n"),
        (
            "typescript",
            "export default {\n" + "  a(b) {\n    return b;\n  },\n\n" * 700 + "};\n",
            "  a(b) {",
        ),
        (
            "cpp",
            "namespace a {\n" + "int f(int a) {\n  return a;\n}\n\n" * 700 + "}\n",
            "int f(",
        ),
        ("yaml", "".join(f"key{n}:\n  a: {n}\n" for n in range(1_500)), "key700:"),
    ],
)
def test_a_key_in_a_large_file_parses_little(language, source, before, monkeypatch):
    parts: list[int] = []

    def counted(*arguments):
        found = abridge.abridged(*arguments)
        parts.append(len(found.data) if found is not None else -1)
        return found

    monkeypatch.setattr(open_tree, "abridged", counted)
    data = source.encode()
    at = data.index(before.encode(), len(data) // 3)
    tree = typed(opened(data, known(language)), at, "# x\n" if language != "cpp" else "// x\n")

    assert 0 < min(parts) <= max(parts) < 4_000
    if tree.unsettled is None:
        assert tree.facts() == exact(tree.data, known(language))


@pytest.mark.usefixtures("only_parts")
def test_an_open_bracket_leaves_the_other_definitions_in_place():
    tree = opened(CLASS.encode())
    at = tree.data.index(b"    def method_300")
    tree = typed(tree, at, "    def fresh(")
    facts = tree.facts()

    assert tree.unsettled is not None
    assert names(facts) == names(opened(CLASS.encode()).facts())
    text = tree.data.decode()
    assert all(text[d.at :].startswith(d.name) for d in facts.definitions)
    assert all(d.line == text.count("\n", 0, d.at) for d in facts.definitions)

    tree = typed(tree, at + len("    def fresh("), "self): return 1\n\n")
    assert tree.unsettled is None
    assert tree.facts() == exact(tree.data, PYTHON)
    assert "fresh" in names(tree.facts())


@pytest.mark.usefixtures("real_sizes")
def test_a_class_that_ends_early_is_seen_at_once():
    at = CLASS.index("    def method_300")
    tree = updated(opened(CLASS.encode()), (CLASS[:at] + "x\n" + CLASS[at:]).encode())

    assert tree.unsettled is None
    assert tree.facts() == exact(tree.data, PYTHON)
    assert tree.facts().definitions[301].parent < 0


@pytest.mark.usefixtures("only_parts")
@pytest.mark.parametrize(
    ("put", "name", "kind", "doc"),
    [
        ("    @property\n", "method_300", Kind.PROPERTY, ""),
        ("    # Say it.\n", "method_300", Kind.METHOD, "Say it."),
        ("    # Say it.\n    @cached_property\n", "method_300", Kind.PROPERTY, "Say it."),
    ],
)
def test_what_stands_above_a_definition_belongs_to_it(put, name, kind, doc):
    tree = opened(CLASS.encode())
    tree = typed(tree, tree.data.index(b"    def method_300"), put)
    (found,) = [d for d in tree.facts().definitions if d.name == name]

    assert (found.kind, found.doc) == (kind, doc)
    assert tree.facts() == exact(tree.data, PYTHON)


@pytest.mark.usefixtures("only_parts")
def test_imports_and_names_at_the_top_come_and_go():
    source = "import os\nfrom a import b\n\n" + CLASS
    tree = typed(opened(source.encode()), 0, "import sys as system\nLIMIT = 3\n")

    assert tree.facts() == exact(tree.data, PYTHON)
    assert [(i.module, i.line) for i in tree.facts().imports] == [("sys", 0), ("os", 2), ("a", 3)]
    tree = updated(tree, source.encode())
    assert tree.facts() == exact(source.encode(), PYTHON)


SECTION = "<section>\n<p>Text.</p>\n</section>\n"
TABLE = '[table{0}]\nkey = "{0}"\n\n# About the one behind {0}.\n'
RUST = "mod first;\n\n/// How many pages.\n/// More are dropped.\npub const CAPACITY: usize = 64;\n"
HEREDOC = "TEXT{0} = <<~END\n  def not_real{0}\nEND\n"


@pytest.mark.parametrize(
    ("language", "source", "steps"),
    [
        # Its node appears around what is left out.
        (
            "html",
            "<div>\n" + SECTION * 20 + "</div>\n",
            [("<div>", "<div id='all'>")],
        ),
        # A comment that the grammar takes for the end of what is above it.
        (
            "toml",
            "".join(map(TABLE.format, range(20))),
            [("one behind 9.", "tenth."), ("[table15]", "[fifteen]")],
        ),
        # Broken and mended: the tree of the time before knows better than the one between.
        (
            "rust",
            RUST + "".join(f"/// Number {n}.\npub type Number{n} = u64;\n" for n in range(20)),
            [
                (";\n\n/// How many ", "x"),
                ("firstxpages", "first;\n\n/// How many pages"),
                ("/// Number 2.", "/// Two."),
            ],
        ),
        # What is behind a statement may be a part of it.
        (
            "ruby",
            "".join(map(HEREDOC.format, range(20))) + "def real\nend\n",
            [("def real", "def very_real")],
        ),
    ],
)
def test_what_was_found_wrong_once_is_right(language, source, steps):
    tree = opened(source.encode(), known(language))
    for old, new in steps:
        source = source.replace(old, new, 1)
        tree = updated(tree, source.encode())

    assert tree.unsettled is None
    assert tree.facts() == exact(source.encode(), known(language))


def test_a_header_of_c_becomes_one_of_cpp_and_back():
    source = b"int a(void);\n" * 20
    tree = typed(opened(source, known("x.h")), len(b"int a(void);\n"), "namespace n {}\n")
    assert [d.kind for d in tree.facts().definitions][1] is Kind.MODULE
    assert tree.facts() == exact(tree.data, known("x.h"))

    tree = updated(tree, source)
    assert tree.facts() == exact(source, known("x.h"))


@pytest.mark.parametrize("first", [b"\xef\xbb\xbfx = 1\n", b"# \xe9\nx = 1\n", b"a = 0\rx = 1\n"])
def test_odd_bytes_are_parsed_anew(first):
    tree = updated(opened(first), first + b"y = 2\n")

    assert names(tree.facts())[-2:] == ["x", "y"]


def test_a_budget_ends_a_parse_of_everything():
    data = b"def f(x):\n    return [x, (x, {x: x})]\n" * 5_000
    tree = opened(data)
    assert OpenTree.of(data, PYTHON, budget_s=0.001) is None

    broken = tree.edit(0, 0, 3, b'"""' + data, budget_s=0)
    assert broken is not None
    assert broken.unsettled is not None
    assert broken.facts().definitions[0].line == 0
    assert broken.settled(budget_s=0) is None


def test_without_a_grammar_there_is_no_tree():
    assert OpenTree.of(b"", known("less")) is None


@given(st.binary(max_size=40), st.binary(max_size=5), st.binary(max_size=5), st.binary(max_size=40))
def test_the_difference_is_one_edit_and_no_longer_than_what_was_done(head, old, new, tail):
    one, other = head + old + tail, head + new + tail
    found = difference(one, other)
    if found is None:
        assert one == other
        return
    start, old_end, new_end = found
    assert one[:start] + other[start:new_end] + one[old_end:] == other
    assert old_end - start <= len(old)
    assert new_end - start <= len(new)


@pytest.mark.parametrize("name", ["gräße", "grĩße"])
def test_a_difference_of_characters_is_none_of_bytes(name):
    tree = opened("gréße = 1\n".encode() * 20)
    tree = updated(tree, f"{name} = 1\n".encode() * 20)

    assert names(tree.facts()) == [name] * 20
    assert tree.facts() == exact(tree.data, PYTHON)
