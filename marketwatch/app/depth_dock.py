"""The depth beside the details: built after the first paint, and asked of a feed only while somebody can see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from marketwatch.domain.ids import INDEX, InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.protocols.base import Channel
from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.panels.depth_panel import DepthPanel, DepthSource
from marketwatch.qt.panels.dock_head import DockHead, HeadTab
from marketwatch.qt.theme import Theme

if TYPE_CHECKING:
    from marketwatch.services.feed_control import FeedControl

_DEPTH = (Channel.DEPTH,)


class DepthDock(QObject):
    """Places the panel and follows the selection. A surface of the flush timer; `became_live` wants a `wake`."""

    became_live = Signal()

    def __init__(
        self, theme: Theme, icons: IconSet, window: MainWindow, market: DepthSource, feeds: FeedControl
    ) -> None:
        super().__init__(window)
        self._feeds = feeds
        self._window = window
        self._asked: InstrumentId | None = None
        self._head = DockHead(theme, icons, has_link=True)
        self._head.set_link(1)
        self._head.set_tabs([HeadTab("Depth")])
        self.panel = DepthPanel(theme, icons, market)
        self.panel.shown.connect(lambda symbol: self._head.set_tabs([HeadTab("Depth", symbol)]))
        self.panel.copied.connect(window.hint)
        window.add_late_panel("depth", "Depth", self.panel, self._head, beside="details")
        self.panel.sight_changed.connect(self._on_sight_changed)
        window.panel_revealed.connect(self._on_dock_changed)
        window.panel_covered.connect(self._on_dock_changed)

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Show the book of another instrument."""
        self.panel.show_instrument(instrument)
        self._ask()

    def is_live(self) -> bool:
        """Tell whether anybody could see the book now."""
        return self.panel.is_live()

    def apply(self, changed: Sequence[Snapshot]) -> None:
        """Show what changed of the instrument."""
        self.panel.apply(changed)

    def refresh(self) -> None:
        """Read everything of the instrument now, and ask for its depth if it is seen."""
        self._ask()
        if self.panel.is_live():
            self.panel.refresh()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._window.panel_revealed.disconnect(self._on_dock_changed)
        self._window.panel_covered.disconnect(self._on_dock_changed)
        self.panel.sight_changed.disconnect(self._on_sight_changed)
        self._release()

    def _on_dock_changed(self, name: str) -> None:
        if name == "depth":
            self._on_sight_changed()

    def _on_sight_changed(self) -> None:
        self.refresh()
        if self.panel.is_live():
            self.became_live.emit()

    def _ask(self) -> None:
        """Ask for the depth of what is seen, and for no other."""
        shown = self.panel.instrument if self.panel.is_live() else None
        wanted = None if shown is None or shown.id.segment == INDEX else shown.id
        if wanted == self._asked:
            return
        self._release()
        if wanted is not None:
            self._feeds.acquire(wanted, _DEPTH)
            self._asked = wanted

    def _release(self) -> None:
        if self._asked is not None:
            asked, self._asked = self._asked, None
            self._feeds.release(asked, _DEPTH)
