"""What servers say beside prices: analysis, alerts and positions per instrument and feed, as they came."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import msgspec

from marketwatch.domain.events import AnalysisReport, MarketEvent, ServerAlert, ServerPosition
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.protocols.base import Channel
from marketwatch.services.server_alerts import AlertDeed, PriceThen, ServerAlerts

_log = logging.getLogger(__name__)


class StatedAnalysis(msgspec.Struct, frozen=True):
    """An analysis and when it came (wall clock); `connection` is the number of the one it came by."""

    instrument_id: InstrumentId
    feed_id: FeedId
    report: AnalysisReport
    received_ns: int
    connection: int = 0


class StatedPosition(msgspec.Struct, frozen=True):
    """A position, when it came (wall clock) and by which connection; `here` is the price known here at that moment."""

    instrument_id: InstrumentId
    feed_id: FeedId
    position: ServerPosition
    received_ns: int
    here: PriceThen | None = None
    connection: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether the server says that there is none."""
        stated = self.position
        figures = (stated.quantity, stated.average_price, stated.current_value, stated.unrealised_pnl)
        return not stated.invalid and all(figure is None for figure in figures)


class ServerReports:
    """The newest of each kind. The lists of listeners are called after the fact; what one raises is logged.

    `analysis_changed` gets the instrument, `fired` each firing of an alert; the others just a call.
    """

    def __init__(self, price_of: Callable[[InstrumentId], PriceThen | None]) -> None:
        self._price_of = price_of
        self.analysis_changed: list[Callable[[InstrumentId], None]] = []
        self.positions_changed: list[Callable[[], None]] = []
        self.alerts_changed: list[Callable[[], None]] = []
        self.fired: list[Callable[[AlertDeed], None]] = []
        self.alerts = ServerAlerts(
            price_of, lambda deed: _tell(self.fired, deed), lambda: _tell(self.alerts_changed)
        )  # fmt: skip
        self._analyses: dict[tuple[InstrumentId, FeedId], StatedAnalysis] = {}
        self._positions: dict[tuple[InstrumentId, FeedId], StatedPosition] = {}

    def analyses(self, instrument_id: InstrumentId) -> list[StatedAnalysis]:
        """Return what the feeds say of an instrument, one each."""
        return [stated for stated in self._analyses.values() if stated.instrument_id == instrument_id]

    def positions(self) -> list[StatedPosition]:
        """Return every stated position, feed by feed in the order they first came."""
        return sorted(self._positions.values(), key=lambda stated: stated.feed_id)

    def take(
        self, feed_id: FeedId, instrument_id: InstrumentId, events: Sequence[MarketEvent], *, connection: int,
        now_ns: int, connected_ns: int | None = None,
    ) -> None:  # fmt: skip
        """Take in what one message says of an instrument; other events than reports are not ours.

        `connected_ns` is when the connection came (wall clock).
        """
        place = (instrument_id, feed_id)
        alerts: list[ServerAlert] = []
        for event in events:
            if isinstance(event, ServerAlert):
                alerts.append(event)
            elif isinstance(event, AnalysisReport):
                self._analyses[place] = StatedAnalysis(instrument_id, feed_id, event, now_ns, connection)
                _tell(self.analysis_changed, instrument_id)
            elif isinstance(event, ServerPosition):
                here = self._price_of(instrument_id)
                self._positions[place] = StatedPosition(instrument_id, feed_id, event, now_ns, here, connection)
                _tell(self.positions_changed)
        if alerts:
            self.alerts.take(
                feed_id, instrument_id, alerts, connection=connection, now_ns=now_ns, connected_ns=connected_ns
            )

    def unwatch(self, feed_id: FeedId, instrument_id: InstrumentId | None = None) -> None:
        """Listen no more to an instrument, or to a feed at all: figures go, what alerts have fired is remembered."""
        for table in (self._analyses, self._positions):
            for place in [one for one in table if one[1] == feed_id and instrument_id in (None, one[0])]:
                del table[place]
                _tell(self.analysis_changed, place[0])
        self.alerts.unwatch(feed_id, instrument_id)
        _tell(self.positions_changed)

    def end(self, feed_id: FeedId, channel: Channel) -> None:
        """Listen no more to one kind of report of a feed."""
        if channel is Channel.ALERTS:
            self.alerts.unwatch(feed_id)
        elif channel is Channel.ANALYSIS:
            self._analyses = {place: stated for place, stated in self._analyses.items() if place[1] != feed_id}
        elif channel is Channel.PORTFOLIO:
            self._positions = {place: stated for place, stated in self._positions.items() if place[1] != feed_id}
            _tell(self.positions_changed)

    def forget(self, feed_id: FeedId) -> None:
        """Forget everything of a feed but the log: another server answers from now on."""
        self.unwatch(feed_id)
        self.alerts.forget(feed_id)


def _tell(listeners: Sequence[Callable[..., None]], *what: object) -> None:
    for listener in tuple(listeners):
        try:
            listener(*what)
        except Exception:  # noqa: BLE001 - boundary: one that fails must not keep a firing from the others
            _log.exception("A listener to server reports failed")
