"""The user's watchlists: which exist, which one is shown, what is undone, what is stored, what is subscribed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.watchlist import (
    ColumnLayout,
    Entry,
    SectionHeading,
    SortState,
    Watchlist,
    WatchlistRecord,
    clean_name,
)
from marketwatch.errors import InstrumentError
from marketwatch.services.undo import UndoStack


class InstrumentFeeds(Protocol):
    """Keeps the data of an instrument coming while it is listed."""

    def acquire(self, instrument_id: InstrumentId) -> None:
        """Some list shows this instrument now."""
        ...

    def release(self, instrument_id: InstrumentId) -> None:
        """No list shows it any more."""
        ...


class WatchlistsObserver(Protocol):
    """Hears what happens to the set of lists; changes inside a list go to the list's own observers."""

    def lists_changed(self) -> None:
        """A list was added, removed, moved, renamed, or its length changed."""
        ...

    def current_changed(self) -> None:
        """Another list is the shown one."""
        ...


class WatchlistService:
    """Owner of the watchlists. There is always at least one, and one of them is current.

    `on_unsaved` is called once when something needs storing; `take_unsaved` then hands over what.
    """

    def __init__(self, feeds: InstrumentFeeds, records: Iterable[WatchlistRecord] = (), current_id: str = "") -> None:
        self.on_unsaved: Callable[[], None] | None = None
        self._feeds = feeds
        self._uses: Counter[InstrumentId] = Counter()
        self._lists: list[Watchlist] = []
        self._followers: dict[str, _ListFollower] = {}
        self._observers: list[WatchlistsObserver] = []
        self._unsaved: set[str] = set()
        self._deleted: set[str] = set()
        self._undo = UndoStack()
        for record in sorted(records, key=lambda one: one.position):
            self._attach(Watchlist.from_record(record), len(self._lists))
        if not self._lists:
            self._attach(Watchlist(_new_id(), "My list"), 0)
        self._current = self.get(current_id) or self._lists[0]

    # --- reading

    @property
    def lists(self) -> Sequence[Watchlist]:
        """All lists in the order of their tabs; read only."""
        return self._lists

    @property
    def current(self) -> Watchlist:
        """The list on display."""
        return self._current

    @property
    def undo_text(self) -> str:
        """What `undo` would undo, empty when nothing."""
        return self._undo.undo_text

    @property
    def redo_text(self) -> str:
        """What `redo` would do again, empty when nothing."""
        return self._undo.redo_text

    def get(self, list_id: str) -> Watchlist | None:
        """Return a list by its id."""
        return next((one for one in self._lists if one.id == list_id), None)

    def lists_holding(self, instrument_id: InstrumentId) -> list[Watchlist]:
        """Return the lists this instrument stands in."""
        return [one for one in self._lists if instrument_id in one]

    def add_observer(self, observer: WatchlistsObserver) -> None:
        """Tell `observer` of every change from now on."""
        self._observers.append(observer)

    def remove_observer(self, observer: WatchlistsObserver) -> None:
        """Tell it no more."""
        self._observers.remove(observer)

    # --- the set of lists

    def switch_to(self, index: int) -> None:
        """Show the list at `index`; there may be none."""
        if 0 <= index < len(self._lists) and self._lists[index] is not self._current:
            self._current = self._lists[index]
            for observer in list(self._observers):
                observer.current_changed()

    def switch_by(self, step: int) -> None:
        """Show the list `step` places further on, around the end."""
        self.switch_to((self._lists.index(self._current) + step) % len(self._lists))

    def create_list(self, name: str, entries: Iterable[Entry] = ()) -> Watchlist:
        """Make a list at the end and show it. Raises InstrumentError, DuplicateInstrument."""
        watchlist = Watchlist(_new_id(), self._free_name(clean_name(name)))
        watchlist.insert(0, entries)
        self._attach(watchlist, len(self._lists))
        self._store(watchlist)
        self._tell_lists()
        self.switch_to(len(self._lists) - 1)
        return watchlist

    def rename_list(self, list_id: str, name: str) -> None:
        """Give a list another name. Raises InstrumentError when it is empty or taken."""
        watchlist = self._need(list_id)
        cleaned = clean_name(name)
        if any(one.name == cleaned for one in self._lists if one is not watchlist):
            raise InstrumentError(f"There is already a list “{cleaned}”")
        watchlist.rename(cleaned)

    def remove_list(self, list_id: str) -> None:
        """Remove a list, undoable. The last one is emptied instead."""
        watchlist = self._need(list_id)
        if len(self._lists) == 1:
            self.remove_entries(list_id, range(len(watchlist)))
            return
        index = self._lists.index(watchlist)
        self._undo.do(
            f"Removed list {watchlist.name}",
            lambda: self._detach(watchlist),
            lambda: self._reattach(watchlist, index),
        )

    def move_list(self, source: int, target: int) -> None:
        """Move a list's tab."""
        target = max(0, min(target, len(self._lists) - 1))
        if source == target:
            return
        self._lists.insert(target, self._lists.pop(source))
        for watchlist in self._lists:
            self._store(watchlist)
        self._tell_lists()

    # --- one list

    def add(self, instrument_id: InstrumentId, list_id: str = "", index: int | None = None) -> None:
        """Add an instrument to a list (the current one by default), undoable. Raises DuplicateInstrument."""
        self._insert(instrument_id, list_id, index, f"Added {instrument_id.symbol}")

    def add_several(self, instrument_ids: Sequence[InstrumentId], list_id: str = "") -> str:
        """Add instruments at the end of a list as one undoable step; those it holds already stay where they are.

        Return what happened in words, empty when nothing.
        """
        watchlist = self._need(list_id) if list_id else self._current
        new = [one for one in dict.fromkeys(instrument_ids) if one not in watchlist]
        if not new:
            return ""
        text = f"Added {new[0].symbol}" if len(new) == 1 else f"Added {len(new)} symbols"

        def take_back() -> None:
            watchlist.remove([watchlist.index_of(one) for one in new if one in watchlist])

        self._undo.do(
            text,
            lambda: watchlist.insert(len(watchlist), [one for one in new if one not in watchlist]),
            take_back,
        )
        return text

    def add_heading(self, title: str, list_id: str = "", index: int | None = None) -> None:
        """Add a section heading, undoable. Raises InstrumentError when the title is empty."""
        heading = SectionHeading(clean_name(title))
        self._insert(heading, list_id, index, f"Added heading {heading.title}")

    def remove_entries(self, list_id: str, indexes: Iterable[int]) -> str:
        """Remove rows, undoable. Return what happened in words, empty when nothing."""
        watchlist = self._need(list_id)
        chosen = [index for index in indexes if 0 <= index < len(watchlist)]
        if not chosen:
            return ""
        taken: list[tuple[int, Entry]] = []

        def remove() -> None:
            taken[:] = watchlist.remove(chosen)

        text = f"Removed {_named(watchlist.entries[chosen[0]]) if len(chosen) == 1 else f'{len(chosen)} rows'}"
        self._undo.do(text, remove, lambda: watchlist.restore(taken))
        return text

    def move_entry(self, list_id: str, source: int, target: int) -> None:
        """Move a row, undoable."""
        watchlist = self._need(list_id)
        target = max(0, min(target, len(watchlist) - 1))
        if source == target or not 0 <= source < len(watchlist):
            return
        self._undo.do(
            f"Moved {_named(watchlist.entries[source])}",
            lambda: watchlist.move(source, target),
            lambda: watchlist.move(target, source),
        )

    def set_sort(self, list_id: str, sort: SortState | None) -> None:
        """Choose the sorted column of a list, None for own order."""
        self._need(list_id).set_sort(sort)

    def set_layout(self, list_id: str, layout: ColumnLayout) -> None:
        """Choose the columns of a list."""
        self._need(list_id).set_layout(layout)

    def do(self, text: str, forward: Callable[[], object], backward: Callable[[], object]) -> None:
        """Do something else about listed instruments that is undone and redone in turn with the changes of lists."""
        self._undo.do(text, forward, backward)

    def undo(self) -> str:
        """Undo the newest undoable change; return what it was, empty when there is none."""
        return self._undo.undo()

    def redo(self) -> str:
        """Do again what was undone last; return what it was, empty when there is nothing."""
        return self._undo.redo()

    # --- storing

    def take_unsaved(self) -> tuple[list[WatchlistRecord], list[str]]:
        """Hand over and forget what is to be stored: changed lists, and ids of removed ones."""
        records = [one.to_record(place) for place, one in enumerate(self._lists) if one.id in self._unsaved]
        deleted = sorted(self._deleted)
        self._unsaved.clear()
        self._deleted.clear()
        return records, deleted

    def put_back_unsaved(self, list_ids: Iterable[str], deleted: Iterable[str] = ()) -> None:
        """Say that storing these failed, so that the next attempt takes them again."""
        self._unsaved.update(list_ids)
        self._deleted.update(deleted)

    # --- inside

    def _insert(self, entry: Entry, list_id: str, index: int | None, text: str) -> None:
        watchlist = self._need(list_id) if list_id else self._current
        place = len(watchlist) if index is None else index
        self._undo.do(
            text,
            lambda: watchlist.insert(place, [entry]),
            lambda: watchlist.remove([watchlist.index_of(entry)]) if entry in watchlist.entries else None,
        )

    def _need(self, list_id: str) -> Watchlist:
        watchlist = self.get(list_id)
        if watchlist is None:
            raise InstrumentError("This watchlist is gone", "it was removed", "Choose another list.")
        return watchlist

    def _attach(self, watchlist: Watchlist, index: int) -> None:
        follower = _ListFollower(self, watchlist)
        self._followers[watchlist.id] = follower
        watchlist.add_observer(follower)
        self._lists.insert(index, watchlist)
        for instrument_id in watchlist.instruments():
            self._use(instrument_id)

    def _detach(self, watchlist: Watchlist) -> None:
        index = self._lists.index(watchlist)
        watchlist.remove_observer(self._followers.pop(watchlist.id))
        del self._lists[index]
        for instrument_id in watchlist.instruments():
            self._unuse(instrument_id)
        self._unsaved.discard(watchlist.id)
        self._deleted.add(watchlist.id)
        if watchlist is self._current:
            self.switch_to(min(index, len(self._lists) - 1))
        self._tell_unsaved()
        self._tell_lists()

    def _reattach(self, watchlist: Watchlist, index: int) -> None:
        self._deleted.discard(watchlist.id)
        self._attach(watchlist, min(index, len(self._lists)))
        self._store(watchlist)
        self._tell_lists()
        self.switch_to(self._lists.index(watchlist))

    def _free_name(self, name: str) -> str:
        taken = {one.name for one in self._lists}
        number, candidate = 2, name
        while candidate in taken:
            candidate = f"{name} {number}"
            number += 1
        return candidate

    def _use(self, instrument_id: InstrumentId) -> None:
        self._uses[instrument_id] += 1
        if self._uses[instrument_id] == 1:
            self._feeds.acquire(instrument_id)

    def _unuse(self, instrument_id: InstrumentId) -> None:
        self._uses[instrument_id] -= 1
        if not self._uses[instrument_id]:
            del self._uses[instrument_id]
            self._feeds.release(instrument_id)

    def _store(self, watchlist: Watchlist) -> None:
        self._unsaved.add(watchlist.id)
        self._tell_unsaved()

    def _tell_unsaved(self) -> None:
        if self.on_unsaved is not None:
            self.on_unsaved()

    def _tell_lists(self) -> None:
        for observer in list(self._observers):
            observer.lists_changed()


class _ListFollower:
    """Keeps subscriptions and storage in step with one list."""

    def __init__(self, service: WatchlistService, watchlist: Watchlist) -> None:
        self._service = service
        self._watchlist = watchlist

    def inserting(self, index: int, count: int) -> None: ...

    def inserted(self, index: int, count: int) -> None:
        for entry in self._watchlist.entries[index : index + count]:
            if isinstance(entry, InstrumentId):
                self._service._use(entry)
        self._follow(is_length_new=True)

    def removing(self, index: int, count: int) -> None:
        for entry in self._watchlist.entries[index : index + count]:
            if isinstance(entry, InstrumentId):
                self._service._unuse(entry)

    def removed(self, index: int, count: int) -> None:
        self._follow(is_length_new=True)

    def moving(self, source: int, target: int) -> None: ...

    def moved(self, source: int, target: int) -> None:
        self._follow(is_length_new=False)

    def changed(self) -> None:
        self._follow(is_length_new=True)

    def _follow(self, *, is_length_new: bool) -> None:
        self._service._store(self._watchlist)
        if is_length_new:
            self._service._tell_lists()


def _named(entry: Entry) -> str:
    return f"heading {entry.title}" if isinstance(entry, SectionHeading) else entry.symbol


def _new_id() -> str:
    return uuid.uuid4().hex
