"""Which parts of the trading day are wanted of a feed: what comes in the others is left out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from marketwatch.domain.calendar import Phase, TradingCalendar, TradingDay
from marketwatch.domain.effects import EXTENDED_EFFECTS, IS_REGULAR_PRINT
from marketwatch.domain.events import DayStatistics, EventKind, MarketEvent, TradeTick, stamp_to_ns
from marketwatch.domain.snapshot_rules import CLOSING_PRINTS_NS

SESSIONS: Final = (Phase.PRE, Phase.REGULAR, Phase.POST)
_OF_A_SESSION: Final = frozenset({EventKind.TRADE, EventKind.QUOTE, EventKind.BAR, EventKind.VALUE})


class WantedSessions:
    """The wanted sessions of one market. What trades at night belongs to the extended session beside it."""

    def __init__(self, wanted: Collection[Phase], calendar: TradingCalendar) -> None:
        self._unwanted = frozenset(SESSIONS) - frozenset(wanted)
        self._calendar = calendar

    def leaves_out(self, phase: Phase) -> bool:
        """Tell whether nothing is wanted in a phase; of closed and unknown ones that cannot be said."""
        return phase in self._unwanted

    def of(self, events: Sequence[MarketEvent]) -> Sequence[MarketEvent]:
        """Return the events that are wanted; those without a time are, and figures of the whole day."""
        kept = [event for event in events if event.kind not in _OF_A_SESSION or self._is_wanted(event, event.event_ns)]
        return [self._without_last(event) if isinstance(event, DayStatistics) else event for event in kept]

    def _is_wanted(self, event: MarketEvent, event_ns: int | None) -> bool:
        return event_ns is None or self._session(event, event_ns) not in self._unwanted

    def _without_last(self, statistics: DayStatistics) -> DayStatistics:
        """Take a last trade out of the figures of the day that is not wanted itself."""
        stamp = statistics.last_trade_stamp
        if not stamp or self._is_wanted(statistics, stamp_to_ns(stamp)):
            return statistics
        return msgspec.structs.replace(statistics, last_price=None, last_size=None, last_trade_stamp=None)

    def _session(self, event: MarketEvent, event_ns: int) -> Phase:
        day = self._calendar.day(event_ns)
        hours_ns = day.hours_ns
        if hours_ns is None or not day.is_known:
            return Phase.UNKNOWN
        if event_ns < hours_ns[1]:
            return Phase.PRE
        return Phase.REGULAR if event_ns < hours_ns[2] or _is_closing_print(event, event_ns, day) else Phase.POST


def _is_closing_print(event: MarketEvent, event_ns: int, day: TradingDay) -> bool:
    """Tell whether a trade after the close belongs to the regular session: without it the close would be wrong."""
    if not isinstance(event, TradeTick) or day.hours_ns is None:
        return False
    is_soon = event_ns < day.hours_ns[2] + CLOSING_PRINTS_NS
    return is_soon and bool(EXTENDED_EFFECTS[event.conditions] & IS_REGULAR_PRINT)
