"""A named, ordered list of instruments and section headings that tells observers before and after each change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from marketwatch.domain.ids import InstrumentId
from marketwatch.errors import DuplicateInstrument, InstrumentError

NAME_LIMIT = 40
STANDARD_SET = "standard"
_HEADING_MARK = "# "


class SectionHeading(msgspec.Struct, frozen=True, gc=False):
    """A line of text between the instruments of a list."""

    title: str


Entry = InstrumentId | SectionHeading


class SortState(msgspec.Struct, frozen=True, gc=False):
    """The column a list is sorted by. A list without one shows its own order."""

    column: str
    descending: bool = False


class ColumnLayout(msgspec.Struct, frozen=True):
    """Which columns a list shows: a named set, or `columns` of the user's own; `widths` in px by column key."""

    set_name: str = STANDARD_SET
    columns: tuple[str, ...] = ()
    widths: dict[str, int] = msgspec.field(default_factory=dict)


class WatchlistRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one list that is stored. Entries are `VENUE:SEGMENT:SYMBOL` or `# heading`."""

    id: str
    name: str
    position: int = 0
    entries: tuple[str, ...] = ()
    layout: ColumnLayout = ColumnLayout()
    sort: SortState | None = None


class WatchlistObserver(Protocol):
    """Hears of every change of a list. Positions are those of the list's own order."""

    def inserting(self, index: int, count: int) -> None:
        """`count` entries are about to stand at `index`."""
        ...

    def inserted(self, index: int, count: int) -> None:
        """They stand there now."""
        ...

    def removing(self, index: int, count: int) -> None:
        """`count` entries from `index` are about to go."""
        ...

    def removed(self, index: int, count: int) -> None:
        """They are gone."""
        ...

    def moving(self, source: int, target: int) -> None:
        """The entry at `source` is about to stand at `target`."""
        ...

    def moved(self, source: int, target: int) -> None:
        """It stands there now."""
        ...

    def changed(self) -> None:
        """Name, columns, sort or a heading's text changed; the entries stand where they were."""
        ...


def clean_name(name: str) -> str:
    """Return a usable list or heading name: one line, trimmed, not longer than NAME_LIMIT.

    Raises InstrumentError when nothing is left.
    """
    cleaned = " ".join(name.split())[:NAME_LIMIT].rstrip()
    if not cleaned:
        raise InstrumentError("The name is empty", "a list needs a name", "Type one to forty characters.")
    return cleaned


def entry_to_text(entry: Entry) -> str:
    """Write an entry as it is stored."""
    return _HEADING_MARK + entry.title if isinstance(entry, SectionHeading) else str(entry)


def entry_from_text(text: str) -> Entry:
    """Read what `entry_to_text` wrote. Raises InstrumentError."""
    if text.startswith(_HEADING_MARK):
        return SectionHeading(text[len(_HEADING_MARK) :])
    return InstrumentId.parse(text)


class Watchlist:
    """An ordered list in which an instrument stands at most once. Observers are told before and after."""

    def __init__(self, list_id: str, name: str) -> None:
        self.id = list_id
        self._name = clean_name(name)
        self._entries: list[Entry] = []
        self._members: set[InstrumentId] = set()
        self._layout = ColumnLayout()
        self._sort: SortState | None = None
        self._observers: list[WatchlistObserver] = []

    @property
    def name(self) -> str:
        """The name as people see it."""
        return self._name

    @property
    def entries(self) -> Sequence[Entry]:
        """Instruments and headings in the list's own order; read only."""
        return self._entries

    @property
    def layout(self) -> ColumnLayout:
        """Columns and their widths."""
        return self._layout

    @property
    def sort(self) -> SortState | None:
        """The sorted column, None for own order."""
        return self._sort

    @property
    def instrument_count(self) -> int:
        """Number of instruments, headings not counted."""
        return len(self._members)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, instrument_id: object) -> bool:
        return instrument_id in self._members

    def instruments(self) -> list[InstrumentId]:
        """Return the instruments in own order."""
        return [entry for entry in self._entries if isinstance(entry, InstrumentId)]

    def index_of(self, entry: Entry) -> int:
        """Return the position of an entry. Raises ValueError when it is not here."""
        return self._entries.index(entry)

    def add_observer(self, observer: WatchlistObserver) -> None:
        """Tell `observer` of every change from now on."""
        self._observers.append(observer)

    def remove_observer(self, observer: WatchlistObserver) -> None:
        """Tell it no more."""
        self._observers.remove(observer)

    def add(self, entry: Entry) -> None:
        """Append one entry. Raises DuplicateInstrument."""
        self.insert(len(self._entries), [entry])

    def insert(self, index: int, entries: Iterable[Entry]) -> None:
        """Put entries at `index`, all or none. Raises DuplicateInstrument."""
        new = list(entries)
        instruments = [entry for entry in new if isinstance(entry, InstrumentId)]
        seen = set(self._members)
        for instrument_id in instruments:
            if instrument_id in seen:
                raise DuplicateInstrument(f"{instrument_id.symbol} is already in {self._name}")
            seen.add(instrument_id)
        if not new:
            return
        index = max(0, min(index, len(self._entries)))
        for observer in self._observers:
            observer.inserting(index, len(new))
        self._entries[index:index] = new
        self._members = seen
        for observer in self._observers:
            observer.inserted(index, len(new))

    def remove(self, indexes: Iterable[int]) -> list[tuple[int, Entry]]:
        """Take entries out and return them with their positions, ready for `restore`."""
        chosen = sorted({index for index in indexes if 0 <= index < len(self._entries)})
        taken = [(index, self._entries[index]) for index in chosen]
        for start, count in reversed(_runs(chosen)):
            for observer in self._observers:
                observer.removing(start, count)
            for entry in self._entries[start : start + count]:
                if isinstance(entry, InstrumentId):
                    self._members.discard(entry)
            del self._entries[start : start + count]
            for observer in self._observers:
                observer.removed(start, count)
        return taken

    def restore(self, taken: Sequence[tuple[int, Entry]]) -> None:
        """Put back what `remove` returned; what has been added again meanwhile is left where it is."""
        for index, entry in taken:
            if entry not in self._members:
                self.insert(index, [entry])

    def move(self, source: int, target: int) -> None:
        """Take the entry at `source` to position `target`."""
        target = max(0, min(target, len(self._entries) - 1))
        if source == target:
            return
        for observer in self._observers:
            observer.moving(source, target)
        self._entries.insert(target, self._entries.pop(source))
        for observer in self._observers:
            observer.moved(source, target)

    def rename(self, name: str) -> None:
        """Give the list another name. Raises InstrumentError when it is empty."""
        self._name = clean_name(name)
        self._tell_changed()

    def rename_heading(self, index: int, title: str) -> None:
        """Give the heading at `index` another text. Raises InstrumentError when empty or not a heading."""
        if not isinstance(self._entries[index], SectionHeading):
            raise InstrumentError("Only a heading can be renamed", "this row is an instrument")
        self._entries[index] = SectionHeading(clean_name(title))
        self._tell_changed()

    def set_layout(self, layout: ColumnLayout) -> None:
        """Choose columns and widths."""
        if layout != self._layout:
            self._layout = layout
            self._tell_changed()

    def set_sort(self, sort: SortState | None) -> None:
        """Choose the sorted column, None for own order."""
        if sort != self._sort:
            self._sort = sort
            self._tell_changed()

    def to_record(self, position: int) -> WatchlistRecord:
        """Return what is to be stored."""
        return WatchlistRecord(
            id=self.id,
            name=self._name,
            position=position,
            entries=tuple(entry_to_text(entry) for entry in self._entries),
            layout=self._layout,
            sort=self._sort,
        )

    @classmethod
    def from_record(cls, record: WatchlistRecord) -> Watchlist:
        """Build a list from what was stored; entries that cannot be read and repetitions are left out."""
        watchlist = cls(record.id, record.name if record.name.strip() else "List")
        watchlist._layout = record.layout
        watchlist._sort = record.sort
        watchlist.insert(0, _without_repetitions(filter(None, map(_readable, record.entries))))
        return watchlist

    def _tell_changed(self) -> None:
        for observer in self._observers:
            observer.changed()


def _readable(text: str) -> Entry | None:
    try:
        return entry_from_text(text)
    except InstrumentError:
        return None


def _without_repetitions(entries: Iterable[Entry]) -> list[Entry]:
    seen: set[InstrumentId] = set()
    unique: list[Entry] = []
    for entry in entries:
        if isinstance(entry, InstrumentId):
            if entry in seen:
                continue
            seen.add(entry)
        unique.append(entry)
    return unique


def _runs(indexes: Sequence[int]) -> list[tuple[int, int]]:
    """Join ascending indexes to (start, count) runs."""
    runs: list[tuple[int, int]] = []
    for index in indexes:
        if runs and runs[-1][0] + runs[-1][1] == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((index, 1))
    return runs
