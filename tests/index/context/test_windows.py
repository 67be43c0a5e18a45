import random
import re
from array import array
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.index.context import windows as module
from tandem.index.context.postings import BLOCK, WORD, State, gathered, parsed
from tandem.index.context.windows import WINDOW, Windows, _foremost

LINES = st.lists(st.sampled_from(["alpha beta", "gamma", "", "delta alpha", "epsilon(beta)"]))


def found(windows: Windows, word: str) -> set[tuple[str, int]]:
    return {(hit.path, hit.first) for hit in windows.search({word: 1.0}, "", 100)}


def test_a_window_is_found_by_a_rare_word_and_the_best_comes_first():
    windows = Windows()
    for n in range(30):
        windows.put(f"{n}.py", "\n".join(f"common_{n}_{k} filler" for k in range(30)))
    windows.put("a.py", "\n".join(["x = 1"] * 35 + ["needle = thread"] + ["y = 2"] * 30))
    best = windows.search({"needle": 1.0, "thread": 1.0, "absent": 1.0}, "", 4)[0]
    assert best.path == "a.py"
    assert best.first <= 35 < best.last


def test_the_file_left_out_is_never_hit():
    windows = Windows()
    windows.put("a.py", "needle")
    windows.put("b.py", "needle")
    assert {hit.path for hit in windows.search({"needle": 1.0}, "a.py", 9)} == {"b.py"}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcd"), LINES),
    st.lists(st.tuples(st.sampled_from("abc"), st.none() | LINES), max_size=12),
)
def test_it_holds_what_was_last_put_whatever_came_before(built, steps):
    files: dict[str, list[str]] = dict(built)
    windows = Windows(
        gathered((path, State(1, 2), "\n".join(lines)) for path, lines in built.items())
    )
    for path, lines in steps:
        if lines is None:
            windows.drop(path)
            files.pop(path, None)
        else:
            windows.put(path, "\n".join(lines))
            files[path] = lines
    for swept in (False, True):
        if swept:
            windows._sweep()
        for word in ("alpha", "gamma", "epsilon"):
            hits = windows.search({word: 1.0}, "", 1000)
            for hit in hits:
                assert word in WORD.findall("\n".join(files[hit.path][hit.first : hit.last]))
            holding = {
                path for path, lines in files.items() if word in WORD.findall("\n".join(lines))
            }
            assert {hit.path for hit in hits} == holding


def test_hits_of_a_file_do_not_overlap():
    windows = Windows()
    windows.put("a.py", "needle\n" * 200)
    starts = sorted(hit.first for hit in windows.search({"needle": 1.0}, "", 50))
    assert len(starts) > 5
    assert all(b - a >= WINDOW - BLOCK + 1 for a, b in pairwise(starts))


def test_dead_blocks_are_swept_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(module, "_SWEEP", 50)
    windows = Windows()
    for n in range(100):
        windows.put("a.py", f"word_{n}\n" * 15)
        windows.put("b.py", "stays\n" * 15)
    assert len(windows._owner) < 200
    assert found(windows, "stays") == {("b.py", 0)} or found(windows, "stays")
    assert not found(windows, "word_5")
    assert found(windows, "word_99")


def test_where_python_assigns_attributes():
    text = "class A:\n    def f(self):\n        self.speed: int = 3\n        self.speed = 4\n"
    windows = Windows()
    windows.put("a.py", text)
    (at,) = windows.assigned("speed").values()
    assert (at.line, at.text) == (2, "self.speed: int = 3")
    assert text.startswith("speed", at.offset)
    windows.put("a.py", "self == other\n")
    assert not windows.assigned("speed")


@pytest.mark.parametrize("text", ["", "\n", "\n" * 40, "naïve_ß = 1", "a" * 5000])
def test_any_text_goes_in(text):
    windows = Windows()
    windows.put("x", text)
    for word in re.findall(r"[^\W\d]\w*", text):
        assert found(windows, word)


def test_a_query_is_much_cheaper_than_indexing_again():
    rnd = random.Random(1)  # noqa: S311 - reproducible, not secret
    windows = Windows()
    for n in range(200):
        words = [f"w{rnd.randrange(3000)}" for _ in range(1200)]
        windows.put(f"{n}.py", "\n".join(" ".join(words[k : k + 6]) for k in range(0, 1200, 6)))
    before = len(windows._owner)
    windows.search({f"w{n}": 1.0 for n in range(60)}, "", 16)
    assert len(windows._owner) == before


def test_what_was_built_and_read_again_answers_like_what_was_put():
    texts = {
        f"{n}.py": f"class A{n}:\n    def f(self):\n        self.kept_{n} = rare_{n}\n" * 9
        for n in range(6)
    }
    built = parsed(gathered((p, State(n, 7), t) for n, (p, t) in enumerate(texts.items())).dumped())
    assert built is not None
    put = Windows()
    for path, text in texts.items():
        put.put(path, text)
    read = Windows(built)

    assert built.states["3.py"] == State(3, 7)
    assert list(read.paths) == list(texts)
    for words in ({"rare_3": 1.0}, {"kept_1": 1.0, "rare_2": 2.0}):
        assert read.search(words, "", 9) == put.search(words, "", 9)
    assert read.assigned("kept_4") == put.assigned("kept_4")
    read.put("4.py", "nothing = 1\n")
    read.drop("2.py")
    assert read.assigned("kept_4") == read.assigned("kept_2") == {}


@pytest.mark.parametrize("at", [0, 9, 20, 40, -1])
def test_damaged_postings_are_none(at):
    data = bytearray(gathered([("a.py", State(1, 2), "alpha beta\n" * 30)]).dumped())
    data[at] ^= 1

    assert parsed(bytes(data)) is None
    assert parsed(bytes(data[:-1])) is None
    assert parsed(b"") is None


NUMBERS = st.lists(st.integers(1, 60), unique=True).map(sorted)


@given(
    st.lists(st.tuples(NUMBERS, st.sampled_from([0.5, 1.0, 2.0])), max_size=5), st.integers(1, 9)
)
def test_the_foremost_windows_are_found_without_ranking_all(postings, most):
    scores = [0.0] * 62
    postings.sort(key=lambda posting: -posting[1])  # the most telling words first
    for numbers, weight in postings:
        for number in {*numbers, *(n - 1 for n in numbers)}:
            scores[number] += weight
    found = [array("I", numbers) for numbers, _ in postings]
    foremost = [scores[number] for number in _foremost(scores, found, most)]
    assert foremost == sorted((score for score in scores if score), reverse=True)[:most]


def test_who_assigns_which_of_some_names():
    method = "class A:\n    def f(self):\n        self.{} = 1\n"
    built = [(f"{name}.py", State(1, 2), method.format(name)) for name in ("kept", "lost", "put")]
    windows = Windows(gathered(built))
    before = windows.generation
    windows.put("put.py", method.format("kept"))
    assert windows.generation > before
    windows.drop("lost.py")
    assert windows.assigning({"kept", "put", "lost", "other"}) == {
        "kept": ["kept.py", "put.py"],
        "put": [],
        "lost": [],
    }
    before = windows.generation
    windows.put("put.py", method.format("kept") + "x = 1\n")
    assert windows.generation == before, "typing keeps what is known of names"
