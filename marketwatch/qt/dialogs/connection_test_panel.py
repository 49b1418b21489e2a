"""The result of a connection test: a sentence first, then each step with what was measured."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from marketwatch.qt.icons import IconName, IconSet
from marketwatch.qt.panels.painted import set_text_role
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.connection_findings import Step, StepState, TestReport, Tone

_BOXES: dict[Tone, tuple[Role, Role, Role, IconName]] = {
    Tone.GOOD: ("successTint", "success", "success", "check"),
    Tone.UNDECIDED: ("alertTint", "alert", "alert", "warning"),
    Tone.BAD: ("errorTint", "error", "error", "warning"),
}
_RUNNING: tuple[Role, Role, Role, IconName] = ("panel", "line", "text3", "refresh")
_STEPS: dict[StepState, tuple[IconName, Role]] = {
    StepState.OK: ("check", "success"),
    StepState.FAILED: ("close", "error"),
    StepState.NOT_REACHED: ("minus", "text3"),
}
_NAME_WIDTH = 132


class ConnectionTestPanel(QWidget):
    """`test_requested` is all it asks for."""

    test_requested = Signal()

    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._when = QLabel(self)
        self._hint = QLabel(self)
        self.button = QPushButton("Test connection", self)
        self.button.setAutoDefault(False)
        icons.keep(self.button, "refresh", "text1", 16)
        self.box = _ResultBox(theme, icons, self)
        self._place()
        self._had_focus = False
        self.button.clicked.connect(self.test_requested)
        self.show_nothing()

    def _place(self) -> None:
        title = QLabel("Connection test", self)
        title.setFont(self._theme.fonts.text("title", "semibold"))
        for label in (self._when, self._hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            set_text_role(label, "text3")
        self._hint.setText("Connects once with what stands above, saved or not, and says what is wrong.")
        self._hint.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self._when)
        head.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._hint)
        column.addWidget(self.box)

    def show_nothing(self) -> None:
        """Show that nothing was tested yet."""
        self._when.clear()
        self.button.setText("Test connection")
        self.button.setEnabled(True)
        self._hint.show()
        self.box.hide()

    def show_report(self, report: TestReport, when: str) -> None:
        """Show a result, or the steps so far; `when` is the time of the run as it is shown."""
        is_running = report.finding is None
        self._when.setText("testing…" if is_running else f"run {when}")
        self.button.setText("Test again")
        self._enable(not is_running)
        self._hint.hide()
        self.box.show_report(report)
        self.box.show()

    def _enable(self, is_enabled: bool) -> None:
        """Let the button be pressed or not; the focus stays with the test while it runs."""
        if not is_enabled and self.button.hasFocus():
            self._had_focus = True
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.button.setEnabled(is_enabled)
        if is_enabled and self._had_focus:
            self._had_focus = False
            if self.hasFocus():
                self.button.setFocus(Qt.FocusReason.OtherFocusReason)


class _ResultBox(QFrame):
    def __init__(self, theme: Theme, icons: IconSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons = icons
        self._report: TestReport | None = None
        self.sentence = self._label(theme, "medium")
        self.next_step = self._label(theme, "regular")
        set_text_role(self.next_step, "text2")
        self._icon = QLabel(self)
        self._rows: dict[Step, tuple[QLabel, QLabel, QLabel]] = {}
        self._line = QWidget(self)
        self._line.setFixedHeight(1)
        self._place()
        theme.changed.connect(self._draw)

    def _label(self, theme: Theme, weight: str) -> QLabel:
        label = QLabel(self)
        label.setFont(theme.fonts.numbers("base", "medium" if weight == "medium" else "regular"))
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _place(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 14, 10)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.sentence, 0, 1, 1, 2)
        grid.addWidget(self.next_step, 1, 1, 1, 2)
        grid.addWidget(self._line, 2, 0, 1, 3)
        for row, step in enumerate(Step, 3):
            mark, name, detail = QLabel(self), self._label(self._theme, "medium"), self._label(self._theme, "regular")
            name.setText(step.value)
            name.setMinimumWidth(_NAME_WIDTH)
            name.setWordWrap(False)
            set_text_role(detail, "text2")
            for column, widget in enumerate((mark, name, detail)):
                grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignTop if column < 2 else Qt.AlignmentFlag(0))
            self._rows[step] = (mark, name, detail)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def show_report(self, report: TestReport) -> None:
        """Write sentence and steps."""
        self._report = report
        self.sentence.setText(report.sentence or "Testing the connection…")
        self.next_step.setText(report.next_step)
        self.next_step.setVisible(bool(report.next_step))
        for result in report.steps:
            _, name, detail = self._rows[result.step]
            is_reached = result.state is not StepState.NOT_REACHED
            words = result.detail or ("" if is_reached or report.finding is None else "not reached")
            detail.setText(words)
            set_text_role(name, "text1" if is_reached else "text3")
            set_text_role(detail, "text2" if is_reached else "text3")
            name.setAccessibleName(f"{result.step.value}: {result.state.value}. {words}")
        steps = "; ".join(f"{one.step.value}: {one.state.value}" for one in report.steps)
        self.setAccessibleName(f"{self.sentence.text()} {report.next_step}".strip())
        self.setAccessibleDescription(steps)
        self._draw()

    def _look(self) -> tuple[Role, Role, Role, IconName]:
        report = self._report
        return _RUNNING if report is None or report.finding is None else _BOXES[report.tone]

    def _draw(self) -> None:
        if self._report is None:
            return
        _, _, ink, icon = self._look()
        ratio = self.devicePixelRatioF()
        self._icon.setPixmap(self._icons.pixmap(icon, ink, 16, ratio))
        for result in self._report.steps:
            name, role = _STEPS[result.state]
            self._rows[result.step][0].setPixmap(self._icons.pixmap(name, role, 16, ratio))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ground, outline, _, _ = self._look()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.pen(outline))
            painter.setBrush(self._theme.brush(ground))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            line = self._line.geometry()
            painter.fillRect(line, self._theme.brush("line"))
