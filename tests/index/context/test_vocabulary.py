"""What is kept of words between questions is what asking anew would find."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.index.codebase import Codebase
from tandem.index.context import vocabulary as module
from tandem.index.context.vocabulary import MOST_DEFINERS, Vocabulary
from tandem.index.context.weights import WEIGHTS, spelled
from tandem.index.context.windows import Windows
from tandem.index.facts import FileFacts
from tests.index.context.small import facts_of

WORDS = {"alpha", "beta", "gamma", "ab", "Delta_Name"}
FILES = [f"{letter}.py" for letter in "abcdef"]
LINES = ("def alpha(): pass", "def beta(): pass", "def ab(): pass", "    self.gamma = 1", "x = 2")
TEXTS = st.lists(st.sampled_from(LINES), max_size=3).map("\n".join)
FACTS: dict[str, FileFacts] = {}


def follow(code: Codebase, windows: Windows, path: str, text: str | None) -> None:
    """Let a file have a text, or be gone."""
    if text is None:
        code.close(path)
        windows.drop(path)
    else:
        code.open(path, FACTS.setdefault(text, facts_of(path, text)), text)
        windows.put(path, text)


def test_names_of_few_files_are_known_with_them():
    code, windows = Codebase(lambda _: None, lambda _: None), Windows()
    for path in FILES[: MOST_DEFINERS + 1]:
        follow(code, windows, path, "def alpha(): pass")
    follow(code, windows, "f.py", "class A:\n    def f(self):\n        self.gamma = 1")

    found = dict(windows.vocabulary.names(WORDS, code, windows))
    assert found.keys() == {"alpha", "gamma"}
    assert found["alpha"].without("a.py").paths == ("b.py", "c.py", "d.py")
    assert "attribute" in found["gamma"].traits.names
    follow(code, windows, "e.py", "def alpha(): pass")
    assert "alpha" not in dict(windows.vocabulary.names(WORDS, code, windows)), "five are many"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FILES), st.none() | TEXTS), max_size=12))
def test_what_is_kept_is_what_is_found_anew(steps):
    code, windows = Codebase(lambda _: None, lambda _: None), Windows()
    for path, text in steps:
        follow(code, windows, path, text)
        kept = dict(windows.vocabulary.names(WORDS, code, windows))
        anew = dict(Vocabulary().names(WORDS, code, windows))
        assert {word: known[:2] for word, known in kept.items()} == {
            word: known[:2] for word, known in anew.items()
        }


def test_it_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "_KEPT", 100)
    code, windows = Codebase(lambda _: None, lambda _: None), Windows()
    for n in range(300):
        dict(windows.vocabulary.names({f"word_{n}", f"other_{n}"}, code, windows))
    assert len(windows.vocabulary._known) <= 102


def test_the_traits_of_a_spelling_add_up():
    assert spelled("plain", "any").names == ("any",)
    assert spelled("two_parts").names == ("compound",)
    assert spelled("MixedCase").names == ("compound", "capital")
    all_large = spelled("LARGE", "any")
    assert all_large.names == ("any", "compound", "capital", "constant")
    assert all_large.weight == sum(WEIGHTS[name] for name in all_large.names)
