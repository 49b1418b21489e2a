"""The list of feeds in the settings: shape, name, state in words, tag and switch in each row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from marketwatch.domain.feed_config import FeedConfig
from marketwatch.qt.models.feed_settings_model import CONFIG_ROLE, NOTES_ROLE, STATE_ROLE, FeedListModel, FeedStateView
from marketwatch.qt.panels.feed_pill import PillShape, draw_shape
from marketwatch.qt.panels.painted import base_line, draw_focus
from marketwatch.qt.panels.switch import SWITCH, draw_switch
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

ROW = 52
WIDTH = 318
_LEFT = 10
_TEXT = 26
_TAG_HEIGHT = 14
_Index = QModelIndex | QPersistentModelIndex


class FeedDelegate(QStyledItemDelegate):
    """Paints a row; a click on the switch turns the feed on or off."""

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(WIDTH, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme, rect = self._theme, QRectF(option.rect)
        config: FeedConfig = index.data(CONFIG_ROLE)
        state: FeedStateView = index.data(STATE_ROLE)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_focused = is_selected and self._view.hasFocus()
        painter.save()
        ground: Role = "selection" if is_selected else "panel"
        painter.fillRect(rect, theme.brush(ground))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), theme.brush("line"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape_at = QPointF(rect.left() + _LEFT, rect.center().y() - 4)
        draw_shape(painter, theme, state.shape, shape_at)
        draw_switch(painter, theme, switch_rect(rect).topLeft(), is_on=config.enabled)
        right = switch_rect(rect).left() - 8
        if state.tag:
            right = self._draw_tag(painter, rect, right, state) - 8
        self._draw_text(painter, rect, right, config.name, index.data(NOTES_ROLE))
        if is_focused:
            draw_focus(painter, theme, rect.adjusted(0, 0, 0, -1), 2)
        painter.restore()

    def _draw_text(self, painter: QPainter, rect: QRectF, right: float, name: str, notes: Sequence[str]) -> None:
        theme = self._theme
        width = right - rect.left() - _TEXT
        small = theme.fonts.metrics(theme.fonts.numbers("small"))
        note = next((one for one in notes if small.horizontalAdvance(one) <= width), notes[-1])
        lines: tuple[tuple[str, bool, Role, int], ...] = ((name, True, "text1", 9), (note, False, "text3", 25))
        for text, is_name, role, top in lines:
            font = theme.fonts.numbers("base", "medium") if is_name else theme.fonts.numbers("small")
            shown = theme.fonts.metrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.setFont(font)
            painter.setPen(theme.pen(role))
            painter.drawText(QPointF(rect.left() + _TEXT, rect.top() + top + base_line(theme, font, 16)), shown)

    def _draw_tag(self, painter: QPainter, rect: QRectF, right: float, state: FeedStateView) -> float:
        theme = self._theme
        font = theme.fonts.numbers("tag", "medium")
        width = theme.fonts.metrics(font).horizontalAdvance(state.tag) + 7
        box = QRectF(
            round(right - width) + 0.5, round(rect.center().y() - _TAG_HEIGHT / 2) + 0.5, width, _TAG_HEIGHT - 1
        )
        ink, ground = _TAG_ROLES.get(state.shape, ("text3", "panel"))
        painter.setPen(theme.pen(ink))
        painter.setBrush(theme.brush(ground))
        painter.drawRoundedRect(box, 2, 2)
        painter.setFont(font)
        painter.drawText(QPointF(box.left() + 3.5, box.top() + base_line(theme, font, box.height())), state.tag)
        return box.left()

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            area = switch_rect(QRectF(option.rect)).adjusted(-6, -12, 6, 12)
            if area.contains(event.position()):
                toggle(model, index)
                return True
        return False  # no more: a key or a double click elsewhere must not turn a feed off


_TAG_ROLES: dict[PillShape, tuple[Role, Role]] = {
    PillShape.DIAMOND: ("delayed", "delayedTint"),
    PillShape.TRIANGLE: ("error", "errorTint"),
    PillShape.OPEN: ("alert", "alertTint"),
    PillShape.SQUARE: ("simulated", "simulatedTint"),
}


def switch_rect(rect: QRectF) -> QRectF:
    """Return where the switch of a row is."""
    return QRectF(
        rect.right() - _LEFT - SWITCH.width(), rect.center().y() - SWITCH.height() / 2, SWITCH.width(), SWITCH.height()
    )


def toggle(model: QAbstractItemModel, index: _Index) -> None:
    """Turn a feed on or off."""
    is_on = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Checked
    new = Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked
    model.setData(index, new, Qt.ItemDataRole.CheckStateRole)


class FeedListView(QListView):
    """Arrow keys choose; Space switches, F2 renames, Delete removes, Ctrl+Z brings back, Alt with an arrow moves."""

    feed_chosen = Signal(int)
    rename_requested = Signal()
    remove_requested = Signal()
    move_requested = Signal(int)
    undo_requested = Signal()

    def __init__(self, theme: Theme, model: FeedListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(FeedDelegate(theme, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Feeds")
        theme.changed.connect(self.viewport().update)

    def currentChanged(self, current: _Index, previous: _Index) -> None:
        super().currentChanged(current, previous)
        self.feed_chosen.emit(current.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_requested.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Space and self.currentIndex().isValid():
            toggle(self.model(), self.currentIndex())
        elif key == Qt.Key.Key_F2:
            self.rename_requested.emit()
        elif key == Qt.Key.Key_Delete:
            self.remove_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.undo_requested.emit()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 2, ROW * max(1, self.model().rowCount()))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, ROW)
