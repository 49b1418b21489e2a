"""What state a row is in, in look and word: one judgement for list, chart and diagnostics.

States combine by rank: no data, halted, stale, delayed, extended, quiet; then closed and live. The first that holds
gives the look, the explanation spells out all of them. A delay is never staleness: a price of 10:00 shown at 10:15 on a
feed that is 15 minutes late is fresh.
"""

from __future__ import annotations

import datetime as dt
import enum
from typing import Protocol

import msgspec

from marketwatch.domain.calendar import Phase, TradingCalendar
from marketwatch.domain.snapshot import Snapshot
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.services.feed_route import FeedFacts, FeedNature

_NS = 1_000_000_000
_SILENCE_S = 30.0  # promise P4: at the latest then nothing looks live
_QUIET_TIMES = 6.0
_QUIET_RANGE_S = (15.0, 600.0)
_QUIET_DEFAULT_S = 60.0
_LIVE_TICKS_WIN_S = 60.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PERMISSION_WORDS = ("authoriz", "authoris", "permission", "entitle", "plan", "upgrade", "subscription")


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


class SubscriptionState(Protocol):
    """How far the wish for an instrument has come; times are wall clock."""

    @property
    def asked_ns(self) -> int: ...
    @property
    def confirmed(self) -> bool: ...
    @property
    def refused_reason(self) -> str | None: ...
    @property
    def over_limit(self) -> bool: ...


class Moment(msgspec.Struct, frozen=True):
    """Now, by three clocks: of the market that a feed shows, of the machine's wall, and monotonic."""

    market_ns: int
    wall_ns: int
    monotonic_ns: int | None = None


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

    @property
    def phase(self) -> Phase:
        return self.calendar.phase(self.market_ns)

    @property
    def age_s(self) -> float | None:
        updated_ns = self.snapshot.updated_ns
        return None if updated_ns is None else max(0.0, (self.market_ns - updated_ns) / _NS)

    @property
    def is_closed(self) -> bool:
        """Closed by the calendar, and no tick says otherwise."""
        return self.phase is Phase.CLOSED and (self.age_s is None or self.age_s > _LIVE_TICKS_WIN_S)


def row_state(
    snapshot: Snapshot | None,
    subscription: SubscriptionState | None,
    feed_status: FeedStatus | None,
    facts: FeedFacts | None,
    calendar: TradingCalendar,
    now: Moment,
) -> RowState:
    """Judge a row as of now."""
    source_ns = now.market_ns - (0 if facts is None else round(facts.delay_s * _NS))
    natural = _nature_tags(facts)
    if snapshot is None or (snapshot.updated_ns is None and snapshot.last_price is None):
        word, line = _why_no_data(subscription, feed_status, calendar, source_ns, now.wall_ns)
        return RowState(RowStateKind.NO_DATA, word, natural, line, None)
    row = _Judged(snapshot, feed_status, facts, calendar, source_ns, now.wall_ns)
    checks = (_halted, _stale, _delayed, _closed, _extended, _quiet)
    found = [finding for check in checks if (finding := check(row)) is not None]
    lines = [finding.line for finding in found]
    if facts is not None and facts.nature in _NATURE_LINES:
        lines.append(_NATURE_LINES[facts.nature])
    first = _leading(found)
    return RowState(
        primary=first.kind,
        word=first.word,
        tags=(*dict.fromkeys(finding.tag for finding in found if finding.tag), *natural),
        explanation="\n".join(lines or [first.line]),
        age_s=row.age_s,
    )


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


def _nature_tags(facts: FeedFacts | None) -> tuple[str, ...]:
    if facts is None:
        return ()
    return {FeedNature.SIMULATED: ("SIM",), FeedNature.REPLAY: ("REPLAY",)}.get(facts.nature, ())


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
    silent_s = None if status.last_message_ns is None else max(0.0, (row.wall_ns - status.last_message_ns) / _NS)
    why = _FEED_TROUBLE.get(status.state)
    if why is None:
        is_real = row.facts is None or row.facts.nature in (FeedNature.LIVE, FeedNature.DELAYED)
        if not is_real or silent_s is None or silent_s <= _SILENCE_S or row.phase is Phase.CLOSED:
            return None
        why = "the feed is silent"
    age = "" if silent_s is None else _age(silent_s)
    reason = f": {status.reason}" if status.reason else ""
    line = f"Stale {age}, {why}{reason}".replace("  ", " ")
    return _Finding(RowStateKind.STALE, line, f"stale {age}".rstrip())


def _delayed(row: _Judged) -> _Finding | None:
    facts = row.facts
    if facts is None or (facts.delay_s <= 0 and facts.nature is not FeedNature.DELAYED):
        return None
    minutes = facts.delay_s / 60
    if not facts.delay_s:
        return _Finding(RowStateKind.DELAYED, "The source is delayed", tag="D")
    return _Finding(RowStateKind.DELAYED, f"The source is {minutes:g} min behind the market", tag=f"D{minutes:.0f}")


def _closed(row: _Judged) -> _Finding | None:
    if not row.is_closed:
        return None
    last_ns = row.snapshot.last_trade_ns or row.snapshot.updated_ns
    if last_ns is None:
        return _Finding(RowStateKind.CLOSED, "The market is closed", "closed")
    date = row.calendar.session_date(last_ns)
    on = f"{date.day} {_MONTHS[date.month - 1]}"
    return _Finding(RowStateKind.CLOSED, f"The market is closed; last figures of {on} {date.year}", f"closed {on}")


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
    if age_s is None or row.is_closed:
        return None
    usual_s = row.snapshot.usual_gap_s
    least, most = _QUIET_RANGE_S
    limit_s = _QUIET_DEFAULT_S if usual_s is None else min(most, max(least, _QUIET_TIMES * usual_s))
    if age_s <= limit_s:
        return None
    usual = "" if usual_s is None else f", usually {usual_s:.0f} s"
    return _Finding(RowStateKind.QUIET, f"Nothing new for {_age(age_s)}{usual}", f"quiet {_age(age_s)}")


_FEED_TROUBLE = {
    FeedState.IDLE: "the feed is switched off",
    FeedState.CONNECTING: "the feed is connecting",
    FeedState.AUTHENTICATING: "the feed is connecting",
    FeedState.STALE: "the feed has stalled",
    FeedState.BACKING_OFF: "the feed is disconnected",
    FeedState.REFUSED: "the feed refused the key",
}
_FEED_WORDS = {
    FeedState.IDLE: "feed is off",
    FeedState.CONNECTING: "connecting",
    FeedState.AUTHENTICATING: "connecting",
    FeedState.BACKING_OFF: "feed is down",
    FeedState.REFUSED: "key refused",
}


def _why_no_data(
    subscription: SubscriptionState | None,
    status: FeedStatus | None,
    calendar: TradingCalendar,
    market_ns: int,
    wall_ns: int,
) -> tuple[str, str]:
    """Return the word and the sentence why a row has nothing to show."""
    if subscription is None or status is None:
        return "no feed", "No feed has this instrument"
    refused = subscription.refused_reason
    if refused is not None:
        known = any(word in refused.lower() for word in _PERMISSION_WORDS)
        return ("no permission" if known else "refused"), f"The feed refused it: {refused or 'no reason given'}"
    if subscription.over_limit:
        return "over limit", "More instruments are asked for than this feed allows on one connection"
    if status.state in _FEED_WORDS:
        reason = f": {status.reason}" if status.reason else ""
        return _FEED_WORDS[status.state], f"No data yet, {_FEED_TROUBLE[status.state]}{reason}"
    asked_s = max(0, (wall_ns - subscription.asked_ns) // _NS)
    heard = "the feed confirmed it" if subscription.confirmed else "the feed has not confirmed it"
    if calendar.phase(market_ns) is Phase.CLOSED:
        return "closed", f"No data yet: the market is closed. Asked {_age(asked_s)} ago, {heard}"
    asked = f"{asked_s} s" if asked_s < 60 else _age(asked_s)
    return f"asked {asked} ago", f"No data yet. Asked {asked} ago, {heard}"


def _age(seconds: float) -> str:
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d"


def _clock(instant_ns: int, calendar: TradingCalendar) -> str:
    return dt.datetime.fromtimestamp(instant_ns // _NS, calendar.zone).strftime("%H:%M:%S")
