"""The cards that tell of fired alerts: above everything, never with the keyboard, until they are acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QElapsedTimer, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.alert_rows import CardView
from marketwatch.qt.panels.report_lines import draw_text
from marketwatch.qt.popups.card_place import EDGE, DialogWatch, stack_foot
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role

MOST_CARDS = 3
"""More firings than this share one card that lists them."""
GUARD_MS = 700
"""So long a list that has just changed takes no click: it was meant for what stood there before."""
_WIDTH = 330
_BAR = 4
_LEFT = 16
_RIGHT = 14
_FOOT = 42
_BODY = 96
_LINE = 19
_MOST_LINES = 8


class AlertCard(QWidget):
    """One card: a firing, or a list of many. `acknowledged` carries their numbers, `chart_requested` the first."""

    acknowledged = Signal(object)
    chart_requested = Signal(int)

    def __init__(self, theme: Theme, icons: IconSet, owner: QWidget) -> None:
        flags = (
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowDoesNotAcceptFocus
        )
        super().__init__(None, flags)  # a window of its own: it stays when the main one is minimised
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._owner = owner
        self._theme = theme
        self._icons = icons
        self._views: Sequence[CardView] = ()
        self._place = ""
        self._changed = QElapsedTimer()
        self.setFixedWidth(_WIDTH)
        self.chart = QPushButton("Chart", self)
        self.chart.setProperty("kind", "plain")
        self.chart.clicked.connect(self._on_chart)
        self.acknowledge = QPushButton("Acknowledge", self)
        self.acknowledge.setProperty("kind", "primary")
        self.acknowledge.clicked.connect(self._on_acknowledge)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_LEFT - 8, 0, 8, 7)
        layout.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self.chart)
        foot.addStretch(1)
        foot.addWidget(self.acknowledge)
        layout.addLayout(foot)
        theme.changed.connect(self.update)

    @property
    def views(self) -> Sequence[CardView]:
        """The firings it tells of, newest first."""
        return self._views

    @property
    def place(self) -> str:
        """Which of how many it is: `1 of 3`."""
        return self._place

    def show_views(self, views: Sequence[CardView], place: str) -> None:
        """Tell of these firings."""
        if tuple(views) == self._views and place == self._place:
            return
        self._views, self._place = tuple(views), place
        self._changed.start()
        lines = 0 if len(views) == 1 else min(len(views), _MOST_LINES) + (len(views) > _MOST_LINES)
        lines += len(_past_words(views)) if lines else 0
        self.setFixedHeight(_FOOT + (_BODY + 12 if not lines else 40 + lines * _LINE))
        self.chart.setVisible(len(views) == 1)
        self.acknowledge.setText("Acknowledge" if len(views) == 1 else "Acknowledge all")
        spoken = views[0].spoken
        if len(views) > 1:
            spoken = f"{_title(views)}, {'; '.join((*_past_words(views), *(view.spoken for view in views)))}"
        self.setAccessibleName(spoken)
        self.acknowledge.setAccessibleDescription(spoken)
        self.setWindowTitle(f"MarketWatch alert {views[0].symbol}")
        self.update()

    def take_focus(self) -> None:
        """Take the keyboard because the user asked for it."""
        self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus, False)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, False)
        self.show()
        self.activateWindow()
        self.acknowledge.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_chart(self) -> None:
        self.chart_requested.emit(self._views[0].number)

    def _on_acknowledge(self) -> None:
        if len(self._views) > 1 and not self._changed.hasExpired(GUARD_MS):
            return
        self.acknowledged.emit(tuple(view.number for view in self._views))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = self.focusWidget()
            (focused if isinstance(focused, QPushButton) else self.acknowledge).click()
            return
        if event.key() == Qt.Key.Key_Escape:  # back to the program; the card stays
            self._owner.activateWindow()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme.brush("raised"))
            painter.fillRect(0, self.height() - _FOOT, self.width(), 1, theme.brush("line"))
            painter.setPen(theme.pen("alertLine"))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
            painter.fillRect(0, 0, _BAR, self.height(), theme.brush("alertLine"))
            if len(self._views) == 1:
                self._paint_one(painter, self._views[0])
            elif self._views:
                self._paint_many(painter)

    def _paint_one(self, painter: QPainter, view: CardView) -> None:
        fonts = self._theme.fonts
        small, right = fonts.numbers("small"), float(self.width() - _RIGHT)
        self._head(painter, view.symbol, view.name, view.tag)
        figure = fonts.numbers("figure", "semibold")
        price_left = right - fonts.metrics(figure).horizontalAdvance(view.price)
        draw_text(painter, self._theme, view.price, figure, "text1", price_left, 52)
        self._words(painter, view.condition, fonts.numbers("title", "medium"), "text1", 52, price_left - 8)
        self._words(painter, view.origin, small, "text2", 71, right)
        self._words(painter, view.when, small, "text2", 86, right)
        self._words(painter, view.source, small, "text3", 101, right)

    def _paint_many(self, painter: QPainter) -> None:
        fonts, right = self._theme.fonts, float(self.width() - _RIGHT)
        self._head(painter, _title(self._views), "", "")
        font, y = fonts.numbers("base"), 48
        for words in _past_words(self._views):
            self._words(painter, words, fonts.numbers("small"), "text2", y, right)
            y += _LINE
        for view in self._views[:_MOST_LINES]:
            time = "" if view.is_past else f"{view.at}  "
            self._words(painter, f"{time}{view.symbol} {view.condition}", font, "text1", y, right)
            y += _LINE
        more = len(self._views) - _MOST_LINES
        if more > 0:
            self._words(painter, f"and {more} more in the log", font, "text2", y, right)

    def _head(self, painter: QPainter, symbol: str, name: str, tag: str) -> None:
        theme, fonts = self._theme, self._theme.fonts
        painter.drawPixmap(_LEFT, 11, self._icons.pixmap("bell", "alert", 16, self.devicePixelRatioF()))
        title, small = fonts.numbers("title", "semibold"), fonts.numbers("small")
        right = self.width() - _RIGHT - fonts.metrics(small).horizontalAdvance(self._place)
        draw_text(painter, theme, self._place, small, "text3", right, 25)
        x = draw_text(painter, theme, symbol, title, "text1", _LEFT + 24, 25) + 8
        room = max(0.0, right - x - 8 - (fonts.metrics(small).horizontalAdvance(tag) + 8 if tag else 0))
        words = fonts.metrics(small).elidedText(name, Qt.TextElideMode.ElideRight, room)
        x = draw_text(painter, theme, words, small, "text2", x, 25) + 8
        draw_text(painter, theme, tag, small, "text3", x, 25)

    def _words(self, painter: QPainter, text: str, font: QFont, role: Role, y: float, right: float) -> None:
        shown = self._theme.fonts.metrics(font).elidedText(text, Qt.TextElideMode.ElideRight, right - _LEFT)
        draw_text(painter, self._theme, shown, font, role, _LEFT, y)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _BODY + _FOOT)


class AlertCards:
    """Keeps a card for each firing that waits, the oldest at the bottom; more than a few share one that lists them.

    What fired while nobody listened has a card of its own at the very bottom, one for all of them. A card keeps its
    firing and its place, so that nobody acknowledges what has just come instead of what was read. While a dialog is
    open the stack stands where it covers neither its buttons nor the field with the keyboard.
    `acknowledge` gets the number of each firing that was acknowledged, `open_chart` that of one whose chart is wanted.
    """

    def __init__(
        self,
        theme: Theme,
        icons: IconSet,
        window: QWidget,
        *,
        acknowledge: Callable[[int], None],
        open_chart: Callable[[int], None],
    ) -> None:
        self._theme = theme
        self._icons = icons
        self._window = window
        self._acknowledge = acknowledge
        self._open_chart = open_chart
        self._single: dict[int, AlertCard] = {}
        self._list: AlertCard | None = None
        self._past: AlertCard | None = None
        self._foot: QPoint | None = None
        self._dialogs = DialogWatch()
        self._dialogs.changed.connect(self.keep_clear)

    @property
    def cards(self) -> list[AlertCard]:
        """The cards on screen, the newest firing last."""
        past = [] if self._past is None else [self._past]
        return [*past, *([self._list] if self._list is not None else self._single.values())]

    def show_firings(self, views: Sequence[CardView]) -> None:
        """Tell of the firings that wait, oldest first."""
        live = [view for view in views if not view.is_past]
        is_listed = len(live) > MOST_CARDS
        self._past = self._shared(self._past, [view for view in views if view.is_past])
        self._list = self._shared(self._list, live if is_listed else ())
        self._show_single(() if is_listed else live)
        self.keep_clear()

    def _shared(self, card: AlertCard | None, views: Sequence[CardView]) -> AlertCard | None:
        """Let one card tell of all these, newest first; without any there is none."""
        if views:
            card = card or self._new_card()
            card.show_views(list(reversed(views)), "")
            return card
        if card is not None:
            _remove(card)
        return None

    def take_focus(self) -> bool:
        """Move the keyboard into the newest card; False when there is none."""
        if not self.cards:
            return False
        self.cards[-1].take_focus()
        return True

    def close(self) -> None:
        """Take all cards away."""
        self.show_firings(())

    def _show_single(self, views: Sequence[CardView]) -> None:
        wanted = {view.number for view in views}
        for number in [number for number in self._single if number not in wanted]:
            _remove(self._single.pop(number))
        for place, view in enumerate(views):
            card = self._single.get(view.number)
            if card is None:
                card = self._single[view.number] = self._new_card()
            card.show_views([view], f"{place + 1} of {len(views)}")

    def _new_card(self) -> AlertCard:
        card = AlertCard(self._theme, self._icons, self._window)
        card.acknowledged.connect(self._on_acknowledged)
        card.chart_requested.connect(self._open_chart)
        return card

    def _on_acknowledged(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            self._acknowledge(number)

    def keep_clear(self) -> None:
        """Stand in the corner of the screen, or where the dialogs that are open can be used."""
        cards = self.cards
        if not cards:
            self._dialogs.stop()
            self._foot = None
            return
        area = self._window.screen().availableGeometry()
        size = QSize(_WIDTH, sum(card.height() + EDGE for card in cards) - EDGE)
        self._foot = foot = stack_foot(area, size, self._dialogs.look(), self._foot)
        bottom = foot.y()
        for card in cards:
            bottom -= card.height()
            corner = QPoint(foot.x(), max(area.top(), bottom))
            if card.pos() != corner:
                card.setGeometry(QRect(corner, card.size()))
            if not card.isVisible():
                card.show()
            bottom -= EDGE


def _title(views: Sequence[CardView]) -> str:
    return f"{len(views)} alerts fired meanwhile" if views[0].is_past else f"{len(views)} alerts"


def _past_words(views: Sequence[CardView]) -> tuple[str, ...]:
    """Say of several past firings why nobody knows when they fired, and since when they are known."""
    if not views[0].is_past:
        return ()
    causes = {view.when for view in views}
    seen = views[-1].source.partition(",")[0]
    return (causes.pop() if len(causes) == 1 else "fired while nobody listened", seen)


def _remove(card: AlertCard) -> None:
    card.hide()
    card.deleteLater()
