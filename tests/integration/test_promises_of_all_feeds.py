"""What every kind of feed promises about its connections, by night, after a sleep and beside another program."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fake_time import NS
from fault_play import FIRST, SECOND, Play
from fault_sides import SIDES
from fault_steps import ClockIsSet, CrowdsOut, Key, Sleeps

from marketwatch.app.feed_kinds import check_address
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.transport import check_address as check_connection
from marketwatch.services.presentation import RowStateKind

HOUR_S = 3_600.0
KINDS = [kind for kind in CATALOG if kind.value in SIDES]
WITH_KEY = [kind for kind in KINDS if SIDES[kind.value].has_key]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
kinds_with_key = pytest.mark.parametrize("kind", WITH_KEY, ids=lambda kind: kind.value)


def play(kind: FeedKind, story: Callable[[Play], Awaitable[None]]) -> None:
    """Tell a story of two feeds that have just begun to deliver, and end in order."""

    async def tell() -> None:
        made = Play(kind)
        await made.begin()
        await made.trade(70.0)
        assert [made.control.supervisor(feed_id).state for feed_id in (FIRST, SECOND)] == [FeedState.LIVE] * 2
        await story(made)
        await made.end()

    asyncio.run(tell())


@every_kind
def test_no_reconnect_storm_at_night_when_nothing_comes(kind: FeedKind) -> None:
    async def story(made: Play) -> None:
        made.session = False
        await made.time.advance(8 * HOUR_S)
        assert [len(end.attempts_ns) for end in made.ends] == [1, 1]

    play(kind, story)


@every_kind
def test_no_reconnect_storm_at_night_when_every_connection_is_dropped(kind: FeedKind) -> None:
    async def story(made: Play) -> None:
        made.session = False
        before = len(made.ends[0].attempts_ns)
        for _ in range(int(2 * HOUR_S / 10)):
            if made.ends[0].current is not None:
                made.ends[0].current.drop(1012)
            await made.time.advance(10.0)
        made.check()
        cap_s = CATALOG[kind].limits.reconnect.cap_s
        assert len(made.ends[0].attempts_ns) - before <= 2 * HOUR_S / cap_s + 10

    play(kind, story)


@kinds_with_key
def test_no_reconnect_storm_at_night_when_the_key_is_refused(kind: FeedKind) -> None:
    async def story(made: Play) -> None:
        await Key("wrong").happen(made)
        await made.time.advance(60.0)
        assert made.control.supervisor(FIRST).state.waits_for_user
        attempts = len(made.ends[0].attempts_ns)
        for _ in range(8):
            await ClockIsSet(HOUR_S).happen(made)
            await made.time.advance(HOUR_S)
        assert len(made.ends[0].attempts_ns) == attempts

    play(kind, story)


@kinds_with_key
def test_another_window_holds_it_and_nobody_fights(kind: FeedKind) -> None:
    """The account allows one connection, which the first feed has; the second asks ever less often, and says why."""

    async def story(made: Play) -> None:
        first, second = made.ends
        before = len(second.attempts_ns)
        for _ in range(int(HOUR_S / 5)):
            if kind is FeedKind.KITE:
                second.answer = "HTTP 429"
                if second.current is not None:
                    second.current.drop(1006)
            await CrowdsOut(at=1).happen(made)
            made.tell_all(0)
            await made.time.advance(5.0)
        assert len(first.attempts_ns) == 1
        assert made.state_of(made.kind.instruments[0]).primary is RowStateKind.LIVE
        assert len(second.attempts_ns) - before <= 8
        status = made.control.supervisor(SECOND).status()
        assert status.state is FeedState.BACKING_OFF
        assert "Close other programs that use this key" in status.next_step
        gaps = [
            later - earlier for earlier, later in zip(second.attempts_ns[-3:], second.attempts_ns[-2:], strict=False)
        ]
        assert all(gap >= 400 * NS for gap in gaps)

    play(kind, story)


@every_kind
@pytest.mark.parametrize(
    "step",
    [Sleeps(300.0), Sleeps(300.0, stands_still=False), ClockIsSet(HOUR_S), ClockIsSet(-HOUR_S)],
    ids=["sleep", "sleep with the clock running", "clock set forward", "clock set back"],
)
def test_p19_every_connection_is_replaced_within_ten_seconds(kind: FeedKind, step: Sleeps | ClockIsSet) -> None:
    async def story(made: Play) -> None:
        old = [end.current for end in made.ends]
        await step.happen(made)
        await made.time.advance(10.0)
        new = [end.current for end in made.ends]
        assert all(connection is not None for connection in new)
        assert not set(map(id, new)) & set(map(id, old))
        assert [connection.is_open for connection in old if connection is not None] == [False, False]
        made.slept_s = 0.0
        await made.trade(70.0)
        supervisor = made.control.supervisor(FIRST)
        assert (supervisor.state, supervisor.difference().missing) == (FeedState.LIVE, ())
        if isinstance(step, Sleeps):
            assert len(made.hub.gaps(made.kind.instruments[0])) == 1

    play(kind, story)


@every_kind
def test_an_open_address_of_another_computer_warns_and_never_carries_a_key(kind: FeedKind) -> None:
    spec = CATALOG[kind]
    path = {"stream-service": "/stream"}.get(kind.value, "/")
    words, is_warning = check_address(spec, f"ws://192.0.2.1:9000{path}", False)
    assert is_warning
    assert words
    assert check_address(spec, f"ws://127.0.0.1:9000{path}", bool(spec.credential_names)) == ("", False)
    if spec.credential_names:
        words, is_warning = check_address(spec, f"ws://192.0.2.1:9000{path}", True)
        assert ("unencrypted" in words, is_warning) == (True, False)
        key = Secret("canary:token")
        url = spec.connection_url(f"ws://192.0.2.1:9000{path}", key, "name").reveal()
        with pytest.raises(ConfigurationError, match="unencrypted"):
            check_connection(url, has_credentials="Authorization" in spec.headers(key))
