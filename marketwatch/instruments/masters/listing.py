"""What one master says about one instrument, and what was left out of a master."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Final

import msgspec

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind

KITE: Final = "kite"
ANGEL_ONE: Final = "angel-one"
MASSIVE: Final = "massive"
BUILT_IN: Final = "built-in"
OWN_PREFIX: Final = "own:"
"""Names of sources; a list of the user's own is named by him behind the prefix."""

_KEPT_NOTES: Final = 10_000
_LONGEST_TEXT: Final = 200


class Listing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An instrument as one source lists it.

    `token` is the exchange's number, unique only inside venue and segment. `feed_token` and `feed_symbol` are how this
    source itself names the instrument where that differs, such as Kite's instrument token.
    """

    instrument: Instrument
    source: str
    token: str = ""
    feed_token: str = ""
    feed_symbol: str = ""
    series: str = ""
    expiry: dt.date | None = None
    strike: Decimal | None = None

    @property
    def id(self) -> InstrumentId:
        """Our own key."""
        return self.instrument.id

    def is_expired(self, today: dt.date) -> bool:
        """The contract has ended."""
        return self.expiry is not None and self.expiry < today

    @property
    def description(self) -> str:
        """The name as one reads it: for a contract with its right, strike and expiry."""
        name = self.instrument.name or self.instrument.symbol
        if self.expiry is None:
            return name
        ends = f"{self.expiry.day} {self.expiry:%b %Y}"
        if self.instrument.kind is InstrumentKind.OPTION and self.strike is not None:
            right = {"CE": " call", "PE": " put"}.get(self.series, " option")
            return f"{name}{right} {self.strike:f}, {ends}"
        return f"{name} future, {ends}"


class RowNote(msgspec.Struct, frozen=True):
    """A remark on one row. `line` counts from 1; in a JSON list it is the number of the element."""

    line: int
    reason: str
    text: str = ""


class RowLog:
    """Counts every remark and keeps the first ten thousand."""

    def __init__(self) -> None:
        self.rows: list[RowNote] = []
        self.by_reason: Counter[str] = Counter()

    def __len__(self) -> int:
        return self.by_reason.total()

    def add(self, line: int, reason: str, text: str = "") -> None:
        """Note a row."""
        self.by_reason[reason] += 1
        if len(self.rows) < _KEPT_NOTES:
            self.rows.append(RowNote(line, reason, text[:_LONGEST_TEXT]))


class MasterRows:
    """What was read from one master. `skipped` rows are not among the listings; `noted` ones are, with a doubt."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.listings: list[Listing] = []
        self.skipped = RowLog()
        self.noted = RowLog()
        self.warnings: list[str] = []
        self.is_cut = False
        self.digest = ""
        self._lines_by_id: dict[InstrumentId, int] = {}
        self._by_token: dict[tuple[Venue, Segment, str], tuple[int, Listing]] = {}

    def __len__(self) -> int:
        return len(self.listings)

    def add(self, line: int, listing: Listing) -> None:
        """Take a row, unless its instrument was listed before. A token given twice is noted on both rows."""
        identity = listing.instrument.id
        first = self._lines_by_id.setdefault(identity, line)
        if first != line:
            self.skipped.add(line, "the instrument is listed twice", f"{identity} is on line {first}")
            return
        self.listings.append(listing)
        if listing.token:
            key = (identity.venue, identity.segment, listing.token)
            other_line, other = self._by_token.setdefault(key, (line, listing))
            if other is not listing:
                said = f"token {listing.token}: {other.id} on line {other_line}, {identity} on line {line}"
                self.noted.add(other_line, "its token is given twice", said)
                self.noted.add(line, "its token is given twice", said)

    def skip(self, line: int, reason: str, text: str = "") -> None:
        """Leave a row out."""
        self.skipped.add(line, reason, text)

    def count_expired(self, today: dt.date) -> int:
        """Return how many contracts have ended."""
        return sum(1 for listing in self.listings if listing.is_expired(today))
