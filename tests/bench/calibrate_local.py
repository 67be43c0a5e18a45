"""Fit the weights of the repository engine and print them, ready to commit.

    python -m tests.bench.calibrate_local

Two fits, on held-out files of pinned corpora in Python, TypeScript, JavaScript and Java: `SHARES`
of `tandem.index.lm.mixture` to the likelihood of the words of held-out lines, then `WEIGHTS` of
`tandem.index.lm.confidence` to whether the lines offered were right.  The second draws
its files anew.

It deliberately touches none of the corpora that `tests.bench.local` reports on, and writes no
source file: a person looks at the losses first.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tandem.index.lm import confidence, cursor, lexer, mixture
from tandem.index.lm.matches import LINE_END
from tandem.index.lm.model import FileModel, RepositoryModel, insertion, sources
from tandem.index.lm.search import RECENT, Walk, search
from tests.bench.local import Hole, fetch, hold_out, holes, language_of, read_corpus, train_without

CORPORA = (
    "scrapy==2.19.0",
    "sphinx==9.0.4",
    "textual==8.2.8",
    "trio==0.35.0",
    "npm:viem@2.57.20",
    "npm:effect@4.1.0:src",
    "npm:three@0.187.0:src",
    "npm:react-native@0.72.0:ReactAndroid",
)
_FILES, _LINES = 30, 10
_SHARE_SEED, _CONFIDENCE_SEED = 5, 6
_UNSEEN = 1e-4
_ROUNDS, _RATE = 400, 0.05

Floats = npt.NDArray[np.float64]
Event = list[tuple[int, tuple[float, ...], float]]


def test_set(name: str, seed: int) -> tuple[RepositoryModel, list[Hole]]:
    """Return a model of corpus `name` without some files, and the holes in those files."""
    texts = read_corpus(fetch(name))
    held = hold_out(texts, _FILES, seed)
    rnd = random.Random(seed)  # noqa: S311 - reproducible, not secret
    found = [hole for path in held for hole in holes(texts[path], language_of(path), _LINES, rnd)]
    repository, _ = train_without(texts, held)
    return repository, found


def walk_at(hole: Hole, repository: RepositoryModel) -> Walk:
    """Return the search at `hole` before its first step."""
    place = cursor.read(hole.left, hole.right)
    file = FileModel.build(hole.left + hole.right)
    return Walk(sources(place, repository, file), place)


def events(hole: Hole, repository: RepositoryModel) -> Iterator[Event]:
    """Yield per hidden word what was observed: origin, features, share of the hidden word."""
    walk = walk_at(hole, repository)
    levels = walk.root
    context = list(walk.cursor.context)
    hidden = [lexer.canonical(token) for token in lexer.lex_line(hole.gold.rstrip())]
    for word in (*hidden, LINE_END):
        event: Event = []
        for seen in mixture.observations(walk.sources, levels, context[-RECENT:]):
            total = sum(seen.counts.values())
            features = mixture.features(seen, total)
            event.append((int(seen.origin), features, seen.counts.get(word, 0.0) / total))
        if event:
            yield event
        context.append(word)
        levels = tuple(source.corpus.levels(context) for source in walk.sources)


def fit_shares(found: Sequence[Event]) -> Floats:
    """Return the weights that make the hidden words most likely (Adam, 400 rounds)."""
    longest = max(map(len, found))
    weights: Floats = np.array(mixture.SHARES)
    features = np.zeros((len(found), longest, weights.shape[1]))
    origins = np.zeros((len(found), longest), np.int64)
    hits = np.zeros((len(found), longest))
    present = np.zeros((len(found), longest))
    for row, event in enumerate(found):
        for column, (origin, values, hit) in enumerate(event):
            features[row, column] = values
            origins[row, column] = origin
            hits[row, column] = hit
            present[row, column] = 1.0
    mean = np.zeros_like(weights)
    square = np.zeros_like(weights)
    for turn in range(1, _ROUNDS + 1):
        loss, slope = _slope(weights, features, origins, hits, present)
        slope -= 1e-4 * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope * slope
        step = mean / (1 - 0.9**turn) / (np.sqrt(square / (1 - 0.99**turn)) + 1e-8)
        weights = weights + _RATE * step
        if turn in (1, _ROUNDS):
            print(f"  round {turn}: {loss:.4f} nats per word")
    return weights


def _slope(
    weights: Floats,
    features: Floats,
    origins: npt.NDArray[np.int64],
    hits: Floats,
    present: Floats,
) -> tuple[float, Floats]:
    """Return the mean loss and the slope of the likelihood in `weights`."""
    part = present / (1 + np.exp(-(features * weights[origins]).sum(-1)))
    rows, columns = part.shape
    below = np.full((rows, columns + 1), _UNSEEN)
    for column in range(columns - 1, -1, -1):
        here = part[:, column]
        below[:, column] = here * hits[:, column] + (1 - here) * below[:, column + 1]
    left = np.cumprod(np.concatenate([np.ones((rows, 1)), 1 - part], 1), 1)[:, :-1]
    slope = left * part * (1 - part) * (hits - below[:, 1:]) / below[:, :1]
    by_origin = [
        (features * (slope * (origins == origin))[..., None]).sum((0, 1))
        for origin in range(len(weights))
    ]
    return float(-np.log(below[:, 0]).mean()), np.stack(by_origin) / rows


def outcome(hole: Hole, repository: RepositoryModel) -> tuple[tuple[float, ...], float] | None:
    """Return the features of what would be offered in `hole`, and 1 if that is right."""
    walk = walk_at(hole, repository)
    ways = search(walk, lambda: False)
    if not ways:
        return None
    text = insertion(ways[0].words, walk.cursor)
    if not text.strip():
        return None
    return confidence.features(ways, walk, text), float(text.rstrip() == hole.gold.rstrip())


def fit_confidence(rows: Floats, right: Floats) -> Floats:
    """Return the weights of a logistic regression (Newton; features scaled, prior of 1)."""
    mean = rows.mean(0)
    spread = rows.std(0) + 1e-9
    mean[0], spread[0] = 0.0, 1.0
    scaled = (rows - mean) / spread
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (p - right) + weights
        curve = (scaled.T * (p * (1 - p))) @ scaled + np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    print(f"  {len(rows)} offers, {_log_loss(scaled @ weights, right):.4f} nats per offer")
    print("  " + " ".join(f"{n}={w:.2f}" for n, w in zip(confidence.NAMES, weights, strict=True)))
    plain: Floats = weights / spread
    plain[0] = weights[0] - (weights[1:] * mean[1:] / spread[1:]).sum()
    return plain


def _log_loss(z: Floats, right: Floats) -> float:
    return float(np.log1p(np.exp(np.where(right > 0, -z, z))).mean())


def _row(values: Floats) -> str:
    return "(" + ", ".join(f"{value:.3f}" for value in values) + ")"


def main() -> int:
    """Print the weights of the shares, then, with these in force, those of the confidence."""
    found: list[Event] = []
    offers: list[tuple[tuple[float, ...], float]] = []
    for name in CORPORA:
        repository, gaps = test_set(name, _SHARE_SEED)
        lines = [hole for hole in gaps if hole.task == "next line"]
        found += [event for hole in lines for event in events(hole, repository)]
        repository.close()
        print(name, len(found), "words", flush=True)
    shares = fit_shares(found)
    print("SHARES = (", *(f"    {_row(row)}," for row in shares), ")", sep="\n")
    mixture.SHARES = tuple(tuple(map(float, row)) for row in shares)
    for name in CORPORA:
        repository, gaps = test_set(name, _CONFIDENCE_SEED)
        answers = [outcome(hole, repository) for hole in gaps]
        offers += [answer for answer in answers if answer is not None]
        repository.close()
        print(name, len(offers), "offers", flush=True)
    rows = np.array([features for features, _ in offers])
    weights = fit_confidence(rows, np.array([right for _, right in offers]))
    print("WEIGHTS =", _row(weights), f"  # in {Path(confidence.__file__).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
