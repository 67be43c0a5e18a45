"""Heads say of a record what its facts say, and nothing of a damaged one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.text import Span
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.heads import Heads, heads_of
from tandem.index.records import record_of

NAMES = st.sampled_from(["alpha", "beta", "naïve", "x"])
ROWS = st.lists(st.tuples(NAMES, st.sampled_from(Kind), NAMES, st.integers(0, 5)), max_size=12)


def facts(rows: list[tuple[str, Kind, str, int]]) -> FileFacts:
    """Return facts whose definitions have parents before them."""
    definitions = [
        Definition(name, kind, Span(n, n + 9), n, n, f"{said} {n}", "doc", min(up, n) - 1)
        for n, (name, kind, said, up) in enumerate(rows)
    ]
    return FileFacts("python", tuple(definitions), exact=True)


@given(ROWS)
def test_a_record_has_the_heads_of_its_facts(rows):
    found, told = heads_of(record_of(b"k", facts(rows))), facts(rows).definitions

    expected = Heads.of(told)
    assert dict(found.first) == expected.first
    assert list(found.lines) == expected.lines == [d.line for d in told]
    assert list(found.signatures) == expected.signatures == [d.signature for d in told]
    assert list(found.parents) == expected.parents
    assert found.classes == expected.classes
    for name, number in found.first.items():
        assert next(d for d in told if d.name == name) is told[number]


def test_what_is_around_a_definition_comes_outermost_first():
    rows = [("A", Kind.CLASS, "class A", 0), ("B", Kind.CLASS, "class B", 1)]
    heads = Heads.of(facts([*rows, ("f", Kind.METHOD, "def f", 2)]).definitions)

    assert heads.above(heads.parents[2]) == [0, 1]
    assert heads.above(-1) == []
    assert [heads.around(offset) for offset in (0, 1, 9, 10)] == [0, 1, 1, -1]


@pytest.mark.parametrize("body", ["x", "\n", "AAAA\n", "AQAAAA==\nrest"])
def test_a_damaged_body_has_no_heads(body):
    record = record_of(b"k", facts([("alpha", Kind.CLASS, "class", 0)]))

    assert heads_of(record).first
    assert not heads_of(record._replace(body=body)).first
    assert not heads_of(record._replace(body=record.body[:-1])).first
