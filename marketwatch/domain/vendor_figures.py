"""What rests in the book, what is open in derivatives, and the extremes of the year.

Vendors alone know them and few state any, so a snapshot holds these figures apart and only once there are some.
"""

from __future__ import annotations

from marketwatch.domain.events import Depth, MarketStatistics, YearStatistics
from marketwatch.domain.ids import FeedId


class VendorFigures:
    """Statements of one feed, each the newest. Unknown is None; only the market hub writes."""

    __slots__ = (
        *("book", "book_feed_id", "high_52w", "last_close", "low_52w"),
        *("open_interest", "open_interest_high", "open_interest_low", "stated_ns", "total_ask_size", "total_bid_size"),
    )

    def __init__(self) -> None:
        self.book: Depth | None = None
        """The last book that came, whatever quotes came since: `Snapshot.depth` says whether it still holds."""
        self.book_feed_id: FeedId | None = None
        self.stated_ns: int | None = None
        """Venue time of the newest statement about the book and open interest."""
        self.total_bid_size: float | None = None
        self.total_ask_size: float | None = None
        self.open_interest: float | None = None
        self.open_interest_high: float | None = None
        self.open_interest_low: float | None = None
        self.high_52w: float | None = None
        self.low_52w: float | None = None
        self.last_close: float | None = None

    def begin_day(self, starts_ns: int) -> None:
        """Forget what was of a day that is over; contracts stay open, and the year goes on."""
        if self.book is not None and (self.book.event_ns or 0) < starts_ns:
            self.book = self.book_feed_id = None
        if (self.stated_ns or 0) < starts_ns:
            self.total_bid_size = self.total_ask_size = None
            self.open_interest_high = self.open_interest_low = None

    def take_market(self, statistics: MarketStatistics) -> None:
        """Take over a statement about the book and open interest, unless a newer one has come."""
        stated_ns = statistics.event_ns
        if stated_ns is not None:
            if self.stated_ns is not None and stated_ns < self.stated_ns:
                return
            self.stated_ns = stated_ns
        self.total_bid_size = _newest(statistics.total_bid_size, self.total_bid_size)
        self.total_ask_size = _newest(statistics.total_ask_size, self.total_ask_size)
        self.open_interest = _newest(statistics.open_interest, self.open_interest)
        self.open_interest_high = _newest(statistics.open_interest_high, self.open_interest_high)
        self.open_interest_low = _newest(statistics.open_interest_low, self.open_interest_low)

    def take_year(self, statistics: YearStatistics) -> None:
        """Take over the extremes of the year and the last close."""
        self.high_52w = _newest(statistics.high_52w, self.high_52w)
        self.low_52w = _newest(statistics.low_52w, self.low_52w)
        self.last_close = _newest(statistics.last_close, self.last_close)


def _newest(stated: float | None, kept: float | None) -> float | None:
    return kept if stated is None else stated
