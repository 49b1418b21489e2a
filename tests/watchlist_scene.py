"""A shown watchlist panel over fakes, and what a user does with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from watchlist_fakes import FakeSource, state

from marketwatch.domain.ids import InstrumentId
from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.watchlist_panel import WatchlistPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.presentation import RowStateKind
from marketwatch.services.watchlists import WatchlistService

STALE = state(RowStateKind.STALE, "stale 2:14")


class NoFeeds:
    def acquire(self, instrument_id: InstrumentId) -> None: ...

    def release(self, instrument_id: InstrumentId) -> None: ...


class Scene:
    """A shown panel over fakes."""

    def __init__(self, qtbot: QtBot, theme: Theme, icons: IconSet) -> None:
        self.source = FakeSource()
        self.service = WatchlistService(NoFeeds())
        self.panel = WatchlistPanel(theme, icons, self.service, self.source)
        self.view = self.panel.view
        self.model = self.panel.model
        qtbot.addWidget(self.panel.head)
        qtbot.addWidget(self.panel)
        self.qtbot = qtbot

    def show(self, width: int = 592, height: int = 600) -> None:
        self.panel.resize(width, height)
        with self.qtbot.waitExposed(self.panel):
            self.panel.show()
        self.panel.activateWindow()
        self.view.setFocus()
        QApplication.processEvents()

    def fill(self, *symbols: str) -> list[InstrumentId]:
        ids = [self.source.add(symbol, 100.0, prev_close=99.0) for symbol in symbols]
        for instrument_id in ids:
            self.service.add(instrument_id)
        return ids

    def shown(self) -> list[str]:
        return [row.heading or row.entry.symbol for row in self.model.rows]  # type: ignore[union-attr]

    def picture(self) -> QImage:
        return self.view.viewport().grab().toImage()

    def row_picture(self, position: int) -> QImage:
        y, height = self.view.rowViewportPosition(position), self.view.rowHeight(position)
        image = self.picture()
        ratio = image.devicePixelRatio()
        return image.copy(0, round(y * ratio), image.width(), round(height * ratio))

    def point_at(self, *, inside: bool) -> None:
        viewport = self.view.viewport()
        if inside:
            at = QPointF(5, 5)
            QApplication.sendEvent(viewport, QEnterEvent(at, at, QPointF(viewport.mapToGlobal(QPoint(5, 5)))))
        else:
            QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.view, key, modifier)

    def wait_for_resort(self) -> None:
        """Let the second pass at once."""
        timer = self.panel.resort._timer
        assert timer.isActive()
        timer.stop()
        self.panel.resort._on_timeout()
