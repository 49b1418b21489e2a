"""The right column: details of the chosen instrument, and the notices with the count of those not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.theme import Theme
from marketwatch.services.notices import Notice, NoticeLog

if TYPE_CHECKING:
    from marketwatch.qt.panels.details_panel import DetailsPanel, DetailsSource


class RightColumn(QObject):
    """Places both docks; their panels are built by `fill`, after the first paint. A surface of the flush timer.

    `unseen_changed` carries how many notices nobody has looked at, `became_live` that the details are seen again,
    `action_requested` the command of a notice's button.
    """

    unseen_changed = Signal(int)
    became_live = Signal()
    action_requested = Signal(str)

    def __init__(
        self, theme: Theme, icons: IconSet, window: MainWindow, market: DetailsSource, notices: NoticeLog
    ) -> None:
        super().__init__(window)
        self._theme = theme
        self._icons = icons
        self._window = window
        self._market = market
        self._log = notices
        self._unseen = len(notices)
        self._shown: Instrument | None = None
        self.details: DetailsPanel | None = None
        self._details_head = DockHead(theme, icons, has_link=True)
        self._details_head.set_link(1)
        self._details_head.set_tabs([HeadTab("Details")])
        window.add_panel("details", "Details", QWidget(), self._details_head)
        self._notices_head = DockHead(theme, icons)
        window.add_panel("notices", "Notices", QWidget(), self._notices_head)
        window.panel_revealed.connect(self._on_revealed)
        notices.subscribe(self._on_added, self._on_changed)
        self._show_count()

    def fill(self) -> None:
        """Build the panels into their docks."""
        from marketwatch.qt.models.notices_model import NoticesModel
        from marketwatch.qt.panels.details_panel import DetailsPanel
        from marketwatch.qt.panels.notices_panel import NoticesPanel

        details = DetailsPanel(self._theme, self._icons, self._market)
        details.shown.connect(lambda symbol: self._details_head.set_tabs([HeadTab("Details", symbol)]))
        details.became_live.connect(self.became_live)
        self._window.replace_panel("details", details)
        self._model = NoticesModel(self._log)
        notices = NoticesPanel(self._theme, self._icons, self._model)
        notices.action_requested.connect(lambda command, _number: self.action_requested.emit(command))
        self._window.replace_panel("notices", notices)
        self.details = details
        details.show_instrument(self._shown)

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Show the details of another instrument."""
        self._shown = instrument
        if self.details is not None:
            self.details.show_instrument(instrument)

    def is_live(self) -> bool:
        """Tell whether anybody could see the details now."""
        return self.details is not None and self.details.is_live()

    def apply(self, changed: Sequence[Snapshot]) -> None:
        """Show what changed of the instrument."""
        if self.details is not None:
            self.details.apply(changed)

    def refresh(self) -> None:
        """Read everything of the instrument now."""
        if self.details is not None:
            self.details.refresh()

    def show_notices(self) -> None:
        """Bring the notices to the front; all of them count as seen."""
        self._window.show_panel("notices", is_shown=True)
        self._window.focus_panel("notices")
        self._set_unseen(0)

    def stop(self) -> None:
        """Let go of the notices."""
        self._log.unsubscribe(self._on_added, self._on_changed)

    def _on_added(self, _notice: Notice) -> None:
        self._set_unseen(self._unseen + 1)

    def _on_changed(self, _notice: Notice) -> None:
        """The same again is no further notice, nor is one that is settled."""

    def _set_unseen(self, count: int) -> None:
        self._unseen = count
        self._show_count()
        self.unseen_changed.emit(count)

    def _show_count(self) -> None:
        count = len(self._log)
        self._notices_head.set_tabs([HeadTab("Notices", f"{count}" if count else "")])

    def _on_revealed(self, name: str) -> None:
        if name == "details":
            self.refresh()
