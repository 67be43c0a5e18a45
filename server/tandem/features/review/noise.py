"""The gates against noise: what a model claims of a change, held against change and index.

A claim is dropped whose line is not there, or neither in the change nor next to it; that stands on
names or places which do not exist; that the index refutes (the name is there, the callers fit).
What is dropped is kept with the reason, so that it can be looked at.

Pure. Invariant: nothing is let through because a model says that it is sure.
"""

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tandem.features.review.ask import Claim
from tandem.features.review.change import Look, offset_of
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding, Place
from tandem.features.review.result import Dropped
from tandem.index.calls import Call, Signature, arguments_of, fits
from tandem.index.code import Code
from tandem.index.graph import enclosing
from tandem.index.languages import language_of
from tandem.index.parse import syntax_errors

_STYLE: Final = "style"
_NEAR: Final = 3  # lines around a place that is named
_SHORT: Final = 12  # characters: a shorter quote has to be a whole line
_WORD: Final = re.compile(r"[^\W\d]\w*")
_SYMBOL: Final = re.compile(r"^[\w$.:#>-]+(?:\(\))?$")
_PLACE: Final = re.compile(r"^(.+?):(\d+)(?:[:-]\d+)*$")
_SCRIPTS: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])
_LANGUAGE: Final = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {
    "undefined", "null", "nil", "true", "false", "NaN", "void", "this", "super", "new", "panic",
    "defer", "recover", "go", "chan", "switch", "case", "default", "catch", "finally", "throw",
    "throws", "synchronized", "volatile", "const", "let", "var", "func", "function", "interface",
    "struct", "static", "public", "private", "Promise", "ReferenceError", "RangeError",
    "AggregateError", "Error", "NullPointerException", "IllegalArgumentException",
    "IllegalStateException", "IndexOutOfBoundsException", "ArrayIndexOutOfBoundsException",
    "ClassCastException", "IOException", "ConcurrentModificationException",
    "NumberFormatException", "ArithmeticException", "UnsupportedOperationException",
    "NoSuchElementException", "InterruptedException", "SQLException", "OutOfMemoryError",
}  # fmt: skip
_GONE: Final = (
    r"(?:{undefined}undeclared|(?:not|never) (?:defined|declared|imported)|gone|"
    r"no longer (?:exists?|defined|there)|does(?: not|n't) exist|"
    r"removed,? (?:but|yet|and) (?:\w+ )*still)\b"
)
# `x` is not defined; not: `x` does not exist when ..., `x` is gone from `other`.
_IS_GONE: Final = (
    r"\b{name}(?:\(\))?`? (?:(?:is|are|was|were|has|been|it|here|simply) ){{0,3}}"
    + _GONE
    + r"(?! (?:when|if|for|until|unless|after|before|while|yet)\b)"
    r"(?! (?:in|at|under|on|from) (?!this|here))"
)
_NO_IMPORT: Final = (
    r"\b(?:missing import (?:of|for)|undeclared|unknown|never imports?|does(?: not|n't) import) "
    r"(?:(?:name|function|class|type|variable) )?`?(?:\w+\.)*{name}\b|"
    r"\bimport (?:of|for) `?(?:\w+\.)*{name}`? is missing"
)
_CALLS: Final = re.compile(
    r"\b(?:arguments?|parameters?|signature|call(?:s|ers?|ed)?(?: sites?)?|passes|passing)\b",
    re.IGNORECASE,
)
_STALE: Final = re.compile(
    r"\b(?:not (?:been )?updated|old (?:signature|form)|still (?:calls?|passes|uses)|missing|"
    r"wrong number|too (?:few|many)|without the|does(?: not|n't) (?:pass|give|match|follow))\b",
    re.IGNORECASE,
)
_TASTE: Final = re.compile(
    r"\b(?:readab\w+|more descriptive|docstring|doc comment|naming convention|code style|"
    r"stylistic|idiomatic|formatting of the code|line is too long|magic number|"
    r"consider (?:to )?(?:renam|extract|split)\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sifted:
    """What is left of a model's claims, as findings, and what was dropped."""

    kept: tuple[Finding, ...]
    dropped: tuple[Dropped, ...]


def sifted(claims: Sequence[Claim], case: Case, by: str) -> Sifted:
    """Hold claims against the change and the codebase with it."""
    kept: list[Finding] = []
    dropped: list[Dropped] = []
    sieve = _Sieve(case)
    for claim in claims:
        line, why = sieve.anchored(claim)
        finding = sieve.finding(claim, max(line, 0), by)
        why = why or sieve.objection(claim, finding)
        if why:
            dropped.append(Dropped(finding, why))
        else:
            kept.append(finding)
    return Sifted(tuple(kept), tuple(dropped))


class _Sieve:
    """The gates over one change."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._looks = {one.path: one.look for one in case.change.files}
        looks = self._looks.values()
        self._touched = frozenset(name for look in looks for name in look.touched)
        self._moved = frozenset(
            _stem(path)
            for one in case.change.files
            for path in (one.old or one.path,)
            if one.old or one.after is None
        )
        here = {name for path in self._looks for name in case.after.names(path)}
        left = {name for look in looks for name in look.lost}
        self._lost = left - here
        # What went to another file is there, but not where it was.
        self._left = left.union(
            *(case.after.names(one.path) for one in case.change.files if one.old)
        )

    @cached_property
    def _before(self) -> frozenset[str]:
        """The words of the changed files as they were."""
        return frozenset(w for one in self._looks.values() for w in _WORD.findall(one.before))

    @cached_property
    def _words(self) -> frozenset[str]:
        """The words of the changed files, before and after."""
        return self._before | {w for one in self._looks.values() for w in _WORD.findall(one.after)}

    def _text(self, path: str) -> str | None:
        """Return a file with the change; None of what is not in the codebase, wherever it is."""
        look = self._looks.get(path)
        known = self._case.after.text(path) if path in self._case.after.paths else None
        return look.after if look is not None else known

    # -- where it is ---------------------------------------------------------------------------

    def anchored(self, claim: Claim) -> tuple[int, str]:
        """Return the line that a claim is about, and why there is none."""
        look, text = self._looks.get(claim.file), self._text(claim.file)
        if text is None:
            return -1, f"there is no file {claim.file[:80]}"
        quoted = next((line for line in claim.quote.split("\n") if line.strip()), "")
        lines = text.split("\n")
        found = _found(quoted, lines)
        if not found and look is not None and quoted[:1] in {"+", "-"}:
            quoted = quoted[1:]
            found = _found(quoted, lines)
        if found:
            return self._chosen(claim, found, look, lines)
        removed = _removed_at(quoted, look) if look is not None else None
        return (-1, "the line that it quotes is not there") if removed is None else (removed, "")

    def _chosen(
        self, claim: Claim, found: Sequence[int], look: Look | None, lines: Sequence[str]
    ) -> tuple[int, str]:
        """Return that of several equal lines which the change is nearest to."""
        if look is not None:
            changed = look.changed
            near = min(found, key=lambda n: min((abs(n - c) for c in changed), default=0))
            if look.is_beside(near):
                return near, ""
            found = [near]
        for line in found:
            words = set(_WORD.findall(lines[line]))
            if self._touched & words or self._is_import(claim.file, line, words):
                return line, ""
            if self._is_reached(claim, line, lines):
                return line, ""
        return found[0], "it is neither in the change nor next to it"

    def _is_import(self, path: str, line: int, words: set[str]) -> bool:
        """Tell whether a line imports a file that moved or went, by its name."""
        facts = self._case.after.facts(path) if self._moved & words else None
        return facts is not None and any(one.line == line for one in facts.imports)

    def _is_reached(self, claim: Claim, line: int, lines: Sequence[str]) -> bool:
        """Tell whether a claim names what changed and what it is about, and the file knows both."""
        names = set(_names(claim))
        new = {one for one in names if one in self._words and one not in self._before}
        if not names & self._touched | new:
            return False
        facts = self._case.after.facts(claim.file)
        around = enclosing(facts.definitions, offset_of(lines, line)) if facts is not None else None
        inside = {around.name} if around is not None else set()
        if not self._told(claim) & {*_WORD.findall(lines[line]), *inside}:
            return False
        changed, folder = {_folder(path) for path in self._looks}, _folder(claim.file)
        beside = [path for path in self._case.after.paths if _folder(path) == folder]
        imports = [t.path for path in beside for t in self._case.after.imports(path).values()]
        # A package is a folder: what one of its files imports, the others may know.
        return folder in changed or bool(changed & set(map(_folder, imports)))

    def _told(self, claim: Claim) -> set[str]:
        """Return the names that a claim stands on, and those of its file among its words."""
        said = set(_WORD.findall(f"{claim.claim} {claim.why}"))
        return {*_names(claim), *(said & set(self._case.after.names(claim.file)))}

    # -- what it stands on ---------------------------------------------------------------------

    def objection(self, claim: Claim, finding: Finding) -> str:
        """Return what the codebase has against a claim, "" if nothing."""
        unknown = next((one for one in claim.symbols if not self._is_known(one)), None)
        if unknown is not None:
            return f"`{unknown[:60]}` is nowhere in the code"
        lost = self._lost_place(claim)
        if lost:
            return lost
        names = _names(claim)
        there = [n for n in names if _says_gone(claim, n) and self._is_there(n, claim.file)]
        if there:
            return f"`{there[0]}` is there"
        said = f"{claim.claim} {claim.why}"
        if _STALE.search(said) and (claim.category == "callers" or _CALLS.search(said)):
            return self._fitting(names, finding)
        return ""

    def _is_known(self, symbol: str) -> bool:
        symbol = symbol.strip().strip("`")
        name = (_WORD.findall(symbol) or [""])[-1]
        if not _SYMBOL.match(symbol) or not name:
            return True  # words, not a name
        after = self._case.after
        return (
            name in self._words
            or bool(after.definers(name) or after.users(name))
            or symbol in _LANGUAGE
            or any(path.endswith(symbol) or _stem(path) == name for path in after.paths)
        )

    def _lost_place(self, claim: Claim) -> str:
        """Return which place that is named is not as it is said to be, if none of them is."""
        places = [p for p in claim.places if _PLACE.match(p.strip().strip("`"))]
        beside = claim.category != "callers"
        names = {*self._touched, *(self._told(claim) if beside else _names(claim))}
        if not places or any(self._is_place(place, names, beside=beside) for place in places):
            return ""
        return f"{places[0][:80]} is not what it is said to be"

    def _is_place(self, place: str, names: set[str], *, beside: bool) -> bool:
        """Tell whether a place is there, and has a name around it or is beside the change."""
        match = _PLACE.match(place.strip().strip("`"))
        if match is None:
            return False
        path, line = match[1], int(match[2]) - 1
        text, look = self._text(path), self._looks.get(path)
        lines = text.split("\n") if text is not None else []
        if not 0 <= line < len(lines):
            return False
        if not names or (beside and look is not None and look.is_beside(line)):
            return True
        around = "\n".join(lines[max(0, line - _NEAR) : line + _NEAR + 1])
        return bool(names & set(_WORD.findall(around)))

    def _is_there(self, name: str, file: str) -> bool:
        """Tell whether a name is defined in a file, imported by it, or defined somewhere at all."""
        after = self._case.after
        if name in after.names(file) or name in after.imports(file):
            return True
        if name in self._left or not after.definers(name):
            return False
        return not any(name in line for look in self._looks.values() for line in look.removed)

    def _fitting(self, names: Sequence[str], finding: Finding) -> str:
        """Return that the calls a claim calls stale fit, "" if one may not or none is."""
        seen = 0
        for place in (Place(finding.path, finding.line), *finding.related):
            text = self._text(place.path)
            for call in arguments_of(place.path, text).calls if text is not None else ():
                if call.name not in names or abs(call.line - place.line) > _NEAR:
                    continue
                if call.name in self._lost or not self._surely_fits(call, place.path):
                    return ""
                seen += 1
        return "the calls that it means fit what is defined" if seen else ""

    def _surely_fits(self, call: Call, path: str) -> bool:
        """Tell whether a call fits all that it may mean; if it is as it was, what it gives too."""
        known = list(_signatures(self._case.after, call.name))
        look = self._looks.get(path)
        if not known or not all(fits(call, one) for one in known):
            return False
        if look is not None and call.line in look.added:
            return True
        old = list(_signatures(self._case.before, call.name))
        return all(
            now == then
            for one in known
            for was in old
            for now, then in zip(one.names[: call.places], was.names, strict=False)
        )

    # -- as a finding --------------------------------------------------------------------------

    def finding(self, claim: Claim, line: int, by: str) -> Finding:
        """Return a claim as a finding on a line."""
        lines: list[str] = list((self._text(claim.file) or "").split("\n"))
        line = min(line, len(lines) - 1)
        quote = lines[line].rstrip("\r")
        return Finding(
            _STYLE if _TASTE.search(claim.claim) else claim.category,
            claim.file,
            line,
            quote,
            claim.severity,
            claim.claim,
            claim.why,
            claim.check,
            self._suggestion(claim, lines, line),
            tuple(self._related(claim)),
            by,
            claim.confidence,
        )

    def _suggestion(self, claim: Claim, lines: list[str], line: int) -> str | None:
        """Return what a claim wants in the place of its line, if the file stays as sound."""
        said = claim.suggestion.strip("\n").rstrip()
        quoted = [part for part in claim.quote.split("\n") if part.strip()]
        if (
            not said.strip()
            or len(quoted) != 1
            or " ".join(quoted[0].split()) not in " ".join(lines[line].split())
        ):
            return None
        was = lines[line].rstrip("\r")
        if said[:1] not in {" ", "\t"}:
            said = was[: len(was) - len(was.lstrip())] + said
        language = language_of(claim.file)
        if said == was or language is None:
            return None
        old = "\n".join(lines).encode("utf-8", "replace")
        new = "\n".join([*lines[:line], said, *lines[line + 1 :]]).encode("utf-8", "replace")
        return said if syntax_errors(new, language) <= syntax_errors(old, language) else None

    def _related(self, claim: Claim) -> Iterator[Place]:
        for place in claim.places:
            match = _PLACE.match(place.strip().strip("`"))
            if match is not None and self._is_place(place, set(), beside=False):
                yield Place(match[1], int(match[2]) - 1, "what it stands on")


def _names(claim: Claim) -> list[str]:
    """Return the last names of the symbols that a claim stands on."""
    found = [_WORD.findall(one) for one in claim.symbols if _SYMBOL.match(one.strip().strip("`"))]
    return [words[-1] for words in found if words]


def _found(quoted: str, lines: Sequence[str]) -> list[int]:
    """Return the lines that are what is quoted; else those that have it, if it is long enough."""
    wanted = " ".join(quoted.split())
    folded = [" ".join(line.split()) for line in lines]
    whole = [number for number, line in enumerate(folded) if line == wanted]
    if whole or len(wanted) < _SHORT:
        return whole
    return [number for number, line in enumerate(folded) if wanted in line]


def _removed_at(quoted: str, look: Look) -> int | None:
    """Return the line next to which a quoted line was removed."""
    wanted = " ".join(quoted.lstrip("-").split())
    if not wanted or not any(" ".join(line.split()) == wanted for line in look.removed):
        return None
    old = look.before.split("\n")
    for number, line in enumerate(old):
        if " ".join(line.split()) == wanted:
            near = sorted(look.changed, key=lambda changed: abs(changed - number))
            return min(near[0], len(look.lines) - 1) if near else None
    return None


def _signatures(code: Code, name: str) -> Iterator[Signature]:
    for path in code.definers(name):
        text = code.text(path)
        for one in arguments_of(path, text).signatures if text is not None else ():
            if one.name == name:
                yield one


def _says_gone(claim: Claim, name: str) -> bool:
    """Tell whether a claim says of a name that it is not there."""
    language = language_of(claim.file)
    is_value = language is not None and language.id in _SCRIPTS  # something may be `undefined`
    gone = _IS_GONE.format(name=re.escape(name), undefined="" if is_value else "undefined|")
    no_import = _NO_IMPORT.format(name=re.escape(name))
    return any(re.search(one, claim.claim, re.IGNORECASE) for one in (gone, no_import))


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
