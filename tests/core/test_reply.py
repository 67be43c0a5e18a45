"""A reply does not depend on how its pieces were cut or how calls interleaved."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.model import (
    Billed,
    Event,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from tandem.core.reply import Reply, ReplyBuilder

words = st.text("ab é😋\n", max_size=5)
pieces = st.one_of(
    st.builds(TextDelta, words),
    st.builds(ReasoningDelta, words),
    st.builds(ToolCallDelta, index=st.integers(0, 2), arguments=words),
)
END = (Stopped(Stop.TOOL_CALLS, "m"), Billed(Usage(1, 2, 3, 1), "m"))


def replied(events: Iterable[Event]) -> Reply:
    builder = ReplyBuilder()
    for event in events:
        builder.feed(event)
    return builder.reply()


def cut(event: Event) -> list[Event]:
    """Cut a delta into deltas of single characters."""
    match event:
        case TextDelta(text):
            return [TextDelta(char) for char in text]
        case ReasoningDelta(text):
            return [ReasoningDelta(char) for char in text]
        case ToolCallDelta(index, _, _, arguments):
            return [
                ToolCallDelta(index),
                *(ToolCallDelta(index, arguments=char) for char in arguments),
            ]
        case _:
            return [event]


@given(st.lists(pieces, max_size=12))
def test_any_chunking_of_the_same_deltas_gives_the_same_reply(events):
    single = [part for event in events for part in cut(event)]

    reply = replied([*events, *END])
    assert replied([*single, *END]) == reply
    assert reply.text == "".join(e.text for e in events if isinstance(e, TextDelta))
    assert reply.reasoning == "".join(e.text for e in events if isinstance(e, ReasoningDelta))
    arguments = dict[int, str]()
    for event in events:
        if isinstance(event, ToolCallDelta):
            arguments[event.index] = arguments.get(event.index, "") + event.arguments
    assert [call.arguments for call in reply.tool_calls] == [
        arguments[n] for n in sorted(arguments)
    ]


@given(st.lists(pieces, max_size=12), st.randoms(use_true_random=False))
def test_calls_text_and_reasoning_may_interleave_in_any_way(events, dice):
    """Only the order within text, within reasoning and within one call matters."""
    lanes: dict[object, list[Event]] = {}
    for event in events:
        lane = event.index if isinstance(event, ToolCallDelta) else type(event)
        lanes.setdefault(lane, []).append(event)
    woven = []
    while lanes:
        lane = dice.choice(list(lanes))
        woven.append(lanes[lane].pop(0))
        lanes = {key: rest for key, rest in lanes.items() if rest}

    assert replied(woven) == replied(events)


def test_tool_calls_keep_the_first_id_and_name_and_come_by_index():
    reply = replied([
        ToolCallDelta(1, "b", "write", '{"x"'),
        ToolCallDelta(0, "a", "read", "{"),
        ToolCallDelta(1, "", "", ":1}"),
        ToolCallDelta(0, "z", "other", "}"),
    ])  # fmt: skip

    assert reply.tool_calls == (ToolCall("a", "read", "{}"), ToolCall("b", "write", '{"x":1}'))


def test_a_reply_can_be_asked_for_at_any_time():
    builder = ReplyBuilder()
    assert builder.reply() == Reply("", "", (), None, None, "")

    builder.feed(TextDelta("a"))
    half = builder.reply()
    builder.feed(TextDelta("b"))
    for event in END:
        builder.feed(event)

    assert half == Reply("a", "", (), None, None, "")
    assert builder.reply() == Reply("ab", "", (), Stop.TOOL_CALLS, Usage(1, 2, 3, 1), "m")
    assert (builder.usage, builder.model) == (Usage(1, 2, 3, 1), "m")


@given(st.lists(pieces, max_size=12))
def test_every_delta_counts_as_a_token_and_nothing_else_does(events):
    builder = ReplyBuilder()
    for event in [*events, *END]:
        builder.feed(event)

    assert builder.deltas == len(events)


def test_nothing_that_was_said_shows_in_a_representation():
    reply = replied(
        [TextDelta("canary"), ReasoningDelta("canary"), ToolCallDelta(0, "i", "n", "canary")]
    )

    assert "canary" not in repr(reply)


def test_the_prompt_is_what_hit_and_what_missed():
    assert Usage(hit=3, miss=4, output=9, reasoning=2).prompt == 7
