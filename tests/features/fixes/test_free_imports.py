"""Missing imports, before and after, in every language: which, where, and in what style."""

from collections import defaultdict
from collections.abc import Mapping

import pytest

from tandem.index.facts import Import
from tests.support.code import codebase, facts_of, marked
from tests.support.free_fixes import fixed

PYTHON = {
    "shop/__init__.py": "",
    "shop/cart.py": "class Cart:\n    def add(self, item): ...\n\n\ndef _private(): ...\n",
    "shop/other.py": "import numpy as np\nfrom collections import defaultdict\nimport os\n"
    "from .cart import Cart\nfrom . import cart\n",
    "shop/util/__init__.py": "from .text import slug\n",
    "shop/util/text.py": "def slug(x): ...\n",
    "tests/test_cart.py": "from shop.cart import Cart\nfrom shop.util import slug\n\n"
    "def helper(): ...\n",
}
SCRIPT = {
    "src/cart.ts": "export class Cart { total = 1 }\nexport default function checkout() {}\n"
    "function hidden() {}\nexport const RATE = 1, x = 2;\nconst late = 1;\nexport { late };\n",
    "src/x.tsx": "import React from 'react';\nimport * as path from 'path';\n"
    "import { useState } from 'react';\nimport { Cart } from '@/cart';\n",
    "src/lib/util/index.ts": "export const slug = 1;\n",
    "old.js": 'const fs = require("fs");\nconst { join } = require("path");\n'
    "function own() {}\nmodule.exports = { own };\n",
}
GO = {
    "cart/cart.go": "package cart\n\ntype Cart struct { Total int }\n",
    "b.go": 'package main\n\nimport (\n\t"fmt"\n\t"strings"\n\n\t"ex.com/shop/cart"\n'
    '\tyaml "gopkg.in/yaml.v3"\n\tlog "github.com/sirupsen/logrus"\n)\n'
    "func b() { strings.ToUpper(); cart.New(); yaml.X(); fmt.Println(); log.X() }\n",
}
RUST = {
    "src/lib.rs": "pub mod cart;\n",
    "src/cart.rs": "pub struct Cart { pub total: i32 }\nfn hidden() {}\n",
    "src/b.rs": "use std::collections::{BTreeMap, HashMap};\nuse serde::Serialize as Ser;\n"
    "fn f(c: HashMap<i32, i32>, s: Ser) {}\n",
    "crates/shop-core/src/price.rs": "pub fn price() {}\n",
}
JAVA = {
    "src/a/b/Cart.java": "package a.b;\n\npublic class Cart { int total; }\n",
    "src/a/c/X.java": "package a.c;\n\nimport java.util.List;\nimport static a.Check.check;\n\n"
    "class X { List l = check(); }\n",
}
C = {
    "include/cart.h": "#pragma once\nstruct Cart { int total; };\n"
    "int cart_total(struct Cart *c);\n",
    "src/b.cpp": '#include "cart.h"\n#include <vector>\nstd::vector<int> v;\n',
    "src/local.h": "int local_thing(void);\n",
}
REST = {
    "a/Cart.kt": "package a.b\n\nclass Cart(val total: Int)\n",
    "a/Cart.scala": "package a.b\n\nclass Basket(val total: Int)\n",
    "A/Cart.cs": "namespace Shop.Carts;\n\npublic class Cart { public int Total; }\n",
    "a/Cart.php": "<?php\nnamespace Shop\\Carts;\n\nclass Cart {}\nfunction price() {}\n",
}

CASES = {
    "python: the first import": (
        PYTHON,
        "shop/a.py",
        "x = «Cart»()\n",
        '"Cart" is not defined',
        "Import `Cart` from `shop.cart`",
        "from shop.cart import Cart\n\nx = Cart()\n",
    ),
    "python: two blank lines before a definition": (
        PYTHON,
        "main.py",
        "def f():\n    return «Cart»()\n",
        "Undefined name `Cart`",
        "Import `Cart` from `shop.cart`",
        "from shop.cart import Cart\n\n\ndef f():\n    return Cart()\n",
    ),
    "python: relative as the others, behind __future__": (
        PYTHON,
        "shop/a.py",
        (
            '"""Doc."""\nfrom __future__ import annotations\n\n'
            "from .util import text\n\nx = «Cart»()\n"
        ),
        "Undefined name `Cart`",
        "Import `Cart` from `.cart`",
        (
            '"""Doc."""\nfrom __future__ import annotations\n\nfrom .cart import Cart\n'
            "from .util import text\n\nx = Cart()\n"
        ),
    ),
    "python: behind a docstring and __future__ alone": (
        PYTHON,
        "main.py",
        '"""Doc."""\n\nfrom __future__ import annotations\n\nx = «Cart»()\n',
        "Undefined name `Cart`",
        "Import `Cart` from `shop.cart`",
        (
            '"""Doc."""\n\nfrom __future__ import annotations\n\nfrom shop.cart import Cart\n\n'
            "x = Cart()\n"
        ),
    ),
    "python: into a list, in order": (
        PYTHON,
        "main.py",
        "from collections import Counter, namedtuple  # why\n\nx = «defaultdict»()\n",
        "Undefined name `defaultdict`",
        "Import `defaultdict` from `collections`",
        "from collections import Counter, defaultdict, namedtuple  # why\n\nx = defaultdict()\n",
    ),
    "python: into lines in brackets": (
        PYTHON,
        "main.py",
        (
            "from collections import (\n    Counter,  # one\n    namedtuple,\n)\n\n"
            "x = «defaultdict»()\n"
        ),
        "Undefined name `defaultdict`",
        "Import `defaultdict` from `collections`",
        (
            "from collections import (\n    Counter,  # one\n    defaultdict,\n"
            "    namedtuple,\n)\n\n"
            "x = defaultdict()\n"
        ),
    ),
    "python: behind the last in brackets, which has no comma": (
        PYTHON,
        "main.py",
        "from collections import (\n    ChainMap,\n    Counter\n)\n\nx = «defaultdict»()\n",
        "Undefined name `defaultdict`",
        "Import `defaultdict` from `collections`",
        (
            "from collections import (\n    ChainMap,\n    Counter,\n    defaultdict,\n)\n\n"
            "x = defaultdict()\n"
        ),
    ),
    "python: never into a condition": (
        PYTHON,
        "main.py",
        (
            "import sys\n\nif TYPE_CHECKING:\n    from collections import OrderedDict\n\n"
            "x = «defaultdict»()\n"
        ),
        "Undefined name `defaultdict`",
        "Import `defaultdict` from `collections`",
        (
            "import sys\nfrom collections import defaultdict\n\nif TYPE_CHECKING:\n"
            "    from collections import OrderedDict\n\nx = defaultdict()\n"
        ),
    ),
    "python: a group of its own between two": (
        PYTHON,
        "main.py",
        "import sys\n\nfrom shop.util import text\n\nx = «np».array()\n",
        "Undefined name `np`",
        "Import `numpy` as `np`",
        "import sys\n\nimport numpy as np\n\nfrom shop.util import text\n\nx = np.array()\n",
    ),
    "python: behind a shebang and a licence, not a remark": (
        PYTHON,
        "main.py",
        "#!/usr/bin/env python\n# License\n\n# about x\nx = «os».getcwd()\n",
        "Undefined name `os`",
        "Import `os`",
        "#!/usr/bin/env python\n# License\n\nimport os\n\n# about x\nx = os.getcwd()\n",
    ),
    "python: its own modules without anybody's example": (
        PYTHON,
        "main.py",
        "import sys\n\nx = «json».loads()\n",
        "Undefined name `json`",
        "Import `json`",
        "import json\nimport sys\n\nx = json.loads()\n",
    ),
    "python: a module of a package, relative there": (
        PYTHON,
        "main.py",
        "import sys\n\nx = «cart».Cart\n",
        "Undefined name `cart`",
        "Import `cart` from `shop`",
        "import sys\n\nfrom shop import cart\n\nx = cart.Cart\n",
    ),
    "python: Windows line ends": (
        PYTHON,
        "main.py",
        "import sys\r\n\r\nx = «os».getcwd()\r\n",
        "Undefined name `os`",
        "Import `os`",
        "import os\r\nimport sys\r\n\r\nx = os.getcwd()\r\n",
    ),
    "python: what a docstring imports is no import": (
        PYTHON,
        "main.py",
        '"""Use:\n\nimport sys\n"""\n\nx = «os».getcwd()\n',
        "Undefined name `os`",
        "Import `os`",
        '"""Use:\n\nimport sys\n"""\n\nimport os\n\nx = os.getcwd()\n',
    ),
    "typescript: quotes and no semicolon, as the file has it": (
        SCRIPT,
        "src/a.ts",
        "import { useState } from 'react'\n\nconst c = new «Cart»()\n",
        "Cannot find name 'Cart'.",
        "Import `Cart` from `./cart`",
        "import { useState } from 'react'\nimport { Cart } from './cart'\n\nconst c = new Cart()\n",
    ),
    "typescript: an alias where the file has some": (
        SCRIPT,
        "src/lib/a.ts",
        "import { x } from '@/y';\n\nnew «Cart»();\n",
        "Cannot find name 'Cart'.",
        "Import `Cart` from `@/cart`",
        "import { x } from '@/y';\nimport { Cart } from '@/cart';\n\nnew Cart();\n",
    ),
    "typescript: beside a default": (
        SCRIPT,
        "src/a.tsx",
        "import React from 'react';\n\n«useState»(1);\n",
        "Cannot find name 'useState'.",
        "Import `useState` from `react`",
        "import React, { useState } from 'react';\n\nuseState(1);\n",
    ),
    "typescript: a default beside braces": (
        SCRIPT,
        "src/a.tsx",
        'import {\n  useState,\n} from "react";\n«React».x;\n',
        "Cannot find name 'React'.",
        "Import `React` from `react`",
        'import React, {\n  useState,\n} from "react";\nReact.x;\n',
    ),
    "typescript: a namespace, behind a directive": (
        SCRIPT,
        "src/a.ts",
        '"use strict";\n\n«path».join();\n',
        "Cannot find name 'path'.",
        "Import `path`",
        '"use strict";\n\nimport * as path from "path";\n\npath.join();\n',
    ),
    "typescript: a default export, behind a licence": (
        SCRIPT,
        "src/lib/a.ts",
        "// License\n\n«checkout»();\n",
        "Cannot find name 'checkout'.",
        "Import `checkout` from `../cart`",
        '// License\n\nimport checkout from "../cart";\n\ncheckout();\n',
    ),
    "typescript: exported in a list": (
        SCRIPT,
        "src/a.ts",
        "«late»;\n",
        "'late' is not defined.",
        "Import `late` from `./cart`",
        'import { late } from "./cart";\n\nlate;\n',
    ),
    "typescript: the index of a folder": (
        SCRIPT,
        "src/a.ts",
        "«slug»;\n",
        "Cannot find name 'slug'.",
        "Import `slug` from `./lib/util`",
        'import { slug } from "./lib/util";\n\nslug;\n',
    ),
    "typescript: with the suffix where others have it": (
        SCRIPT,
        "src/a.ts",
        "import { b } from './b.js';\n«Cart»;\n",
        "Cannot find name 'Cart'.",
        "Import `Cart` from `./cart.js`",
        "import { b } from './b.js';\nimport { Cart } from './cart.js';\nCart;\n",
    ),
    "typescript: not into an import of types": (
        SCRIPT,
        "src/a.ts",
        'import type { FC } from "react";\n«useState»();\n',
        "Cannot find name 'useState'.",
        "Import `useState` from `react`",
        'import type { FC } from "react";\nimport { useState } from "react";\nuseState();\n',
    ),
    "javascript: by require": (
        SCRIPT,
        "new.js",
        'const path = require("path");\n\n«fs».readFile();\n',
        "'fs' is not defined.",
        "Import `fs` from `fs`",
        'const path = require("path");\nconst fs = require("fs");\n\nfs.readFile();\n',
    ),
    "javascript: one's own by require": (
        SCRIPT,
        "new.js",
        "const path = require('path')\n\n«own»()\n",
        "'own' is not defined.",
        "Import `own` from `./old`",
        "const path = require('path')\nconst { own } = require('./old')\n\nown()\n",
    ),
    "go: the first import": (
        GO,
        "a.go",
        "package main\n\nfunc main() { «strings».ToUpper() }\n",
        "undefined: strings",
        "Import `strings`",
        'package main\n\nimport "strings"\n\nfunc main() { strings.ToUpper() }\n',
    ),
    "go: beside a single one": (
        GO,
        "a.go",
        'package main\n\nimport "fmt"\n\nfunc main() { «strings».ToUpper() }\n',
        "undefined: strings",
        "Import `strings`",
        'package main\n\nimport "fmt"\nimport "strings"\n\nfunc main() { strings.ToUpper() }\n',
    ),
    "go: into the block, in order": (
        GO,
        "a.go",
        'package main\n\nimport (\n\t"fmt"\n\t"time"\n)\n\nfunc main() { «strings».ToUpper() }\n',
        "undefined: strings",
        "Import `strings`",
        (
            'package main\n\nimport (\n\t"fmt"\n\t"strings"\n\t"time"\n)\n\n'
            "func main() { strings.ToUpper() }\n"
        ),
    ),
    "go: a group of packages": (
        GO,
        "a.go",
        'package main\n\nimport (\n\t"fmt"\n)\n\nfunc main() { «cart».New() }\n',
        "undefined: cart",
        "Import `ex.com/shop/cart`",
        (
            'package main\n\nimport (\n\t"fmt"\n\n\t"ex.com/shop/cart"\n)\n\n'
            "func main() { cart.New() }\n"
        ),
    ),
    "go: with its alias": (
        GO,
        "a.go",
        'package main\n\nimport (\n\t"fmt"\n)\n\nfunc main() { «log».New() }\n',
        "undefined: log",
        "Import `github.com/sirupsen/logrus`",
        (
            'package main\n\nimport (\n\t"fmt"\n\n\tlog "github.com/sirupsen/logrus"\n)\n\n'
            "func main() { log.New() }\n"
        ),
    ),
    "rust: the first use, behind the documentation": (
        RUST,
        "src/a.rs",
        "//! Doc.\n\nfn f(c: «Cart») {}\n",
        "cannot find type `Cart` in this scope",
        "Import `Cart` from `crate::cart`",
        "//! Doc.\n\nuse crate::cart::Cart;\n\nfn f(c: Cart) {}\n",
    ),
    "rust: in order, above the attribute of the next": (
        RUST,
        "src/a.rs",
        "use std::cell::Cell;\n#[cfg(test)]\nuse std::fmt;\n\nfn f(c: «HashMap»<i32, i32>) {}\n",
        "cannot find type `HashMap` in this scope",
        "Import `HashMap` from `std::collections`",
        (
            "use std::cell::Cell;\nuse std::collections::HashMap;\n#[cfg(test)]\nuse std::fmt;\n\n"
            "fn f(c: HashMap<i32, i32>) {}\n"
        ),
    ),
    "rust: into braces": (
        RUST,
        "src/a.rs",
        "use std::collections::{BTreeMap, HashSet};\n\nfn f(c: «HashMap»<i32, i32>) {}\n",
        "failed to resolve: use of undeclared type `HashMap`",
        "Import `HashMap` from `std::collections`",
        "use std::collections::{BTreeMap, HashMap, HashSet};\n\nfn f(c: HashMap<i32, i32>) {}\n",
    ),
    "rust: renamed": (
        RUST,
        "src/a.rs",
        "fn f(c: «Ser») {}\n",
        "cannot find type `Ser` in this scope",
        "Import `Ser` from `serde`",
        "use serde::Serialize as Ser;\n\nfn f(c: Ser) {}\n",
    ),
    "rust: of another crate": (
        RUST,
        "src/a.rs",
        "fn f() { «price»() }\n",
        "cannot find function `price` in this scope",
        "Import `price` from `shop_core::price`",
        "use shop_core::price::price;\n\nfn f() { price() }\n",
    ),
    "java: behind the package": (
        JAVA,
        "src/a/c/Y.java",
        "package a.c;\n\nclass Y { «Cart» c; }\n",
        "Cart cannot be resolved to a type",
        "Import `Cart` from `a.b`",
        "package a.c;\n\nimport a.b.Cart;\n\nclass Y { Cart c; }\n",
    ),
    "java: in order": (
        JAVA,
        "src/a/c/Y.java",
        (
            "package a.c;\n\nimport java.util.ArrayList;\nimport java.util.Set;\n\n"
            "class Y { «List» c; }\n"
        ),
        "cannot find symbol\n  symbol:   class List\n  location: class Y",
        "Import `List` from `java.util`",
        (
            "package a.c;\n\nimport java.util.ArrayList;\nimport java.util.List;\n"
            "import java.util.Set;\n\nclass Y { List c; }\n"
        ),
    ),
    "java: a static method": (
        JAVA,
        "src/a/c/Y.java",
        "package a.c;\n\nclass Y { int x = «check»(); }\n",
        "check cannot be resolved",
        "Import `check` from `a.Check`",
        "package a.c;\n\nimport static a.Check.check;\n\nclass Y { int x = check(); }\n",
    ),
    "kotlin": (
        REST,
        "c/Y.kt",
        "package c\n\nval x = «Cart»(1)\n",
        "Unresolved reference 'Cart'.",
        "Import `Cart` from `a.b`",
        "package c\n\nimport a.b.Cart\n\nval x = Cart(1)\n",
    ),
    "scala": (
        REST,
        "c/Y.scala",
        "package c\n\nimport x.y\n\nval x = new «Basket»(1)\n",
        "not found: type Basket",
        "Import `Basket` from `a.b`",
        "package c\n\nimport a.b.Basket\nimport x.y\n\nval x = new Basket(1)\n",
    ),
    "csharp": (
        REST,
        "B/X.cs",
        "using System;\n\nnamespace Shop.B;\n\nclass X { «Cart» c; }\n",
        (
            "The type or namespace name 'Cart' could not be found (are you missing a using "
            "directive or an assembly reference?)"
        ),
        "Use namespace `Shop.Carts`",
        "using System;\nusing Shop.Carts;\n\nnamespace Shop.B;\n\nclass X { Cart c; }\n",
    ),
    "php: behind the namespace": (
        REST,
        "b/x.php",
        "<?php\ndeclare(strict_types=1);\n\nnamespace Shop;\n\n$c = new «Cart»();\n",
        "Undefined type 'Shop\\Cart'.",
        "Import `Cart` from `Shop\\Carts`",
        (
            "<?php\ndeclare(strict_types=1);\n\nnamespace Shop;\n\nuse Shop\\Carts\\Cart;\n\n"
            "$c = new Cart();\n"
        ),
    ),
    "php: a function": (
        REST,
        "b/x.php",
        "<?php\n\nuse A\\B;\n\n«price»();\n",
        "Undefined function 'price'.",
        "Import `price` from `Shop\\Carts`",
        "<?php\n\nuse A\\B;\nuse function Shop\\Carts\\price;\n\nprice();\n",
    ),
    "c: behind the others of its kind": (
        C,
        "src/a.c",
        '#include <stdio.h>\n#include "local.h"\n\nint main(void) { return «cart_total»(0); }\n',
        (
            "Call to undeclared function 'cart_total'; ISO C99 and later do not support implicit "
            "function declarations"
        ),
        "Include `cart.h`",
        (
            '#include <stdio.h>\n#include "cart.h"\n#include "local.h"\n\n'
            "int main(void) { return cart_total(0); }\n"
        ),
    ),
    "c: not under a condition": (
        C,
        "src/a.c",
        (
            "#include <stdio.h>\n#ifdef WINDOWS\n#include <io.h>\n#endif\n\n"
            "int main(void) { return «local_thing»(); }\n"
        ),
        "Use of undeclared identifier 'local_thing'",
        "Include `local.h`",
        (
            '#include <stdio.h>\n#include "local.h"\n#ifdef WINDOWS\n#include <io.h>\n#endif\n\n'
            "int main(void) { return local_thing(); }\n"
        ),
    ),
    "c: in an include guard": (
        C,
        "src/a.h",
        "/* License */\n#ifndef A_H\n#define A_H\n\nstruct A { struct «Cart» c; };\n\n#endif\n",
        "Unknown type name 'Cart'",
        "Include `cart.h`",
        (
            '/* License */\n#ifndef A_H\n#define A_H\n\n#include "cart.h"\n\n'
            "struct A { struct Cart c; };\n\n#endif\n"
        ),
    ),
    "cpp: the standard library's, as others do": (
        C,
        "src/a.cpp",
        '#include "cart.h"\n\nstd::«vector»<int> v;\n',
        "No template named 'vector' in namespace 'std'",
        "Include `<vector>`",
        '#include "cart.h"\n#include <vector>\n\nstd::vector<int> v;\n',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_imported(case):
    files, path, source, message, title, after = CASES[case]

    outcome = fixed(path, source, message, files)

    assert (outcome.titles, outcome.texts) == ([title], [after])


def test_what_is_not_exported_or_near_enough_is_not_offered():
    for path, source, message, files in (
        ("src/a.ts", "«hidden»();\n", "Cannot find name 'hidden'.", SCRIPT),
        (
            "src/a.rs",
            "fn f() { «hidden»() }\n",
            "cannot find function `hidden` in this scope",
            RUST,
        ),
        (
            "src/a/b/Y.java",
            "package a.b;\n\nclass Y { «Cart» c; }\n",
            "Cart cannot be resolved to a type",
            JAVA,
        ),
        ("a.go", "package main\n\nvar x «Cart»\n", "undefined: Cart", GO),
    ):
        assert fixed(path, source, message, files).fixes == []


def test_a_candidate_from_a_test_or_of_a_variable_is_not_sure():
    helper = fixed("main.py", "«helper»()\n", "Undefined name `helper`", PYTHON)
    rate = fixed("main.py", "«rate»\n", "Undefined name `rate`", {"a.py": "rate = 1\n"})

    assert helper.titles == ["Import `helper` from `tests.test_cart`"]
    assert rate.titles == ["Import `rate` from `a`"]
    assert not helper.fixes[0].sure
    assert not rate.fixes[0].sure


def test_the_usual_goes_before_the_near_and_tests_go_last():
    files = {
        "a/near.py": "class Path: ...\n",
        "tests/test_x.py": "class Path: ...\n",
        "b/one.py": "from pathlib import Path\n",
        "b/two.py": "from pathlib import Path\n",
    }

    outcome = fixed("a/main.py", "«Path»()\n", '"Path" is not defined', files)

    assert outcome.titles == [
        "Import `Path` from `pathlib`",
        "Import `Path` from `a.near`",
        "Import `Path` from `tests.test_x`",
    ]
    assert not any(fix.sure for fix in outcome.fixes)


def test_a_package_gives_what_its_files_define():
    outcome = fixed("main.py", "«slug»()\n", "Undefined name `slug`", PYTHON)

    assert outcome.titles == [
        "Import `slug` from `shop.util`",
        "Import `slug` from `shop.util.text`",
    ]


class Indexed:
    """A codebase that knows who binds a name, and counts what else it is asked."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.code = codebase(files)
        self.searches = 0
        self.known = defaultdict(list)
        for path in self.code.paths:
            for item in facts_of(path, files[path]).imports:
                for local in filter(None, [item.local, *[local for _, local in item.names]]):
                    self.known[local].append((path, item))

    def __getattr__(self, name):
        self.searches += name in {"users", "importers"}
        return getattr(self.code, name)

    def bindings(self, name: str) -> list[tuple[str, Import]]:
        return self.known[name]


@pytest.mark.parametrize("case", CASES)
def test_an_index_of_bound_names_gives_the_same_without_a_search(case):
    files, path, source, message, title, after = CASES[case]
    code = Indexed({**files, path: marked(source)[0]})

    outcome = fixed(path, source, message, code=code)

    assert (outcome.titles, outcome.texts) == ([title], [after])
    assert not code.searches or path.endswith((".c", ".h", ".cpp"))
