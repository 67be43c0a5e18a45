"""Is the cause gone? Texts before and after an edit, good and bad."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.core.diagnostics import Diagnostic
from tandem.core.text import Span, Text
from tandem.features.fixes.causes import Cause, CauseKind, cause_of
from tandem.features.fixes.recheck import gone
from tests.support.code import marked

CASES = {
    "python: imported": (
        "python",
        "def f():\n    return «np».array()\n",
        '"np" is not defined',
        "import numpy as np\n\n\ndef f():\n    return np.array()\n",
        True,
    ),
    "python: another import": (
        "python",
        "def f():\n    return «np».array()\n",
        '"np" is not defined',
        "import os\n\n\ndef f():\n    return np.array()\n",
        False,
    ),
    "python: imported in a string only": (
        "python",
        "x = «np»\n",
        '"np" is not defined',
        'DOC = """\nimport np\n"""\nx = np\n',
        False,
    ),
    "python: a parameter": (
        "python",
        "def f():\n    return «total»\n",
        "Undefined name `total`",
        "def f(total):\n    return total\n",
        True,
    ),
    "python: an assignment": (
        "python",
        "def f():\n    return «total»\n",
        "Undefined name `total`",
        "def f():\n    total = 1\n    return total\n",
        True,
    ),
    "python: a loop": (
        "python",
        "print(«item»)\n",
        "Undefined name `item`",
        "for item in items:\n    print(item)\n",
        True,
    ),
    "python: a definition": (
        "python",
        "print(«helper»())\n",
        "Undefined name `helper`",
        "def helper(): ...\n\n\nprint(helper())\n",
        True,
    ),
    "python: compared is not assigned": (
        "python",
        "print(«total»)\n",
        "Undefined name `total`",
        "if total == 1: ...\nprint(total)\n",
        False,
    ),
    "python: a keyword argument is no name": (
        "python",
        "print(«total»)\n",
        "Undefined name `total`",
        "print(f.total)\n",
        True,
    ),
    "python: another name": (
        "python",
        "total = 1\nprint(«totl»)\n",
        "Undefined name `totl`",
        "total = 1\nprint(total)\n",
        True,
    ),
    "python: another place with the name": (
        "python",
        "print(«totl»)\nprint(totl)\n",
        "Undefined name `totl`",
        "print(totl)\nprint(total)\n",
        False,
    ),
    "python: a star may bind it": (
        "python",
        "print(«total»)\n",
        "Undefined name `total`",
        "from shop import *\nprint(total)\n",
        None,
    ),
    "python: the unused import": (
        "python",
        "import «os»\nimport sys\n",
        "`os` imported but unused",
        "import sys\n",
        True,
    ),
    "python: now used": (
        "python",
        "import «os»\n",
        "`os` imported but unused",
        "import os\n\nos.getcwd()\n",
        True,
    ),
    "python: the wrong import": (
        "python",
        "import «os»\nimport sys\n",
        "`os` imported but unused",
        "import os\n",
        False,
    ),
    "python: in a remark": (
        "python",
        "import «os»\n",
        "`os` imported but unused",
        "import os  # os is used\n",
        False,
    ),
    "python: the module": (
        "python",
        "from «shop.old» import slug\n",
        'Import "shop.old" could not be resolved',
        "from shop.new import slug\n",
        True,
    ),
    "python: the module, still there": (
        "python",
        "from «shop.old» import slug\n",
        'Import "shop.old" could not be resolved',
        "from shop.old import slug, other\n",
        False,
    ),
    "python: the export": (
        "python",
        "from shop import «Crt»\n",
        '"Crt" is unknown import symbol',
        "from shop import Cart\n",
        True,
    ),
    "python: the export, moved": (
        "python",
        "from shop import Cart, «slug»\n",
        '"slug" is unknown import symbol',
        "from shop import Cart\nfrom shop.text import slug\n",
        True,
    ),
    "python: the export, renamed here only": (
        "python",
        "from shop import «Crt»\n",
        '"Crt" is unknown import symbol',
        "from shop import Crt as Cart\n",
        False,
    ),
    "python: the member": (
        "python",
        "c.«totl»\n",
        'Cannot access attribute "totl" for class "Cart"',
        "c.total\n",
        True,
    ),
    "python: the member, now defined": (
        "python",
        "class Cart:\n    def __init__(self): ...\n\n\nCart().«totl»\n",
        'Cannot access attribute "totl" for class "Cart"',
        "class Cart:\n    def __init__(self):\n        self.totl = 1\n\n\nCart().totl\n",
        True,
    ),
    "python: the member, another one changed": (
        "python",
        "c.«totl»\nd.totl\n",
        'Cannot access attribute "totl" for class "Cart"',
        "c.totl\nd.total\n",
        None,
    ),
    "python: the argument": (
        "python",
        "f(«amunt»=1)\n",
        'No parameter named "amunt"',
        "f(amount=1)\n",
        True,
    ),
    "python: the argument, now a parameter": (
        "python",
        "def f(): ...\n\n\nf(«amount»=1)\n",
        'No parameter named "amount"',
        "def f(amount): ...\n\n\nf(amount=1)\n",
        True,
    ),
    "python: the variable": (
        "python",
        "def f():\n    «unused» = g()\n",
        "Local variable `unused` is assigned to but never used",
        "def f():\n    g()\n",
        True,
    ),
    "python: syntax": (
        "python",
        "def f(«:»\n    pass\n",
        '"(" was not closed',
        "def f():\n    pass\n",
        True,
    ),
    "python: syntax, still broken": (
        "python",
        "def f(«:»\n    pass\n",
        '"(" was not closed',
        "def f(:\n    return\n",
        False,
    ),
    "python: syntax that the grammar allows": (
        "python",
        "«x = 1»\n",
        "Expected expression",
        "x = 2\n",
        None,
    ),
    "python: an argument that is missing": (
        "python",
        "f(«»)\n",
        'Argument missing for parameter "a"',
        "f(1)\n",
        None,
    ),
    "typescript: imported": (
        "typescript",
        "«useState»(1);\n",
        "Cannot find name 'useState'.",
        'import { useState } from "react";\nuseState(1);\n',
        True,
    ),
    "typescript: declared": (
        "typescript",
        "print(«total»);\n",
        "Cannot find name 'total'.",
        "const { total } = cart;\nprint(total);\n",
        True,
    ),
    "typescript: unused braces": (
        "typescript",
        'import D, { «a» } from "m";\nD();\n',
        "'a' is declared but its value is never read.",
        'import D from "m";\nD();\n',
        True,
    ),
    "typescript: a whole statement": (
        "typescript",
        '«import { a, b } from "m";»\nx();\n',
        "All imports in import declaration are unused.",
        "x();\n",
        True,
    ),
    "typescript: used in a template": (
        "typescript",
        'import { «a» } from "m";\n',
        "'a' is declared but its value is never read.",
        'import { a } from "m";\nprint(`${a}`);\n',
        True,
    ),
    "go: imported": (
        "go",
        "package m\n\nfunc f() { «strings».ToUpper() }\n",
        "undefined: strings",
        'package m\n\nimport "strings"\n\nfunc f() { strings.ToUpper() }\n',
        True,
    ),
    "go: unused": (
        "go",
        'package m\n\nimport (\n\t"fmt"\n\t«"os"»\n)\n',
        '"os" imported and not used',
        'package m\n\nimport (\n\t"fmt"\n)\n',
        True,
    ),
    "go: made blank": (
        "go",
        "package m\n\nfunc f() { «x» := 1 }\n",
        "declared and not used: x",
        "package m\n\nfunc f() { _ = 1 }\n",
        True,
    ),
    "rust: used": (
        "rust",
        "fn f(m: «HashMap»<i32, i32>) {}\n",
        "cannot find type `HashMap` in this scope",
        "use std::collections::HashMap;\n\nfn f(m: HashMap<i32, i32>) {}\n",
        True,
    ),
    "rust: let": (
        "rust",
        "fn f() -> i32 { «total» }\n",
        "cannot find value `total` in this scope",
        "fn f() -> i32 { let mut total = 1; total }\n",
        True,
    ),
    "rust: a closure": (
        "rust",
        "fn f() { g(«x»); }\n",
        "cannot find value `x` in this scope",
        "fn f() { h(|x| g(x)); }\n",
        True,
    ),
    "c: a header may declare it": (
        "c",
        "int f(void) { return «g»(); }\n",
        "Use of undeclared identifier 'g'",
        '#include "g.h"\nint f(void) { return g(); }\n',
        None,
    ),
    "c: the header": (
        "c",
        '#include «"old/cart.h"»\n',
        "'old/cart.h' file not found",
        '#include "cart.h"\n',
        True,
    ),
    "java: imported": (
        "java",
        "class Y { «List» l; }\n",
        "List cannot be resolved to a type",
        "import java.util.List;\n\nclass Y { List l; }\n",
        True,
    ),
    "java: unused": (
        "java",
        "import «java.util.List»;\nclass Y {}\n",
        "The import java.util.List is never used",
        "class Y {}\n",
        True,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_cause_is_gone_or_not(case):
    language, source, message, after, expected = CASES[case]
    before, span = marked(source)
    diagnostic = Diagnostic(span, message)
    cause = cause_of(diagnostic, Text.of(before), language)

    assert cause is not None
    assert gone(cause, diagnostic, language, before, after) is expected


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_changed_still_has_it(case):
    language, source, message, _, _ = CASES[case]
    before, span = marked(source)
    diagnostic = Diagnostic(span, message)
    cause = cause_of(diagnostic, Text.of(before), language)

    assert cause is not None
    assert not gone(cause, diagnostic, language, before, before)


def test_a_language_without_a_name_cannot_be_told():
    cause = Cause(CauseKind.SYNTAX, "")

    assert gone(cause, Diagnostic(Span(0, 1), ""), "nothing", "a", "b") is None


TEXTS = [marked(case[1])[0] for case in CASES.values()] + [case[3] for case in CASES.values()]


@settings(max_examples=50, deadline=None)
@given(
    st.builds(
        Cause,
        st.sampled_from(CauseKind),
        st.sampled_from(["os", "total", "", "a(", "\0", "x" * 300]) | st.text(max_size=5),
        st.text(max_size=5),
        st.text(max_size=5),
    ),
    st.sampled_from(["python", "typescript", "go", "rust", "c", "java", "php", "ruby", "nothing"]),
    st.sampled_from(TEXTS) | st.text(max_size=40),
    st.sampled_from(TEXTS) | st.text(max_size=40),
    st.tuples(st.integers(-9, 200), st.integers(-9, 200)),
)
def test_no_texts_raise(cause, language, before, after, ends):
    assert gone(cause, Diagnostic(Span(*ends), ""), language, before, after) in {True, False, None}
