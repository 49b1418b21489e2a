"""What every kind of feed promises about its connections, by night, after a sleep and beside another program."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fake_time import NS
from fault_checks import check, state_of
from fault_world import FEEDS, FIRST, SECOND, World
from kind_sides import ACCEPTED

from marketwatch.app.feed_kinds import check_address
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.transport import check_address as check_connection
from marketwatch.services.presentation import RowStateKind

HOUR_S = 3_600.0
WITH_KEY = [kind for kind, spec in CATALOG.items() if spec.credential_names]
every_kind = pytest.mark.parametrize("kind", list(CATALOG), ids=lambda kind: kind.value)
kinds_with_key = pytest.mark.parametrize("kind", WITH_KEY, ids=lambda kind: kind.value)


def tell_story(kind: FeedKind, story: Callable[[World], Awaitable[None]]) -> None:
    """Tell a story of two feeds that have just begun to deliver, and end in order."""

    async def tell() -> None:
        made = World(kind)
        await made.begin()
        await made.trade(70.0)
        assert [made.control.supervisor(feed_id).state for feed_id in FEEDS] == [FeedState.LIVE] * 2
        await story(made)
        await made.end()
        await made.close()

    asyncio.run(tell())


@every_kind
def test_no_reconnect_storm_at_night_when_nothing_comes(kind: FeedKind) -> None:
    async def story(made: World) -> None:
        made.session = False
        await made.time.advance(8 * HOUR_S)
        assert [len(made.ends[feed_id].attempts_ns) for feed_id in FEEDS] == [1, 1]

    tell_story(kind, story)


@every_kind
def test_no_reconnect_storm_at_night_when_every_connection_is_dropped(kind: FeedKind) -> None:
    async def story(made: World) -> None:
        made.session = False
        before = len(made.ends[FIRST].attempts_ns)
        for _ in range(int(2 * HOUR_S / 10)):
            if made.ends[FIRST].current is not None:
                made.ends[FIRST].current.drop(1012)
            await made.time.advance(10.0)
        check(made)
        cap_s = CATALOG[kind].limits.reconnect.cap_s
        assert len(made.ends[FIRST].attempts_ns) - before <= 2 * HOUR_S / cap_s + 10

    tell_story(kind, story)


@kinds_with_key
def test_no_reconnect_storm_at_night_when_the_key_is_refused(kind: FeedKind) -> None:
    async def story(made: World) -> None:
        made.give_key(FIRST, "wrong")
        await made.time.advance(60.0)
        assert made.control.supervisor(FIRST).state.waits_for_user
        attempts = len(made.ends[FIRST].attempts_ns)
        for _ in range(8):
            made.set_clock(HOUR_S)
            await made.time.advance(HOUR_S)
        assert len(made.ends[FIRST].attempts_ns) == attempts

    tell_story(kind, story)


@kinds_with_key
def test_another_window_holds_it_and_nobody_fights(kind: FeedKind) -> None:
    """The account allows one connection, which the first feed has; the second asks ever less often, and says why."""

    async def story(made: World) -> None:
        first, second = made.ends[FIRST], made.ends[SECOND]
        before = len(second.attempts_ns)
        for _ in range(int(HOUR_S / 5)):
            second.answer = made.kind.crowded
            if second.answer != ACCEPTED:
                second.drop(1006)
            made.crowd_out(SECOND)
            made.tell_all(FIRST)
            await made.time.advance(5.0)
        assert len(first.attempts_ns) == 1
        assert state_of(made, made.kind.instruments[0]).primary is RowStateKind.LIVE
        assert len(second.attempts_ns) - before <= 8
        status = made.control.supervisor(SECOND).status()
        assert status.state is FeedState.BACKING_OFF
        assert "Close other programs that use this key" in status.next_step
        gaps = [
            later - earlier for earlier, later in zip(second.attempts_ns[-3:], second.attempts_ns[-2:], strict=False)
        ]
        assert all(gap >= 400 * NS for gap in gaps)

    tell_story(kind, story)


JUMPS: dict[str, Callable[[World], None]] = {
    "sleep": lambda made: made.sleep(300.0, stands_still=True),
    "sleep with the clock running": lambda made: made.sleep(300.0, stands_still=False),
    "clock set forward": lambda made: made.set_clock(HOUR_S),
    "clock set back": lambda made: made.set_clock(-HOUR_S),
}


@every_kind
@pytest.mark.parametrize("jump", JUMPS)
def test_p19_every_connection_is_replaced_within_ten_seconds(kind: FeedKind, jump: str) -> None:
    async def story(made: World) -> None:
        ends = list(made.ends.values())
        old = [end.current for end in ends]
        JUMPS[jump](made)
        await made.time.advance(10.0)
        new = [end.current for end in ends]
        assert all(connection is not None for connection in new)
        assert not set(map(id, new)) & set(map(id, old))
        assert not any(connection.is_open for connection in old if connection is not None)
        await made.trade(70.0)
        supervisor = made.control.supervisor(FIRST)
        assert (supervisor.state, supervisor.difference().missing) == (FeedState.LIVE, ())
        if jump.startswith("sleep"):
            assert len(made.hub.gaps(made.kind.instruments[0])) == 1

    tell_story(kind, story)


@every_kind
def test_an_open_address_of_another_computer_warns_and_never_carries_a_key(kind: FeedKind) -> None:
    spec = CATALOG[kind]
    far, near = (spec.normalise_url(f"ws://{host}:9000") for host in ("192.0.2.1", "127.0.0.1"))
    words, is_warning = check_address(spec, far, False)
    assert is_warning
    assert words
    assert check_address(spec, near, bool(spec.credential_names)) == ("", False)
    if spec.credential_names:
        words, is_warning = check_address(spec, far, True)
        assert ("unencrypted" in words, is_warning) == (True, False)
        key = Secret("canary:token")
        url = spec.connection_url(far, key, "name").reveal()
        with pytest.raises(ConfigurationError, match="unencrypted"):
            check_connection(url, has_credentials="Authorization" in spec.headers(key))
