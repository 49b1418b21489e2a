"""The settings: pages at the left by declaration, one open at the right, one primary button. Saves nothing itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QWidget

from marketwatch.qt.dialogs.settings_nav import NavEntry, SettingsNav
from marketwatch.qt.dialogs.settings_page import SettingsPage
from marketwatch.qt.dialogs.sheet import Sheet
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.painted import repolish, set_text_role
from marketwatch.qt.theme import Theme

_SIZE = QSize(1400, 800)


class SettingsDialog(Sheet):
    """Show it with `open_over`: it never runs a loop of its own. `saved` and `closed` tell what happened."""

    saved = Signal()
    closed = Signal()

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(theme, icons, "Settings", parent)
        self._factories: dict[str, Callable[[], SettingsPage]] = {}
        self._pages: dict[str, SettingsPage] = {}
        self._is_asking = False
        self.nav = SettingsNav(theme, icons, self.body)
        self.stack = QStackedWidget(self.body)
        middle = QHBoxLayout(self.body)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.nav)
        middle.addWidget(self.stack, 1)
        self.cancel = self.add_button("Cancel", "plain")
        self.save_button = self.add_button("Save", "primary")
        self.close_button.setAccessibleName("Close the settings")
        for button in (self.cancel, self.save_button):  # by way of Cancel: in the ring it follows Save already
            QWidget.setTabOrder(button, self.close_button)
        self.nav.chosen.connect(self.show_page)
        self.cancel.clicked.connect(self._on_cancel)
        self.save_button.clicked.connect(self._on_save)
        self.finished.connect(lambda _: self.closed.emit())

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
        self.show_page(code)
        self.open_sized(_SIZE)
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
        losses = " ".join(page.loss for page in pages if page.loss)
        if self._is_asking:
            self.hint.setText("Something was changed and not saved.")
            self.cancel.setText("Keep editing")
            self.save_button.setText("Discard changes")
            self.save_button.setEnabled(True)
        else:
            told = " ".join(part for part in ("Changes apply when saved.", losses, consequences) if part)
            self.hint.setText(problem or (told if self.has_changes else "Nothing was changed."))
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
