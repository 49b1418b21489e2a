"""The fields of a sample and the rows they give, as tables show them."""

from __future__ import annotations

from typing import Final

from marketwatch.qt.models.cell_table import Cell, CellRow, Column
from marketwatch.services.mapping_draft import FieldLine, PreviewRow

ROLE_WORDS: Final = {
    "symbol": "Symbol",
    "price": "Price",
    "size": "Size",
    "time": "Time",
    "bid": "Bid",
    "ask": "Ask",
    "bid_size": "Bid size",
    "ask_size": "Ask size",
    "volume": "Day volume",
    "type": "Type",
}
ROLE_KEYS: Final = {
    "symbol": "S",
    "price": "P",
    "size": "Z",
    "time": "T",
    "bid": "B",
    "ask": "A",
    "bid_size": "1",
    "ask_size": "2",
    "volume": "V",
    "type": "Y",
}
"""The key that gives the chosen field a role."""

FIELD_COLUMNS: Final = (
    Column("Field", least=120),
    Column("Value", stretches=True, least=80),
    Column("Means", least=84),
)
PREVIEW_COLUMNS: Final = (
    Column("Symbol", least=72),
    Column("Price", is_right=True, least=64),
    Column("Size", is_right=True, least=48),
    Column("Bid", is_right=True, rank=1),
    Column("Ask", is_right=True, rank=1),
    Column("Day volume", is_right=True, rank=3),
    Column("Time", least=60, rank=2),
    Column("Not used, and why", stretches=True, least=150),
)
_INDENT: Final = "\u2003"


def field_row(line: FieldLine) -> CellRow:
    """Return a field as a row; what it could be is said in grey as long as it means nothing."""
    means = ROLE_WORDS.get(line.role, "")
    could = f"{ROLE_WORDS[line.likely].lower()}?" if line.likely and not means else ""
    spoken = f"{line.name}, {line.value or 'a group of fields'}, {f'means {means}' if means else 'means nothing yet'}"
    return CellRow(
        (
            Cell(
                f"{_INDENT * line.depth}{line.name}", "text1" if line.path else "text3", is_mono=True, tooltip=line.path
            ),
            Cell(line.value, "text2", is_mono=True),
            Cell(means or could, "accent" if means else "text3", is_strong=bool(means)),
        ),
        spoken,
    )


def preview_row(row: PreviewRow) -> CellRow:
    """Return a row of the preview."""
    figures = (row.symbol, row.price, row.size, row.bid, row.ask, row.volume, row.time)
    cells = [Cell(text, "text1", is_strong=number == 0) for number, text in enumerate(figures)]
    spoken = row.problem or ", ".join(
        f"{column.title} {text}" for column, text in zip(PREVIEW_COLUMNS, figures, strict=False) if text
    )
    return CellRow((*cells, Cell(row.problem, "error", tooltip=row.problem)), spoken)
