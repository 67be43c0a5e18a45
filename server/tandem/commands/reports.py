"""Diagnostics as files hold them: the language server protocol's JSON, and SARIF.

Both are read leniently, from any tool: what has no place or no message is passed over, and what is
about other files is too. Positions become offsets here.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tandem.core.diagnostics import Diagnostic, Severity
from tandem.core.text import Encoding, Position, Span, Text
from tandem.workspace.paths import of_uri

_UNNECESSARY: Final = 1
_LEVELS: Final = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "note": Severity.INFORMATION,
    "none": Severity.HINT,
}


class ReportError(Exception):
    """The text is no report of diagnostics; the sentence says what was expected."""


def diagnostics_of(report: str, file: Path, text: Text) -> tuple[Diagnostic, ...]:
    """Return what a report says of a file. Raises ReportError."""
    try:
        value = json.loads(report)
    except (ValueError, RecursionError):
        raise ReportError("the diagnostics are not JSON") from None
    if isinstance(value, dict) and isinstance(value.get("runs"), list):
        return tuple(_of_sarif(value["runs"], file, text))
    if isinstance(value, dict) and isinstance(value.get("params"), dict):
        value = value["params"]  # a whole textDocument/publishDiagnostics
    found = _of_protocol(value, file)
    if found is None:
        raise ReportError("the diagnostics are neither a list in the protocol's form nor SARIF")
    read = (_diagnostic(one, text) for one in found)
    return tuple(one for one in read if one is not None)


def _of_protocol(value: Any, file: Path) -> list[Any] | None:
    """Return the diagnostics of a list, of one file's, or of a list of files'."""
    if isinstance(value, dict):
        found = value.get("diagnostics", value.get("items"))
        return found if isinstance(found, list) and _is_of(value.get("uri"), file) else None
    if not isinstance(value, list):
        return None
    whole = [one for one in value if isinstance(one, dict) and "diagnostics" in one]
    if not whole:
        return value
    return [one for part in whole for one in _of_protocol(part, file) or []]


def _is_of(uri: object, file: Path) -> bool:
    if not isinstance(uri, str):
        return True
    path = Path(of_uri(uri) or uri)
    return path == file or file.as_posix().endswith(f"/{path.as_posix().lstrip('./')}")


def _diagnostic(one: Any, text: Text) -> Diagnostic | None:
    try:
        span = Span(*(_offset(text, one["range"][end]) for end in ("start", "end")))
        severity = Severity(one.get("severity") or Severity.ERROR.value)
        code, tags = one.get("code"), one.get("tags") or ()
        return Diagnostic(
            Span(span.start, max(span)),
            str(one["message"]),
            str(one.get("source") or ""),
            "" if code is None else str(code),
            severity,
            _UNNECESSARY in tags,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _offset(text: Text, place: Mapping[str, Any]) -> int:
    return text.offset_at(Position(int(place["line"]), int(place["character"])), Encoding.UTF16)


def _of_sarif(runs: list[Any], file: Path, text: Text) -> Iterator[Diagnostic]:
    for run in runs:
        try:
            tool = str(run["tool"]["driver"]["name"])
            utf16 = run.get("columnKind") != "unicodeCodePoints"
            results = list(run.get("results") or ())
        except (KeyError, TypeError, AttributeError):
            continue
        for result in results:
            found = _result(result, tool, file, text, Encoding.UTF16 if utf16 else Encoding.UTF32)
            if found is not None:
                yield found


def _result(
    result: Any, tool: str, file: Path, text: Text, encoding: Encoding
) -> Diagnostic | None:
    try:
        place = result["locations"][0]["physicalLocation"]
        if not _is_of(place["artifactLocation"].get("uri"), file):
            return None
        region = place["region"]
        line, column = region["startLine"] - 1, region.get("startColumn", 1) - 1
        end_line = region.get("endLine", line + 1) - 1
        start = text.offset_at(Position(line, column), encoding)
        end = text.line_end(end_line)
        if "endColumn" in region:
            end = text.offset_at(Position(end_line, region["endColumn"] - 1), encoding)
        level = _LEVELS.get(result.get("level", "warning"), Severity.WARNING)
        message = str(result["message"]["text"])
        rule = str(result.get("ruleId") or "")
        return Diagnostic(Span(start, max(start, end)), message, tool, rule, level)
    except (KeyError, TypeError, AttributeError, IndexError):
        return None
