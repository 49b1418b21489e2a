"""Fixtures of the tests with real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from supervisor_rig import Rig


@pytest_asyncio.fixture
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Everything around a supervisor; what a test makes with it is stopped and checked for leaks."""
    made = Rig()
    yield made
    await made.end()
