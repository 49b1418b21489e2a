"""Crash guard, single window per profile, gaps of a feed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from fake_time import FakeTime

from marketwatch.app.crash import CrashGuard
from marketwatch.app.gap_marker import GapMarker
from marketwatch.app.single_instance import SingleInstance
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.runtime.clock import LiveMarketClock
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.market_hub import MarketHub
from marketwatch.storage.profile_lock import ProfileInUse

FEED = FeedId("massive")
AAPL, MSFT = (Instrument(id=InstrumentId.parse(f"XNAS:EQ:{symbol}")) for symbol in ("AAPL", "MSFT"))
NS = 1_000_000_000


def test_a_run_that_ended_well_leaves_nothing(tmp_path: Path) -> None:
    guard = CrashGuard(tmp_path)
    guard.start()
    assert not guard.ended_unexpectedly
    guard.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_crash_is_noticed_by_the_next_run_and_its_stacks_are_kept(tmp_path: Path) -> None:
    code = (
        "import pathlib, os, signal, sys\n"
        "from marketwatch.app.crash import CrashGuard\n"
        "CrashGuard(pathlib.Path(sys.argv[1])).start()\n"
        "os.kill(os.getpid(), signal.SIGABRT)\n"
    )
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True)
    assert died.returncode != 0
    guard = CrashGuard(tmp_path)
    guard.start()
    try:
        assert guard.ended_unexpectedly
        assert "Aborted" in (tmp_path / "crash.previous.txt").read_text(encoding="utf-8")
    finally:
        guard.finish()


def test_the_second_start_asks_the_first_for_its_window(tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    assert not first.was_asked_to_show()
    with pytest.raises(ProfileInUse):
        SingleInstance(tmp_path)
    assert first.was_asked_to_show()
    assert not first.was_asked_to_show()
    first.release()
    second = SingleInstance(tmp_path)
    assert not second.was_asked_to_show()
    second.release()


def _status(state: FeedState, *, last: int | None = None, since: int | None = None) -> FeedStatus:
    return FeedStatus(feed_id=FEED, label="Massive", state=state, last_message_ns=last, since_ns=since, delay_s=900.0)


@pytest.mark.parametrize(
    ("nature", "gaps"), [(FeedNature.DELAYED, [(9_100 * NS, 9_160 * NS)]), (FeedNature.REPLAY, [])]
)
def test_the_time_a_real_feed_was_away_is_a_gap(nature: FeedNature, gaps: list[tuple[int, int]]) -> None:
    clock = FakeTime()
    hub = MarketHub(clock)
    hub.add_feed(FeedFacts(id=FEED, label="Massive", nature=nature, market_clock=LiveMarketClock(clock), delay_s=900.0))
    hub.track(AAPL, FEED, "AAPL")
    marker = GapMarker(hub)
    marker.on_status(_status(FeedState.LIVE, since=9_000 * NS))
    marker.on_status(_status(FeedState.BACKING_OFF, last=10_000 * NS))
    marker.on_status(_status(FeedState.CONNECTING, last=10_000 * NS))
    marker.on_status(_status(FeedState.LIVE, last=10_000 * NS, since=10_060 * NS))
    assert hub.gaps(AAPL.id) == gaps


def test_the_gap_of_one_connection_is_that_of_what_it_carries() -> None:
    def told(second: FeedStatus) -> FeedStatus:
        first = msgspec.structs.replace(_status(FeedState.LIVE, last=10_050 * NS, since=9_000 * NS), connection=1)
        parts = (first, msgspec.structs.replace(second, connection=2))
        return msgspec.structs.replace(_status(second.state, last=10_050 * NS), parts=parts)

    clock = FakeTime()
    hub = MarketHub(clock)
    hub.add_feed(FeedFacts(id=FEED, label="Kite", nature=FeedNature.LIVE, market_clock=LiveMarketClock(clock)))
    hub.track(AAPL, FEED, "AAPL")
    hub.track(MSFT, FEED, "MSFT")
    marker = GapMarker(hub, lambda feed_id, number: {"MSFT"} if number == 2 else {"AAPL"})
    marker.on_status(told(_status(FeedState.BACKING_OFF, last=10_000 * NS)))
    marker.on_status(told(_status(FeedState.LIVE, last=10_000 * NS, since=10_060 * NS)))
    assert hub.gaps(MSFT.id) == [(9_100 * NS, 9_160 * NS)]
    assert hub.gaps(AAPL.id) == []

    marker.on_status(told(_status(FeedState.BACKING_OFF, last=11_000 * NS)))
    marker.on_status(_status(FeedState.LIVE, last=11_000 * NS))  # it is in use no more
    marker.on_status(told(_status(FeedState.LIVE, last=11_000 * NS, since=12_000 * NS)))
    assert len(hub.gaps(MSFT.id)) == 1
