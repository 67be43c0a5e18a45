"""Runs the literate cases of ``fixtures/cases/fix``; see ``tests.support.fix_cases`` for fences."""

from pathlib import Path

import pytest

from tandem.core.model import Billed, ChatRequest, Stop, Stopped, TextDelta
from tandem.index.languages import by_id
from tandem.index.parse import syntax_errors
from tests.support.clock import run_jumping
from tests.support.fix_cases import (
    USAGE,
    Result,
    by_model,
    free_offers,
    freely,
    replies,
    rung_of,
    scene_of,
)
from tests.support.gateway import bench
from tests.support.literate import Case, Fence, cases
from tests.support.script import Step

SUITE = dict(cases("fix"))


@pytest.mark.parametrize("name", SUITE)
def test_case(name: str, tmp_path: Path) -> None:
    case = SUITE[name]
    scene = scene_of(case)
    free, expected, refused = case.one("free"), case.one("expect"), case.one("refused")
    assert free or expected or refused, "a case expects something"
    if free is not None:
        titles = free.text.split("\n") if free.text else []
        assert [offer.title for offer in free_offers(scene)] == titles
    if expected is not None and expected.attributes["by"] == "free":
        check(case, freely(scene), str(scene.source.text))
    elif expected is not None or refused is not None:
        check(case, run_jumping(lambda: _by_model(case, tmp_path)), str(scene.source.text))


def check(case: Case, result: Result, before: str) -> None:
    expected, refused = case.one("expect"), case.one("refused")
    if refused is not None:
        assert result.text is None, result.text
        assert refused.text in result.reason
        return
    assert expected is not None
    assert result.text is not None, (result.reason, result.refusals)
    assert result.text.replace("\r\n", "\n").rstrip("\n") == expected.text.rstrip("\n")
    assert result.by == expected.attributes["by"]
    if "\r\n" in before:
        assert result.text.count("\n") == result.text.count("\r\n")
    language = by_id(case.fences[0].kind)
    if language is not None:
        now = syntax_errors(result.text.encode(), language)
        assert now <= syntax_errors(before.encode(), language)


async def _by_model(case: Case, folder: Path) -> Result:
    scene = scene_of(case)
    async with bench(folder) as made:
        made.provider.scripts += [_script(fence) for fence in replies(case)]
        made.provider.scripts += [_script(_NOTHING)] * _MORE
        result = await by_model(scene, made.gateway)
        requests = [one for one in made.provider.requests if isinstance(one, ChatRequest)]
        for request, fence in zip(requests, replies(case), strict=False):
            rung = fence.attributes.get("rung")
            assert rung in {None, rung_of(request, scene.settings)}
        asked = len(made.provider.requests)
        assert asked == len(replies(case)), (result.reason, result.refusals)
    return result


_NOTHING = Fence("model", {}, "")  # what comes when a case has no more answers
_MORE = 12


def _script(fence: Fence) -> list[Step]:
    stop = Stop(fence.attributes.get("stop", "stop"))
    pieces: list[Step] = [TextDelta(fence.text + "\n")] if fence.text else []
    return [*pieces, Stopped(stop, ""), Billed(USAGE, "")]
