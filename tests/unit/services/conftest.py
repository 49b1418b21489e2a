"""What the tests of the hub share."""

from __future__ import annotations

import pytest
from hub_rig import HubRig


@pytest.fixture
def rig() -> HubRig:
    """A hub with one feed and two shares."""
    return HubRig()
