"""Findings as values: known again by their content, merged by their matter, in reading order."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Severity
from tandem.features.review.findings import Finding, Place, merged, ordered

ONE = Finding(
    "callers", "shop/till.py", 11, "    total = price(item)", Severity.ERROR,
    "`price` takes a currency and this call gives none.", by="pro", confidence=0.7,
)  # fmt: skip
OTHER_WORDS = "What `price` is given here lacks the currency that it takes."


def test_a_finding_is_known_again_where_its_line_moves():
    assert replace(ONE, line=40, quote="\ttotal  = price(item)", claim="!").key == ONE.key


def test_a_finding_of_another_line_file_or_kind_is_another():
    others = (
        replace(ONE, quote="    total = price(order)"),
        replace(ONE, path="shop/cart.py"),
        replace(ONE, rule="api"),
    )
    assert len({ONE.key, *(one.key for one in others)}) == 4


def test_the_worst_is_read_first_then_the_surest_then_the_soonest_looked_at():
    last = replace(ONE, severity=Severity.INFORMATION, confidence=1.0)
    far = replace(ONE, related=(Place("a.py", 1), Place("b.py", 2)), path="a.py")
    sure = replace(ONE, confidence=0.95)
    warning = replace(ONE, severity=Severity.WARNING, confidence=1.0)
    assert ordered([last, warning, far, ONE, sure]) == (sure, ONE, far, warning, last)


def test_what_is_as_sure_and_as_near_is_in_the_order_of_the_places():
    later, other = replace(ONE, line=30), replace(ONE, path="zoo.py", line=1)
    assert ordered([other, later, ONE]) == (ONE, later, other)


def test_two_of_one_matter_are_one_and_the_surer_stays_with_the_places_of_both():
    surer = replace(ONE, line=12, quote="x", confidence=0.9, related=(Place("a.py", 1, "said"),))
    less = replace(ONE, claim=OTHER_WORDS, check="Run it.", related=(Place("b.py", 2),))
    (one,), fewer = merged([less, surer])
    assert fewer == 1
    assert (one.line, one.claim, one.check) == (12, surer.claim, "Run it.")
    assert {place.path for place in one.related} == {"a.py", "b.py"}


def test_what_is_proven_stays_before_what_a_model_is_sure_of():
    proven = replace(ONE, by="evidence", rule="changed-signature", confidence=0.6)
    (one,), _ = merged([replace(ONE, confidence=1.0), proven])
    assert (one.rule, one.by, one.claim) == ("changed-signature", "evidence", ONE.claim)


def test_what_is_said_of_one_line_in_other_words_is_not_lost():
    leak = replace(ONE, rule="resources", claim="The file is never closed.", confidence=0.5)
    mild = replace(ONE, severity=Severity.INFORMATION)
    (one,), fewer = merged([mild, leak])
    assert fewer == 1
    assert one.claim == ONE.claim
    assert "Also: The file is never closed." in one.why
    assert one.severity is Severity.ERROR


def test_other_matters_stay_apart():
    far = replace(ONE, line=ONE.line + 3)
    leak = replace(ONE, line=ONE.line + 1, quote="y", claim="The file is never closed.")
    elsewhere = replace(ONE, path="shop/cart.py")
    assert merged([ONE, far, leak, elsewhere])[1] == 0


def test_two_that_are_proven_stay_two():
    proven = replace(ONE, by="evidence")
    assert merged([proven, replace(proven, rule="leftover")])[1] == 0
    assert merged([proven, proven])[1] == 1


FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(["callers", "api"]),
        st.sampled_from(["a.py", "b.py"]),
        st.integers(0, 9),
        st.sampled_from(["one", "two"]),
        st.sampled_from(list(Severity)),
        st.sampled_from(["alpha beta", "alpha gamma", "delta"]),
        by=st.sampled_from(["evidence", "pro"]),
        confidence=st.floats(0, 1),
    ),
    max_size=8,
)


@given(FINDINGS)
def test_merging_counts_and_never_makes_a_finding_milder(found):
    kept, fewer = merged(found)
    assert len(kept) + fewer == len(found)
    assert {one.path for one in kept} == {one.path for one in found}
    if found:
        proven = {one.severity.value for one in found if one.by == "evidence"}
        assert min(one.severity.value for one in kept) <= min(proven, default=9)


@given(FINDINGS)
def test_the_order_does_not_depend_on_how_they_come(found):
    def said(one: Finding) -> tuple[object, ...]:
        return one.severity.value, -round(one.confidence, 1), one.effort, one.path, one.line

    assert list(map(said, ordered(found))) == sorted(map(said, ordered(reversed(found))))
