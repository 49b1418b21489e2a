"""The main window: places panels, bars and menus, and remembers its geometry. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QSizePolicy, QToolBar, QWidget

from marketwatch.qt.theme import Theme

_LIST_WIDTH = 592
_NOTICES_HEIGHT = 176
_DEFAULT_SIZE = QSize(1440, 900)
_SMALLEST = QSize(640, 420)
_STATE_VERSION = 1


class MainWindow(QMainWindow):
    """Docks for lists, chart and notices; tool bar; the bars of a simulated or replayed session; status bar."""

    close_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._docks: dict[str, QDockWidget] = {}
        self._bars: dict[str, QToolBar] = {}
        self._maximised: str | None = None
        self._may_close = False
        self.setObjectName("main_window")
        self.setWindowTitle("MarketWatch")
        self.setDockNestingEnabled(True)
        self.setMinimumSize(_SMALLEST)
        self.resize(_DEFAULT_SIZE)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.menuBar().setFixedHeight(theme.height("menubar"))
        self.menuBar().setNativeMenuBar(True)
        status = self.statusBar()
        status.setFixedHeight(theme.height("statusbar"))
        status.setSizeGripEnabled(False)
        status.setContentsMargins(6, 0, 6, 0)

    # --- placing

    def add_bar(self, name: str, widget: QWidget, height: int) -> None:
        """Put a widget across the window, under the bars that are there already. It cannot be moved or closed."""
        bar = QToolBar(name.replace("_", " ").capitalize(), self)
        bar.setObjectName(f"bar_{name}")
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setEnabled(False)
        bar.setFixedHeight(height)
        bar.setProperty("bare", True)
        if (layout := bar.layout()) is not None:
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        bar.addWidget(widget)
        if self._bars:
            self.addToolBarBreak()
        self.addToolBar(bar)
        self._bars[name] = bar

    def show_bar(self, name: str, *, is_shown: bool) -> None:
        """Show or hide a bar; the program decides, not the user."""
        self._bars[name].setVisible(is_shown)

    def add_panel(self, name: str, title: str, widget: QWidget, head: QWidget | None = None) -> None:
        """Add a panel as a dock, named for layout and menus; `head` replaces the native title bar."""
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock_{name}")
        dock.setTitleBarWidget(head or QWidget(dock))
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self._docks[name] = dock

    def replace_panel(self, name: str, widget: QWidget) -> None:
        """Put another widget into a dock, in place of the one there."""
        dock = self._docks[name]
        old = dock.widget()
        dock.setWidget(widget)
        old.deleteLater()

    def add_status(self, widget: QWidget, *, at_right: bool = False) -> None:
        """Add a widget to the status bar."""
        if at_right:
            self.statusBar().addPermanentWidget(widget)
        else:
            self.statusBar().addWidget(widget)
        widget.show()

    def remove_status(self, widget: QWidget) -> None:
        """Take a widget out of the status bar and delete it."""
        self.statusBar().removeWidget(widget)
        widget.deleteLater()

    def hint(self, text: str) -> None:
        """Say something short for a moment, in the status bar."""
        self.statusBar().showMessage(text, 4000)

    # --- layout

    def arrange(self) -> None:
        """Put every dock where it is by default."""
        lists, chart, notices = (self._docks[name] for name in ("lists", "chart", "notices"))
        for dock in (lists, chart, notices):
            dock.setFloating(False)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, lists)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, chart)
        self.splitDockWidget(chart, notices, Qt.Orientation.Vertical)
        width, height = max(self.width(), _SMALLEST.width()), max(self.height(), _SMALLEST.height())
        list_width = min(_LIST_WIDTH, width * 45 // 100)
        notices_height = min(_NOTICES_HEIGHT, height // 4)
        self.resizeDocks([lists, chart], [list_width, width - list_width], Qt.Orientation.Horizontal)
        self.resizeDocks([chart, notices], [height - notices_height, notices_height], Qt.Orientation.Vertical)
        for dock in self._docks.values():
            dock.show()

    def layout_state(self) -> tuple[str, str]:
        """Return geometry and dock layout as base64 text for the settings."""
        return (
            bytes(self.saveGeometry().toBase64().data()).decode("ascii"),
            bytes(self.saveState(_STATE_VERSION).toBase64().data()).decode("ascii"),
        )

    def restore_layout(self, geometry: str, state: str) -> None:
        """Take up a stored layout; what no longer fits is brought onto a visible screen."""
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "replace")))
        if not state or not self.restoreState(QByteArray.fromBase64(state.encode("ascii", "replace")), _STATE_VERSION):
            self.arrange()
        for dock in self._docks.values():
            dock.show()
        self._bring_onto_screen()

    def maximise_panel(self) -> bool:
        """Give the panel with the focus all the room, or take it back. Return whether one is maximised now."""
        if self._maximised is not None:
            self._maximised = None
            for dock in self._docks.values():
                dock.show()
            return False
        current = self._focused_panel()
        if current is None:
            return False
        self._maximised = current
        for name, dock in self._docks.items():
            dock.setVisible(name == current)
        return True

    def focus_next_panel(self, step: int) -> None:
        """Move the focus to the next or previous panel."""
        names = [name for name, dock in self._docks.items() if dock.isVisible()]
        if not names:
            return
        current = self._focused_panel()
        index = (names.index(current) + step) % len(names) if current in names else 0
        self.focus_panel(names[index])

    def focus_panel(self, name: str) -> None:
        """Move the focus into a panel."""
        widget = self._docks[name].widget()
        (widget.focusProxy() or widget).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _focused_panel(self) -> str | None:
        focused = QApplication.focusWidget()
        if focused is None:
            return None
        return next((name for name, dock in self._docks.items() if dock.isAncestorOf(focused)), None)

    def _bring_onto_screen(self) -> None:
        frame = self.frameGeometry()
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        if any(_is_reachable(frame, area) for area in screens):
            return
        area = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(self.size().boundedTo(area.size()))
        self.move(area.topLeft())

    # --- closing

    def allow_closing(self) -> None:
        """Say that the ordered shutdown is done and the next close may go through."""
        self._may_close = True

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            super().closeEvent(event)
            return
        event.ignore()
        self.close_requested.emit()


def _is_reachable(frame: QRect, area: QRect) -> bool:
    """Tell whether enough of the title bar can be seen to take hold of it."""
    title = QRect(frame.left(), frame.top(), frame.width(), 40)
    seen = title.intersected(area)
    return seen.width() >= 100 and seen.height() >= 20

