"""A prompt on record: the same back, without its tail, and None for all that is no record."""

from hypothesis import example, given
from hypothesis import strategies as st

from tandem.index.pack import record
from tandem.index.pack.explain import Prompt, explain
from tandem.index.pack.layout import Kind, Section
from tandem.index.pack.record import Record
from tests.index.pack.worlds import RATE

sections = st.builds(
    Section,
    kind=st.sampled_from(Kind),
    name=st.text(max_size=5),
    text=st.text(st.characters(), max_size=30),  # lone surrogates too
    tokens=st.integers(0, 10**9),
)
prompts = st.builds(
    Prompt, sections=st.lists(sections, max_size=6).map(tuple), cuts=st.integers(0, 99)
)
records = st.builds(
    Record, model=st.text(max_size=9), prompt=prompts, sent_s=st.none() | st.integers(0, 2**40)
)


@given(records)
def test_a_record_comes_back_without_focus_and_task(kept):
    back = record.parse(record.dump(kept))

    assert back == Record(kept.model, Prompt(kept.prompt.prefix, kept.prompt.cuts), kept.sent_s)
    assert explain(kept.prompt, back.prompt, RATE) is None
    assert record.parse(record.dump(back)) == back


DUMP = record.dump(
    Record("pro", Prompt((Section(Kind.FILE, "a.py", "é" * 9, 9), Section(Kind.TASK, "t", "x", 1))))
)


def test_the_tail_is_not_on_disk():
    assert b'"TASK"' not in DUMP
    assert DUMP.endswith("é".encode())


@given(st.integers(0, len(DUMP) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_noticed(place, flip):
    damaged = bytearray(DUMP)
    damaged[place] ^= flip

    assert record.parse(bytes(damaged)) is None


@given(st.integers(0, len(DUMP) - 1))
def test_a_cut_file_is_noticed(length):
    assert record.parse(DUMP[:length]) is None


@given(st.binary(max_size=60))
@example(b"\2\0\0\0{}")
@example(b"\2\0\0\0[]")
@example(b"\1\0\0\0")
def test_a_body_that_is_signed_but_foreign_is_none(body):
    header = record._HEADER.pack(record._MAGIC, record._checksum(body))

    assert record.parse(header + body) is None
