"""Fit the weights by which names are ranked, and print them, ready to commit.

    python -m tests.bench.recall_fit GIT_DIRECTORY...

Logistic regression of "this candidate was typed" on `tandem.index.context.likely`'s features, over
hidden hunks of commits older than the 60 that `tests.bench.recall` reports on. A typed name that
the open file's own 2,000 tokens lack counts twice. It deliberately writes no source file: a person
looks at the weights first.
"""

import sys
from collections.abc import Iterator, Sequence

import numpy as np

from tandem.core.text import Text
from tandem.index.context import excerpts, likely
from tandem.index.context.assemble import HITS
from tandem.index.context.near import sight
from tandem.index.context.ring import Edit, Ring
from tests.bench.recall import COMMITS, Bench
from tests.bench.recall_cases import Case, hunks

OLDER = 240
UNSEEN = 2.0
RIDGE = 1.0
_ROUNDS = 30

Example = tuple[dict[str, float], bool, float]


def examples(bench: Bench, case: Case) -> Iterator[Example]:
    """Yield (features, was typed, weight) of every candidate of a case."""
    code = bench.world.code
    code.open(case.path, case.visible.facts, case.visible.text)
    seen = sight(Text.of(case.visible.text), case.offset, "python")
    ring = Ring(tuple(Edit(path, line) for path, line in case.ring))
    edits = excerpts.edited(code, ring.without(case.path))
    like = excerpts.alike(code, bench.windows.search(seen.query, case.path, HITS))
    around = likely.Around(
        case.path,
        "python",
        seen,
        [(piece.path, piece.words) for piece in edits],
        [piece.words for piece in like],
    )
    for word, features in likely.described(code, bench.windows, around):
        typed = word in case.gold
        yield features, typed, UNSEEN if typed and word not in case.known else 1.0
    code.close(case.path)


def fitted(rows: Sequence[Example]) -> dict[str, float]:
    """Return the weights of highest penalised likelihood, by Newton's steps."""
    names = sorted({name for features, _, _ in rows for name in features})
    column = {name: n for n, name in enumerate(names)}
    x = np.zeros((len(rows), len(names)), dtype=np.float32)
    for n, (features, _, _) in enumerate(rows):
        for name, value in features.items():
            x[n, column[name]] = value
    y = np.array([typed for _, typed, _ in rows], dtype=float)
    counted = np.array([count for _, _, count in rows])
    weights = np.zeros(len(names))
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (counted * (y - chance)) - RIDGE * weights
        curve = (x * (counted * chance * (1 - chance))[:, None]).T @ x
        weights += np.linalg.solve(curve + RIDGE * np.eye(len(names)), slope)
    return dict(zip(names, weights.tolist(), strict=True))


def main(argv: Sequence[str]) -> int:
    """Print the weights as source."""
    rows: list[Example] = []
    for directory in argv:
        bench = Bench(directory)
        for case in hunks(bench.world, OLDER, skip=COMMITS):
            bench.follow()
            rows += examples(bench, case)
        bench.world.repository.close()
    for name, weight in fitted(rows).items():
        print(f'    "{name}": {weight:.2f},')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
