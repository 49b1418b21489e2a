"""One line of a form: label of 116 px, the field, and a hint, warning or error that never gets cut."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme

LABEL_WIDTH = 116
_HEIGHT = 28


class FormRow(QWidget):
    """The hint stands beside a narrow field where there is room, else below; errors stand below."""

    def __init__(
        self,
        theme: Theme,
        label: str,
        widgets: Sequence[QWidget],
        *,
        is_wide: bool = True,
        buddy: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_wide = is_wide
        self._hint_text, self._message, self._role = "", "", "error"
        self._widgets = widgets
        self._label = QLabel(label, self)
        self._label.setFixedWidth(LABEL_WIDTH)
        self._label.setBuddy(buddy or widgets[0])
        set_text_role(self._label, "text2")
        self._beside = self._note()
        self._below = self._note()
        self._below.setWordWrap(True)
        line = QHBoxLayout()
        line.setSpacing(8)
        for number, widget in enumerate(widgets):
            line.addWidget(widget, 1 if is_wide and number == 0 else 0)
            if not widget.accessibleName():
                widget.setAccessibleName(label)
        line.addWidget(self._beside)
        if not is_wide:
            line.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._label, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(line, 0, 1)
        grid.addWidget(self._below, 1, 1)
        self._label.setMinimumHeight(_HEIGHT)
        self._write()

    def _note(self) -> QLabel:
        note = QLabel(self)
        note.setFont(self._theme.fonts.text("small"))
        note.setTextFormat(Qt.TextFormat.PlainText)
        set_text_role(note, "text3")
        note.hide()
        return note

    @property
    def error(self) -> str:
        """What keeps from saving, empty for nothing."""
        return self._message if self._role == "error" else ""

    def set_hint(self, text: str) -> None:
        """Say something quietly."""
        self._hint_text = text
        self._write()

    def set_error(self, text: str) -> None:
        """Say what is wrong, or that nothing is."""
        self._message, self._role = text, "error"
        self._write()

    def set_warning(self, text: str) -> None:
        """Say what is risky but allowed."""
        self._message, self._role = text, "alert"
        self._write()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def _write(self) -> None:
        is_beside = bool(self._hint_text) and not self._is_wide and self._has_room()
        self._beside.setText(self._hint_text if is_beside else "")
        self._beside.setVisible(is_beside)
        text = self._message or ("" if is_beside else self._hint_text)
        set_text_role(self._below, ("error" if self._role == "error" else "alert") if self._message else "text3")
        self._below.setText(text)
        self._below.setVisible(bool(text))
        self._widgets[0].setAccessibleDescription(self._message or self._hint_text)

    def _has_room(self) -> bool:
        needed = self._theme.fonts.metrics(self._beside.font()).horizontalAdvance(self._hint_text)
        fields = sum(widget.sizeHint().width() for widget in self._widgets)
        return LABEL_WIDTH + fields + 24 + needed <= self.width()
