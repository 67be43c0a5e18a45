"""One server with a model for all tests that do not need their own: a start costs seconds."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fixtures.api.server import SimulatedApi
from tests.e2e.process import Served, served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Return a server that asks a simulated API, to be left as it was found."""
    folder = tmp_path_factory.mktemp("shared")
    async with SimulatedApi() as api, served(api, folder, completion__timeout_ms=20_000) as server:
        yield server
