"""Everything known of the instrument chosen in Settings > Look-up, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from marketwatch.instruments.lookup import LookupHit, source_name
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.master_views import HitFacts
from marketwatch.qt.panels.framed import Framed
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.panels.tags import TAG_HEIGHT, TagPainter
from marketwatch.qt.theme import Theme

_BESIDE = 820
_LEAST_HEIGHT = 116
_TITLES = ("Stream feed", "History feed", "Numbers", "Trading hours", "Used in")


class HitCard(Framed):
    """Three columns, one below the other where there is little room; as high without a hit as with one."""

    add_requested = Signal()
    feeds_requested = Signal()

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(theme, "line", parent)
        self.head = QLabel(self)
        self.name = QLabel(self)
        self.key = QLabel(self)
        self.note = QLabel(self)
        self._known_as = QLabel("This row is known here as", self)
        self._tags = _Tags(theme, self)
        self.facts = {title: QLabel(self) for title in _TITLES}
        self.add = QPushButton("Add to list", self)
        self.feeds = QPushButton("Change feeds", self)
        self.copy = QPushButton("Copy key", self)
        icons.keep(self.add, "plus", "text2", 16)
        self._grids = [QWidget(self), QWidget(self)]
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._place(theme)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.add.clicked.connect(self.add_requested)
        self.feeds.clicked.connect(self.feeds_requested)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.key.text()))

    def _place(self, theme: Theme) -> None:
        self.head.setFont(theme.fonts.text("title", "semibold"))
        self.key.setFont(theme.fonts.mono("base"))
        for label in (self.head, self.name, self.key, self.note, self._known_as, *self.facts.values()):
            label.setTextFormat(Qt.TextFormat.PlainText)
            selectable = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            label.setTextInteractionFlags(selectable)
        for label in (self.name, self.note, *self.facts.values()):
            label.setWordWrap(True)
        set_text_role(self.name, "text2")
        set_text_role(self.note, "text3")
        self.key.setAccessibleName("Key")
        self.copy.setToolTip("Copy the key; a pasted list takes it for this instrument alone")
        self.feeds.setToolTip("Choose which feed serves it, and which steps in")
        first = QVBoxLayout()
        first.setSpacing(4)
        first.addLayout(_row(self.head, self._tags, self.name))
        first.addLayout(_row(self._known_as, self.key, None))
        first.addWidget(self.note)
        first.addStretch(1)
        for grid, titles in zip(self._grids, (_TITLES[:3], _TITLES[3:]), strict=True):
            lines = QGridLayout(grid)
            lines.setContentsMargins(0, 0, 0, 0)
            lines.setHorizontalSpacing(12)
            lines.setVerticalSpacing(3)
            lines.setColumnStretch(1, 1)
            for number, title in enumerate(titles):
                said = QLabel(title, grid)
                set_text_role(said, "text3")
                lines.addWidget(said, number, 0, Qt.AlignmentFlag.AlignTop)
                lines.addWidget(self.facts[title], number, 1)
                self.facts[title].setAccessibleName(title)
            lines.setRowStretch(len(titles), 1)
        last = QVBoxLayout()
        last.setSpacing(6)
        last.addWidget(self._grids[1])
        last.addStretch(1)
        last.addLayout(_row(self.add, self.feeds, self.copy, None))
        self._columns.setSpacing(20)
        self._columns.addLayout(first, 10)
        self._columns.addWidget(self._grids[0], 9)
        self._columns.addLayout(last, 9)
        for button in (self.add, self.feeds, self.copy):
            button.setAutoDefault(False)
            button.setProperty("small", True)
        self.hold_layout(self._columns, 10)

    def show_hit(self, hit: LookupHit, facts: HitFacts) -> None:
        """Show one instrument."""
        one = hit.instrument
        self._show_parts(has_hit=True)
        self.head.setText(one.symbol)
        series = hit.series if hit.series and hit.series != one.id.segment else ""
        self._tags.show_tags(tuple(tag for tag in (f"{one.id.venue}_{one.id.segment}", series) if tag))
        self.name.setText(hit.name)
        self.key.setText(facts.key)
        has_token = bool(hit.tokens)
        self.note.setText("A token alone never names an instrument." if has_token else "No list gives its token.")
        said = (facts.stream, facts.history, "\n".join(number_lines(hit)), facts.hours, facts.used)
        for title, text in zip(_TITLES, said, strict=True):
            self.facts[title].setText(text)

    def show_nothing(self, head: str, note: str) -> None:
        """Say why no instrument is shown, and what helps."""
        self._show_parts(has_hit=False)
        self.head.setText(head)
        self.note.setText(note)

    def _show_parts(self, *, has_hit: bool) -> None:
        for widget in (self._tags, self.name, self._known_as, self.key, *self._grids):
            widget.setVisible(has_hit)
        for button in (self.add, self.feeds, self.copy):
            button.setVisible(has_hit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= _BESIDE
        wanted = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        if self._columns.direction() != wanted:
            self._columns.setDirection(wanted)
            self._columns.setSpacing(20 if is_wide else 8)


def number_lines(hit: LookupHit) -> list[str]:
    """Say which numbers and spellings each list has for an instrument, one line per list."""
    lines = []
    for listing in hit.listings:
        parts = [
            listing.feed_token,
            f"exchange token {listing.token}" if listing.token and listing.feed_token else "",
            f"token {listing.token}" if listing.token and not listing.feed_token else "",
            f"written {listing.feed_symbol}" if listing.feed_symbol else "",
        ]
        said = ", ".join(part for part in parts if part) or "no number"
        lines.append(f"{source_name(listing.source)}: {said}")
    return lines or ["in no list"]


class _Tags(QWidget):
    """A row of tags, painted."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._painter = TagPainter(theme)
        self._tags: tuple[str, ...] = ()
        theme.changed.connect(self._on_theme)

    def _on_theme(self) -> None:
        self._painter.reload()
        self.update()

    def show_tags(self, tags: tuple[str, ...]) -> None:
        self._tags = tags
        self.setAccessibleName(", ".join(tags))
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(self._painter.width(self._tags)) + 2, TAG_HEIGHT + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._painter.paint(painter, self._tags, 0, 0, self.height())


def _row(*parts: QWidget | None) -> QHBoxLayout:
    """Put widgets side by side; the last one takes the room, or nothing does where that is None."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part, 1 if part is parts[-1] else 0)
    return row
