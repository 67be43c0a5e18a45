"""What the prefix cache saves: the last commits, one request about each, by three ways of packing.

Ours (a frozen snapshot and a log of diffs), the files sorted by path and packed anew each time, and
no cache at all. Every request sends the same files whole; counted is the input of all but the
first, which is cold for everybody. Nothing expires. What is ordered by age is ordered by what was
known before the first of the commits.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.core.money import Usd
from tandem.core.tokens import estimate
from tandem.index.languages import id_of
from tandem.index.pack import state
from tandem.index.pack.compact import Options, Rate
from tandem.index.pack.explain import Prompt
from tandem.index.pack.forecast import shared
from tandem.index.pack.layout import Entry
from tandem.index.pack.state import Moment
from tandem.workspace.files import is_source
from tandem.workspace.revisions import last_commits, replayed

_COMMITS: Final = 20
_BEFORE: Final = 500  # commits that tell how old files are
_LONGEST_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Replay:
    """Requests that were replayed, and what their input costs; `hit` of `tokens` were cached."""

    requests: int
    tokens: int
    hit: int
    ours: Usd
    rebuilt: Usd
    uncached: Usd


def replay(root: Path, moment: Moment) -> Replay | None:
    """Replay what a second allows; None if that is not two commits. Blocking."""
    begin = time.perf_counter()
    commits = last_commits(root, _COMMITS + _BEFORE)
    ages: dict[str, int] = {}
    for number, commit in enumerate(commits[_COMMITS:]):
        for path in commit.paths:
            ages.setdefault(path, -number)
    trees = [
        {path: _entry(path, text, ages) for path, text in texts.items()}
        for texts in replayed(root, commits[:_COMMITS][::-1], is_source)
    ]
    return _walked([tree for tree in trees if tree], moment, begin + _LONGEST_S)


def _entry(path: str, text: str, ages: Mapping[str, int]) -> Entry:
    oldest = -_BEFORE - 1
    return Entry(text, changed=ages.get(path, oldest), language=id_of(path))


def _walked(trees: Sequence[Mapping[str, Entry]], moment: Moment, until: float) -> Replay | None:
    options = Options()
    rate = moment.rate
    requests = tokens = hit = rebuilt = 0
    pack, before = None, Prompt(())
    for number, tree in enumerate(trees):
        if time.perf_counter() > until:
            break
        new = (
            state.begin(tree, moment, options)
            if pack is None
            else state.advance(pack, tree, moment, options)
        )
        pack = state.called(new, moment, options)
        prompt = Prompt(state.sections(pack, "", "", options.estimate))
        if number:
            size = sum(section.tokens for section in prompt.prefix)
            requests, tokens = requests + 1, tokens + size
            hit += sum(s.tokens for s in prompt.prefix[: shared(before, prompt)])
            rebuilt += min(size, _same(trees[number - 1], tree))
        before = prompt
    if not requests:
        return None
    return Replay(
        requests, tokens, hit,
        ours=_cost(tokens, hit, rate),
        rebuilt=_cost(tokens, rebuilt, rate),
        uncached=_cost(tokens, 0, rate),
    )  # fmt: skip


def _same(before: Mapping[str, Entry], now: Mapping[str, Entry]) -> int:
    """Return the tokens of the files, by path, up to the first that differs."""
    size = 0
    for (path, entry), (other, new) in zip(
        sorted(before.items()), sorted(now.items()), strict=False
    ):
        if path != other or entry.text != new.text:
            break
        size += estimate(new.text, new.language)
    return size


def _cost(tokens: int, hit: int, rate: Rate) -> Usd:
    return Usd(hit * rate.hit + (tokens - hit) * rate.miss)
