"""Names that nothing binds, by Python's own rules of scope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index.unbound import is_valid, unbound_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("print(x)", {"x"}),
        ("x = 1\nprint(x)", set()),
        ("def f(a):\n    return a + b", {"b"}),
        ("def f():\n    return g()\n\ndef g():\n    pass", set()),
        ("import os\nos.path", set()),
        ("import os.path as p\np", set()),
        ("from a import b as c\nc, b", {"b"}),
        ("class A:\n    x = 1\n    def f(self):\n        return x", {"x"}),
        ("[y for y in range(3)]\ny", {"y"}),
        ("def f():\n    global made\n    made = 1\n\nprint(made)", set()),
        ("try:\n    pass\nexcept ValueError as error:\n    error", set()),
        ("with open(__file__) as f:\n    f", set()),
        ("lambda q: q + w", {"w"}),
        ("def f(x: Missing) -> Other: ...", {"Missing", "Other"}),
        ("for i in []:\n    i\nelse:\n    j", {"j"}),
        ("(n := 3) + n", set()),
        ("def outer():\n    v = 1\n    def inner():\n        return v\n    return inner", set()),
        ("match p:\n    case {'a': q}:\n        q", {"p"}),
    ],
)
def test_names(text, names):
    assert unbound_names(text) == names


@pytest.mark.parametrize("text", ["def f(:", "\0", "from a import *\nx"])
def test_nothing_is_said_where_nothing_can_be(text):
    assert unbound_names(text) is None
    assert is_valid(text) == ("import" in text)


@given(st.text())
def test_nothing_raises(text):
    assert isinstance(unbound_names(text), frozenset | None)
