"""Rows of the look-up page: marked digits, what a list's row offers, and the tables about a list."""

from __future__ import annotations

import pytest

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.lookup import LookupHit
from marketwatch.instruments.masters.changes import ChangeKind, MasterChange
from marketwatch.instruments.masters.listing import Listing, RowNote
from marketwatch.instruments.matching import MatchKind, SearchHit
from marketwatch.qt.models.list_report_tables import NotedChange, changes_table, notes_table
from marketwatch.qt.models.master_views import MasterView, hit_row, master_row

NOW_NS = 1_757_000_000_000_000_000  # 4 September 2025, 15:33 UTC
TOKEN = 6


def hit(*tokens: str) -> LookupHit:
    one = Instrument(id=InstrumentId.parse("NSE:EQ:RELIANCE"), name="Reliance Industries", currency="INR")
    listings = tuple(Listing(instrument=one, source=f"own:l{at}", token=token) for at, token in enumerate(tokens))
    return LookupHit(SearchHit(one, MatchKind.SYMBOL), listings)


@pytest.mark.parametrize(
    ("tokens", "typed", "marks"),
    [
        (("2885",), "2885", ((0, 4),)),
        (("2885",), "reliance 28", ((0, 2),)),
        (("2885",), "002885", ((0, 4),)),
        (("500325", "2885"), "2885", ((8, 12),)),
        (("2885", "28850"), "2885 28", ((0, 4), (6, 10))),
        (("2885",), "885", ()),
        (("2885",), "reliance", ()),
        ((), "2885", ()),
        (("2885",), "0", ()),
    ],
)
def test_the_digits_that_were_typed_are_marked_in_every_token(
    tokens: tuple[str, ...], typed: str, marks: tuple[tuple[int, int], ...]
) -> None:
    cell = hit_row(hit(*tokens), typed).cells[TOKEN]
    assert (cell.text, cell.marks) == (", ".join(tokens) or "—", marks)


def test_what_the_row_of_a_list_offers_follows_its_state() -> None:
    built_in = MasterView(source="built-in", label="Popular", origin="x", rows=10, is_built_in=True)
    current = MasterView(source="kite", label="Kite", origin="x", rows=10, skipped=3)
    broken = MasterView(source="own:a", label="Own", origin="x", rows=10, skipped=3, role="error")
    assert built_in.actions == ("Show rows",)
    assert current.actions == ("Refresh", "Import file", "⋯")
    assert broken.actions == ("Show rows", "Import file", "⋯")
    row = master_row(current)
    assert row.cells[-1].actions == current.actions
    assert row.spoken == "Kite, from x, 10 rows, 3 left out, fetched never, "


def test_remarks_on_rows_are_a_table_that_knows_how_many_there_were() -> None:
    table = notes_table("left-out", "Left out", [RowNote(1204, "the symbol is empty", ",NSE")], 40, "none")
    assert (table.code, table.title, table.total, table.empty) == ("left-out", "Left out", 40, "none")
    assert [cell.text for cell in table.rows[0].cells] == ["1,204", "the symbol is empty", ",NSE"]


def test_changes_are_a_table_and_those_of_the_users_lists_come_first() -> None:
    changes = [
        NotedChange(NOW_NS, "Kite", MasterChange(ChangeKind.RENAMED, "NSE:EQ:OLD", "NSE:EQ:NEW")),
        NotedChange(NOW_NS, "Kite", MasterChange(ChangeKind.ADDED, "", "NSE:EQ:SBIN")),
        NotedChange(NOW_NS, "Angel One", MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:SBIN 1", "NSE:EQ:SBIN 2")),
        NotedChange(NOW_NS, "Kite", MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:TCS 1", "NSE:EQ:TCS ")),
    ]
    table = changes_table(changes, "Asia/Kolkata", {"NSE:EQ:SBIN": ("Core", "Swing")})
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    assert texts == [
        ["4 Sep 21:03", "Angel One", "token changed", "SBIN", "1", "2", "Core, Swing"],
        ["4 Sep 21:03", "Kite", "renamed", "OLD", "—", "NSE:EQ:NEW", "—"],
        ["4 Sep 21:03", "Kite", "new", "SBIN", "—", "—", "—"],
        ["4 Sep 21:03", "Kite", "token changed", "TCS", "1", "none", "—"],
    ]
    assert table.rows[0].spoken == "SBIN NSE, token changed, 1 before, 2 now, in your list Core, Swing"
    assert changes_table([], "UTC", {}).empty.startswith("Nothing changed in the last 90 days")
