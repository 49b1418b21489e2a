"""The tables of the window about an instrument list: rows left out, rows in doubt, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from marketwatch.domain.ids import InstrumentId
from marketwatch.instruments.masters.changes import ChangeKind, MasterChange
from marketwatch.instruments.masters.listing import RowNote
from marketwatch.qt import time_text
from marketwatch.qt.models.cell_table import Cell, CellRow, Column
from marketwatch.qt.theme_tokens import Role

_NOTE_COLUMNS: Final = (
    Column("Line", is_right=True, least=56),
    Column("Why", least=200, most=420),
    Column("Row", stretches=True, least=160),
)
_CHANGE_COLUMNS: Final = (
    Column("Noted", least=96),
    Column("List", rank=2, least=70, most=160),
    Column("What", least=80),
    Column("Instrument", least=120, most=300),
    Column("Before", is_right=True, least=60, most=260),
    Column("Now", stretches=True, least=120),
    Column("In your lists", rank=1, least=90, most=200),
)
_ROLES: Final[dict[ChangeKind, Role]] = {
    ChangeKind.RENUMBERED: "alert",
    ChangeKind.RENAMED: "alert",
    ChangeKind.REUSED: "alert",
    ChangeKind.DELISTED: "error",
    ChangeKind.ADDED: "success",
}


class ReportTable(NamedTuple):
    """One table with its title; `total` counts rows that are known of but were not kept, `empty` says why it is."""

    code: str
    title: str
    columns: tuple[Column, ...]
    rows: list[CellRow]
    total: int
    empty: str


class NotedChange(NamedTuple):
    """A change, the list it is in, and when it was noted."""

    noted_ns: int
    label: str
    change: MasterChange


def notes_table(code: str, title: str, notes: Sequence[RowNote], total: int, empty: str) -> ReportTable:
    """Return remarks on the rows of a file as a table."""
    rows = [
        CellRow(
            (
                Cell(f"{note.line:,}", "text2"),
                Cell(note.reason, "alert"),
                Cell(note.text or "—", is_mono=True, tooltip=note.text),
            ),
            f"Line {note.line}, {note.reason}, {note.text}",
        )
        for note in notes
    ]
    return ReportTable(code, title, _NOTE_COLUMNS, rows, max(total, len(rows)), empty)


def changes_table(changes: Sequence[NotedChange], zone: str, watched: Mapping[str, Sequence[str]]) -> ReportTable:
    """Return changes as a table; those of instruments in the user's lists (`watched`, by identity) come first."""
    ordered = sorted(changes, key=lambda one: not one.change.before or one.change.whose not in watched)
    rows = [_change_row(one, zone, watched) for one in ordered]
    empty = "Nothing changed in the last 90 days: a list is compared with the one before whenever it is loaded again."
    return ReportTable("changes", "Changes", _CHANGE_COLUMNS, rows, len(rows), empty)


def _change_row(noted: NotedChange, zone: str, watched: Mapping[str, Sequence[str]]) -> CellRow:
    change = noted.change
    moment = time_text.local_time(noted.noted_ns, zone)
    one = InstrumentId.parse(change.whose)
    now = change.after
    if change.kind is ChangeKind.RENUMBERED:
        now = change.after.rpartition(" ")[2] or "none"
    elif change.kind is ChangeKind.ADDED:
        now = ""
    lists = ", ".join(watched.get(change.whose, ())) if change.before else ""
    what, before = change.kind.value, change.number or "—"
    cells = (
        Cell(f"{moment.day} {moment:%b %H:%M}", "text2"),
        Cell(noted.label, "text2"),
        Cell(what, _ROLES[change.kind]),
        Cell(one.symbol, is_strong=True, tags=(f"{one.venue}_{one.segment}",)),
        Cell(before, "text2"),
        Cell(now or "—"),
        Cell(lists or "—", "alert" if lists else "text3"),
    )
    where = f", in your list {lists}" if lists else ""
    return CellRow(cells, f"{one.symbol} {one.venue}, {what}, {before} before, {now or 'nothing'} now{where}")
