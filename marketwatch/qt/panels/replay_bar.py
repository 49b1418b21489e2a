"""The controls of a replayed session, under the bar that marks it. Violet as long as the session is."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QWidget

from marketwatch.qt import time_text
from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

HEIGHT = 32
SPEEDS: tuple[float | None, ...] = (0.5, 1.0, 2.0, 5.0, 10.0, 50.0, None)
_NS = 1_000_000_000
_STEP_S = 60
_PAGE_S = 900
# Holding an arrow key down asks for one seek, not for thirty a second.
_KEYS_SETTLE_MS = 180


class ReplayView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a replay is. `speed` None is as fast as it goes; `seek_progress` 0 to 1 while a seek is under way."""

    start_ns: int
    end_ns: int
    position_ns: int
    zone: str
    speed: float | None = 1.0
    is_playing: bool = True
    is_finished: bool = False
    seek_progress: float | None = None


def speed_text(speed: float | None) -> str:
    """Write a speed: `10×`, `max`."""
    return "max" if speed is None else f"{speed:g}×"


class ReplayBar(QWidget):
    """Shows a ReplayView and says what the user wants; it changes nothing by itself.

    `speed_chosen` carries a float or None (as fast as it goes), `seek_requested` an instant in ns UTC.
    """

    play_requested = Signal()
    pause_requested = Signal()
    restart_requested = Signal()
    speed_chosen = Signal(object)
    seek_requested = Signal(object)

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._view: ReplayView | None = None
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Replay")
        self._play = self._button("Pause", "pause", self._on_play_clicked)
        self._restart = self._button("Restart from the beginning", "restart", self.restart_requested.emit)
        self._speeds = self._speed_box()
        self._slider = self._make_slider()
        self._starts, self._ends = self._label("text2"), self._label("text2")
        self._position = self._label("text1")
        self._note = self._label("simulated")
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_KEYS_SETTLE_MS)
        self._settle.timeout.connect(self._emit_seek)
        self._place()
        theme.changed.connect(self.update)

    def _place(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(6)
        layout.addWidget(self._restart)
        layout.addWidget(self._play)
        layout.addWidget(self._speeds)
        layout.addSpacing(6)
        layout.addWidget(self._position)
        layout.addSpacing(6)
        layout.addWidget(self._starts)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._ends)
        layout.addSpacing(6)
        layout.addWidget(self._note)
        metrics = self._theme.fonts.metrics(self._theme.fonts.numbers("small"))
        self._note.setMinimumWidth(int(metrics.horizontalAdvance("moving to the time, 100%")) + 2)

    def _button(self, name: str, icon: IconName, on_click: object) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("small", True)
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(28, self._theme.height("controlSmall"))
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._icons.keep(button, icon, "text1")
        button.clicked.connect(on_click)
        return button

    def _speed_box(self) -> QComboBox:
        box = QComboBox(self)
        box.setProperty("small", True)
        box.setFixedHeight(self._theme.height("controlSmall"))
        box.setMinimumWidth(66)
        box.setAccessibleName("Speed")
        box.setToolTip("How fast the session is replayed")
        for speed in SPEEDS:
            box.addItem(speed_text(speed), speed)
        box.activated.connect(lambda index: self.speed_chosen.emit(box.itemData(index)))
        return box

    def _make_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setAccessibleName("Time of the session")
        slider.setSingleStep(_STEP_S)
        slider.setPageStep(_PAGE_S)
        slider.setMinimumWidth(120)
        slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        slider.sliderMoved.connect(self._on_slider_moved)
        slider.sliderReleased.connect(self._emit_seek)
        slider.actionTriggered.connect(self._on_slider_action)
        return slider

    def _label(self, role: str) -> QLabel:
        label = QLabel(self)
        label.setFont(self._theme.fonts.numbers("small", "medium" if role == "text1" else "regular"))
        if role == "simulated":
            set_text_role(label, "simulated")
        elif role == "text2":
            set_text_role(label, "text2")
        return label

    # --- showing

    def set_view(self, view: ReplayView) -> None:
        """Show where the replay is; a slider that the user holds stays in the hand."""
        before = self._view
        self._view = view
        if before is None or (before.start_ns, before.end_ns, before.zone) != (view.start_ns, view.end_ns, view.zone):
            self._show_session(view)
        if before is None or before.is_playing != view.is_playing or before.is_finished != view.is_finished:
            self._show_playing(view)
        if before is None or before.speed != view.speed:
            self._show_speed(view.speed)
        if not self._is_held():
            self._slider.setValue((view.position_ns - view.start_ns) // _NS)
            self._show_position(view.position_ns)
        self._note.setText(_note(view))

    def _show_session(self, view: ReplayView) -> None:
        self._slider.setRange(0, max(1, (view.end_ns - view.start_ns) // _NS))
        self._starts.setText(time_text.short_time(view.start_ns, view.zone))
        self._ends.setText(time_text.short_time(view.end_ns, view.zone))
        metrics = self._theme.fonts.metrics(self._position.font())
        widest = max(metrics.horizontalAdvance(_position_text(at, view.zone)) for at in (view.start_ns, view.end_ns))
        self._position.setFixedWidth(int(widest) + 4)

    def _show_playing(self, view: ReplayView) -> None:
        can_pause = view.is_playing and not view.is_finished
        name = "Pause" if can_pause else "Play"
        self._icons.keep(self._play, "pause" if can_pause else "play", "text1")
        self._play.setAccessibleName(name)
        self._play.setToolTip(name)
        self._play.setEnabled(not view.is_finished)

    def _show_speed(self, speed: float | None) -> None:
        index = next((i for i in range(self._speeds.count()) if self._speeds.itemData(i) == speed), -1)
        if index < 0:
            self._speeds.addItem(speed_text(speed), speed)
            index = self._speeds.count() - 1
        self._speeds.setCurrentIndex(index)

    def _show_position(self, position_ns: int) -> None:
        if self._view is not None:
            text = _position_text(position_ns, self._view.zone)
            self._position.setText(text)
            self._slider.setAccessibleDescription(text)

    def _is_held(self) -> bool:
        return self._slider.isSliderDown() or self._settle.isActive()

    # --- asking

    def _on_play_clicked(self) -> None:
        if self._view is not None and self._view.is_playing:
            self.pause_requested.emit()
        else:
            self.play_requested.emit()

    def _on_slider_moved(self, seconds: int) -> None:
        if self._view is not None:
            self._show_position(self._view.start_ns + seconds * _NS)

    def _on_slider_action(self, action: int) -> None:
        if action == QSlider.SliderAction.SliderMove.value:
            return
        self._on_slider_moved(self._slider.sliderPosition())
        self._settle.start()

    def _emit_seek(self) -> None:
        self._settle.stop()
        if self._view is not None:
            self.seek_requested.emit(self._view.start_ns + self._slider.sliderPosition() * _NS)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("simulatedTint"))
            painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.brush("simulatedFill"))
            view = self._view
            if view is not None and view.seek_progress is not None:
                width = round(self.width() * view.seek_progress)
                painter.fillRect(0, self.height() - 3, width, 3, self._theme.brush("simulated"))


def _position_text(position_ns: int, zone: str) -> str:
    day = time_text.full_day(position_ns, zone)
    return f"{day} {time_text.clock_time(position_ns, zone)} {time_text.zone_name(zone, position_ns)}"


def _note(view: ReplayView) -> str:
    if view.seek_progress is not None:
        return f"moving to the time, {view.seek_progress:.0%}"
    if view.is_finished:
        return "end of the session"
    return "" if view.is_playing else "paused"
