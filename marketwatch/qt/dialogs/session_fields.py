"""When silence of a feed is a fault: in which parts of the trading day, and after how long."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout, QWidget

from marketwatch.domain.feed_config import ANY_SILENCE, FeedConfig
from marketwatch.qt.dialogs.flow_layout import FlowLayout
from marketwatch.qt.dialogs.form_row import FormRow
from marketwatch.qt.models.kind_views import KindView
from marketwatch.qt.theme import Theme

_LEFT_OUT: Final = "What comes outside them from now on is not shown; the vendor’s own day volume stays as it is."
_NO_SESSION: Final = "Choose at least one session."
_RECONNECTS: Final = (
    "then reconnect. Counted only while the session is open; at other times answers to pings count as life."
)
_NEVER: Final = "no reconnect, as long as pings are answered."
_IN_SECONDS_UP_TO: Final = 150


class SessionFields(QWidget):
    """Shows sessions and patience of one draft. `edited` carries what changed of a FeedConfig, as a dict; it is empty
    while the sessions cannot be used.
    """

    edited = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = KindView(kind="", label="")
        self.boxes: dict[str, QCheckBox] = {}
        self.silence = QComboBox(self)
        self.silence.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # another kind has other words
        self._box = QWidget(self)
        self._flow = FlowLayout(self._box, 16, 8)
        self._sessions_row = FormRow(theme, "Sessions", (self._box,), parent=self)
        self._silence_row = FormRow(theme, "Silent for", (self.silence,), is_wide=False, parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._sessions_row)
        column.addWidget(self._silence_row)
        self.silence.activated.connect(self._on_silence)

    def build_for(self, kind: KindView) -> None:
        """Offer what a kind has; parts it has no choice of are hidden."""
        self._kind = kind
        self._flow.clear()
        self.boxes = {code: QCheckBox(label, self._box) for code, label in kind.sessions}
        for box in self.boxes.values():
            box.setAccessibleName(f"Session {box.text()}")
            box.clicked.connect(self._on_session)
            self._flow.addWidget(box)
            box.setVisible(True)
        self.silence.clear()
        for seconds in kind.silences:
            self.silence.addItem(silence_words(seconds), seconds)
        if kind.silences:
            self.silence.setToolTip(f"Usual for this kind of feed: {silence_words(kind.usual_silence_s)}")
        self._sessions_row.setVisible(bool(kind.sessions))
        self._silence_row.setVisible(bool(kind.silences))
        self.setVisible(bool(kind.sessions or kind.silences))

    def show_config(self, config: FeedConfig) -> None:
        """Show what a draft says, also a silence that is not among those offered."""
        chosen = self.boxes.keys() & set(config.sessions) or self.boxes.keys()
        for code, box in self.boxes.items():
            box.setChecked(code in chosen)
        self._sessions_row.set_hint(_LEFT_OUT if len(chosen) < len(self.boxes) else "")
        self._sessions_row.set_error("")
        seconds = self._kind.usual_silence_s if config.silence_s is None else config.silence_s
        if self._kind.silences and self.silence.findData(seconds) < 0:
            self.silence.addItem(silence_words(seconds), seconds)
        self.silence.setCurrentIndex(self.silence.findData(seconds))
        self._silence_row.set_hint(_NEVER if seconds == ANY_SILENCE else _RECONNECTS)

    def fields(self) -> list[QWidget]:
        """Return everything that takes the keyboard, in order."""
        return [*self.boxes.values(), self.silence]

    def problems(self) -> list[str]:
        """Return what keeps from saving."""
        return [self._sessions_row.error] if self._sessions_row.error and self.boxes else []

    def _on_session(self) -> None:
        chosen = tuple(code for code, box in self.boxes.items() if box.isChecked())
        if chosen:
            self.edited.emit({"sessions": () if len(chosen) == len(self.boxes) else chosen})
        else:
            self._sessions_row.set_error(_NO_SESSION)
            self.edited.emit({})

    def _on_silence(self) -> None:
        seconds = int(self.silence.currentData())
        self.edited.emit({"silence_s": None if seconds == self._kind.usual_silence_s else seconds})


def silence_words(seconds: int) -> str:
    """Write how long silence may last: `90 s`, `5 min`, `any time`."""
    if seconds == ANY_SILENCE:
        return "any time"
    return f"{seconds} s" if seconds <= _IN_SECONDS_UP_TO else f"{seconds / 60:g} min"
