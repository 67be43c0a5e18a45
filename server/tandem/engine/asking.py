"""What asks a model: the gateway itself, or one in front of it that knows answers already."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from tandem.core.model import Event, Request, Usage
from tandem.core.money import Usd
from tandem.core.reply import ReplyBuilder

if TYPE_CHECKING:  # half a second with what stands below; loaded with the first key
    from tandem.engine.gateway import Receipt, Terms


class Answering(Protocol):
    """An answer under way: iterate over it for its events; raises ModelError or BudgetError."""

    @property
    def builder(self) -> ReplyBuilder:
        """What has come so far."""
        ...

    def __aiter__(self) -> AsyncIterator[Event]:
        """Return the events."""
        ...

    def on_settled(self, listener: "Callable[[Receipt], None]") -> None:
        """Have `listener` called once it is known what the answer cost."""
        ...


class Asker(Protocol):
    """Answers requests, and knows their prices."""

    def estimate(self, model: str, usage: Usage) -> Usd | None:
        """Return what so many tokens cost now; None where no price is known."""
        ...

    def call(self, request: Request, terms: "Terms") -> AbstractAsyncContextManager[Answering]:
        """Make a call; leaving the block lets it go."""
        ...
