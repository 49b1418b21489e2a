"""Any order of feeds coming, going, failing and being named: no wish is lost, and no two feeds meet in one row."""

from __future__ import annotations

from fake_time import NS
from feed_desk import FIRST, IDS, SECOND, THIRD, Desk, Names
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.protocols.base import Channel
from marketwatch.services.failover_watch import FailoverWatch

FEEDS = [FIRST, SECOND, THIRD]
feeds = st.sampled_from(FEEDS)
maybe_feed = st.sampled_from([None, *FEEDS])
instruments = st.sampled_from(IDS)
STATES = [FeedState.LIVE, FeedState.BACKING_OFF, FeedState.STALE, FeedState.REFUSED, FeedState.CONNECTING]


class Feeds(RuleBasedStateMachine):
    """Feeds and rows under the hands of a user and of the world."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.told: list[str] = []
        self.watch = FailoverWatch(
            self.desk.control,
            self.desk.hub,
            self.desk.time,
            self.desk.time,
            lambda thing, cause, next_step: self.told.append(thing),
        )
        self.uses: list[tuple[InstrumentId, tuple[Channel, ...]]] = []

    @initialize(is_named=st.booleans())
    def begin(self, is_named: bool) -> None:
        """Two feeds, two rows with a fall-back, all well: from here on anything may happen."""
        for feed_id in (FIRST, SECOND):
            self.desk.add(feed_id)
        for instrument_id in IDS[:2]:
            self.acquire(instrument_id, ())
            if is_named:
                self.choose(instrument_id, FIRST, SECOND)
        if not is_named:
            self.fall_back_to_next(is_on=True)
        self.pass_time(2, {FIRST, SECOND})

    # --- feeds

    @rule(feed_id=feeds)
    def add(self, feed_id: FeedId) -> None:
        if not self.desk.control.has_feed(feed_id):
            self.desk.add(feed_id)

    @rule(feed_id=feeds)
    def remove(self, feed_id: FeedId) -> None:
        if self.desk.control.has_feed(feed_id):
            removing = self.desk.control.remove_feed(feed_id)
            try:
                while True:
                    removing.send(None)
            except StopIteration:
                pass

    @rule(order=st.permutations(FEEDS))
    def order(self, order: list[FeedId]) -> None:
        self.desk.control.set_order(order)

    @precondition(lambda self: self.desk.control.feed_ids)
    @rule(data=st.data(), state=st.sampled_from(STATES))
    def change_state(self, data: st.DataObject, state: FeedState) -> None:
        self.desk.set_state(data.draw(st.sampled_from(self.desk.control.feed_ids)), state)

    @precondition(lambda self: self.desk.control.feed_ids)
    @rule(data=st.data(), instrument_id=instruments, is_refused=st.booleans())
    def refuse(self, data: st.DataObject, instrument_id: InstrumentId, is_refused: bool) -> None:
        played = self.desk.feed(data.draw(st.sampled_from(self.desk.control.feed_ids)))
        played.answers.pop(instrument_id.symbol, None)
        if is_refused:
            played.answers[instrument_id.symbol] = TopicStatus(TopicPhase.REFUSED, "no")

    @rule(feed_id=feeds, instrument_id=instruments, has_it=st.booleans())
    def change_keys(self, feed_id: FeedId, instrument_id: InstrumentId, has_it: bool) -> None:
        names: Names = self.desk.names
        (names.lacking.discard if has_it else names.lacking.add)((feed_id, instrument_id))
        for one in FEEDS:
            self.desk.control.keys_changed(one)

    # --- rows

    @rule(instrument_id=instruments, channels=st.sampled_from([(), (Channel.QUOTES,), (Channel.TRADES,)]))
    def acquire(self, instrument_id: InstrumentId, channels: tuple[Channel, ...]) -> None:
        self.desk.control.acquire(instrument_id, channels)
        self.uses.append((instrument_id, channels))

    @precondition(lambda self: self.uses)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        use = self.uses.pop(data.draw(st.integers(0, len(self.uses) - 1)))
        self.desk.control.release(*use)

    @rule(instrument_id=instruments, primary=maybe_feed, fallback=maybe_feed)
    def choose(self, instrument_id: InstrumentId, primary: FeedId | None, fallback: FeedId | None) -> None:
        self.desk.control.choose({instrument_id: FeedChoice(primary, fallback)})

    @rule(is_on=st.booleans())
    def fall_back_to_next(self, is_on: bool) -> None:
        self.desk.control.set_fall_back(is_on=is_on)

    @rule(instrument_id=instruments, is_on=st.booleans())
    def compare(self, instrument_id: InstrumentId, is_on: bool) -> None:
        self.desk.control.compare(instrument_id, is_on=is_on)

    @precondition(lambda self: self.desk.control.backed_rows())
    @rule(data=st.data(), seconds=st.integers(1, 20))
    def fail_the_one_shown(self, data: st.DataObject, seconds: int) -> None:
        instrument_id = data.draw(st.sampled_from(self.desk.control.backed_rows()))
        found = self.desk.control.row_feeds(instrument_id)
        assert found is not None
        assert found.second is not None
        self.desk.set_state(found.second, FeedState.LIVE)
        self.desk.set_state(found.serving, FeedState.REFUSED)
        self.pass_time(seconds, {found.second})

    # --- time

    @rule(seconds=st.integers(1, 45), ticking=st.sets(feeds))
    def pass_time(self, seconds: int, ticking: set[FeedId]) -> None:
        time, control = self.desk.time, self.desk.control
        for _ in range(seconds):
            time._go_to(time.monotonic_ns() + NS)
            for feed_id in control.feed_ids:
                if feed_id in ticking and control.state(feed_id)[0] is FeedState.LIVE:
                    self.desk.tick(feed_id)
            self.watch.look(control.backed_rows())

    @invariant()
    def all_agrees(self) -> None:
        self.desk.check()
        assert set(self.desk.rows()) == {instrument_id for instrument_id, _ in self.uses}

    @invariant()
    def a_row_is_away_from_its_primary_only_for_a_reason(self) -> None:
        for instrument_id in self.desk.rows():
            found = self.desk.control.row_feeds(instrument_id)
            if found is not None and found.fall is not None:
                assert found.is_backed
                assert found.second == found.fall.primary
                assert found.fall.reason


TestFeeds = Feeds.TestCase
TestFeeds.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
