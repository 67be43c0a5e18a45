"""What the demo shows, line by line: pure, so that a test reads it. Colors only on a terminal."""

from dataclasses import dataclass
from typing import Final

from tandem.commands.places import Place

_CODES: Final = {
    "dim": "2",
    "bold": "1",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "ghost": "3;90",
}
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Shown:
    """One completion that the server offered at a place. `cost` is empty where nothing was paid."""

    place: Place
    name: str
    text: str
    source: str
    latency_ms: float
    cost: str

    @property
    def exact(self) -> bool:
        """Whether it is what the author wrote."""
        return self.text.strip() == self.place.rest.strip()


@dataclass(frozen=True, slots=True)
class Palette:
    """Turns styles on or off."""

    color: bool

    def paint(self, style: str, text: str) -> str:
        """Return the text in a style."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.color and text else text


def completion(shown: Shown, palette: Palette) -> list[str]:
    """Return one completion in place: where, the line with its ghost text, what it was."""
    place = shown.place
    head = f"{shown.name}:{place.line + 1}"
    facts = f"{shown.source}  {shown.latency_ms:.0f} ms"
    facts += f"  {shown.cost}" if shown.cost else "  free"
    gap = " " * max(2, _WIDTH - len(head) - len(facts))
    indent = len(place.before) - len(place.before.lstrip())
    before = place.before[indent:]
    ghost = palette.paint("ghost", shown.text) if palette.color else f"⟦{shown.text}⟧"
    lines = [f"{palette.paint('cyan', head)}{gap}{palette.paint('dim', facts)}"]
    lines.append(f"    {before}{ghost}")
    if shown.exact:
        lines[-1] += palette.paint("green", "   ✓ as written")
    else:
        lines.append(palette.paint("dim", f"    {before}{place.rest}") + "   ← as written")
    return lines


def headline(title: str, palette: Palette) -> str:
    """Return a heading."""
    return palette.paint("bold", title)


def summary(shown: list[Shown], asked: int, palette: Palette) -> list[str]:
    """Return the totals: offered, right, fast."""
    quiet = asked - len(shown)
    if not shown:
        return [f"asked at {asked} places, quiet at all of them"]
    exact = sum(item.exact for item in shown)
    times = sorted(item.latency_ms for item in shown)
    middle = times[len(times) // 2]
    return [
        palette.paint(
            "bold",
            f"{len(shown)} completions at {asked} places, {exact} exactly as written, "
            f"median {middle:.0f} ms; quiet at {quiet}, where nothing was likely enough",
        )
    ]
