"""What a sample defines and imports, one line each: the form of the samples' `expected.txt`.

`python -m tests.index.syntax.listing` writes them anew; read the difference before believing it.
"""

from pathlib import Path

from tandem.index.facts import FileFacts, with_depth
from tandem.index.languages import Language, by_id, language_of
from tandem.index.parse import parse

SAMPLES = Path(__file__).parents[3] / "fixtures" / "samples"


def known(name: str) -> Language:
    """Return a language by its id, or of a file by its name."""
    found = by_id(name) or language_of(name)
    assert found is not None, name
    return found


def exact(data: bytes, language: Language, *, budget_s: float | None = None) -> FileFacts:
    facts = parse(data, language, budget_s=budget_s)
    assert facts is not None
    return facts


def samples() -> list[Path]:
    return sorted(path for path in SAMPLES.glob("*/*") if path.name != "expected.txt")


def listing(facts: FileFacts) -> str:
    lines = []
    for found in facts.imports:
        names = ", ".join(a if a == b else f"{a} as {b}" for a, b in found.names)
        local = f" -> {found.local}" if found.local else ""
        lines.append(f"import @{found.line} {found.module}{' : ' if names else ''}{names}{local}")
    for depth, one in with_depth(facts):
        lines.append(f"{depth} {one.kind.value} {one.name} @{one.line} {one.signature}")
        if one.doc:
            lines.append(f"  doc {one.doc}")
    return "\n".join(lines) + "\n"


def main() -> None:
    for path in samples():
        facts = exact(path.read_bytes(), known(path.name))
        (path.parent / "expected.txt").write_text(listing(facts), "utf-8")


if __name__ == "__main__":
    main()
