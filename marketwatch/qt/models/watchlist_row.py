"""One row of a list as it is shown: what it is, what is known about it, and the texts made from that."""

from __future__ import annotations

from typing import Protocol

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.watchlist import Entry, SectionHeading
from marketwatch.qt.formatting import PriceFormat, change_format, price_format
from marketwatch.services.presentation import RowState

_FLASH_UP = 1
_FLASH_DOWN = -1


class RowSource(Protocol):
    """Where rows get what they show."""

    def instrument(self, instrument_id: InstrumentId) -> Instrument:
        """Return the facts of an instrument; a bare one when nothing is known."""
        ...

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        """Return its market data, None before anything was asked."""
        ...

    def row_state(self, instrument_id: InstrumentId) -> RowState:
        """Judge its state as of now."""
        ...

    def zone(self, instrument_id: InstrumentId) -> str:
        """Return the time zone of its exchange, such as `Asia/Kolkata`."""
        ...


class WatchRow:
    """A row of the list; `texts` and `values` hold one item per column, and are empty while they must be made anew.

    `version` is that of the snapshot when it was read last.

    `flash_start_ns` and `flash_direction` belong to the last price: when the newest flash began, and its sign.
    """

    __slots__ = (
        "change",
        "currency",
        "decimals",
        "entry",
        "flash_direction",
        "flash_start_ns",
        "instrument",
        "is_pending",
        "judged_ns",
        "price",
        "seen_price",
        "snapshot",
        "state",
        "texts",
        "values",
        "version",
        "zone",
    )

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.instrument: Instrument | None = None
        self.snapshot: Snapshot | None = None
        self.state: RowState | None = None
        self.texts: list[str] = []
        self.values: list[object] = []
        self.version = -1
        self.zone = "UTC"
        self.currency = ""
        self.decimals: int | None = None
        self.price: PriceFormat = price_format(None, "")
        self.change: PriceFormat = change_format(None, "")
        self.is_pending = False
        self.judged_ns = 0
        self.seen_price: float | None = None
        self.flash_start_ns = 0
        self.flash_direction = 0

    @property
    def heading(self) -> str | None:
        """The text of a section heading, None for an instrument."""
        return self.entry.title if isinstance(self.entry, SectionHeading) else None

    @property
    def instrument_id(self) -> InstrumentId | None:
        """The instrument, None for a section heading."""
        return self.entry if isinstance(self.entry, InstrumentId) else None

    def load(self, source: RowSource) -> None:
        """Read the facts that do not change; market data follow when the row is first seen."""
        if not isinstance(self.entry, InstrumentId):
            return
        instrument = source.instrument(self.entry)
        self.instrument = instrument
        self.currency = instrument.currency
        self.decimals = instrument.decimals
        self.price = price_format(self.decimals, self.currency)
        self.change = change_format(self.decimals, self.currency)
        self.zone = source.zone(self.entry)
        self.snapshot = source.snapshot(self.entry)
        self.is_pending = True

    def refresh(self, source: RowSource) -> None:
        """Read market data and state again; texts are made when they are next asked for."""
        if not isinstance(self.entry, InstrumentId):
            return
        self.snapshot = source.snapshot(self.entry)
        self.state = source.row_state(self.entry)
        if self.snapshot is not None:
            self.seen_price = self.snapshot.shown_price
            self.version = self.snapshot.version
        self.texts = []

    def judge(self, source: RowSource) -> None:
        """Judge the state anew, from the market data already here."""
        if isinstance(self.entry, InstrumentId):
            self.state = source.row_state(self.entry)

    def is_replaced(self, source: RowSource) -> bool:
        """Tell whether the market data are another object now: the instrument was followed anew."""
        return isinstance(self.entry, InstrumentId) and source.snapshot(self.entry) is not self.snapshot

    def note_tick(self, now_ns: int, min_gap_ns: int) -> bool:
        """Start a flash when the last price moved; tell whether one began. Flashes too close together are merged."""
        snapshot = self.snapshot
        if snapshot is None or snapshot.shown_price == self.seen_price:
            return False
        before, self.seen_price = self.seen_price, snapshot.shown_price
        if before is None or snapshot.shown_price is None or now_ns - self.flash_start_ns < min_gap_ns:
            return False
        moved_up = snapshot.tick_direction > 0 if snapshot.tick_direction else snapshot.shown_price > before
        self.flash_direction = _FLASH_UP if moved_up else _FLASH_DOWN
        self.flash_start_ns = now_ns
        return True
