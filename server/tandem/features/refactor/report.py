"""Evidence as people read it: what a change reaches, place by place, and a checklist. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from tandem.features.refactor.evidence import GUESS, Evidence, Hit, Target

_NAMED: Final = 6  # names of a file that are said
_SHOWN: Final = 40  # places of a kind; the rest is counted


def report(evidence: Evidence, instruction: str) -> str:
    """Return the impact report as Markdown."""
    return "\n".join(_lines(evidence, instruction)) + "\n"


def _lines(evidence: Evidence, instruction: str) -> Iterator[str]:
    yield f"# {instruction}"
    yield ""
    if evidence.target.sure <= GUESS:
        yield "Nothing here has a name that the instruction says; the closest to its words:"
    yield _told(evidence.target)
    if evidence.further:
        yield from ("", "Named beside it:", "")
        yield from (f"- {_told(target)}" for target in evidence.further)
        yield ""
    files = len(evidence.files)
    yield f"The change may reach {files} {'file' if files == 1 else 'files'}: {_counts(evidence)}."
    if evidence.ranked:
        yield from ("", "## Files, most likely first", "")
        yield from (f"{number}. {path}" for number, path in enumerate(evidence.ranked, 1))
    for title, hits in _kinds(evidence):
        if hits:
            yield from ("", f"## {title}", "")
            yield from _places(hits)
    if evidence.together:
        yield from ("", "## Files that changed along in the past", "")
        yield from (f"- {path} ({weight:.1f})" for path, weight in evidence.together)
    yield from ("", "## Checklist", "")
    yield from _checklist(evidence)


def _told(target: Target) -> str:
    if target.definition is not None:
        return f"`{target.definition.signature}` in {target.path}:{target.definition.line + 1}."
    return f"{target.path}, which defines {_listed(target.names) or 'nothing by name'}."


def _kinds(evidence: Evidence) -> Sequence[tuple[str, tuple[Hit, ...]]]:
    return (
        ("Other definitions of the same name", evidence.others),
        ("Callers", evidence.callers),
        ("Tests", evidence.tests),
        ("Configuration and documents", evidence.mentions),
        ("Perhaps: the same name where the file is not imported", evidence.perhaps),
    )


def _counts(evidence: Evidence) -> str:
    uses = len(evidence.callers)
    return (
        f"{uses} {'line uses' if uses == 1 else 'lines use'} it, {len(evidence.tests)} of tests, "
        f"{len(evidence.mentions)} of configuration and documents, {len(evidence.perhaps)} perhaps"
    )


def _places(hits: Sequence[Hit]) -> Iterator[str]:
    for hit in hits[:_SHOWN]:
        inside = f" in `{hit.inside}`" if hit.inside else ""
        yield f"- {hit.path}:{hit.line + 1}{inside}: `{hit.text}`"
    if len(hits) > _SHOWN:
        yield f"- and {len(hits) - _SHOWN} more"


def _checklist(evidence: Evidence) -> Iterator[str]:
    changed: set[str] = set()
    for target in evidence.targets:
        if target is evidence.target or target.definition is not None:
            what = f"`{target.definition.name}`" if target.definition is not None else "the file"
            yield f"- [ ] Change {what} in {target.path}"
            changed.add(target.path)
    for path, count in _by_file(evidence.callers):
        if path not in changed:
            yield f"- [ ] Follow in {path} ({_lines_of(count)})"
    for path, count in _by_file(evidence.tests):
        yield f"- [ ] Run and adapt {path} ({_lines_of(count)})"
    for path, count in _by_file(evidence.mentions):
        yield f"- [ ] Update {path} ({_lines_of(count)})"
    for path, count in _by_file(evidence.perhaps):
        yield f"- [ ] Look whether {path} means it ({_lines_of(count)})"
    yield from _remaining(evidence, changed)


def _remaining(evidence: Evidence, changed: Collection[str]) -> Iterator[str]:
    """Yield the files of the checklist that no line speaks for."""
    told = {*changed, *(hit.path for _, hits in _kinds(evidence)[1:] for hit in hits)}
    for path in dict.fromkeys(target.path for target in evidence.further):
        if path not in told:
            yield f"- [ ] Look at {path}, which the instruction names"
    for path, _weight in evidence.together:
        if path not in evidence.files:
            yield f"- [ ] Look at {path}, which changed along before"


def _by_file(hits: Sequence[Hit]) -> Sequence[tuple[str, int]]:
    return sorted(Counter(hit.path for hit in hits).items())


def _lines_of(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _listed(names: Sequence[str]) -> str:
    public = [name for name in names if not name.startswith("_")] or list(names)
    listed = ", ".join(f"`{name}`" for name in public[:_NAMED])
    return f"{listed} and {len(public) - _NAMED} more" if len(public) > _NAMED else listed


def to_json(evidence: Evidence, instruction: str) -> dict[str, Any]:
    """Return the evidence for machines; lines are one-based."""

    def hits(found: Sequence[Hit]) -> list[dict[str, Any]]:
        return [
            {"path": hit.path, "line": hit.line + 1, "inside": hit.inside, "text": hit.text}
            for hit in found
        ]

    return {
        "instruction": instruction,
        "target": _target(evidence.target),
        "further": [_target(target) for target in evidence.further],
        "ranked": list(evidence.ranked),
        "files": list(evidence.files),
        "others": hits(evidence.others),
        "callers": hits(evidence.callers),
        "tests": hits(evidence.tests),
        "mentions": hits(evidence.mentions),
        "perhaps": hits(evidence.perhaps),
        "together": [{"path": path, "weight": round(w, 2)} for path, w in evidence.together],
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "path": target.path,
        "name": target.definition.name if target.definition is not None else "",
        "line": target.definition.line + 1 if target.definition is not None else 0,
        "sure": round(target.sure, 2),
    }
