"""How long a feed may be silent in an open session is the user's choice, and holds for the connection there is."""

from __future__ import annotations

import math

import msgspec
from mute_feed import MuteFeed
from tiny_protocol import tiny_spec

from marketwatch.domain.ids import FeedId
from marketwatch.feeds.catalog import FeedAddress, FeedLimits
from marketwatch.feeds.liveness import SilenceLimits
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.surroundings import FeedSettings


def settings(mute_s: float) -> FeedSettings:
    limits = FeedLimits(silence=SilenceLimits(mute_s=mute_s))
    spec = msgspec.structs.replace(tiny_spec(), limits=limits)
    return FeedSettings(feed_id=FeedId("tiny"), label="Tiny", spec=spec, address=FeedAddress("ws://127.0.0.1/"))


async def replaced_at(bench: MuteFeed, until_s: int) -> list[int]:
    """Return the seconds from now at which the connection was replaced."""
    found: list[int] = []
    before = max(1, len(bench.transport.opened))  # the first comes with the first moment
    for second in range(1, until_s + 1):
        await bench.time.advance(1.0)
        if len(bench.transport.opened) > before + len(found):
            found.append(second)
    return found


async def test_a_longer_silence_holds_at_once_and_without_a_new_connection() -> None:
    bench = MuteFeed(session_open=True)
    await bench.time.advance(50.0)
    bench.supervisor.reform(settings(90.0))
    assert len(bench.transport.opened) == 1
    assert await replaced_at(bench, 120) == [40]
    await bench.end()


async def test_a_shorter_one_that_has_passed_replaces_the_connection_now() -> None:
    bench = MuteFeed(session_open=True)
    await bench.time.advance(50.0)
    bench.supervisor.reform(settings(30.0))
    assert await replaced_at(bench, 1) == [1]
    await bench.end()


async def test_any_silence_leaves_the_connection_alone_and_the_rows_marked() -> None:
    bench = MuteFeed(session_open=True)
    bench.supervisor.reform(settings(math.inf))
    assert await replaced_at(bench, 1000) == []
    assert bench.supervisor.status().state is FeedState.STALE
    assert bench.supervisor.status().stall_count == 0
    await bench.end()


async def test_a_new_name_does_not_spend_the_patience_that_grew() -> None:
    bench = MuteFeed(session_open=True)
    bench.supervisor.reform(settings(60.0))
    assert await replaced_at(bench, 100) == [60]
    bench.supervisor.reform(msgspec.structs.replace(settings(60.0), label="Renamed"))
    assert await replaced_at(bench, 100) == [80]
    await bench.end()


async def test_the_night_does_not_count() -> None:
    bench = MuteFeed(session_open=False)
    bench.supervisor.reform(settings(30.0))
    assert await replaced_at(bench, 300) == []
    bench.session_open = True
    assert await replaced_at(bench, 60) in ([30 + late] for late in range(11))
    await bench.end()
