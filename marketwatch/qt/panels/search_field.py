"""What looks like a search field in the tool bar, and opens the search."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.painted import base_line, draw_focus
from marketwatch.qt.theme import Theme

_WIDTH = 276
_ICON = 16
_PADDING = 9
_KEY_HEIGHT = 18
_KEY_PADDING = 5
_WORDS = "Search or add a symbol"
_KEY = "Ctrl+K"


class SearchField(QAbstractButton):
    """Lens, words and the key that does the same. A click, Enter or the space bar emits `clicked`."""

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._key = QKeySequence(_KEY).toString(QKeySequence.SequenceFormat.NativeText)
        self.setText(_WORDS)
        self.setAccessibleName(_WORDS)
        self.setAccessibleDescription(self._key)
        self.setToolTip(f"{_WORDS} ({self._key})")
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedSize(_WIDTH, theme.height("control"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, self._theme.height("control"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_field(painter)
            self._paint_key(painter)
            if self.hasFocus():
                draw_focus(painter, self._theme, QRectF(self.rect()), self._theme.radius("control"))

    def _paint_field(self, painter: QPainter) -> None:
        theme, height = self._theme, self.height()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.colour("text3" if self.underMouse() else "control"), 1.0))
        painter.setBrush(theme.brush("sunken"))
        painter.drawRoundedRect(box, theme.radius("control"), theme.radius("control"))
        lens = self._icons.pixmap("search", "text2", _ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(_PADDING, (height - _ICON) / 2), lens)
        font = theme.fonts.text("control")
        painter.setFont(font)
        painter.setPen(theme.pen("text2"))
        painter.drawText(QPointF(_PADDING + _ICON + 7, base_line(theme, font, height)), _WORDS)

    def _paint_key(self, painter: QPainter) -> None:
        theme = self._theme
        font = theme.fonts.text("micro")
        width = round(theme.fonts.metrics(font).horizontalAdvance(self._key)) + 2 * _KEY_PADDING
        left, top = self.width() - 5 - width, (self.height() - _KEY_HEIGHT) // 2
        painter.setPen(QPen(theme.colour("lineStrong"), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(left + 0.5, top + 0.5, width - 1, _KEY_HEIGHT - 1), 3, 3)
        painter.setFont(font)
        painter.setPen(theme.pen("text3"))
        painter.drawText(QPointF(left + _KEY_PADDING, top + base_line(theme, font, _KEY_HEIGHT)), self._key)
