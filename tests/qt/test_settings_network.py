"""Settings > Network: a draft of one choice, judged while it is typed, used at once when saved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_desk import WindowDesk

from marketwatch.app.network_link import environment_words
from marketwatch.app.settings_link import RunOnlyConfigs, SettingsLink
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_network_page import NetworkPage
from marketwatch.qt.theme import Theme
from marketwatch.storage.settings import Settings

PASSWORD = "canary-typed-90ab"
SYSTEM, NONE, OWN = range(3)


class Shown:
    """The page alone, and what it told."""

    def __init__(self, theme: Theme, qtbot: QtBot, proxy: str = "system") -> None:
        self.page = NetworkPage(theme, proxy, lambda: "Now that is proxy.corp:3128.")
        qtbot.addWidget(self.page)
        self.page.show()
        self.chosen: list[str] = []
        self.page.chosen.connect(self.chosen.append)

    def choose(self, position: int) -> None:
        self.page.choice.buttons()[position].click()

    def type(self, text: str) -> None:
        self.page.address.setText(text)
        self.page.address.textEdited.emit(text)


def test_it_begins_with_the_environments_proxy(theme: Theme, qtbot: QtBot) -> None:
    shown = Shown(theme, qtbot)
    assert shown.page.choice.current == "system"
    assert shown.page.choice.accessibleDescription() == "Now that is proxy.corp:3128."
    assert not shown.page.address_row.isVisible()
    assert (shown.page.has_changes, shown.page.problem, shown.page.consequence) == (False, "", "")
    assert shown.page.address.accessibleName() == "Address"


def test_no_proxy_is_saved_and_can_be_taken_back_before(theme: Theme, qtbot: QtBot) -> None:
    shown = Shown(theme, qtbot)
    shown.choose(NONE)
    assert shown.page.consequence == "All feeds will reconnect once."
    shown.page.discard()
    assert not shown.page.has_changes
    shown.choose(NONE)
    shown.page.save()
    shown.page.save()
    assert shown.chosen == ["none"]


def test_an_address_is_judged_and_written_out(theme: Theme, qtbot: QtBot) -> None:
    shown = Shown(theme, qtbot)
    shown.choose(OWN)
    assert shown.page.address_row.isVisible()
    assert shown.page.problem == "Enter the proxy’s address."
    assert shown.page.address_row.error == ""
    shown.type("proxy.corp")
    assert shown.page.address_row.error == shown.page.problem
    assert "does not name a host and a port" in shown.page.problem
    shown.page.save()
    assert shown.chosen == []
    shown.type("proxy.corp:8080")
    assert shown.page.problem == ""
    shown.page.save()
    assert shown.chosen == ["http://proxy.corp:8080"]
    assert shown.page.address.text() == "http://proxy.corp:8080"
    assert not shown.page.has_changes


def test_a_login_is_not_taken(theme: Theme, qtbot: QtBot) -> None:
    shown = Shown(theme, qtbot)
    shown.choose(OWN)
    shown.type(f"http://me:{PASSWORD}@proxy.corp:8080")
    assert shown.page.address.text() == "http://proxy.corp:8080"
    assert not shown.page.address.isUndoAvailable()
    assert "HTTPS_PROXY variable" in shown.page.address.accessibleDescription()
    shown.page.save()
    assert shown.chosen == ["http://proxy.corp:8080"]


def test_a_kept_address_is_shown(theme: Theme, qtbot: QtBot) -> None:
    shown = Shown(theme, qtbot, "https://proxy.corp:443")
    assert (shown.page.choice.current, shown.page.address.text()) == ("own", "https://proxy.corp:443")
    shown.page.begin()
    assert shown.page.focusWidget() is shown.page.choice.buttons()[OWN]
    shown.choose(SYSTEM)
    assert shown.page.has_changes
    shown.page.discard()
    assert shown.page.address.text() == "https://proxy.corp:443"


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("", "It names no proxy: every server is reached directly."),
        (f"http://me:{PASSWORD}@proxy.corp:3128", "Now that is proxy.corp:3128."),
        ("http://proxy.corp:99999", "The proxy it names has no valid address. Check the HTTPS_PROXY variable."),
    ],
)
def test_the_environments_proxy_in_words(named: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", named)
    assert environment_words() == words


class Desk(WindowDesk):
    """The window and its settings, as the program joins them."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        super().__init__(app)
        self.settings = Settings.load(folder / "settings.json")
        self.link = SettingsLink(
            self.core, self.screen, RunOnlyConfigs(), folder, lambda _: None, settings=self.settings
        )
        self.screen.window.show()


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(qapp, tmp_path)
    yield made
    await made.end()


async def test_what_is_saved_in_the_dialog_is_kept_and_used_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed: list[str] = []
    monkeypatch.setattr(desk.core.feeds, "reconnect_all", lambda: renewed.append("feeds"))
    for _ in range(2):
        await desk.link.open_dialog("network")
    (dialog,) = desk.screen.window.findChildren(SettingsDialog)
    page = dialog.stack.currentWidget()
    assert isinstance(page, NetworkPage)
    page.choice.buttons()[OWN].click()
    page.address.textEdited.emit("")
    assert not dialog.save_button.isEnabled()
    page.address.setText("proxy.corp:3128")
    page.address.textEdited.emit("proxy.corp:3128")
    assert dialog.save_button.text() == "Save and reconnect"
    dialog.save_button.click()
    assert desk.core.proxy() == desk.settings.preferences.proxy == "http://proxy.corp:3128"
    assert renewed == ["feeds"]
