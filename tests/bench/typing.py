"""Keystrokes made of real commits: what is typed where, when, and what the hands do next.

The added lines of a commit are typed into its old file, hunk by hunk, top to bottom. A line that
was only changed is edited where it differs, so there is typing in the middle of lines too. A
session is a value made from (seed, repository, commit): the same keys at every run. Deliberately
synthetic is the *timing*: the seconds of `PAUSE_S` are medians of log-normal distributions, chosen
for a fluent typist of 70 words a minute, not fitted to a study. The editor does what VS Code does
while one types: it indents behind Enter, and closes a bracket or quote that was opened, but only
one whose partner stands on the same line.

Now and then a key is wrong: one to three characters later it is noticed and taken back. More
rarely a whole wrong name is typed and deleted at a stroke. Each key says what comes `next`, so
that quiet can be asked for where the user is about to delete or to move away.

Invariant: the document at any moment follows from (hunk, done, wrong) alone: whatever was accepted
instead of typed, the text is the same once the hunk is done.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tests.bench.recall_cases import Blob, Change, Repository, is_test, opcodes

Next = Literal["type", "wrong", "delete", "move"]
"""What the user does after a key; `wrong` goes on with what will be taken back."""

PAUSE_S: Final = {
    "letter": (0.12, 0.35),  # within a word
    "mark": (0.17, 0.4),  # a sign or a blank: the end of a word
    "word": (0.20, 0.5),  # the first letter of the next word
    "think": (1.0, 0.5),  # instead of it, once in `_THINKS` words
    "enter": (0.30, 0.5),
    "line": (0.70, 0.6),  # the first key of a line
    "hunk": (4.0, 0.5),  # find the next place
    "notice": (0.35, 0.3),  # that a key was wrong
    "back": (0.10, 0.2),
}
"""Median seconds before a key of each kind, and the spread (sigma of the logarithm)."""

_THINKS: Final = 12
_TYPO: Final = 0.02  # of the letters
_CHANGE_OF_MIND: Final = 0.015  # of the words
_WORD: Final = re.compile(r"\w")
_OPENERS: Final = {"(": ")", "[": "]", "{": "}"}
_QUOTES: Final = "\"'"
_APOSTROPHE: Final = re.compile(r"\w$(?<!\b[rbfuRBFU])(?<!\b[rbfRBF]{2})")
_CLOSES_BEFORE: Final = frozenset(";:.,=}])> \n\t")  # what may follow for VS Code to close
_NEIGHBORS: Final = "qwertyuiopasdfghjklzxcvbnm"
_OTHER_WORDS: Final = ("value", "result", "items", "config", "name", "index", "other", "data")


@dataclass(frozen=True, slots=True)
class Key:
    """One key, `pause_s` after the one before.

    Behind it `done` characters of the target stand in the document, then `wrong`.
    """

    pause_s: float
    done: int
    wrong: str
    next: Next


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place of a file: at offset `start`, `removed` is deleted and `target` typed.

    `pairs` are (opener, closer) offsets of the target where the editor brings the closer.
    """

    start: int
    removed: str
    target: str
    pairs: tuple[tuple[int, int], ...]
    keys: tuple[Key, ...]

    @property
    def lines(self) -> int:
        """How many lines are typed, begun ones included."""
        return len([line for line in self.target.split("\n") if line.strip()])

    def closers(self, done: int) -> str:
        """Return what the editor has put behind the cursor once `done` characters are there."""
        open_now = sorted(close for open_, close in self.pairs if open_ < done <= close)
        return "".join(self.target[close] for close in open_now)

    def gold(self, done: int) -> str:
        """Return what a perfect completion would insert: as far as the next closer, if any."""
        ends = [close for open_, close in self.pairs if open_ < done <= close]
        return self.target[done : min(ends, default=len(self.target))]

    def after(self, done: int) -> int:
        """Return the number of the first key to be played when `done` characters stand there."""
        at = 0
        while at < len(self.keys):
            key = self.keys[at]
            if key.done > done or (key.done == done and key.wrong):
                break
            at += 1
        return at


@dataclass(frozen=True, slots=True)
class Stay:
    """One file of one commit, from its old text to its new one."""

    commit: str
    path: str
    old: str
    new: str
    hunks: tuple[Hunk, ...]


def stays(
    repository: Repository, commits: int, *, seed: str = "", lines: tuple[int, int] = (3, 80)
) -> Iterator[list[Stay]]:
    """Yield the sessions of the newest `commits` that fit, a list for each commit.

    Fit are commits that modify one to four source files, `lines` added lines in one of them.
    """
    left = commits
    for commit, changes in repository.commits():
        files = [c for c in changes if c.status == "M" and not is_test(c.path)]
        if not 1 <= len(files) <= 4:
            continue
        found = [stay_of(repository, commit, change, seed) for change in files]
        played = [s for s in found if s is not None and lines[0] <= _added(s) <= lines[1]]
        if not played:
            continue
        yield played
        left -= 1
        if not left:
            return


def _added(stay: Stay) -> int:
    return sum(hunk.lines for hunk in stay.hunks)


def stay_of(repository: Repository, commit: str, change: Change, seed: str) -> Stay | None:
    """Return the session of one file; None for one that keystrokes cannot make."""
    old, new = repository.blob(change.old), repository.blob(change.new)
    if "\r" in old.text + new.text or not old.text.strip():
        return None
    return Stay(
        commit, change.path, old.text, new.text, hunks(old, new, f"{seed}:{commit}:{change.path}")
    )


def hunks(old: Blob, new: Blob, seed: str) -> tuple[Hunk, ...]:
    """Return how `old` is typed into `new`, from top to bottom."""
    found = []
    for number, code in enumerate(opcodes(old, new)):
        start, removed, target = _edit(old.lines, new.lines, code)
        line = "\n".join([*new.lines[: code[3]], *old.lines[code[1] :]])
        after = line[start + len(removed) :][:1]
        rnd = random.Random(f"{seed}:{number}")  # noqa: S311 - reproducible, not secret
        keys = _labelled(list(_keys(target, rnd, removed=bool(removed))))
        found.append(Hunk(start, removed, target, pairs(target, after), keys))
    return tuple(found)


def _edit(
    old: Sequence[str], new: Sequence[str], code: tuple[str, int, int, int, int]
) -> tuple[int, str, str]:
    """Return (start, removed, target) of a block that differs, in the document as it is then."""
    _, i1, i2, j1, j2 = code
    start = sum(len(line) + 1 for line in new[:j1])
    was, becomes = "\n".join(old[i1:i2]), "\n".join(new[j1:j2])
    if i1 == i2:  # behind the line before, or in front of all
        return (start - 1, "", f"\n{becomes}") if j1 else (0, "", f"{becomes}\n")
    if j1 == j2:
        last = i2 == len(old)
        return (start - 1, f"\n{was}", "") if last and j1 else (start, was + "\n" * (not last), "")
    head = _shared(was, becomes)
    tail = _shared(was[head:][::-1], becomes[head:][::-1])
    return start + head, was[head : len(was) - tail], becomes[head : len(becomes) - tail]


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike, without cutting a word in two."""
    length = min(len(one), len(other))
    same = next((n for n in range(length) if one[n] != other[n]), length)
    while same and _WORD.match(one[same - 1]) and _inside(one, other, same):
        same -= 1
    return same


def _inside(one: str, other: str, at: int) -> bool:
    return any(_WORD.match(text[at : at + 1]) for text in (one, other))


def pairs(target: str, after: str) -> tuple[tuple[int, int], ...]:
    """Return the brackets and quotes that the editor closes; `after` is what follows the cursor."""
    if after and after not in _CLOSES_BEFORE:
        return ()
    found: list[tuple[int, int]] = []
    begin = 0
    for line in target.split("\n"):
        found += [(begin + one, begin + other) for one, other in pairs_of_line(line)]
        begin += len(line) + 1
    return tuple(found)


def pairs_of_line(line: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    open_: list[int] = []
    quote = at = -1
    while at + 1 < len(line):
        at += 1
        char = line[at]
        if quote >= 0:
            if char == line[quote]:
                found.append((quote, at))
                quote = -1
            at += char == "\\"
        elif char in _QUOTES:
            if line[at : at + 3] == char * 3:
                break
            if not _APOSTROPHE.search(line[:at]):
                quote = at
        elif char == "#":
            break
        elif char in _OPENERS:
            open_.append(at)
        elif open_ and char == _OPENERS[line[open_[-1]]]:
            found.append((open_.pop(), at))
    return found


def _keys(target: str, rnd: random.Random, *, removed: bool) -> Iterator[tuple[float, int, str]]:
    """Yield (pause, done, wrong) key by key."""
    kind = "hunk"
    if removed:
        yield _pause(rnd, kind), 0, ""
        kind = "line"
    at = 0
    while at < len(target):
        kind = kind or _kind(target, at, rnd)
        for pause, wrong in _slip(target, at, kind, rnd):
            yield pause, at, wrong
            kind = "letter"
        at += _stride(target, at)
        yield _pause(rnd, kind), at, ""
        kind = ""


def _kind(target: str, at: int, rnd: random.Random) -> str:
    char, before = target[at], target[:at]
    if char == "\n":
        return "enter"
    if not before.rpartition("\n")[2].strip():
        return "line"
    if not _WORD.match(char):
        return "mark"
    if _WORD.match(before[-1]):
        return "letter"
    return "think" if rnd.random() < 1 / _THINKS else "word"


def _stride(target: str, at: int) -> int:
    """Return how many characters a key brings: Enter and Tab bring the indentation."""
    begins = at == 0 or target[at] == "\n"
    rest = target[at + (target[at] == "\n") :]
    indentation = len(rest) - len(rest.lstrip(" \t"))
    if not begins or rest[indentation : indentation + 1] in {"", "\n"}:
        return 1
    return max(1, indentation + (target[at] == "\n"))


def _slip(target: str, at: int, kind: str, rnd: random.Random) -> Iterator[tuple[float, str]]:
    """Yield (pause, wrong) of what is typed in vain before a character, if anything."""
    char = target[at]
    if not char.isalpha():
        return
    if rnd.random() < _TYPO:
        more = re.match(r"\w{0,2}", target[at + 1 :])
        typed = rnd.choice(_NEIGHBORS) + (more[0] if more else "")[: rnd.randrange(3)]
        for count in range(1, len(typed) + 1):
            yield _pause(rnd, kind if count == 1 else "letter"), typed[:count]
        for count in range(len(typed) - 1, -1, -1):
            yield _pause(rnd, "notice" if count == len(typed) - 1 else "back"), typed[:count]
    elif kind in {"word", "think", "line"} and rnd.random() < _CHANGE_OF_MIND:
        typed = rnd.choice(_OTHER_WORDS)
        for count in range(1, len(typed) + 1):
            yield _pause(rnd, kind if count == 1 else "letter"), typed[:count]
        yield _pause(rnd, "think"), ""  # the whole word at a stroke


def _pause(rnd: random.Random, kind: str) -> float:
    median, spread = PAUSE_S[kind]
    return median * rnd.lognormvariate(0, spread)


def _labelled(keys: list[tuple[float, int, str]]) -> tuple[Key, ...]:
    following: list[tuple[float, int, str] | None] = [*keys[1:], None]
    return tuple(Key(*key, _next(key, behind)) for key, behind in zip(keys, following, strict=True))


def _next(key: tuple[float, int, str], behind: tuple[float, int, str] | None) -> Next:
    if behind is None:
        return "move"
    if len(behind[2]) < len(key[2]):
        return "delete"
    return "wrong" if key[2] else "type"
