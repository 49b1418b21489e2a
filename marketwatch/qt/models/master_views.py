"""What the page Settings > Look-up is told of the lists, in plain values, and the rows of its tables."""

from __future__ import annotations

from typing import Final

import msgspec

from marketwatch.instruments.lookup import LookupHit
from marketwatch.qt.models.cell_table import Cell, CellRow, Column
from marketwatch.qt.theme_tokens import Role

HIT_COLUMNS: Final = (
    Column("Symbol", least=96),
    Column("Name", stretches=True, least=110),
    Column("Exchange", rank=4, least=62),
    Column("Segment", least=60),
    Column("Series", rank=5, least=46),
    Column("Type", rank=6, least=50),
    Column("Token", is_right=True, least=60),
    Column("ISIN", rank=7, least=100),
    Column("Tick", is_right=True, rank=9, least=46),
    Column("Lot", is_right=True, rank=8, least=40),
    Column("Cur.", rank=3, least=40),
    Column("Source", rank=2, least=70),
)
MASTER_COLUMNS: Final = (
    Column("Instrument list", least=120),
    Column("Kind", rank=4, least=80),
    Column("From", rank=5, least=100, most=250),
    Column("Rows", is_right=True, least=56),
    Column("Skipped", is_right=True, rank=2, least=56),
    Column("Fetched", is_right=True, rank=6, least=90),
    Column("Age", is_right=True, rank=3, least=50),
    Column("State", stretches=True, least=150),
)


class MasterView(msgspec.Struct, frozen=True, kw_only=True):
    """One list in words. `is_built_in` ones can neither be updated nor removed."""

    source: str
    label: str
    kind: str
    origin: str
    rows: int
    skipped: int = 0
    fetched: str = ""
    age: str = ""
    state: str = ""
    role: Role = "success"
    segments: tuple[str, ...] = ()
    is_built_in: bool = False
    report: str = ""


def hit_row(hit: LookupHit) -> CellRow:
    """Return a result as a row."""
    one = hit.instrument
    field, spans = hit.hit.kind.field, hit.hit.spans
    is_token = hit.hit.kind.name.startswith("TOKEN")
    token = ", ".join(hit.tokens) or "—"
    series, kind, isin = hit.series or "—", one.kind.value, one.isin or "—"
    tick = "—" if one.tick_size is None else f"{one.tick_size:f}"
    sources = ", ".join(hit.sources)
    cells = (
        Cell(one.symbol, is_strong=True, marks=spans if field == "symbol" else ()),
        Cell(hit.name, "text2", marks=spans if field == "name" else (), tooltip=hit.name),
        Cell(one.tag),
        Cell(tags=(f"{one.id.venue}_{one.id.segment}",)),
        Cell(series, "text2"),
        Cell(kind, "text2"),
        Cell(token, marks=((0, len(token)),) if is_token else (), tooltip=_numbers(hit)),
        Cell(isin, "text2", is_mono=True, marks=spans if field == "isin" else ()),
        Cell(tick),
        Cell(f"{one.lot_size:,}"),
        Cell(one.currency),
        Cell(sources, "text2"),
    )
    spoken = (
        f"{one.symbol}, {hit.name}, {one.tag}, segment {one.id.segment}, series {series}, {kind}, {one.currency},"
        f" token {token}, from {sources}"
    )
    return CellRow(cells, spoken)


def _numbers(hit: LookupHit) -> str:
    own = hit.own_numbers
    return f"Kite’s number {', '.join(own)}" if own else ""


def master_row(view: MasterView) -> CellRow:
    """Return a list as a row."""
    skipped = f"{view.skipped:,}" if not view.is_built_in else "—"
    cells = (
        Cell(view.label, is_strong=True),
        Cell(view.kind, "text2"),
        Cell(view.origin, "text2", tooltip=view.origin),
        Cell(f"{view.rows:,}"),
        Cell(skipped, "alert" if view.skipped else "text2"),
        Cell(view.fetched, "text2"),
        Cell(view.age, "text2"),
        Cell(view.state, view.role, tooltip=view.state),
    )
    spoken = (
        f"{view.label}, {view.kind}, from {view.origin}, {view.rows:,} rows, {skipped} skipped, {view.age},"
        f" {view.state}"
    )
    return CellRow(cells, spoken)
