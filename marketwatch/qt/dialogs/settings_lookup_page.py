"""Settings > Look-up: finding instruments above, the lists they come from below. Everything takes effect at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from marketwatch.instruments.lookup import Answer, LookupHit, Question
from marketwatch.qt.dialogs.lookup_masters_panel import LookupMastersPanel
from marketwatch.qt.dialogs.lookup_search_panel import LookupSearchPanel
from marketwatch.qt.dialogs.settings_page import SettingsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.master_views import HitFacts
from marketwatch.qt.theme import Theme


class LookupPage(SettingsPage):
    """Holds no drafts: `search` and `masters` tell what is asked for."""

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        look_up: Callable[[Question], Answer],
        facts_of: Callable[[LookupHit], HitFacts],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.search = LookupSearchPanel(theme, icons, look_up, facts_of, self)
        self.masters = LookupMastersPanel(theme, icons, self)
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 10, 10)
        column.setSpacing(14)
        column.addWidget(self.search, 1)
        column.addWidget(self.masters)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inside)
        for ground in (area.viewport(), inside):
            ground.setAutoFillBackground(False)  # the dialog's own ground shows
        self.area = area
        self.masters.told.connect(self.reveal)
        around = QVBoxLayout(self)
        around.setContentsMargins(16, 16, 6, 0)
        around.addWidget(area)

    def reveal(self, widget: QWidget) -> None:
        """Scroll to a part of the page that has something to say."""
        QApplication.sendPostedEvents(widget)  # it may have been shown just now, and have no place yet
        self.area.ensureWidgetVisible(widget)

    def begin(self) -> None:
        """Take the keyboard into the search."""
        self.search.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.search.field.selectAll()
