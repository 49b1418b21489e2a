"""The main window: places panels, bars and menus, and remembers its geometry. It decides nothing."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QByteArray, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QSizePolicy, QToolBar, QWidget

from marketwatch.qt.panels.dock_head import DockHead
from marketwatch.qt.theme import Theme

_LIST_WIDTH = 592
_LEAST_LIST_WIDTH = 420
_SIDE_WIDTH = 340
_NARROW_BELOW = 1280
_DETAILS_SHARE = 66
_BOTTOM_SHARE = 36
_BELOW_SHARE = 310  # of a thousand
_DEFAULT_SIZE = QSize(1440, 900)
_SMALLEST = QSize(640, 420)
_STATE_VERSION = 2
_GROWING = ("chart",)


class MainWindow(QMainWindow):
    """Docks for lists, chart, details and notices; tool bar; the bars of a session that is not live; status bar.

    `panel_toggled` tells by name that a panel is shown or put away, `panel_revealed` that it can be seen again,
    `panel_covered` that it cannot.
    """

    close_requested = Signal()
    panel_toggled = Signal(str, bool)
    panel_revealed = Signal(str)
    panel_covered = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._docks: dict[str, QDockWidget] = {}
        self._is_reset = False
        self._tabs: dict[str, str] = {}
        self._below: set[str] = set()
        self._bars: dict[str, QToolBar] = {}
        self._maximised: str | None = None
        self._put_away: list[str] = []
        self._may_close = False
        self.setObjectName("main_window")
        self.setWindowTitle("MarketWatch")
        self.setDockNestingEnabled(True)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusObjectChanged.connect(self._on_focus_changed)
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

    def add_panel(self, name: str, title: str, widget: QWidget, head: DockHead) -> None:
        """Add a panel as a dock, named for layout and menus; `head` replaces the native title bar.

        What is named in `_GROWING` gets the width that others do not need.
        """
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock_{name}")
        dock.setTitleBarWidget(head)
        if name not in _GROWING:
            dock.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        dock.setWidget(widget)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        dock.toggleViewAction().toggled.connect(lambda is_shown: self.panel_toggled.emit(name, is_shown))
        dock.visibilityChanged.connect(lambda is_seen: self._on_seen(name, is_seen=is_seen))
        self._docks[name] = dock

    def add_late_panel(
        self, name: str, title: str, widget: QWidget, head: DockHead, beside: str, *, is_below: bool = False
    ) -> bool:
        """Add a panel once the window stands: where the stored layout had it, else as a tab behind `beside`.

        With `is_below` it goes below that one where the window is wide. Return whether the stored layout had it.
        """
        self.add_panel(name, title, widget, head)
        self._tabs[name] = beside
        if is_below:
            self._below.add(name)
        dock = self._docks[name]
        if self.restoreDockWidget(dock):
            if not self._is_reset:
                return True
            self.removeDockWidget(dock)
        self._place_tab(name)
        dock.setVisible(is_below or self.is_panel_shown(beside))  # nothing comes up where the user put all away
        if self.is_panel_shown(beside):
            self._docks[beside].raise_()
        self._share_height(name)
        return False

    def _on_seen(self, name: str, *, is_seen: bool) -> None:
        (self.panel_revealed if is_seen else self.panel_covered).emit(name)

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
        """Put every dock where it is by default: lists, chart, and at right or under the chart the other two."""
        self._maximised = None
        lists, chart = self._docks["lists"], self._docks["chart"]
        for dock in self._docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)  # else the rest stands around where it was in a stored layout
        self._is_reset = True
        # All in one area: Qt shares spare width by size policy only within an area.
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, lists)
        self.splitDockWidget(lists, chart, Qt.Orientation.Horizontal)
        width = max(self.width(), _SMALLEST.width())
        self._place(width)
        for dock in self._docks.values():
            dock.show()
        self._docks["details"].raise_()

    def _place(self, width: int) -> None:
        """Put details and notices where the width has room, and what stands behind them with them."""
        are_shown = {name: self.is_panel_shown(name) for name in self._tabs}
        for name in self._tabs:
            self.removeDockWidget(self._docks[name])
        if width >= _NARROW_BELOW:
            self._place_at_right(width)
        else:
            self._place_under_chart(width)
        for name, is_shown in are_shown.items():
            self._place_tab(name)
            self._docks[name].setVisible(is_shown)
            self._share_height(name)
        self._docks["details"].raise_()

    def _place_tab(self, name: str) -> None:
        is_below = name in self._below and self.width() >= _NARROW_BELOW
        is_tab_after_all = name in self._below and not is_below
        beside, dock = self._docks["details" if is_tab_after_all else self._tabs[name]], self._docks[name]
        if beside.isFloating():
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        elif is_below:
            self.splitDockWidget(beside, dock, Qt.Orientation.Vertical)
        else:
            self.tabifyDockWidget(beside, dock)

    def _share_height(self, name: str) -> None:
        """Give a panel that stands below another its part of the height; both must be shown."""
        if name in self._below and self.width() >= _NARROW_BELOW:
            docks = [self._docks[self._tabs[name]], self._docks[name]]
            self.resizeDocks(docks, [1000 - _BELOW_SHARE, _BELOW_SHARE], Qt.Orientation.Vertical)

    def _place_at_right(self, width: int) -> None:
        lists, chart, details, notices = (self._docks[name] for name in ("lists", "chart", "details", "notices"))
        # Taken out first: splitting a dock that is among the tabs of another leaves it there.
        self.removeDockWidget(notices)
        self.removeDockWidget(details)
        self.splitDockWidget(chart, details, Qt.Orientation.Horizontal)
        self.splitDockWidget(details, notices, Qt.Orientation.Vertical)
        details.show()
        notices.show()
        list_width = min(_LIST_WIDTH, max(_LEAST_LIST_WIDTH, (width - _SIDE_WIDTH) // 2))
        widths = [list_width, width - list_width - _SIDE_WIDTH, _SIDE_WIDTH]
        self.resizeDocks([lists, chart, details], widths, Qt.Orientation.Horizontal)
        heights = [_DETAILS_SHARE * 10, (100 - _DETAILS_SHARE) * 10]
        self.resizeDocks([details, notices], heights, Qt.Orientation.Vertical)

    def _place_under_chart(self, width: int) -> None:
        lists, chart, details, notices = (self._docks[name] for name in ("lists", "chart", "details", "notices"))
        self.removeDockWidget(notices)
        self.removeDockWidget(details)
        self.splitDockWidget(chart, details, Qt.Orientation.Vertical)
        self.tabifyDockWidget(details, notices)
        details.show()
        notices.show()
        details.raise_()
        list_width = min(_LIST_WIDTH, width * 45 // 100)
        self.resizeDocks([lists, chart], [list_width, width - list_width], Qt.Orientation.Horizontal)
        heights = [(100 - _BOTTOM_SHARE) * 10, _BOTTOM_SHARE * 10]
        self.resizeDocks([chart, details], heights, Qt.Orientation.Vertical)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        was_narrow, is_narrow = event.oldSize().width() < _NARROW_BELOW, event.size().width() < _NARROW_BELOW
        if event.oldSize().isValid() and was_narrow is not is_narrow and self._follows_width(was_narrow=was_narrow):
            self._place(event.size().width())

    def _follows_width(self, *, was_narrow: bool) -> bool:
        """Tell whether details and notices stand where the program put them, so that it may move them."""
        placed = [dock for name, dock in self._docks.items() if name not in self._tabs]
        if self._maximised is not None or any(dock.isFloating() or dock.isHidden() for dock in placed):
            return False
        if any(self._stands_apart(name) for name in self._tabs):
            return False
        chart, details, notices = (self._docks[name] for name in ("chart", "details", "notices"))
        are_tabs = notices in self.tabifiedDockWidgets(details)
        if was_narrow:
            return are_tabs and self.dockWidgetArea(details) is self.dockWidgetArea(chart)
        left = self._left_of(details)
        return not are_tabs and left > self._left_of(chart) and left == self._left_of(notices)

    def _left_of(self, dock: QDockWidget) -> int:
        """Return where a dock stands; Qt keeps those behind another tab left of the window."""
        return max(one.x() for one in (dock, *self.tabifiedDockWidgets(dock)))

    def _stands_apart(self, name: str) -> bool:
        """Tell whether the user has taken a panel away from where it is a tab."""
        dock = self._docks[name]
        if name in self._below:
            return dock.isFloating()
        return not dock.isHidden() and dock not in self.tabifiedDockWidgets(self._docks[self._tabs[name]])

    def layout_state(self) -> tuple[str, str]:
        """Return geometry and dock layout as base64 text for the settings; a maximised panel is taken back first."""
        if self._maximised is not None:
            self.maximise_panel()
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
        if all(dock.isHidden() for dock in self._docks.values()):
            self._docks["lists"].show()
        self._bring_onto_screen()

    def maximise_panel(self) -> bool:
        """Give the panel with the focus all the room, or take it back. Return whether one is maximised now."""
        if self._maximised is not None:
            self._maximised = None
            for name in self._put_away:
                self._docks[name].show()
            return False
        current = self._focused_panel()
        if current is None:
            return False
        self._maximised = current
        self._put_away = [name for name, dock in self._docks.items() if name != current and not dock.isHidden()]
        for name in self._put_away:
            self._docks[name].hide()
        return True

    def is_panel_shown(self, name: str) -> bool:
        """Tell whether a panel has a place in the window; one that is added late has none before."""
        return name in self._docks and not self._docks[name].isHidden()

    def show_panel(self, name: str, *, is_shown: bool) -> None:
        """Show a panel, before others in the same place, or put it away."""
        dock = self._docks.get(name)
        if dock is None:
            return
        dock.setVisible(is_shown)
        if is_shown:
            dock.raise_()

    def focus_next_panel(self, step: int) -> None:
        """Move the focus to the next or previous panel."""
        names = [name for name, dock in self._docks.items() if dock.isVisible()]
        if not names:
            return
        current = self._focused_panel()
        index = (names.index(current) + step) % len(names) if current in names else 0
        self.focus_panel(names[index])

    def focus_panel(self, name: str) -> None:
        """Move the focus into a panel and bring it to the front; one that was put away stays so."""
        if not self.is_panel_shown(name):
            return
        self._docks[name].raise_()
        widget = self._docks[name].widget()
        (widget.focusProxy() or widget).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_focus_changed(self, focused: QObject | None) -> None:
        for dock in self._docks.values():
            # The focus goes once more while the window is taken down.
            head = dock.titleBarWidget() if shiboken6.isValid(dock) else None
            if isinstance(head, DockHead):
                head.set_dock_focus(isinstance(focused, QWidget) and dock.isAncestorOf(focused))

    def _focused_panel(self) -> str | None:
        focused = QApplication.focusWidget()
        if focused is None:
            return None
        return next((name for name, dock in self._docks.items() if dock.isAncestorOf(focused)), None)

    def _bring_onto_screen(self) -> None:
        frame = self.frameGeometry()
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        if any(_is_reachable(frame, area) for area in screens):
            self._fit_into_desktop()
            return
        area = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(self.size().boundedTo(area.size()))
        self.move(area.topLeft())

    def _fit_into_desktop(self) -> None:
        """Let no edge of the window lie where nobody can drag it; it may span several screens."""
        if QGuiApplication.platformName() == "offscreen":  # its screen is of a size that means nothing
            return
        desktop = QGuiApplication.primaryScreen().availableVirtualGeometry()
        frame = self.frameGeometry().size() - self.size()
        self.resize(self.size().boundedTo(desktop.size() - frame))

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
