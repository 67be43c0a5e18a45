"""What a completion at a place would be told, and what it costs.

Shows each section with where it comes from, why it is there and how many tokens it takes, then the
price of a first request (nothing cached) and of the next one (all but the end cached).
"""

from dataclasses import asdict, dataclass
from typing import Any

from tandem.app import World
from tandem.commands.context.repository import Place, Repository, indexed, text_of
from tandem.core.model import Usage
from tandem.core.text import Encoding, Position, Text
from tandem.core.tokens import estimate
from tandem.index.context.assemble import context_for
from tandem.index.context.ring import Ring
from tandem.index.context.visit import FROZEN, Entered, enter, render
from tandem.index.context.windows import Windows
from tandem.index.languages import id_of
from tandem.spending import price_table


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion's prompt in parts; amounts are US dollars."""

    place: str
    sections: list[dict[str, Any]]
    tokens: int
    first_request: str
    next_request: str
    prompt: str
    suffix: str

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    def to_text(self, prompt: bool) -> str:  # noqa: FBT001 - a flag of the command line
        """Return it for people, with the prompt itself if it is wanted."""
        lines = [f"{'tokens':>7}  {'from':<12}{'where':<48}  why"]
        for section in self.sections:
            spans = ",".join(f"{first}-{last}" for first, last in section["lines"][:3])
            where = f"{section['path']}:{spans}"
            row = f"{section['tokens']:>7}  {section['from']:<12}{where:<48}  {section['why']}"
            lines.append(row)
        lines.append(f"{self.tokens:>7}  in all, the open file's own text included")
        lines.append(f"first request {self.first_request}, the next {self.next_request}")
        if prompt:
            lines += ["--- prompt", self.prompt, "--- suffix", self.suffix]
        return "\n".join(lines)


async def of_place(world: World, place: Place) -> Completion:
    """Assemble the context of a place; PlaceError if its file cannot be read."""
    text = Text.of(text_of(place))
    offset = text.offset_at(place.position or Position(0, 0), Encoding.UTF32)
    async with indexed(world, place.root, place.name) as repository:
        return _assembled(world, repository, place.name, text, offset)


def _assembled(
    world: World, repository: Repository, name: str, text: Text, offset: int
) -> Completion:
    code = repository.indexing.codebase
    windows = Windows()
    for other in sorted(code.paths):
        content = code.text(other) if other != name else str(text)
        if content is not None:
            windows.put(other, content)
    block = context_for(code, name, text, offset, Ring(), windows=windows, budget_tokens=FROZEN)
    visit = enter(Entered(name, text, offset, block))
    prompt, suffix = render(visit, text, offset)
    language = id_of(name)
    all_tokens, ends = estimate(prompt, language), estimate(suffix, language)
    settings = repository.settings
    rate = price_table(settings).rate(settings.models.flash, world.clock.now())
    line, column = text.point_at(offset)
    return Completion(
        place=f"{name}:{line + 1}:{column + 1}",
        sections=[
            {
                "from": section.source.value,
                "path": section.path,
                "lines": [[first + 1, last] for first, last in section.lines],
                "tokens": section.tokens,
                "why": section.why,
            }
            for section in visit.shown.sections
        ],
        tokens=all_tokens + ends,
        first_request=str(rate.cost(Usage(miss=all_tokens + ends))) if rate else "unknown",
        next_request=str(rate.cost(Usage(hit=all_tokens, miss=ends))) if rate else "unknown",
        prompt=prompt,
        suffix=suffix,
    )
