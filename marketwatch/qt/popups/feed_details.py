"""The health of one feed, opened from its pill: every status field, what is wrong, and a way to try again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt import formatting, time_text
from marketwatch.qt.panels.feed_words import SideConnection, lacking_words, silence, state_words, whole_rate
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.notices import in_sentences

_WIDTH = 400
_ABOVE = 6

Fields = Sequence[tuple[str, str]]


def detail_fields(
    status: FeedStatus, nature: FeedNature, now_ns: int, zone: str, beside: Sequence[SideConnection] = ()
) -> Fields:
    """Return name and value of each status field as the pop-up shows them; messages are those of all connections."""
    last = time_text.clock_time(status.last_message_ns, zone)
    if status.last_message_ns is not None:
        last = f"{last} {time_text.zone_name(zone, status.last_message_ns)}, {silence(status, now_ns)} ago"
    subscriptions = f"{status.subscriptions:,} of {status.wanted:,} confirmed"
    subscriptions = ", ".join((subscriptions, *lacking_words(status)))
    batch = (("Last batch", status.batch_progress),) if status.batch_progress else ()
    messages = status.message_count + sum(one.message_count for one in beside)
    return (
        ("State", state_words(status, nature, now_ns, beside)[0]),
        ("Connected", _connected_words(status)),
        ("Authenticated", _yes(status.authenticated)),
        ("Running", _yes(status.running)),
        ("Subscriptions", subscriptions),
        ("Messages", f"{messages:,}, {formatting.rate(whole_rate(status, beside))} per second"),
        ("Events", f"{status.event_count:,}, {status.invalid_count:,} unreadable"),
        *batch,
        ("Last message", last),
        ("Uptime", formatting.duration(status.uptime_s)),
        ("Reconnect attempts", f"{status.reconnect_attempts:,}"),
        ("Lag", _lag_words(status, nature)),
        ("Delay", formatting.delay_words(status.delay_s) if status.delay_s else "none"),
        *_split_fields(status, nature, now_ns, beside),
    )


def _split_fields(status: FeedStatus, nature: FeedNature, now_ns: int, beside: Sequence[SideConnection]) -> Fields:
    """Return a field for each connection of a feed that has several."""
    if not beside:
        return ()
    prices = f"{state_words(status, nature, now_ns)[0]}, {formatting.rate(status.messages_per_s)} msg/s"
    others = [
        (one.name.capitalize(), f"{one.words}{f', {formatting.rate(one.messages_per_s)} msg/s' * (not one.is_off)}")
        for one in beside
    ]
    return (("Prices", prices), *others)


class FeedDetails(QFrame):
    """Pop-up with the health of one feed. `retry_requested` and `sign_in_requested` carry the feed's id."""

    retry_requested = Signal(str)
    sign_in_requested = Signal(str)

    def __init__(self, theme: Theme, *, zone: str = "UTC", parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._theme = theme
        self._zone = zone
        self._status: FeedStatus | None = None
        self._values: dict[str, QLabel] = {}
        self._titles: dict[str, QLabel] = {}
        self.setFixedWidth(_WIDTH)
        self._title = QLabel(self)
        self._title.setFont(theme.fonts.text("title", "semibold"))
        self._problem = QLabel(self)
        self._problem.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._retry = QPushButton("Reconnect now", self)
        self._retry.setProperty("small", True)
        self._retry.clicked.connect(self._on_retry)
        self._sign_in = QPushButton("Sign in…", self)
        self._sign_in.setProperty("small", True)
        self._sign_in.clicked.connect(self._on_sign_in)
        self._place()
        theme.changed.connect(self.update)

    def _place(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._problem)
        layout.addLayout(self._grid)
        foot = QHBoxLayout()
        foot.addWidget(self._sign_in)
        foot.addWidget(self._retry)
        foot.addStretch(1)
        layout.addLayout(foot)

    @property
    def feed_id(self) -> str | None:
        """Whose details these are."""
        return None if self._status is None else self._status.feed_id

    def values(self) -> dict[str, str]:
        """Return what is shown, by field name."""
        return {name: label.text() for name, label in self._values.items() if not label.isHidden()}

    def set_status(
        self, status: FeedStatus, nature: FeedNature, now_ns: int, beside: Sequence[SideConnection] = ()
    ) -> None:
        """Show another moment of the feed; `beside` are its connections beside that of the prices."""
        self._status = status
        self._title.setText(status.label)
        self.setAccessibleName(f"{status.label}, details")
        problem = in_sentences(status.reason, status.next_step)
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        is_signed_out = status.state is FeedState.SIGNED_OUT
        set_text_role(self._problem, "text2" if is_signed_out or status.state is FeedState.LIVE else "error")
        fields = dict(detail_fields(status, nature, now_ns, self._zone, beside))
        for name, value in fields.items():
            self._value(name).setText(value)
        for name, label in self._values.items():
            label.setVisible(name in fields)
            self._titles[name].setVisible(name in fields)
        self._sign_in.setVisible(is_signed_out)
        is_troubled = any(one.trouble for one in beside)
        self._retry.setVisible(is_troubled or status.state not in (FeedState.LIVE, FeedState.IDLE))
        self.adjustSize()

    def _value(self, name: str) -> QLabel:
        label = self._values.get(name)
        if label is None:
            row = len(self._values)
            title = self._titles[name] = QLabel(name, self)
            set_text_role(title, "text3")
            label = self._values[name] = QLabel(self)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(name)
            self._grid.addWidget(title, row, 0)
            self._grid.addWidget(label, row, 1)
            self._grid.setColumnStretch(1, 1)
        return label

    def open_above(self, anchor: QWidget) -> None:
        """Show the pop-up above a pill, within its screen."""
        self.adjustSize()
        area = anchor.screen().availableGeometry()
        at = anchor.mapToGlobal(QPoint(0, -self.height() - _ABOVE))
        x = max(area.left(), min(at.x(), area.right() - self.width()))
        self.move(x, max(area.top(), at.y()))
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def _on_sign_in(self) -> None:
        if self._status is not None:
            self.sign_in_requested.emit(self._status.feed_id)
            self.close()

    def _on_retry(self) -> None:
        if self._status is not None:
            self.retry_requested.emit(self._status.feed_id)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self._theme.brush("raised"))
            painter.setPen(self._theme.pen("lineStrong"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def _connected_words(status: FeedStatus) -> str:
    """Say how many connections stand of those that are in use, where the feed has more than one."""
    if len(status.parts) < 2:
        return _yes(status.connected)
    return f"{status.connections} of {len(status.parts)} connections"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _lag_words(status: FeedStatus, nature: FeedNature) -> str:
    if status.lag_ms is None:
        return "not measured" if nature in (FeedNature.LIVE, FeedNature.DELAYED) else "not in real time"
    text = formatting.milliseconds(status.lag_ms)
    if status.lag_p99_ms is None:
        return text
    return f"{text}, 99 of 100 within {formatting.milliseconds(status.lag_p99_ms)}"
