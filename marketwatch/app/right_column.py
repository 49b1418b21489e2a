"""The right column: details of the chosen instrument, and the notices with the count of those not looked at."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.models.notices_model import NoticesModel
from marketwatch.qt.panels.details_panel import DetailsPanel, DetailsSource
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.panels.notices_panel import NoticesPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.notices import Notice, NoticeLog


class RightColumn(QObject):
    """Builds both panels into their docks. `unseen_changed` carries how many notices nobody has looked at."""

    unseen_changed = Signal(int)

    def __init__(
        self, theme: Theme, icons: IconSet, window: MainWindow, market: DetailsSource, notices: NoticeLog
    ) -> None:
        super().__init__(window)
        self._window = window
        self._log = notices
        self._unseen = len(notices)
        self.details = DetailsPanel(theme, icons, market)
        details_head = DockHead(theme, icons, has_link=True)
        details_head.set_link(1)
        details_head.set_tabs([HeadTab("Details")])
        window.add_panel("details", "Details", self.details, details_head)
        self.notices_model = NoticesModel(notices)
        self.notices = NoticesPanel(theme, icons, self.notices_model)
        self._notices_head = DockHead(theme, icons)
        window.add_panel("notices", "Notices", self.notices, self._notices_head)
        self.details.shown.connect(lambda symbol: details_head.set_tabs([HeadTab("Details", symbol)]))
        window.panel_revealed.connect(self._on_revealed)
        notices.subscribe(self._on_added, self._on_repeated)
        self._show_count()

    def show_notices(self) -> None:
        """Bring the notices to the front; all of them count as seen."""
        self._window.show_panel("notices", is_shown=True)
        self._window.focus_panel("notices")
        self._set_unseen(0)

    def stop(self) -> None:
        """Let go of the notices."""
        self._log.unsubscribe(self._on_added, self._on_repeated)

    def _on_added(self, _notice: Notice) -> None:
        self._set_unseen(self._unseen + 1)

    def _on_repeated(self, _notice: Notice) -> None:
        """The same again is no further notice."""

    def _set_unseen(self, count: int) -> None:
        self._unseen = count
        self._show_count()
        self.unseen_changed.emit(count)

    def _show_count(self) -> None:
        count = len(self._log)
        self._notices_head.set_tabs([HeadTab("Notices", f"{count}" if count else "")])

    def _on_revealed(self, name: str) -> None:
        if name == "details":
            self.details.refresh()
