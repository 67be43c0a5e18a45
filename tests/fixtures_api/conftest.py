"""A simulated API and real clients for it, closed after each test."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from openai import AsyncOpenAI

from fixtures.api.server import SimulatedApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as exits:
        yield exits


@pytest.fixture
async def api(stack: AsyncExitStack) -> SimulatedApi:
    return await stack.enter_async_context(SimulatedApi())


@pytest.fixture
def client_of(stack: AsyncExitStack) -> Callable[..., AsyncOpenAI]:
    """Make a client of an API; its pool closes before the API does."""

    def make(api: SimulatedApi, base: str = "/beta", key: str = "sk-sim-test") -> AsyncOpenAI:
        client = AsyncOpenAI(api_key=key, base_url=api.base_url + base, max_retries=0, timeout=5.0)
        stack.push_async_callback(client.close)
        return client

    return make


@pytest.fixture
def client(api: SimulatedApi, client_of: Callable[..., AsyncOpenAI]) -> AsyncOpenAI:
    return client_of(api)
