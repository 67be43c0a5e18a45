"""Prompts that know the codebase: gathered once per stay, and the same bytes from then on."""

from tandem.core.text import Span, Text
from tandem.features.inline import visits as module
from tandem.features.inline.visits import DEADLINE_S, Visits
from tandem.index.context.ring import Ring
from tandem.workspace.documents import Document
from tests.index.context.small import SHOP, place
from tests.support.clock import NOON

PATH = "shop/basket.py"
TEXT = """from shop.prices import PriceList

class Basket:
    def __init__(self, prices: PriceList):
        self.prices = prices

    def total(self):
        return self.prices.
"""


class Known:
    """An index of the small shop; counts how often its code is asked for."""

    def __init__(self) -> None:
        small = place(SHOP, PATH, f"{TEXT}$0")
        self.code = small.code
        self.windows = small.windows
        self.ring = Ring()
        self.asked = 0

    @property
    def codebase(self):
        self.asked += 1
        return self.code

    def path_of(self, uri: str) -> str | None:
        return uri.removeprefix("file:///w/") if uri.startswith("file:///w/") else None


class Ticking:
    """A clock on which every look costs a while."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.time = 0.0

    def monotonic(self) -> float:
        self.time += self.step
        return self.time

    def now(self):
        return NOON

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def document(text: str = TEXT, uri: str = f"file:///w/{PATH}") -> Document:
    return Document(uri, "python", 1, Text.of(text))


def at_dot(doc: Document) -> int:
    return str(doc.text).rindex("self.prices.") + len("self.prices.")


def test_a_prompt_tells_of_what_the_place_needs():
    doc = document()
    found = Visits(Known(), Ticking(0)).prompt(doc, at_dot(doc))

    assert found is not None
    prompt, suffix = found
    assert "def price_for(self, code)" in prompt
    assert prompt.endswith("        return self.prices.")
    assert suffix == "\n"


def test_the_next_keystrokes_repeat_every_byte_and_ask_for_nothing():
    known, doc = Known(), document()
    visits, offset = Visits(known, Ticking(0)), at_dot(doc)
    before = visits.prompt(doc, offset)
    asked = known.asked
    for typed in "price":
        text = doc.text.replace(Span(offset, offset), typed)
        doc, offset = document(str(text)), offset + 1
        after = visits.prompt(doc, offset)
        assert before is not None
        assert after is not None
        assert after[0].startswith(before[0])
        before = after
    assert known.asked == asked == 1


def test_an_edit_elsewhere_is_appended_on_return_and_the_rest_stays():
    known, doc = Known(), document()
    visits = Visits(known, Ticking(0))
    before = visits.prompt(doc, at_dot(doc))
    known.ring = known.ring.noted("shop/unrelated.py", 2)
    after = visits.prompt(doc, at_dot(doc))

    assert before is not None
    assert after is not None
    shared = before[0][: before[0].index(f"# {PATH}\n")]
    assert after[0].startswith(shared)
    assert known.asked == 2
    visits.prompt(doc, at_dot(doc))
    assert known.asked == 2, "the same edit is no news the second time"


def test_what_is_not_of_the_workspace_has_no_visit():
    doc = document(uri="file:///elsewhere/a.py")

    assert Visits(Known(), Ticking(0)).prompt(doc, 0) is None


def test_past_the_deadline_a_prompt_goes_without():
    doc = document()
    prompt = Visits(Known(), Ticking(DEADLINE_S)).prompt(doc, at_dot(doc))

    assert prompt is not None
    assert "price_for" not in prompt[0]
    assert prompt[0].endswith("return self.prices.")


def test_a_closed_document_is_entered_anew():
    known, doc = Known(), document()
    visits = Visits(known, Ticking(0))
    visits.prompt(doc, at_dot(doc))
    visits.forget(doc.uri)
    visits.prompt(doc, at_dot(doc))

    assert known.asked == 2


OTHER = "shop/till.py"


def context(prompt: tuple[str, str] | None, path: str) -> str:
    assert prompt is not None
    return prompt[0][: prompt[0].rindex(f"# {path}\n")]


def test_the_next_file_begins_with_what_the_first_was_told(monkeypatch):
    monkeypatch.setattr(module, "_WORTH", 1)
    known, doc = Known(), document()
    visits = Visits(known, Ticking(0))
    first = context(visits.prompt(doc, at_dot(doc)), PATH)
    other = document("x = 1\n", f"file:///w/{OTHER}")
    second = context(visits.prompt(other, 0), OTHER)

    assert "price_for" in first
    assert second.startswith(first)


def test_what_is_shared_of_a_file_that_has_changed_is_told_no_more(monkeypatch):
    monkeypatch.setattr(module, "_WORTH", 1)
    known, doc = Known(), document()
    visits = Visits(known, Ticking(0))
    assert "price_for" in context(visits.prompt(doc, at_dot(doc)), PATH)
    monkeypatch.setattr(known.code, "state", lambda _path: (9, 9))
    other = document("x = 1\n", f"file:///w/{OTHER}")

    found = visits.prompt(other, 0)
    assert found is not None
    assert "price_for" not in found[0]


def test_what_is_shared_tells_nothing_of_the_open_file(monkeypatch):
    monkeypatch.setattr(module, "_WORTH", 1)
    visits, doc = Visits(Known(), Ticking(0)), document()
    assert "class PriceList" in context(visits.prompt(doc, at_dot(doc)), PATH)
    emptied = document("x = 1\n", "file:///w/shop/prices.py")

    assert "class PriceList" not in context(visits.prompt(emptied, 0), "shop/prices.py")


def test_little_is_not_shared_and_nothing_for_long(monkeypatch):
    other = document("x = 1\n", f"file:///w/{OTHER}")
    for worth, pause in ((10_000, 0.0), (1, 4000.0)):
        monkeypatch.setattr(module, "_WORTH", worth)
        clock, doc = Ticking(0), document()
        visits = Visits(Known(), clock)
        visits.prompt(doc, at_dot(doc))
        clock.time += pause
        found = visits.prompt(other, 0)
        assert found is not None
        assert "price_for" not in found[0]
