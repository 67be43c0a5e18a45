"""What servers say, in their own words, and what is understood of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Diagnostic
from tandem.core.text import Span, Text
from tandem.features.fixes.causes import Cause, CauseKind, cause_of
from tandem.features.fixes.wordings import TABLES
from tests.support.code import marked

UNDEFINED = CauseKind.UNDEFINED_NAME
MODULE = CauseKind.UNRESOLVED_MODULE
EXPORT = CauseKind.MISSING_EXPORT
MEMBER = CauseKind.UNKNOWN_MEMBER
ARGUMENT = CauseKind.UNKNOWN_ARGUMENT
MISSING = CauseKind.MISSING_ARGUMENT
UNUSED = CauseKind.UNUSED_IMPORT
VARIABLE = CauseKind.UNUSED_VARIABLE
SYNTAX = CauseKind.SYNTAX


def said(message: str, kind: CauseKind, *of: str, text: str = "«x»", **more: str) -> Any:
    """Return a row: a message, what it means, and a text with the place that it is about."""
    return pytest.param(message, Cause(kind, *(of or ("",)), **more), text, id=message)


PYTHON = [
    # pyright, basedpyright, Pylance
    said('"total" is not defined', UNDEFINED, "total"),
    said('"total" is unbound', UNDEFINED, "total"),
    said('"Crt" is unknown import symbol', EXPORT, "Crt"),
    said('"pth" is not a known attribute of module "os"', EXPORT, "pth", "os"),
    said('Import "nosuch.sub" could not be resolved', MODULE, "nosuch.sub"),
    said('Import "yaml" could not be resolved from source', MODULE, "yaml"),
    said('Stub file not found for "yaml"', MODULE, "yaml"),
    said(
        'Cannot access attribute "totl" for class "Cart*"\n  Attribute "totl" is unknown',
        MEMBER,
        "totl",
        owner="Cart",
    ),
    said(
        'Cannot access attribute "nope" for class "type[A]"\n  Attribute "nope" is unknown',
        MEMBER,
        "nope",
        owner="A",
    ),
    said(
        'Cannot assign to attribute "x" for class "list[int]"\n  Attribute "x" is unknown',
        MEMBER,
        "x",
        owner="list",
    ),
    said('"lower" is not a known attribute of "None"', MEMBER, "lower", owner="None"),
    said('No parameter named "amunt"', ARGUMENT, "amunt"),
    said('Argument missing for parameter "amount"', MISSING, "amount"),
    said('Arguments missing for parameters "a", "b"', MISSING, "a"),
    said('"os" is not accessed', UNUSED, "os", text="import «os»\n"),
    said('Import "os.path" is not accessed', UNUSED, "os.path", text="import «os.path»\n"),
    said('"unused" is not accessed', VARIABLE, "unused", text="«unused» = 1\n"),
    said('Variable "unused" is not accessed', VARIABLE, "unused", text="«unused» = 1\n"),
    said('"(" was not closed', SYNTAX),
    said("Expected expression", SYNTAX),
    said("Expected indented block", SYNTAX),
    said("Unindent not expected", SYNTAX),
    # mypy, through dmypy or pylsp-mypy
    said('Name "total" is not defined  [name-defined]', UNDEFINED, "total"),
    said('Name "x" is used before definition', UNDEFINED, "x"),
    said('Module "shop" has no attribute "Crt"; maybe "Cart"?', EXPORT, "Crt", "shop", "", "Cart"),
    said('Module has no attribute "pth"; maybe "path"?', EXPORT, "pth", suggestion="path"),
    said('Module "a.b" does not explicitly export attribute "C"', EXPORT, "C", "a.b"),
    said('Cannot find implementation or library stub for module named "nosuch"', MODULE, "nosuch"),
    said('Library stubs not installed for "yaml"', MODULE, "yaml"),
    said(
        '"A" has no attribute "totl"; maybe "total"?',
        MEMBER,
        "totl",
        owner="A",
        suggestion="total",
    ),
    said('"type[A]" has no attribute "nope"', MEMBER, "nope", owner="A"),
    said('Item "None" of "A | None" has no attribute "x"', MEMBER, "x", owner="None"),
    said(
        'Unexpected keyword argument "amunt" for "f"; did you mean "amount"?',
        ARGUMENT,
        "amunt",
        owner="f",
        suggestion="amount",
    ),
    said('Unexpected keyword argument "q" for "f" of "A"', ARGUMENT, "q", owner="f"),
    said('Missing positional argument "a" in call to "f"', MISSING, "a", owner="f"),
    # ruff and ty
    said("`os` imported but unused", UNUSED, "os", text="import «os»\n"),
    said(
        "`collections.OrderedDict` imported but unused",
        UNUSED,
        "OrderedDict",
        text="from collections import «OrderedDict»\n",
    ),
    said("`.here` imported but unused", UNUSED, "here", text="from . import «here»\n"),
    said(
        "`a.b` imported but unused; consider using `importlib.util.find_spec` to test for "
        "availability",
        UNUSED,
        "b",
        text="try:\n    from a import «b»\nexcept ImportError: ...\n",
    ),
    said("Undefined name `total`", UNDEFINED, "total"),
    said("Local variable `unused` is assigned to but never used", VARIABLE, "unused"),
    said("Redefinition of unused `os` from line 1", UNUSED, "os", text="import os\nimport «os»\n"),
    said("Name `total` used when not defined", UNDEFINED, "total"),
    said("Module `shop` has no member `Crt`", EXPORT, "Crt", "shop"),
    said("Cannot resolve imported module `nosuch`", MODULE, "nosuch"),
    said("Object of type `A` has no attribute `totl`", MEMBER, "totl", owner="A"),
    said("Class `A` has no attribute `nope`", MEMBER, "nope", owner="A"),
    said(
        "Argument `amunt` does not match any known parameter of bound method `A.f`",
        ARGUMENT,
        "amunt",
        owner="f",
    ),
    said(
        "No argument provided for required parameter `amount` of function `g`",
        MISSING,
        "amount",
        owner="g",
    ),
    said("Expected a parameter or the end of the parameter list", SYNTAX),
    said("unexpected EOF while parsing", SYNTAX),
    # pylint and pyflakes
    said("Undefined variable 'total'", UNDEFINED, "total"),
    said("No name 'Crt' in module 'shop'", EXPORT, "Crt", "shop"),
    said("Unable to import 'nosuch'", MODULE, "nosuch"),
    said(
        "Instance of 'A' has no 'totl' member; maybe 'total'?",
        MEMBER,
        "totl",
        owner="A",
        suggestion="total",
    ),
    said("Module 'os' has no 'pth' member; maybe 'path'?", EXPORT, "pth", "os", "", "path"),
    said("Unexpected keyword argument 'amunt' in method call", ARGUMENT, "amunt"),
    said("No value for argument 'amount' in function call", MISSING, "amount"),
    said("Unused import nosuch", UNUSED, "nosuch", text="«import nosuch»\n"),
    said(
        "Unused OrderedDict imported from collections",
        UNUSED,
        "OrderedDict",
        "collections",
        text="«from collections import OrderedDict»\n",
    ),
    said("Unused json imported as j", UNUSED, "j", text="«import json as j»\n"),
    said("Unused variable 'x'", VARIABLE, "x"),
    said("undefined name 'total'", UNDEFINED, "total"),
    said("'json as j' imported but unused", UNUSED, "j", text="«import json as j»\n"),
    said("'shop.Crt' imported but unused", UNUSED, "Crt", text="«from shop import Crt»\n"),
    said("local variable 'x' is assigned to but never used", VARIABLE, "x"),
    said("Parsing failed: 'invalid syntax (b, line 1)'", SYNTAX),
]
SCRIPT = [
    # TypeScript
    said("Cannot find name 'Undef'.", UNDEFINED, "Undef"),
    said("Cannot find name 'prce'. Did you mean 'price'?", UNDEFINED, "prce", suggestion="price"),
    said(
        "Cannot find name 'process'. Do you need to install type definitions for node? Try `npm i "
        "--save-dev @types/node` and then add 'node' to the types field in your tsconfig.",
        UNDEFINED,
        "process",
    ),
    said(
        "Cannot find name 'totl'. Did you mean the instance member 'this.totl'?", UNDEFINED, "totl"
    ),
    said(
        "'React' refers to a UMD global, but the current file is a module. Consider adding an "
        "import instead.",
        UNDEFINED,
        "React",
    ),
    said(
        "No value exists in scope for the shorthand property 'a'. Either declare one or provide "
        "an initializer.",
        UNDEFINED,
        "a",
    ),
    said(
        "'\"./m\"' has no exported member named 'Crt'. Did you mean 'Cart'?",
        EXPORT,
        "Crt",
        "./m",
        suggestion="Cart",
    ),
    said("Module '\"./m\"' has no exported member 'nothing'.", EXPORT, "nothing", "./m"),
    said(
        "Module '\"./m\"' declares 'hidden' locally, but it is not exported.",
        EXPORT,
        "hidden",
        "./m",
    ),
    said(
        "Module '\"/w/m\"' has no default export.",
        EXPORT,
        "D",
        "/w/m",
        text='import «D» from "./m";',
    ),
    said(
        "Cannot find module './nosuch' or its corresponding type declarations.",
        MODULE,
        "./nosuch",
    ),
    said(
        "Could not find a declaration file for module 'x'. '/x.js' implicitly has an 'any' type.",
        MODULE,
        "x",
    ),
    said(
        "Property 'totl' does not exist on type 'Cart'. Did you mean 'total'?",
        MEMBER,
        "totl",
        owner="Cart",
        suggestion="total",
    ),
    said("Property 'nope' does not exist on type 'Cart<T>'.", MEMBER, "nope", owner="Cart"),
    said(
        "Object literal may only specify known properties, but 'color' does not exist in type "
        "'Options'. Did you mean to write 'colour'?",
        ARGUMENT,
        "color",
        owner="Options",
        suggestion="colour",
    ),
    said(
        "Object literal may only specify known properties, and 'zork' does not exist in type "
        "'{ colour: number; }'.",
        ARGUMENT,
        "zork",
        owner="number",
    ),
    said("Expected 2 arguments, but got 1.", MISSING),
    said("Expected 1-2 arguments, but got 0.", MISSING),
    said(
        "Property 'b' is missing in type '{ a: number; }' but required in type 'O'.", MISSING, "b"
    ),
    said(
        "'price' is declared but its value is never read.",
        UNUSED,
        "price",
        text='import { Cart, «price» } from "./m";',
    ),
    said("'u' is declared but its value is never read.", VARIABLE, "u", text="const «u» = 1;"),
    said(
        "All imports in import declaration are unused.",
        UNUSED,
        text='«import { Cart, price } from "./m";»',
    ),
    said("',' expected.", SYNTAX),
    said("Expression expected.", SYNTAX),
    said("Unterminated string literal.", SYNTAX),
    # ESLint and its plugins
    said("'total' is not defined.", UNDEFINED, "total"),
    said("'x' is assigned a value but never used.", VARIABLE, "x", text="const «x» = 1;"),
    said(
        "'Cart' is defined but never used.",
        UNUSED,
        "Cart",
        text="import { «Cart» } from './m';",
    ),
    said(
        "'T' is defined but never used. Allowed unused vars must match /^_/u.",
        UNUSED,
        "T",
        text="import type { «T» } from './m';",
    ),
    said("Crt not found in './cart'", EXPORT, "Crt", "./cart"),
    said("Unable to resolve path to module './nosuch'.", MODULE, "./nosuch"),
    said("Parsing error: Unexpected token }", SYNTAX),
]
GO = [
    said("undefined: Total", UNDEFINED, "Total"),
    said("undefined: strings.Foo", EXPORT, "Foo", "strings"),
    said("undeclared name: total", UNDEFINED, "total"),
    said("Foo not declared by package strings", EXPORT, "Foo", "strings"),
    said("name foo not exported by package cart", EXPORT, "foo", "cart"),
    said('"os" imported and not used', UNUSED, "os", "os", text='import «"os"»\n'),
    said('"a.b/c" imported as d and not used', UNUSED, "d", "a.b/c", text='import «d "a.b/c"»\n'),
    said('imported and not used: "os"', UNUSED, "os", "os", text='import «"os"»\n'),
    said(
        "p.Name undefined (type *Package has no field or method Name)",
        MEMBER,
        "Name",
        owner="Package",
    ),
    said(
        "c.totl undefined (type cart.Cart has no field or method totl, but does have field Total)",
        MEMBER,
        "totl",
        owner="Cart",
    ),
    said("unknown field Nme in struct literal of type pkg.T", ARGUMENT, "Nme", owner="T"),
    said("declared and not used: x", VARIABLE, "x"),
    said("x declared and not used", VARIABLE, "x"),
    said(
        'could not import foo/bar (no required module provides package "foo/bar")',
        MODULE,
        "foo/bar",
    ),
    said("not enough arguments in call to f\n\thave ()\n\twant (int)", MISSING, owner="f"),
    said("expected ';', found x", SYNTAX),
    said("syntax error: unexpected newline", SYNTAX),
]
RUST = [
    said("cannot find value `totl` in this scope\nnot found in this scope", UNDEFINED, "totl"),
    said(
        "cannot find value `totl` in this scope\nhelp: a local variable with a similar name "
        "exists: `total`",
        UNDEFINED,
        "totl",
        suggestion="total",
    ),
    said("cannot find type `Undef` in this scope", UNDEFINED, "Undef"),
    said("cannot find function `f` in this scope", UNDEFINED, "f"),
    said("cannot find macro `vecc` in this scope", UNDEFINED, "vecc"),
    said("cannot find struct, variant or union type `Cart` in this scope", UNDEFINED, "Cart"),
    said("failed to resolve: use of undeclared type `HashMap`", UNDEFINED, "HashMap"),
    said("failed to resolve: could not find `Nope` in `m`", EXPORT, "Nope", "m"),
    said("failed to resolve: use of unresolved module or unlinked crate `foo`", MODULE, "foo"),
    said("cannot find module or crate `foo` in this scope", MODULE, "foo"),
    said("cannot find function `prce` in module `m`", EXPORT, "prce", "m"),
    said(
        "unresolved import `std::collections::HashMp`\nno `HashMp` in `collections`",
        EXPORT,
        "HashMp",
        "std::collections",
    ),
    said(
        "unresolved import `nosuch`: use of unresolved module or unlinked crate `nosuch`",
        MODULE,
        "nosuch",
    ),
    said("unused import: `HashSet`", UNUSED, "HashSet", text="use std::«HashSet»;\n"),
    said("unused import: `std::fmt`", UNUSED, "fmt", "std", text="use «std::fmt»;\n"),
    said("unused imports: `A` and `B`", UNUSED, text="use a::{«A», B};\n"),
    said("unused variable: `x`\n`#[warn(unused_variables)]` on by default", VARIABLE, "x"),
    said("no field `totl` on type `Cart`\nunknown field", MEMBER, "totl", owner="Cart"),
    said("no field `totl` on type `&mut m::Cart<T>`", MEMBER, "totl", owner="Cart"),
    said(
        "no method named `nope` found for struct `Cart` in the current scope",
        MEMBER,
        "nope",
        owner="Cart",
    ),
    said(
        "no method named `lenn` found for reference `&'static str` in the current scope",
        MEMBER,
        "lenn",
        owner="str",
    ),
    said("struct `Cart` has no field named `totl`", ARGUMENT, "totl", owner="Cart"),
    said("this function takes 2 arguments but 1 argument was supplied", MISSING),
    said("Syntax Error: expected SEMICOLON", SYNTAX),
    said("expected one of `!` or `::`, found `x`", SYNTAX),
]
C = [
    said("Use of undeclared identifier 'total'", UNDEFINED, "total"),
    said(
        "Use of undeclared identifier 'totl'; did you mean 'total'? (fix available)",
        UNDEFINED,
        "totl",
        suggestion="total",
    ),
    said("use of undeclared identifier 'EXIT_FAILURE'", UNDEFINED, "EXIT_FAILURE"),
    said("Unknown type name 'Cart'", UNDEFINED, "Cart"),
    said("No template named 'vector' in namespace 'std'", UNDEFINED, "vector", "std"),
    said("No type named 'string' in namespace 'std'", UNDEFINED, "string", "std"),
    said(
        "Call to undeclared function 'puts'; ISO C99 and later do not support implicit function "
        "declarations",
        UNDEFINED,
        "puts",
    ),
    said(
        "Call to undeclared library function 'printf' with type 'int (const char *, ...)'; ISO "
        "C99 and later do not support implicit function declarations",
        UNDEFINED,
        "printf",
    ),
    said("implicit declaration of function \u2018foo\u2019", UNDEFINED, "foo"),
    said("\u2018Undef\u2019 was not declared in this scope", UNDEFINED, "Undef"),
    said(
        "No member named 'totl' in 'Cart'; did you mean 'total'?",
        MEMBER,
        "totl",
        owner="Cart",
        suggestion="total",
    ),
    said(
        "Field designator 'totl' does not refer to any field in type 'struct Cart'",
        ARGUMENT,
        "totl",
        owner="Cart",
    ),
    said("'stdio.h' file not found", MODULE, "stdio.h"),
    said("cart/cart.h: No such file or directory", MODULE, "cart/cart.h"),
    said(
        "Included header typeinfo is not used directly (fix available)",
        UNUSED,
        "typeinfo",
        text="«#include <typeinfo>»\n",
    ),
    said("Unused variable 'x'", VARIABLE, "x"),
    said("Too few arguments to function call, expected 2, have 1", MISSING),
    said("Expected ';' after expression", SYNTAX),
    said("Expected expression", SYNTAX),
]
JAVA = [
    said("Cart cannot be resolved to a type", UNDEFINED, "Cart"),
    said("total cannot be resolved to a variable", UNDEFINED, "total"),
    said("totl cannot be resolved or is not a field", UNDEFINED, "totl"),
    said("List cannot be resolved", UNDEFINED, "List"),
    said("The method add(int) is undefined for the type Cart", MEMBER, "add", owner="Cart"),
    said("The import com.shop.Cart cannot be resolved", MODULE, "com.shop.Cart"),
    said(
        "The import java.util.List is never used",
        UNUSED,
        "List",
        "java.util",
        text="import «java.util.List»;\n",
    ),
    said("The value of the local variable x is not used", VARIABLE, "x"),
    said("The value of the field Cart.total is not used", VARIABLE, "total"),
    said(
        "The method f(int) in the type S is not applicable for the arguments ()",
        MISSING,
        owner="f",
    ),
    said("cannot find symbol\n  symbol:   class Foo\n  location: class S", UNDEFINED, "Foo"),
    said(
        "cannot find symbol\n  symbol:   method nope()\n  location: class S",
        MEMBER,
        "nope",
        owner="S",
    ),
    said("package nosuch does not exist", MODULE, "nosuch"),
    said('Syntax error, insert ";" to complete Statement', SYNTAX),
    said("';' expected", SYNTAX),
]
OTHERS = {
    "kotlin": [
        said("Unresolved reference 'Cart'.", UNDEFINED, "Cart"),
        said("Unresolved reference: Cart", UNDEFINED, "Cart"),
        said("Unused import directive", UNUSED, "List", text="import «java.util.List»\n"),
        said("No value passed for parameter 'a'.", MISSING, "a"),
    ],
    "scala": [
        said("not found: type Cart", UNDEFINED, "Cart"),
        said("value totl is not a member of Cart", MEMBER, "totl", owner="Cart"),
        said("object X is not a member of package a.b", EXPORT, "X", "a.b"),
        said("Unused import", UNUSED, "C", text="import a.b.«C»\n"),
    ],
    "csharp": [
        said("The name 'total' does not exist in the current context", UNDEFINED, "total"),
        said(
            "The type or namespace name 'List<>' could not be found (are you missing a using "
            "directive or an assembly reference?)",
            UNDEFINED,
            "List",
        ),
        said(
            "'Cart' does not contain a definition for 'Totl' and no accessible extension method "
            "'Totl' accepting a first argument of type 'Cart' could be found",
            MEMBER,
            "Totl",
            owner="Cart",
        ),
        said(
            "The best overload for 'F' does not have a parameter named 'b'",
            ARGUMENT,
            "b",
            owner="F",
        ),
        said("Using directive is unnecessary.", UNUSED, "Linq", text="«using System.Linq;»\n"),
        said("; expected", SYNTAX),
    ],
    "php": [
        said("Undefined type 'Shop\\Cart'.", UNDEFINED, "Cart"),
        said("Undefined function 'price'.", UNDEFINED, "price"),
        said("Undefined method 'totl'.", MEMBER, "totl"),
        said(
            "Symbol 'Cart' is declared but not used.",
            UNUSED,
            "Cart",
            text="<?php\nuse Shop\\«Cart»;\n",
        ),
    ],
}
ALL = {
    "python": PYTHON,
    "typescript": SCRIPT,
    "go": GO,
    "rust": RUST,
    "cpp": C,
    "java": JAVA,
    **OTHERS,
}
ROWS = [
    pytest.param(language, *row.values, id=f"{language}: {row.id}")
    for language, rows in ALL.items()
    for row in rows
]


@pytest.mark.parametrize(("language", "message", "expected", "text"), ROWS)
def test_a_message_is_understood(language, message, expected, text):
    source, span = marked(text)

    cause = cause_of(Diagnostic(span, message), Text.of(source), language)

    assert cause == expected


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("python", "Function is missing a type annotation  [no-untyped-def]"),
        ("python", "Line too long (120 > 100)"),
        ("typescript", "Type 'string' is not assignable to type 'number'."),
        ("go", "missing return"),
        ("rust", "mismatched types\nexpected `i32`, found `&str`"),
        ("cpp", "Control reaches end of non-void function"),
        ("java", "Type mismatch: cannot convert from int to String"),
        ("brainfuck", '"total" is not defined'),
    ],
)
def test_what_has_no_fix_has_no_cause(language, message):
    assert cause_of(Diagnostic(Span(0, 1), message), Text.of("x"), language) is None


def test_a_name_that_is_not_said_is_read_from_the_text():
    source, span = marked("fn f() { «missing»(); }")

    cause = cause_of(Diagnostic(span, "no such value in this scope"), Text.of(source), "rust")

    assert cause == Cause(UNDEFINED, "missing")


def test_an_unused_name_without_a_span_is_the_word_it_is_at():
    diagnostic = Diagnostic(Span(7, 7), "Unused import directive")

    assert cause_of(diagnostic, Text.of("import a.b\n"), "kotlin") == Cause(UNUSED, "a")


@given(
    st.sampled_from(sorted(TABLES)),
    st.text(max_size=60)
    | st.sampled_from([row.values[0] for rows in ALL.values() for row in rows]),
    st.text(max_size=80),
    st.integers(-5, 200),
    st.integers(-5, 200),
)
def test_no_diagnostic_raises(language, message, source, start, end):
    text = Text.of(source)
    for written in (message, message * 50, message + "\0" + source):
        cause = cause_of(Diagnostic(Span(start, end), written), text, language)
        assert cause is None or len(cause.name) <= 200
