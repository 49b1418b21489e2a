"""What state a row is in, in look and word: one judgement for list, chart and diagnostics.

States combine by rank: no data, halted, stale, delayed, bars, extended, quiet; then closed and live. The first that
holds gives the look, the explanation spells out all of them. A delay is never staleness: a price of 10:00 shown at
10:15 on a feed that is 15 minutes late is fresh.
"""

from __future__ import annotations

import datetime as dt
import enum

import msgspec

from marketwatch.domain.calendar import Phase, TradingCalendar
from marketwatch.domain.snapshot import Snapshot
from marketwatch.feeds.status import FeedStatus
from marketwatch.services.feed_route import FeedFacts, FeedNature
from marketwatch.services.missing_data import SubscriptionState, age_in_words, feed_trouble, why_no_data

_NS = 1_000_000_000
_SILENCE_S = 30.0  # promise P4: at the latest then nothing looks live
_QUIET_TIMES = 6.0
_QUIET_RANGE_S = (15.0, 600.0)
_QUIET_DEFAULT_S = 60.0
_LIVE_TICKS_WIN_S = 30.0
_LONGEST_VIA = 8
HISTORY = "history"
"""First word of a row whose figures end in the past because the user chose so."""
_LEFT_OUT = "This part of the day is left out in Settings > Feeds"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class RowStateKind(enum.Enum):
    """Which look a row has."""

    LIVE = "live"
    DELAYED = "delayed"
    QUIET = "quiet"
    STALE = "stale"
    CLOSED = "closed"
    PRE = "pre"
    POST = "post"
    NO_DATA = "no_data"
    HALTED = "halted"


class RowState(msgspec.Struct, frozen=True):
    """State of a row. `word` stands in the time column instead of the time, empty: show the time.

    `tags` stand beside it or beside the symbol; `explanation` has one line per state that holds; `age_s` is how old the
    newest data are in market time.
    """

    primary: RowStateKind
    word: str
    tags: tuple[str, ...]
    explanation: str
    age_s: float | None

    @property
    def stands_still(self) -> bool:
        """Whether the newest price is not of now: of a silent feed, a closed market, of days that are over."""
        return self.primary in (RowStateKind.STALE, RowStateKind.CLOSED, RowStateKind.NO_DATA)


class Moment(msgspec.Struct, frozen=True):
    """Now, by three clocks: of the market that a feed shows, of the machine's wall, and monotonic."""

    market_ns: int
    wall_ns: int
    monotonic_ns: int | None = None


class OnFallback(msgspec.Struct, frozen=True):
    """A row shows another feed than its primary: that feed's name, since when (wall clock), and why in words."""

    label: str
    since_ns: int | None
    reason: str
    is_tagged: bool = True


class _Finding(msgspec.Struct, frozen=True):
    """One state that holds."""

    kind: RowStateKind
    line: str
    word: str = ""
    tag: str = ""


class _Judged(msgspec.Struct, frozen=True):
    """What a judgement rests on. `market_ns` is now at the source: the feed's delay is taken off."""

    snapshot: Snapshot
    status: FeedStatus | None
    facts: FeedFacts | None
    calendar: TradingCalendar
    market_ns: int
    wall_ns: int
    monotonic_ns: int | None = None

    @property
    def phase(self) -> Phase:
        phase = self.calendar.phase(self.market_ns)
        return Phase.CLOSED if self.is_left_out else phase

    @property
    def is_left_out(self) -> bool:
        """Whether the user does not want this part of the day."""
        return self.facts is not None and self.facts.leaves_out(self.calendar.phase(self.market_ns))

    @property
    def sends_bars(self) -> bool:
        return self.facts is not None and self.facts.sends_bars

    @property
    def is_real(self) -> bool:
        """Whether ticks come by the clock on the wall, not by that of a replay or a simulation."""
        return self.facts is None or self.facts.nature in (FeedNature.LIVE, FeedNature.DELAYED)

    @property
    def is_history(self) -> bool:
        """Whether the last day that the user chose is over."""
        return self.facts is not None and self.facts.is_history(self.market_ns, self.calendar.zone)

    @property
    def age_s(self) -> float | None:
        updated_ns = self.snapshot.updated_ns
        return None if updated_ns is None else max(0.0, (self.market_ns - updated_ns) / _NS)

    @property
    def is_closed(self) -> bool:
        """Closed by the calendar, and no tick says otherwise, whatever was done to the clock since."""
        if self.phase is not Phase.CLOSED:
            return False
        silent_s = _silent_s(self, self.status) if self.status is not None and self.is_real else None
        return self.age_s is None or max(self.age_s, silent_s or 0.0) > _LIVE_TICKS_WIN_S


def row_state(
    snapshot: Snapshot | None,
    subscription: SubscriptionState | None,
    feed_status: FeedStatus | None,
    facts: FeedFacts | None,
    calendar: TradingCalendar,
    now: Moment,
    fallback: OnFallback | None = None,
) -> RowState:
    """Judge a row as of now."""
    source_ns = now.market_ns - (0 if facts is None else round(facts.delay_s * _NS))
    via = () if fallback is None else (_via_line(fallback, calendar),)
    natural = (*_nature_tags(facts), *_via_tags(fallback))
    if snapshot is None or (snapshot.updated_ns is None and snapshot.last_price is None):
        missing = why_no_data(subscription, feed_status, _why_closed(facts, calendar, source_ns), now.wall_ns)
        return RowState(RowStateKind.NO_DATA, missing.word, natural, "\n".join((*via, missing.explanation)), None)
    row = _Judged(snapshot, feed_status, facts, calendar, source_ns, now.wall_ns, now.monotonic_ns)
    checks = _CHECKS_OF_HISTORY if row.is_history else _CHECKS
    found = [finding for check in checks if (finding := check(row)) is not None]
    lines = [finding.line for finding in found]
    if facts is not None and facts.nature in _NATURE_LINES:
        lines.append(_NATURE_LINES[facts.nature])
    first = _leading(found)
    return RowState(
        primary=first.kind,
        word=first.word,
        tags=(*dict.fromkeys(finding.tag for finding in found if finding.tag), *natural),
        explanation="\n".join([*via, *(lines or [first.line])]),
        age_s=row.age_s,
    )


def _why_closed(facts: FeedFacts | None, calendar: TradingCalendar, source_ns: int) -> str:
    """Say why no data are to be expected now, empty when some are."""
    phase = calendar.phase(source_ns)
    if facts is not None and facts.leaves_out(phase):
        return _LEFT_OUT
    return "The market is closed" if phase is Phase.CLOSED else ""


_NATURE_LINES = {
    FeedNature.SIMULATED: "Simulated: invented prices",
    FeedNature.REPLAY: "Replay of a recorded session",
}


def _leading(found: list[_Finding]) -> _Finding:
    """Return the finding that gives the look: a closed market outranks a delay and a silent feed."""
    for finding in found:
        if finding.kind is RowStateKind.CLOSED:
            return finding
        if finding.kind is RowStateKind.HALTED:
            break
    return found[0] if found else _Finding(RowStateKind.LIVE, "Live")


def _via_tags(fallback: OnFallback | None) -> tuple[str, ...]:
    if fallback is None or not fallback.is_tagged:
        return ()
    name = fallback.label.split(" ")[0]
    return (f"via {name if len(name) <= _LONGEST_VIA else name[: _LONGEST_VIA - 1] + '…'}",)


def _via_line(fallback: OnFallback, calendar: TradingCalendar) -> str:
    since = "" if fallback.since_ns is None else f" since {_clock(fallback.since_ns, calendar)}"
    return f"From {fallback.label}{since}: {fallback.reason}"


def _nature_tags(facts: FeedFacts | None) -> tuple[str, ...]:
    if facts is None:
        return ()
    return {FeedNature.SIMULATED: ("SIM",), FeedNature.REPLAY: ("REPLAY",)}.get(facts.nature, ())


def _past(row: _Judged) -> _Finding | None:
    """A close of chosen days in the past must never look like a price of now, nor like that of the last session."""
    facts, last_ns = row.facts, row.snapshot.last_trade_ns
    if facts is None or facts.history_to is None:
        return None
    newest = facts.history_to
    if last_ns is not None:
        newest = min(newest, row.calendar.session_date(last_ns))  # a bar may end with the next day's first instant
    word = f"{HISTORY} to {newest.day} {_MONTHS[newest.month - 1]} {newest.year}"
    line = f"History to {facts.history_to.isoformat()}, as chosen in Settings > Feeds"
    return _Finding(RowStateKind.CLOSED, line, word, "HIST")


def _halted(row: _Judged) -> _Finding | None:
    s = row.snapshot
    last = s.last_price
    if s.halted:
        since = "" if s.halted_ns is None else _clock(s.halted_ns, row.calendar)
        line = f"Trading is halted since {since}" if since else "Trading is halted"
        return _Finding(RowStateKind.HALTED, line, since, "HALT")
    if last is not None and s.upper_limit is not None and last >= s.upper_limit:
        return _Finding(RowStateKind.HALTED, f"At its upper limit of {s.upper_limit:g}", tag="UC")
    if last is not None and s.lower_limit is not None and last <= s.lower_limit:
        return _Finding(RowStateKind.HALTED, f"At its lower limit of {s.lower_limit:g}", tag="LC")
    return None


def _stale(row: _Judged) -> _Finding | None:
    status = row.status
    if status is None:
        return None
    silent_s = _silent_s(row, status)
    why = feed_trouble(status)
    if why is None:
        if not row.is_real or row.sends_bars or silent_s is None or silent_s <= _SILENCE_S or row.phase is Phase.CLOSED:
            return None
        why = "the feed is silent"
    age = "" if silent_s is None else age_in_words(silent_s)
    reason = f": {status.reason}" if status.reason else ""
    line = f"Stale {age}, {why}{reason}".replace("  ", " ")
    return _Finding(RowStateKind.STALE, line, f"stale {age}".rstrip())


def _silent_s(row: _Judged, status: FeedStatus) -> float | None:
    """Return how long nothing has come; by the monotonic clock if it is known, for the wall clock may have been set."""
    if row.monotonic_ns is not None and status.heard_ns is not None:
        return max(0.0, (row.monotonic_ns - status.heard_ns) / _NS)
    return None if status.last_message_ns is None else max(0.0, (row.wall_ns - status.last_message_ns) / _NS)


def _delayed(row: _Judged) -> _Finding | None:
    facts = row.facts
    if facts is None or (facts.delay_s <= 0 and facts.nature is not FeedNature.DELAYED):
        return None
    minutes = facts.delay_s / 60
    if not facts.delay_s:
        return _Finding(RowStateKind.DELAYED, "The source is delayed", tag="D")
    return _Finding(RowStateKind.DELAYED, f"The source is {minutes:g} min behind the market", tag=f"D{minutes:.0f}")


def _barred(row: _Judged) -> _Finding | None:
    """A close of a bar must not look like a tick, however new it is."""
    last_ns = row.snapshot.last_trade_ns
    if not row.sends_bars or last_ns is None:
        return None
    finding = _bar(row, last_ns)
    return msgspec.structs.replace(finding, tag="") if row.is_history else finding


def _bar(row: _Judged, last_ns: int) -> _Finding:
    minutes = row.snapshot.minutes
    if minutes is not None and len(minutes) and minutes.opens_ns[-1] + minutes.interval_ns == last_ns:
        minute = _clock(minutes.opens_ns[-1], row.calendar)[:5]  # its end may be still to come
        line = f"Close of the minute bar of {minute}, not a live price"
        return _Finding(RowStateKind.DELAYED, line, f"bar {minute}", "BAR 1m")
    date = row.calendar.session_date(last_ns)
    on = f"{date.day} {_MONTHS[date.month - 1]}"
    line = f"Close of the daily bar of {on} {date.year}, not a live price"
    return _Finding(RowStateKind.DELAYED, line, f"bar {on}", "BAR 1d")


def _closed(row: _Judged) -> _Finding | None:
    if not row.is_closed:
        return None
    last_ns = row.snapshot.last_trade_ns or row.snapshot.updated_ns
    why = _LEFT_OUT if row.is_left_out else "The market is closed"
    if last_ns is None:
        return _Finding(RowStateKind.CLOSED, why, "closed")
    date = row.calendar.session_date(last_ns)
    on = f"{date.day} {_MONTHS[date.month - 1]}"
    return _Finding(RowStateKind.CLOSED, f"{why}; last figures of {on} {date.year}", f"closed {on}")


def _extended(row: _Judged) -> _Finding | None:
    match row.phase:
        case Phase.PRE:
            return _Finding(RowStateKind.PRE, "Before the open: regular figures stand still", tag="PRE")
        case Phase.POST:
            return _Finding(RowStateKind.POST, "After the close: regular figures stand still", tag="POST")
        case Phase.CLOSED:
            return _at_night(row)
    return None


def _at_night(row: _Judged) -> _Finding | None:
    """Trades while the exchange is closed move the extended figures, so they look like those."""
    hours = row.calendar.day(row.market_ns).hours_ns
    if hours is None or row.is_closed or not row.snapshot.is_extended:
        return None
    line = "Traded while the exchange is closed: regular figures stand still"
    if row.market_ns < hours[1]:
        return _Finding(RowStateKind.PRE, line, tag="PRE")
    return _Finding(RowStateKind.POST, line, tag="POST")


def _quiet(row: _Judged) -> _Finding | None:
    age_s = row.age_s
    if age_s is None or row.is_closed or row.sends_bars:
        return None
    usual_s = row.snapshot.usual_gap_s
    least, most = _QUIET_RANGE_S
    limit_s = _QUIET_DEFAULT_S if usual_s is None else min(most, max(least, _QUIET_TIMES * usual_s))
    if age_s <= limit_s:
        return None
    usual = "" if usual_s is None else f", usually {usual_s:.0f} s"
    return _Finding(RowStateKind.QUIET, f"Nothing new for {age_in_words(age_s)}{usual}", f"quiet {age_in_words(age_s)}")


def _unofficial(row: _Judged) -> _Finding | None:
    """A price that is shown for want of an official one must say so."""
    if not row.snapshot.is_unofficial:
        return None
    return _Finding(RowStateKind.LIVE, "Price of an odd lot or the like: no trade so far may move the last price")


_CHECKS = (_halted, _stale, _delayed, _barred, _closed, _extended, _quiet, _unofficial)
_CHECKS_OF_HISTORY = (_past, _stale, _barred)


def _clock(instant_ns: int, calendar: TradingCalendar) -> str:
    return dt.datetime.fromtimestamp(instant_ns // _NS, calendar.zone).strftime("%H:%M:%S")
