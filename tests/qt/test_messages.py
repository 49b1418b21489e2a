"""Messages inside panels: the empty panel, the banner, and the list of notices."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.notices_model import NOTICE_ROLE, NoticesModel
from marketwatch.qt.panels.banner import Banner
from marketwatch.qt.panels.empty_message import EmptyMessage
from marketwatch.qt.panels.notices_panel import NoticesPanel
from marketwatch.qt.theme import Theme
from marketwatch.services.notices import NoticeAction, NoticeLog, Severity

START = 1_756_977_067_000_000_000


class HandClock:
    passed = 0

    def now_ns(self) -> int:
        return START + self.passed

    def monotonic_ns(self) -> int:
        return self.passed


@pytest.fixture
def log() -> NoticeLog:
    return NoticeLog(HandClock(), most=5)


@pytest.fixture
def model(log: NoticeLog) -> Any:
    model = NoticesModel(log, zone="Asia/Kolkata")
    yield model
    model.detach()


@pytest.fixture
def panel(theme: Theme, icons: IconSet, model: NoticesModel, qtbot: QtBot) -> NoticesPanel:
    panel = NoticesPanel(theme, icons, model)
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    return panel


def visible_buttons(widget: Any) -> list[QPushButton]:
    return [button for button in widget.findChildren(QPushButton) if not button.isHidden()]


def test_an_empty_panel_says_why_and_what_next(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    message = EmptyMessage(theme, icons)
    qtbot.addWidget(message)
    message.resize(400, 260)
    message.show_message(
        "list", "This list is empty", "Type a symbol, or paste a column.", ("Add symbol", "Import list")
    )
    message.show()
    assert message.accessibleName() == "This list is empty. Type a symbol, or paste a column."
    assert message.sentence == "This list is empty Type a symbol, or paste a column."
    first, second = visible_buttons(message)
    assert (first.property("kind"), second.property("kind")) == ("primary", "")
    with qtbot.waitSignal(message.button_clicked) as clicked:
        second.click()
    assert clicked.args == [1]


def test_wrapped_text_is_never_cut(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    message = EmptyMessage(theme, icons)
    qtbot.addWidget(message)
    message.resize(400, 300)
    message.show_message("chart", "No bars for this day", "A sentence that is long enough for several lines. " * 4)
    message.show()
    for label in message.findChildren(QLabel):
        if label.text():
            assert label.height() >= label.heightForWidth(label.width())


@pytest.mark.parametrize("width", [200, 280, 600])
def test_an_empty_panel_of_any_width_shows_its_words_whole(
    theme: Theme, icons: IconSet, qtbot: QtBot, width: int
) -> None:
    message = EmptyMessage(theme, icons)
    qtbot.addWidget(message)
    message.show_message("info", "Nothing to report", "Problems and their next steps are listed here.")
    for size in (900, width):
        message.resize(size, 300)
    message.show()
    cause, words = [label for label in message.findChildren(QLabel) if label.text()]
    for label in (cause, words):
        assert message.rect().contains(label.geometry())
        assert abs(label.geometry().center().x() - message.rect().center().x()) <= 1
    assert words.height() < 20 or width < 300


def test_an_empty_panel_may_be_small(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    message = EmptyMessage(theme, icons)
    qtbot.addWidget(message)
    assert message.minimumSizeHint().height() == 0


@pytest.mark.parametrize(("tone", "ground"), [("plain", "panel"), ("decision", "alertTint"), ("error", "errorTint")])
def test_banners(theme: Theme, icons: IconSet, qtbot: QtBot, tone: Any, ground: Any) -> None:
    banner = Banner(theme, icons)
    qtbot.addWidget(banner)
    banner.show_message(tone, "warning", "No data for <2:14>.", "It reconnects by itself.", ("Reconnect now",))
    banner.resize(360, banner.sizeHint().height())
    banner.show()
    assert [button.text() for button in visible_buttons(banner)] == ["Reconnect now"]
    label = banner.findChild(QLabel)
    assert label is not None
    document = QTextDocument()
    document.setHtml(label.text())
    assert document.toPlainText() == "No data for <2:14>. It reconnects by itself."
    assert banner.grab().toImage().pixelColor(350, 5) == theme.colour(ground)
    theme.switch("light")
    assert theme.css("text1") in label.text()
    assert banner.grab().toImage().pixelColor(350, 5) == theme.colour(ground)


def test_model(qtmodeltester: ModelTester, log: NoticeLog, model: NoticesModel) -> None:
    qtmodeltester.check(model)
    for number in range(8):
        log.add(Severity.INFO, f"thing {number}", "cause", "next step")
    log.add(Severity.INFO, "thing 7", "cause")
    qtmodeltester.check(model)
    assert model.rowCount() == 5
    assert model.index(0, 0).data() == "14:41:07"
    assert model.index(0, 1).data() == "note"
    assert model.index(0, 2).data() == "Thing 7. Cause. Next step. (2 times)"
    assert model.index(4, 2).data() == "Thing 3. Cause. Next step."
    assert model.headerData(0, Qt.Orientation.Horizontal) == "Time IST"
    assert model.index(0, 0).data(int(Qt.ItemDataRole.AccessibleTextRole)).startswith("14:41:07, note, Thing 7")
    assert model.index(0, 0).data(NOTICE_ROLE).count == 2


def test_a_model_made_late_shows_what_was(log: NoticeLog) -> None:
    log.add(Severity.INFO, "earlier")
    log.add(Severity.INFO, "later")
    model = NoticesModel(log)
    assert [model.index(row, 2).data() for row in range(2)] == ["Later.", "Earlier."]
    model.detach()
    log.add(Severity.INFO, "unheard")
    assert model.rowCount() == 2


def test_the_chosen_notice_is_spelled_out(panel: NoticesPanel, log: NoticeLog, qtbot: QtBot) -> None:
    log.add(Severity.ERROR, "Massive", "the key was refused", "Enter it again", NoticeAction("enter_key", "Enter key"))
    assert panel.detail_text == ""
    panel.table.selectRow(0)
    assert panel.detail_text == "Massive. The key was refused. Enter it again."
    with qtbot.waitSignal(panel.action_requested) as asked:
        visible_buttons(panel)[0].click()
    assert asked.args == ["enter_key", 1]


def test_new_notices_do_not_take_the_choice_away(panel: NoticesPanel, log: NoticeLog) -> None:
    log.add(Severity.INFO, "first")
    panel.table.selectRow(0)
    log.add(Severity.ERROR, "second")
    assert panel.detail_text == "First."
    log.add(Severity.INFO, "first")
    assert panel.detail_text == "First. 2 times within a minute."


@pytest.mark.parametrize("name", ["dark", "light", "highContrast"])
def test_notices_are_painted_in_their_colour(panel: NoticesPanel, log: NoticeLog, theme: Theme, name: Any) -> None:
    theme.switch(name)
    log.add(Severity.ERROR, "Massive", "the key was refused")
    rect = panel.table.visualRect(panel.table.model().index(0, 1))
    image = panel.table.viewport().grab(rect).toImage()
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert theme.colour("error").name() in colours
    assert theme.colour("panel").name() in colours
