"""Completion, replayed: what is shown, what it costs, what it never may do.

    ./dev bench completion [GIT_DIRECTORY...] [--json] [--verbose] [--part replay|malformed|ghost]
                           [--commits N] [--live] [--provider URL[,DIALECT]]

* *replay*: real commits typed key by key (`typing`) in virtual time (`completion_play`), against a
  model that is right four times in ten and always says too much (`completion_model`); Tandem with
  50, 150 and 400 ms to the first token, other programs' rules (`peers`) with 150 ms. Without a
  GIT_DIRECTORY it is this repository's own.
* *malformed*: 2,000 holes in five languages, answered with too much (`malformed`).
* *ghost*: the real server over stdio in real time, beside another program's (`ghost`).
* ``--live``: the same places asked of the real API, under a cap (`completion_live`).

Figures of *replay*, for 150 ms where no other latency stands behind `@`:

shown_share            moments while the user goes on typing in which a text was shown
shown_at_pause_share   the same, of those that lasted half a second
quiet_share            moments before a deletion or a move in which nothing was shown
fitting_share          new texts, while the user goes on typing, that are exactly what follows
taken_share            of what there was to type, characters taken instead
requests_per_line      requests sent for a typed line
dollars_per_1000       input and output, for 1,000 requests; `_lines` for 1,000 typed lines
hit_block128, hit_v4ab share of the prompt's tokens that the cache served, under either rule
ghost_p50_ms, _p95_ms  from the key to a text that was not known before; no processor time in it
                       (`virtual_` in front: the name alone is the real server's)
stale_shown            texts that no answer says for the document as it was then
wasted_output_share    output tokens that were billed and never shown, sooner or later
memo_share             answers that were known before

``dollars_over_best_peer`` is the input's price of 1,000 requests over that of the cheapest program
whose prompt is at least `COMPARABLE` of Tandem's, or of the one with the largest: who sends 400
tokens knows nothing of other files. ``dollars_over_cheapest_peer`` is over the cheapest of all,
``token_dollars_over_best_peer`` the ratio per prompt token. All under V4's published rules, but
for ``dollars_over_best_peer_block128``.
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Final

from tandem.index.context.windows import Windows
from tandem.ledger.prices import FLASH, Prices, Rate
from tandem.workspace.settings import Local, Settings
from tests.bench import completion_live, ghost, malformed
from tests.bench.completion_model import Corpus, Model
from tests.bench.completion_play import Editor, Engine, VirtualLoop
from tests.bench.completion_tandem import Tandem, WorldIndex, unbilled
from tests.bench.peers import PEERS
from tests.bench.recall_cases import Repository, World
from tests.bench.results import percentile, record, report
from tests.bench.session import CACHES, OFF_PEAK
from tests.bench.typing import Stay, stays

ROOT: Final = Path(__file__).parents[2]
CSV: Final = Path(__file__).with_suffix(".csv")
LATENCIES_MS: Final = (50, 150, 400)
USUAL_MS: Final = 150
COMMITS: Final = 8
COMPARABLE: Final = 0.75
BASELINE: Final = "pauses"
_CORPUS_FILES: Final = 150
_PARTS: Final = ("replay", "malformed", "ghost")


class Lane:
    """One program over all sessions of a repository, in a time of its own that goes on."""

    def __init__(self, name: str, model: Model, engine: Engine, copies: int = 1) -> None:
        """Sit somebody down; each request of theirs is sent `copies` times."""
        self.name = name
        self.model = model
        self.copies = copies
        self.editor = Editor(engine, model)
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)

    def play(self, played: Sequence[Stay]) -> None:
        """Type the files of a commit."""

        async def run() -> None:
            for stay in played:
                await self.editor.play(stay)

        self._runner.run(run())

    def close(self) -> None:
        """End the time, close the books."""
        self._runner.close()
        self.model.finish()

    def metrics(self, rate: Rate) -> dict[str, float]:
        """Return the figures of this lane."""
        score, bill = self.editor.score, self.model.bill
        requests, lines = max(1, bill.requests), max(1, score.lines)
        times = sorted(1000 * s for s in score.latencies) or [0.0]
        spent = bill.dollars(rate, "v4ab", output=True)
        moments = score.moments
        return {
            "shown_share": moments["type"].share,
            "shown_at_pause_share": score.pauses.share,
            "quiet_share": score.quiet,
            "quiet_before_delete_share": 1 - moments["delete"].share,
            "quiet_before_move_share": 1 - moments["move"].share,
            "fitting_share": score.fitting / max(1, score.ghosts),
            "taken_share": score.taken / max(1, score.characters),
            "requests": float(bill.requests * self.copies),
            "requests_per_line": bill.requests * self.copies / lines,
            "prompt_tokens": bill.tokens / requests,
            "output_tokens": bill.output / requests,
            "dollars_per_1000": spent * 1000 / requests,
            "dollars_per_1000_lines": spent * 1000 * self.copies / lines,
            **{f"hit_{name}": bill.hits[name] / max(1, bill.tokens) for name in CACHES},
            **{
                f"input_dollars_per_1000_{name}": bill.dollars(rate, name) * 1000 / requests
                for name in CACHES
            },
            "virtual_ghost_p50_ms": percentile(times, 0.5),
            "virtual_ghost_p95_ms": percentile(times, 0.95),
            "stale_shown": float(score.stale),
            "wasted_output_share": 1 - bill.shown / max(1, bill.output),
            "memo_share": score.remembered / max(1, score.answers),
        }


def _lanes(world: World, windows: Windows, corpus: Corpus) -> list[Lane]:
    found = []
    settings = Settings(local=Local(enabled=False))
    for latency in LATENCIES_MS:
        model = Model(corpus, latency / 1000)
        name = "" if latency == USUAL_MS else f"@{latency}"
        found.append(
            Lane(name, model, Tandem(*unbilled(model), WorldIndex(world, windows), settings))
        )
    for name, rule in PEERS.items():
        model = Model(corpus, USUAL_MS / 1000)
        peer = rule(model)
        found.append(Lane(f" {name}", model, peer, peer.copies))
    return found


def replay(directory: str, commits: int, *, verbose: bool) -> dict[str, float]:
    """Type the newest commits of a repository; return the figures of all lanes."""
    world = World(Repository(directory))
    windows, lanes = Windows(), list[Lane]()
    for played in stays(world.repository, commits):
        WorldIndex(world, windows).move(f"{played[0].commit}^1")
        if not lanes:
            texts = [world.files[path].text for path in sorted(world.files)]
            lanes = _lanes(world, windows, Corpus(texts[:_CORPUS_FILES]))
        for lane in lanes:
            lane.play(played)
    world.repository.close()
    rate = Prices({}).rate(FLASH, OFF_PEAK)
    if not lanes or rate is None:
        return {}
    found: dict[str, float] = {}
    for lane in lanes:
        lane.close()
        found |= {metric + lane.name: v for metric, v in lane.metrics(rate).items()}
        if verbose and not lane.name:
            print(_told(lane))
    score = lanes[0].editor.score
    found |= {"keys": float(score.keys), "lines": float(score.lines)}
    return found | compared(found)


def _told(lane: Lane) -> str:
    """Return what went wrong, and where requests were of use, for people."""
    places = sorted(lane.model.bill.places.items(), key=lambda row: -row[1][0])
    rows = [f"{sent:5} requests {name}, {shown} shown" for name, (sent, shown) in places]
    return "\n".join([*lane.editor.score.examples, *rows])


def compared(found: Mapping[str, float]) -> dict[str, float]:
    """Return Tandem's input price of 1,000 requests over that of the other programs' rules."""
    price, size = "input_dollars_per_1000_v4ab", "prompt_tokens"
    block = "input_dollars_per_1000_block128"
    rivals = [f" {name}" for name in PEERS if name != BASELINE]
    near = [r for r in rivals if found[size + r] >= COMPARABLE * found[size]]
    near = near or [max(rivals, key=lambda r: found[size + r])]
    metrics = {
        "dollars_over_best_peer": found[price] / min(found[price + r] for r in near),
        "dollars_over_best_peer_block128": found[block] / min(found[block + r] for r in near),
        "dollars_over_cheapest_peer": found[price] / min(found[price + r] for r in rivals),
        "dollars_over_baseline": found[price] / found[f"{price} {BASELINE}"],
        "requests_over_baseline": found["requests_per_line"]
        / found[f"requests_per_line {BASELINE}"],
    }
    per_token = [found[price + r] / found[size + r] for r in rivals]
    metrics["token_dollars_over_best_peer"] = found[price] / found[size] / min(per_token)
    return metrics


def table(found: Mapping[str, float]) -> str:
    """Return the figures as text: a line per metric, a column per lane."""
    names = ["", *[f"@{latency}" for latency in LATENCIES_MS if latency != USUAL_MS]]
    names += [f" {name}" for name in PEERS]
    rows = [" " * 32 + "".join(f"{name.strip() or 'tandem':>11}" for name in names)]
    rows += [
        f"{metric:32}" + "".join(f"{found[metric + name]:11.4g}" for name in names)
        for metric in found
        if f"{metric}{names[1]}" in found
    ]
    return "\n".join(rows)


def _name(directory: str) -> str:
    path = Path(directory).resolve()
    inside = path.parent if path.name in {"repo", ".git"} else path
    return inside.name.rpartition("+")[2]


def _mean(found: Iterable[Mapping[str, float]]) -> dict[str, float]:
    values: defaultdict[str, list[float]] = defaultdict(list)
    for metrics in found:
        for metric, value in metrics.items():
            values[metric].append(value)
    return {metric: fmean(every) for metric, every in values.items()}


def main(argv: Sequence[str]) -> int:
    """Run the parts that are wanted and report."""
    parser = argparse.ArgumentParser(prog="./dev bench completion")
    parser.add_argument("repositories", nargs="*", help="git directories of Python projects")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    parser.add_argument("--verbose", action="store_true", help="print what went wrong, and where")
    parser.add_argument("--part", choices=_PARTS, action="append", help="only this; may repeat")
    parser.add_argument("--commits", type=int, default=COMMITS)
    parser.add_argument("--live", action="store_true", help="ask the real API, under a cap")
    parser.add_argument("--provider", default="", metavar="URL[,DIALECT]", help="with --live")
    options = parser.parse_args(argv)
    options.verbose = options.verbose and not options.json
    repositories = options.repositories or [str(ROOT / ".git")]
    parts = options.part or ([] if options.live else _PARTS)
    metrics: dict[str, float] = {}
    if "replay" in parts:
        metrics |= _replays(repositories, options)
    if "malformed" in parts:
        metrics |= malformed.measure(repositories, verbose=options.verbose)
    if "ghost" in parts:
        metrics |= ghost.measure(quiet=options.json)
    if options.live:
        metrics |= completion_live.measure(repositories, options.provider, quiet=options.json)
    if metrics or options.json:
        report("completion", metrics, as_json=options.json, path=CSV)
    return 0


def _replays(repositories: Sequence[str], options: argparse.Namespace) -> dict[str, float]:
    every = []
    for directory in repositories:
        found = replay(directory, options.commits, verbose=options.verbose)
        if found:
            every.append(found)
            record(CSV, {(_name(directory), metric): v for metric, v in found.items()})
    mean = _mean(every)
    if every and not options.json:
        print(table(mean), end="\n\n")
    return {metric: value for metric, value in mean.items() if " " not in metric}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
