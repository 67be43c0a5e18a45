"""The judges of the completion bench: what counts as stale, as shown, as quiet, as malformed."""

import asyncio
import random

import pytest

from tandem.core.model import FimRequest
from tandem.core.text import Span
from tandem.workspace.documents import Document
from tests.bench.completion import compared
from tests.bench.completion_model import Answer, Corpus, Model, Scene, shown_until
from tests.bench.completion_play import Editor, Ghost, run_virtually
from tests.bench.malformed import Hole, _shown, holes, judge, overrun
from tests.bench.peers import PEERS
from tests.bench.recall_cases import Blob
from tests.bench.typing import Stay, hunks

OLD = "import os\n\n\ndef first():\n    return 1\n"
NEW = f"{OLD}\n\ndef second(alpha, beta):\n    total = alpha + beta\n    return total * 2\n"
CORPUS = Corpus([OLD, "def other(gamma):\n    total = gamma.rest\n    return total.value\n"])


def stay(old: str = OLD, new: str = NEW) -> Stay:
    return Stay("c", "a.py", old, new, hunks(Blob(old), Blob(new), "seed"))


class Fake:
    """An engine that answers what `say` returns for (text before, done), at once."""

    def __init__(self, model: Model, say) -> None:
        self.model = model
        self.say = say
        self.taken = 0

    def arrived(self, stay: Stay, document: Document, offset: int) -> None:
        pass

    def changed(self, before: Document, span: Span, text: str) -> None:
        pass

    async def ask(self, document: Document, offset: int) -> Ghost | None:
        before = document.text.slice(0, offset)
        text = self.say(before)
        return Ghost(text) if text else None

    def accepted(self) -> None:
        self.taken += 1

    async def left(self, stay: Stay) -> None:
        pass


def play(say, right: float = 1.0) -> Editor:
    model = Model(CORPUS, 0.05, right=right)
    editor = Editor(Fake(model, lambda before: say(model, before)), model)
    run_virtually(lambda: editor.play(stay()))
    return editor


def perfectly(model: Model, before: str) -> str:
    scene = model.scene
    assert scene is not None
    done = scene.done(before)
    if done is None:
        return ""
    gold = scene.hunk.gold(done).partition("\n")[0]
    model._note(Answer(before, gold))
    return gold


# -- the editor --------------------------------------------------------------------------------


def test_a_perfect_engine_is_taken_and_nothing_is_stale():
    editor = play(perfectly)
    score = editor.score
    assert score.stale == 0
    assert score.fitting == score.ghosts > 0
    assert score.taken > 0.3 * score.characters
    assert score.quiet == 1.0


def test_whoever_says_what_no_answer_said_is_stale_and_not_shown():
    score = play(lambda _model, _before: "nonsense").score
    assert score.stale == score.answers > 0
    assert score.quiet == 1.0
    assert score.moments["type"].share == 0


def test_whoever_always_says_something_is_never_quiet():
    def chatty(model: Model, before: str) -> str:
        model._note(Answer(before, "nonsense"))
        return "nonsense"

    score = play(chatty).score
    assert score.stale == 0
    assert score.quiet == 0
    assert (score.fitting, score.taken) == (0, 0)


def test_nothing_real_is_waited_for():
    with pytest.raises(RuntimeError, match="nothing will ever happen"):
        run_virtually(lambda: asyncio.Event().wait())


@pytest.mark.parametrize("name", PEERS)
def test_every_rule_plays_to_the_end(name):
    model = Model(CORPUS, 0.15, right=1.0)
    editor = Editor(PEERS[name](model), model)
    run_virtually(lambda: editor.play(stay()))
    model.finish()
    assert model.bill.requests > 0
    assert editor.score.answers > 0
    assert editor.score.stale == 0
    assert 0 < model.bill.shown <= model.bill.output


# -- the model ---------------------------------------------------------------------------------


def test_the_model_says_the_rest_where_it_is_right_and_the_same_again():
    (hunk,) = stay().hunks
    model = Model(CORPUS, 0.05, right=1.0)
    model.scene = Scene(OLD[: hunk.start], hunk, "\nrest of the file", "here")
    at = hunk.target.index("alpha + ")
    prompt = OLD[: hunk.start] + hunk.target[:at]
    request = FimRequest("m", prompt, "", 400, ("\n",))
    said, _ = model.said(request)
    assert "".join(said).startswith("alpha + beta")
    assert "\n" not in "".join(said)
    assert model.said(request) == (said, _)
    assert len(model.said(FimRequest("m", prompt, "", 2))[0]) == 2


def test_the_model_does_not_know_what_will_be_taken_back():
    (hunk,) = stay().hunks
    model = Model(CORPUS, 0.05, right=1.0)
    model.scene = Scene(OLD[: hunk.start], hunk, "", "here")
    request = FimRequest("m", f"{OLD[: hunk.start]}{hunk.target[:20]}qqq", "", 400)
    assert hunk.target[20:40] not in "".join(model.said(request)[0])


ANSWER = Answer("x" * 100 + "value = ", "compute(a, b)\nnext(c)", 12)


@pytest.mark.parametrize(
    ("typed", "shown", "end"),
    [
        ("", "compute(a, b)", 13),
        ("comp", "ute(a", 9),
        ("", "compute(a, b)\n        next(c)", 21),
        ("compute(a, b)\n", "    next(c)", 21),
        ("", "(a, b)", 13),  # its repeated beginning was cut off
        ("c", "compute", None),
        ("other", "compute", None),
        ("", "something else", None),
    ],
)
def test_what_is_shown_comes_from_an_answer(typed, shown, end):
    assert shown_until(ANSWER, ANSWER.before + typed, shown) == end


def test_near_a_files_start_the_context_before_it_is_not_compared():
    answer = Answer("# other.py\ndef f(): ...\n# here.py\nimport os\nimport s", "sl\nimport sys")
    assert shown_until(answer, "import os\nimport s", "sl") == 2
    assert shown_until(answer, "import os\nimport ss", "l") == 2
    assert shown_until(answer, "import os\nimport t", "ime") is None


def test_what_was_deleted_since_comes_first():
    before = ANSWER.before[: -len("ue = ")]
    assert shown_until(ANSWER, before, "ue = compute") == 7
    assert shown_until(ANSWER, before, "compute") is None


def test_prices_are_compared_with_programs_that_send_as_much():
    found: dict[str, float] = {}
    for name in ("", *[f" {peer}" for peer in PEERS]):
        found |= {f"input_dollars_per_1000_v4ab{name}": 2.0, f"prompt_tokens{name}": 100.0}
        found[f"input_dollars_per_1000_block128{name}"] = 4.0
        found[f"requests_per_line{name}"] = 1.0
    found |= {"input_dollars_per_1000_v4ab tabby": 1.0, "prompt_tokens tabby": 10.0}
    found["input_dollars_per_1000_v4ab minuet"] = 4.0
    found["input_dollars_per_1000_block128"] = 1.0
    ratios = compared(found)
    assert ratios["dollars_over_best_peer"] == 1.0
    assert ratios["dollars_over_best_peer_block128"] == 0.25
    assert ratios["dollars_over_cheapest_peer"] == 2.0
    assert ratios["token_dollars_over_best_peer"] == 1.0


# -- malformed ---------------------------------------------------------------------------------

BEFORE, GOLD, AFTER = "def f(a):\n    x = g", "(a)", "\n    return x\n"


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        ("(a)", ""),
        ("(", ""),  # no more than what stood there
        ("[a]", ""),
        ("[a]]", "1 errors"),
        ('["a', "errors"),
        ("[a]\n    return x", "repeats"),
        ("", ""),
    ],
)
def test_malformed_is_what_breaks_the_file(shown, verdict):
    hole = Hole("f", "python", BEFORE, GOLD, AFTER, "")
    found = judge(hole, shown)
    assert verdict in found
    assert bool(found) == bool(verdict)


def test_what_an_empty_hole_is_as_wrong_as_is_only_doubtful():
    hole = Hole("f", "python", "def f(a):\n    x = ", "g(a)", AFTER, "")
    assert judge(hole, "g(a))").startswith("(1 errors, not 0")


def test_a_repeated_line_that_stood_there_is_none():
    hole = Hole("f", "python", "a()\n", "b()\nc()", "\nb()\n", "")
    assert judge(hole, "b()\nd()") == ""


def test_holes_are_cut_from_the_text_and_repeat():
    text = "\n".join(f"def f{n}(a):\n    b = g(a, {n})\n    return b\n" for n in range(30))
    found = holes([("f", text)], "python", 40)
    assert found == holes([("f", text)], "python", 40)
    assert 10 < len(found) <= 40
    assert all(hole.before + hole.gold + hole.after == text for hole in found)
    assert any("\n" in hole.gold for hole in found)


def test_the_feature_answers_holes_and_nothing_is_invented():
    right = Hole("f", "python", BEFORE, GOLD, AFTER, f"{GOLD}{AFTER}")
    silent = Hole("f", "python", BEFORE, GOLD, AFTER, "")
    found = run_virtually(lambda: _shown([silent, right, silent, right]))
    assert set(found) <= {"", GOLD}
    assert GOLD in found


def test_overruns_begin_with_what_stood_there_or_end_in_it():
    rnd = random.Random(1)  # noqa: S311 - reproducible, not secret
    for _ in range(60):
        said = overrun("g(a)", ")\n    return x\n", rnd)
        assert said.startswith("g(a)") or "g(a)".startswith(said)
