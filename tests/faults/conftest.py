"""One long-lived server for all faults: what one of them leaves behind, the next one meets."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fixtures.api.server import SimulatedApi
from tests.e2e.process import Served, served

TIMEOUT_S = 1.0


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Return a server that asks a simulated API and gives it a second."""
    folder = tmp_path_factory.mktemp("faults")
    timeout_ms = int(TIMEOUT_S * 1000)
    async with SimulatedApi() as api, served(api, folder, completion__timeout_ms=timeout_ms) as it:
        yield it
