"""Types and heads as they are written: bases, who derives, parameters, names that hold a type."""

import pytest

from tandem.index.inheritance import bases_of, descendants, types_of
from tandem.index.receivers import holds
from tandem.index.shapes import needed, parameters, same_types
from tests.support.code import codebase


@pytest.mark.parametrize(
    ("language", "signature", "bases"),
    [
        ("python", "class A(Base, pkg.Mixin, metaclass=Meta):", ("Base", "Mixin")),
        ("python", "class A(Generic[T], Base[int]):", ("Generic", "Base")),
        ("typescript", "export class A<T> extends B<T> implements C, D", ("B", "C", "D")),
        ("java", "public final class A extends B<X> implements C<Y>, D", ("B", "C", "D")),
        ("java", "interface A extends B", ("B",)),
        ("python", "class A:", ()),
    ],
)
def test_bases_are_read_from_a_head(language, signature, bases):
    assert bases_of(signature, language) == bases


def test_descendants_are_found_through_the_types_between():
    code = codebase(
        {
            "base.py": "class Base:\n    def f(self): ...\n",
            "middle.py": "from base import Base\n\n\nclass Middle(Base):\n    pass\n",
            "leaf.py": "from middle import Middle\n\n\nclass Leaf(Middle):\n    pass\n",
            "other.py": "class Base:\n    pass\n\n\nclass Apart(Base):\n    pass\n",
        }
    )
    (base,) = types_of(code, "base.py")
    assert [one.name for one in descendants(code, base)] == ["Middle", "Leaf"]


def test_a_type_of_go_implements_what_it_has_all_methods_of():
    code = codebase(
        {
            "a.go": "package a\n\ntype Store interface {\n\tGet(id string) int\n\tPut(n int)\n}\n",
            "b.go": "package a\n\ntype mem struct{}\n\n"
            "func (m *mem) Get(id string) int { return 1 }\n\nfunc (m *mem) Put(n int) {}\n",
            "c.go": "package a\n\ntype log struct{}\n\nfunc (l log) Say(text string) {}\n",
        }
    )
    (store,) = types_of(code, "a.go")
    assert [one.name for one in descendants(code, store)] == ["mem"]


@pytest.mark.parametrize(
    ("language", "signature", "names", "least"),
    [
        ("python", "async def f(self, a, b: int = 1, *rest, c, **more):", "a b rest c more", 2),
        ("typescript", "f(a: string, b?: Map<string, number>, ...rest: T[]): void", "a b rest", 1),
        ("java", "public int f(final String a, List<Map<K, V>> b, int... c)", "a b c", 2),
        ("go", "func (s *T) F(a, b int, c ...string) (int, error)", "a b c", 2),
        ("python", "def f():", "", 0),
    ],
)
def test_parameters_are_read_from_a_head(language, signature, names, least):
    found = parameters(signature, "F" if language == "go" else "f", language)
    assert " ".join(one.name for one in found) == names
    assert needed(found) == least


def test_go_names_a_type_without_its_package_inside_of_it():
    inside = parameters("Apply(ctx context.Context, m Movement) error", "Apply", "go")
    outside = parameters(
        "func (ReadOnly) Apply(context.Context, stock.Movement) error", "Apply", "go"
    )
    assert same_types(inside, outside)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("java", "private final Catalog catalog;"),
        ("java", "void f(Catalog catalog) {}"),
        ("typescript", "constructor(private readonly catalog: Catalog) {}"),
        ("python", "def f(catalog: Catalog): ..."),
        ("python", "catalog = Catalog()"),
        ("go", "func f(catalog *store.Catalog) {}"),
    ],
)
def test_a_declared_name_holds_its_type(language, code):
    assert holds(code, language, "catalog", "Catalog")


def test_a_name_of_two_types_holds_neither():
    code = "void f(Catalog it) {}\nvoid g(Shelf it) {}"
    assert not holds(code, "java", "it", "Catalog")
    assert not holds(code, "java", "it", "Shelf")
