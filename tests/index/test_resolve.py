"""Where imports lead: not into the middle of a package, not to another language's file."""

import pytest

from tandem.index.facts import Import
from tandem.index.resolve import Modules

PATHS = (
    "src/shop/__init__.py",
    "src/shop/types.py",
    "src/shop/cart.py",
    "tests/bench/typing.py",
    "tests/bench/index.py",
    "tools/helper.py",
    "tools/run.py",
    "src/io/java.py",
    "web/vitest.config.ts",
    "web/src/cart.ts",
    "tests/editors/__init__.py",
    "tests/editors/reviews.cjs",
    "tests/editors/reviews.py",
)


def led(path: str, language: str, module: str, *names: str) -> dict[str, str]:
    one = Import(module, tuple((name, name) for name in names), "" if names else module)
    found = Modules(PATHS).resolve(path, language, [one])
    return {name: target.path for name, target in found.items()}


@pytest.mark.parametrize(
    ("path", "language", "module", "leads"),
    [
        ("src/shop/cart.py", "python", "types", {}),  # the library's, whatever lies beside it
        ("tests/bench/run.py", "python", "typing", {}),
        ("src/shop/cart.py", "python", "shop.types", {"shop.types": "src/shop/types.py"}),
        ("tools/run.py", "python", "helper", {"helper": "tools/helper.py"}),
        ("app.py", "python", "cart", {}),  # in a package, and named without it
        ("web/test.ts", "typescript", "vitest", {}),
        ("a/B.java", "java", "java.io.IOException", {}),
    ],
)
def test_an_import_leads_where_the_language_would(path, language, module, leads):
    assert led(path, language, module) == leads


def test_index_is_a_module_of_its_own_in_python():
    assert led("tests/run.py", "python", "tests.bench", "index") == {
        "index": "tests/bench/index.py"
    }


@pytest.mark.parametrize("module", ["tests.editors", "."])
def test_a_file_of_another_language_with_the_same_stem_is_no_rival(module):
    found = led("tests/editors/__main__.py", "python", module, "reviews")
    assert found == {"reviews": "tests/editors/reviews.py"}


def test_a_relative_module_is_found_in_its_own_language():
    found = led("tests/editors/run.cjs", "javascript", "./reviews")
    assert found == {"./reviews": "tests/editors/reviews.cjs"}
