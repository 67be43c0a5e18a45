"""Queries that are put together of text and values."""

import re
from collections.abc import Iterator
from typing import Final

from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.index.context.likely import is_test
from tandem.index.languages import language_of
from tandem.index.lexical import uncommented

_WHOLE: Final = re.compile(
    r"\bSELECT\b.{1,300}?\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\b.{1,200}?\bSET\b|\bDELETE\s+FROM\b",
    re.DOTALL,
)
_STATEMENT: Final = re.compile(
    r"\b(?:SELECT\b.*\bFROM|INSERT\s+INTO|UPDATE\b.*\bSET|DELETE\s+FROM|WHERE|HAVING|VALUES)\b",
    re.IGNORECASE | re.DOTALL,
)
# What stands before a hole where a value is meant; a table or column cannot be a parameter.
_VALUE: Final = re.compile(
    r"(?:[=<>]|\bLIKE|\bIN\s*\(|\bLIMIT|\bOFFSET|\bVALUES\s*\(|\bBETWEEN|\bBETWEEN\s+\S+\s+AND|'%?|\"%?|,)\s*['\"]?%?$",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"\b(?:WHERE|VALUES|SET|LIMIT|OFFSET|HAVING|AND|OR)\b", re.IGNORECASE)
_HOLE: Final = re.compile(r"\$?\{([^{}]*)\}|%[sdvq]|%\((\w+)\)s")
_MARKS: Final = re.compile(
    r"placeholder|marks|\bparams?\b|\bslots\b|\bbinds?\b|question", re.IGNORECASE
)
_CONSTANT: Final = re.compile(r"^[\w.]*\b[A-Z][A-Z0-9_]*\b$|^\d+$")
_QUOTED: Final = re.compile(
    r"""^\s*(?:AND\s+|OR\s+)?[\w."]+\s*(?:=|<>|!=|[<>]=?|\bI?LIKE\b|\bIN\s*\()\s*'%?(?:\$?\{|%s|$)""",
    re.IGNORECASE,
)
_ENDS_QUOTED: Final = re.compile(r"""\b\w+\s*(?:=|<>|!=|\bI?LIKE)\s*'%?$""", re.IGNORECASE)
_ORDER: Final = re.compile(r"\b(?:ORDER|GROUP)\s+BY\s+$", re.IGNORECASE)
_FORMATS: Final = re.compile(r"%[sdvq]|\{\w*\}|%\(\w+\)s")
_ABOVE: Final = 2_000  # characters in which the head of a function is looked for
_NEAR: Final = 300  # characters: a query is often cut into several texts
_LONGEST: Final = 4_000
_LITERAL: Final = re.compile(
    r"""(?P<prefix>\b[rfbRFB]{1,2})?(?P<quote>\"\"\"|'''|"|'|`)(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""",
    re.DOTALL,
)
_NEXT: Final = re.compile(
    r"\s*(?:\+|\)?\s*\.\s*(?:concat|append)\s*\()\s*(?!\s*[\"'`fr])(?P<value>[\w$.]+(?:\([^()]*\))?)"
)
_FORMATTED: Final = re.compile(r"\s*(?:%\s*(?!\s*[\"'])[\w(\[]|\.\s*(?:format|formatted)\s*\()")
_FORMATTER: Final = re.compile(r"(?:Sprintf|String\.format|Fprintf|\bformat)\s*\(\s*$")


def injected(case: Case) -> Iterator[Finding]:
    """Find new queries with a value in their text."""
    for changed in case.change.files:
        look = changed.look
        language = language_of(look.path)
        if look.is_gone or language is None or language.listing or is_test(look.path):
            continue
        was, now = (uncommented(text, look.language) for text in (look.before, look.after))
        known = {" ".join(m["body"].split()) for m in _LITERAL.finditer(was) if _built(was, m)}
        added, told = set(look.added), set[int]()
        for match in _LITERAL.finditer(now):
            if len(match["body"]) > _LONGEST or not _is_query(now, match) or _is_tagged(now, match):
                continue
            if " ".join(match["body"].split()) in known:
                continue
            value = _built(now, match)
            first, last = look.line_of(match.start()), look.line_of(match.end())
            if not value or not any(line in look.changed for line in range(first, last + 1)):
                continue
            line = next((n for n in range(first, last + 1) if n in added), first)
            if not told & set(range(line - 3, line + 4)):
                told.add(line)
                yield _finding(case, look, line, value)


def _is_near(text: str, match: re.Match[str]) -> bool:
    """Tell whether a whole statement stands in the code around a literal."""
    around = text[max(0, match.start() - _ABOVE) : match.end() + _ABOVE]
    return _WHOLE.search(around) is not None


def _is_tagged(text: str, match: re.Match[str]) -> bool:
    """Tell whether a template is given to a function of its own, which makes parameters of it."""
    before = text[max(0, match.start() - 1) : match.start()]
    if match["quote"] != "`":
        return False
    nested = match["body"].count("}") > match["body"].count("{")  # the rest of one with another in
    return nested or before.isalnum() or before in {"_", "$", ">", ")"}


def _is_query(text: str, match: re.Match[str]) -> bool:
    """Tell whether a literal is a query, or a condition of one that stands near it."""
    if _STATEMENT.search(text[max(0, match.start() - _NEAR) : match.end()]):
        return True
    return bool(_QUOTED.match(match["body"]) or _ENDS_QUOTED.search(match["body"])) and _is_near(
        text, match
    )


def _built(text: str, match: re.Match[str]) -> str:
    """Return the value that is put into a literal's text, "" if none is."""
    body, prefix = match["body"], (match["prefix"] or "").lower()
    filled = "f" in prefix or match["quote"] == "`"
    put = (
        next((v for v, before in _holes(body) if _is_value(v, before, text)), "") if filled else ""
    )
    if put:
        return put
    formatted = _FORMATTED.match(text, match.end()) or _FORMATTER.search(text[: match.start()])
    if formatted:
        for number, hole in enumerate(_FORMATS.finditer(body)):
            name = _argument(text, match.end(), number)
            if _is_value(name, body[: hole.start()], text):
                return name
        return ""
    following = _NEXT.match(text, match.end())
    if following is not None and _ORDER.search(body):
        return following["value"] if _is_given(following["value"], text, match.start()) else ""
    if following is None or _VALUE.search(body) is None or not _CLAUSE.search(body):
        return ""
    value = following["value"]
    return value if _is_value(value, body, text) else ""


def _argument(text: str, at: int, number: int) -> str:
    """Return what is put into a hole of a format, by its number."""
    rest = re.sub(r"^\s*(?:[,%(]|\.\s*format(?:ted)?\s*\()\s*\(?", "", text[at : at + _NEAR])
    depth, parts, start = 0, list[str](), 0
    for place, char in enumerate(rest):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0 or char in "\n;":
            parts.append(rest[start:place])
            break
        if char == "," and not depth:
            parts.append(rest[start:place])
            start = place + 1
    name = parts[number].strip() if number < len(parts) else ""
    return name if re.fullmatch(r"[\w$.\[\]()\"' ]+", name) else "a value"


def _is_given(name: str, text: str, at: int) -> bool:
    """Tell whether a name is a parameter of the function around a place that nothing checks."""
    above = text[max(0, at - _ABOVE) : at]
    word = re.escape(name)
    if re.search(rf"[(,]\s*(?:[\w<>.]+\s+)?{word}\s*(?:[:=,)]|\?:|\s\w+[,)])", above) is None:
        return False
    checked = (
        rf"\b{word}\s+(?:not\s+)?in\b|(?:includes|has|contains|get|indexOf)\(\s*{word}|"
        rf"\[\s*{word}\s*\]"
    )
    return re.search(checked, above[-_ABOVE // 2 :]) is None


def _holes(body: str) -> Iterator[tuple[str, str]]:
    for hole in _HOLE.finditer(body):
        if hole[1] is not None:
            yield hole[1].strip(), body[: hole.start()]


def _is_value(value: str, before: str, text: str) -> bool:
    """Tell whether what is put in is a value that somebody may choose."""
    name = value.partition("!")[0].partition(":")[0].strip()
    if not name or _CONSTANT.match(name) or _MARKS.search(name) or "join" in name:
        return False
    if _VALUE.search(before) is None or not (
        _CLAUSE.search(before) or _QUOTED.match(f"{before}{{")
    ):
        return False
    made = re.search(rf"\b{re.escape(name)}\s*:?=\s*([^\n]*)", text)
    return made is None or not (
        "?" in made[1]
        and ("join" in made[1] or "*" in made[1] or "map" in made[1] or "epeat" in made[1])
    )


def _finding(case: Case, look: Look, line: int, value: str) -> Finding:
    return case.finding(
        "sql-injection",
        look.path,
        line,
        f"`{value}` is put into the text of a query: who chooses it can change what the query does",
        check=f"look where `{value}` comes from; give it as a parameter",
        confidence=0.85,
    )
