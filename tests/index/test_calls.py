"""What functions take and calls give, in each language; and the calls that no longer fit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index.calls import Call, arguments_of, fits
from tandem.index.languages import language_of
from tandem.index.misfits import misfits
from tandem.index.overlay import Overlay
from tandem.index.syntax.calling import TABLE
from tests.support.code import codebase

TAKES = [
    ("a.py", "def f(a, b=1, *, c): ...", "f", (("a", "b", "c"), {"a", "c"}, 2, False)),
    ("a.py", "def f(a, /, *rest, **more): ...", "f", (("a",), {"a"}, 1, True)),
    (
        "a.py",
        "class A:\n    def __init__(self, a: int): ...",
        "A",
        (("a",), {"a"}, 1, False),
    ),
    (
        "a.py",
        "class A:\n    @staticmethod\n    def f(a): ...",
        "f",
        (("a",), {"a"}, 1, False),
    ),
    ("a.py", "class A:\n    @property\n    def f(self): ...", "f", ((), set(), 0, False)),
    ("a.js", "function f(a, b = 1, ...c) {}", "f", (("a", "b"), {"a"}, 2, True)),
    ("a.js", "const f = (a, b) => a;", "f", (("a", "b"), {"a", "b"}, 2, False)),
    ("a.js", "class A { constructor(a) {} }", "A", (("a",), {"a"}, 1, False)),
    ("a.ts", "function f(a: x, b?: y, c = 2) {}", "f", (("a", "b", "c"), {"a"}, 3, False)),
    ("A.java", "class A { int f(int a, String... b) {} }", "f", (("a",), {"a"}, 1, True)),
    ("a.c", "static char *f(int a, char *b) {}", "f", (("a", "b"), {"a", "b"}, 2, False)),
    ("a.c", "int f(void) {}", "f", ((), set(), 0, False)),
    ("a.go", "package a\nfunc f(a, b int, c ...string) {}", "f", (("a", "b"), {"a", "b"}, 2, True)),
    ("a.rs", "impl A { fn f(&self, a: i32) {} }", "f", (("a",), {"a"}, 1, False)),
]  # fmt: skip


@pytest.mark.parametrize(("path", "source", "name", "expected"), TAKES)
def test_what_a_function_takes(path, source, name, expected):
    (found,) = [one for one in arguments_of(path, source).signatures if one.name == name]
    assert (found.names, found.needed, found.positional, found.rest) == expected


GIVES = [
    ("a.py", "x.f(1, k=2)", Call("f", 0, 1, ("k",), bare=False, receiver="x")),
    ("a.py", "f(*xs)", Call("f", 0, 0, spread=True)),
    ("a.js", "new f(1, 2)", Call("f", 0, 2)),
    ("a.ts", "f<number>(1)", Call("f", 0, 1)),
    ("A.java", "class A { int x = b.f(1); }", Call("f", 0, 1, bare=False, receiver="b")),
    ("a.c", "int x() { return f(1, 2); }", Call("f", 0, 2)),
    ("a.go", "package a\nfunc x() { f(g()) }", Call("f", 1, 1, spread=True)),
    ("a.rs", "fn x() { A::f(1) }", Call("f", 0, 1, receiver="A")),
]


@pytest.mark.parametrize(("path", "source", "call"), GIVES)
def test_what_a_call_gives(path, source, call):
    found = [replace(one, given="") for one in arguments_of(path, source).calls]
    assert call in found


@pytest.mark.parametrize(
    ("call", "good"),
    [
        ("f(1)", True),
        ("f(1, 2, c=3)", True),
        ("f(a=1, c=3)", True),
        ("f()", False),
        ("f(1, 2, 3)", False),
        ("f(1, d=2)", False),
        ("f(b=2)", False),
        ("f(*xs)", True),
    ],
)
def test_a_call_fits_or_does_not(call, good):
    (signature,) = arguments_of("a.py", "def f(a, b=1, *, c=2): ...").signatures
    (found,) = arguments_of("a.py", call).calls
    assert fits(found, signature) is good


@given(st.sampled_from(sorted(TABLE)), st.text(alphabet="f(a,b=1)*{}[]:;.\n \"'", max_size=60))
def test_no_text_raises(language, text):
    suffix = {"python": "py", "javascript": "js", "typescript": "ts", "typescriptreact": "tsx",
              "java": "java", "c": "c", "go": "go", "rust": "rs"}[language]  # fmt: skip
    assert language_of(f"a.{suffix}") is not None
    arguments_of(f"a.{suffix}", text)


BEFORE = {
    "cart.py": "class Cart:\n    def total(self):\n        return 0\n\n\n"
    "def tax(rate):\n    return rate\n",
    "till.py": "from cart import Cart, tax\n\n\ndef pay():\n    return Cart().total() + tax(1)\n",
    "other.py": "def tax(a, b):\n    return a\n",
}


def said(**after: str) -> list[str]:
    code = codebase(BEFORE)
    texts = {f"{name}.py": text for name, text in after.items()}
    return [str(one) for one in misfits(code, Overlay(code, texts), texts)]


def test_a_call_that_did_not_follow_is_said():
    cart = BEFORE["cart.py"].replace("def total(self)", "def total(self, currency)")
    assert said(cart=cart) == [
        "till.py:5 calls `total` with 0 arguments, which takes (currency) in cart.py"
    ]
    assert said(cart=cart, till=BEFORE["till.py"].replace("total()", "total('EUR')")) == []
    assert said(cart=cart.replace("currency", "currency=None")) == []


def test_a_name_that_several_files_define_is_sure_by_its_import_only():
    cart = BEFORE["cart.py"].replace("def tax(rate)", "def tax(rate, year)")
    assert said(cart=cart) == [
        "till.py:5 calls `tax` with 1 argument, which takes (rate, year) in cart.py"
    ]
    other = BEFORE["other.py"].replace("def tax(a, b)", "def tax(a, b, c)")
    assert said(other=other) == []


def test_a_new_call_that_does_not_fit_is_said_too():
    till = BEFORE["till.py"].replace("tax(1)", "tax(1, 2)")
    cart = BEFORE["cart.py"].replace("def tax(rate)", "def tax(rate=0)")
    assert said(cart=cart, till=till) == [
        "till.py:5 calls `tax` with 2 arguments, which takes (rate) in cart.py"
    ]


def test_a_header_of_c_is_no_other_definition():
    code = codebase({
        "q.h": "int push(int a);\n",
        "q.c": '#include "q.h"\nint push(int a) { return a; }\n',
        "m.c": '#include "q.h"\nint main(void) { return push(1); }\n',
    })  # fmt: skip
    texts = {"q.c": '#include "q.h"\nint push(int a, int b) { return a + b; }\n'}
    (found,) = misfits(code, Overlay(code, texts), texts)
    assert found.path == "m.c"
