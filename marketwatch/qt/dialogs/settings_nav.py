"""The list of pages at the left of the settings, in groups."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QLabel, QLineEdit, QVBoxLayout, QWidget

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.panels.painted import base_line, draw_focus, set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

WIDTH = 200
_ROW = 30
_PADDING = 10
_GLASS = 14


class NavEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One page: `words` are further words under which it is found."""

    code: str
    group: str
    title: str
    icon: IconName
    words: str = ""


class SettingsNav(QWidget):
    """`chosen` carries the code of a page. Arrow keys go through the pages that are found."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._group = QButtonGroup(self)
        self._entries: list[tuple[NavEntry, _NavButton]] = []
        self._heads: dict[str, QLabel] = {}
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find a setting")
        self.search.setAccessibleName("Find a setting")
        self.search.setTextMargins(_GLASS + 4, 0, 0, 0)
        self._glass = QLabel(self.search)
        self._glass.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._glass.move(9, (theme.height("control") - _GLASS) // 2)
        self.search.textChanged.connect(self._find)
        self._none = QLabel("Nothing found", self)
        set_text_role(self._none, "text3")
        self._none.setContentsMargins(_PADDING, 6, 0, 0)
        self._none.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 9, 8)
        self._column.setSpacing(0)
        self._column.addWidget(self.search)
        self._column.addSpacing(6)
        self._column.addWidget(self._none)
        self._column.addStretch(1)
        self.setFixedWidth(WIDTH)
        self.setAccessibleName("Pages of the settings")
        theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self._glass.setPixmap(self._icons.pixmap("search", "text3", _GLASS, self.devicePixelRatioF()))
        self._glass.adjustSize()
        self.update()

    def add(self, entry: NavEntry) -> None:
        """Add a page at the end of its group."""
        button = _NavButton(self._theme, self._icons, entry, self)
        button.clicked.connect(lambda: self.chosen.emit(entry.code))
        self._group.addButton(button)
        if entry.group not in self._heads:
            head = QLabel(entry.group, self)
            head.setFont(self._theme.fonts.text("micro"))
            head.setFixedHeight(24)
            head.setContentsMargins(_PADDING, 6, 0, 0)
            set_text_role(head, "text3")
            self._heads[entry.group] = head
            self._column.insertWidget(self._column.count() - 1, head)
        same = [button for other, button in self._entries if other.group == entry.group]
        after: QWidget = same[-1] if same else self._heads[entry.group]
        self._column.insertWidget(self._column.indexOf(after) + 1, button)
        self._entries.append((entry, button))

    def choose(self, code: str) -> None:
        """Show which page is open."""
        for entry, button in self._entries:
            if entry.code == code:
                button.setChecked(True)

    def button(self, code: str) -> QAbstractButton:
        """Return the button of a page."""
        return next(button for entry, button in self._entries if entry.code == code)

    def _find(self, text: str) -> None:
        wanted = text.casefold().split()
        groups: set[str] = set()
        for entry, button in self._entries:
            haystack = f"{entry.title} {entry.group} {entry.words}".casefold()
            is_found = all(word in haystack for word in wanted)
            button.setVisible(is_found)
            if is_found:
                groups.add(entry.group)
        for group, head in self._heads.items():
            head.setVisible(group in groups)
        self._none.setVisible(not groups)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("raised"))
            painter.fillRect(self.width() - 1, 0, 1, self.height(), self._theme.colour("line"))


class _NavButton(QAbstractButton):
    def __init__(self, theme: Theme, icons: IconSet, entry: NavEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._entry = entry
        self.setText(entry.title)
        self.setAccessibleName(entry.title)
        self.setCheckable(True)
        self.setFixedHeight(_ROW)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 17, _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, is_on = self._theme, self.isChecked()
        font = theme.fonts.text("base", "medium" if is_on else "regular")
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if is_on or self.underMouse():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.brush("selection" if is_on else "hover"))
                painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
            role: Role = "text1" if is_on else "text2"
            icon = self._icons.pixmap(self._entry.icon, role, 16, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(_PADDING, (_ROW - 16) / 2), icon)
            painter.setFont(font)
            painter.setPen(theme.pen(role))
            painter.drawText(QPointF(_PADDING + 25, base_line(theme, font, _ROW)), self.text())
            if self.hasFocus():
                draw_focus(painter, theme, QRectF(self.rect()), 4)
