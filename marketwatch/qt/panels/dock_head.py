"""The head of a dock: its tabs in the title bar, link colour, add and menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QTabBar, QToolButton, QWidget

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.panels.painted import base_line, draw_focus
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_PADDING = 10
_GAP = 6
_LINK_SIZE = 9
_LINE = 2
_LINK_NAMES = {1: "amber", 2: "teal", 3: "violet", 4: "blue"}
_LINK_ROLES: dict[int, Role] = {1: "link1", 2: "link2", 3: "link3", 4: "link4"}

LinkGroup = Literal[1, 2, 3, 4]


class HeadTab(msgspec.Struct, frozen=True):
    """One tab: its name, and what stands smaller beside it (a count, an interval)."""

    name: str
    count: str = ""


class HeadTabs(QTabBar):
    """Tabs of a dock head, painted: a QTabBar cannot write a count in another colour."""

    rename_requested = Signal(int)
    menu_requested = Signal(int, QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._has_dock_focus = False
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(theme.height("dockTitle"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.tabBarDoubleClicked.connect(self._on_double_clicked)
        theme.changed.connect(self.update)

    def set_dock_focus(self, has_focus: bool) -> None:
        """Show with a top line over the whole width that the dock holds the keyboard: colour alone may not tell."""
        if has_focus != self._has_dock_focus:
            self._has_dock_focus = has_focus
            self.update()

    @property
    def has_dock_focus(self) -> bool:
        """Whether the keyboard is in this dock."""
        return self._has_dock_focus or self.hasFocus()

    def show_tabs(self, tabs: Sequence[HeadTab], current: int) -> None:
        """Show these tabs in this order, without telling anybody."""
        blocked = self.blockSignals(True)
        while self.count() > len(tabs):
            self.removeTab(self.count() - 1)
        while self.count() < len(tabs):
            self.addTab("")
        for index, tab in enumerate(tabs):
            self._show_tab(index, tab)
        self.setCurrentIndex(current)
        self.blockSignals(blocked)
        self.update()

    def _show_tab(self, index: int, tab: HeadTab) -> None:
        if self.tabText(index) == tab.name and self.tabData(index) == tab.count:
            return
        self.setTabData(index, tab.count)
        # Qt reads a single & as a mark of a key.
        self.setTabText(index, tab.name.replace("&", "&&"))
        self.setAccessibleTabName(index, f"{tab.name}, {tab.count}" if tab.count else tab.name)

    def name_at(self, index: int) -> str:
        """Return the name on a tab."""
        return self.tabText(index).replace("&&", "&")

    def tabSizeHint(self, index: int) -> QSize:
        fonts = self._theme.fonts
        width = fonts.metrics(fonts.numbers("base", "medium")).horizontalAdvance(self.name_at(index))
        count = self.tabData(index)
        if count:
            width += _GAP + fonts.metrics(fonts.numbers("small")).horizontalAdvance(count)
        return QSize(int(width) + 2 * _PADDING + 2, self._theme.height("dockTitle"))

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2 and self.currentIndex() >= 0:
            self.rename_requested.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.tabAt(event.pos())
        if index >= 0:
            at = self.tabRect(index).bottomLeft() if by_key else event.pos()
            self.menu_requested.emit(index, self.mapToGlobal(at))

    def _on_double_clicked(self, index: int) -> None:
        if index >= 0:
            self.rename_requested.emit(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("raised"))
            # The bar is wider than its tabs; the line under the head runs on there.
            painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.brush("line"))
            for index in range(self.count()):
                self._paint_tab(painter, index)
            paint_focus_line(painter, self._theme, self.width(), is_shown=self.has_dock_focus)

    def _paint_tab(self, painter: QPainter, index: int) -> None:
        theme, fonts, rect = self._theme, self._theme.fonts, self.tabRect(index)
        is_current = index == self.currentIndex()
        if is_current:
            painter.fillRect(rect, theme.brush("panel"))
            line = theme.brush("focus" if self.has_dock_focus else "accent")
            painter.fillRect(QRect(rect.left(), rect.top(), rect.width(), _LINE), line)
        painter.fillRect(QRect(rect.right(), rect.top(), 1, rect.height()), theme.brush("line"))
        font = fonts.numbers("base", "medium" if is_current else "regular")
        painter.setFont(font)
        painter.setPen(theme.pen("text1" if is_current else "text2"))
        x, y = rect.left() + float(_PADDING), base_line(theme, font, rect.height())
        painter.drawText(QPointF(x, y), self.name_at(index))
        count = self.tabData(index)
        if count:
            x += fonts.metrics(font).horizontalAdvance(self.name_at(index)) + _GAP
            painter.setFont(fonts.numbers("small"))
            painter.setPen(theme.pen("text3"))
            painter.drawText(QPointF(x, y), count)
        if is_current and self.hasFocus():
            draw_focus(painter, theme, QRectF(rect).adjusted(1, 3, -1, -1), theme.radius("cell"))


class DockHead(QWidget):
    """The 28 px title bar of a dock: tabs at left; note, add, link square and menu at right.

    Dragging beside the tabs moves the dock, as with Qt's own title bar.
    """

    tab_chosen = Signal(int)
    rename_requested = Signal(int)
    tab_menu_requested = Signal(int, QPoint)
    add_requested = Signal()
    link_requested = Signal(QPoint)
    menu_requested = Signal(QPoint)

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        *,
        can_add: bool = False,
        has_link: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self.setFixedHeight(theme.height("dockTitle"))
        self.tabs = HeadTabs(theme, self)
        self._add = self._button("Add", "plus", self.add_requested.emit)
        self._link = _LinkButton(theme, self)
        self._menu = self._button("Menu", "dots", lambda: self.menu_requested.emit(_below(self._menu)))
        self._add.setVisible(can_add)
        self._link.setVisible(has_link)
        self._link.clicked.connect(lambda: self.link_requested.emit(_below(self._link)))
        self.tabs.currentChanged.connect(self.tab_chosen)
        self.tabs.rename_requested.connect(self.rename_requested)
        self.tabs.menu_requested.connect(self.tab_menu_requested)
        self._place()
        theme.changed.connect(self.update)

    def _place(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 4, 1)
        layout.setSpacing(0)
        layout.addWidget(self.tabs)
        layout.addStretch(1)
        for widget in (self._add, self._link, self._menu):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.insertSpacing(2, 6)

    def _button(self, name: str, icon: IconName, on_click: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("small", True)
        button.setFixedSize(self._theme.height("controlSmall"), self._theme.height("controlSmall"))
        button.setIconSize(QSize(13, 13))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(name)
        button.setToolTip(name)
        self._icons.keep(button, icon, "text2", 13)
        button.clicked.connect(on_click)
        return button

    def set_tabs(self, tabs: Sequence[HeadTab], current: int = 0) -> None:
        """Show these tabs; emits nothing."""
        self.tabs.show_tabs(tabs, current)
        self.updateGeometry()

    def set_add_name(self, name: str) -> None:
        """Say what the plus adds."""
        self._add.setAccessibleName(name)
        self._add.setToolTip(name)

    def set_link(self, group: LinkGroup | None) -> None:
        """Show the colour by which this dock follows others."""
        self._link.set_group(group)

    def set_dock_focus(self, has_focus: bool) -> None:
        """Show whether the keyboard is in this dock."""
        self.tabs.set_dock_focus(has_focus)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._theme.height("dockTitle"))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("raised"))
            painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.brush("line"))
            paint_focus_line(painter, self._theme, self.width(), is_shown=self.tabs.has_dock_focus)


class _LinkButton(QToolButton):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._group: LinkGroup | None = None
        self.setFixedSize(theme.height("controlSmall") + 3, theme.height("controlSmall"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self.update)
        self._say()

    def set_group(self, group: LinkGroup | None) -> None:
        if group != self._group:
            self._group = group
            self._say()
            self.update()

    def _say(self) -> None:
        words = f"Linked by {_LINK_NAMES[self._group]}" if self._group else "Not linked"
        self.setToolTip(words)
        self.setAccessibleName(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            inset = (self.width() - _LINK_SIZE) // 2
            box = QRectF(inset, (self.height() - _LINK_SIZE) // 2, _LINK_SIZE, _LINK_SIZE)
            if self._group:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._theme.brush(_LINK_ROLES[self._group]))
            else:
                painter.setPen(self._theme.pen("control"))
                box = box.adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(box, 2, 2)
            if self.hasFocus():
                draw_focus(painter, self._theme, QRectF(self.rect()), self._theme.radius("control"))


def paint_focus_line(painter: QPainter, theme: Theme, width: int, *, is_shown: bool) -> None:
    """Draw the line over a whole head that marks the dock with the keyboard."""
    if is_shown:
        painter.fillRect(0, 0, width, _LINE, theme.brush("focus"))


def _below(widget: QWidget) -> QPoint:
    return widget.mapToGlobal(QPoint(0, widget.height()))
