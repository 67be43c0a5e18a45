"""Completion at a cursor: what is inserted joins both sides, on one line, wherever it stands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.index.lm.model import FileModel, RepositoryModel, Suggestion, complete
from tandem.index.lm.train import train

MODULE = """import logging

logger = logging.getLogger(__name__)


class Loader:
    def __init__(self, path, encoding):
        self.path = path
        self.encoding = encoding

    def load(self):
        with open(self.path, encoding=self.encoding) as file:
            return file.read()


def main():
    for number in range(len(items)):
        logger.info("loading %s", number)
    values["key"] = Loader(items[number], encoding="utf-8")
"""


OPENED = "def load(self):\n    with open(self.path, encoding=self.encoding) as file:\n"
NAMES = ("One", "Two", "Six", "Ten", "Nil", "Max")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> RepositoryModel:
    out = tmp_path_factory.mktemp("lm") / "model"
    train(
        [(f"{name}.py", MODULE.replace("Loader", name)) for name in NAMES],
        out,
    )
    model = RepositoryModel.open(out)
    assert model is not None
    return model


def texts(marked: str) -> tuple[str, str]:
    left, _, right = marked.partition("$0")
    return left, right


def ask(marked: str, repository: RepositoryModel | None = None) -> str:
    left, right = texts(marked)
    found = complete(left, right, repository=repository, file=None)
    return "" if found is None else found.text


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param("import lo$0\n", "gging", id="half a word"),
        pytest.param("import $0\n", "logging", id="after a blank"),
        pytest.param("import$0\n", " logging", id="after a whole word"),
        pytest.param(
            "x = 1\nimport logging\n\nlogger$0\n",
            " = logging.getLogger(__name__)",
            id="rest of line",
        ),
        pytest.param("logger =$0\n", " logging.getLogger(__name__)", id="half an operator"),
        pytest.param("for number in range(len($0)):\n", "items", id="inside brackets"),
        pytest.param('values["$0"] = 1\n', "key", id="inside quotes"),
        pytest.param(
            "with open($0) as file:\n", "self.path, encoding=self.encoding", id="arguments"
        ),
        pytest.param(
            OPENED + "        $0\n",
            "return file.read()",
            id="next line",
        ),
        pytest.param(
            OPENED.replace("    ", "\t").replace("\n", "\r\n") + "\t\t$0\r\n",
            "return file.read()",
            id="tabs and carriage returns",
        ),
    ],
)
def test_the_repository_finishes_the_line(
    marked: str, expected: str, repository: RepositoryModel
) -> None:
    assert expected == ask(marked, repository)


def test_a_name_of_this_file_is_copied_into_a_shape_the_repository_knows(
    repository: RepositoryModel,
) -> None:
    marked = "class New:\n    def __init__(self, zebra, quagga):\n        self.zebra = $0\n"

    assert ask(marked, repository) == "zebra"


def test_without_any_model_the_lines_around_the_cursor_answer() -> None:
    marked = 'total = compute_total(basket)\nprint("total", total)\nother = comp$0\n'

    assert ask(marked) == "ute_total(basket)"


def test_the_file_model_knows_lines_far_from_the_cursor() -> None:
    far = "registry.register(Handler, priority=3)\n" * 3
    filler = "".join(f"value_{number} = {number}\n" for number in range(900))
    left = f"{far}{filler}registry."
    file = FileModel.build(far + filler)
    alone = complete(left, "\n", repository=None, file=None)
    found = complete(left, "\n", repository=None, file=file)

    assert alone is None or alone.text != "register(Handler, priority=3)"
    assert found is not None
    assert found.text == "register(Handler, priority=3)"


def test_a_stale_file_model_does_not_answer_with_what_stood_at_the_cursor() -> None:
    above = "alpha = 1\nbeta = 2\ngamma = alpha + beta\ndelta = gamma * alpha\nepsilon = "
    stale = FileModel.build(f"{above}qqq\nzeta = 3\n")
    found = complete(above, "\nzeta = 3\n", repository=None, file=stale)

    assert found is None or "qqq" not in found.text


def test_inside_a_word_nothing_is_offered(repository: RepositoryModel) -> None:
    assert ask("import log$0ging\n", repository) == ""


def test_a_finished_line_is_not_gone_on_with(repository: RepositoryModel) -> None:
    left, right = texts("import logging$0\n")
    found = complete(left, right, repository=repository, file=None)

    assert found is None or found.confidence < 0.4


@pytest.mark.parametrize(
    "marked", ["$0", "\n\n$0\n\n", "   $0", "é$0", "\x00$0", '"""$0', ")))$0((("]
)
def test_odd_places_give_one_line_or_nothing(marked: str, repository: RepositoryModel) -> None:
    text = ask(marked, repository)

    assert "\n" not in text
    assert "\r" not in text


def test_a_cancelled_search_stops_at_once(repository: RepositoryModel) -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 2

    found = complete("with open(", "\n", repository=repository, file=None, cancelled=cancelled)

    assert found is None
    assert len(asked) == 3


def test_the_same_question_gives_the_same_answer(repository: RepositoryModel) -> None:
    left, right = texts("    for number in $0\n")
    answers = {complete(left, right, repository=repository, file=None) for _ in range(5)}

    assert len(answers) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(MODULE)), st.text(alphabet="(["), st.sampled_from([")", "]", "", ")]"]))
def test_what_is_inserted_before_text_is_balanced_and_on_one_line(
    place: int, extra: str, behind: str
) -> None:
    left = MODULE[:place] + extra
    rest = MODULE[place:].partition("\n")[0]
    right = f"{behind}{rest}\n"
    found = complete(left, right, repository=None, file=None)
    if found is None:
        return
    assert isinstance(found, Suggestion)
    assert 0.0 < found.confidence < 1.0
    assert "\n" not in found.text
    assert found.text.strip()
    if (behind + rest).strip():
        for pair in ("()", "[]", "{}"):
            assert found.text.count(pair[0]) == found.text.count(pair[1]) or '"' in found.text


def test_confidence_falls_when_the_names_to_come_are_unknown(repository: RepositoryModel) -> None:
    known = complete(*texts("        self.encoding$0\n"), repository=repository, file=None)
    unknown = complete(*texts("        self.xylophone$0\n"), repository=repository, file=None)

    assert known is not None
    assert unknown is None or unknown.confidence < known.confidence
