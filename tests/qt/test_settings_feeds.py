"""Settings > Feeds: drafts, keys that are never shown, tests in words, and everything by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from feed_settings_fakes import (
    FEEDS,
    MASSIVE,
    ODIN,
    STREAM,
    bad_report,
    fill_facts,
    good_report,
    make_dialog,
    make_page,
)
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from marketwatch.domain.feed_config import ReconnectPolicy
from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.feed_list import switch_rect
from marketwatch.qt.dialogs.passphrase_dialog import PassphraseDialog
from marketwatch.qt.dialogs.secret_field import DOTS
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.theme import Theme
from marketwatch.services.connection_findings import Finding, Step, TestReport
from marketwatch.storage.secret_places import SecretPlace
from marketwatch.storage.secrets import SecretView

CANARY = "canary-9f3b7c21d4"


@pytest.fixture
def page(theme: Theme, icons: IconSet, qtbot: QtBot) -> FeedsPage:
    page = make_page(theme, icons)
    qtbot.addWidget(page)
    page.resize(1198, 706)
    page.show()
    return page


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show()
    return window


@pytest.fixture
def dialog(theme: Theme, icons: IconSet, window: QWidget) -> tuple[SettingsDialog, FeedsPage]:
    dialog, page = make_dialog(theme, icons, window)
    dialog.open_over("feeds")
    return dialog, page


def names(page: FeedsPage) -> list[str]:
    return [config.name for config in page.model.feeds]


def press(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))


def enter_key(page: FeedsPage, qtbot: QtBot, text: str = CANARY) -> None:
    field = page.form.secrets["key"]
    if field.replace.isVisible():
        field.replace.click()
    qtbot.keyClicks(field.edit, text)


# --- the list


def test_rows_say_name_state_and_switch(page: FeedsPage) -> None:
    ModelTester(page.model)
    spoken = [page.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert spoken == [
        "Massive, on, delayed 15 min, 10 symbols",
        "Odin Streamer, on, this computer, live, 13 instruments",
        "Stream service, on, own address, stalled 2:14",
    ]


def test_space_switches_and_the_row_says_so(page: FeedsPage, qtbot: QtBot) -> None:
    press(page.list, Qt.Key.Key_Space)
    assert not page.model.feeds[0].enabled
    assert not page.form.enabled.isChecked()
    assert page.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "Massive, off, delayed 15 min, off"
    page.form.enabled.click()
    assert page.model.feeds[0].enabled
    assert not page.has_changes


def test_a_click_on_the_switch_switches_and_one_beside_it_chooses(page: FeedsPage, qtbot: QtBot) -> None:
    rect = page.list.visualRect(page.model.index(1))
    knob = switch_rect(rect.toRectF()).center().toPoint()
    qtbot.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=knob)
    assert not page.model.feeds[1].enabled
    qtbot.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.topLeft() + QPoint(60, 20))
    assert not page.model.feeds[1].enabled
    assert page.current_id == ODIN


def test_alt_arrows_move_and_delete_removes(page: FeedsPage) -> None:
    press(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert names(page) == ["Odin Streamer", "Massive", "Stream service"]
    assert page.current_id == MASSIVE
    press(page.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    press(page.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(page)[0] == "Massive"
    assert not page.has_changes
    press(page.list, Qt.Key.Key_Delete)
    assert names(page) == ["Odin Streamer", "Stream service"]
    assert page.current_id == ODIN
    assert page.has_changes
    page.discard()
    assert names(page) == ["Massive", "Odin Streamer", "Stream service"]


def test_f2_goes_to_the_name_and_an_empty_one_cannot_be_saved(page: FeedsPage, qtbot: QtBot) -> None:
    press(page.list, Qt.Key.Key_F2)
    assert page.form.name.selectedText() == "Massive"
    qtbot.keyClicks(page.form.name, "US stocks")
    assert (names(page)[0], page.form.title.text()) == ("US stocks", "US stocks")
    assert page.form.note.text() == "Massive, formerly Polygon.io, US stocks"
    assert page.consequence == ""
    page.form.name.selectAll()
    qtbot.keyClick(page.form.name, Qt.Key.Key_Backspace)
    assert page.problem == "It is empty."
    assert names(page)[0] == "US stocks"


def test_a_feed_of_any_kind_can_be_added(page: FeedsPage) -> None:
    actions = page.add.menu().actions()
    assert [action.text() for action in actions] == [
        "Massive, formerly Polygon.io, US stocks",
        "Odin Streamer, NSE India",
        "Stream service, four endpoints",
    ]
    actions[0].trigger()
    new = page.model.feeds[3]
    assert (new.id, new.name, new.variant, new.enabled) == ("massive-2", "Massive 2", "delayed", True)
    assert page.current_id == new.id
    assert page.focusWidget() is page.form.secrets["key"].edit
    actions[2].trigger()
    assert page.problem == "Type the address of the server."


def test_without_a_feed_the_page_says_what_to_do(page: FeedsPage) -> None:
    page.set_feeds(())
    assert page.empty.isVisible()
    assert page.empty.sentence.startswith("No feed yet")
    page.set_feeds(FEEDS)
    assert not page.empty.isVisible()


# --- the form


def test_delayed_or_real_time_changes_address_and_hint(page: FeedsPage) -> None:
    assert page.form.address.text() == "wss://delayed.massive.com/stocks"
    assert not page.form.default.isEnabled()
    page.form.variants.buttons()[1].click()
    assert page.model.feeds[0].variant == "realtime"
    assert page.form.address.text() == "wss://socket.massive.com/stocks"
    assert page.consequence == "Massive will reconnect once."


def test_an_own_address_is_typed_and_the_default_one_click_away(page: FeedsPage, qtbot: QtBot) -> None:
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, "ws://127.0.0.1:9000")
    config = page.model.feeds[0]
    assert (config.variant, config.own_address) == ("own", "ws://127.0.0.1:9000")
    assert page.form.variants.current == "own"
    assert page.problem == ""
    page.form.default.click()
    assert page.model.feeds[0].variant == "delayed"
    assert page.form.address.text() == "wss://delayed.massive.com/stocks"


def test_a_typed_default_address_is_the_default(page: FeedsPage, qtbot: QtBot) -> None:
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, "wss://socket.massive.com/stocks")
    assert page.model.feeds[0].variant == "realtime"


def test_an_address_that_would_send_a_key_in_the_clear_cannot_be_saved(page: FeedsPage, qtbot: QtBot) -> None:
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, "ws://example.org")
    assert page.problem == "A key would travel unencrypted."
    page.set_secret(MASSIVE, "key", SecretView())
    assert page.problem == ""
    assert "Anyone on the way can read this." in texts(page.form)


def test_at_least_one_channel_stays(page: FeedsPage) -> None:
    assert [code for code, box in page.form.channels.items() if box.isChecked()] == ["T", "Q", "AM"]
    page.form.channels["Q"].click()
    page.form.channels["AM"].click()
    assert page.model.feeds[0].channels == ("T",)
    page.form.channels["T"].click()
    assert page.problem == "Choose at least one channel."
    page.form.channels["A"].click()
    assert (page.problem, page.model.feeds[0].channels) == ("", ("A",))


def test_the_reconnect_policy(page: FeedsPage, qtbot: QtBot) -> None:
    page.form.reconnect.setCurrentIndex(1)
    page.form.reconnect.activated.emit(1)
    assert page.model.feeds[0].reconnect is ReconnectPolicy.FIVE_ATTEMPTS
    assert "up to 30 s" in page.form.reconnect.accessibleDescription()


def test_a_kind_this_version_does_not_know_is_kept(page: FeedsPage) -> None:
    unknown = FEEDS[0].__class__(id=MASSIVE, kind="telepathy", name="X", variant="far")
    page.set_feeds([unknown])
    assert page.form.note.text() == "telepathy, this version does not know this kind of feed"
    assert tuple(page.model.feeds) == (unknown,)


# --- keys


def texts(widget: QWidget) -> list[str]:
    return [
        text
        for child in widget.findChildren(QWidget)
        for text in (
            child.text() if isinstance(child, QLabel | QAbstractButton) else "",
            child.displayText() if isinstance(child, QLineEdit) else "",
            child.accessibleName(),
            child.accessibleDescription(),
            child.toolTip(),
        )
    ]


def test_a_stored_key_is_a_fixed_number_of_dots_with_its_place(page: FeedsPage) -> None:
    field = page.form.secrets["key"]
    assert field.edit.text() == DOTS
    assert field.edit.isReadOnly()
    assert "stored in the system keychain" in texts(page.form)
    assert (field.replace.isVisible(), field.forget.isVisible()) == (True, True)


def test_a_typed_key_is_masked_told_once_on_saving_and_wiped(page: FeedsPage, qtbot: QtBot) -> None:
    told: list[tuple[Any, ...]] = []
    page.secret_entered.connect(lambda *arguments: told.append(arguments))
    enter_key(page, qtbot)
    field = page.form.secrets["key"]
    assert field.edit.echoMode() is QLineEdit.EchoMode.Password
    assert CANARY not in texts(page)
    assert "will be stored in the system keychain" in texts(page.form)
    assert (page.has_changes, page.consequence, told) == (True, "Massive will reconnect once.", [])
    page.save()
    assert told == [(MASSIVE, "key", Secret(CANARY))]
    assert "***" in repr(told)
    assert CANARY not in repr(told)
    assert field.edit.text() == DOTS
    assert not page.has_changes


def test_a_key_given_up_is_wiped(page: FeedsPage, qtbot: QtBot) -> None:
    field = page.form.secrets["key"]
    enter_key(page, qtbot)
    field.keep.click()
    assert (field.edit.text(), page.has_changes) == (DOTS, False)
    enter_key(page, qtbot)
    press(field.edit, Qt.Key.Key_Escape)
    assert (field.edit.text(), page.has_changes) == (DOTS, False)


def test_a_typed_key_survives_a_look_at_another_feed(page: FeedsPage, qtbot: QtBot) -> None:
    enter_key(page, qtbot)
    page.list.setCurrentIndex(page.model.index(1))
    assert page.form.secrets == {}
    assert page.has_changes
    page.list.setCurrentIndex(page.model.index(0))
    assert page.form.secrets["key"].has_entered
    page.discard()
    assert page.form.secrets["key"].edit.text() == DOTS


def test_forgetting_is_asked_for_at_once(page: FeedsPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.forget_requested) as asked:
        page.form.secrets["key"].forget.click()
    assert asked.args == [MASSIVE, "key"]
    page.set_secret(MASSIVE, "key", SecretView(trouble="it was kept for one run only: enter it again"))
    field = page.form.secrets["key"]
    assert (field.edit.text(), field.edit.isReadOnly(), field.replace.isVisible()) == ("", False, False)
    assert any("It was kept for one run only: enter it again" in text for text in texts(field))


def test_a_key_of_the_environment_cannot_be_forgotten_here(page: FeedsPage) -> None:
    words = "from the environment (POLYGON_API_KEY)"
    page.set_secret(MASSIVE, "key", SecretView(place=SecretPlace.ENVIRONMENT, words=words))
    field = page.form.secrets["key"]
    assert (field.forget.isVisible(), field.replace.isVisible()) == (False, True)
    assert words in texts(field)


def test_the_key_cannot_be_copied(page: FeedsPage, qtbot: QtBot) -> None:
    enter_key(page, qtbot)
    field = page.form.secrets["key"]
    field.edit.selectAll()
    field.edit.copy()
    assert QApplication.clipboard().text() != CANARY


# --- test, limits, problems


def test_a_test_is_asked_for_with_the_draft_and_the_typed_key(page: FeedsPage, qtbot: QtBot) -> None:
    enter_key(page, qtbot)
    page.form.variants.buttons()[1].click()
    with qtbot.waitSignal(page.test_requested) as asked:
        page.test.button.click()
    config, typed = asked.args
    assert (config.variant, typed) == ("realtime", {"key": Secret(CANARY)})
    assert page.has_changes


def test_a_result_leaves_with_what_was_tested(page: FeedsPage, qtbot: QtBot) -> None:
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    page.form.name.setText("Another name")
    assert not page.test.box.isHidden()
    page.form.variants.buttons()[1].click()
    assert page.test.box.isHidden()
    page.show_report(MASSIVE, good_report(), "14:39:40 IST")
    enter_key(page, qtbot)
    assert page.test.box.isHidden()


def test_a_result_of_what_was_changed_meanwhile_is_not_shown(page: FeedsPage) -> None:
    page.show_report(MASSIVE, TestReport(ran_ns=1, steps=good_report().steps), "14:39:20 IST")
    page.form.variants.buttons()[1].click()
    assert not page.test.box.isHidden()
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    assert (page.test.box.isHidden(), page.test.button.isEnabled()) == (True, True)
    page.show_report(MASSIVE, good_report(), "14:39:40 IST")
    assert not page.test.box.isHidden()


def test_the_keyboard_stays_with_the_test(page: FeedsPage, qtbot: QtBot) -> None:
    page.activateWindow()
    page.test.button.setFocus()
    qtbot.waitUntil(page.test.button.hasFocus)
    page.show_report(MASSIVE, TestReport(ran_ns=1, steps=good_report().steps), "14:39:20 IST")
    assert page.test.hasFocus()
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    assert page.test.button.hasFocus()


def test_the_sentence_comes_first_then_the_steps(page: FeedsPage) -> None:
    assert page.test.box.isHidden()
    page.show_report(MASSIVE, TestReport(ran_ns=1, steps=good_report().steps), "14:39:20 IST")
    assert not page.test.button.isEnabled()
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    box = page.test.box
    assert page.test.button.isEnabled()
    assert box.sentence.text() == "The feed works. Prices arrive 15 minutes late, as chosen."
    assert "run 14:39:20 IST" in texts(page.test)
    assert "First price: ok" in box.accessibleDescription()
    page.show_report(MASSIVE, bad_report(Finding.WRONG_KEY, Step.KEY, "authentication failed"), "14:40:00 IST")
    assert box.sentence.text() == "The server refuses the key."
    assert "Key accepted: failed. authentication failed" in texts(box)
    assert "First price: not reached. not reached" in texts(box)


def test_each_feed_keeps_its_own_result(page: FeedsPage) -> None:
    page.show_report(ODIN, good_report(), "x")
    assert page.test.box.isHidden()
    page.list.setCurrentIndex(page.model.index(1))
    assert not page.test.box.isHidden()
    page.list.setCurrentIndex(page.model.index(2))
    assert page.test.box.isHidden()


def test_limits_and_problems(page: FeedsPage) -> None:
    assert "None since MarketWatch started." in texts(page.facts)
    fill_facts(page)
    names = [meter.accessibleName() for meter in page.facts.meters]
    assert names[0] == "Connections: 1 of 1. another program with this key will push this one out"
    assert names[2] == "Symbols on this connection: 10 of 1,000. own limit, the vendor names none"
    assert "13:47:30 IST" in texts(page.facts)
    page.list.setCurrentIndex(page.model.index(1))
    assert [meter.isVisible() for meter in page.facts.meters] == [False] * 3


# --- saving


def test_saving_tells_all_feeds_in_order_once(page: FeedsPage, qtbot: QtBot) -> None:
    told: list[Any] = []
    page.config_changed.connect(told.append)
    page.save()
    assert told == []
    page.form.variants.buttons()[1].click()
    press(page.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    page.save()
    assert [[(config.id, config.variant) for config in feeds] for feeds in told] == [
        [(ODIN, "local"), (MASSIVE, "realtime"), (STREAM, "own")]
    ]


def test_the_dialog_saves_with_ctrl_enter_and_says_what_happens(
    dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot
) -> None:
    window, page = dialog
    assert (window.hint.text(), window.save_button.isEnabled()) == ("Nothing was changed.", False)
    page.form.variants.buttons()[1].click()
    assert window.hint.text() == "Changes apply when saved. Massive will reconnect once."
    assert window.save_button.text() == "Save and reconnect"
    press(window, Qt.Key.Key_Return)
    assert window.isVisible()
    with qtbot.waitSignals([window.saved, window.closed, page.config_changed]):
        press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()


def test_enter_presses_the_button_that_has_the_focus(dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot) -> None:
    window, page = dialog
    window.activateWindow()
    page.test.button.setFocus()
    qtbot.waitUntil(page.test.button.hasFocus)
    with qtbot.waitSignal(page.test_requested):
        qtbot.keyClick(page.test.button, Qt.Key.Key_Return)
    assert window.isVisible()


def test_esc_asks_only_if_something_changed(dialog: tuple[SettingsDialog, FeedsPage]) -> None:
    window, page = dialog
    press(page.list, Qt.Key.Key_Space)
    press(window, Qt.Key.Key_Escape)
    assert window.isVisible()
    assert (window.cancel.text(), window.save_button.text()) == ("Keep editing", "Discard changes")
    window.cancel.click()
    assert window.isVisible()
    assert page.has_changes
    press(window, Qt.Key.Key_Escape)
    window.save_button.click()
    assert not window.isVisible()
    assert tuple(page.model.feeds) == FEEDS
    window.open_over("feeds")
    press(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_nothing_wrong_can_be_saved(dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot) -> None:
    window, page = dialog
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, "http:/")
    assert not window.save_button.isEnabled()
    assert window.hint.text().startswith("The address must begin")
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.isVisible()


def test_pages_are_found_by_words(dialog: tuple[SettingsDialog, FeedsPage], qtbot: QtBot) -> None:
    window, _ = dialog
    qtbot.keyClicks(window.nav.search, "key")
    assert (window.nav.button("feeds").isVisible(), window.nav.button("lookup").isVisible()) == (True, False)
    window.nav.search.setText("nonsense")
    assert "Nothing found" in [label.text() for label in window.nav.findChildren(QLabel) if label.isVisible()]
    window.nav.search.clear()
    window.nav.button("lookup").click()
    assert window.stack.currentWidget() is window.page("lookup")


def test_every_control_has_a_name_and_can_be_reached(dialog: tuple[SettingsDialog, FeedsPage]) -> None:
    window, page = dialog
    fill_facts(page)
    wanted = [
        child
        for child in window.findChildren(QWidget)
        if (
            child.isVisible()
            and child.isEnabled()
            and child.focusPolicy() & Qt.FocusPolicy.TabFocus
            and isinstance(child, QAbstractButton | QLineEdit)
        )
        or child is page.list
    ]
    for child in wanted:
        assert child.accessibleName() or (isinstance(child, QAbstractButton) and child.text()), child
    seen: set[int] = set()
    page.list.setFocus()
    for _ in range(80):
        focused = window.focusWidget()
        seen.add(id(focused))
        window.focusNextChild()
    missing = [child for child in wanted if id(child) not in seen and not in_group_of(child, seen, wanted)]
    assert [child.accessibleName() for child in missing] == []


def in_group_of(child: QWidget, seen: set[int], all_of_them: list[QWidget]) -> bool:
    """Tab enters a group of exclusive buttons once; arrows go on inside."""
    group = child.group() if isinstance(child, QAbstractButton) else None
    return group is not None and any(id(button) in seen for button in group.buttons())


# --- sizes and themes


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (1024, 700), (800, 600)])
def test_no_text_is_cut(theme: Theme, icons: IconSet, window: QWidget, size: tuple[int, int], qtbot: QtBot) -> None:
    window.resize(*size)
    dialog, page = make_dialog(theme, icons, window)
    fill_facts(page)
    page.show_report(MASSIVE, bad_report(Finding.CLOCK_WRONG, Step.CLOCK, "words " * 30), "14:39:20 IST")
    dialog.open_over("feeds")
    enter_key(page, qtbot)
    qtbot.wait(1)
    assert dialog.width() <= size[0]
    assert dialog.height() <= size[1]
    for label in dialog.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        assert label.width() >= min(label.sizeHint().width(), label.minimumSizeHint().width()) or label.wordWrap(), (
            label
        )
        if label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
        else:
            assert label.width() >= label.sizeHint().width(), label.text()
    for button in dialog.findChildren(QAbstractButton):
        if button.isVisible() and button.text():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
    right = page.form.mapTo(page, QPointF(page.form.width(), 0).toPoint()).x()
    assert right <= page.width()


def test_a_change_of_theme_repaints_in_the_new_colours(theme: Theme, dialog: tuple[SettingsDialog, FeedsPage]) -> None:
    window, page = dialog
    fill_facts(page)
    before = window.grab().toImage()
    theme.switch("light")
    after = window.grab().toImage()
    spot = QPoint(window.width() // 2, window.height() - 10)
    assert before.pixelColor(spot) != after.pixelColor(spot)
    assert after.pixelColor(spot) == theme.colour("raised")


# --- passphrase


def test_a_new_vault_needs_the_passphrase_twice(theme: Theme, qtbot: QtBot) -> None:
    dialog = PassphraseDialog(theme, is_new=True, reason="this system has no keychain that answers")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.open()
    told: list[Any] = []
    dialog.entered.connect(lambda *arguments: told.append(arguments))
    assert dialog.text.text().startswith("This system has no keychain that answers.")
    assert not dialog.go.isEnabled()
    qtbot.keyClicks(dialog.first, "short")
    assert dialog.error.text() == "At least 8 characters."
    qtbot.keyClicks(dialog.first, " but longer")
    qtbot.keyClicks(dialog.second, "another")
    assert (dialog.error.text(), dialog.go.isEnabled()) == ("The two differ.", False)
    dialog.second.setText("short but longer")
    dialog.go.click()
    assert told == [(Secret("short but longer"), True)]
    dialog.show_error("the disk is full")
    assert dialog.isVisible()
    dialog.accept()
    assert (dialog.first.text(), dialog.second.text()) == ("", "")


def test_a_vault_is_unlocked_begun_anew_or_left_alone(theme: Theme, qtbot: QtBot) -> None:
    dialog = PassphraseDialog(theme, is_new=False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.open()
    assert (dialog.second.isVisible(), dialog.begin_anew.isVisible(), dialog.go.text()) == (False, True, "Unlock")
    dialog.begin_anew.click()
    assert (dialog.second.isVisible(), dialog.go.text()) == (True, "Begin the vault")
    with qtbot.waitSignal(dialog.declined):
        dialog.memory.click()
