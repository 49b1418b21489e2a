"""What the tests of stored keys share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from secret_bench import Bench


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Stores over the test's own folder."""
    made = Bench(tmp_path)
    yield made
    if made.backend.hang is not None:
        made.backend.hang.set()
    for pool in made.pools:
        assert await pool.stop(2.0) == []
