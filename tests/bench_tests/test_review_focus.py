"""What the focus bench takes for shown, and what it takes for touched."""

from tandem.core import diff
from tandem.index.languages import language_of
from tandem.index.pack import focus
from tests.bench.recall_cases import opcodes
from tests.bench.review_focus import shown
from tests.bench.review_focus_cases import Source, _touched
from tests.support.code import codebase

OLD = """\
class A:
    x = 1
    y = 2

    def f(self):
        return 1


def g():
    return 2
"""
USER = "from a import g\n\n\ndef h():\n    # one\n    # two\n    return g()\n"


def test_the_lines_of_calls_and_definitions_are_found_again_in_the_block():
    new = OLD.replace("return 2", "return A().f()")
    code = codebase({"a.py": new, "b.py": USER})
    lines = shown(focus.of_change(code, [diff.between(OLD, new, "a.py")]))
    assert 9 in lines["a.py"]
    assert 4 in lines["a.py"]
    assert 6 in lines["b.py"]
    assert 40 not in lines["b.py"]


def touched(new: str) -> set[str]:
    """Return the names of the definitions that a change of `OLD` touches."""
    python = language_of("a.py")
    blob = Source(new, python)
    return {
        name for name, _, _ in _touched("a.py", blob, opcodes(Source(OLD, python), blob)).values()
    }


def test_what_is_around_changed_lines_is_touched_and_around_both_sides_of_what_went():
    assert touched(OLD.replace("return 1", "return 3")) == {"f"}
    assert touched(OLD.replace("    y = 2\n", "")) == {"A"}
    assert touched(OLD.replace("\n\ndef g():\n    return 2\n", "")) == set()
