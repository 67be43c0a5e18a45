"""Diagnostics out of files that any tool may have written."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.commands.reports import ReportError, diagnostics_of
from tandem.core.diagnostics import Severity
from tandem.core.text import Text

FILE = Path("/w/shop/cart.py")
TEXT = Text.of("import os\n\nname = '😋' + nam\n")
RANGE = {"start": {"line": 2, "character": 14}, "end": {"line": 2, "character": 17}}
ONE = {"range": RANGE, "message": '"nam" is not defined', "source": "Pyright", "code": "x"}


def slices(report: object) -> list[tuple[str, str]]:
    found = diagnostics_of(json.dumps(report), FILE, TEXT)
    return [(TEXT.slice(*one.span), one.message) for one in found]


@pytest.mark.parametrize(
    "report",
    [
        [ONE],
        {"diagnostics": [ONE]},
        {"uri": "file:///w/shop/cart.py", "diagnostics": [ONE]},
        {"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics",
         "params": {"uri": "file:///w/shop/cart.py", "diagnostics": [ONE]}},
        {"kind": "full", "items": [ONE]},
        [{"uri": "file:///w/shop/cart.py", "diagnostics": [ONE]},
         {"uri": "file:///w/other.py", "diagnostics": [ONE, ONE]}],
        [ONE, {"message": "has no range"}, "no diagnostic", None, {"range": {}, "message": ""}],
    ],
)  # fmt: skip
def test_the_protocols_forms(report):
    assert slices(report) == [("nam", '"nam" is not defined')]


def sarif(uri: str, **region: object) -> dict[str, object]:
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 3, **region}}
    result = {
        "ruleId": "F821",
        "level": "error",
        "message": {"text": "Undefined name `nam`"},
        "locations": [{"physicalLocation": place}],
    }
    return {
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "ruff"}}, "results": [result]}],
    }


@pytest.mark.parametrize("uri", ["file:///w/shop/cart.py", "shop/cart.py", "./cart.py"])
def test_sarif(uri):
    report = sarif(uri, startColumn=15, endLine=3, endColumn=18)
    (one,) = diagnostics_of(json.dumps(report), FILE, TEXT)
    assert TEXT.slice(*one.span) == "nam"
    assert (one.source, one.code, one.severity) == ("ruff", "F821", Severity.ERROR)


def test_sarif_without_columns_is_about_the_line():
    assert slices(sarif("shop/cart.py")) == [("name = '😋' + nam", "Undefined name `nam`")]


def test_what_is_about_other_files_is_passed_over():
    assert slices(sarif("shop/other.py")) == []


@pytest.mark.parametrize("report", ["", "no JSON", "3", '"text"', '{"a": 1}', "null"])
def test_what_is_no_report_is_refused_with_a_sentence(report):
    with pytest.raises(ReportError, match="the diagnostics are"):
        diagnostics_of(report, FILE, TEXT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["range", "start", "end", "line", "character", "message", "runs", "tool",
                         "driver", "name", "results", "locations", "uri", "diagnostics"]), inner),
)  # fmt: skip


@given(JSON)
def test_nothing_else_is_raised(value):
    try:
        found = diagnostics_of(json.dumps(value), FILE, TEXT)
    except ReportError:
        return
    assert all(0 <= one.span.start <= one.span.end <= len(TEXT) for one in found)
