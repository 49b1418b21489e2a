"""Trading days and phases of a venue: a weekly rule plus exceptions handed in as data.

Calendars are advice: live ticks win. Where the exceptions end, a phase inside the weekly hours is `UNKNOWN`, never
guessed; with no exceptions handed in at all the weekly rule alone speaks.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

import msgspec

from marketwatch.domain.bar_interval import NS_PER_SECOND, BarInterval

_DAYS_KEPT = 64
_LOOK_AHEAD_DAYS = 15  # longer than any run of holidays


class Phase(enum.Enum):
    """What a venue is doing."""

    CLOSED = "closed"
    PRE = "pre"
    REGULAR = "regular"
    POST = "post"
    UNKNOWN = "unknown"


class Hours(msgspec.Struct, frozen=True):
    """Session times in seconds from midnight at the venue; negative means the evening before.

    `pre` and `post` are where the phases before and after the regular session begin and end; without such phases
    they equal `opens` and `closes`.
    """

    pre: int
    opens: int
    closes: int
    post: int


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """The weekly rule of a venue. `weekdays` counts Monday as 0.

    `day_starts` (seconds from midnight) is where one session date ends and the next begins. In an extended session
    (`has_extended`) trading before the open and after the close has figures of its own. `bars_from_open` aligns
    bars to the open instead of the hour. `winter_hours` are those of dates on which `winter_zone`, whose market this
    one follows, keeps standard time.
    """

    name: str
    zone: str
    hours: Hours
    weekdays: frozenset[int] = frozenset(range(5))
    day_starts: int = 0
    has_extended: bool = False
    bars_from_open: bool = False
    winter_hours: Hours | None = None
    winter_zone: str = "America/New_York"

    def hours_on(self, date: dt.date) -> Hours | None:
        """Return the hours of a date by the weekly rule, None when there is no session."""
        if date.weekday() not in self.weekdays:
            return None
        if self.winter_hours is None:
            return self.hours
        noon = dt.datetime.combine(date, dt.time(12), ZoneInfo(self.winter_zone))
        return self.hours if noon.dst() else self.winter_hours


class TradingDay:
    """One session date at one venue in ns UTC; `hours_ns` (pre, opens, closes, post) is None without a session."""

    __slots__ = ("date", "ends_ns", "has_extended", "hours_ns", "is_known", "previous_date", "starts_ns")

    def __init__(
        self,
        date: dt.date,
        starts_ns: int,
        ends_ns: int,
        hours_ns: tuple[int, int, int, int] | None,
        *,
        is_known: bool = True,
        has_extended: bool = False,
        previous_date: dt.date | None = None,
    ) -> None:
        self.date = date
        self.starts_ns = starts_ns
        self.ends_ns = ends_ns
        self.hours_ns = hours_ns
        self.is_known = is_known
        self.has_extended = has_extended and hours_ns is not None
        self.previous_date = previous_date

    def phase(self, now_ns: int) -> Phase:
        """Return the phase at an instant of this date."""
        if self.hours_ns is None:
            return Phase.CLOSED
        pre, opens, closes, post = self.hours_ns
        if not pre <= now_ns < post:
            return Phase.CLOSED
        if not self.is_known:
            return Phase.UNKNOWN
        if now_ns < opens:
            return Phase.PRE
        return Phase.REGULAR if now_ns < closes else Phase.POST

    def is_extended(self, event_ns: int) -> bool:
        """Tell whether a trade at this instant belongs to the sessions before the open or after the close."""
        if not self.has_extended or self.hours_ns is None:
            return False
        _, opens, closes, _ = self.hours_ns
        return not opens <= event_ns < closes


class TradingCalendar:
    """The calendar of one venue. `exceptions` maps dates to special hours, or None for a holiday."""

    def __init__(self, rules: VenueRules) -> None:
        self.rules = rules
        self._zone = ZoneInfo(rules.zone)
        self._exceptions: Mapping[dt.date, Hours | None] = {}
        self._known_until: dt.date | None = None
        self._in_doubt: Collection[dt.date] = ()
        self._days: dict[dt.date, TradingDay] = {}
        self._latest: TradingDay | None = None

    def set_exceptions(
        self,
        exceptions: Mapping[dt.date, Hours | None],
        known_until: dt.date | None,
        in_doubt: Collection[dt.date] = (),
    ) -> None:
        """Take over holidays, early closes and special sessions.

        They say nothing after `known_until`, nor of the dates `in_doubt`: what holds then is not known.
        """
        self._exceptions = dict(exceptions)
        self._known_until = known_until
        self._in_doubt = frozenset(in_doubt)
        self._days.clear()
        self._latest = None

    @property
    def zone(self) -> ZoneInfo:
        """Zone of the venue."""
        return self._zone

    def session_date(self, now_ns: int) -> dt.date:
        """Return the date that trading at this instant counts for."""
        seconds = now_ns // NS_PER_SECOND
        local = dt.datetime.fromtimestamp(seconds, self._zone) - dt.timedelta(seconds=self.rules.day_starts)
        return local.date()

    def day(self, now_ns: int) -> TradingDay:
        """Return the session date that holds this instant."""
        latest = self._latest
        if latest is None or not latest.starts_ns <= now_ns < latest.ends_ns:
            latest = self._latest = self.day_on(self.session_date(now_ns))
        return latest

    def day_on(self, date: dt.date) -> TradingDay:
        """Return a session date by its date."""
        day = self._days.get(date)
        if day is None:
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            day = self._days[date] = self._make_day(date)
        return day

    def phase(self, now_ns: int) -> Phase:
        """Return what the venue is doing at this instant."""
        return self.day(now_ns).phase(now_ns)

    def next_change(self, now_ns: int) -> int | None:
        """Return the next instant at which a phase begins or ends, None when the calendar cannot say."""
        date = self.session_date(now_ns)
        for ahead in range(_LOOK_AHEAD_DAYS):
            hours = self.day_on(date + dt.timedelta(days=ahead)).hours_ns
            later = [instant for instant in hours or () if instant > now_ns]
            if later:
                return min(later)
        return None

    def previous_session(self, date: dt.date) -> dt.date | None:
        """Return the last date before `date` that had a session."""
        for back in range(1, _LOOK_AHEAD_DAYS):
            earlier = date - dt.timedelta(days=back)
            if self._hours_on(earlier) is not None:
                return earlier
        return None

    def bar_offset_ns(self, interval: BarInterval) -> int:
        """Return where on its grid a bar of this venue starts.

        Bars lie on the whole hour where extended hours are traded (United States); on the open where they are not
        and the open is not on the hour (NSE, BSE: 09:15, 10:15 ...).
        """
        if not self.rules.bars_from_open:
            return 0
        opens = dt.datetime(2024, 1, 1, tzinfo=self._zone) + dt.timedelta(seconds=self.rules.hours.opens)
        return int(opens.timestamp()) * NS_PER_SECOND % interval.ns

    def _make_day(self, date: dt.date) -> TradingDay:
        rules = self.rules
        tomorrow = date + dt.timedelta(days=1)
        hours = self._hours_on(date)
        return TradingDay(
            date,
            self._instant(date, rules.day_starts),
            self._instant(tomorrow, rules.day_starts),
            None
            if hours is None
            else (
                self._instant(date, hours.pre),
                self._instant(date, hours.opens),
                self._instant(date, hours.closes),
                self._instant(date, hours.post),
            ),
            is_known=(self._known_until is None or date <= self._known_until) and date not in self._in_doubt,
            has_extended=rules.has_extended,
            previous_date=self.previous_session(date),
        )

    def _hours_on(self, date: dt.date) -> Hours | None:
        return self._exceptions[date] if date in self._exceptions else self.rules.hours_on(date)

    def _instant(self, date: dt.date, seconds: int) -> int:
        """Turn a time of day at the venue into ns UTC, also on a day on which its clocks change."""
        days, rest = divmod(seconds, 86_400)
        wall = dt.datetime.combine(date + dt.timedelta(days=days), dt.time.min) + dt.timedelta(seconds=rest)
        return int(wall.replace(tzinfo=self._zone).timestamp()) * NS_PER_SECOND
