"""A review as people and machines read it: text, Markdown, annotations, JSON, SARIF."""

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Severity
from tandem.core.money import Usd
from tandem.features.review.findings import Finding, Place
from tandem.features.review.machine import to_json, to_sarif
from tandem.features.review.notes import Notes, Touched
from tandem.features.review.report import explained, github, markdown, summary, text
from tandem.features.review.result import Dropped, Review, fails

ONE = Finding(
    "callers", "shop/till,1.py", 4, "    amount = price(item)", Severity.ERROR,
    "`price` takes a currency.", "It: gives none,\nreally 100%", "Call it.",
    "    amount = price(item, EUR)", (Place("shop/a b.py", 8, "what it takes"), Place("x.py", 1)),
    "pro", 0.87,
)  # fmt: skip
TWO = Finding("leftover", "a.py", 0, "print(1)", Severity.WARNING, "A print is left.")
NOTES = Notes((Touched("a.py", 1, "f", "new"),), (("b.py", "often"),), (("logo.png", "binary"),))
REVIEW = Review(
    "what is staged", 3, (ONE, TWO), NOTES, (Dropped(replace(TWO, line=7), "dismissed"),),
    (("z.py", "over review.most_usd, $0.01"),), asked=True, kept=2, cost=Usd.of("0.012"),
)  # fmt: skip
EMPTY = Review("it", 1, (), Notes((), (), ()))


def test_in_a_terminal_it_reads_as_compilers_print():
    lines = text(REVIEW).splitlines()
    assert lines[:4] == [
        "shop/till,1.py:5: error: `price` takes a currency. [callers]",
        "    amount = price(item)",
        "    shop/a b.py:9: what it takes",
        "    → amount = price(item, EUR)",
    ]
    assert lines[4] == "a.py:1: warning: A print is left. [leftover]"
    assert lines[-1] == summary(REVIEW)


def test_the_summary_tells_what_was_found_left_kept_and_paid():
    assert summary(REVIEW) == (
        "what is staged: 3 files, 2 findings; 1 not shown; "
        "1 file not judged: over review.most_usd, $0.01; 2 files as judged before; $0.012"
    )
    assert summary(EMPTY) == "it: 1 file, no findings; evidence alone, nothing was asked"
    assert "1 finding;" in summary(replace(EMPTY, findings=(TWO,)))


def test_markdown_has_the_findings_the_facts_and_what_is_missing():
    said = markdown(REVIEW)
    assert said.startswith("# Review of what is staged\n\nwhat is staged: 3 files")
    for words in (
        "## Error: `price` takes a currency.\n\n`shop/till,1.py:5` · callers · pro, 87% sure\n",
        "```\n    amount = price(item)\n```",
        "How to tell: Call it.",
        "In its place:\n\n```\n    amount = price(item, EUR)\n```",
        "- `shop/a b.py:9`: what it takes",
        "`a.py:1` · leftover · proven by the index",
        "## What changed\n\n- a.py:2 `f`: new\n- b.py did not change: often\n- logo.png: binary",
        "## Not judged\n\n- z.py: over review.most_usd",
        "## Not shown\n\n- a.py:8: A print is left. — dismissed",
    ):
        assert words in said
    assert "x.py:2" not in said
    assert "##" not in markdown(EMPTY).removeprefix("#")


@given(st.text(alphabet="`x\n", max_size=12))
def test_no_quote_ends_its_fence(quote):
    lines = list(explained(replace(ONE, quote=quote.replace("\n", ""), suggestion=None)))
    fence = lines[2]
    assert re.fullmatch("`{3,}", fence)
    assert fence not in lines[3]
    assert lines[4] == fence


def test_annotations_of_a_job_are_escaped():
    first, second, *_ = github(REVIEW).splitlines()
    assert first == (
        "::error file=shop/till%2C1.py,line=5,title=tandem%3A callers::"
        "`price` takes a currency. It: gives none,%0Areally 100%25"
    )
    assert second.startswith("::warning file=a.py,line=1,")
    hint = replace(TWO, severity=Severity.INFORMATION)
    assert github(replace(EMPTY, findings=(hint,))).startswith("::notice ")


@given(st.text(), st.text(), st.text())
def test_nothing_in_a_finding_makes_another_command(rule, path, claim):
    made = github(replace(EMPTY, findings=(replace(ONE, rule=rule, path=path, claim=claim),)))
    lines = re.split("\r\n|\n|\r", made)
    assert len(lines) == 3
    head = lines[0].removeprefix("::error ").split("::")[0]
    assert len(head.split(",")) == 3


def test_as_json_lines_begin_with_one():
    said = json.loads(json.dumps(to_json(REVIEW)))
    first = said["findings"][0]
    assert (first["line"], first["severity"], first["key"]) == (5, "error", ONE.key)
    assert first["related"][0] == {"path": "shop/a b.py", "line": 9, "said": "what it takes"}
    assert said["dropped"][0]["dropped"] == "dismissed"
    assert said["not_judged"] == [{"path": "z.py", "why": "over review.most_usd, $0.01"}]
    assert said["changed"][0]["line"] == 2
    assert (said["kept"], said["asked"], said["files"]) == (2, True, 3)
    assert float(said["cost_usd"]) == 0.012


def test_as_sarif_every_result_has_its_rule_place_and_fix():
    said = json.loads(json.dumps(to_sarif(REVIEW, "1.2")))
    assert said["version"] == "2.1.0"
    (run,) = said["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["callers", "leftover"]
    one, two = run["results"]
    assert rules[one["ruleIndex"]] == one["ruleId"] == "callers"
    assert (one["level"], two["level"]) == ("error", "warning")
    place = one["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "shop/till%2C1.py"
    assert place["region"] == {"startLine": 5}
    assert one["relatedLocations"][0]["message"] == {"text": "what it takes"}
    assert one["partialFingerprints"] == {"tandem/v1": ONE.key}
    (change,) = one["fixes"][0]["artifactChanges"]
    assert change["replacements"][0] == {
        "deletedRegion": {"startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 25},
        "insertedContent": {"text": "    amount = price(item, EUR)"},
    }
    assert "fixes" not in two
    assert to_sarif(EMPTY, "1")["runs"][0]["results"] == []


def test_a_review_fails_from_its_threshold_on():
    assert fails([TWO], Severity.WARNING)
    assert not fails([TWO], Severity.ERROR)
    assert not fails([ONE], None)
    assert REVIEW.worst() is Severity.ERROR
    assert EMPTY.worst() is None
