"""The symbol search under the tool bar: type, choose, add. It saves nothing."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.qt.dialogs.key_help import KeyHelp
from marketwatch.qt.dialogs.search_delegate import SearchDelegate
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.search_model import (
    HitDetails,
    SearchModel,
    SearchRow,
    Suggestions,
    SymbolSearch,
    empty_words,
    is_list,
    no_suggestions,
)
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.popups.card_place import IN_FRONT
from marketwatch.qt.theme import Theme

_WIDTH = 860
_HEIGHT = 532
_FIELD_HEIGHT = 50
_FILTER_HEIGHT = 38
_MARGIN = 10
_RADIUS = 8
_OWN_KEYS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape})
_KEYS = (
    ("↑ ↓", "choose"),
    ("Enter", "add and close"),
    ("Ctrl+Enter", "add more"),
    ("Alt+Enter", "chart only"),
    ("Esc", "close"),
)
_FILTERS: tuple[tuple[str, frozenset[InstrumentKind]], ...] = (
    ("All", frozenset()),
    ("Stocks", frozenset({InstrumentKind.STOCK})),
    ("Funds", frozenset({InstrumentKind.FUND})),
    ("Futures", frozenset({InstrumentKind.FUTURE})),
    ("Options", frozenset({InstrumentKind.OPTION})),
    ("Indices", frozenset({InstrumentKind.INDEX})),
    ("Currencies", frozenset({InstrumentKind.CURRENCY, InstrumentKind.CRYPTO})),
)


class ListChoice(NamedTuple):
    """A list that symbols can be added to."""

    id: str
    name: str
    is_current: bool = False


class ListKeeper(Protocol):
    """Knows the lists."""

    def choices(self) -> Sequence[ListChoice]:
        """Return all lists in order."""
        ...

    def names_holding(self, instrument_id: InstrumentId) -> Sequence[str]:
        """Return the names of the lists an instrument stands in."""
        ...


class _Then(enum.Enum):
    CLOSE = 0
    STAY = 1
    CHART = 2


class SearchPopup(QFrame):
    """A frameless child of the window. `instrument_chosen` carries the instrument and the id of the target list.

    `list_pasted` carries a text of several symbols that was pasted, and the id of the target list.
    """

    instrument_chosen = Signal(object, str)
    list_pasted = Signal(str, str)
    chart_chosen = Signal(object)
    closed = Signal()

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        search: SymbolSearch,
        details: HitDetails,
        lists: ListKeeper,
        parent: QWidget,
        suggestions: Suggestions = no_suggestions,
    ) -> None:
        super().__init__(parent)
        self.setProperty(IN_FRONT, True)
        self._theme = theme
        self._suggestions = suggestions
        self._details = details
        self._lists = lists
        self._focus_back: QWidget | None = None
        self._filter = 0
        self.model = SearchModel(search, self, self._not_in_target)
        self.field = QLineEdit(self)
        self.view = QListView(self)
        self.message = EmptyMessage(theme, icons, self)
        self.target = QComboBox(self)
        self._hint = QLabel("symbol, name, ISIN or token", self)
        self._help = KeyHelp(theme, _KEYS, self)
        self._filters = QButtonGroup(self)
        self._icon = QToolButton(self)
        icons.keep(self._icon, "search", "accent", 20)
        self._delegate = SearchDelegate(theme, details, self._listed_in, self)
        self.setAccessibleName("Search or add a symbol")
        self._place()
        self._set_up()
        theme.changed.connect(self._on_theme_changed)
        self._dress()
        self.hide()

    # --- opening and closing

    def open_at(self, top: int, text: str = "") -> None:
        """Show the pop-up with its upper edge at `top` of the window, and `text` as if it had been typed."""
        self._focus_back = QApplication.focusWidget()
        self._fill_targets()
        self._show_hint("")
        parent = self.parentWidget()
        room = self.size() if parent is None else parent.size()
        width = min(_WIDTH, room.width() - 2 * _MARGIN)
        height = min(_HEIGHT, room.height() - top - _MARGIN)
        self.setGeometry((room.width() - width) // 2, top, width, height)
        self.show()
        self.raise_()
        self.field.setText(text)
        self._find(self.field.text())
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        QApplication.instance().focusObjectChanged.connect(self._on_focus_changed)  # type: ignore[union-attr]

    def close_popup(self, *, give_focus_back: bool = True) -> None:
        """Hide; the keyboard goes back to where it was."""
        if self.isHidden():
            return
        QApplication.instance().focusObjectChanged.disconnect(self._on_focus_changed)  # type: ignore[union-attr]
        self.hide()
        focus_back, self._focus_back = self._focus_back, None
        if give_focus_back and focus_back is not None:
            focus_back.setFocus(Qt.FocusReason.PopupFocusReason)
        self.closed.emit()

    # --- inside

    def _place(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self._strip(_FIELD_HEIGHT, self._icon, self.field, 1, _label(self, "adds to"), self.target))
        layout.addWidget(self._strip(_FILTER_HEIGHT, *self._filter_buttons(), None, self._hint))
        layout.addWidget(self.view, 1)
        layout.addWidget(self.message, 1)
        layout.addWidget(self._help)

    def _strip(self, height: int, *parts: QWidget | int | None) -> QWidget:
        """Put widgets side by side; an int stretches the one before, None is a stretch of its own."""
        strip = _Strip(self._theme, height, self)
        layout = QHBoxLayout(strip)
        layout.setContentsMargins(14, 0, 14, 1)
        layout.setSpacing(0 if height == _FILTER_HEIGHT else 8)
        for part in parts:
            if isinstance(part, QWidget):
                layout.addWidget(part)
            elif part is None:
                layout.addStretch(1)
            else:
                layout.setStretch(layout.count() - 1, part)
        return strip

    def _filter_buttons(self) -> list[QWidget]:
        buttons: list[QWidget] = []
        for number, (title, _) in enumerate(_FILTERS):
            button = QPushButton(title, self)
            button.setCheckable(True)
            button.setChecked(number == 0)
            button.setProperty("small", True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._filters.addButton(button, number)
            buttons.append(button)
        return buttons

    def _set_up(self) -> None:
        self._icon.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._icon.setIconSize(QSize(20, 20))
        self._icon.setEnabled(True)
        self._icon.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.field.setAccessibleName("Symbol, name, ISIN or token")
        self.field.setFrame(False)
        self.target.setAccessibleName("List that symbols are added to")
        self.target.setMinimumWidth(120)
        view = self.view
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setUniformItemSizes(False)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setAccessibleName("Results")
        view.clicked.connect(lambda index: self._choose(index.row(), _Then.CLOSE))
        set_text_role(self._hint, "text3")
        self.field.textEdited.connect(self._find)
        self.field.installEventFilter(self)
        self._filters.idClicked.connect(self._on_filter)
        self.target.activated.connect(self._on_target)

    def _dress(self) -> None:
        fonts = self._theme.fonts
        self.field.setFont(fonts.text("dialogTitle"))
        self._hint.setFont(fonts.text("small"))
        # The field is the whole strip; the focus shows as its caret and as the chosen line.
        self.field.setStyleSheet(
            f"QLineEdit, QLineEdit:focus {{ border: 0; background: {self._theme.css('panel')}; padding: 0; }}"
        )
        self._icon.setStyleSheet("QToolButton { border: 0; padding: 0; background: transparent; }")
        self.update()

    def _on_theme_changed(self) -> None:
        self._delegate.reload()
        self._dress()

    def _fill_targets(self) -> None:
        self.target.clear()
        for choice in self._lists.choices():
            self.target.addItem(choice.name, choice.id)
            if choice.is_current:
                self.target.setCurrentIndex(self.target.count() - 1)

    def _find(self, text: str) -> None:
        self.model.find(text, _FILTERS[self._filter][1])
        count = self.model.hit_count
        more = "+" if self.model.is_more else ""
        self._filters.button(0).setText(f"All {count:,}{more}" if count else "All")
        self._show_hint("")
        is_empty = not self.model.rows
        if is_empty:
            self.message.show_message("search", *empty_words(text, count))
        self.message.setVisible(is_empty)
        self.view.setVisible(not is_empty)
        self._mark(self.model.first_choice())

    def _on_target(self, _number: int) -> None:
        self._find(self.field.text())
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _not_in_target(self) -> list[Instrument]:
        target = self.target.currentText()
        return [one for one in self._suggestions() if target not in self._lists.names_holding(one.id)]

    def _on_filter(self, number: int) -> None:
        self._filter = number
        self._find(self.field.text())
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _mark(self, row: int) -> None:
        index = self.model.index(row, 0)
        if index.isValid():
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.view.scrollTo(index)
        self._help.set_fact(self._limit_text(row))

    def _limit_text(self, row: int) -> str:
        instrument = self._instrument(row)
        return "" if instrument is None else self._details.limit_after_adding(instrument.id)

    def _instrument(self, row: int) -> Instrument | None:
        return self.model.rows[row].instrument if 0 <= row < len(self.model.rows) else None

    def _listed_in(self, row: SearchRow) -> str:
        if row.instrument is None:
            return ""
        return ", ".join(self._lists.names_holding(row.instrument.id))

    def _choose(self, row: int, then: _Then) -> None:
        instrument = self._instrument(row)
        if 0 <= row < len(self.model.rows) and self.model.rows[row].more:
            self.model.open_market(row)
            self._mark(row)
            return
        if instrument is None:
            self._paste(self.field.text())  # several symbols are no less a list for being typed
            return
        if then is _Then.CHART:
            self.close_popup()
            self.chart_chosen.emit(instrument.id)
            return
        if self.target.currentText() in self._lists.names_holding(instrument.id):
            self._show_hint(f"{instrument.symbol} is already in {self.target.currentText()}")
            return
        list_id = str(self.target.currentData() or "")
        if then is _Then.CLOSE:
            self.close_popup()
            self.instrument_chosen.emit(instrument.id, list_id)
            return
        self.instrument_chosen.emit(instrument.id, list_id)
        self._show_hint(f"{instrument.symbol} added to {self.target.currentText()}")
        self.field.selectAll()
        self.view.viewport().update()
        self._help.set_fact(self._limit_text(row))

    def _show_hint(self, text: str) -> None:
        self._hint.setText(text or "symbol, name, ISIN or token")
        set_text_role(self._hint, "text1" if text else "text3")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the field's arrows and Enter act on the results."""
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.KeyPress and event.matches(QKeySequence.StandardKey.Paste):
            return self._paste(QApplication.clipboard().text())
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in _OWN_KEYS:
            # Alt+Enter maximises a panel, but not from in here.
            event.accept()
            return True
        return event.type() == QEvent.Type.KeyPress and self._on_key(event)

    def _paste(self, text: str) -> bool:
        """Hand a pasted list on; one symbol or name is pasted as usual."""
        if not is_list(text):
            return False
        list_id = str(self.target.currentData() or "")
        self.close_popup()
        self.list_pasted.emit(text, list_id)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Esc from anywhere inside."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_popup()
        else:
            super().keyPressEvent(event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key, row = event.key(), self.view.currentIndex().row()
        page = max(1, self.view.viewport().height() // 44 - 1)
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
        if key in steps:
            self._mark(self._stepped(row, steps[Qt.Key(key)]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(row, _then(event.modifiers()))
        elif key == Qt.Key.Key_Escape:
            self.close_popup()
        else:
            return False
        return True

    def _stepped(self, row: int, steps: int) -> int:
        for _ in range(abs(steps)):
            row = self.model.next_choice(row, 1 if steps > 0 else -1)
        return row

    def _on_focus_changed(self, thing: QObject | None) -> None:
        """Close when the keyboard goes to another part of the window."""
        if isinstance(thing, QWidget) and thing.window() is self.window() and not self.isAncestorOf(thing):
            self.close_popup(give_focus_back=False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground and outline."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("lineStrong"), 1.0))
            painter.setBrush(self._theme.brush("panel"))
            painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)


class _Strip(QWidget):
    """A part of the pop-up with a line below."""

    def __init__(self, theme: Theme, height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(height)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.colour("line"))


def _label(parent: QWidget, text: str) -> QLabel:
    label = QLabel(text, parent)
    set_text_role(label, "text3")
    return label


def _then(modifiers: Qt.KeyboardModifier) -> _Then:
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        return _Then.STAY
    return _Then.CHART if modifiers & Qt.KeyboardModifier.AltModifier else _Then.CLOSE
