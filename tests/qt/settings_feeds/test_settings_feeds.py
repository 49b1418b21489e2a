"""Settings > Feeds: the list and the form, drafts until they are saved, and everything by keyboard."""

from __future__ import annotations

from feed_settings_fakes import FEEDS, MASSIVE, ODIN, names, press, texts
from PySide6.QtCore import QPoint, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from marketwatch.domain.feed_config import ReconnectPolicy
from marketwatch.qt.dialogs.feed_list import switch_rect
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.storage.secrets import SecretView

# --- the list


def test_rows_say_name_state_and_switch(page: FeedsPage) -> None:
    ModelTester(page.model)
    spoken = [page.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert spoken == [
        "Massive, on, stocks, delayed 15 min, 10 instruments",
        "Odin Streamer, on, NSE India, live, 13 instruments",
        "Stream service, on, local, 4 endpoints, stalled 2:14",
    ]


def test_space_switches_and_the_row_says_so(page: FeedsPage, qtbot: QtBot) -> None:
    press(page.list, Qt.Key.Key_Space)
    assert not page.model.feeds[0].enabled
    assert not page.form.enabled.isChecked()
    assert page.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "Massive, stocks, off"
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
    actions = page.card.add.menu().actions()
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


def test_the_row_keeps_the_place_of_the_running_feed_until_a_change_is_saved(page: FeedsPage, qtbot: QtBot) -> None:
    running = page.model.note(page.model.feeds[0])
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, "wss://feeds.example:9000")
    draft = page.model.feeds[0]
    assert (draft.own_address, page.model.note(draft)) == ("wss://feeds.example:9000", running)
    page.set_feeds([draft, *page.model.feeds[1:]])
    assert page.model.note(draft) != running


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


def test_a_server_of_ones_own_may_be_said_to_speak_a_dialect(page: FeedsPage, qtbot: QtBot) -> None:
    assert not page.form.dialect.isVisibleTo(page.form)
    page.form.address.clear()
    qtbot.keyClicks(page.form.address, "ws://127.0.0.1:9000")
    assert page.form.dialect.isVisibleTo(page.form)
    assert [page.form.dialect.itemText(place) for place in range(3)] == [
        "Found out from the server",
        "Native",
        "Simple",
    ]
    page.form.dialect.setCurrentIndex(2)
    page.form.dialect.activated.emit(2)
    assert (page.model.feeds[0].dialect, page.form.dialect.currentData()) == ("simple", "simple")
    assert page.consequence == "Massive will reconnect once."
    page.form.default.click()
    assert not page.form.dialect.isVisibleTo(page.form)


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
