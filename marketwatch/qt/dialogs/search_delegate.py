"""Paints the lines of the symbol search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from marketwatch.domain.instrument import Instrument
from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.search_model import HitDetails, SearchModel, SearchRow, last_text
from marketwatch.qt.panels.tags import TagPainter
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

ROW_HEIGHT = 44
HEADING_HEIGHT = 24
MORE_HEIGHT = 28
_PADDING = 14
_GAP = 12
_NAME_WIDTH = 330
_LEAST_NAME_WIDTH = 280
_CURRENCY_WIDTH = 36
_FEED_WIDTH = 158
_LAST_WIDTH = 84
_CHANGE_WIDTH = 66
_TAIL_WIDTH = 112


class Places(NamedTuple):
    """Where the parts of a line stand, from its left edge; `feed` is None where there is no room for it."""

    name_width: int
    currency: int
    feed: int | None
    last_end: int
    change_end: int
    tail: int

    @classmethod
    def of(cls, width: int) -> Places:
        """Share a width out: names get narrower first, then the feed goes; nothing stands over anything else."""
        figures = _CURRENCY_WIDTH + _LAST_WIDTH + _CHANGE_WIDTH + _TAIL_WIDTH + 4 * _GAP + 2 * _PADDING
        has_feed = width - figures - _FEED_WIDTH - _GAP >= _LEAST_NAME_WIDTH
        room = width - figures - (_FEED_WIDTH + _GAP if has_feed else 0)
        name_width = max(0, min(_NAME_WIDTH, room))
        currency = _PADDING + name_width + _GAP
        after = currency + _CURRENCY_WIDTH + _GAP
        last_end = after + (_FEED_WIDTH + _GAP if has_feed else 0) + _LAST_WIDTH
        change_end = last_end + _GAP + _CHANGE_WIDTH
        return cls(name_width, currency, after if has_feed else None, last_end, change_end, change_end + _GAP)


class SearchDelegate(QStyledItemDelegate):
    """Symbol with the match coloured, exchange, kind and name; currency, feed, last, change; where it is listed."""

    def __init__(
        self, theme: Theme, details: HitDetails, listed_in: Callable[[SearchRow], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._details = details
        self._listed_in = listed_in
        self.reload()

    def reload(self) -> None:
        """Take fonts from the theme."""
        fonts = self._theme.fonts
        self._symbol = TextMeasure(fonts.numbers("title", "medium"))
        self._base = TextMeasure(fonts.numbers("base"))
        self._strong = TextMeasure(fonts.numbers("base", "medium"))
        self._small = TextMeasure(fonts.numbers("small"))
        self._micro = TextMeasure(fonts.numbers("micro"))
        self._tags = TagPainter(self._theme)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the fixed height of a heading or a line."""
        row = self._row(index)
        return QSize(0, ROW_HEIGHT if row.instrument is not None else MORE_HEIGHT if row.more else HEADING_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one line."""
        rect: QRect = option.rect
        row = self._row(index)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if row.more:
            self._paint_ground(painter, rect, is_chosen=is_chosen)
            self._paint_more(painter, row, rect)
        elif row.instrument is None:
            self._paint_heading(painter, row, rect)
        else:
            self._paint_ground(painter, rect, is_chosen=is_chosen)
            if row.is_typed:
                self._paint_typed(painter, row, rect)
            else:
                self._paint_names(painter, row, rect)
                self._paint_figures(painter, row, rect)
            self._paint_tail(painter, row, rect, is_chosen=is_chosen)
        painter.restore()

    def _row(self, index: QModelIndex | QPersistentModelIndex) -> SearchRow:
        model = index.model()
        return model.rows[index.row()] if isinstance(model, SearchModel) else SearchRow()

    def _paint_heading(self, painter: QPainter, row: SearchRow, rect: QRect) -> None:
        painter.fillRect(rect, self._theme.colour("panel"))
        base = rect.top() + self._micro.base_line(rect.height())
        self._text(painter, self._micro, "text3", rect.left() + _PADDING, base, row.heading)
        right = rect.right() - _PADDING - self._micro.width(row.total)
        self._text(painter, self._micro, "text3", right, base, row.total)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, self._theme.colour("line"))

    def _paint_more(self, painter: QPainter, row: SearchRow, rect: QRect) -> None:
        base = rect.top() + self._small.base_line(rect.height())
        self._text(painter, self._small, "text2", rect.left() + _PADDING, base, f"{row.total} more in {row.more}")

    def _paint_ground(self, painter: QPainter, rect: QRect, *, is_chosen: bool) -> None:
        painter.fillRect(rect, self._theme.colour("selection" if is_chosen else "panel"))
        if is_chosen:
            painter.fillRect(rect.left(), rect.top(), 2, rect.height(), self._theme.colour("focus"))

    def _paint_typed(self, painter: QPainter, row: SearchRow, rect: QRect) -> None:
        if row.instrument is None:
            return
        x, top = rect.left() + _PADDING, rect.top()
        self._text(painter, self._symbol, "text1", x, top + 18, f"Add {row.instrument.symbol} as typed (US)")
        hint = "In no list known here; a feed that knows the symbol will show it"
        self._text(painter, self._small, "text2", x, top + 34, hint)

    def _paint_names(self, painter: QPainter, row: SearchRow, rect: QRect) -> None:
        instrument = row.instrument
        if instrument is None:
            return
        x, top = float(rect.left() + _PADDING), rect.top()
        spans = row.spans if row.field == "symbol" else ()
        x = self._marked(painter, self._symbol, "text1", x, top + 18, instrument.symbol, spans) + 6
        self._tags.paint(painter, [instrument.tag], x, top + 5, 18)
        x += self._tags.width([instrument.tag]) + 2
        listing = self._details.listing(instrument)
        room = Places.of(rect.width()).name_width
        facts = f"{instrument.isin}, {listing.facts}" if row.field == "isin" else listing.facts
        facts = self._elided(facts, rect.left() + _PADDING + room - x)
        self._text(painter, self._small, "text3", x, top + 18, facts)
        spans = row.spans if row.field == "name" else ()
        name = self._elided(listing.name, room)
        self._marked(painter, self._small, "text2", rect.left() + _PADDING, top + 35, name, spans)

    def _paint_figures(self, painter: QPainter, row: SearchRow, rect: QRect) -> None:
        instrument = row.instrument
        if instrument is None:
            return
        base = rect.top() + self._base.base_line(rect.height())
        places = Places.of(rect.width())
        self._text(painter, self._base, "text2", rect.left() + places.currency, base, instrument.currency)
        if places.feed is not None:
            self._paint_feed(painter, instrument, rect, rect.left() + places.feed)
        x = rect.left() + places.last_end
        snapshot = self._details.snapshot(instrument.id)
        last = last_text(snapshot, instrument)
        self._text(painter, self._strong, "text1", x - self._strong.width(last), base, last)
        x = rect.left() + places.change_end
        change = None if snapshot is None else snapshot.shown_change_pct
        text = fmt.percent(change)
        self._text(painter, self._base, self._theme.direction(change), x - self._base.width(text), base, text)

    def _paint_feed(self, painter: QPainter, instrument: Instrument, rect: QRect, x: int) -> None:
        label = self._details.feed_label(instrument.id)
        self._text(painter, self._base, "text2", x, rect.top() + self._base.base_line(rect.height()), label)
        delay = self._details.delay_tag(instrument.id)
        if delay:
            self._tags.paint(painter, [delay], x + self._base.width(label) + 6, rect.top(), rect.height())

    def _paint_tail(self, painter: QPainter, row: SearchRow, rect: QRect, *, is_chosen: bool) -> None:
        listed = self._listed_in(row)
        text = f"in list {listed}" if listed else "Enter" if is_chosen else ""
        if not text:
            return
        text = self._elided(text, rect.width() - _PADDING - Places.of(rect.width()).tail)
        base = rect.top() + self._small.base_line(rect.height())
        x = rect.right() - _PADDING - self._small.width(text)
        self._text(painter, self._small, "text3", x, base, text)
        if not listed:
            painter.setPen(self._theme.pen("lineStrong"))
            box = QRect(int(x) - 5, rect.top() + (rect.height() - 17) // 2, int(self._small.width(text)) + 10, 17)
            painter.drawRoundedRect(box, 3, 3)

    def _marked(
        self,
        painter: QPainter,
        measure: TextMeasure,
        role: Role,
        x: float,
        y: float,
        text: str,
        spans: Sequence[tuple[int, int]],
    ) -> float:
        """Draw a text with its matched parts coloured; return where it ends."""
        at = 0
        for start, end in [*spans, (len(text), len(text))]:
            pieces: tuple[tuple[str, Role], ...] = ((text[at:start], role), (text[start:end], "alert"))
            for piece, colour in pieces:
                self._text(painter, measure, colour, x, y, piece)
                x += measure.width(piece)
            at = max(at, end)
        return x

    def _elided(self, text: str, room: float) -> str:
        if self._small.width(text) <= room:
            return text
        while text and self._small.width(text + "…") > room:
            text = text[:-1].rstrip()
        return f"{text}…"

    def _text(self, painter: QPainter, measure: TextMeasure, role: Role, x: float, y: float, text: str) -> None:
        if text:
            painter.setFont(measure.font)
            painter.setPen(self._theme.colour(role))
            painter.drawText(QPointF(x, y), text)
