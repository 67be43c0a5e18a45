"""What is understood of a model's answer, what becomes of it, and what it is told otherwise."""

from collections.abc import Sequence

import pytest

from tandem.core.edits import Edit, apply
from tandem.core.patch import Editable, Patch, read, replaced
from tandem.core.text import Span, Text

CART = """\
import tax

class Cart:
    def add(self, item):
        self.items.append(item)

    def total(self):
        amount = 0
        for item in self.items:
            amount += item.price
        return amount

def total(cart):
    return cart.total()
"""


def span_of(text: str, part: str) -> Span:
    start = text.index(part)
    return Span(start, start + len(part))


METHOD = CART[CART.index("    def total") : CART.index("\ndef total")]
SYMBOLS = {
    "Cart": span_of(CART, CART[CART.index("class Cart") : CART.index("\ndef total")]),
    "Cart.add": span_of(CART, CART[CART.index("    def add") : CART.index("\n    def total")]),
    "Cart.total": span_of(CART, METHOD),
    "tax": span_of(CART, "import tax\n"),
}


def whole(path: str = "src/cart.py", text: str = CART, **more) -> Editable:
    return Editable(path, text, (Span(0, len(text)),), **more)


def results(patch: Patch, *files: Editable) -> dict[str, str]:
    """Apply a patch; only what changed."""
    texts = {file.path: file.text for file in files}
    return {path: str(apply(Text.of(texts[path]), edits)) for path, edits in patch.edits.items()}


def done(reply: str, file: Editable | None = None) -> str:
    """Return what a reply that is understood makes of a file."""
    file = file or whole()
    patch = read(reply, [file])
    assert patch.problems == ()
    return results(patch, file)[file.path]


def refused(reply: str, *files: Editable, partial: bool = False) -> str:
    """Return why a reply is refused."""
    patch = read(reply, files or [whole()], partial=partial)
    assert patch.edits == {}
    (problem,) = patch.problems
    return problem


BLOCK = """\
<<<<<<< SEARCH
        amount = 0
        for item in self.items:
=======
        amount = Money(0)
        for item in self.items:
>>>>>>> REPLACE
"""
MONEY = CART.replace("amount = 0", "amount = Money(0)")

NL = "\n"
DIFF = """\
--- a/src/cart.py
+++ b/src/cart.py
@@ -7,3 +7,3 @@ class Cart:
     def total(self):
-        amount = 0
+        amount = Money(0)
         for item in self.items:
"""

UNDERSTOOD = [
    ("a block", BLOCK),
    ("with prose around", f"Sure! I use `Money`.\n\n{BLOCK}\nThat is all. Anything else?"),
    ("in a fence", f"```python\n{BLOCK}```\n"),
    ("in a longer fence of tildes", f"~~~~ diff-fenced\n{BLOCK}~~~~\n"),
    ("path above", f"src/cart.py\n{BLOCK}"),
    ("path above, adorned", f"### `src/cart.py`:\n\n{BLOCK}"),
    ("path in bold", f"**src/cart.py**\n{BLOCK}"),
    ("path from its last folder on", f"File: cart.py\n{BLOCK}"),
    ("path with the other slash", f"src\\cart.py\n{BLOCK}"),
    ("path in prose", f"In src/cart.py, amounts become money:\n{BLOCK}"),
    ("path above the fence", f"src/cart.py\n```python\n{BLOCK}```\n"),
    ("path in the fence", f"```python\n# src/cart.py\n{BLOCK}```\n"),
    ("path as info", f"```src/cart.py\n{BLOCK}```\n"),
    ("path in the info", f'```python title="src/cart.py"\n{BLOCK}```\n'),
    ("path behind the language", f"```python:src/cart.py\n{BLOCK}```\n"),
    ("other words", BLOCK.replace("SEARCH", "original").replace("REPLACE", "Updated")),
    ("fewer chevrons", BLOCK.replace("<<<<<<<", "<<<<<").replace(">>>>>>>", ">>>>>>>>>")),
    ("an indented block", "".join(f"   {line}\n" for line in BLOCK.split("\n"))),
    ("a fence that closes too early", f"```py\n{BLOCK.replace('>>>>', '```' + NL + '>>>>')}"),
    ("fences inside the block", BLOCK.replace("RCH\n", "RCH\n```\n").replace(
        "=======", "```\n=======\n```py").replace(">>>>", "```\n>>>>")),
    ("CRLF", BLOCK.replace("\n", "\r\n")),
    ("thoughts", f"<think>\n{BLOCK.replace('Money', 'No')}\n</think>\n{BLOCK}"),
    ("thoughts that were begun elsewhere", f"Hm, so I\nshould\n</think>\n\n{BLOCK}"),
    ("said twice", BLOCK + BLOCK),
    ("indented less", BLOCK.replace("        ", "")),
    ("indented more", BLOCK.replace("        ", "            ")),
    ("white space at ends", BLOCK.replace("amount = 0\n", "amount = 0  \n")),
    ("white space between", BLOCK.replace("amount = 0\n", "amount  =\t0\n")),
    ("no-break spaces", BLOCK.replace("amount = 0", "amount\xa0= 0")),
    ("a diff", DIFF),
    ("a diff in a fence", f"```diff\n{DIFF}```\n"),
    ("a diff in an indented fence", "1. ```diff\n".replace("1.", "  ") + "".join(
        f"   {line}\n" for line in f"{DIFF}```".split("\n")
    )),
    ("a diff with prose behind", f"{DIFF}\n\nThis uses Money."),
    ("git's words", f"diff --git a/src/cart.py b/src/cart.py\nindex 1..2 100644\n{DIFF}"),
    ("wrong numbers", DIFF.replace("-7,3 +7,3", "-99,12 +1,40")),
    ("no numbers", DIFF.replace("@@ -7,3 +7,3 @@ class Cart:", "@@ ... @@")),
    ("no header", DIFF.partition("+++ b/src/cart.py\n")[2]),
    ("neither header nor hunk", "```diff\n" + DIFF.partition("class Cart:\n")[2] + "```"),
    ("a diff indented less", DIFF.replace(" " * 8, " " * 4).replace("     def", " def")),
    ("an explicit symbol", f"```py symbol=Cart.total\n{METHOD.replace('= 0', '= Money(0)')}```"),
    ("a symbol above", f"`Cart.total`:\n```python\n{METHOD.replace('= 0', '= Money(0)')}```"),
    ("a symbol in a heading", f"### Cart.total\n\n```\n{METHOD.replace('= 0', '= Money(0)')}```"),
    ("a symbol in prose", f"Now `Cart.total`.\n```\n{METHOD.replace('= 0', '= Money(0)')}```"),
    ("a first line that is known", f"```\n{METHOD.replace('= 0', '= Money(0)')}```\n"),
    ("a symbol in a fence of a block", f"```py symbol=Cart.total\n{BLOCK}```"),
    ("other slashes above", f"This is and/or that, see https://a.org/b.html\n{BLOCK}"),
    ("an illustration beside a block", f"```sh\npytest\n```\n{BLOCK}"),
]  # fmt: skip


def named(cases: Sequence[tuple[object, ...]]) -> pytest.MarkDecorator:
    """Parametrize a test by cases of a name, a reply and what is expected."""
    names = ("reply", "expected")[: len(cases[0]) - 1]
    rows = [pytest.param(*case[1:], id=str(case[0])) for case in cases]
    return pytest.mark.parametrize(names, rows)


@named(UNDERSTOOD)
def test_what_is_understood(reply):
    file = whole(symbols=SYMBOLS)
    at = CART.index("0\n")

    assert read(reply, [file]) == Patch(
        {"src/cart.py": (Edit(Span(at, at + 1), "Money(0)"),)}, problems=()
    )


REFUSED = [
    ("nothing", "", "the answer changes nothing"),
    ("no change", BLOCK.replace("Money(0)", "0"), "the answer changes nothing"),
    ("prose", "I would rather not.", "it is not said what the code replaces"),
    ("lines that are not there", BLOCK.replace("self.items", "self.all"),
     ('the lines from "amount = 0" on are not in src/cart.py as given; '
      'nearest: line 9: "for item in self.items:"')),
    ("lines like nothing there", "<<<<<<< SEARCH\nhello\n=======\nworld\n>>>>>>> REPLACE",
     'the lines from "hello" on are not in src/cart.py as given'),
    ("no lines", "<<<<<<< SEARCH\n\n=======\n    a\n>>>>>>> REPLACE",
     "src/cart.py is not empty: say which of its lines are to be replaced"),
    ("another file", f"src/other.py\n{BLOCK}",
     'only src/cart.py may be changed, not "src/other.py"'),
    ("a file outside", f"../../etc/passwd\n{BLOCK}",
     'only src/cart.py may be changed, not "../../etc/passwd"'),
    ("an absolute path", f"```python /src/cart.py\n{BLOCK}```",
     'only src/cart.py may be changed, not "/src/cart.py"'),
    ("a path in a list", f"1. src/test.py is next\n{BLOCK}",
     'only src/cart.py may be changed, not "src/test.py"'),
    ("an absolute path in prose", f"I edit `/etc/src/cart.py` now:\n{BLOCK}",
     'only src/cart.py may be changed, not "/etc/src/cart.py"'),
    ("another file's diff", DIFF.replace("cart.py", "test.py"),
     'only src/cart.py may be changed, not "b/src/test.py"'),
    ("a deletion", DIFF.replace("b/src/cart.py", "/dev/null"),
     'only src/cart.py may be changed, not "/dev/null"'),
    ("no divider", BLOCK.replace("=======\n", ""), "a SEARCH block needs exactly one ======= line"),
    ("two dividers", BLOCK.replace("=======\n", "=======\n=======\n"),
     "a SEARCH block needs exactly one ======= line"),
    ("no end", BLOCK.replace(">>>>>>> REPLACE\n", ""),
     "the last SEARCH block has no >>>>>>> REPLACE line"),
    ("an unprefixed line", f"```diff\n{DIFF.replace('-        am', 'am')}```",
     "a line of a diff begins with neither space, + nor -"),
    ("an empty hunk", "@@ -1 +1 @@\n", "a hunk of the diff has no lines"),
    ("an unclosed inner fence", "```python\na\n```text\nb\n```\n", "a fence of code is not closed"),
    ("code for nothing", "```python\nx = 1\n```",
     "it is not said what the code replaces; answer with SEARCH/REPLACE blocks"),
    ("code for several", "```python\nx = 1\n```\n```python\nx = 2\n```",
     "there are several pieces of code and it is not said what each replaces"),
    ("an unknown symbol", "```python symbol=Cart.tax\nx = 1\n```",
     'the symbol "Cart.tax" is not known'),
    ("another file's symbol", "```python src/test.py symbol=Cart.total\nx = 1\n```",
     'only src/cart.py may be changed, not "src/test.py"'),
    ("a symbol below another file", (f"{BLOCK.replace('Money(0)', '0')}src/test.py:\n"
      "```python symbol=Cart.total\nx = 1\n```"),
     'only src/cart.py may be changed, not "src/test.py"'),
    ("no code", "```python symbol=Cart.total\n\n```", "there is no code in the answer"),
    ("changing indentation", BLOCK.replace("        amount", "    amount"),
     '"amount = 0" and what follows is indented otherwise in src/cart.py; copy the lines exactly'),
    ("dedented new lines",
     BLOCK.replace("        ", " " * 12).replace("            amount = Money", "  amount = Money"),
     '"amount = Money(0)" is indented less than the lines around it'),
    ("code left out", BLOCK.replace("amount = Money(0)", "# ... rest of the code"),
     '"# ... rest of the code" stands for code; write all of it out'),
    ("a lone surrogate", BLOCK.replace("Money", "\ud800"),
     "the code holds characters that no text file may hold"),
    ("odd characters", BLOCK.replace("amount = 0\n", "a\0\ud800\u200bb\n"),
     'the lines from "a???b" on are not in src/cart.py as given'),
]  # fmt: skip


@named(REFUSED)
def test_what_is_refused_and_why(reply, expected):
    patch = read(reply, [whole(symbols=SYMBOLS)])

    assert patch.edits == {}
    assert len(patch.problems) == 1
    assert patch.problems[0].startswith(expected)


CUT_OFF = [
    ("inside a block", BLOCK + BLOCK.replace("        amount = 0", METHOD)[:60], MONEY),
    ("behind a block", f"{BLOCK}\nAnd", MONEY),
    ("behind a symbol", "```py symbol=tax\nimport taxes\n```\nTh", CART.replace("tax", "taxes", 1)),
    ("inside a fence", "```py symbol=tax\nimport taxes", None),
    ("inside a diff", DIFF, None),
    ("inside a fenced diff", f"```diff\n{DIFF}@@ ... @@\n-import tax\n+import ta", MONEY),
    ("inside text", "import taxes", None),
]


@named(CUT_OFF)
def test_what_is_left_of_an_answer_that_was_cut_off(reply, expected):
    file = whole(symbols=SYMBOLS, whole=Span(0, 10))
    patch = read(reply, [file], partial=True)

    assert patch.problems == ("the answer was cut off before its end",)
    assert results(patch, file) == ({} if expected is None else {file.path: expected})


BARE = [  # for the line "    two()"
    ("a fence", "```python\n    2()\n```", "    2()\n"),
    ("a fence in prose", "Here:\n\n```python\n    2()\n```\n\nBetter?", "    2()\n"),
    ("a fence without an end", "```python\n    2()\n", "    2()\n"),
    ("text", "    2()", "    2()\n"),
    ("more indented", "```\n      2()\n        b\n```", "    2()\n      b\n"),
    ("less indented", "2()\n\n  b\n", "    2()\n\n      b\n"),
    ("blank lines around", "```\n\n\n    2()\n\n```", "    2()\n"),
    ("fences inside", "````\n2('\n```\n')\n````", "    2('\n    ```\n    ')\n"),
    ("the named file", "```python src/a.py\n2()\n```", "    2()\n"),
]


@named(BARE)
def test_bare_code_replaces_what_the_file_says(reply, expected):
    text = "one:\n    two()\nthree\n"
    span = span_of(text, "    two()\n")
    file = Editable("src/a.py", text, (span,), whole=span)

    assert done(reply, file) == f"one:\n{expected}three\n"


@pytest.mark.parametrize(
    ("text", "part", "new"),
    [
        (
            "a\n    b\nc\n",
            "b",
            "a\n    x\n    y\nc\n",
        ),  # from the middle of a line, without its end
        ("a\n    b\nc\n", "    b", "a\n    x\n    y\nc\n"),
        ("a\n\n  b\n\n\nc\n", "\n  b\n\n\n", "a\n\n  x\n  y\n\n\nc\n"),
        ("a = b\n", "b", "a = x\ny\n"),
        ("a\r\nb\r\nc\r\n", "b\r\n", "a\r\nx\r\ny\r\nc\r\n"),
        ("a\nb", "b", "a\nx\ny"),
        ("a\n\nb\n", "\nb", "a\n\nx\ny\n"),
        ("a\n    \nb\n", "    \n", "a\n    x\n    y\nb\n"),
    ],
)
def test_code_fits_into_the_place_of_a_span(text, part, new):
    span = span_of(text, part)

    assert done("```\n  x\n  y\n```", Editable("a", text, (span,), whole=span)) == new


@pytest.mark.parametrize(
    ("text", "at", "new"),
    [
        ("", 0, "x\n"),
        ("a\nb\n", 2, "a\nx\nb\n"),
        ("a\n    \nb\n", 6, "a\n    x\nb\n"),
        ("f()", 2, "f(x)"),
    ],
)
def test_code_fits_into_an_empty_span(text, at, new):
    span = Span(at, at)

    assert done("```\nx\n```", Editable("a", text, (span,), whole=span)) == new


FILES = [  # (name, (text, old|new), result)
    ("CRLF", ("a\r\nb\r\nc\r\n", "b|b\nx"), "a\r\nb\r\nx\r\nc\r\n"),
    ("mostly LF", ("a\nb\nc\r\n", "c|c\nx"), "a\nb\nc\r\nx\n"),
    ("mostly CRLF", ("a\r\nb\r\nc\n", "c|d"), "a\r\nb\r\nd\r\n"),
    ("no final line end", ("a\nb", "b|b\nc"), "a\nb\nc"),
    ("no final line end, CRLF", ("a\r\nb", "b|c\nd"), "a\r\nc\r\nd"),
    ("last line deleted", ("a\nb", "b|"), "a"),
    ("last line deleted, CRLF", ("a\r\nb", "b|"), "a"),
    ("everything deleted", ("a\nb", "a\nb|"), ""),
    ("a line deleted", ("a\nb\nc\n", "a\nb|a"), "a\nc\n"),
    ("form feeds", ("a\f\nb\x85c\u2028\n", "b\x85c\u2028|d"), "a\f\nd\n"),
    ("an empty file", ("", "|a\n\nb"), "a\n\nb\n"),
    ("white space to keep", ("if  a :\n\tb\n", "if a :\n\tb|if a :\n\tc"), "if  a :\n\tc\n"),
    ("tabs added", ("\tif a:\n\t\tb\n", "if a:\n\tb|if c:\n\n\td"), "\tif c:\n\n\t\td\n"),
]


@named(FILES)
def test_line_ends_are_the_files_own(reply, expected):
    text, parts = reply
    old, new = (f"{part}\n" if part else "" for part in parts.split("|"))
    markers = f"<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE"

    assert done(markers, whole("a", text)) == expected


def test_edits_are_as_small_as_the_change():
    file = whole("a", "one\ntwo\nthree\nfour\n")
    reply = block("one\ntwo\nthree\nfour", "1ne\ntwo\nthree\nfours")

    assert read(reply, [file]).edits == {"a": (Edit(Span(0, 1), "1"), Edit(Span(18, 18), "s"))}


NUMBERED = "".join(f"line {n}\n" for n in range(1, 10))


def limited(*parts: str) -> Editable:
    return Editable("n.txt", NUMBERED, tuple(span_of(NUMBERED, part) for part in parts))


def block(old: str, new: str) -> str:
    return f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


@pytest.mark.parametrize(
    ("allowed", "lines"),
    [
        (["line 3\nline 4\n"], "lines 3-4"),
        (["line 3"], "line 3"),
        (["line 3\n", "line 5\nline 6\n"], "lines 3 and 5-6"),
    ],
)
def test_only_the_allowed_lines_may_be_changed(allowed, lines):
    problem = refused(block("line 1\nline 2\nline 3", "1\nline 2\n3"), limited(*allowed))

    assert problem == f"only {lines} of n.txt may be changed"


def test_a_file_without_allowed_spans_may_not_be_changed():
    assert refused(block("line 1", "1"), limited()) == "n.txt may not be changed"


def test_lines_around_what_may_be_changed_can_be_given():
    text = done(block("line 2\nline 3\nline 4", "line 2\n3\nline 4"), limited("line 3\n"))

    assert text == NUMBERED.replace("line 3", "3")


@pytest.mark.parametrize(
    ("old", "new"), [("line 3", "line 3\nnew"), ("line 3\nline 4", "line 3"), ("line 4", "")]
)
def test_whole_lines_fit_into_a_span_without_the_last_line_end(old, new):
    text = done(block(old, new).replace("\n\n", "\n"), limited("line 3\nline 4"))

    assert text == NUMBERED.replace(f"{old}\n", f"{new}\n" if new else "")


def test_lines_that_stand_often_are_found_where_they_may_be_changed():
    span = Span(6 * 300, 6 * 301)

    assert read(block("x = 1", "x = 2"), [Editable("a", "x = 1\n" * 500, (span,))]).edits == {
        "a": (Edit(Span(span.start + 4, span.start + 5), "2"),)
    }


@pytest.mark.parametrize(("count", "said"), [(2, "2"), (3, "3"), (90, "more than 20")])
@pytest.mark.parametrize("old", ["x = 1", "x  =  1"])
def test_lines_that_stand_often_are_refused(count, said, old):
    problem = refused(block(old, "y"), whole("a", "x = 1\n" * count))

    assert problem.endswith(f"stands {said} times in a; give more lines around it")


def test_blocks_refer_to_the_text_as_it_was():
    reply = block("line 1", "line 2") + block("line 2", "line 1")

    assert done(reply, limited(NUMBERED)) == NUMBERED.replace("1\nline 2", "2\nline 1")


def test_the_later_of_two_blocks_that_overlap_is_refused():
    file = limited(NUMBERED)
    patch = read(block("line 1\nline 2", "1\n2") + block("line 2\nline 3", "zwei\n3"), [file])

    assert results(patch, file) == {"n.txt": NUMBERED.replace("line 1\nline 2", "1\n2")}
    assert patch.problems == ("two parts of the answer change the same lines of n.txt",)


def test_two_insertions_at_one_place_have_no_order():
    patch = read(block("line 1", "line 1\nA") + block("line 1", "line 1\nB"), [limited(NUMBERED)])

    assert patch.edits == {"n.txt": (Edit(Span(7, 7), "A\n"),)}
    assert patch.problems == ("two parts of the answer change the same lines of n.txt",)


def test_no_edit_begins_or_ends_inside_a_line_end():
    file = whole("a", "x\r\ny\nz\n")

    assert read(block("x", "x y"), [file]).edits == {"a": (Edit(Span(1, 3), " y\n"),)}


def test_a_deletion_that_is_longer_than_what_may_be_changed_is_refused():
    file = Editable("a", "a\nx\nx\nx\nb\n", (Span(2, 4),))

    assert refused(block("a\nx\nx\nx\nb", "a\nx\nb"), file) == "only line 2 of a may be changed"


def test_what_is_good_is_kept_beside_what_is_not():
    file = limited(NUMBERED)
    patch = read(block("line 1", "1") + block("line 11", "1") + block("line 2", "2"), [file])

    assert results(patch, file) == {"n.txt": NUMBERED.replace("line 1\nline 2", "1\n2")}
    assert len(patch.problems) == 1


TWO = (whole("a/x.py", "same\n", whole=Span(0, 5)), whole("b/y.py", "same\n"))


@pytest.mark.parametrize(
    ("reply", "changed"),
    [
        (f"a/x.py\n{block('same', '1')}", {"a/x.py": "1\n"}),
        (f"y.py\n{block('same', '1')}", {"b/y.py": "1\n"}),
        (f"`b/y.py`:\n{block('same', '1')}\nAnd:\n{block('same', '1')}", {"b/y.py": "1\n"}),
        (f"a/x.py\n{block('same', '1')}b/y.py\n{block('same', '2')}",
         {"a/x.py": "1\n", "b/y.py": "2\n"}),
        (("--- a/a/x.py\n+++ b/a/x.py\n@@ @@\n-same\n+1\n"
          "--- a/b/y.py\n+++ b/b/y.py\n@@ @@\n-same\n+2\n"), {"a/x.py": "1\n", "b/y.py": "2\n"}),
        ("--- a/x.py\n+++ a/x.py\n@@ @@\n-same\n+1\n", {"a/x.py": "1\n"}),
        ("```\n1\n```", {"a/x.py": "1\n"}),
    ],
)  # fmt: skip
def test_each_of_several_files_is_named(reply, changed):
    patch = read(reply, TWO)

    assert patch.problems == ()
    assert results(patch, *TWO) == changed


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (block("same", "1"), "say before each part which file it changes: a/x.py, b/y.py"),
        (f"c/z.py\n{block('same', '1')}{block('same', '1')}",
         'only a/x.py, b/y.py may be changed, not "c/z.py"'),
        ("```python c/z.py\n1\n```", 'only a/x.py, b/y.py may be changed, not "c/z.py"'),
        ("```python b/y.py\n1\n```",
         "it is not said what the code replaces; answer with SEARCH/REPLACE blocks"),
    ],
)  # fmt: skip
def test_an_unnamed_file_is_not_guessed(reply, problem):
    assert refused(reply, *TWO) == problem


def test_a_symbol_of_two_files_needs_the_file():
    files = [whole(path, "a\n", symbols={"f": Span(0, 2)}) for path in ("x.py", "y.py")]
    bare, said, above = (
        f"{path}```py {info}symbol=f\nb\n```"
        for path, info in (("", ""), ("", "y.py "), ("In `y.py`:\n", ""))
    )

    assert refused(bare, *files) == 'the symbol "f" is in several files; name the file'
    assert results(read(said, files), *files) == {"y.py": "b\n"}
    assert results(read(above, files), *files) == {"y.py": "b\n"}


def test_markers_inside_a_block_are_told_from_its_own():
    text = "Title\n=====\ntext\n"
    reply = "<<<<<<< SEARCH\nTitle\n=====\n=======\nTitles\n======\n>>>>>>> REPLACE\n"

    assert done(reply, whole("a.md", text)) == "Titles\n======\ntext\n"


def test_fences_that_are_the_files_own_stay():
    text = "```\na\n```\n"

    assert done(block("```\na\n```", "```\nb\n```"), whole("a.md", text)) == "```\nb\n```\n"
    assert done(block("a\n```", "b\n```"), whole("a.md", text)) == "```\nb\n```\n"


def test_a_second_beginning_gives_up_the_first():
    patch = read("<<<<<<< SEARCH\nline 2\n" + block("line 1", "1"), [limited(NUMBERED)])

    assert len(patch.edits["n.txt"]) == 1
    assert patch.problems == ("a SEARCH block has no >>>>>>> REPLACE line",)


def test_what_the_author_left_out_may_stay_and_move():
    text = "def f():\n    # ... rest of the code\n    a\n"
    reply = block("    # ... rest of the code\n    a", "    a\n    # ... rest of the code")

    assert done(reply, whole("a", text)) == "def f():\n    a\n    # ... rest of the code\n"


@pytest.mark.parametrize(
    "line",
    [
        "# ...",
        "// ... existing code ...",
        "/* ... rest of the file ... */",
        "# rest of the class",
        "... (remaining lines)",
        "-- existing columns unchanged",
        "# keep the other methods as before",
        "<!-- … rest … -->",
        "{/* ... existing markup ... */}",
    ],
)
def test_lines_that_stand_for_code_are_refused(line):
    problem = refused(block("line 1", f"1\n{line}"), limited(NUMBERED))

    assert problem == f'"{line}" stands for code; write all of it out'


@pytest.mark.parametrize(
    "line",
    ["...", "# wait ... for it", "# existing paths win", "x = rest of", "keep(here)", "#..#"],
)
def test_lines_that_only_look_so_are_code(line):
    assert done(block("line 1", line), limited(NUMBERED)) == NUMBERED.replace("line 1", line)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("        amount = 0\n", "        amount = Money(0)\n")], MONEY),
        ([("amount = 0", "amount = Money(0)")], MONEY),
        ([("amount = 0\n    for item", "amount = Money(0)\n    for item")], None),
        ([("= 0", "= Money(0)")], MONEY),
        ([("def total(self):\n        amount = 0", "def total(self):\n        amount = Money(0)")],
         MONEY),
        ([("unt = 0", "unt = 1")], None),
        ([("self.items", "self.all")], None),
        ([("return amount", "")], CART.replace("        return amount\n", "")),
        ([("import tax", "import a"), ("self.items.append", "self.add_one")],
         CART.replace("import tax", "import a").replace("self.items.append", "self.add_one")),
    ],
)  # fmt: skip
def test_pairs_that_came_as_data(pairs, expected):
    file = whole()
    patch = replaced(file, pairs)

    assert results(patch, file) == ({} if expected is None else {file.path: expected})
    assert len(patch.problems) == (expected is None)


def test_a_symbol_beside_a_block():
    file = whole(symbols=SYMBOLS)
    reply = f"{BLOCK}\n`tax`:\n```python\nimport taxes\n```\n```sh\npytest\n```\n"

    assert done(reply, file) == MONEY.replace("import tax", "import taxes")


def test_many_problems_are_summed_up():
    patch = read("".join(block(f"absent {n}", "x") for n in range(300)), [whole()])

    assert patch.edits == {}
    assert len(patch.problems) == 8
    assert patch.problems[-1] == "and 194 more problems like these"
