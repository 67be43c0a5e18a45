"""Whatever a model says: nothing raises, nothing outside the allowed spans changes, soon enough."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diff import between, changed_blocks, render
from tandem.core.edits import Edit, apply
from tandem.core.patch import Editable, Patch, read, replaced
from tandem.core.text import Span, Text
from tests.bench.patches import escaped, escapes, hostile, scenes

PIECES = [
    *(
        "a",
        "b",
        "    a",
        "\tb",
        "",
        " ",
        "=====",
        "# ...",
        "`a`:",
        "a.py",
        "../b.py",
        "\0",
        "\ud800",
    ),
    *("<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "```", "```python", "```diff", "~~~", "````"),
    *("--- a/a.py", "+++ b/a.py", "@@ -1,2 +1,2 @@", "@@", "-a", "+b", " a", "<think>", "</think>"),
    *("\r", "\f", "\x85", "\u2028", "symbol=a", "```python symbol=a", "é"),
]
replies = st.lists(st.sampled_from(PIECES), max_size=30).map("\n".join)
LINES = ["a", "b", "  a", "  b", "\ta", "", "a\r", "b\r", "é\f"]
texts = st.lists(st.sampled_from(LINES), max_size=12).map("\n".join)
SCENES = scenes(random.Random(7))  # noqa: S311 - a test's


@st.composite
def files(draw: st.DrawFn) -> Editable:
    """Draw a file that may be changed in up to three places."""
    text = draw(texts)
    ends = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    allowed = tuple(Span(*pair) for pair in zip(ends[::2], ends[1::2], strict=False))
    spans = [*allowed, Span(0, len(text))]
    symbols = {"a": draw(st.sampled_from(spans))} if draw(st.booleans()) else {}
    bare = draw(st.sampled_from([*spans, None]))
    return Editable("a.py", text, allowed, symbols, bare)


@given(replies, files(), st.booleans())
def test_no_answer_changes_what_it_must_not(reply, file, partial):
    patch = read(reply, [file], partial=partial)

    assert not escaped([file], patch)
    assert patch.edits or patch.problems
    assert all(problem.isprintable() for problem in patch.problems)


@given(st.lists(st.tuples(texts, texts), max_size=4), files())
def test_no_pair_changes_what_it_must_not(pairs, file):
    patch = replaced(file, pairs)

    assert not escaped([file], patch)
    assert patch.edits or patch.problems


@given(st.text(max_size=60), files())
def test_any_text_is_an_answer(reply, file):
    assert not escaped([file], read(reply, [file]))


@given(st.integers(0, 2**32))
def test_no_hostile_answer_changes_what_it_must_not(seed):
    rnd = random.Random(seed)  # noqa: S311 - a test's
    scene = rnd.choice(SCENES)

    assert not escaped(scene.files, read(hostile(scene, rnd), scene.files))


def test_two_thousand_hostile_answers():
    found = escapes(2000, 11)

    assert found["patch_escapes"] == 0
    assert found["patch_applied"] > 200  # else nothing was tried


plain = st.lists(st.sampled_from(["a", "b", "  a", "  b", "", "c d"]), min_size=1, max_size=12)


@given(plain, plain, st.booleans(), st.booleans())
def test_a_good_diff_makes_the_new_text(old, new, returns, ends):
    before, after = ("\n".join(lines) + "\n" * ends for lines in (old, new))
    whole = "".join(render([between(before, after, "a.py", context=99)]))
    text = before.replace("\n", "\r\n") if returns else before
    patch = read(whole, [Editable("a.py", text, (Span(0, len(text)),))])

    if patch.problems:  # nothing to go by, or nothing but a final line end to change
        assert not before.strip() or before.removesuffix("\n") == after.removesuffix("\n")
    else:
        edits = patch.edits["a.py"]
        result = str(apply(Text.of(text), edits))
        assert result.replace("\r\n", "\n").rstrip("\n") == after.rstrip("\n")
        assert ("\r" in result) == (returns and "\n" in text and "\n" in result)
        lines = [part.removesuffix("\n").split("\n") for part in (before, after)]
        assert len(edits) <= len(list(changed_blocks(*lines)))


@given(plain, plain, st.booleans())
def test_code_for_a_span_is_what_is_there_then(old, new, returns):
    text = "\n".join(old) + "\n"
    text = text.replace("\n", "\r\n") if returns else text
    file = Editable("a.py", text, (Span(0, len(text)),), whole=Span(0, len(text)))
    patch = read("```\n" + "\n".join(new) + "\n```", [file])

    if patch.edits:
        result = str(apply(Text.of(text), patch.edits["a.py"])).replace("\r\n", "\n")
        assert [line.lstrip() for line in result.strip().split("\n")] == [
            line.lstrip() for line in "\n".join(new).strip().split("\n")
        ]


BIG = {
    "blank lines": "\n" * 100_000,
    "one line": "<" * 100_000,
    "a fence of spaces": "```" + " " * 100_000 + "`",
    "a fence of tildes": "~" * 100_000 + "`",
    "an endless hunk": "@@ ... @@\n" + "-a\n+b\n" * 16_000,
    "hunks": "@@ -1 +1 @@\n-x = 1\n+x = 2\n" * 4_000,
    "headers": "@@ " * 33_000,
    "blocks": "<<<<< SEARCH\nx = 1\n=====\ny\n>>>>> REPLACE\n" * 2_000,
    "absent blocks": "<<<<< SEARCH\nx = 7\n=====\ny\n>>>>> REPLACE\n" * 2_000,
    "beginnings": "<<<<< SEARCH\n" * 8_000,
    "dividers": "<<<<< SEARCH\n" + "=======\n" * 12_000,
    "fences": "```a\n" * 20_000,
    "closed fences": "```\n" * 25_000,
    "a long search": "<<<<< SEARCH\n" + "x = 1\n" * 16_000 + "=====\n>>>>> REPLACE",
    "long code": "```\n" + "x = 1\ny = 2\n" * 8_000 + "```",
    "thoughts": "<think>" * 14_000,
    "a long name": "a" * 100_000 + f"\n{'a/' * 140}\n<<<<< SEARCH\nx = 1\n=====\ny\n>>>>> REPLACE",
    "tabs": "\t" * 100_000 + "<<<<<<< SEARCH",
    "words": "`a.b/c` " * 12_000,
}


@pytest.mark.parametrize("name", BIG)
def test_a_tenth_of_a_megabyte_takes_less_than_half_a_second(name):
    text = "x = 1\n" * 2000
    file = Editable("a.py", text, (Span(0, len(text)),), {"a": Span(0, 6)}, Span(0, len(text)))
    begun = time.process_time()
    patch = read(BIG[name], [file])

    assert time.process_time() - begun < 0.5
    assert not escaped([file], patch)


BAD_EDITS = [
    {"b.py": (Edit(Span(2, 3), "x"),)},
    {"a.py": ()},
    {"a.py": (Edit(Span(1, 3), "bX"),)},
    {"a.py": (Edit(Span(2, 5), "cdE"),)},
    {"a.py": (Edit(Span(2, 4), ""), Edit(Span(3, 4), ""))},
    {"a.py": (Edit(Span(3, 4), ""), Edit(Span(2, 3), ""))},
    {"a.py": (Edit(Span(5, 5), "x"),)},
    {"a.py": (Edit(Span(2, 99), ""),)},
]


@pytest.mark.parametrize("edits", BAD_EDITS)
def test_the_judge_knows_an_escape(edits):
    file = Editable("a.py", "abcdef", (Span(2, 4),))

    assert escaped([file], Patch(edits, ()))
    assert not escaped([file], Patch({"a.py": (Edit(Span(2, 4), "XYZ"),)}, ()))
