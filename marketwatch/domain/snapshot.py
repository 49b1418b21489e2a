"""State of one instrument: the newest quote, the last trade, the figures of the day.

Only the market hub writes it, through `snapshot_rules`; everyone else reads. Unknown is None, and `withheld` says
in words why. Regular and extended (pre, post) figures are kept apart. The trades of the run are held in
accumulators and folded into bars and day figures when the second ends; properties add both, so a reader is never late.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable

from marketwatch.domain.bar_interval import BarInterval
from marketwatch.domain.bars import BarSeries
from marketwatch.domain.calendar import TradingCalendar, TradingDay
from marketwatch.domain.effects import REGULAR_EFFECTS, EffectTable
from marketwatch.domain.events import Depth, MarketEvent, stamp_to_ns
from marketwatch.domain.ids import FeedId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.vendor_figures import VendorFigures

NO_HIGH = -math.inf
NO_LOW = math.inf
OPEN_TOLERANCE_NS = 60_000_000_000


class Origin:
    """Since when, in market time, the instruments of a feed have been followed."""

    __slots__ = ("seen_from_ns",)

    def __init__(self, seen_from_ns: int) -> None:
        self.seen_from_ns = seen_from_ns


class Snapshot:
    """Everything known about one instrument from one feed. Prices are floats in the instrument's currency.

    `received_ns` is the monotonic time at which the oldest change not yet shown came in; `version` grows with every
    change that is handed out. Volume and VWAP count all sessions of the date, as vendors do.
    """

    # CPython lays slots out in the order of their names. The prefixes `bid_ask_` beside `bid`, `price_`, and `run_`
    # (state of the run of trades in hand) keep what every event touches in the same few cache lines. Values are copied
    # from the events: keeping the events themselves costs more, their objects being scattered over cold memory.
    __slots__ = (
        *("ask", "ask_size", "bid", "bid_ask_reports", "bid_ask_sinks", "bid_ask_stamp", "bid_size"),
        *("calendar", "day", "excluded_count", "excluded_volume", "feed_id", "halted", "halted_ns"),
        *("has_seconds", "has_stated_range", "instrument", "is_dirty", "is_extended", "is_tracked", "late_run"),
        *("lower_limit", "make_bars", "minutes", "origin", "other_price", "other_size", "other_stamp"),
        *("own_count", "own_high", "own_low", "own_open", "own_open_ns", "own_turnover", "own_volume"),
        *("price", "price_size", "price_stamp", "prior_price", "received_ns", "reports", "rolled_close"),
        *("run_count", "run_from_count", "run_effects", "run_end", "run_first_stamp", "run_high", "run_low"),
        *("run_newest_stamp", "run_ns", "run_number", "run_open", "run_scale", "run_turnover", "run_volume"),
        *("seconds", "session", "sinks", "spark_due_ns", "spark_ns", "spark_prices", "spark_step_ns"),
        *("stated_open", "stated_prev_close", "stated_vwap", "unofficial_price", "upper_limit", "usual_gap_s"),
        *("vendor_figures", "version", "volume_offset"),
    )

    def __init__(
        self,
        instrument: Instrument,
        feed_id: FeedId,
        origin: Origin,
        calendar: TradingCalendar,
        make_bars: Callable[[BarInterval], BarSeries],
    ) -> None:
        self.instrument = instrument
        self.feed_id = feed_id
        self.origin = origin
        self.calendar = calendar
        self.make_bars = make_bars
        self.is_tracked = True
        self.has_seconds = True
        self.version = 0
        self.received_ns: int | None = None
        self.reports = True
        self.bid_ask_reports = True
        self.is_dirty = False
        self.bid_ask_sinks: tuple[Callable[[Snapshot, MarketEvent], None], ...] = ()
        self.sinks: tuple[Callable[[Snapshot, MarketEvent], None], ...] = ()
        self.seconds: BarSeries | None = None
        self.minutes: BarSeries | None = None
        self.clear()

    def second_bars(self) -> BarSeries:
        """Return the bars of a second, made at the first use."""
        if self.seconds is None:
            self.seconds = self.make_bars(BarInterval.S1)
        return self.seconds

    def minute_bars(self) -> BarSeries:
        """Return the bars of a minute, made at the first use."""
        if self.minutes is None:
            self.minutes = self.make_bars(BarInterval.M1)
        return self.minutes

    def clear(self) -> None:
        """Forget all figures, as before the first event. Bars are emptied in place: their readers follow."""
        self.usual_gap_s: float | None = None
        self.bid: float | None = None
        """Best price buyers offer."""
        self.bid_size: float | None = None
        """Quantity at the bid."""
        self.ask: float | None = None
        """Best price sellers want."""
        self.ask_size: float | None = None
        """Quantity at the ask."""
        self.bid_ask_stamp = 0
        self.upper_limit: float | None = None
        self.lower_limit: float | None = None
        self.halted: bool | None = None
        self.halted_ns: int | None = None
        self.vendor_figures: VendorFigures | None = None
        self._clear_trades()
        self._clear_day()
        for bars in (self.seconds, self.minutes):
            if bars is not None:
                bars.clear()

    def _clear_trades(self) -> None:
        self.run_newest_stamp = 0
        self.run_number = 0
        self.price: float | None = None
        self.price_size: float | None = None
        self.price_stamp = 0
        self.prior_price: float | None = None
        self.unofficial_price: float | None = None
        """Price of the newest trade today that may not move the last price: an odd lot, for example."""
        self.is_extended = False
        self.run_effects: EffectTable = REGULAR_EFFECTS
        self.late_run = 0
        self.run_ns = 0
        self.run_end = 0
        self.run_scale = 1
        self.run_first_stamp = 0
        self.run_from_count = 0
        self.clear_run()

    def clear_run(self) -> None:
        """Empty the accumulators of the run."""
        self.run_open: float | None = None
        self.run_high = NO_HIGH
        self.run_low = NO_LOW
        self.run_volume = 0.0
        self.run_turnover = 0.0
        self.run_count = 0

    def _clear_day(self) -> None:
        self.day: TradingDay | None = None
        self.session: TradingDay | None = None
        self.own_open: float | None = None
        self.own_open_ns = 0
        self.own_high = NO_HIGH
        self.own_low = NO_LOW
        self.own_volume = 0.0
        self.own_turnover = 0.0
        self.own_count = 0
        self.excluded_volume = 0.0
        self.excluded_count = 0
        self.volume_offset = 0.0
        self.stated_open: float | None = None
        self.stated_vwap: float | None = None
        self.stated_prev_close: float | None = None
        self.has_stated_range = False
        self.other_price: float | None = None
        self.other_size: float | None = None
        self.other_stamp = 0
        self.rolled_close: float | None = None
        self.spark_ns: array[int] | None = None
        self.spark_prices: array[float] | None = None
        self.spark_due_ns = 0
        self.spark_step_ns = 0

    # Last trade

    @property
    def last_price(self) -> float | None:
        """Price of the last eligible trade of the regular session."""
        return self.other_price if self.is_extended else self.price

    @property
    def last_size(self) -> float | None:
        """Size of that trade."""
        return (self.other_size if self.is_extended else self.price_size) or None

    @property
    def last_trade_ns(self) -> int | None:
        """Venue time of that trade."""
        return stamp_to_ns(self.other_stamp if self.is_extended else self.price_stamp) or None

    @property
    def ext_last(self) -> float | None:
        """Price of the last trade of the session before the open or after the close, of this date."""
        return self.price if self.is_extended else self.other_price

    @property
    def ext_trade_ns(self) -> int | None:
        """Venue time of the last trade of the extended session."""
        return stamp_to_ns(self.price_stamp if self.is_extended else self.other_stamp) or None

    @property
    def tick_direction(self) -> int:
        """1 when the newest price is above the different price before it, -1 below, 0 while there is none."""
        price, prior = self.price, self.prior_price
        if price is None or prior is None:
            return 0
        return (price > prior) - (price < prior)

    @property
    def quote_ns(self) -> int | None:
        """Venue time of bid and ask."""
        return stamp_to_ns(self.bid_ask_stamp) or None

    # Day

    @property
    def covers_open(self) -> bool:
        """Whether the feed was followed from the open of this session on."""
        session = self.session
        if session is None or session.hours_ns is None:
            return session is not None
        return self.origin.seen_from_ns <= session.hours_ns[1] + OPEN_TOLERANCE_NS

    @property
    def day_open(self) -> float | None:
        """Official open, else the first eligible trade if the session was followed from its open."""
        if self.stated_open is not None:
            return self.stated_open
        if not self.covers_open:
            return None
        return self.own_open if self.own_open is not None or self.is_extended else self.run_open

    @property
    def day_high(self) -> float | None:
        """Highest eligible price of the regular session; `caveat` tells when the start was missed."""
        high = self.own_high if self.is_extended or self.own_high > self.run_high else self.run_high
        return None if high == NO_HIGH else high

    @property
    def day_low(self) -> float | None:
        """Lowest eligible price of the regular session."""
        low = self.own_low if self.is_extended or self.own_low < self.run_low else self.run_low
        return None if low == NO_LOW else low

    @property
    def volume(self) -> float | None:
        """Quantity traded on this date, all sessions; None before the first trade or statement."""
        volume = self.own_volume + self.run_volume + self.volume_offset
        return volume if volume or self.trade_count else None

    @property
    def trade_count(self) -> int:
        """Trades counted on this date since the feed is followed."""
        return self.own_count + self.run_count

    @property
    def vwap(self) -> float | None:
        """Volume-weighted average price of the day: the vendor's, else from trades if none was missed."""
        if self.stated_vwap is not None:
            return self.stated_vwap
        volume = self.own_volume + self.run_volume
        if not volume or self.volume_offset:
            return None
        return (self.own_turnover + self.run_turnover) / volume

    @property
    def prev_close(self) -> float | None:
        """Close of the last session before this one."""
        return self.rolled_close if self.stated_prev_close is None else self.stated_prev_close

    @property
    def day_change(self) -> float | None:
        """Last price minus previous close."""
        last, close = self.last_price, self.prev_close
        return None if last is None or close is None else last - close

    @property
    def day_change_pct(self) -> float | None:
        """Day change in percent of the previous close."""
        return percent(self.day_change, self.prev_close)

    @property
    def ext_reference(self) -> float | None:
        """Price the extended session is compared with: the last regular price, else the previous close."""
        return self.prev_close if self.last_price is None else self.last_price

    @property
    def ext_change(self) -> float | None:
        """Extended price minus its reference."""
        ext, reference = self.ext_last, self.ext_reference
        return None if ext is None or reference is None else ext - reference

    @property
    def ext_change_pct(self) -> float | None:
        """Extended change in percent."""
        return percent(self.ext_change, self.ext_reference)

    # Book, open interest, year

    def make_vendor_figures(self) -> VendorFigures:
        """Return where these figures are kept, made at the first use."""
        if self.vendor_figures is None:
            self.vendor_figures = VendorFigures()
        return self.vendor_figures

    @property
    def depth(self) -> Depth | None:
        """The book, best first; None without one, and as soon as bid and ask are of another quote than the book."""
        book = None if self.vendor_figures is None else self.vendor_figures.book
        if book is None or book.stamp != self.bid_ask_stamp:
            return None
        quoted = (self.bid, self.bid_size, self.ask, self.ask_size)
        return book if (book.bid, book.bid_size, book.ask, book.ask_size) == quoted else None

    @property
    def depth_ns(self) -> int | None:
        """Venue time of the last book that came, also of one that holds no longer."""
        book = None if self.vendor_figures is None else self.vendor_figures.book
        return None if book is None else book.event_ns

    @property
    def depth_feed_id(self) -> FeedId | None:
        """Which feed the last book came from."""
        return None if self.vendor_figures is None else self.vendor_figures.book_feed_id

    @property
    def total_bid_size(self) -> float | None:
        """Quantity of all buy orders in the book."""
        return None if self.vendor_figures is None else self.vendor_figures.total_bid_size

    @property
    def total_ask_size(self) -> float | None:
        """Quantity of all sell orders in the book."""
        return None if self.vendor_figures is None else self.vendor_figures.total_ask_size

    @property
    def open_interest(self) -> float | None:
        """Outstanding contracts."""
        return None if self.vendor_figures is None else self.vendor_figures.open_interest

    @property
    def open_interest_high(self) -> float | None:
        """The most contracts outstanding on this date."""
        return None if self.vendor_figures is None else self.vendor_figures.open_interest_high

    @property
    def open_interest_low(self) -> float | None:
        """The fewest contracts outstanding on this date."""
        return None if self.vendor_figures is None else self.vendor_figures.open_interest_low

    @property
    def high_52w(self) -> float | None:
        """Highest price of the past year, as the feed states it."""
        return None if self.vendor_figures is None else self.vendor_figures.high_52w

    @property
    def low_52w(self) -> float | None:
        """Lowest price of the past year, as the feed states it."""
        return None if self.vendor_figures is None else self.vendor_figures.low_52w

    @property
    def last_close(self) -> float | None:
        """The close that the feed knew last: after the session today's, so it is not `prev_close`."""
        return None if self.vendor_figures is None else self.vendor_figures.last_close

    # What a reader is shown first

    @property
    def shown_price(self) -> float | None:
        """Last price of the regular session; until there is one that of the extended one, else an unofficial one."""
        regular, extended = (self.other_price, self.price) if self.is_extended else (self.price, self.other_price)
        if regular is None and extended is None:
            return self.unofficial_price
        return extended if regular is None else regular

    @property
    def is_unofficial(self) -> bool:
        """Whether the shown price is of a trade that may not move the last price."""
        return self.price is None and self.other_price is None and self.unofficial_price is not None

    @property
    def shown_change(self) -> float | None:
        """Shown price minus previous close."""
        price, close = self.shown_price, self.prev_close
        return None if price is None or close is None else price - close

    @property
    def shown_change_pct(self) -> float | None:
        """Shown change in percent of the previous close."""
        return percent(self.shown_change, self.prev_close)

    # All of it

    @property
    def updated_ns(self) -> int | None:
        """Venue time of the newest quote or trade."""
        return max(stamp_to_ns(self.run_newest_stamp), stamp_to_ns(self.bid_ask_stamp)) or None

    @property
    def sparkline(self) -> list[tuple[int, float]]:
        """Coarse course of the regular session, at most 46 points of (ns, price), the last one live."""
        points: list[tuple[int, float]] = []
        if self.spark_ns is not None and self.spark_prices is not None:
            points = list(zip(self.spark_ns, self.spark_prices, strict=True))
        last_ns, last_price = self.last_trade_ns, self.last_price
        if last_ns is not None and last_price is not None and (not points or last_ns > points[-1][0]):
            points = [*points[-45:], (last_ns, last_price)]
        return points

    def withheld(self, figure: str) -> str | None:
        """Say why a figure (by its attribute name) is None, in words; None when it has a value."""
        if getattr(self, figure) is not None:
            return None
        if figure in _QUOTE_FIGURES:
            return "no quote yet" if not self.bid_ask_stamp else "nothing offered on this side"
        if figure in _MARKET_FIGURES:
            return "not stated by this feed so far"
        if not self.run_newest_stamp and self.price is None and figure not in _STATED_FIGURES:
            return "no trade yet"
        return self._withheld_of_day(figure)

    def _withheld_of_day(self, figure: str) -> str:
        if figure in _CLOSE_FIGURES and self.prev_close is None:
            return "previous close not given by this feed"
        if figure == "day_open" and self.day_high is not None:
            return "the open was not seen and is not given by this feed"
        if figure == "vwap":
            return "trades before the start of this feed are missing"
        if figure in _LIMIT_FIGURES:
            return "not given by this feed"
        if figure in _EXTENDED_FIGURES:
            return "no trade outside the regular session today"
        return "no trade in the regular session yet"

    def caveat(self, figure: str) -> str | None:
        """Say what a reader must know about a figure that has a value; None when nothing."""
        if figure in _CLOSE_FIGURES and self.stated_prev_close is None and self.rolled_close is not None:
            return "previous close taken from the last trade of the session before"
        if figure in ("day_high", "day_low") and not self.covers_open and not self.has_stated_range:
            return "since this feed is followed, not since the open"
        if figure == "volume" and not self.covers_open and not self.volume_offset:
            return "since this feed is followed, not of the whole day"
        return None


_QUOTE_FIGURES = frozenset({"bid", "bid_size", "ask", "ask_size", "quote_ns"})
_CLOSE_FIGURES = frozenset({"prev_close", "day_change", "day_change_pct"})
_LIMIT_FIGURES = frozenset({"upper_limit", "lower_limit", "halted", "halted_ns"})
_EXTENDED_FIGURES = frozenset({"ext_last", "ext_trade_ns", "ext_change", "ext_change_pct"})
_MARKET_FIGURES = frozenset(
    {"total_bid_size", "total_ask_size", "open_interest", "open_interest_high", "open_interest_low"}
    | {"high_52w", "low_52w", "last_close"}
)
_STATED_FIGURES = _LIMIT_FIGURES | {"prev_close"}


def percent(part: float | None, whole: float | None) -> float | None:
    """Return part in percent of whole, None when that has no meaning."""
    return None if part is None or not whole else part / abs(whole) * 100.0
