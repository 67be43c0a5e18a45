"""What is known of a cache, in plain words."""

from tandem.engine.probe.findings import Beginning, Bracket, Findings, Kept
from tandem.engine.probe.sentences import NO_CACHE, sentences

THIRD = "hit from the third request on; hits come in steps of 128 tokens"
SECOND = (
    "hit from the second request on; hits come in steps of 256 tokens, "
    "and reach all of what is alike from the third on"
)
CHAT = Kept(
    tried=True,
    from_request=2,
    unit=128,
    smallest=Bracket(130, 128),
    delay=Bracket(4.25, 3.0),
    lifetime=Bracket(90, 94),
    beginning=Beginning(3, 128, None, 3),
)


def test_what_was_measured_is_one_sentence_each():
    found = Findings(CHAT, Kept(tried=True), True, False, None, any_hit=True)

    assert list(sentences(found)) == [
        "chat: a repeated prompt hits from the second request on",
        "chat: the shortest prompt that hit has 130 tokens; one of 128 did not",
        "chat: hits come in steps of 128 tokens",
        f"chat: prompts that begin alike {THIRD}",
        "chat: a prompt hits 4.25 s after it was sent, not yet after 3 s",
        "chat: an unused prompt is kept for 1 min 30 s at least, not for 1 min 34 s",
        "FIM: a repeated prompt never hits",
        "chat: the end of an input is kept",
        "chat: the end of an answer is not kept",
    ]


def test_units_at_intervals_and_what_cannot_be_told_apart():
    fim = Kept(
        tried=True,
        from_request=2,
        unit=1,
        smallest=Bracket(12),
        delay=Bracket(0.0),
        lifetime=Bracket(530),
        beginning=Beginning(2, 256, 3, 3),
    )
    chat = Kept(tried=True, beginning=Beginning(2, 64, None, 3))
    said = list(sentences(Findings(chat, fim, shared=False, any_hit=True)))

    assert said[0] == "chat: a repeated prompt never hits"
    assert said[2:7] == [
        "FIM: a repeated prompt hits from the second request on",
        "FIM: the shortest prompt that hit has 12 tokens",
        "FIM: hits are exact to the token",
        f"FIM: prompts that begin alike {SECOND}",
        "FIM: a prompt hits at once",
    ]
    assert said[7] == "FIM: an unused prompt is kept for 8 min 50 s at least, its end was not seen"
    assert all("needs no unit of its own" in sentence for sentence in said[8:10])
    assert said[10] == "chat and FIM do not share what they keep"


def test_what_never_hits_is_said_once_and_nothing_is_said_of_nothing():
    assert list(sentences(Findings(Kept(tried=True), Kept(tried=True)))) == [NO_CACHE]
    assert list(sentences(Findings())) == []
    assert list(sentences(Findings(), "no such model")) == ["FIM: refused (no such model)"]


def test_beginnings_that_never_hit():
    chat = Kept(tried=True, beginning=Beginning(None, None, None, 4))
    said = list(sentences(Findings(chat, any_hit=True)))

    assert "chat: prompts that only begin alike do not hit, in 4 requests" in said
    assert said[-1] == "chat: whether the end of an answer is kept was not seen"
