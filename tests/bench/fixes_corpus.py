"""The literate cases as a corpus: what is shown, what is refused and why, what is free."""

import tempfile
from pathlib import Path
from typing import Final

from tandem.core.model import Billed, Stop, Stopped, TextDelta
from tandem.features.fixes.causes import CauseKind, cause_of
from tandem.index.facts import FileFacts
from tandem.index.languages import by_id
from tandem.index.parse import parse, syntax_errors
from tests.support.clock import run_jumping
from tests.support.fix_cases import USAGE, Result, Scene, by_model, freely, replies, scene_of
from tests.support.gateway import bench
from tests.support.literate import Case, Fence, cases
from tests.support.script import Step

NAMES: Final = frozenset(
    [
        CauseKind.UNDEFINED_NAME,
        CauseKind.UNRESOLVED_MODULE,
        CauseKind.MISSING_EXPORT,
        CauseKind.UNKNOWN_MEMBER,
        CauseKind.UNKNOWN_ARGUMENT,
        CauseKind.UNUSED_IMPORT,
    ]
)
"""What diagnostics about imports and names are about."""


def measure() -> dict[str, float]:
    """Return the counts over all cases."""
    shown = bad = refused = silent = climbs = names = free = 0
    suite = dict(cases("fix"))
    for case in suite.values():
        scene = scene_of(case)
        results = [freely(scene)]
        if case.one("model") is not None:
            results.append(run_jumping(lambda case=case: _asked(case)))  # type: ignore[misc]
        for result in results:
            climbs += max(0, len(result.steps) - 1)
            if result.text is None:
                refused += 1
                silent += not result.reason
            else:
                shown += 1
                bad += _is_bad(scene, result.text)
        expected = case.one("expect")
        if _is_about_names(scene) and expected is not None:
            names += 1
            said = results[0].text
            free += said is not None and said.replace("\r\n", "\n").strip() == expected.text.strip()
    return {
        "fix_cases": float(len(suite)),
        "shown": float(shown),
        "bad_shown": float(bad),
        "refused": float(refused),
        "refused_without_reason": float(silent),
        "climbs": float(climbs),
        "name_cases": float(names),
        "free_fix_share": free / max(1, names),
    }


def _is_about_names(scene: Scene) -> bool:
    source, language = scene.source, scene.source.document.language
    causes = [cause_of(one, source.text, language) for one in scene.ask.diagnostics]
    return bool(causes) and all(one is not None and one.kind in NAMES for one in causes)


async def _asked(case: Case) -> Result:
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        async with bench(Path(folder)) as made:
            made.provider.scripts += [_script(fence) for fence in replies(case)]
            return await by_model(scene_of(case), made.gateway)


def _script(fence: Fence) -> list[Step]:
    stop = Stop(fence.attributes.get("stop", "stop"))
    pieces: list[Step] = [TextDelta(fence.text + "\n")] if fence.text else []
    return [*pieces, Stopped(stop, ""), Billed(USAGE, "")]


def _is_bad(scene: Scene, after: str) -> bool:
    """Tell whether a text has more syntax errors, or lacks a definition that is referred to.

    Says it in its own way, not the gates': a lost name is one that another file imports, or that
    stands in the text as a word and is bound by nothing in it.
    """
    before = str(scene.source.text)
    language = by_id(scene.source.document.language)
    if language is None:
        return False
    if syntax_errors(after.encode(), language) > syntax_errors(before.encode(), language):
        return True
    old, new = (parse(text.encode(), language) for text in (before, after))
    if old is None or new is None:
        return False
    bound = _defined(new) | {item.local for item in new.imports}
    bound |= {local for item in new.imports for _, local in item.names}
    lost = _defined(old) - bound
    code = scene.source.code
    wanted = set(new.identifiers)
    if code is not None:
        for path in code.importers(scene.source.path):
            wanted |= {target.name for target in code.imports(path).values()}
    return bool(lost & wanted)


def _defined(facts: FileFacts) -> set[str]:
    return {one.name for one in facts.definitions}
