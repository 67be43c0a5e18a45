"""A pack on disk: the same state back, the same bytes for the same state, None for all else."""

from hypothesis import example, given
from hypothesis import strategies as st

from tandem.index.pack import layout, persist, state
from tandem.index.pack.compact import Options
from tandem.index.pack.layout import Entry
from tandem.index.pack.state import State
from tests.index.pack import worlds
from tests.index.pack.test_state import histories, walked
from tests.index.pack.worlds import moment


def some_state() -> State:
    options = Options()
    files = {"a.py": Entry("a\nb\n"), "b.py": Entry("lone \ud83d\r\n")}
    current = state.begin(files, moment(), options)
    return state.advance(current, {**files, "a.py": Entry("a\nc")}, moment(), options)


@given(histories, worlds.options)
def test_a_state_comes_back_and_goes_on_alike(steps, options):
    now = walked(steps, options)[-1]
    back = persist.parse(persist.dump(now))

    assert back == now
    assert persist.dump(back) == persist.dump(now)
    assert state.prefix(back) == state.prefix(now)
    later = {**steps[0].tree, "new.py": Entry("x = 1\n")}
    at = moment(10)
    assert state.advance(back, later, at, options) == state.advance(now, later, at, options)


DUMP = persist.dump(some_state())


@given(st.integers(0, len(DUMP) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_noticed(place, flip):
    damaged = bytearray(DUMP)
    damaged[place] ^= flip

    assert persist.parse(bytes(damaged)) is None


@given(st.integers(0, len(DUMP) - 1))
def test_a_cut_file_is_noticed(length):
    assert persist.parse(DUMP[:length]) is None


@given(st.binary(max_size=80))
@example(b"")
@example(b"{}")
@example(b"[]")
@example(b'{"turns":[],"omitted":[],"log":[[1,"--- a/x\\n+++ b/x\\n",[]]]}')
def test_a_body_that_is_signed_but_foreign_is_none(body):
    header = persist._HEADER.pack(
        persist._MAGIC, persist._FORM, layout.VERSION, persist._checksum(body)
    )

    assert persist.parse(header + body) is None


def test_another_version_is_not_continued(monkeypatch):
    monkeypatch.setattr(layout, "VERSION", layout.VERSION + 1)

    assert persist.parse(DUMP) is None


def test_a_file_is_written_and_read(tmp_path):
    path = tmp_path / "deep" / "pack"

    assert persist.read(path) is None
    persist.write(path, some_state())
    persist.write(path, some_state())
    assert persist.read(path) == some_state()
    assert [entry.name for entry in path.parent.iterdir()] == ["pack"]
