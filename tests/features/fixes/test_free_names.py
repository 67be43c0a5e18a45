"""Misspelt names, wrong arguments and what has moved, before and after; and nothing that raises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.core.diagnostics import Diagnostic
from tandem.core.edits import apply
from tandem.core.text import Span, Text
from tandem.features.fixes.free.fixes import free_fixes
from tandem.features.fixes.free.spelling import distance, near, only_nearest
from tests.support.code import codebase
from tests.support.free_fixes import fixed

FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": (
        "class Base:\n    limit: int\n\n\nclass Cart(Base):\n    total: int\n\n"
        "    def __init__(self, owner, discount=3, *, notify: bool = False):\n        ...\n\n"
        "    def add(self, item): ...\n\n\ndef total_of(cart, currency='EUR'): ...\n"
    ),
    "shop/util/text.py": "def slug(x): ...\n",
    "src/cart.ts": (
        "export class Cart { total = 1; add() {} }\n"
        "export interface Options { colour: number; size: number }\n"
    ),
    "src/lib/util.ts": "export const slug = 1;\n",
    "cart/cart.go": "package cart\n\ntype Cart struct { Total int }\n\nfunc (c *Cart) Add() {}\n",
    "src/lib.rs": "pub mod cart;\n",
    "src/cart.rs": "pub struct Cart { pub total: i32 }\nimpl Cart { pub fn add(&self) {} }\n",
    "j/a/b/Cart.java": "package a.b;\n\npublic class Cart { int total; }\n",
    "include/cart.h": "#pragma once\nstruct Cart { int total; };\n",
}
CASES = {
    "defined in the file": (
        "main.py",
        "def compute_total(): ...\n\n«comput_total»()\n",
        '"comput_total" is not defined',
        "Change to `compute_total`",
        "def compute_total(): ...\n\ncompute_total()\n",
    ),
    "other case and underscores": (
        "main.py",
        "my_total_price = 1\nprint(my_total_price, «myTotalPrice»)\n",
        "Undefined name `myTotalPrice`",
        "Change to `my_total_price`",
        "my_total_price = 1\nprint(my_total_price, my_total_price)\n",
    ),
    "imported": (
        "main.py",
        "from shop.cart import Cart\n\nc = «Catr»()\n",
        "undefined name 'Catr'",
        "Change to `Cart`",
        "from shop.cart import Cart\n\nc = Cart()\n",
    ),
    "two letters exchanged, in a span that is a whole line": (
        "main.py",
        "total = 1\n«print(total, toatl)»\n",
        "Undefined variable 'toatl'",
        "Change to `total`",
        "total = 1\nprint(total, total)\n",
    ),
    "the server's suggestion, though it is far": (
        "main.rs",
        "fn main() { let amount = 1; «total»; }\n",
        (
            "cannot find value `total` in this scope\nhelp: a local variable with a similar name "
            "exists: `amount`"
        ),
        "Change to `amount`",
        "fn main() { let amount = 1; amount; }\n",
    ),
    "a member": (
        "main.py",
        "from shop.cart import Cart\nc = Cart(1)\nc.«totl»\n",
        'Cannot access attribute "totl" for class "Cart"\n  Attribute "totl" is unknown',
        "Change to `total`",
        "from shop.cart import Cart\nc = Cart(1)\nc.total\n",
    ),
    "a member of a base class": (
        "main.py",
        "from shop.cart import Cart\nc = Cart(1)\nc.«limt»\n",
        '"Cart" has no attribute "limt"',
        "Change to `limit`",
        "from shop.cart import Cart\nc = Cart(1)\nc.limit\n",
    ),
    "a member of TypeScript": (
        "src/a.ts",
        'import { Cart } from "./cart";\nconst c = new Cart();\nc.«totl»;\n',
        "Property 'totl' does not exist on type 'Cart'. Did you mean 'total'?",
        "Change to `total`",
        'import { Cart } from "./cart";\nconst c = new Cart();\nc.total;\n',
    ),
    "a method of Go": (
        "cart/x.go",
        "package cart\n\nfunc f(c *Cart) { c.«Ad»() }\n",
        "c.Ad undefined (type *Cart has no field or method Ad)",
        "Change to `Add`",
        "package cart\n\nfunc f(c *Cart) { c.Add() }\n",
    ),
    "a method of Rust": (
        "src/a.rs",
        "use crate::cart::Cart;\nfn f(c: Cart) { c.«ad»(); }\n",
        "no method named `ad` found for struct `Cart` in the current scope",
        "Change to `add`",
        "use crate::cart::Cart;\nfn f(c: Cart) { c.add(); }\n",
    ),
    "a member of C": (
        "src/a.c",
        '#include "cart.h"\nint f(struct Cart c) { return c.«totl»; }\n',
        "No member named 'totl' in 'struct Cart'",
        "Change to `total`",
        '#include "cart.h"\nint f(struct Cart c) { return c.total; }\n',
    ),
    "an argument of a class": (
        "main.py",
        "from shop.cart import Cart\nc = Cart(1, «discout»=1)\n",
        'No parameter named "discout"',
        "Change to `discount`",
        "from shop.cart import Cart\nc = Cart(1, discount=1)\n",
    ),
    "an argument that is not given yet": (
        "main.py",
        "from shop.cart import total_of\ntotal_of(\n    cart=(1, 2),\n    «carrency»='USD',\n)\n",
        "Unexpected keyword argument 'carrency' in function call",
        "Change to `currency`",
        "from shop.cart import total_of\ntotal_of(\n    cart=(1, 2),\n    currency='USD',\n)\n",
    ),
    "a property of an object": (
        "src/a.ts",
        'import { Options } from "./cart";\nconst o: Options = {«color»: 1};\n',
        (
            "Object literal may only specify known properties, and 'color' does not exist in type "
            "'Options'."
        ),
        "Change to `colour`",
        'import { Options } from "./cart";\nconst o: Options = {colour: 1};\n',
    ),
    "a field of Go": (
        "cart/x.go",
        "package cart\n\nfunc f() { x := Cart{«Totl»: 1} }\n",
        "unknown field Totl in struct literal of type Cart",
        "Change to `Total`",
        "package cart\n\nfunc f() { x := Cart{Total: 1} }\n",
    ),
    "a field of Rust": (
        "src/a.rs",
        "use crate::cart::Cart;\nfn f() { Cart { «totl»: 1 }; }\n",
        "struct `Cart` has no field named `totl`",
        "Change to `total`",
        "use crate::cart::Cart;\nfn f() { Cart { total: 1 }; }\n",
    ),
    "an export": (
        "main.py",
        "from shop.cart import «Crt»\n",
        '"Crt" is unknown import symbol',
        "Change to `Cart`",
        "from shop.cart import Cart\n",
    ),
    "moved: a name": (
        "main.py",
        "from shop.old import «slug»\n",
        '"slug" is unknown import symbol',
        "Import `slug` from `shop.util.text`",
        "from shop.util.text import slug\n",
    ),
    "moved: one name of several": (
        "main.py",
        "from shop.cart import Cart, «slug»\n",
        '"slug" is unknown import symbol',
        "Import `slug` from `shop.util.text`",
        "from shop.cart import Cart\nfrom shop.util.text import slug\n",
    ),
    "moved: a module": (
        "main.py",
        "import «shop.text»\n",
        'Import "shop.text" could not be resolved',
        "Change to `shop.util.text`",
        "import shop.util.text\n",
    ),
    "moved: a name of TypeScript": (
        "src/a.ts",
        'import { «slug» } from "./cart";\n',
        "Module '\"./cart\"' has no exported member 'slug'.",
        "Import `slug` from `./lib/util`",
        'import { slug } from "./lib/util";\n',
    ),
    "moved: one name of several of TypeScript": (
        "src/a.ts",
        'import {\n  Cart,\n  «slug»,\n} from "./cart";\n',
        "Module '\"./cart\"' has no exported member 'slug'.",
        "Import `slug` from `./lib/util`",
        'import {\n  Cart,\n} from "./cart";\nimport { slug } from "./lib/util";\n',
    ),
    "moved: a module of TypeScript": (
        "src/a.ts",
        "import * as u from «'./util'»;\n",
        "Cannot find module './util' or its corresponding type declarations.",
        "Change to `./lib/util`",
        "import * as u from './lib/util';\n",
    ),
    "moved: a name of Rust": (
        "src/a.rs",
        "use «crate::b::Cart»;\n",
        "unresolved import `crate::b::Cart`",
        "Import `Cart` from `crate::cart`",
        "use crate::cart::Cart;\n",
    ),
    "moved: a class of Java": (
        "j/a/c/Y.java",
        "package a.c;\n\nimport «a.x.Cart»;\n\nclass Y { Cart c; }\n",
        "The import a.x.Cart cannot be resolved",
        "Import `Cart` from `a.b`",
        "package a.c;\n\nimport a.b.Cart;\n\nclass Y { Cart c; }\n",
    ),
    "moved: a header": (
        "src/a.cpp",
        '#include «"carts/cart.h"»\n',
        "'carts/cart.h' file not found",
        "Change to `cart.h`",
        '#include "cart.h"\n',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_changed(case):
    path, source, message, title, after = CASES[case]

    outcome = fixed(path, source, message, FILES)

    assert (outcome.titles, outcome.texts) == ([title], [after])
    assert outcome.fixes[0].sure


def test_of_two_that_are_equally_near_none_is_sure():
    outcome = fixed(
        "main.py",
        "value_a = value_b = 1\nprint(value_a, value_b, «value_c»)\n",
        "Undefined name `value_c`",
    )
    assert outcome.titles == ["Change to `value_a`", "Change to `value_b`"]
    assert not any(fix.sure for fix in outcome.fixes)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("«zzzzzz»()\n", '"zzzzzz" is not defined'),
        ("# totals totals\n'totals totals'\n«total»\n", '"total" is not defined'),
        ("«def» f(:\n", 'Expected ":"'),
        ("f(«1»)\n", 'Argument missing for parameter "b"'),
    ],
)
def test_what_nothing_is_near_to_has_no_fix(source, message):
    assert fixed("main.py", source, message).fixes == []


def test_facts_that_are_behind_the_text_do_no_harm():
    behind = codebase({"main.py": "import os\n", **FILES})

    outcome = fixed(
        "main.py",
        "# a line more\nfrom shop.cart import Cart\n\nc = «Catr»()\n",
        '"Catr" is not defined',
        code=behind,
    )

    assert outcome.texts == ["# a line more\nfrom shop.cart import Cart\n\nc = Cart()\n"]


names = st.text("abcAB_", max_size=8)


@given(names, names)
def test_a_distance_is_symmetric_and_zero_for_the_same_alone(one, other):
    assert distance(one, other, 99) == distance(other, one, 99)
    assert (distance(one, other, 99) == 0) == (one == other)


@given(names, st.lists(names, max_size=6))
def test_what_is_near_is_among_the_others_and_never_the_name(name, others):
    found = near(name, others)

    assert set(found) <= set(others) - {name, ""}
    assert only_nearest(name, found) <= bool(found)


CODE = codebase(FILES)
MESSAGES = [case[2] for case in CASES.values()]
SOURCES = [case[1] for case in CASES.values()] + [
    "import {{{{\n",
    "from a import (\n",
    "use a::{b, {c, {",
    'import (\n\t"a\n',
    "#include \n#if\n#endif\n#endif\n",
    '\ufeff"""\nimport a\n',
    "x\0y\r\r\n\x0c",
    "import { a from 'b\nconst { = require('\n",
]
LANGUAGES = [
    "python",
    "typescript",
    "javascript",
    "go",
    "rust",
    "java",
    "kotlin",
    "cpp",
    "c",
    "php",
    "csharp",
    "scala",
    "swift",
    "ruby",
    "nothing",
]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(LANGUAGES),
    st.sampled_from(["main.py", "src/a.ts", "nowhere.x", ""]),
    st.sampled_from(SOURCES) | st.text(max_size=60),
    st.sampled_from(MESSAGES) | st.text(max_size=60),
    st.tuples(st.integers(-9, 300), st.integers(-9, 300)),
)
def test_no_diagnostic_raises_and_edits_fit_the_text(language, path, source, message, ends):
    text = Text.of(source)

    for fix in free_fixes(CODE, path, text, language, Diagnostic(Span(*ends), message)):
        apply(text, fix.edits)
        assert all(0 <= e.span.start <= e.span.end <= len(text) for e in fix.edits)
