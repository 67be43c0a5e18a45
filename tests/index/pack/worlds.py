"""Codebases that change, made by hypothesis: small files, few paths, so that all cases collide."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tandem.core import diff, tokens
from tandem.index.pack.compact import Options, Rate
from tandem.index.pack.layout import Entry, Level
from tandem.index.pack.state import Moment, State

RATE = Rate(22_000, 660_000)
LINES = ["", "a", "def f():", "    x = 1", "</file>", '<file path="b">', "é😋\u2028\r", "-- a/b"]
PATHS = ["a.py", "b.py", "b/c.py", 'q"\n.py', "é.py", "z"]
texts = st.lists(st.sampled_from(LINES), max_size=30).map("\n".join)
entries = st.builds(
    Entry,
    text=texts,
    skeleton=st.sampled_from(["", "def f()", "def f()\ndef g()\n", "é"]),
    changed=st.integers(0, 3),
    rank=st.sampled_from([0.0, 0.5, 2.0]),
)
trees = st.dictionaries(st.sampled_from(PATHS), entries, max_size=len(PATHS))
options = st.builds(
    Options,
    window=st.integers(450, 1500),
    reserve=st.just(0),
    log_most=st.sampled_from([40, 400]),
    log_least=st.sampled_from([10, 80]),
    log_percent=st.sampled_from([8, 40]),
    turns=st.integers(1, 4),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A new tree, at a time, for a model, after some calls."""

    tree: dict[str, Entry]
    wait_s: int
    model: str
    system: str
    calls: int


steps = st.builds(
    Step,
    tree=trees,
    wait_s=st.sampled_from([10, 10, 10, 100_000]),
    model=st.sampled_from(["pro", "pro", "pro", "flash"]),
    system=st.sampled_from(["Be brief.", "Be brief.", "Be brief.", "Be long."]),
    calls=st.integers(0, 3),
)


def moment(now_s: int = 0, model: str = "pro", system: str = "Be brief.") -> Moment:
    """Return the circumstances of a call."""
    return Moment(model, system, RATE, now_s)


def replayed(state: State) -> dict[str, str | None]:
    """Return what a reader knows: the snapshot's texts with the log's printed diffs applied."""
    known: dict[str, str | None] = {
        file.path: file.text for turn in state.turns for file in turn.files
    }
    for change in state.log:
        lines = change.text.split("\n")
        body = [
            line
            for n, line in enumerate(lines[1:-2])
            if not (line.startswith("Only signatures of ") and n < len(change.after))
        ]
        for item in diff.parse("".join(f"{line}\n" for line in body)):
            old = known.pop(item.old, None) if item.old is not None else None
            new = diff.apply(old, item)
            if item.new is not None:
                known[item.new] = new
    return known


def visible(state: State) -> dict[str, str | None]:
    """Return what the state says it shows."""
    return {
        path: file.text for path, file in state.shown.items() if file.level is not Level.OMITTED
    }


def size(text: str) -> int:
    """Return the estimate that the packs use."""
    return tokens.estimate(text)
