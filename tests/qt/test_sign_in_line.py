"""The line of the daily login in Settings > Feeds, its dialog by itself, and the button of a notice."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.app.feed_kinds import kind_views
from marketwatch.app.right_column import RightColumn
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.kite_login import KiteLoginDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.models.feed_settings_model import SignInView
from marketwatch.qt.panels.notices_panel import NoticesPanel
from marketwatch.qt.theme import Theme
from marketwatch.runtime.clock import SystemClock
from marketwatch.services.notices import NoticeAction, NoticeLog, Severity
from marketwatch.storage.secret_places import SecretPlace
from marketwatch.storage.secrets import SecretView

KITE, MASSIVE = FeedId("kite"), FeedId("massive")
STORED = SecretView(place=SecretPlace.KEYRING, words="stored in the system keychain")
ADDRESS = "https://kite.zerodha.com/connect/login?v=3&api_key=key"


@pytest.fixture
def page(theme: Theme, icons: IconSet, qtbot: QtBot) -> FeedsPage:
    page = FeedsPage(theme, icons, kind_views())
    qtbot.addWidget(page)
    page.set_feeds(
        [
            FeedConfig(id=KITE, kind="kite", name="Kite", variant="live"),
            FeedConfig(id=MASSIVE, kind="massive", name="Massive", variant="delayed"),
        ]
    )
    page.resize(1000, 700)
    page.show()
    return page


def test_only_a_feed_with_a_daily_login_has_the_line(page: FeedsPage) -> None:
    assert [field.edit.accessibleName() for field in page.form.secrets.values()] == ["API key", "API secret"]
    assert page.form.sign_in.isVisible()
    page.show_feed(MASSIVE)
    assert page.form.sign_in.isHidden() or not page.form.sign_in.isVisible()


def test_one_signs_in_with_what_is_stored(page: FeedsPage, qtbot: QtBot) -> None:
    line = page.form.sign_in
    assert not line.button.isEnabled()
    assert "Save the API key and the API secret first." in line.accessibleDescription()
    for code in ("kite_api_key", "api_secret"):
        page.set_secret(KITE, code, STORED)
    assert line.button.isEnabled()
    qtbot.mouseClick(page.form.secrets["api_secret"].replace, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(page.form.secrets["api_secret"].edit, "another")
    assert not line.button.isEnabled()
    page.form.secrets["api_secret"].give_up()
    with qtbot.waitSignal(page.sign_in_requested) as asked:
        line.button.click()
    assert asked.args == [KITE]


def test_the_line_says_how_the_day_stands(page: FeedsPage) -> None:
    line = page.form.sign_in
    page.set_sign_in(KITE, SignInView("Signed in until tomorrow 06:00 IST", True))
    assert (line.words.text(), line.words.property("role")) == ("Signed in until tomorrow 06:00 IST", "text2")
    assert line.button.text() == "Sign in again…"
    page.set_sign_in(MASSIVE, SignInView("nonsense"))
    page.set_sign_in(KITE, SignInView("Sign in for today: signed out since 06:00 IST"))
    assert (line.words.property("role"), line.button.text()) == ("alert", "Sign in…")
    page.show_feed(MASSIVE)
    page.show_feed(KITE)
    assert line.words.text() == "Sign in for today: signed out since 06:00 IST"


class Pages:
    """A browser that may be missing."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.is_there = True

    def open(self, address: str) -> bool:
        self.opened.append(address)
        return self.is_there


def make_dialog(theme: Theme, qtbot: QtBot, pages: Pages) -> KiteLoginDialog:
    dialog = KiteLoginDialog(
        theme,
        name="Kite",
        address=ADDRESS,
        check=lambda text: "" if text == "good" else "It is not good.",
        place="kept for this run only",
        open_page=pages.open,
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_the_page_is_opened_copied_or_said_to_be_missing(theme: Theme, qtbot: QtBot, qapp: QApplication) -> None:
    pages = Pages()
    dialog = make_dialog(theme, qtbot, pages)
    assert not dialog.isModal()
    dialog.page.click()
    assert (pages.opened, dialog.words.text()) == ([ADDRESS], "")
    pages.is_there = False
    dialog.page.click()
    assert dialog.words.text() == "No browser could be opened: copy the address and open it yourself."
    dialog.copy.click()
    assert qapp.clipboard().text() == ADDRESS
    assert dialog.address.isReadOnly()


def test_what_is_pasted_is_masked_and_leaves_once(theme: Theme, qtbot: QtBot) -> None:
    dialog = make_dialog(theme, qtbot, Pages())
    assert dialog.pasted.echoMode() is QLineEdit.EchoMode.Password
    dialog.pasted.setText("bad")
    assert (dialog.words.text(), dialog.go.isEnabled()) == ("It is not good.", False)
    dialog.pasted.setText("good")
    with qtbot.waitSignal(dialog.entered) as entered:
        qtbot.keyClick(dialog.pasted, Qt.Key.Key_Return)
    assert entered.args == [Secret("good")]
    assert "good" not in repr(entered.args)
    assert (dialog.pasted.text(), dialog.pasted.isEnabled(), dialog.go.isEnabled()) == ("", False, False)
    dialog.show_error("Kite says no.")
    assert (dialog.words.text(), dialog.pasted.isEnabled(), dialog.go.isEnabled()) == ("Kite says no.", True, False)
    dialog.pasted.setText("good")
    dialog.go.click()
    dialog.show_done("Signed in.")
    assert (dialog.words.text(), dialog.go.isHidden(), dialog.pasted.isEnabled()) == ("Signed in.", True, False)


def test_it_is_closed_by_escape_and_wiped(theme: Theme, qtbot: QtBot) -> None:
    dialog = make_dialog(theme, qtbot, Pages())
    dialog.pasted.setText("good")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert (dialog.isVisible(), dialog.pasted.text()) == (False, "")


def test_everything_is_reached_by_keyboard_and_named(theme: Theme, qtbot: QtBot) -> None:
    dialog = make_dialog(theme, qtbot, Pages())
    dialog.pasted.setText("good")
    fields: list[QWidget] = [dialog.address, dialog.page, dialog.copy, dialog.pasted, dialog.cancel, dialog.go]
    for field in fields:
        assert field.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert field.accessibleName() or field.property("text")


def test_the_button_of_a_notice_is_heard(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    class Nothing:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    window = MainWindow(theme)
    qtbot.addWidget(window)
    log = NoticeLog(SystemClock())
    column = RightColumn(theme, icons, window, Nothing(), log)
    log.add(Severity.DECISION, "Kite: signed out", "", "Sign in for today", NoticeAction("sign_in:kite", "Sign in…"))
    column.fill()
    panel = window.findChild(NoticesPanel)
    assert panel is not None
    panel.table.selectRow(0)
    with qtbot.waitSignal(column.action_requested) as asked:
        panel._detail.button_clicked.emit(0)
    assert asked.args == ["sign_in:kite"]
    column.stop()
    window.allow_closing()
