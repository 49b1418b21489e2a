"""P4 with a connection in memory: the far end answers pings, but brings nothing."""

from __future__ import annotations

from fake_time import NS, settle
from mute_feed import MuteFeed

from marketwatch.feeds.status import FeedState


async def test_p4_open_but_mute_in_session_is_marked_then_replaced_less_and_less_often() -> None:
    bench = MuteFeed(session_open=True)
    await bench.time.advance(24.0)
    assert bench.supervisor.status().state is FeedState.LIVE
    await bench.time.advance(2.0)
    assert bench.supervisor.status().state is FeedState.STALE
    assert bench.supervisor.status().reason == "no data comes"

    replaced_at = []
    for second in range(26, 1000):
        await bench.time.advance(1.0)
        if len(bench.transport.opened) > len(replaced_at) + 1:
            replaced_at.append(second + 1)
    assert replaced_at == [60, 180, 420, 900]
    assert bench.supervisor.status().stall_count == 4
    await bench.end()


async def test_p4_a_quiet_night_is_no_fault() -> None:
    bench = MuteFeed(session_open=False)
    await bench.time.advance(12 * 3600.0)
    assert len(bench.transport.opened) == 1
    assert bench.supervisor.status().state is FeedState.LIVE

    bench.session_open = True  # the opening bell, and nothing comes
    await bench.time.advance(24.0)
    assert bench.supervisor.status().state is FeedState.LIVE
    await bench.time.advance(12.0)
    assert bench.supervisor.status().state is FeedState.STALE
    assert len(bench.transport.opened) == 1
    await bench.end()


async def test_when_the_session_is_unknown_rows_are_marked_and_the_connection_kept() -> None:
    bench = MuteFeed(session_open=None)
    await bench.time.advance(3600.0)
    assert len(bench.transport.opened) == 1
    assert bench.supervisor.status().state is FeedState.STALE
    bench.transport.opened[0].deliver("t AAPL 1")
    await settle()
    assert bench.supervisor.status().state is FeedState.LIVE
    await bench.end()


async def test_an_idle_feed_sleeps() -> None:
    bench = MuteFeed(session_open=False)
    await bench.time.advance(5.0)
    woken = 0
    original = bench.time.call_later

    def counting(delay_s: float, callback: object) -> object:
        nonlocal woken
        woken += 1
        return original(delay_s, callback)  # type: ignore[arg-type]

    bench.time.call_later = counting  # type: ignore[assignment, method-assign]
    await bench.time.advance(600.0)
    assert woken <= 90  # well under the budget of one a second
    await bench.end()


async def test_uptime_counts_from_the_opening() -> None:
    bench = MuteFeed(session_open=False)
    await bench.time.advance(12.5)
    assert bench.supervisor.status().uptime_s == 12.5
    assert bench.time.monotonic_ns() % NS == NS // 2
    await bench.end()
    assert bench.supervisor.status().uptime_s is None
