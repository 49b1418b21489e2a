"""The upper part of the details panel: symbol, name, price and day change."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from marketwatch.qt.formatting import CUT
from marketwatch.qt.models.detail_rows import HeadView
from marketwatch.qt.panels.detail_lines import MARGIN, PaintedLine
from marketwatch.qt.panels.tags import TagPainter, short_tags
from marketwatch.qt.panels.text_measure import TextMeasure
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_HEIGHT = 74
_GAP = 7
_SYMBOL_LINE, _NAME_LINE, _PRICE_LINE = 22, 39, 64


class DetailsHead(PaintedLine):
    """Painted as a whole; a price that does not fit becomes `···`, a name is shortened."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _HEIGHT, parent)
        self._tags = TagPainter(theme)
        self._view: HeadView | None = None
        self._shown: tuple[str, str] = ("", "")
        self._measure()
        theme.changed.connect(self._on_theme_changed)

    def _measure(self) -> None:
        fonts = self._theme.fonts
        self._symbol = TextMeasure(fonts.numbers("lead", "semibold"))
        self._small = TextMeasure(fonts.numbers("small"))
        self._base = TextMeasure(fonts.numbers("base"))
        self._price = TextMeasure(fonts.numbers("figure", "semibold"))
        self._change = TextMeasure(fonts.numbers("title", "medium"))

    def _on_theme_changed(self) -> None:
        self._tags.reload()
        self._measure()
        self.update()

    @property
    def view(self) -> HeadView | None:
        """What it shows."""
        return self._view

    @property
    def shown(self) -> tuple[str, str]:
        """Price and change as they were painted last."""
        return self._shown

    def show_view(self, view: HeadView) -> None:
        """Show another moment; nothing is painted when all is as it was."""
        if view == self._view:
            return
        self._view = view
        change = f", {view.change}" if view.change else ""
        self.setAccessibleName(f"{view.symbol}, {view.name or view.facts}, last {view.price}{change}")
        self.setToolTip("\n".join(part for part in (view.name, view.facts, view.tip) if part))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, _HEIGHT)

    def _paint(self, painter: QPainter) -> None:
        if self._view is not None:
            self._paint_symbol(painter, self._view)
            self._paint_price(painter, self._view)

    def _paint_symbol(self, painter: QPainter, view: HeadView) -> None:
        right = float(self.width() - MARGIN)
        tags = short_tags(view.tags)
        tags_width = self._tags.width(tags)
        self._tags.paint(painter, tags, right - tags_width + 4, 6, 20)
        room = right - tags_width - MARGIN
        symbol = self._fitted(view.symbol, self._symbol, room)
        self._draw(painter, symbol, self._symbol.font, "text1", MARGIN, _SYMBOL_LINE)
        x = MARGIN + self._symbol.width(symbol) + _GAP
        facts = self._fitted(view.facts, self._small, right - tags_width - x)
        self._draw(painter, facts, self._small.font, "text3", x, _SYMBOL_LINE)
        name = self._fitted(view.name, self._base, right - MARGIN)
        self._draw(painter, name, self._base.font, "text2", MARGIN, _NAME_LINE)

    def _fitted(self, words: str, measure: TextMeasure, room: float) -> str:
        if measure.width(words) <= room:
            return words
        metrics = self._theme.fonts.metrics(measure.font)
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0.0, room))

    def _paint_price(self, painter: QPainter, view: HeadView) -> None:
        room = float(self.width() - 2 * MARGIN)
        price = view.price if self._price.width(view.price) <= room else CUT
        self._draw(painter, price, self._price.font, view.price_role, MARGIN, _PRICE_LINE)
        x = MARGIN + self._price.width(price) + 10
        change = self._with_arrow(view)
        if self._change.width(change) > self.width() - MARGIN - x:
            change = CUT
        self._draw(painter, change, self._change.font, self._change_role(view), x, _PRICE_LINE)
        self._shown = (price, change)

    def _with_arrow(self, view: HeadView) -> str:
        if not self._theme.uses_arrows or not view.direction:
            return view.change
        return f"{'▲' if view.direction > 0 else '▼'} {view.change}"

    def _change_role(self, view: HeadView) -> Role:
        if view.direction is None:
            return "text3"
        return view.price_role if view.is_faded else self._theme.direction(view.direction)
