"""A peer of a protocol endpoint, before and after ``initialize``."""

import pytest

from tests.lsp.harness import Peer


@pytest.fixture
async def fresh() -> Peer:
    """Return a peer that has sent nothing yet."""
    return Peer()


@pytest.fixture
async def peer(fresh: Peer) -> Peer:
    """Return a peer of an editor with ghost text, UTF-16, after ``initialized``."""
    await fresh.initialize()
    return fresh
