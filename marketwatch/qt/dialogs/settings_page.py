"""What every page of the settings has in common. Pages hold drafts; the dialog saves and discards them together."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class SettingsPage(QWidget):
    """`changed` tells that the drafts or what is wrong with them changed."""

    changed = Signal()

    @property
    def has_changes(self) -> bool:
        """Whether there is something to save."""
        return False

    @property
    def problem(self) -> str:
        """Why nothing can be saved, empty when it can."""
        return ""

    @property
    def consequence(self) -> str:
        """What saving will do beyond saving, such as `Massive will reconnect once`."""
        return ""

    @property
    def loss(self) -> str:
        """What saving takes away, such as `Massive will be removed, and the key forgotten`."""
        return ""

    def save(self) -> None:
        """Tell the world of the drafts."""

    def discard(self) -> None:
        """Go back to what was saved last, and wipe what was typed."""

    def begin(self) -> None:
        """Take the keyboard."""
        self.setFocus()
