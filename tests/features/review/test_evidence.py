"""Evidence over the cases: planted defects are found where they are, clean changes say nothing."""

import pytest

from tandem.features.review.change import change_of
from tandem.features.review.evidence import proven
from tandem.features.review.evidence.case import Case
from tandem.index.overlay import Overlay
from tests.support.code import codebase
from tests.support.review_cases import NEAR, ReviewCase, cases

LANGUAGES = ("go", "java", "python", "typescript")

# What would take more than syntax, names and imports; each with the reason.
BEYOND = {
    "A title says on which shelf it stands",  # a call through a record's second constructor
    "The database counts the loans of a member",  # `return 0` in a handler is an answer elsewhere
    "A book that was renewed costs double",  # an unnamed class of Java inside its own base
}


def found_at_place(case: ReviewCase) -> bool:
    assert case.planted is not None
    return any(
        one.rule == case.planted.kind and one.path == path and abs(one.line - line) <= NEAR
        for one in proven(case.case())
        for path, line in case.planted.at
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_facts_can_show_is_found_at_its_place(language):
    static = [one for one in cases(language) if one.planted is not None and one.planted.static]
    missed = {one.title for one in static if not found_at_place(one)}
    assert missed <= BEYOND
    assert len(static) > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clean_change_says_nothing(language):
    clean = [one for one in cases(language) if one.planted is None]
    said = {one.title: [str(f.claim) for f in proven(one.case())] for one in clean}
    assert {title: claims for title, claims in said.items() if claims} == {}
    assert len(clean) > 15


def reviewed(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, int]]:
    """Return what is proven of a change of a whole codebase: rule, path, line."""
    code = codebase(after)
    change = change_of("it", dict(before), dict(after))
    case = Case(change, Overlay(code, change.before), code)
    return [(one.rule, one.path, one.line) for one in proven(case)]


def test_a_file_in_conflict_is_only_told_to_be_one():
    before = {"a.py": "def f():\n    return 1\n"}
    after = {"a.py": "<<<<<<< HEAD\ndef f():\n    return 1\n=======\ndef f():\n>>>>>>> other\n"}
    assert reviewed(before, after) == [("leftover", "a.py", 0)]


def test_a_private_attribute_of_another_class_is_not_missed():
    before = {
        "a.py": "class A:\n    def _site(self):\n        return 1\n",
        "b.py": "from a import A\n\n\nclass B:\n    def f(self):\n        self._site = A()\n",
    }
    after = {**before, "a.py": "class A:\n    def site(self):\n        return 1\n"}
    assert reviewed(before, after) == []


def test_the_librarys_module_is_not_a_file_that_is_called_so():
    before = {"tests/typing.py": "KEYS = 1\n", "app.py": "from typing import Any\n\nx: Any = 1\n"}
    after = {**before, "app.py": "from typing import Any, Final\n\nx: Final[Any] = 1\n"}
    assert reviewed(before, after) == []


def test_a_secret_is_never_repeated():
    key = "Zt7qLm2xRv9KcN4wYb8sHd3fJp6gTe1u"
    before = {"a.py": "x = 1\n"}
    after = {"a.py": f'x = 1\nAPI_KEY = "{key}"\n'}
    code = codebase(after)
    change = change_of("it", dict(before), dict(after))
    (one,) = proven(Case(change, Overlay(code, change.before), code))
    assert one.rule == "secret"
    assert key not in one.claim + one.why + one.check
