"""Parts of a large change: each file in one, what hangs together together, none too long."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.features.review import groups
from tandem.features.review.change import Change, change_of
from tandem.features.review.groups import parts, size_of
from tandem.index.code import Code
from tests.support.code import codebase

LONG = "".join(f"value_{n} = {n} * 'something that takes a few tokens'\n" for n in range(1, 60))
SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=14)


@pytest.fixture(scope="module", autouse=True)
def _twentieth():
    """Cut by a twentieth, so that a file of a page is a long one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(groups, "BUDGET", groups.BUDGET // 20)
        yield


def change(
    before: dict[str, str], after: dict[str, str], *, wanted: str = "x"
) -> tuple[Change, Code]:
    paths = {path for path in {**before, **after} if before.get(path) != after.get(path)}
    made = change_of(wanted, {p: before.get(p) for p in paths}, {p: after.get(p) for p in paths})
    return made, codebase(after)


def of_sizes(sizes: list[int], imports: list[int]) -> tuple[Change, Code]:
    lines = LONG.splitlines(keepends=True)
    texts = {}
    for number, size in enumerate(sizes):
        other = imports[number % len(imports)] % len(sizes) if imports else number
        head = f"import m{other:02}\n" if other != number else ""
        texts[f"m{number:02}.py"] = f"{head}own_{number} = 1\n{''.join(lines[:size])}"
    return change({}, texts)


@given(SIZES, st.lists(st.integers(0, 13), max_size=5))
def test_every_file_is_in_exactly_one_part(sizes, imports):
    made, code = of_sizes(sizes, imports)
    found = Counter(path for part in parts(made, code) for path in part.paths)
    assert found == Counter(one.path for one in made.files)


@given(SIZES, st.lists(st.integers(0, 13), max_size=5))
def test_no_part_is_too_long_unless_one_file_alone_is(sizes, imports):
    made, code = of_sizes(sizes, imports)
    for part in parts(made, code):
        assert part.tokens == sum(map(size_of, part.files))
        assert part.tokens <= groups.BUDGET or len(part.files) == 1


@given(SIZES, st.lists(st.integers(0, 13), max_size=5))
def test_the_same_change_is_always_cut_the_same_way(sizes, imports):
    first, again = (parts(*of_sizes(sizes, imports)) for _ in range(2))
    assert [part.paths for part in first] == [part.paths for part in again]


@given(SIZES, st.sets(st.integers(0, 13)))
def test_only_what_is_wanted_is_cut(sizes, chosen):
    made, code = of_sizes(sizes, [])
    wanted = [f"m{number:02}.py" for number in chosen]
    found = {path for part in parts(made, code, wanted) for path in part.paths}
    assert found == {one.path for one in made.files} & set(wanted)


@given(SIZES)
def test_two_parts_never_fit_into_one(sizes):
    made, code = of_sizes(sizes, [])
    found = parts(made, code)
    assert all(a.tokens + b.tokens > groups.BUDGET for a in found for b in found if a is not b)


def small(path: str, words: str = "") -> str:
    return f"def of_{path.partition('.')[0]}():\n    return 1\n{words}\n"


@pytest.mark.parametrize("words", ["from d import of_d", "of_d()"])
def test_files_that_import_or_use_each_other_are_one_part(words, monkeypatch):
    texts = {path: small(path) for path in ("b.py", "c.py", "d.py")}
    made, code = change({}, {"a.py": small("a.py", words), **texts})
    monkeypatch.setattr(groups, "BUDGET", size_of(made.files[0]) + size_of(made.files[3]))
    found = [part.paths for part in parts(made, code)]
    assert ("a.py", "d.py") in found
    assert len(found) == 2


def test_without_a_tie_it_goes_by_the_path(monkeypatch):
    made, code = change({}, {path: small(path) for path in ("a.py", "b.py", "c.py", "d.py")})
    monkeypatch.setattr(groups, "BUDGET", 2 * size_of(made.files[0]))
    assert [part.paths for part in parts(made, code)] == [("a.py", "b.py"), ("c.py", "d.py")]


def test_of_nothing_there_are_no_parts():
    made, code = change({}, {})
    assert parts(made, code) == ()
