"""What must be true in a world of faults: at any time, and once all faults have ended."""

from __future__ import annotations

from typing import Final

from fake_time import NS
from fault_far_end import FarEnd
from fault_world import FEEDS, World

from marketwatch.domain.calendar import Phase
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.protocols.base import Topic
from marketwatch.services.presentation import Moment, RowState, RowStateKind, row_state

SILENCE_S: Final = 30.0
OLDEST_LIVE_S: Final = 601.0
MOST_PER_MINUTE: Final = 10
_SLACK_S: Final = 1.0
_NO_FIGURES: Final = (RowStateKind.NO_DATA, RowStateKind.STALE, RowStateKind.CLOSED, RowStateKind.HALTED)


def check(world: World) -> None:
    """Check what must be true at any time."""
    assert world.failures == []
    for place, end in world.ends.items():
        assert len(end.open_connections) <= 1, f"{len(end.open_connections)} connections of {place}"
    for feed_id in FEEDS:
        _check_attempts(world, feed_id, world.ends[feed_id])
        if world.control.has_feed(feed_id):
            _check_counts(world, feed_id)
            _check_topics(world, feed_id)
            _check_life(world, feed_id)
    for instrument in world.control.instruments:
        _check_row(world, instrument)
    world.desk.check()


def _check_attempts(world: World, feed_id: FeedId, end: FarEnd) -> None:
    at = end.attempts_ns
    for first, last in zip(at, at[MOST_PER_MINUTE:], strict=False):
        assert last - first >= 60 * NS, "a storm of attempts"
    if not world.control.has_feed(feed_id) or not world.control.supervisor(feed_id).state.waits_for_user:
        world.locked.pop(feed_id, None)
        return
    known = world.locked.setdefault(feed_id, len(at))
    assert known == len(at), "an attempt although the key was refused"


def wanted_at(world: World, feed_id: FeedId) -> set[Topic]:
    """Return what a feed must be asked for, by the rows that there are."""
    wanted: set[Topic] = set()
    for instrument, wishes in world.wishes.items():
        feeds = world.control.row_feeds(instrument)
        channels = {channel for channel, count in wishes.items() if count}
        if feeds is None or feed_id not in (feeds.serving, feeds.second):
            continue
        key = feeds.key if feeds.serving == feed_id else feeds.second_key
        for channel in channels:
            some = world.specs[feed_id].default_channels if channel is None else (channel,)
            wanted |= {Topic(each, key) for each in some}
    return wanted


def _check_counts(world: World, feed_id: FeedId) -> None:
    """Check that what is wanted is what the rows want, and that what is not confirmed of it can be seen."""
    supervisor = world.control.supervisor(feed_id)
    status, difference = supervisor.status(), supervisor.difference()
    wanted = wanted_at(world, feed_id)
    assert set(difference.wanted) == wanted, f"{feed_id}: a wish was lost or made up"
    assert len(difference.wanted) == status.wanted == len(wanted)
    assert set(difference.missing) == wanted - set(difference.confirmed)
    assert status.subscriptions == len(wanted) - len(difference.missing)
    assert status.refused_topics == len(difference.refused)
    assert status.connected is (status.state in (FeedState.AUTHENTICATING, FeedState.LIVE, FeedState.STALE))
    assert status.sink_failures == 0


def _check_topics(world: World, feed_id: FeedId) -> None:
    supervisor = world.control.supervisor(feed_id)
    is_open = supervisor.status().connected
    for topic in wanted_at(world, feed_id):
        phase = supervisor.topic_state(topic).phase
        assert phase is not TopicPhase.UNWANTED
        assert (phase is TopicPhase.WAITING) is not is_open, f"{topic} is {phase} while the feed is open: {is_open}"


def _check_life(world: World, feed_id: FeedId) -> None:
    """Check that a feed does not look live when nothing, not even an answer to a ping, has come for too long."""
    current = world.ends[feed_id].current
    if current is None or current.was_cut_at is None:
        return
    cut_s = (world.time.monotonic_ns() - current.was_cut_at) / NS
    if cut_s > world.spec.limits.silence.life_s + _SLACK_S:
        state = world.control.supervisor(feed_id).state
        assert state is not FeedState.LIVE, f"{feed_id} looks live {cut_s:.0f} s after its connection was cut"


def state_of(world: World, instrument: InstrumentId) -> RowState:
    """Judge a row as the list does."""
    feeds = world.control.row_feeds(instrument)
    assert feeds is not None, f"no feed serves {instrument}"
    status = world.control.supervisor(feeds.serving).status()
    moment = Moment(world.time.now_ns(), world.time.now_ns(), world.time.monotonic_ns())
    return row_state(
        world.hub.snapshot(instrument),
        world.control.subscription(instrument),
        status,
        world.hub.facts(feeds.serving),
        world.calendars.of(instrument),
        moment,
    )


def _check_row(world: World, instrument: InstrumentId) -> None:
    feeds, snapshot = world.control.row_feeds(instrument), world.hub.snapshot(instrument)
    assert feeds is not None
    assert snapshot is not None
    assert snapshot.feed_id == feeds.serving
    price = snapshot.last_price
    assert price is None or price in world.prices.get(feeds.key, ()), f"{price} was never sent for {instrument}"
    state = state_of(world, instrument)
    if state.primary in _NO_FIGURES:
        return
    end = world.ends[feeds.serving]
    status = world.control.supervisor(feeds.serving).status()
    assert status.state is FeedState.LIVE, f"looks {state.primary.value} while the feed is {status.state.value}"
    assert end.current is not None, f"looks {state.primary.value} without a connection"
    heard_s = (world.time.monotonic_ns() - end.heard_ns) / NS
    if world.spec.limits.silence.useful_s < SILENCE_S:
        # While the exchange is closed nobody can tell: the row goes back to "closed" a minute after its last tick.
        is_closed = world.calendars.of(instrument).phase(world.time.now_ns()) is Phase.CLOSED
        assert heard_s <= SILENCE_S * (1 + is_closed), f"looks {state.primary.value} after {heard_s:.0f} s of silence"
    if state.primary is RowStateKind.LIVE:
        assert (state.age_s or 0.0) <= OLDEST_LIVE_S, f"looks live with data of {state.age_s} s ago"


async def check_recovery(world: World) -> None:
    """End all faults, let the user mend what is up to him, let time pass, and check that everything is back."""
    world.heal()
    for _ in range(12):
        await world.time.advance(0)
        world.retry()
        await world.trade(65.0)
        check(world)
        if complaints(world) == []:
            return
    raise AssertionError(f"did not recover: {complaints(world)}")


def complaints(world: World) -> list[str]:
    """Say what is not as it should be when all is well."""
    found = []
    for feed_id in world.control.feed_ids:
        supervisor = world.control.supervisor(feed_id)
        status = supervisor.status()
        if status.state is not FeedState.LIVE:
            found.append(f"{feed_id} is {status.state.value}: {status.reason}")
        found += [f"{topic} is not confirmed by {feed_id}" for topic in supervisor.difference().missing]
        current = world.ends[feed_id].current
        asked = {topic.key for topic in supervisor.difference().wanted}
        if world.kind.knows_subscriptions and current is not None and current.side.keys() != asked:
            found.append(f"the server of {feed_id} has {current.side.keys()} instead of {asked}")
    for instrument in world.control.instruments:
        found += _complaints_of_row(world, instrument)
    return found + world.desk.complaints()


def _complaints_of_row(world: World, instrument: InstrumentId) -> list[str]:
    state, snapshot = state_of(world, instrument), world.hub.snapshot(instrument)
    if state.primary in (*_NO_FIGURES, RowStateKind.QUIET) and state.primary is not RowStateKind.CLOSED:
        return [f"{instrument} is {state.primary.value}: {state.explanation}"]
    feeds = world.control.row_feeds(instrument)
    assert feeds is not None
    assert snapshot is not None
    newest, shown = world.newest[feeds.serving, feeds.key], snapshot.shown_price
    return [] if shown in newest else [f"{instrument} shows {shown} instead of {newest[-1]}"]
