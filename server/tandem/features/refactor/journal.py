"""Events of a plan as lines of JSON, and back: what a run that was killed goes on from.

A line that is not whole (the process died while it wrote) is the last one and did not happen.
Deliberately no upgrade: a journal of another version cannot be carried on, and says so.

Invariant: ``events(map(line, happened)) == happened``.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tandem.core.errors import RefusedError
from tandem.core.money import Usd
from tandem.features.refactor.events import Event

if TYPE_CHECKING:
    from cattrs import Converter

VERSION: Final = 1
_EVENT: Final[Any] = Event  # cattrs takes a union where its types say a class


def line(event: Event) -> str:
    """Return an event as one line, without its end."""
    value = _converter().unstructure(event, unstructure_as=_EVENT)
    return json.dumps({"version": VERSION, **value}, ensure_ascii=True)


def events(lines: Iterable[str]) -> list[Event]:
    """Return the events of a journal. Raises RefusedError if it cannot be carried on."""
    found: list[Event] = []
    for text in lines:
        value = _decoded(text)
        if value is None:
            break
        if value.pop("version", None) != VERSION:
            raise RefusedError("the plan's journal was written by another version of Tandem")
        try:
            found.append(_converter().structure(value, _EVENT))
        except Exception:  # noqa: BLE001 - cattrs raises groups of whatever a value raised
            raise RefusedError("the plan's journal is damaged") from None
    return found


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


@cache
def _converter() -> "Converter":
    from cattrs import Converter  # noqa: PLC0415 - 50 ms, with the first plan
    from cattrs.strategies import configure_tagged_union  # noqa: PLC0415

    converter = Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(Usd, lambda amount: amount.pico)
    converter.register_structure_hook(Usd, lambda pico, _: Usd(int(pico)))
    configure_tagged_union(_EVENT, converter, tag_name="event")
    return converter
