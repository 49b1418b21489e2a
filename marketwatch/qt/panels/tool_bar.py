"""The tool bar under the menu: search at left, themes and notices at right."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.panels.search_field import SearchField
from marketwatch.qt.theme import Theme


class ToolBar(QWidget):
    """Says what was asked for; does nothing itself."""

    search_requested = Signal()
    theme_requested = Signal()
    notices_requested = Signal()
    open_requested = Signal()
    settings_requested = Signal()

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._field = SearchField(theme, icons, self)
        self._field.clicked.connect(self.search_requested)
        self._notices = self._button("Notices", "bell", self.notices_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 1)
        row.setSpacing(theme.space(3))
        row.addWidget(self._field)
        row.addWidget(self._button("Open recording", "play", self.open_requested))
        row.addStretch(1)
        row.addWidget(self._notices)
        row.addWidget(self._button("Settings", "gear", self.settings_requested))
        self._switch = self._button("Light theme", "sun", self.theme_requested)
        row.addWidget(self._switch)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_notices(self, count: int) -> None:
        """Say how many notices have not been looked at."""
        self._notices.setText(f"Notices {count}" if count else "Notices")
        many = "notice" if count == 1 else "notices"
        self._notices.setAccessibleName(f"Notices, {count} not looked at" if count else "Notices")
        self._notices.setToolTip(f"{count} {many} not looked at" if count else "Show the notices")
        self._icons.keep(self._notices, "bell", "alert" if count else "text2")

    def search_bottom(self) -> int:
        """Return the lower edge of the search field within the window."""
        return self._field.mapTo(self.window(), self._field.rect().bottomLeft()).y()

    def _button(self, text: str, icon: IconName, signal: SignalInstance) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(16, 16))
        button.setFixedHeight(self._theme.height("control"))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons.keep(button, icon)
        button.clicked.connect(signal)
        return button

    def _on_theme_changed(self) -> None:
        is_dark = self._theme.is_dark
        self._switch.setText("Light theme" if is_dark else "Dark theme")
        self._icons.keep(self._switch, "sun" if is_dark else "moon")
