"""What servers say beside prices in a world of faults: analysis, alerts and positions, and what must hold of them.

Beside the program stands somebody who reads the same messages and remembers everything: what it has heard fire must
have been told, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from fake_time import NS
from fault_far_end import FarConnection, FarEnd
from kind_sides import Side, SideWorld

from marketwatch.domain.events import AnalysisReport, MarketEvent, ServerAlert, ServerPosition
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.surroundings import FeedSettings, Surroundings
from marketwatch.protocols.base import Channel
from marketwatch.qt.models.alert_rows import AlertMoment, alert_rows
from marketwatch.qt.models.analysis_rows import AnalysisSubject, analysis_view
from marketwatch.qt.models.portfolio_rows import PortfolioMoment, portfolio_view
from marketwatch.services.report_feeds import ReportFeeds, StreamState
from marketwatch.services.server_alerts import AlertDeed
from marketwatch.services.server_reports import ServerReports

if TYPE_CHECKING:
    from fault_world import World

CONDITIONS: Final = ("price_above", "price_below", "volume_spike")
CUT_S: Final = 27.0
"""So long a connection of reports that is cut may look alive."""
SILENT_S: Final = 85.0
"""So long one that answers pings and nothing else may."""
MOST_PER_MINUTE: Final = 10

Place = tuple[FeedId, InstrumentId]
Alert = tuple[str, float]
"""Condition and threshold."""


class Witness:
    """Somebody who reads the alerts of one share at one server, and counts what has fired.

    An alert whose threshold has moved is the same one; one that comes back as it left has not fired again.
    """

    def __init__(self) -> None:
        self.now: dict[str, tuple[float, bool]] = {}
        self._left: set[Alert] = set()

    def read(self, alerts: Sequence[ServerAlert]) -> Iterator[str]:
        """Take the newest list; yield the conditions that have fired."""
        stated = {one.condition: (one.threshold or 0.0, one.is_triggered) for one in alerts}
        before, self.now = self.now, stated
        for condition, (threshold, was_triggered) in before.items():
            if condition not in stated and was_triggered:
                self._left.add((condition, threshold))
        for condition, (threshold, is_triggered) in stated.items():
            known = before.get(condition)
            was_triggered = (condition, threshold) in self._left if known is None else known[1]
            self._left.discard((condition, threshold))
            if is_triggered and not was_triggered:
                yield condition


class ReportDesk:
    """The report feeds of a world, what the servers know, and the witness."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._servers: dict[FeedId, SideWorld] = {}
        self._numbers = 0
        self._witnesses: dict[Place, Witness] = {}
        self._expected: Counter[tuple[Place, str]] = Counter()
        self._fired: Counter[tuple[Place, str]] = Counter()
        self._came_by: dict[tuple[Place, Channel], FarConnection] = {}
        self._lost: dict[str, tuple[FarConnection, int]] = {}
        self.reports = ServerReports(lambda one: None)
        self.reports.fired.append(self._on_fired)
        self.feeds: ReportFeeds

    def open(self, surroundings: Surroundings) -> None:
        """Make the report feeds."""
        self.feeds = ReportFeeds(surroundings, self.reports)

    def far_end(
        self, feed_id: FeedId, channel: Channel, server: SideWorld, connect: Callable[[str], Side]
    ) -> FarEnd:  # fmt: skip
        """Make one place of a server where it says something beside prices."""
        if feed_id not in self._servers:
            self._servers[feed_id] = server
            for share in range(len(self._world.kind.instruments)):
                self.compute(feed_id, share)
                self.trade(feed_id, share)
                for condition in CONDITIONS:
                    self.change_alert(feed_id, share, condition, "armed")
        return FarEnd(self._world.time, connect, partial(self._on_read, feed_id, channel))

    # --- as the program does

    def start(self) -> None:
        """Connect everything."""
        self.feeds.start()

    async def stop(self) -> None:
        """End everything."""
        await self.feeds.stop()

    def add_feed(self, settings: FeedSettings) -> None:
        """Open the report streams that the settings name."""
        if settings.spec.report_streams:
            self.feeds.add_feed(
                settings,
                lambda: self._world.secret(settings.feed_id),
                session_open=self._world.is_session_open,
            )

    async def remove_feed(self, feed_id: FeedId) -> None:
        """End the streams of a feed."""
        await self.feeds.remove_feed(feed_id)

    def replace(self, settings: FeedSettings) -> None:
        """Go to another address: what was heard is forgotten."""
        if settings.spec.report_streams:
            self.feeds.replace(settings)
            self._witnesses = {place: one for place, one in self._witnesses.items() if place[0] != settings.feed_id}

    async def reform(self, settings: FeedSettings) -> None:
        """Take other streams."""
        if settings.spec.report_streams:
            await self.feeds.reform(settings)

    def on_used(self, instrument: InstrumentId, is_used: bool) -> None:
        """Follow an instrument, or no more."""
        (self.feeds.watch if is_used else self.feeds.unwatch)(instrument)

    # --- deeds of servers

    def compute(self, feed_id: FeedId, share: int) -> None:
        """State a new analysis."""
        self._numbers += 1
        report = AnalysisReport(key=self._key(share), rsi=10.0 + self._numbers % 800 / 10, patterns=("doji",))
        self._state(feed_id, Channel.ANALYSIS, share, [report])

    def trade(self, feed_id: FeedId, share: int) -> None:
        """State a new position."""
        self._numbers += 1
        position = ServerPosition(
            key=self._key(share),
            quantity=Decimal(self._numbers),
            average_price=Decimal(100),
            current_value=Decimal(101 * self._numbers),
            unrealised_pnl=Decimal(self._numbers),
        )
        self._state(feed_id, Channel.PORTFOLIO, share, [position])

    def change_alert(self, feed_id: FeedId, share: int, condition: str, becomes: str) -> None:
        """Let an alert be armed, triggered, moved to another threshold, or withdrawn."""
        stated = self._servers[feed_id].stated.get((Channel.ALERTS, self._key(share)), ())
        alerts = {one.condition: one for one in stated if isinstance(one, ServerAlert)}
        before = alerts.pop(condition, None)
        if becomes == "moved" and before is not None:
            self._numbers += 1
            alerts[condition] = msgspec.structs.replace(before, threshold=1_000.0 + self._numbers)
        elif becomes in ("armed", "triggered"):
            group = condition.partition("_")[0]
            made = before or ServerAlert(key=self._key(share), group=group, condition=condition, threshold=820.0)
            alerts[condition] = msgspec.structs.replace(made, is_triggered=becomes == "triggered")
        self._state(feed_id, Channel.ALERTS, share, list(alerts.values()))

    def _state(self, feed_id: FeedId, channel: Channel, share: int, events: list[Any]) -> None:
        key = self._key(share)
        self._servers[feed_id].stated[channel, key] = events
        for place, end in self._world.ends.items():
            if place.startswith(f"{feed_id}/"):
                for connection in end.open_connections:
                    connection.report(key)

    def place(self, feed_id: FeedId, channel: Channel) -> FarEnd:
        """Return where a server says one kind of thing."""
        stream = next(stream for stream in self._world.spec.report_streams if stream.channel is channel)
        return self._world.ends[f"{feed_id}/{stream.name}"]

    def mix_up(self, place: str, channel: Channel, share: int) -> None:
        """Say once more in one place what was said last in another."""
        written = self._servers[FeedId(place.partition("/")[0])].written
        wanted = (channel, self._key(share))
        message = next((one for one in reversed(written) if written[one][:2] == wanted), None)
        if message is not None:
            self._world.ends[place].say(message)

    def _key(self, share: int) -> str:
        return self._world.key_of(self._world.kind.instruments[share])

    # --- the witness

    def _on_read(self, feed_id: FeedId, channel: Channel, connection: FarConnection, message: bytes) -> None:
        said, key, events = self._servers[feed_id].written.get(message, (None, "", ()))
        if said is not channel:
            return  # it belongs in another place
        instrument = next(one for one in self._world.kind.instruments if self._world.key_of(one) == key)
        if instrument not in self._world.control.instruments:
            return
        place = (feed_id, instrument)
        self._came_by[place, channel] = connection
        if channel is Channel.ALERTS:
            witness = self._witnesses.setdefault(place, Witness())
            alerts = [event for event in events if isinstance(event, ServerAlert)]
            self._expected.update((place, condition) for condition in witness.read(alerts))

    def _on_fired(self, deed: AlertDeed) -> None:
        assert deed.key is not None
        self._fired[(deed.feed_id, deed.key.instrument_id), deed.key.condition] += 1

    # --- what must hold

    def check(self) -> None:
        """Check what must be true at any time."""
        assert self._fired == self._expected, (
            f"told twice: {dict(self._fired - self._expected)}, never told: {dict(self._expected - self._fired)}"
        )
        self._note_lost()
        watched = set(self._world.control.instruments)
        for state in self.feeds.states():
            place = f"{state.feed_id}/{state.name}"
            end = self._world.ends[place]
            assert state.wanted == len(watched), f"{place} wants {state.wanted} of {len(watched)}"
            assert state.confirmed + state.refused <= state.wanted
            at = end.attempts_ns
            for first, last in zip(at, at[MOST_PER_MINUTE:], strict=False):
                assert last - first >= 60 * NS, f"a storm of attempts at {place}"
            if self._is_dead(place):
                assert not state.is_seeing, f"{place} looks alive, and is not"
            self._check_marks(state)

    def _note_lost(self) -> None:
        now_ns = self._world.time.monotonic_ns()
        for place, end in self._world.ends.items():
            current = end.current
            if current is None or not (current.is_cut or current.is_silent):
                self._lost.pop(place, None)
            elif place not in self._lost or self._lost[place][0] is not current:
                self._lost[place] = (current, now_ns)

    def _is_dead(self, place: str) -> bool:
        """Tell whether a connection is gone, and for so long that the program must know."""
        if self._world.ends[place].current is None:
            return True
        if place not in self._lost:
            return False
        connection, since_ns = self._lost[place]
        now_ns = self._world.time.monotonic_ns()
        if connection.was_cut_at is not None:
            return now_ns - connection.was_cut_at > CUT_S * NS
        return now_ns - since_ns > SILENT_S * NS

    def _is_old(self, state: StreamState, instrument: InstrumentId) -> bool:
        """Tell whether what was said of a share may not be true any more: its connection is gone."""
        place = f"{state.feed_id}/{state.name}"
        came_by = self._came_by.get(((state.feed_id, instrument), state.channel))
        return self._is_dead(place) or came_by is not self._world.ends[place].current

    def _check_marks(self, state: StreamState) -> None:
        """Check that what a connection said that is gone is not shown as if it were true now."""
        states = self.feeds.states(state.channel)
        if state.channel is Channel.PORTFOLIO:
            held = [one for one in self.reports.positions() if one.feed_id == state.feed_id and not one.is_empty]
            if any(self._is_old(state, one.instrument_id) for one in held):
                stated = self._portfolio(states).stated
                assert "old: " in stated, f"{stated} of a dead connection"
        elif state.channel is Channel.ANALYSIS:
            self._check_analyses(state, states)
        elif self._is_dead(f"{state.feed_id}/{state.name}"):
            for row in alert_rows(self._alerts(states)):
                if row.key.feed_id == state.feed_id:
                    assert row.state != "armed", f"{row.spoken} at a dead connection"

    def _portfolio(self, states: Sequence[StreamState]) -> Any:
        return portfolio_view(
            PortfolioMoment(
                positions=self.reports.positions(),
                states=states,
                instrument=lambda one: Instrument(id=one),
                last=lambda one: None,
                label=self.feeds.label,
                zone=self.feeds.zone(),
            )
        )

    def _check_analyses(self, state: StreamState, states: Sequence[StreamState]) -> None:
        for instrument in self._world.control.instruments:
            for stated in self.reports.analyses(instrument):
                if stated.feed_id != state.feed_id or not self._is_old(state, instrument):
                    continue
                subject = AnalysisSubject(
                    instrument=Instrument(id=instrument),
                    zone=self.feeds.zone(),
                    now_ns=self._world.time.now_ns(),
                    last=None,
                    stated=stated,
                    states=states,
                    topics=(),
                )
                assert analysis_view(subject).state.startswith("Old: "), f"analysis of {instrument} is not marked"

    def _alerts(self, states: Sequence[StreamState]) -> AlertMoment:
        zone = self.feeds.zone()
        return AlertMoment(
            records=tuple(self.reports.alerts),
            log=self.reports.alerts.log,
            states=states,
            label=lambda feed_id: self.feeds.label(FeedId(feed_id)),
            instrument=lambda key: Instrument(id=key.instrument_id),
            snapshot=lambda key: None,
            zone=lambda key: zone,
            now_ns=self._world.time.now_ns(),
        )

    def complaints(self) -> list[str]:
        """Say what is not as the servers know it, now that all is well."""
        found = []
        for state in self.feeds.states():
            if state.state is not FeedState.LIVE or state.confirmed != state.wanted:
                found.append(f"{state.feed_id}/{state.name} is {state.state.value}, {state.confirmed} confirmed")
            for instrument in self._world.control.instruments:
                key = self._world.key_of(instrument)
                knows = self._servers[state.feed_id].stated.get((state.channel, key), ())
                shown = self._shown(state.feed_id, state.channel, instrument)
                if shown != {_figure(event) for event in knows}:
                    found.append(f"{state.name} of {instrument} at {state.feed_id} is {shown} instead of {knows}")
        return found

    def _shown(self, feed_id: FeedId, channel: Channel, instrument: InstrumentId) -> set[object]:
        if channel is Channel.ANALYSIS:
            return {one.report.rsi for one in self.reports.analyses(instrument) if one.feed_id == feed_id}
        if channel is Channel.PORTFOLIO:
            place = (feed_id, instrument)
            held = [one for one in self.reports.positions() if (one.feed_id, one.instrument_id) == place]
            return {one.position.quantity for one in held}
        return {
            (record.key.condition, record.key.threshold, record.is_triggered)
            for record in self.reports.alerts
            if (record.key.feed_id, record.key.instrument_id) == (feed_id, instrument)
        }


def _figure(event: MarketEvent) -> object:
    match event:
        case AnalysisReport(rsi=rsi):
            return rsi
        case ServerPosition(quantity=quantity):
            return quantity
        case ServerAlert(condition=condition, threshold=threshold, is_triggered=is_triggered):
            return condition, threshold, is_triggered
    raise AssertionError(event)
