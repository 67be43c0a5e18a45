"""What the gateway expects of anything that can answer a request."""

from collections.abc import AsyncGenerator
from typing import Protocol

from tandem.core.model import Event, Request


class Provider(Protocol):
    """A source of answers. Does not retry, does not account, does not log prompts."""

    def stream(self, request: Request) -> AsyncGenerator[Event]:
        """Yield the answer as it comes. Raises ModelError.

        Closing the generator (or cancelling its reader) closes the upstream connection, unless
        the answer was read to its end: then the connection stays warm for the next request.
        """
        ...

    async def warm(self) -> None:
        """Load what is slow to load and open a connection. Never raises; costs nothing."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
