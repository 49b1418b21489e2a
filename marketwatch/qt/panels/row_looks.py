"""How each row state looks: the edge at the left, the ground, and what becomes of the figures (DESIGN.md part 4)."""

from __future__ import annotations

import enum
from typing import NamedTuple

from marketwatch.qt.theme_tokens import Role
from marketwatch.services.presentation import RowStateKind


class Edge(enum.Enum):
    """Pattern of the 3 px edge; each is told apart without colour."""

    NONE = 0
    SOLID = 1
    DOTS = 2
    HATCH = 3
    BLOCKS = 4
    LOWER_HALF = 5
    OUTLINE = 6


class Look(NamedTuple):
    """Roles of one state. None means the cell's own."""

    edge: Edge = Edge.NONE
    edge_role: Role = "panel"
    symbol: Role = "text1"
    figures: Role | None = None
    changes: Role | None = None
    ground: Role | None = None
    price_ground: Role | None = None
    word: Role = "text2"


LIVE = Look()
EXTENDED_ONLY = Look(Edge.LOWER_HALF, "extended")
"""Of a row in extended hours whose last price is of these hours: nothing in it stands still."""
LOOKS: dict[RowStateKind, Look] = {
    RowStateKind.LIVE: LIVE,
    RowStateKind.DELAYED: Look(Edge.SOLID, "delayed", price_ground="delayedTint"),
    RowStateKind.QUIET: Look(Edge.DOTS, "text3", symbol="text3", figures="text3", word="text3"),
    RowStateKind.STALE: Look(Edge.HATCH, "hatch", "stale", "stale", "stale", ground="staleTint", word="stale"),
    RowStateKind.CLOSED: Look(symbol="closed", figures="closed", changes="closed", word="text3"),
    RowStateKind.PRE: Look(Edge.LOWER_HALF, "extended", figures="closed", changes="closed"),
    RowStateKind.POST: Look(Edge.LOWER_HALF, "extended", figures="closed", changes="closed"),
    RowStateKind.NO_DATA: Look(Edge.OUTLINE, "control", figures="text3", changes="text3", word="text3"),
    RowStateKind.HALTED: Look(Edge.BLOCKS, "error"),
}
