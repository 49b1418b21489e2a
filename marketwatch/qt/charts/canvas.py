"""The widget that shows one chart: paints it, moves it, and answers mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QPushButton, QWidget

from marketwatch.qt import formatting
from marketwatch.qt.charts.frame import PRICE_AXIS_PX, Frame, Layout
from marketwatch.qt.charts.gestures import Gestures, Zone, zone_at
from marketwatch.qt.charts.legend import ChartTitle
from marketwatch.qt.charts.model import Change, ChartModel
from marketwatch.qt.charts.overlay import Crosshair, PriceLines
from marketwatch.qt.charts.picture import ChartPicture, Shown, paint_message
from marketwatch.qt.charts.typed_interval import TypedInterval
from marketwatch.qt.charts.viewport import Viewport
from marketwatch.qt.theme import Theme

VOLUME_PX = 88
_AXIS_TEXT_ROOM = 16
_KEY_ZOOM = 1.25
_COUNTDOWN_MS = 1000
_NS_PER_S = 1e9
_BUTTON_INSET = 10

NowNs = Callable[[], int | None]


class ChartCanvas(QWidget):
    """Shows a ChartModel. Data is pushed in with `refresh`; nothing is painted while hidden.

    `now_ns` is the market time of the shown instrument; while it stands still (a paused replay) so does the countdown.
    """

    view_changed = Signal()
    interval_typed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = Viewport()
        self.volume_px = VOLUME_PX
        self.now_ns: NowNs = lambda: None
        self._theme = theme
        self._picture: ChartPicture | None = None
        self._message = ("", "")
        self._axis_px = PRICE_AXIS_PX
        self._gestures = Gestures(self.viewport, self._set_volume_px)
        self._typed = TypedInterval()
        self._drawn_version = -1
        self._countdown = QTimer(self)
        self._countdown.setInterval(_COUNTDOWN_MS)
        self._countdown.timeout.connect(self._on_second)
        self._latest = QPushButton("To latest", self)
        self._latest.setToolTip("Show the latest bar (End)")
        self._latest.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._latest.hide()
        self._latest.clicked.connect(self.to_latest)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Chart")
        self.setMinimumSize(240, 160)
        theme.changed.connect(self.update)

    # Content

    @property
    def picture(self) -> ChartPicture | None:
        """What is drawn, None without bars to draw."""
        return self._picture

    @property
    def crosshair_row(self) -> int | None:
        """Bar under the crosshair."""
        crosshair = self._picture.shown.crosshair if self._picture is not None else None
        return None if crosshair is None else crosshair.row

    def show_model(self, model: ChartModel, title: ChartTitle) -> None:
        """Show other bars from their end on, with the zoom as it is."""
        self._picture = ChartPicture(model, Shown(title, PriceLines()), self.viewport, self._theme)
        self.viewport.manual = None
        self.viewport.set_count(model.columns.count)
        self.viewport.to_latest()
        self._measure_axis()
        self._after_data()
        self.setAccessibleName(f"Chart of {title.instrument.symbol}, {title.interval_words}")

    def show_message(self, title: str, detail: str) -> None:
        """Say why there are no bars; shown only while there are none."""
        if (title, detail) != self._message:
            self._message = (title, detail)
            self.update()

    def clear(self) -> None:
        """Show nothing but the message."""
        self._picture = None
        self._countdown.stop()
        self._latest.hide()
        self.setAccessibleName("Chart")
        self.update()

    def set_title(self, title: ChartTitle) -> None:
        """Change the words about source and state."""
        if self._picture is not None and self._picture.shown.title != title:
            self._picture.shown.title = title
            self.update()

    def refresh(self, last: float | None, previous_close: float | None, *, is_live: bool = True) -> None:
        """Read what changed in the bars and repaint just that; `last` and `previous_close` have lines of their own."""
        picture = self._picture
        if picture is None:
            return
        change = picture.model.update()
        old = picture.shown.lines
        is_up = last is None or last >= (previous_close if previous_close is not None else self._last_open(picture))
        picture.shown.lines = PriceLines(last, is_up, old.countdown, previous_close, is_live)
        if change is Change.MORE:
            self._take_rows(picture)
            self._after_data()
            return
        self._update_countdown()
        moved = (old.previous_close, old.is_live) != (previous_close, is_live)
        if moved or self._is_new_frame_due(picture):
            self.update()
        elif change is Change.LAST_BAR or old != picture.shown.lines:
            self.update(picture.last_bar_region(self._frame(picture), old))

    def to_latest(self) -> None:
        """Show the latest bar."""
        self.viewport.to_latest()
        self._after_view()

    def reset_view(self) -> None:
        """Latest bar, default zoom, automatic scales."""
        self.viewport.reset()
        self.volume_px = VOLUME_PX
        self._after_view()

    def set_auto_price(self, *, is_auto: bool) -> None:
        """Let the price axis follow the bars, or hold it where it is."""
        if is_auto:
            self.viewport.auto_price()
        elif self._picture is not None:
            self.viewport.set_manual(self._frame(self._picture).scale)
        self._after_view()

    def set_crosshair(self, crosshair: Crosshair | None) -> None:
        """Move the crosshair, or take it away."""
        if self._picture is not None and self._picture.shown.crosshair != crosshair:
            self._picture.shown.crosshair = crosshair
            self.update()

    def spoken(self) -> str:
        """Return the bar under the crosshair, or the last one, as one sentence."""
        picture = self._picture
        if picture is None or not picture.model.columns.count:
            return " ".join(self._message)
        row = picture.row()
        is_last = row == picture.model.columns.count - 1
        return picture.reader.spoken(row, is_forming=is_last and picture.shown.is_forming)

    def layout_px(self) -> Layout:
        """Return where panes and axes are."""
        return Layout(self.width(), self.height(), self._axis_px, self.volume_px)

    def sizeHint(self) -> QSize:
        return QSize(662, 580)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            picture = self._picture
            if picture is not None and picture.model.columns.count:
                picture.paint(painter, self._frame(picture), event.region())
                self._drawn_version = self.viewport.version
            else:
                painter.fillRect(self.rect(), self._theme.brush("panel"))
                paint_message(painter, self._theme, self.rect(), *self._message)
                if picture is not None:
                    picture.paint_title(painter, self.width())
            if self._typed.text:
                self._paint_typed(painter)

    def _paint_typed(self, painter: QPainter) -> None:
        box = self.rect().adjusted(self.width() // 2 - 90, 60, 0, 0)
        box.setSize(QSize(180, 34))
        painter.setPen(self._theme.pen("focus"))
        painter.setBrush(self._theme.brush("raised"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self._theme.pen("text1"))
        painter.setFont(self._theme.fonts.numbers("control"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._typed.prompt)

    def _frame(self, picture: ChartPicture) -> Frame:
        return picture.frame(self.layout_px(), self.devicePixelRatioF())

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.viewport.set_width(float(self.layout_px().plot_width))
        self._place_button()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._after_data()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._countdown.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.set_crosshair(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._typed.clear():
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._has_bars() and event.button() is Qt.MouseButton.LeftButton and self._picture is not None:
            self._gestures.press(event.position(), self._frame(self._picture))
            if zone_at(self.layout_px(), event.position()) is Zone.PLOT:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._has_bars():
            return
        point, layout = event.position(), self.layout_px()
        if self._gestures.is_dragging:
            self._gestures.move(point)
            self._after_view()
        zone = zone_at(layout, point)
        if not self._gestures.is_dragging:
            self.setCursor(zone.value)
        row = self.viewport.row_at(point.x()) if zone is Zone.PLOT else None
        self.set_crosshair(None if row is None else Crosshair(row, point.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._gestures.release()
        self.setCursor(zone_at(self.layout_px(), event.position()).value)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._gestures.double_click(event.position(), self.layout_px())
        self._after_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        if self._has_bars() and self._picture is not None and not delta.isNull():
            self._gestures.wheel(event.position(), self._frame(self._picture), delta.x(), delta.y())
            self._after_view()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._type(event) or (self._has_bars() and self._move_by_key(event)):
            event.accept()
        else:
            super().keyPressEvent(event)

    # Keyboard

    def _type(self, event: QKeyEvent) -> bool:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._typed.text:
            label = self._typed.take()
            self.update()
            if label is not None:
                self.interval_typed.emit(label)
            return True
        if event.key() == Qt.Key.Key_Escape and self._typed.clear():
            self.update()
            return True
        taken = self._typed.type(event.text(), is_delete=event.key() == Qt.Key.Key_Backspace)
        if taken:
            self.update()
        return taken

    def _move_by_key(self, event: QKeyEvent) -> bool:
        key, control = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key))
        if step is not None and control:
            self.viewport.page(step)
            self._after_view()
        elif step is not None:
            self._step_crosshair(step)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom_by_key(_KEY_ZOOM)
        elif key == Qt.Key.Key_Minus:
            self._zoom_by_key(1 / _KEY_ZOOM)
        elif key == Qt.Key.Key_End:
            self.to_latest()
        elif key == Qt.Key.Key_Home:
            self.viewport.reveal(0)
            self._after_view()
        elif key == Qt.Key.Key_Escape and self.crosshair_row is not None:
            self.set_crosshair(None)
        else:
            return False
        return True

    def _step_crosshair(self, step: int) -> None:
        last = self.viewport.count - 1
        here = self.crosshair_row
        row = last if here is None else min(last, max(0, here + step))
        self.viewport.reveal(row)
        self.set_crosshair(Crosshair(row))
        self._after_view()
        self.setAccessibleDescription(self.spoken())
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.spoken()))

    def _zoom_by_key(self, factor: float) -> None:
        here = self.crosshair_row
        x = self.viewport.width if here is None else self.viewport.x_of(here + 0.5)
        self.viewport.zoom_time(factor, min(max(x, 0.0), self.viewport.width))
        self._after_view()

    # Bookkeeping

    def _has_bars(self) -> bool:
        return self._picture is not None and self._picture.model.columns.count > 0

    def _last_open(self, picture: ChartPicture) -> float:
        columns = picture.model.columns
        return float(columns.open[columns.count - 1]) if columns.count else 0.0

    def _is_new_frame_due(self, picture: ChartPicture) -> bool:
        return self._drawn_version != self.viewport.version or not picture.is_kept_good(self._frame(picture))

    def _take_rows(self, picture: ChartPicture) -> None:
        picture.closed_version += 1
        model = picture.model
        if model.trimmed:
            self.viewport.drop_oldest(model.trimmed)
        self.viewport.set_count(model.columns.count)
        crosshair = picture.shown.crosshair
        if crosshair is not None and model.trimmed:
            self.set_crosshair(Crosshair(max(0, crosshair.row - model.trimmed), crosshair.y))

    def _after_data(self) -> None:
        self._update_countdown()
        self._measure_axis()
        self._show_button()
        self.update()

    def _after_view(self) -> None:
        self._show_button()
        self.update()
        self.view_changed.emit()

    def _measure_axis(self) -> None:
        """Widen the price axis where prices need it: a number is never cut."""
        picture = self._picture
        if picture is None or not picture.model.columns.count:
            return
        extremes = picture.model.pyramid.price_range(0, picture.model.columns.count)
        text = max((picture.reader.price(price) for price in extremes or ()), key=len, default="")
        metrics = self._theme.fonts.metrics(self._theme.fonts.numbers("small", "semibold"))
        needed = max(PRICE_AXIS_PX, int(metrics.horizontalAdvance(text)) + _AXIS_TEXT_ROOM)
        if needed != self._axis_px:
            self._axis_px = needed
            self.viewport.set_width(float(self.layout_px().plot_width))

    def _update_countdown(self) -> None:
        picture = self._picture
        if picture is None:
            return
        left = picture.model.forming_left_ns(self.now_ns())
        shown = picture.shown
        shown.is_forming = left is not None
        text = "" if left is None else formatting.countdown(left / _NS_PER_S)
        lines = shown.lines
        shown.lines = PriceLines(lines.last, lines.is_up, text, lines.previous_close, lines.is_live)
        if left is not None and self.isVisible():
            if not self._countdown.isActive():
                self._countdown.start()
        else:
            self._countdown.stop()

    def _on_second(self) -> None:
        picture = self._picture
        if picture is None:
            return
        was_forming, old = picture.shown.is_forming, picture.shown.lines
        self._update_countdown()
        if was_forming != picture.shown.is_forming:
            self.update()
        elif old != picture.shown.lines:
            self.update(self.layout_px().price_axis)

    def _set_volume_px(self, height: int) -> None:
        self.volume_px = min(height, max(0, self.height() // 2))

    def _show_button(self) -> None:
        is_wanted = self._has_bars() and not self.viewport.is_at_end
        if is_wanted != self._latest.isVisibleTo(self):
            self._latest.setVisible(is_wanted)
            self._place_button()

    def _place_button(self) -> None:
        layout = self.layout_px()
        self._latest.adjustSize()
        corner = QPoint(layout.plot_width, layout.price_height) - QPoint(_BUTTON_INSET, _BUTTON_INSET)
        self._latest.move(corner - QPoint(self._latest.width(), self._latest.height()))
