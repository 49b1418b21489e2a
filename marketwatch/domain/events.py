"""Market events: what a feed tells us, immutable, keyed by the feed's own symbol.

A wire protocol subclasses these and re-declares the fields with `field(name=...)`, so that the decoded wire
object already is the domain event. Therefore `stamp` keeps the venue's integer as sent (s, ms, us or ns);
`event_ns` is the instant in integer nanoseconds UTC. Unknown is None.
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import ClassVar

import msgspec

_SECONDS_BELOW = 100_000_000_000  # 1e11: year 5138 in seconds, 1973 in milliseconds
_MILLIS_BELOW = 100_000_000_000_000
_MICROS_BELOW = 100_000_000_000_000_000


def stamp_to_ns(stamp: int) -> int:
    """Turn a venue's integer time of unknown unit into ns UTC, by magnitude (protocols/massive.md 5.5)."""
    if stamp < _SECONDS_BELOW:
        return stamp * 1_000_000_000
    if stamp < _MILLIS_BELOW:
        return stamp * 1_000_000
    if stamp < _MICROS_BELOW:
        return stamp * 1_000
    return stamp


class EventKind(enum.IntEnum):
    """Which event it is, readable without isinstance on the hot path."""

    TRADE = 1
    QUOTE = 2
    BAR = 3
    STATISTICS = 4
    LIMITS = 5
    VALUE = 6
    ANALYSIS = 7
    ALERT = 8
    POSITION = 9
    BATCH = 10
    PROGRESS = 11
    FAILURE = 12


REMARKS = frozenset({EventKind.PROGRESS, EventKind.FAILURE})
"""Kinds that tell of a request and hold no figure."""


class MarketEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Any single update received from a feed. `key` is the feed's symbol or token, resolved by the hub."""

    kind: ClassVar[EventKind]

    key: str
    stamp: int | None = None

    @property
    def event_ns(self) -> int | None:
        """Venue time in ns UTC, None when the feed gave none."""
        return None if not self.stamp else stamp_to_ns(self.stamp)


class TradeTick(MarketEvent, frozen=True, gc=False, kw_only=True):
    """A deal that happened. `size` is of this trade alone, in units traded; 0 is possible for odd lots."""

    kind: ClassVar[EventKind] = EventKind.TRADE

    price: float
    size: float
    conditions: tuple[int, ...] | None = None
    exchange: int | None = None
    trade_id: str | None = None
    sequence: int | None = None


class Quote(MarketEvent, frozen=True, gc=False, kw_only=True):
    """Best bid and ask. A side without an offer is None. Crossed and locked quotes are legal."""

    kind: ClassVar[EventKind] = EventKind.QUOTE

    bid: float | None = None
    bid_size: float | None = None
    ask: float | None = None
    ask_size: float | None = None
    sequence: int | None = None


class DepthLevel(msgspec.Struct, frozen=True, gc=False):
    """One row of the book. `orders` None: the venue does not count them."""

    price: float
    size: float
    orders: int | None = None


class Depth(Quote, frozen=True, gc=False, kw_only=True):
    """Several levels of the book, best first; a quote too, whose bid and ask are the first levels."""

    bids: tuple[DepthLevel, ...] = ()
    asks: tuple[DepthLevel, ...] = ()


class VendorBar(MarketEvent, frozen=True, gc=False, kw_only=True):
    """A bar of one minute built by the vendor, stamped with its start. `SecondBar` is the one of a second.

    `volume` is of the window, `day_volume` cumulative; `day_open` is the official open.
    """

    kind: ClassVar[EventKind] = EventKind.BAR
    interval_s: ClassVar[int] = 60

    open: float
    high: float
    low: float
    close: float
    volume: float | None = None
    vwap: float | None = None
    day_volume: float | None = None
    day_open: float | None = None
    day_vwap: float | None = None
    ends_stamp: int | None = None

    @property
    def ends_ns(self) -> int | None:
        """End of the window in ns UTC."""
        return None if not self.ends_stamp else stamp_to_ns(self.ends_stamp)


class SecondBar(VendorBar, frozen=True, gc=False, kw_only=True):
    """A bar of one second built by the vendor."""

    interval_s: ClassVar[int] = 1


class DayStatistics(MarketEvent, frozen=True, gc=False, kw_only=True):
    """Figures of the day and of the session before, as a vendor's snapshot states them."""

    kind: ClassVar[EventKind] = EventKind.STATISTICS

    prev_close: float | None = None
    day_open: float | None = None
    day_high: float | None = None
    day_low: float | None = None
    day_volume: float | None = None
    day_vwap: float | None = None
    last_price: float | None = None
    last_size: float | None = None
    last_trade_stamp: int | None = None


class MarketStatistics(DayStatistics, frozen=True, gc=False, kw_only=True):
    """Day figures together with what rests in the book and what is open in derivatives.

    `total_bid_size` and `total_ask_size` sum up all orders, not only the levels shown.
    """

    total_bid_size: float | None = None
    total_ask_size: float | None = None
    open_interest: float | None = None
    open_interest_high: float | None = None
    open_interest_low: float | None = None


class PriceLimits(MarketEvent, frozen=True, gc=False, kw_only=True):
    """Prices beyond which the venue refuses trading (limit up / limit down, circuit). `halted` None: not said."""

    kind: ClassVar[EventKind] = EventKind.LIMITS

    upper_limit: float | None = None
    lower_limit: float | None = None
    indicators: tuple[int, ...] | None = None
    halted: bool | None = None


class PriceValue(MarketEvent, frozen=True, gc=False, kw_only=True):
    """A computed value, not a trade: an index level. `FairValue` is a vendor's estimate."""

    kind: ClassVar[EventKind] = EventKind.VALUE

    value: float
    is_fair_value: ClassVar[bool] = False


class FairValue(PriceValue, frozen=True, gc=False, kw_only=True):
    """A vendor's estimate of what the instrument is worth."""

    is_fair_value: ClassVar[bool] = True


class YearStatistics(DayStatistics, frozen=True, gc=False, kw_only=True):
    """Day figures with the extremes of the past year, as a vendor states them.

    `last_close` is the close the vendor knew last: today's after the session, so never a previous close.
    `is_new_high_52w` and `is_new_low_52w` are true once per day, on the report that set the record.
    """

    high_52w: float | None = None
    low_52w: float | None = None
    last_close: float | None = None
    is_new_high_52w: bool = False
    is_new_low_52w: bool = False


class InvalidFigure(msgspec.Struct, frozen=True, gc=False):
    """A figure that a server sent and that cannot be true: shown as such, never as a value."""

    name: str
    sent: str
    reason: str


class AnalysisReport(MarketEvent, frozen=True, gc=False, kw_only=True):
    """Indicators that a server computed. What cannot be true is None and named in `invalid`. `origin`: who says so."""

    kind: ClassVar[EventKind] = EventKind.ANALYSIS

    origin: str = ""
    rsi: float | None = None
    macd: float | None = None
    macd_signal: float | None = None
    macd_histogram: float | None = None
    bollinger_upper: float | None = None
    bollinger_middle: float | None = None
    bollinger_lower: float | None = None
    patterns: tuple[str, ...] = ()
    volatility: float | None = None
    beta: float | None = None
    invalid: tuple[InvalidFigure, ...] = ()


class ServerAlert(MarketEvent, frozen=True, gc=False, kw_only=True):
    """State of an alert that a server watches, sent when it is new or has changed.

    `group` is price, volume or breakout. `has_fired` is true on the change from not triggered to triggered alone,
    `is_withdrawn` when the server no longer lists it; without a condition it lists none of its group.
    """

    kind: ClassVar[EventKind] = EventKind.ALERT

    origin: str = ""
    group: str
    condition: str
    threshold: float | None = None
    is_triggered: bool = False
    has_fired: bool = False
    is_withdrawn: bool = False


class ServerPosition(MarketEvent, frozen=True, gc=False, kw_only=True):
    """A position that a server keeps for the user; negative quantity is short. Money in the venue's currency."""

    kind: ClassVar[EventKind] = EventKind.POSITION

    origin: str = ""
    quantity: Decimal | None = None
    average_price: Decimal | None = None
    current_value: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    unrealised_pnl_pct: Decimal | None = None
    invalid: tuple[InvalidFigure, ...] = ()


class BatchBar(msgspec.Struct, frozen=True, gc=False):
    """One bar of a batch, stamped with its start in ns UTC; a figure that was missing is None."""

    opens_ns: int
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: float | None = None


class BarBatch(MarketEvent, frozen=True, gc=False, kw_only=True):
    """Bars that were asked for, all at once, oldest first and each start once.

    `resolution` and `period` are the server's own words, such as `1d` and `1y`; `origin` is who says so. With
    `is_dated` the bars are of whole days or longer: `opens_ns` is midnight UTC of the date as it was written, a date
    and not an instant.
    """

    kind: ClassVar[EventKind] = EventKind.BATCH

    origin: str = ""
    resolution: str
    period: str
    is_dated: bool
    bars: tuple[BatchBar, ...] = ()


class BatchProgress(MarketEvent, frozen=True, gc=False, kw_only=True):
    """How far a server has come with what was asked for; `status` is its word. `done` and `total` None: not said."""

    kind: ClassVar[EventKind] = EventKind.PROGRESS

    origin: str = ""
    status: str = ""
    done: int | None = None
    total: int | None = None


class RequestFailed(MarketEvent, frozen=True, gc=False, kw_only=True):
    """A server has no bars for what was asked, or did not answer; `reason` says why, in words."""

    kind: ClassVar[EventKind] = EventKind.FAILURE

    origin: str = ""
    resolution: str
    period: str
    reason: str
