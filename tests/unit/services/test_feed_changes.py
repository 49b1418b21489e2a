"""What a change of the settings asks of the running feeds."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from marketwatch.domain.feed_config import BarOptions, FeedConfig, ReconnectPolicy
from marketwatch.domain.ids import FeedId
from marketwatch.services.feed_changes import Deed, FeedChange, plan_changes

A = FeedConfig(id=FeedId("a"), kind="massive", name="A", variant="delayed")
B = FeedConfig(id=FeedId("b"), kind="odin", name="B", variant="local")


@pytest.mark.parametrize(
    ("change", "deed"),
    [
        ({"variant": "realtime"}, Deed.READDRESS),
        ({"own_address": "ws://127.0.0.1:1"}, Deed.READDRESS),
        ({"dialect": "simple"}, Deed.READDRESS),
        ({"channels": ("T",)}, Deed.REFORM),
        ({"reconnect": ReconnectPolicy.FIVE_ATTEMPTS}, Deed.REFORM),
        ({"reconnect": ReconnectPolicy.FIVE_ATTEMPTS, "variant": "realtime"}, Deed.READDRESS),
        ({"bars": BarOptions(local_only=False)}, Deed.READDRESS),
        ({"bars": BarOptions(first=dt.date(2025, 6, 2))}, Deed.REBUILD),
        ({"bars": BarOptions(last=dt.date(2025, 6, 30)), "variant": "realtime"}, Deed.REBUILD),
        ({"kind": "polygon-local"}, Deed.REBUILD),
        ({"mapping": "Desk"}, Deed.REBUILD),
        ({"name": "Other"}, Deed.REFORM),
        ({"enabled": False}, Deed.END),
    ],
)
def test_one_feed_changes(change: dict[str, object], deed: Deed) -> None:
    after = msgspec.structs.replace(A, **change)
    (found,) = plan_changes([A, B], [after, B])
    assert found.deed is deed


def test_a_new_key_reconnects_unless_that_happens_anyway() -> None:
    assert plan_changes([A, B], [A, B], [A.id]) == [FeedChange(Deed.NEW_KEY, A)]
    realtime = msgspec.structs.replace(A, variant="realtime")
    assert plan_changes([A], [realtime], [A.id]) == [FeedChange(Deed.READDRESS, realtime)]


def test_ends_come_before_beginnings_and_order_alone_is_nothing() -> None:
    c = msgspec.structs.replace(A, id=FeedId("c"))
    assert plan_changes([A, B], [c, B]) == [FeedChange(Deed.END, A), FeedChange(Deed.BEGIN, c)]
    assert plan_changes([A, B], [B, A]) == []


def test_a_feed_that_is_off_is_no_concern() -> None:
    off = msgspec.structs.replace(A, enabled=False)
    assert plan_changes([off], [msgspec.structs.replace(off, variant="realtime")], [A.id]) == []
    assert plan_changes([off], [A]) == [FeedChange(Deed.BEGIN, A)]
    assert plan_changes([off], []) == []
