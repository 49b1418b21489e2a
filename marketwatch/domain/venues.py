"""Weekly hours of the venues we know, and the calendars made from them."""

from __future__ import annotations

from marketwatch.domain.calendar import Hours, TradingCalendar, VenueRules
from marketwatch.domain.ids import CRYPTO, InstrumentId, Venue


def _clock(hour: int, minute: int = 0) -> int:
    return hour * 3600 + minute * 60


_EVERY_DAY = frozenset(range(7))

INDIA = VenueRules(
    name="India",
    zone="Asia/Kolkata",
    hours=Hours(_clock(9), _clock(9, 15), _clock(15, 30), _clock(15, 30)),
    bars_from_open=True,
)
INDIA_CURRENCY = VenueRules(
    name="India, currency",
    zone="Asia/Kolkata",
    hours=Hours(_clock(9), _clock(9), _clock(17), _clock(17)),
)
INDIA_COMMODITIES = VenueRules(
    name="India, commodities",
    zone="Asia/Kolkata",
    hours=Hours(_clock(9), _clock(9), _clock(23, 30), _clock(23, 30)),
    winter_hours=Hours(_clock(9), _clock(9), _clock(23, 55), _clock(23, 55)),  # it closes with New York
)
UNITED_STATES = VenueRules(
    name="United States",
    zone="America/New_York",
    hours=Hours(_clock(4), _clock(9, 30), _clock(16), _clock(20)),
    has_extended=True,
)
COMEX = VenueRules(
    name="COMEX",
    zone="America/New_York",
    hours=Hours(-_clock(6), -_clock(6), _clock(17), _clock(17)),
    day_starts=-_clock(7),
)
ALWAYS = VenueRules(
    name="round the clock",
    zone="UTC",
    hours=Hours(0, 0, _clock(24), _clock(24)),
    weekdays=_EVERY_DAY,
)

RULES_BY_VENUE: dict[Venue, VenueRules] = {
    Venue(name): rules
    for names, rules in (
        ("NSE BSE NFO BFO", INDIA),
        ("CDS BCD MCXSX", INDIA_CURRENCY),
        ("MCX NCO", INDIA_COMMODITIES),
        ("US XNAS XNYS ARCX XASE BATS IEXG", UNITED_STATES),
        ("COMEX", COMEX),
    )
    for name in names.split()
}


class Calendars:
    """One calendar per set of rules. A venue that we do not know counts as always open: its ticks tell."""

    def __init__(self) -> None:
        self._by_rules: dict[str, TradingCalendar] = {}

    def of(self, instrument: InstrumentId) -> TradingCalendar:
        """Return the calendar of an instrument."""
        known = RULES_BY_VENUE.get(instrument.venue, ALWAYS)
        return self.by_rules(ALWAYS if instrument.segment == CRYPTO else known)

    def by_rules(self, rules: VenueRules) -> TradingCalendar:
        """Return the one calendar that follows these rules, for example to hand it its exceptions."""
        calendar = self._by_rules.get(rules.name)
        if calendar is None:
            calendar = self._by_rules[rules.name] = TradingCalendar(rules)
        return calendar
