"""What the page Settings > Look-up is told of the lists, in plain values, and the rows of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from marketwatch.instruments.lookup import LookupHit
from marketwatch.instruments.matching import is_number
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
    Column("Instrument list", least=120, most=230),
    Column("Segments", rank=5, least=80, most=210),
    Column("Rows", is_right=True, least=56),
    Column("Left out", is_right=True, rank=4, least=56),
    Column("Fetched", is_right=True, rank=6, least=90),
    Column("Age", is_right=True, rank=3, least=50),
    Column("State", stretches=True, least=130),
    Column("", is_right=True, rank=1, least=60),
)
REFRESH: Final = "Refresh"
IMPORT_FILE: Final = "Import file"
SHOW_ROWS: Final = "Show rows"
MORE: Final = "⋯"
_MOST_SEGMENTS: Final = 3


class MasterView(msgspec.Struct, frozen=True, kw_only=True):
    """One list in words. `is_built_in` ones can neither be updated nor removed.

    `meaning` is the state in a sentence, `about` all that is known besides the rows.
    """

    source: str
    label: str
    origin: str
    rows: int
    skipped: int = 0
    noted: int = 0
    fetched: str = ""
    age: str = ""
    state: str = ""
    meaning: str = ""
    role: Role = "success"
    segments: tuple[str, ...] = ()
    is_built_in: bool = False
    about: str = ""

    @property
    def actions(self) -> tuple[str, ...]:
        """What its row offers; `MORE` has the rest."""
        if self.is_built_in:
            return (SHOW_ROWS,)
        return (SHOW_ROWS if self.role == "error" and self.skipped else REFRESH, IMPORT_FILE, MORE)

    @property
    def segment_words(self) -> str:
        """Name the segments while they are few, else their exchanges."""
        if len(self.segments) <= _MOST_SEGMENTS:
            return ", ".join(self.segments)
        return ", ".join(dict.fromkeys(one.rpartition("_")[0] for one in self.segments))


class HitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the program knows of the chosen instrument beyond the lists. `key` is source, segment and token."""

    key: str
    stream: str = ""
    history: str = ""
    hours: str = ""
    used: str = ""


def hit_row(hit: LookupHit, typed: str = "") -> CellRow:
    """Return a result as a row; of its tokens the digits that were typed are marked."""
    one = hit.instrument
    field, spans = hit.hit.kind.field, hit.hit.spans
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
        Cell(token, marks=_digits(hit.tokens, typed), tooltip=_numbers(hit)),
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


def _digits(tokens: Sequence[str], typed: str) -> tuple[tuple[int, int], ...]:
    """Return where tokens, written one behind the other, begin with a number that was typed."""
    numbers = [word.lstrip("0") for word in typed.split() if is_number(word)]
    marks, start = [], 0
    for token in tokens:
        longest = max((len(number) for number in numbers if number and token.startswith(number)), default=0)
        if longest:
            marks.append((start, start + longest))
        start += len(token) + 2
    return tuple(marks)


def _numbers(hit: LookupHit) -> str:
    own = hit.own_numbers
    return f"Kite’s number {', '.join(own)}" if own else ""


def master_row(view: MasterView) -> CellRow:
    """Return a list as a row."""
    skipped = f"{view.skipped:,}" if not view.is_built_in else "—"
    cells = (
        Cell(view.label, is_strong=True, tooltip=view.origin),
        Cell(view.segment_words, "text2", tooltip=", ".join(view.segments)),
        Cell(f"{view.rows:,}"),
        Cell(skipped, "alert" if view.skipped else "text2"),
        Cell(view.fetched, "text2"),
        Cell(view.age, "text2"),
        Cell(view.state, view.role, tooltip=view.meaning),
        Cell(actions=view.actions),
    )
    spoken = (
        f"{view.label}, from {view.origin}, {view.rows:,} rows, {skipped} left out, fetched {view.fetched or 'never'},"
        f" {view.meaning or view.state}"
    )
    return CellRow(cells, spoken)
