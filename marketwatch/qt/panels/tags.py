"""Tags: one word in small capitals inside a one pixel outline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.models.watchlist_words import CLOSED_TAG
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.presentation import RowStateKind

TAG_HEIGHT = 14
_PADDING = 3.5
_GAP = 4.0
_BESIDE_SYMBOL = frozenset({"PRE", "POST", "HIST"})
_SHORT = {"REPLAY": "REP"}
_BAR = "BAR "

_STYLES: dict[str, tuple[Role, Role, Role]] = {
    "PRE": ("extended", "extended", "extendedTint"),
    "POST": ("extended", "extended", "extendedTint"),
    "HALT": ("error", "error", "errorTint"),
    "UC": ("error", "error", "errorTint"),
    "LC": ("error", "error", "errorTint"),
    "SIM": ("simulated", "simulated", "simulatedTint"),
    "REP": ("simulated", "simulated", "simulatedTint"),
}
_DELAYED: tuple[Role, Role, Role] = ("delayed", "delayed", "delayedTint")
_FALLBACK: tuple[Role, Role, Role] = ("alert", "alertLine", "alertTint")
_VIA = "via"
_PLAIN: tuple[Role, Role, Role] = ("text3", "lineStrong", "panel")


def row_tags(row: WatchRow, *, beside_symbol: bool = False) -> Sequence[str]:
    """Return the tags of a row for the time column, or those that stand beside the symbol."""
    state = row.state
    if state is None:
        return ()
    tags = short_tags([tag for tag in state.tags if (tag in _BESIDE_SYMBOL) is beside_symbol])
    tags.sort(key=_is_via, reverse=True)  # where room is scarce the last leaves: whose price it is matters most
    if state.primary is RowStateKind.CLOSED and state.word.startswith(CLOSED_TAG) and not beside_symbol:
        tags.append(CLOSED_TAG)
    return tags


def short_tags(tags: Sequence[str]) -> list[str]:
    """Return tags as they are written where room is scarce."""
    return [_SHORT.get(tag, tag) for tag in tags]


def has_delay(row: WatchRow) -> bool:
    """Tell whether a row's source is behind the market."""
    return row.state is not None and any(_is_delay(tag) for tag in row.state.tags)


def without_names(tags: Sequence[str]) -> list[str]:
    """Return tags as they are written where even their names of feeds have no room."""
    return [_VIA if _is_via(tag) else tag for tag in tags]


def _is_via(tag: str) -> bool:
    """Tell whether a tag names the fall-back feed a row is on."""
    return tag.split(" ")[0] == _VIA


def _is_delay(tag: str) -> bool:
    return tag[:1] == "D" and tag[1:].isdigit()


def tag_style(tag: str) -> tuple[Role, Role, Role]:
    """Return the roles of a tag's text, outline and ground."""
    if _is_delay(tag) or tag == "D" or tag.startswith(_BAR):
        return _DELAYED
    if _is_via(tag):
        return _FALLBACK
    return _STYLES.get(tag, _PLAIN)


class TagPainter:
    """Draws rows of tags."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.reload()

    def reload(self) -> None:
        """Take the font from the theme."""
        self._measure = TextMeasure(self._theme.fonts.numbers("tag", "medium"))

    def width(self, tags: Sequence[str]) -> float:
        """Return the room that tags take, the gap to their neighbour included."""
        return sum((self._measure.width(tag) + 2 * _PADDING + _GAP for tag in tags), 0.0)

    def paint(self, painter: QPainter, tags: Sequence[str], left: float, y: int, height: int) -> None:
        """Draw tags from `left` on, centred in a row."""
        painter.setFont(self._measure.font)
        top = y + (height - TAG_HEIGHT) // 2
        for tag in tags:
            text, outline, ground = tag_style(tag)
            width = self._measure.width(tag) + 2 * _PADDING
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour(outline), 1.0))
            painter.setBrush(self._theme.brush(ground))
            painter.drawRoundedRect(QRectF(round(left) + 0.5, top + 0.5, round(width) - 1, TAG_HEIGHT - 1), 2, 2)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(self._theme.colour(text))
            painter.drawText(QPointF(round(left) + _PADDING, top + self._measure.base_line(TAG_HEIGHT)), tag)
            left += width + _GAP
