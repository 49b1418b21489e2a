"""The status bar: a pill per feed with its details, a clock per exchange."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from marketwatch.domain.ids import FeedId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.venues import RULES_BY_VENUE, Calendars
from marketwatch.feeds.status import FeedStatus
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.panels.feed_pill import FeedPill
from marketwatch.qt.panels.feed_words import SideConnection, pill_view, whole_rate
from marketwatch.qt.panels.market_clock import MarketClock, clock_view
from marketwatch.qt.theme import Theme
from marketwatch.runtime.clock import Clock
from marketwatch.services.feed_route import FeedFacts, FeedNature

if TYPE_CHECKING:
    from marketwatch.qt.popups.feed_details import FeedDetails

_MOST_CLOCKS = 3


class StatusLine(QObject):
    """Shows the statuses it is handed. `retry` is called with the feed whose details asked for it.

    `sign_in_requested` carries the id of a feed whose user wants to sign in. `streams_of` says of a feed how its
    connections beside that of the prices are.
    """

    sign_in_requested = Signal(str)

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        clock: Clock,
        calendars: Calendars,
        facts: Callable[[FeedId], FeedFacts],
        retry: Callable[[FeedId], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._clock = clock
        self._calendars = calendars
        self._facts = facts
        self._pills: dict[FeedId, FeedPill] = {}
        self._clocks: dict[str, tuple[MarketClock, Venue]] = {}
        self._note = ""
        self._retry = retry
        self._details: FeedDetails | None = None
        self._statuses: dict[FeedId, FeedStatus] = {}
        self.streams_of: Callable[[FeedId], Sequence[SideConnection]] = lambda feed_id: ()

    def show_statuses(self, statuses: Sequence[FeedStatus]) -> None:
        """Show these feeds, and only these."""
        self._statuses = {status.feed_id: status for status in statuses}
        for feed_id in [one for one in self._pills if one not in self._statuses]:
            self._window.remove_status(self._pills.pop(feed_id))
        for status in statuses:
            self.show_status(status)

    def show_status(self, status: FeedStatus) -> None:
        """Show one feed's status."""
        nature = self._facts(status.feed_id).nature
        self._statuses[status.feed_id] = status
        beside = self.streams_of(status.feed_id)
        view = pill_view(status, nature, self._clock.now_ns(), beside)
        pill = self._pills.get(status.feed_id)
        if pill is None:
            pill = self._pills[status.feed_id] = FeedPill(self._theme, view)
            pill.clicked.connect(lambda: self._open_details(status.feed_id))
            self._window.add_status(pill)
        else:
            pill.set_view(view)
        if self._details is not None and self._details.isVisible() and self._details.feed_id == status.feed_id:
            self._details.set_status(status, nature, self._clock.now_ns(), beside)

    def choose_clocks(self, instruments: Sequence[Instrument], note: str) -> None:
        """Show a clock for each exchange of these instruments, the most frequent first."""
        for clock, _ in self._clocks.values():
            self._window.remove_status(clock)
        self._clocks.clear()
        self._note = note
        for name, venue in _exchanges(instruments)[:_MOST_CLOCKS]:
            clock = MarketClock(self._theme)
            self._clocks[name] = (clock, venue)
            self._window.add_status(clock, at_right=True)

    def tick(self, now_ns: Callable[[Venue], int]) -> None:
        """Show market time at each exchange."""
        for name, (clock, venue) in self._clocks.items():
            calendar = self._calendars.by_rules(RULES_BY_VENUE[venue])
            clock.set_view(clock_view(name, calendar, now_ns(venue), note=self._note))

    @property
    def is_at_rest(self) -> bool:
        """Tell whether nothing here changes within seconds: every market is closed and every feed is silent."""
        views = [clock.view for clock, _ in self._clocks.values()]
        is_silent = all(
            one.retry_in_s is None and whole_rate(one, self.streams_of(one.feed_id)) == 0
            for one in self._statuses.values()
        )
        return is_silent and bool(views) and all(view is not None and view.is_at_rest for view in views)

    def nature_of(self, feed_id: FeedId) -> FeedNature:
        """Return how real a feed is."""
        return self._facts(feed_id).nature

    def _open_details(self, feed_id: FeedId) -> None:
        status = self._statuses.get(feed_id)
        if status is not None:
            if self._details is None:
                self._details = self._build_details()
            now_ns = self._clock.now_ns()
            self._details.set_status(status, self.nature_of(feed_id), now_ns, self.streams_of(feed_id))
            self._details.open_above(self._pills[feed_id])

    def _build_details(self) -> FeedDetails:
        from marketwatch.qt.popups.feed_details import FeedDetails

        details = FeedDetails(self._theme, parent=self._window)
        details.retry_requested.connect(lambda feed_id: self._retry(FeedId(feed_id)))
        details.sign_in_requested.connect(self.sign_in_requested)
        return details


def _exchanges(instruments: Sequence[Instrument]) -> list[tuple[str, Venue]]:
    """Name the exchanges of instruments, most frequent first: one clock for all that keep the same hours."""
    counts: dict[str, int] = {}
    venues: dict[str, Venue] = {}
    for instrument in instruments:
        venue = instrument.id.venue
        if venue in RULES_BY_VENUE:
            name = _CLOCK_NAMES.get(RULES_BY_VENUE[venue].name, venue)
            counts[name] = counts.get(name, 0) + 1
            venues.setdefault(name, venue)
    return [(name, venues[name]) for name in sorted(counts, key=lambda one: -counts[one])]


_CLOCK_NAMES = {"United States": "NYSE", "India": "NSE", "India, currency": "CDS", "India, commodities": "MCX"}
