"""The settings: pages at the left by declaration, one open at the right, one primary button. Saves nothing itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from marketwatch.qt.dialogs.settings_nav import NavEntry, SettingsNav
from marketwatch.qt.dialogs.settings_page import SettingsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.painted import repolish, set_text_role
from marketwatch.qt.theme import Theme

_SIZE = QSize(1400, 800)
_MARGIN = 24
_HEAD = 40
_FOOT = 52


class SettingsDialog(QDialog):
    """Show it with `open_over`: it never runs a loop of its own. `saved` and `closed` tell what happened."""

    saved = Signal()
    closed = Signal()

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._theme = theme
        self._icons = icons
        self._factories: dict[str, Callable[[], SettingsPage]] = {}
        self._pages: dict[str, SettingsPage] = {}
        self._is_asking = False
        self.setWindowTitle("Settings")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.nav = SettingsNav(theme, icons, self)
        self.stack = QStackedWidget(self)
        self.hint = QLabel(self)
        self.cancel = self._button("Cancel", "plain")
        self.save_button = self._button("Save", "primary")
        self.close_button = QToolButton(self)
        icons.keep(self.close_button, "close", "text2", 16)
        self._place()
        self.nav.chosen.connect(self.show_page)
        self.cancel.clicked.connect(self._on_cancel)
        self.save_button.clicked.connect(self._on_save)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(lambda _: self.closed.emit())
        theme.changed.connect(self.update)

    def _button(self, text: str, kind: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", kind)
        button.setAutoDefault(False)
        return button

    def _place(self) -> None:
        title = QLabel("Settings", self)
        title.setFont(self._theme.fonts.text("title", "semibold"))
        self.close_button.setAccessibleName("Close the settings")
        self.close_button.setToolTip("Close (Esc)")
        self.hint.setFont(self._theme.fonts.text("small"))
        self.hint.setWordWrap(True)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        set_text_role(self.hint, "text3")
        self._head = _bar(_HEAD, 16, 6, title, None, self.close_button, parent=self)
        foot = _bar(_FOOT, 16, 16, self.hint, self.cancel, self.save_button, parent=self)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.nav)
        middle.addWidget(self.stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addLayout(middle, 1)
        column.addWidget(foot)

    # --- pages

    def add_page(self, entry: NavEntry, factory: Callable[[], SettingsPage]) -> None:
        """Declare a page; `factory` makes it when it is first shown."""
        self._factories[entry.code] = factory
        self.nav.add(entry)

    def page(self, code: str) -> SettingsPage:
        """Return a page, made now if it was not yet."""
        page = self._pages.get(code)
        if page is None:
            page = self._pages[code] = self._factories[code]()
            self.stack.addWidget(page)
            page.changed.connect(self._tell)
        return page

    def show_page(self, code: str) -> None:
        """Open a page."""
        self.stack.setCurrentWidget(self.page(code))
        self.nav.choose(code)
        self._tell()

    def open_over(self, code: str) -> None:
        """Show the dialog over its parent, as large as designed or as there is room, with a page open."""
        parent = self.parentWidget()
        room = _SIZE if parent is None else parent.window().size()
        self.resize(_fitting(_SIZE.width(), room.width()), _fitting(_SIZE.height(), room.height()))
        if parent is not None:
            frame = parent.window().geometry()
            self.move(frame.center() - self.rect().center())
        self.show_page(code)
        self.open()
        self.page(code).begin()

    @property
    def has_changes(self) -> bool:
        """Whether any page has something to save."""
        return any(page.has_changes for page in self._pages.values())

    # --- closing

    def reject(self) -> None:
        """Close; asks first when something would be lost."""
        if self.has_changes and not self._is_asking:
            self._ask()
            return
        self._is_asking = False
        for page in self._pages.values():
            page.discard()
        super().reject()

    def _ask(self) -> None:
        self._is_asking = True
        self._tell()
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_cancel(self) -> None:
        if self._is_asking:  # the button now says: keep editing
            self._is_asking = False
            self._tell()
            page = self.stack.currentWidget()
            if isinstance(page, SettingsPage):
                page.begin()
            return
        self._is_asking = True  # Cancel says what it does: nobody is asked twice
        self.reject()

    def _on_save(self) -> None:
        if self._is_asking:  # the button now says: discard
            self.reject()
            return
        if any(page.problem for page in self._pages.values()):
            return
        for page in self._pages.values():
            page.save()
        self.saved.emit()
        self.accept()

    def _tell(self) -> None:
        """Say what the buttons do now."""
        pages = self._pages.values()
        problem = next((page.problem for page in pages if page.problem), "")
        consequences = " ".join(page.consequence for page in pages if page.consequence)
        if self._is_asking:
            self.hint.setText("Something was changed and not saved.")
            self.cancel.setText("Keep editing")
            self.save_button.setText("Discard changes")
            self.save_button.setEnabled(True)
        else:
            quiet = f"Changes apply when saved. {consequences}" if self.has_changes else "Nothing was changed."
            self.hint.setText(problem or quiet.strip())
            self.cancel.setText("Cancel" if self.has_changes else "Close")
            self.save_button.setText("Save and reconnect" if consequences else "Save")
            self.save_button.setEnabled(self.has_changes and not problem)
        set_text_role(self.hint, "error" if problem or self._is_asking else "text3")
        repolish(self.save_button)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self.save_button.isEnabled() and not self._is_asking:
                self._on_save()
            return
        if is_enter:
            event.accept()  # Enter in a field must not save the whole dialog by surprise
            button = self.focusWidget()
            if isinstance(button, QPushButton):
                button.click()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.position().y() < _HEAD and event.button() == Qt.MouseButton.LeftButton:
            self.windowHandle().startSystemMove()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, bottom = self._theme, self.height() - _FOOT - 1
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme.brush("panel"))
            painter.fillRect(0, 0, self.width(), _HEAD, theme.brush("raised"))
            painter.fillRect(0, bottom, self.width(), _FOOT + 1, theme.brush("raised"))
            painter.fillRect(0, _HEAD, self.width(), 1, theme.brush("line"))
            painter.fillRect(0, bottom, self.width(), 1, theme.brush("line"))
            painter.setPen(theme.pen("lineStrong"))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))


def _fitting(wanted: int, room: int) -> int:
    return min(wanted, room if room < 1000 else room - 2 * _MARGIN)


def _bar(height: int, left: int, right: int, *parts: QWidget | None, parent: QWidget) -> QWidget:
    """Put widgets side by side; None is a stretch, and without one the first widget takes the room."""
    bar = QWidget(parent)
    bar.setFixedHeight(height)
    row = QHBoxLayout(bar)
    row.setContentsMargins(left, 0, right, 0)
    row.setSpacing(8)
    for number, part in enumerate(parts):
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part, 1 if number == 0 and None not in parts else 0)
    return bar
