"""Unused imports, before and after their removal, in every language."""

import pytest

from tests.support.free_fixes import fixed

OS = "`os` imported but unused"

CASES = {
    "the only statement, at the top": ("a.py", "import «os»\n\nx = 1\n", OS, "x = 1\n"),
    "below a docstring": (
        "a.py",
        '"""Doc."""\n\nimport «os»\n\nx = 1\n',
        OS,
        '"""Doc."""\n\nx = 1\n',
    ),
    "two blank lines stay two": (
        "a.py",
        "import sys\n\nimport «os»\n\n\ndef f(): ...\n",
        OS,
        "import sys\n\n\ndef f(): ...\n",
    ),
    "one of several modules": ("a.py", "import a, «os», b\n", OS, "import a, b\n"),
    "the first of two statements": ("a.py", "import «os»; import a\nx\n", OS, "import a\nx\n"),
    "the second of two statements": ("a.py", "import a; import «os»\nx\n", OS, "import a\nx\n"),
    "all of a block": (
        "a.py",
        "try:\n    import «os»  # why\nexcept ImportError:\n    os = None\n",
        OS,
        "try:\n    pass  # why\nexcept ImportError:\n    os = None\n",
    ),
    "one of a block": (
        "a.py",
        "def f():\n    import «os»\n    return 1\n",
        OS,
        "def f():\n    return 1\n",
    ),
    "a first line in brackets, with its comment": (
        "a.py",
        "from m import (\n    «os»,  # why\n    b,\n)\n",
        OS,
        "from m import (\n    b,\n)\n",
    ),
    "a last line in brackets, without a comma": (
        "a.py",
        "from m import (\n    a,  # one\n    «os»\n)\n",
        OS,
        "from m import (\n    a,  # one\n)\n",
    ),
    "within a line in brackets": (
        "a.py",
        "from m import (a, «os»,\n               c)\n",
        OS,
        "from m import (a,\n               c)\n",
    ),
    "with its alias": ("a.py", "from m import «os as o», b\n", OS, "from m import b\n"),
    "a name of a package": (
        "a.py",
        "import «os.path»\nx\n",
        "`os.path` imported but unused",
        "x\n",
    ),
    "by an alias, as pylint says it": (
        "a.py",
        "«import json as j»\nimport os\n",
        "Unused json imported as j",
        "import os\n",
    ),
    "a continued line": (
        "a.py",
        "from m import a, \\\n    «os»\n",
        OS,
        "from m import a\n",
    ),
    "Windows line ends": ("a.py", "import «os»\r\nimport a\r\n", OS, "import a\r\n"),
    "the last of a file without a line end": ("a.py", "import a\nimport «os»", OS, "import a\n"),
    "not what stands in a docstring": (
        "a.py",
        '"""\nimport os\n"""\nimport «os»\nx = 1\n',
        OS,
        '"""\nimport os\n"""\nx = 1\n',
    ),
    "a type among names": (
        "a.ts",
        'import D, { a, type «b» } from "m";\n',
        "'b' is declared but its value is never read.",
        'import D, { a } from "m";\n',
    ),
    "all braces": (
        "a.ts",
        'import D, { «a» } from "m";\n',
        "'a' is declared but its value is never read.",
        'import D from "m";\n',
    ),
    "the default": (
        "a.ts",
        'import «D», { a } from "m";\n',
        "'D' is declared but its value is never read.",
        'import { a } from "m";\n',
    ),
    "a whole statement": (
        "a.ts",
        '«import { a, b } from "m";»\nx;\n',
        "All imports in import declaration are unused.",
        "x;\n",
    ),
    "a statement of types": (
        "a.tsx",
        '«import type { A } from "m";»\nx;\n',
        "'A' is declared but its value is never read.",
        "x;\n",
    ),
    "a namespace": (
        "a.ts",
        'import * as «ns» from "m";\nx;\n',
        "'ns' is declared but its value is never read.",
        "x;\n",
    ),
    "a line in braces": (
        "a.js",
        "import {\n  a,\n  «b»,\n} from 'm'\n",
        "'b' is defined but never used.",
        "import {\n  a,\n} from 'm'\n",
    ),
    "of a require": (
        "a.js",
        'const { a, «b»: c } = require("m");\n',
        "'c' is assigned a value but never used.",
        'const { a } = require("m");\n',
    ),
    "a line of Go's block": (
        "a.go",
        'package m\n\nimport (\n\t"fmt"\n\t«"os"»\n)\n',
        '"os" imported and not used',
        'package m\n\nimport (\n\t"fmt"\n)\n',
    ),
    "a group of Go's block": (
        "a.go",
        'package m\n\nimport (\n\t«"os"»\n\n\t"a.b/c"\n)\n',
        '"os" imported and not used',
        'package m\n\nimport (\n\t"a.b/c"\n)\n',
    ),
    "all of Go's block": (
        "a.go",
        'package m\n\nimport (\n\t«"os"»\n)\n\nfunc f() {}\n',
        '"os" imported and not used',
        "package m\n\nfunc f() {}\n",
    ),
    "Go's single import": (
        "a.go",
        'package m\n\nimport «d "a.b/c"»\n\nfunc f() {}\n',
        '"a.b/c" imported as d and not used',
        "package m\n\nfunc f() {}\n",
    ),
    "of a tree": (
        "a.rs",
        "use std::collections::{hash_map::{«Entry», self}, HashMap};\n",
        "unused import: `Entry`",
        "use std::collections::{hash_map::{self}, HashMap};\n",
    ),
    "braces around one go": (
        "a.rs",
        "use std::collections::{HashMap, «HashSet»};\n",
        "unused import: `HashSet`",
        "use std::collections::HashMap;\n",
    ),
    "a branch of a tree": (
        "a.rs",
        "use std::{\n    fmt,\n    io::{«Read, Write»},\n    mem,\n};\n",
        "unused imports: `Read` and `Write`",
        "use std::{\n    fmt,\n    mem,\n};\n",
    ),
    "with its attribute": (
        "a.rs",
        "use a::B;\n#[cfg(test)]\nuse «std::fmt»;\nfn f() {}\n",
        "unused import: `std::fmt`",
        "use a::B;\nfn f() {}\n",
    ),
    "a class of Java": (
        "A.java",
        "package a;\n\nimport «java.util.List»;\n\nclass A {}\n",
        "The import java.util.List is never used",
        "package a;\n\nclass A {}\n",
    ),
    "a class of Kotlin": (
        "a.kt",
        "import a.b\n«import a.c»\n\nfun f() = b\n",
        "Unused import directive",
        "import a.b\n\nfun f() = b\n",
    ),
    "a header": (
        "a.cpp",
        "#include <vector>\n«#include <typeinfo>»\n\nint x;\n",
        "Included header typeinfo is not used directly (fix available)",
        "#include <vector>\n\nint x;\n",
    ),
    "a namespace of C#": (
        "a.cs",
        "«using System.Linq;»\nusing System;\n\nclass X {}\n",
        "Using directive is unnecessary.",
        "using System;\n\nclass X {}\n",
    ),
    "a class of PHP": (
        "a.php",
        "<?php\nuse A\\{B, «C»};\n\nnew B();\n",
        "Symbol 'C' is declared but not used.",
        "<?php\nuse A\\B;\n\nnew B();\n",
    ),
    "a renamed one of Scala": (
        "a.scala",
        "import x.y.{C, «D => E»}\n",
        "Unused import",
        "import x.y.C\n",
    ),
}


@pytest.mark.parametrize(("path", "source", "message", "after"), CASES.values(), ids=CASES)
def test_it_is_removed(path, source, message, after):
    outcome = fixed(path, source, message)

    assert outcome.texts == [after]
    assert outcome.fixes[0].sure


def test_the_title_names_it():
    found = fixed(
        "a.ts",
        '«import { a, type b } from "m";»\n',
        "All imports in import declaration are unused.",
    )

    assert found.titles == ["Remove unused imports `a`, `b`"]


@pytest.mark.parametrize("source", ["«x» = 1\n", 'import "«side»";\n'])
def test_what_is_no_import_stays(source):
    assert fixed("a.ts", source, "'x' is declared but its value is never read.").fixes == []
