"""When a feed's silence is a fault: while a market is open in which it serves something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from marketwatch.app.core import Core
from marketwatch.domain.calendar import Phase, TradingCalendar, VenueRules
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.wanted_sessions import SESSIONS


class FeedHours:
    """Follows which instruments a feed serves. Segments of one country keep hours of their own, as in India.

    Without any, and for instruments of elsewhere, the hours of the feed's own market count.
    """

    def __init__(self, core: Core, feed_id: FeedId, rules: VenueRules) -> None:
        self._core = core
        self._feed_id = feed_id
        self._own = core.calendars.by_rules(rules)
        self._served: dict[InstrumentId, tuple[str, TradingCalendar]] = {}
        self._by_key: dict[str, TradingCalendar] = {}
        self._counts: Counter[TradingCalendar] = Counter()
        self.want(SESSIONS)

    def open(self) -> None:
        """Begin to follow; call before the feed is added."""
        self._core.assigned.append(self._on_assigned)

    def close(self) -> None:
        """Follow no more."""
        self._core.assigned.remove(self._on_assigned)

    def want(self, sessions: Collection[Phase]) -> None:
        """Expect ticks in these phases of the day alone; none of them means all."""
        self._sessions = frozenset(sessions or SESSIONS) | {Phase.UNKNOWN}

    def is_open(self, wall_ns: int, keys: Collection[str] | None = None) -> bool | None:
        """Tell whether ticks are to be expected, of these `keys` alone if given; None when a calendar does not know."""
        served = self._counts.keys() if keys is None else {self._by_key[key] for key in keys if key in self._by_key}
        phases = {calendar.phase(wall_ns) for calendar in served or (self._own,)} & self._sessions
        if phases - {Phase.UNKNOWN}:
            return True
        return None if Phase.UNKNOWN in phases else False

    def _on_assigned(self, instrument_id: InstrumentId, feed_id: FeedId | None, key: str) -> None:
        before = self._served.pop(instrument_id, None)
        if before is not None:
            self._counts[before[1]] -= 1
            self._by_key.pop(before[0], None)
            self._counts += Counter()  # forgets what is zero
        if feed_id == self._feed_id:
            calendar = self._core.calendars.of(instrument_id)
            calendar = calendar if calendar.rules.zone == self._own.rules.zone else self._own
            self._served[instrument_id] = (key, calendar)
            self._by_key[key] = calendar
            self._counts[calendar] += 1
