"""Results of a symbol search as a list: hits by market, and last the symbol as it was typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, Protocol

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.venues import ALWAYS, RULES_BY_VENUE
from marketwatch.qt import formatting as fmt

ModelIndex = QModelIndex | QPersistentModelIndex

TYPED_VENUE = Venue("US")
SEARCH_LIMIT = 200
KIND_LIMIT = 2000
SHOWN_PER_MARKET = 5
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_SPOKEN = int(Qt.ItemDataRole.AccessibleTextRole)
_NO_INDEX = QModelIndex()


class MatchField(Protocol):
    """Which field of an instrument was matched."""

    @property
    def field(self) -> str:
        """`symbol`, `name`, `isin` or nothing."""
        ...


class SearchHit(Protocol):
    """An instrument found, and where the typed text stands in it."""

    @property
    def instrument(self) -> Instrument:
        """What was found."""
        ...

    @property
    def kind(self) -> MatchField:
        """What was matched."""
        ...

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of the matched letters."""
        ...


class SymbolSearch(Protocol):
    """Finds instruments while somebody types: answers within one display frame."""

    def search(self, text: str, limit: int = 50) -> Sequence[SearchHit]:
        """Return the best matches, best first."""
        ...


class ListingWords(NamedTuple):
    """What lists say of an instrument: `facts` such as `EQ stock, series BE, token 14898`, and its name in full."""

    facts: str
    name: str


class HitDetails(Protocol):
    """What else a result line says."""

    def feed_label(self, instrument_id: InstrumentId) -> str:
        """Return the feed that would serve it, empty when none."""
        ...

    def delay_tag(self, instrument_id: InstrumentId) -> str:
        """Return `D15` or the like for a delayed feed, else nothing."""
        ...

    def snapshot(self, instrument_id: InstrumentId) -> Snapshot | None:
        """Return its market data, None while it is not followed."""
        ...

    def listing(self, instrument: Instrument) -> ListingWords:
        """Return what the loaded lists say of it."""
        ...

    def limit_after_adding(self, instrument_id: InstrumentId) -> str:
        """Say how much of a limit is used then, such as `then 11 of 1,000 symbols on Massive`; may be empty."""
        ...


class SearchRow(NamedTuple):
    """One line: a heading with its count, or an instrument. `is_typed`: as typed, known to no directory.

    `more` is the market whose other hits a line stands for.
    """

    heading: str = ""
    total: str = ""
    instrument: Instrument | None = None
    field: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    is_typed: bool = False
    more: str = ""

    @property
    def can_be_chosen(self) -> bool:
        """Headings cannot."""
        return self.instrument is not None or bool(self.more)


Suggestions = Callable[[], Sequence[Instrument]]
"""What could be added, best first, while nothing is typed."""


def no_suggestions() -> Sequence[Instrument]:
    """Suggest nothing."""
    return ()


class SearchModel(QAbstractListModel):
    """Answers to the newest text, of one kind of instrument or of all; suggestions while there is no text."""

    def __init__(
        self, search: SymbolSearch, parent: QObject | None = None, suggestions: Suggestions = no_suggestions
    ) -> None:
        super().__init__(parent)
        self._search = search
        self._suggestions = suggestions
        self._rows: list[SearchRow] = []
        self._hits: Sequence[SearchHit] = ()
        self._chosen: Sequence[SearchHit] = ()
        self._typed = ""
        self._open: set[str] = set()
        self.hit_count = 0
        self.is_more = False

    @property
    def rows(self) -> Sequence[SearchRow]:
        """The lines; read only."""
        return self._rows

    def find(self, text: str, kinds: frozenset[InstrumentKind] = frozenset()) -> None:
        """Show the answers to `text`; no kinds means all."""
        self._hits = self._search.search(text, KIND_LIMIT if kinds else SEARCH_LIMIT + 1)
        self.is_more = len(self._hits) > (KIND_LIMIT - 1 if kinds else SEARCH_LIMIT)
        self.hit_count = min(len(self._hits), SEARCH_LIMIT)
        chosen = [hit for hit in self._hits if not kinds or hit.instrument.kind in kinds]
        self._chosen = chosen[:SEARCH_LIMIT]
        self._open.clear()
        self._typed = text
        self._show(_suggested(self._suggestions(), kinds) if not text.strip() else None)

    def open_market(self, row: int) -> None:
        """Show all hits of the market that a line stands for."""
        self._open.add(self._rows[row].more)
        self._show(None)

    def _show(self, suggested: list[SearchRow] | None) -> None:
        text = self._typed
        self.beginResetModel()
        self._rows = _grouped(self._chosen, self._open) if suggested is None else suggested
        typed = typed_instrument(text)
        if typed is not None and all(hit.instrument.symbol.upper() != typed.symbol for hit in self._hits):
            if not self._rows:
                kind = "of this kind " if self._hits else ""
                self._rows.append(SearchRow(heading=f"Nothing {kind}known here matches “{text.strip()}”"))
            self._rows.append(SearchRow(instrument=typed, is_typed=True))
        self.endResetModel()

    def first_choice(self) -> int:
        """Return the first line that can be chosen, -1 when there is none."""
        return self.next_choice(-1, 1)

    def next_choice(self, row: int, step: int) -> int:
        """Return the next line that can be chosen from `row` on; `row` itself at the ends."""
        at = row + step
        while 0 <= at < len(self._rows):
            if self._rows[at].can_be_chosen:
                return at
            at += step
        return row if 0 <= row < len(self._rows) else -1

    def rowCount(self, parent: ModelIndex = _NO_INDEX) -> int:
        """Return the number of lines, headings included."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: ModelIndex, role: int = _DISPLAY) -> Any:
        """Answer with the symbol, and with the sentence a screen reader says."""
        if not index.isValid() or role not in (_DISPLAY, _SPOKEN):
            return None
        row = self._rows[index.row()]
        if row.more:
            return f"{row.total} more, {row.more}"
        if row.instrument is None:
            return ", ".join(part for part in (row.heading, row.total) if part)
        return row.instrument.symbol if role == _DISPLAY else spoken(row)

    def flags(self, index: ModelIndex) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        if not index.isValid() or not self._rows[index.row()].can_be_chosen:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


def typed_instrument(text: str) -> Instrument | None:
    """Return the instrument a feed may know under the typed symbol, None when that is no symbol.

    A number is none: it may be a token of any exchange, and only a list can say of which.
    """
    symbol = text.strip().upper()
    if symbol.isdecimal():
        return None
    is_symbol = symbol.isascii() and symbol.isprintable() and not any(one.isspace() for one in symbol)
    if not symbol or not is_symbol or not symbol[0].isalnum() or len(symbol) > 24 or is_list(symbol):
        return None
    return Instrument(id=InstrumentId(TYPED_VENUE, CASH, symbol), currency="USD", kind=InstrumentKind.OTHER)


def is_list(text: str) -> bool:
    """Tell whether a pasted text is a list of symbols, not one symbol or name such as `Apple, Inc.`."""
    lines = [line for line in re.split(r"[\t\r\n;|]+", text) if line.strip()]
    if len(lines) > 1:
        return True
    parts = [part.strip().strip("\"'") for part in text.split(",")]
    return sum(1 for part in parts if part) > 1 and all(
        " " not in part and not part.endswith(".") for part in parts if part
    )


def spoken(row: SearchRow) -> str:
    """Return a result line as one says it."""
    instrument = row.instrument
    if instrument is None:
        return row.heading
    if row.is_typed:
        return f"Add {instrument.symbol} as typed, United States"
    parts = (instrument.symbol, instrument.name, instrument.tag, instrument.kind.value, instrument.currency)
    return ", ".join(part for part in parts if part)


def last_text(snapshot: Snapshot | None, instrument: Instrument) -> str:
    """Write the last price of a result line."""
    last = None if snapshot is None else snapshot.shown_price
    return fmt.price(last, instrument.decimals, instrument.currency)


def empty_words(text: str, other_hits: int) -> tuple[str, str]:
    """Say why there is no line, and what helps; `other_hits` are those that the filter hides."""
    text = text.strip()
    if other_hits:
        others = "1 other does" if other_hits == 1 else f"{other_hits} others do"
        return f"Nothing of this kind matches “{text}”", f"{others}; choose All to see them."
    if text.isdecimal():
        next_step = "A number is looked up in the lists of your brokers: load one in Settings > Look-up."
        return f"No list loaded here has the number {text}", next_step
    if text:
        if is_list(text):
            return "This is a list of several", "Enter shows what each of them is, before anything is added."
        next_step = "Check the spelling, or type the symbol alone: a symbol can be added as typed."
        return f"Nothing matches “{text}”", next_step
    next_step = "The best matches appear while you type; Enter adds the marked one."
    return "Type a symbol, a name, an ISIN or a token", next_step


def _suggested(instruments: Sequence[Instrument], kinds: frozenset[InstrumentKind]) -> list[SearchRow]:
    rows = [SearchRow(instrument=one) for one in instruments if not kinds or one.kind in kinds]
    return [SearchRow(heading="Not in this list yet", total=f"{len(rows)}"), *rows] if rows else []


def _grouped(hits: Sequence[SearchHit], is_open: AbstractSet[str]) -> list[SearchRow]:
    """Put hits under their market; the market of the best hit comes first, and none hides the others."""
    groups: dict[str, list[SearchRow]] = {}
    for hit in hits:
        rules = RULES_BY_VENUE.get(hit.instrument.id.venue, ALWAYS)
        name = hit.instrument.id.venue if rules is ALWAYS else rules.name
        groups.setdefault(name, []).append(SearchRow("", "", hit.instrument, hit.kind.field, hit.spans))
    rows: list[SearchRow] = []
    for name, found in groups.items():
        shown = len(found) if name in is_open or len(groups) == 1 else min(len(found), SHOWN_PER_MARKET)
        rows.append(SearchRow(heading=name, total=f"{shown} of {len(found)}"))
        rows += found[:shown]
        if shown < len(found):
            rows.append(SearchRow(total=f"{len(found) - shown}", more=name))
    return rows
