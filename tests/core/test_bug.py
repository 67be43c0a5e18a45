"""The impossible: counted in production, an error under test."""

from collections import Counter

import pytest

from tandem.core import bug


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(bug, "seen", Counter())


def test_in_production_it_is_counted_and_life_goes_on(monkeypatch):
    monkeypatch.setattr(bug, "strict", False)

    bug.unexpected("here")
    bug.unexpected("here")
    bug.unexpected("there")

    assert bug.seen == {"here": 2, "there": 1}


def test_under_test_it_is_an_error_that_names_the_invariant(monkeypatch):
    monkeypatch.setattr(bug, "strict", True)

    with pytest.raises(AssertionError, match="unexpected: here"):
        bug.unexpected("here")
    assert bug.seen == {"here": 1}
