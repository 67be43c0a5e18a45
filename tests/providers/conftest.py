"""The simulated API and providers that are closed before their server is."""

from contextlib import AsyncExitStack

import pytest

from fixtures.api.server import SimulatedApi
from tandem.core.model import Dialect
from tandem.providers.openai_api import OpenAIProvider
from tests.providers.asking import KEY


@pytest.fixture
async def stack():
    async with AsyncExitStack() as exits:
        yield exits


@pytest.fixture
async def api(stack):
    return await stack.enter_async_context(SimulatedApi())


@pytest.fixture
def provider_at(stack):
    """Make a provider of an address; it is closed before the server is."""

    def make(address: str, key: str = KEY, dialect: Dialect = Dialect.DEEPSEEK) -> OpenAIProvider:
        provider = OpenAIProvider(address, lambda: key, dialect)
        stack.push_async_callback(provider.aclose)
        return provider

    return make


@pytest.fixture
def provider(api, provider_at):
    return provider_at(api.base_url)
