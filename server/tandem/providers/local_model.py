"""The provider over a model on the user's own machine: its process, and the API's client to it.

Loading takes seconds, so a request waits for it within its own deadline. A process that was lost is
started again by its keeper, under another port and key, and the client follows. Completes only: a
chat is refused, and so is a request for any other model, since what answers here costs nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Protocol

from tandem.core.errors import Failure, ModelError
from tandem.core.model import Dialect, Event, FimRequest, Request
from tandem.providers import small_model
from tandem.providers.dialects import Exchange
from tandem.providers.openai_api import OpenAIProvider
from tandem.providers.small_model import Ability

_NO_MIDDLE: Final = 501
_LOST: Final = frozenset([Failure.NETWORK, Failure.BROKEN])


class Reached(Protocol):
    """Where the model's process listens."""

    @property
    def base_url(self) -> str:
        """The root of its server."""
        ...

    @property
    def key(self) -> str:
        """What it wants to see."""
        ...


class Process(Protocol):
    """Who keeps the model's process."""

    def start(self) -> None:
        """Begin to load the model."""
        ...

    async def reach(self) -> Reached:
        """Return where it listens, when it does. Raises ModelError."""
        ...

    async def aclose(self) -> None:
        """End it."""
        ...


class LocalModelProvider:
    """Answers with one local model."""

    def __init__(self, process: Process, model: str) -> None:
        """Take who keeps the process, and the one name that requests may ask for."""
        self._process = process
        self._model = model
        self._reached: Reached | None = None
        self._client: OpenAIProvider | None = None
        self._ability = Ability(small=True, middle=True)
        self._joining = asyncio.Lock()
        self._warming: asyncio.Task[None] | None = None

    async def warm(self) -> None:
        """Begin to load the model; who asks meanwhile waits."""
        self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        with contextlib.suppress(ModelError):
            await self._join()

    async def stream(self, request: Request) -> AsyncGenerator[Event]:
        """Yield the answer as it comes; see `providers.base.Provider`."""
        if not isinstance(request, FimRequest) or request.model != self._model:
            raise ModelError(Failure.MODEL, status=404)
        client = await self._join()
        try:
            async with aclosing(client.stream(request)) as events:
                async for event in events:
                    yield event
                return
        except ModelError as error:
            if error.status != _NO_MIDDLE:
                raise _in_our_words(error) from None
        self._ability = Ability(small=True, middle=False)
        async with aclosing(client.stream(request)) as events:
            async for event in events:
                yield event

    async def _join(self) -> OpenAIProvider:
        """Return the client of the process as it runs now."""
        async with self._joining:
            reached = await self._process.reach()
            if self._client is not None and reached == self._reached:
                return self._client
            if self._client is not None:
                await self._client.aclose()
            client = OpenAIProvider(
                reached.base_url, lambda: reached.key, Dialect.LLAMA_CPP, self._exchange
            )
            try:
                small = await _parameters(client) < small_model.SMALL
            except ModelError as error:
                await client.aclose()
                raise _in_our_words(error) from None
            self._ability = Ability(small, self._ability.middle)
            self._client, self._reached = client, reached
            return client

    def _exchange(self, request: FimRequest) -> Exchange:
        return small_model.exchange(self._ability, request)

    async def aclose(self) -> None:
        """Close all connections and end the process."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        if self._client is not None:
            await self._client.aclose()
        await self._process.aclose()


async def _parameters(client: OpenAIProvider) -> int:
    """Return how many parameters the served model has, 0 where it is not said."""
    try:
        return int((await client.get("/models"))["data"][0]["meta"]["n_params"])
    except (KeyError, IndexError, TypeError, ValueError):
        return 0


def _in_our_words(error: ModelError) -> ModelError:
    """Tell of the process where the sentence would tell of an API and its network."""
    return ModelError(Failure.LOCAL_LOST) if error.failure in _LOST else error
