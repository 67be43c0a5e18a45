"""Changed lines of open documents: against the last commit, known from the second question on."""

import subprocess

import pytest

from tandem.core.text import Text
from tandem.workspace.hunks import Hunks

pytestmark = pytest.mark.asyncio(loop_scope="function")

OLD = "one\ntwo\nthree\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a.py").write_text(OLD, "utf-8")
    for words in (
        ("init", "-q"), ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "Begin"),
    ):  # fmt: skip
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)
    return tmp_path


async def known(hunks: Hunks, path: str, text: Text) -> frozenset[int]:
    hunks.changed(path, text)
    await hunks.settled()
    return hunks.changed(path, text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (OLD, set()),
        ("one\nTWO\nthree\n", {1}),
        ("one\nnew\ntwo\nthree\n", {1}),
        ("one\nthree\n", {0, 1}),  # next to the line that went
        ("one\r\ntwo\r\nthree\r\n", set()),
    ],
)
async def test_lines_that_are_not_as_they_were_committed(root, text, lines):
    assert await known(Hunks(root), "a.py", Text.of(text)) == lines


async def test_a_new_file_is_new_in_every_line(root):
    assert await known(Hunks(root), "b.py", Text.of("one\ntwo")) == {0, 1}


async def test_the_first_question_is_not_waited_for(root):
    hunks = Hunks(root)
    assert hunks.changed("a.py", Text.of("ONE\n")) == frozenset()
    await hunks.settled()


async def test_outside_of_git_nothing_is_known(tmp_path):
    assert await known(Hunks(tmp_path), "a.py", Text.of("one\n")) == frozenset()
