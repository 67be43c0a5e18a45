"""The index in memory: questions about small codebases, before and after changes."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.text import Span
from tandem.index import codebase as module
from tandem.index.code import Target
from tandem.index.codebase import Codebase
from tandem.index.facts import Definition, FileFacts, Import, Kind
from tandem.index.graph import callers, enclosing, related, resolve, uses
from tandem.index.rank import personalized
from tandem.index.records import Record, key_of, record_of
from tandem.index.resolve import Modules
from tandem.index.store import Stored


class World:
    """A codebase whose files are given as text: ``def name`` and ``from x import y`` lines."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        self.records: dict[bytes, Record] = {}
        self.code = Codebase(self.records.get, self.files.get)
        self.code.update([self.stored(path) for path in files])

    def stored(self, path: str) -> Stored:
        text = self.files[path]
        facts = facts_of_text(text)
        record = record_of(key_of(text.encode(), path), facts)
        self.records[record.key] = record
        return Stored(path, hash(text), len(text), record._replace(body=""))

    def write(self, path: str, text: str) -> None:
        self.files[path] = text
        self.code.update([self.stored(path)])


def facts_of_text(text: str) -> FileFacts:
    definitions, imports, at = [], [], 0
    for number, line in enumerate(text.split("\n")):
        words = line.replace(",", " ").replace("(", " ").split()
        if words[:1] == ["def"]:
            end = text.find("\n\n", at)
            span = Span(at, len(text) if end < 0 else end)
            name_at = at + 4
            definitions.append(Definition(words[1], Kind.FUNCTION, span, name_at, number, line))
        if words[:1] == ["from"]:
            imports.append(Import(words[1], tuple((w, w) for w in words[3:]), "", number))
        at += len(line) + 1
    names = frozenset(text.replace("(", " ").replace(")", " ").replace(",", " ").split())
    return FileFacts("python", tuple(definitions), tuple(imports), names, exact=True)


APP = {
    "app/__init__.py": "from app.core import run\n",
    "app/core.py": "def run(x):\n    return step(x)\n\ndef step(x):\n    return x\n",
    "app/web.py": "from app.core import step\nfrom . import core\n\ndef serve(x):\n    step(x)\n",
    "tests/test_web.py": "from app.web import serve\nfrom app import run\n\nserve(1)\nrun(2)\n",
    "other/core.py": "def step(z):\n    return z\n",
}


def test_names_lead_to_their_files():
    code = World(APP).code

    assert code.definers("step") == ["app/core.py", "other/core.py"]
    assert code.definers("nothing") == []
    assert code.users("serve") == ["app/web.py", "tests/test_web.py"]


def test_imports_lead_to_files_and_names():
    code = World(APP).code

    assert code.imports("app/web.py") == {
        "step": Target("app/core.py", "step"),
        "core": Target("app/core.py"),
    }
    assert code.importers("app/core.py") == ["app/__init__.py", "app/web.py"]


def test_a_name_is_resolved_by_its_import_and_through_a_package():
    code = World(APP).code

    (place,) = resolve(code, "app/web.py", "step")
    assert (place.path, place.certain) == ("app/core.py", True)
    (place,) = resolve(code, "tests/test_web.py", "run")
    assert (place.path, place.certain) == ("app/core.py", True)


def test_an_ambiguous_name_is_no_proof():
    world = World(APP)
    world.write("new.py", "step(1)\n")

    assert not any(place.certain for place in resolve(world.code, "new.py", "step"))


def test_callers_are_in_files_that_can_see_the_definition():
    code = World(APP).code
    (place,) = resolve(code, "app/web.py", "step")

    found = {(use.path, use.line, use.inside and use.inside.name) for use in callers(code, place)}
    assert found == {
        ("app/core.py", 1, "run"),
        ("app/web.py", 0, None),
        ("app/web.py", 4, "serve"),
    }


def test_a_change_is_seen_by_the_next_question():
    world = World(APP)
    code = world.code
    assert code.importers("app/core.py") == ["app/__init__.py", "app/web.py"]
    world.write("app/web.py", "def serve(x):\n    return x\n")

    assert code.importers("app/core.py") == ["app/__init__.py"]
    assert code.users("step") == ["app/core.py", "other/core.py"]
    world.write("app/late.py", "from app.core import run\n")
    assert code.importers("app/core.py") == ["app/__init__.py", "app/late.py"]


def test_a_file_that_comes_later_answers_an_older_import():
    world = World({"a.py": "from lib.b import f\n"})
    assert world.code.imports("a.py") == {}
    world.write("lib/b.py", "def f():\n    pass\n")

    assert world.code.imports("a.py") == {"f": Target("lib/b.py", "f")}
    assert world.code.importers("lib/b.py") == ["a.py"]


def test_a_removed_file_is_nobodys_target():
    world = World(APP)
    assert world.code.importers("app/core.py")
    world.code.remove(["app/core.py"])

    assert world.code.definers("run") == []
    assert "step" not in world.code.imports("app/web.py")
    assert world.code.facts("app/core.py") is None


def test_an_open_document_lies_over_its_file():
    world = World(APP)
    text = "def fresh():\n    pass\n"
    world.code.open("app/core.py", facts_of_text(text), text)
    assert world.code.definers("fresh") == ["app/core.py"]
    assert world.code.definers("run") == []
    assert world.code.text("app/core.py") == text
    world.code.close("app/core.py")

    assert world.code.definers("fresh") == []
    assert world.code.definers("run") == ["app/core.py"]


def opened(world: World, path: str, text: str) -> None:
    world.code.open(path, facts_of_text(text), text)


def test_names_of_an_open_document_come_and_go_with_each_edit():
    world = World(APP)
    opened(world, "other/core.py", "def ste():\n")
    assert world.code.definers("step") == ["app/core.py"]
    assert world.code.definers("ste") == ["other/core.py"]
    opened(world, "other/core.py", "def step():\n")

    assert world.code.definers("step") == ["app/core.py", "other/core.py"]
    assert world.code.definers("ste") == []
    assert world.code.users("ste") == []
    assert "ste" not in world.code._definers


def test_what_definers_answered_stays_as_it_was():
    world = World(APP)
    before = world.code.definers("step")
    opened(world, "a.py", "def step():\n")

    assert before == ["app/core.py", "other/core.py"]
    assert world.code.definers("step") == ["a.py", "app/core.py", "other/core.py"]


def test_an_edit_that_leaves_the_imports_alone_links_nothing_again():
    world = World(APP)
    opened(world, "app/web.py", "from app.core import step\nstep(1)\n")
    assert "app/web.py" in world.code.importers("app/core.py")
    opened(world, "app/web.py", "from app.core import step\nstep(12)\n")
    assert world.code._unlinked == set()
    opened(world, "app/web.py", "from other.core import step\nstep(12)\n")

    assert world.code.importers("other/core.py") == ["app/web.py"]
    assert "app/web.py" not in world.code.importers("app/core.py")


def test_a_file_that_changes_below_its_open_document_is_seen_when_that_closes():
    world = World(APP)
    opened(world, "app/core.py", "def fresh():\n")
    world.write("app/core.py", "def saved():\n")
    assert world.code.definers("fresh") == ["app/core.py"]
    assert world.code.definers("saved") == world.code.definers("run") == []
    world.code.close("app/core.py")

    assert world.code.definers("saved") == ["app/core.py"]
    assert world.code.definers("fresh") == []


def test_a_new_document_answers_imports_until_it_is_closed():
    world = World({"a.py": "from lib.b import f\n"})
    assert world.code.imports("a.py") == {}
    opened(world, "lib/b.py", "def f():\n")
    assert world.code.imports("a.py") == {"f": Target("lib/b.py", "f")}
    assert world.code.importers("lib/b.py") == ["a.py"]
    world.code.close("lib/b.py")

    assert world.code.imports("a.py") == {}
    assert list(world.code.paths) == ["a.py"]
    assert world.code.definers("f") == []


def test_an_open_document_outlives_its_file():
    world = World(APP)
    opened(world, "app/core.py", "def fresh():\n")
    world.code.remove(["app/core.py"])
    assert world.code.definers("fresh") == ["app/core.py"]
    assert world.code.importers("app/core.py") == ["app/__init__.py", "app/web.py"]
    world.code.close("app/core.py")

    assert world.code.definers("fresh") == []
    assert "step" not in world.code.imports("app/web.py")


@pytest.mark.parametrize(
    ("path", "language", "module", "expected"),
    [
        ("src/a.ts", "typescript", "./util", "src/util.ts"),
        ("src/a.ts", "typescript", "./parts", "src/parts/index.ts"),
        ("src/deep/b.ts", "typescript", "../util", "src/util.ts"),
        ("src/a.ts", "typescript", "lodash", None),
        ("pkg/m.py", "python", ".n", "pkg/n.py"),
        ("pkg/sub/m.py", "python", "..n", "pkg/n.py"),
        ("pkg/sub/m.py", "python", "..", "pkg/__init__.py"),
        ("x.py", "python", "pkg.n", "pkg/n.py"),
        ("x.py", "python", "os.path", None),
        ("cmd/main.go", "go", "example.org/tool/server", "server/a.go"),
        ("App.java", "java", "com.shop.Order", "java/com/shop/Order.java"),
        ("a.c", "c", "net/socket.h", "include/net/socket.h"),
        ("src/main.rs", "rust", "crate::parse", "src/parse.rs"),
    ],
)
def test_modules_are_found_as_each_language_means_them(path, language, module, expected):
    modules = Modules(
        ["src/util.ts", "src/parts/index.ts", "src/deep/b.ts", "src/a.ts", "pkg/__init__.py",
         "pkg/n.py", "pkg/m.py", "pkg/sub/m.py", "server/a.go", "server/b.go", "src/parse.rs",
         "java/com/shop/Order.java", "include/net/socket.h", "src/main.rs"]
    )  # fmt: skip
    bound = modules.resolve(path, language, [Import(module, (), "it")])

    assert bound == ({"it": Target(expected)} if expected else {})


@given(st.text("./ab:\\", max_size=12), st.text("./ab", max_size=12))
def test_no_module_makes_the_search_fail(path, module):
    Modules(["a/b.py", "b.ts", path]).resolve(path, "python", [Import(module, (("a", "a"),))])


def test_rank_is_highest_around_the_seeds_and_adds_up():
    edges = {f"f{n}": {f"f{(n + 1) % 50}": 1.0, f"f{(n - 1) % 50}": 1.0} for n in range(50)}
    rank = personalized({"f0": 2.0}, lambda path: edges[path])

    assert max(rank, key=rank.__getitem__) == "f0"
    assert rank["f1"] > rank["f5"] > rank.get("f20", 0.0)
    assert 0.9 < sum(rank.values()) <= 1.0 + 1e-9
    assert personalized({}, lambda _: {}) == {}


def test_related_files_are_those_one_imports_and_changes_with():
    code = World(APP).code
    rank = related(code, {"app/web.py": {"other/core.py": 5.0}}, {"app/web.py": 1.0})

    assert rank["app/core.py"] > rank["other/core.py"] > 0


def test_uses_are_whole_words_and_bounded():
    world = World({"a.py": "def run(x):\n    pass\n" + "run(1)\nrerun(2)\n" * 300})

    found = list(uses(world.code, "run"))
    assert len(found) == 200
    assert all(world.files["a.py"][use.offset :].startswith("run(1)") for use in found)
    assert enclosing((), 5) is None


def test_names_and_heads_are_those_of_the_open_document_or_the_file():
    world = World(APP)
    code = world.code

    assert set(code.names("app/core.py")) == {"run", "step"}
    heads = code.heads("app/core.py")
    assert heads is not None
    assert heads.signatures[heads.first["step"]] == "def step(x):"
    assert code.defining({"step", "nothing"}) == {"step": {"app/core.py", "other/core.py"}}
    before = code.generation
    code.open("app/core.py", facts_of_text("def other(y):\n"), "def other(y):\n")
    assert code.generation > before
    opened = code.heads("app/core.py")
    assert opened is not None
    assert code.heads("app/core.py") is opened
    assert (set(code.names("app/core.py")), list(opened.first)) == ({"other"}, ["other"])
    assert (list(code.names("gone.py")), code.heads("gone.py")) == ([], None)


def test_heads_that_are_kept_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "_HEADS", 5)
    files = {f"{n}.py": f"def a{n}(x):\n\ndef b{n}(x):\n" for n in range(9)}
    code = World(files).code
    for path in files:
        heads = code.heads(path)
        assert heads is not None
        assert len(heads.first) == 2
        assert code.heads(path) is heads
    assert sum(len(heads.lines) for heads in code._heads.values()) == code._kept <= 5


def test_excerpts_are_of_the_file_as_it_was_taken_in_and_read_once():
    world, reads = World({"a.py": "zero\none\ntwo\n"}), list[str]()

    def read(path: str) -> str | None:
        reads.append(path)
        return world.files.get(path)

    world.code._read = read

    assert world.code.excerpts("a.py", [(0, 1), (1, 9), (5, 7)]) == ["zero", "one\ntwo\n", ""]
    assert world.code.excerpts("a.py", [(1, 9)]) == ["one\ntwo\n"]
    assert reads == ["a.py"]
    world.write("a.py", "new\n")
    assert world.code.excerpts("a.py", [(0, 1)]) == ["new"]
    world.code.open("a.py", facts_of_text("typed\n"), "typed\n")
    assert world.code.excerpts("a.py", [(0, 1)]) == ["typed"]
    world.code.close("a.py")
    world.code.remove(["a.py"])
    del world.files["a.py"]
    assert world.code.excerpts("a.py", [(0, 1)]) == [""]


def test_excerpts_that_are_kept_are_bounded():
    world = World({"a.py": "line\n" * 1000})
    for first in range(400):
        world.code.excerpts("a.py", [(first, first + 1)])
    assert len(world.code._excerpts) <= 128
