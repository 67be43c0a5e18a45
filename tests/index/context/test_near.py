import pytest

from tandem.core.text import Text
from tandem.index.context.near import FAR, keywords, sight
from tandem.index.context.ring import HALF, Edit, Ring

TEXT = (
    "top = 1\n"
    + "filler\n" * 200
    + "near = other.dotted\ncursor here\nbelow\n"
    + "z\n" * 300
    + "end"
)


def test_distances_are_lines_to_the_nearest_occurrence():
    offset = TEXT.index("cursor")
    seen = sight(Text.of(TEXT), offset, "python")
    assert [seen.distance[w] for w in ("cursor", "near", "below", "filler")] == [0, 1, 1, 2]
    assert "top" not in seen.distance
    assert "end" not in seen.distance
    assert seen.count["top"] == seen.count["end"] == 1
    assert seen.dotted == {"dotted"}
    assert max(seen.distance.values()) <= FAR


def test_the_query_fades_with_distance_and_has_no_keywords():
    text = "import far_away\n" + "\n" * 9 + "return close_by\n"
    query = sight(Text.of(text), len(text) - 2, "python").query
    assert query["close_by"] > query["far_away"] > 0
    assert query.keys() == {"far_away", "close_by"}


@pytest.mark.parametrize("text", ["", "\n\n\n", "x", "word\r\nother\r\n"])
def test_any_text_can_be_looked_at(text):
    for offset in range(len(text) + 1):
        assert set(sight(Text.of(text), offset, "python").distance) <= {"x", "word", "other"}


def test_keywords_of_any_language_have_the_receiver():
    assert {"self", "return"} <= keywords("python")
    assert "this" in keywords("nonsense")


def test_the_ring_holds_each_chunk_once_newest_first():
    ring = Ring().noted("a", 10).noted("b", 5).noted("a", 12).noted("a", 12 + HALF)
    assert ring.edits == (Edit("a", 12 + HALF), Edit("a", 12), Edit("b", 5))
    assert ring.without("a") == (Edit("b", 5),)


def test_the_ring_follows_lines_that_come_and_go():
    ring = Ring((Edit("a", 10), Edit("a", 50), Edit("b", 50)))
    assert ring.shifted("a", 20, 7).edits == (Edit("a", 10), Edit("a", 57), Edit("b", 50))
    assert ring.shifted("a", 40, -30).edits == (Edit("a", 10), Edit("a", 40), Edit("b", 50))


def test_the_ring_is_bounded():
    ring = Ring()
    for n in range(1000):
        ring = ring.noted("a", n * HALF)
    assert len(ring.edits) < 100
    assert len(ring.without("b")) == 16
    assert ring.without("b")[0].line == 999 * HALF
    assert Edit("a", 3).first == 0
