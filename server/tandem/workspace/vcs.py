"""What a repository's history tells: which files change together, and when each changed last.

One `git log` for both, bounded in commits and time. No history is no error: the answers are empty.
Blocking: called off the event loop.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.workspace.git import Git, ask

# As in the measurement the mix was chosen by: 1,500 commits, recall@10 0.40-0.47 by history alone.
_COMMITS: Final = 1_500
# A commit of more files is a reformatting or an import: it says nothing about any two of them.
_MOST_FILES: Final = 30


@dataclass(frozen=True, slots=True)
class History:
    """What the log says, by path relative to the folder that was asked about.

    `together`: how often a file changed with others, each commit's weight shared among its pairs;
    `changed`: the Unix time of a file's last commit.
    """

    together: Mapping[str, Mapping[str, float]]
    changed: Mapping[str, int]


def history(root: Path, git: Git | None = None, commits: int = _COMMITS) -> History:
    """Read the last commits of the repository that a folder is in."""
    log = ask(
        git or Git(), root,
        "log", "-z", "--no-renames", "--no-merges", "--relative", "--name-only",
        "--format=%x01%ct", f"--max-count={commits}",
    )  # fmt: skip
    return summed(parsed(log or b""))


def parsed(log: bytes) -> Iterable[tuple[int, list[str]]]:
    """Yield (Unix time, files) of each commit of a log in the format above, newest first."""
    for entry in log.split(b"\x01")[1:]:
        time, _, names = entry.partition(b"\0")
        digits = time.strip()
        if not digits.isdigit():
            continue
        files = [
            name.strip(b"\n").decode("utf-8", "surrogateescape") for name in names.split(b"\0")
        ]
        yield int(digits), [file for file in files if file]


def summed(commits: Iterable[tuple[int, list[str]]]) -> History:
    """Add the commits up."""
    together: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    changed: dict[str, int] = {}
    for time, files in commits:
        for file in files:
            changed[file] = max(time, changed.get(file, 0))
        if 1 < len(files) <= _MOST_FILES:
            weight = 1.0 / (len(files) - 1)
            for one in files:
                for other in files:
                    if one != other:
                        together[one][other] += weight
    return History({file: dict(others) for file, others in together.items()}, changed)
