"""The depth panel: the book of the instrument chosen in a linked list, its sums and its spread."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeySequence, QPainter, QPalette, QShortcut, QShowEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.subscriptions import TopicStatus
from marketwatch.qt import formatting as fmt
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.depth_model import DepthModel
from marketwatch.qt.models.depth_view import Absent, Balance, DepthSubject, DepthView, book_as_text, depth_view
from marketwatch.qt.models.detail_rows import DetailRow
from marketwatch.qt.panels.depth_table import DepthTable
from marketwatch.qt.panels.detail_lines import MARGIN, DetailLine, PaintedLine, RuleLine
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.painted import base_line, plain_label
from marketwatch.qt.panels.read_panel import InstrumentPanel, InstrumentSource
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

_MIN_WIDTH = 280
_HEAD_HEIGHT = 28
_BALANCE_HEIGHT = 38
_BAR_HEIGHT = 6
_GAP = 7


class DepthSource(InstrumentSource, Protocol):
    """Where the panel reads the market."""

    def depth_state(self, instrument_id: InstrumentId) -> TopicStatus | None:
        """Return how far the wish for its depth has come, None where its feed sends none."""
        ...

    def source_ns(self, instrument_id: InstrumentId) -> int:
        """Return market time as its feed has it: the feed's delay is taken off."""
        ...

    def wall_ns(self) -> int:
        """Return the machine's time."""
        ...


class DepthPanel(InstrumentPanel):
    """Shows one instrument at a time. A surface of the flush timer: hidden, it does nothing.

    `shown` tells the symbol for the head of the dock, `sight_changed` that it came into or went out of sight, and
    `copied` that the book is in the clipboard.
    """

    shown = Signal(str)
    sight_changed = Signal()
    copied = Signal(str)

    def __init__(self, theme: Theme, icons: IconSet, source: DepthSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._source = source
        self._absent: Absent | None = None
        self.model = DepthModel(self)
        self.setMinimumSize(_MIN_WIDTH, 120)
        self._empty = EmptyMessage(theme, icons, self)
        self.head = _HeadLine(theme)
        self.condition = self._make_condition()
        self.table = DepthTable(theme, self.model)
        self.spread_line = DetailLine(theme)
        self.bid_line = DetailLine(theme)
        self.ask_line = DetailLine(theme)
        self.balance_line = _BalanceLine(theme)
        self._page = self._make_page()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._make_scroll(self._page))
        self.setFocusProxy(self.table)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        copy.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.activated.connect(self.copy_book)
        theme.changed.connect(self._on_theme_changed)
        self.show_instrument(None)

    def _make_condition(self) -> QLabel:
        label = plain_label(self._theme.fonts.numbers("small"), self, "text2")
        label.setContentsMargins(MARGIN, 0, MARGIN, 4)
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # Room for source and two lines of words: a book that goes stale must not push the figures about.
        label.setMinimumHeight(int(self._theme.fonts.metrics(label.font()).lineSpacing() * 3) + 6)
        return label

    def _make_page(self) -> QWidget:
        page = QWidget(self)
        page.setBackgroundRole(QPalette.ColorRole.Base)
        page.setAutoFillBackground(True)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 2, 0, 6)
        column.setSpacing(0)
        for widget in (self.head, self.condition):
            column.addWidget(widget)
        column.addWidget(self.table, 100)
        column.addWidget(RuleLine(self._theme, page))
        for line in (self.spread_line, self.bid_line, self.ask_line, self.balance_line):
            column.addWidget(line)
        column.addStretch(1)
        return page

    def _make_scroll(self, page: QWidget) -> QScrollArea:
        scroll = QScrollArea(self)
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    @property
    def absent(self) -> Absent | None:
        """Why there is no book, None while there is one."""
        return self._absent

    def show_instrument(self, instrument: Instrument | None) -> None:
        """Show another instrument; None empties the panel."""
        if instrument is self._instrument and instrument is not None:
            return
        self._instrument = instrument
        self._say_name()
        if instrument is None:
            self._show_absent(Absent("No instrument chosen", "Select a row in a list; its book appears here."))
        else:
            self.refresh()
        self.shown.emit("" if instrument is None else instrument.symbol)

    def _say_name(self) -> None:
        words = "Depth" if self._instrument is None else f"Depth of {self._instrument.symbol}"
        self.setAccessibleName(words)
        self.table.setAccessibleName(f"{words}, levels of the book")

    def refresh(self) -> None:
        """Read book and state now; what is the same is not touched."""
        instrument = self._instrument
        if instrument is None:
            return
        view = depth_view(self._subject(instrument))
        if isinstance(view, Absent):
            self._show_absent(view)
        else:
            self._show_book(view)

    def _subject(self, instrument: Instrument) -> DepthSubject:
        source, key = self._source, instrument.id
        return DepthSubject(
            instrument=instrument,
            snapshot=source.snapshot(key),
            state=source.row_state(key),
            feed=source.facts(key),
            topic=source.depth_state(key),
            zone=source.zone(key),
            market_ns=source.source_ns(key),
            wall_ns=source.wall_ns(),
        )

    def _show_absent(self, absent: Absent) -> None:
        if absent != self._absent:
            self._absent = absent
            self._empty.show_message("info", absent.cause, absent.next_step)
            self.model.show(None)
        self._stack.setCurrentIndex(0)

    def _show_book(self, view: DepthView) -> None:
        self._absent = None
        self.model.show(view)
        self.table.fit()
        self.head.show_view(view)
        words = f"{view.source}\n{view.words}"
        if self.condition.text() != words:
            self.condition.setText(words)
        self.spread_line.show_row(view.spread)
        balance = view.balance
        for line, side, size, share in (
            (self.bid_line, "bid", balance.bid, balance.share_pct),
            (self.ask_line, "ask", balance.ask, None if balance.share_pct is None else 100 - balance.share_pct),
        ):
            line.show_row(_total_row(view, side, size, share))
        self.balance_line.show_balance(balance, is_live=view.is_live)
        self._stack.setCurrentIndex(1)

    # Events

    def copy_book(self) -> None:
        """Put the book into the clipboard as text, or say why there is none."""
        view, instrument = self.model.view, self._instrument
        if view is None or instrument is None:
            return
        QGuiApplication.clipboard().setText(book_as_text(view, self._source.zone(instrument.id)))
        self.copied.emit(f"Copied the book of {instrument.symbol}")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.sight_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.sight_changed.emit()

    def sizeHint(self) -> QSize:
        return QSize(340, 360)

    def _on_theme_changed(self) -> None:
        self._page.update()
        for line in self._page.findChildren(PaintedLine):
            line.update()


def _total_row(view: DepthView, side: str, size: float, share: float | None) -> DetailRow:
    full, short = fmt.quantity(size, view.currency), fmt.volume(size, view.currency)
    of_all = "" if share is None else f"{fmt.share(share)} of {view.balance.basis}"
    tip = f"{full} {side} in sum, {view.balance.basis}"
    return DetailRow(key=f"total_{side}", name=f"Total {side}", value=short, note=of_all, tip=tip, value_role=view.role)


class _HeadLine(PaintedLine):
    """Symbol and what it is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _HEAD_HEIGHT, parent)
        self._texts = ("", "")

    def show_view(self, view: DepthView) -> None:
        texts = (view.title, view.facts)
        if texts != self._texts:
            self._texts = texts
            self.setAccessibleName(" ".join(texts))
            self.update()

    def _paint(self, painter: QPainter) -> None:
        fonts = self._theme.fonts
        strong, small = fonts.numbers("lead", "semibold"), fonts.numbers("small")
        y = base_line(self._theme, strong, self._height)
        title, facts = self._texts
        self._draw(painter, title, strong, "text1", MARGIN, y)
        self._draw(painter, facts, small, "text3", MARGIN + self._width(title, strong) + _GAP, y)


class _BalanceLine(PaintedLine):
    """How the sums of both sides compare: a bar in two parts, and the same in words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, _BALANCE_HEIGHT, parent)
        self._balance: Balance | None = None
        self._is_live = False

    @property
    def words(self) -> str:
        """What it says."""
        return "" if self._balance is None else self._balance.words

    def show_balance(self, balance: Balance, *, is_live: bool) -> None:
        if (balance, is_live) == (self._balance, self._is_live):
            return
        self._balance, self._is_live = balance, is_live
        self.setAccessibleName(f"{balance.words}, {balance.basis}")
        self.setToolTip(f"{balance.words}, {balance.basis}")
        self.update()

    def _paint(self, painter: QPainter) -> None:
        balance = self._balance
        if balance is None:
            return
        room, top = self.width() - 2 * MARGIN, 6
        if balance.share_pct is not None:
            middle = MARGIN + round(room * balance.share_pct / 100)
            roles: tuple[Role, Role] = ("volumeUp", "volumeDown") if self._is_live else ("control", "lineStrong")
            for left, right, role in ((MARGIN, middle, roles[0]), (middle + 1, MARGIN + room, roles[1])):
                painter.fillRect(left, top, max(0, right - left), _BAR_HEIGHT, self._theme.brush(role))
        font = self._theme.fonts.numbers("small")
        words = self._theme.fonts.metrics(font).elidedText(balance.words, Qt.TextElideMode.ElideRight, room)
        painter.setFont(font)
        painter.setPen(self._theme.pen("text2"))
        painter.drawText(QPointF(MARGIN, 30), words)
