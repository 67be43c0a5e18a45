"""Keys, tokens and passwords in the source. What is found is never repeated in a claim."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.index.context.likely import is_test

_KNOWN: Final = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}\b|\bgithub_pat_\w{30,}\b|\bglpat-[\w-]{16,}"
    r"|\b(?:sk|rk|pk)[-_](?:live|proj|ant|test)?[-_]?[A-Za-z0-9_-]{16,}\b|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{30,}"
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}|\bnpm_[A-Za-z0-9]{30,}|\bwhsec_\w{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_CALLED: Final = re.compile(
    r"""(?ix)\b[\w-]*(?:passw(?:or)?d|passwd|\bpwd|secret|token|api[_-]?key|apikey|private[_-]?key|access[_-]?key
    |signing[_-]?key|encryption[_-]?key|credential|auth[_-]?key)[\w-]*["']?\]?\s*
    (?::\s*[\w\[\]<>| ?]+)?\s*(?::?=|:|=>|,)\s*(?:[\w.]+\(\s*)?
    [rbu]?(["'`])((?:(?!\1).){6,200})\1"""
)
_ADDRESS: Final = re.compile(r"\b[a-z][a-z0-9+]*://[^\s:/@'\"]*:([^\s:/@'\"{}$<>]{4,})@([\w.-]+)")
_FAKE: Final = re.compile(
    r"(?i)example|change.?me|placeholder|dummy|fake|sample|your[_-]|xxx|\.\.\.|<|\$\{|\{\{|%\(|redacted|insert|todo|not.?a.?real|"
    r"^(?:test|password|secret|token|none|null|true|false|foobar|hunter2)?$|\btest\b|\*{3}"
)
_KEYED: Final = re.compile(
    r"""(?i)\b\w*(?:key|salt|seed|pass|cred)\w*\s*(?::\s*\w+\s*)?:?=\s*["'`]([^"'`\s]{20,200})["'`]"""
)
_BASIC: Final = re.compile(r"\b[Bb]asic\s+([A-Za-z0-9+/]{16,}={0,2})")
_SHOWING: Final = frozenset(["markdown", "html"])  # shows what a key looks like
_PLAIN: Final = (".properties", ".ini", ".cfg", ".conf", ".yml", ".yaml", ".toml", ".env.sample")
_SETTING: Final = re.compile(
    r"(?i)^\s*[\w.-]*(?:passw(?:or)?d|secret|token|api[_-]?key)[\w.-]*\s*[=:]\s*([^\s\"'#]{8,})\s*$"
)
_HERE: Final = frozenset(["localhost", "127.0.0.1"])
_WORDS: Final = re.compile(r"^[A-Za-z][a-z]*(?:[ _.:/-][A-Za-z]+)*$")
_RANDOM: Final = 3.0  # bits a character
_VERY_RANDOM: Final = 3.5
_LONG: Final = 16


def leaked(case: Case) -> Iterator[Finding]:
    """Find secrets on added lines."""
    for changed in case.change.files:
        look = changed.look
        for line in look.added if not look.is_gone else ():
            text = look.lines[line]
            value = _secret(
                text,
                tested=is_test(look.path) or look.language in _SHOWING,
                plain=look.path.endswith(_PLAIN),
            )
            if value and value not in look.before:
                yield _finding(case, look.path, line, text, value)


def _secret(line: str, *, tested: bool, plain: bool) -> str:
    known = _KNOWN.search(line)
    if known is not None and not _FAKE.search(known[0].replace("test", "") if not tested else line):
        return known[0]
    return "" if tested else next((value for value in _values(line, plain=plain) if value), "")


def _values(line: str, *, plain: bool) -> Iterator[str]:
    """Yield what on a line may be a secret, by what it is called or where it stands."""
    address = _ADDRESS.search(line)
    if address is not None and not _FAKE.search(address[1]) and address[2] not in _HERE:
        yield address[1]
    setting = _SETTING.match(line) if plain else None
    if setting is not None and _looks_real(setting[1]):
        yield setting[1]
    yield from (match[2] for match in _CALLED.finditer(line) if _looks_real(match[2]))
    basic = _BASIC.search(line)
    if basic is not None:
        yield basic[1]
    keyed = _KEYED.search(line)
    if keyed is not None and _is_random(keyed[1]):
        yield keyed[1]


def _is_random(value: str) -> bool:
    """Tell whether a text can only be a key: all kinds of characters, in no order."""
    kinds = (str.isupper, str.islower, str.isdigit)
    return (
        not _FAKE.search(value)
        and all(any(kind(char) for char in value) for kind in kinds)
        and _entropy(value) >= _VERY_RANDOM
    )


def _looks_real(value: str) -> bool:
    if _FAKE.search(value) or _WORDS.match(value) or " " in value.strip():
        return False
    if any(mark in value for mark in ("{", "(", "$", "/", "\\")) and not re.search(r"\d", value):
        return False
    digits = any(char.isdigit() for char in value)
    letters = any(char.isalpha() for char in value)
    return digits and letters and (len(value) < _LONG or _entropy(value) >= _RANDOM)


def _entropy(value: str) -> float:
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)


def _finding(case: Case, path: str, line: int, text: str, value: str) -> Finding:
    name = re.search(r"[\w-]+", text[: text.find(value)])
    what = f"`{name[0]}`" if name is not None else "this line"
    return case.finding(
        "secret",
        path,
        line,
        f"{what} holds a secret in the source: whoever reads the repository has it",
        check="replace the secret where it was issued, then read it from the environment",
        confidence=0.85,
    )
