"""The settings joined to store, keys and the connection test: what is typed takes effect, and no key is left about."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from fake_time import until
from integration.scripted_server import Peer, ScriptedServer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from marketwatch.app.core import Core, Runtime
from marketwatch.app.feed_settings import FeedSettingsControl
from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.feed_settings_model import FeedStateView
from marketwatch.qt.panels.feed_pill import PillShape
from marketwatch.qt.theme import Theme
from marketwatch.services.connection_findings import Finding
from marketwatch.storage.documents import StateDatabase
from marketwatch.storage.keyring_place import ACCEPTED, FoundKeyring
from marketwatch.storage.secret_places import PlaceBook
from marketwatch.storage.secrets import SecretStore
from marketwatch.storage.vault import ScryptCost, Vault

CANARY = "canary-9f3b7c21d4"
MASSIVE = FeedId("massive")


class Keychain:
    priority = 5

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> object:
        return self.entries.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.entries.pop(username, None)


class Bench:
    def __init__(self, folder: Path, theme: Theme, icons: IconSet, window: QWidget) -> None:
        self.folder, self.theme, self.icons, self.window = folder, theme, icons, window
        self.runtime = Runtime()
        self.core = Core(self.runtime)
        self.keychain = Keychain()
        self.found = FoundKeyring(ACCEPTED[0], self.keychain)
        self.told: list[tuple[Sequence[FeedConfig], Sequence[FeedConfig]]] = []
        self.new_keys: list[FeedId] = []
        self.environment: dict[str, str] = {}
        self.database: StateDatabase
        self.control: FeedSettingsControl

    async def open(self) -> None:
        self.database = await StateDatabase.open(self.folder / "state.db")
        secrets = SecretStore(
            self.runtime.pool,
            Vault(self.folder / "keys.vault", ScryptCost(n=16)),
            PlaceBook(self.folder / "key-places.json"),
            environment=self.environment,
            on_secret=self.runtime.redactor.register,
            find=lambda: self.found,
        )
        self.control = FeedSettingsControl(
            self.core,
            self.database.feed_configs,
            secrets,
            on_feeds=lambda before, after: self.told.append((before, after)),
            on_key=self.new_keys.append,
            test_symbol=lambda config: "AAPL",
            zone=lambda: "Asia/Kolkata",
        )
        await self.control.load()

    def show(self) -> tuple[SettingsDialog, FeedsPage]:
        dialog = self.control.open(self.theme, self.icons, self.window)
        page = dialog.page("feeds")
        assert isinstance(page, FeedsPage)
        return dialog, page

    async def close(self) -> None:
        await self.core.stop()
        assert await self.runtime.stop() == []
        await self.database.close()


@pytest_asyncio.fixture
async def bench(tmp_path: Path, theme: Theme, icons: IconSet, qtbot: QtBot) -> AsyncIterator[Bench]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show()
    made = Bench(tmp_path, theme, icons, window)
    await made.open()
    yield made
    await made.close()


def type_key(page: FeedsPage, qtbot: QtBot, text: str = CANARY) -> None:
    qtbot.keyClicks(page.form.secrets["key"].edit, text)


async def add_massive(bench: Bench, qtbot: QtBot, key: str = CANARY) -> tuple[SettingsDialog, FeedsPage]:
    dialog, page = bench.show()
    page.card.add.menu().actions()[0].trigger()
    if key:
        type_key(page, qtbot, key)
    dialog.save_button.click()
    await until(lambda: len(bench.told) == 1)
    return dialog, page


async def test_a_feed_with_its_key_is_stored_and_told(
    bench: Bench, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert bench.control.feeds == ()
    _, page = await add_massive(bench, qtbot)
    await until(lambda: bench.new_keys == [MASSIVE])
    assert [config.id for config in bench.told[0][1]] == [MASSIVE]
    assert await bench.database.feed_configs.load() == list(bench.control.feeds)
    assert bench.keychain.entries == {"massive/key": CANARY}
    assert bench.control.credentials(MASSIVE)() == Secret(CANARY)
    await until(lambda: page.form.secrets["key"]._view.words == "stored in the system keychain")
    for text in (caplog.text, repr(bench.told), *(path.read_bytes().decode("latin-1") for path in files(bench))):
        assert CANARY not in text
    assert bench.runtime.redactor.redact(CANARY) == "***"


def files(bench: Bench) -> list[Path]:
    return [path for path in bench.folder.rglob("*") if path.is_file()]


async def test_a_removed_feed_leaves_no_key(bench: Bench, qtbot: QtBot) -> None:
    await add_massive(bench, qtbot)
    await until(lambda: bench.keychain.entries != {})
    dialog, page = bench.show()
    page._remove()
    dialog.save_button.click()
    await until(lambda: len(bench.told) == 2)
    assert bench.keychain.entries == {}
    assert await bench.database.feed_configs.load() == []


async def test_a_key_is_forgotten_at_once(bench: Bench, qtbot: QtBot) -> None:
    await add_massive(bench, qtbot)
    await until(lambda: bench.new_keys == [MASSIVE])
    _, page = bench.show()
    page.form.secrets["key"].forget.click()
    await until(lambda: bench.new_keys == [MASSIVE, MASSIVE])
    assert bench.keychain.entries == {}
    assert bench.control.credentials(MASSIVE)() is None
    assert page.form.secrets["key"].edit.text() == ""


async def test_without_a_keychain_the_passphrase_is_asked_once(bench: Bench, qtbot: QtBot) -> None:
    bench.found = FoundKeyring(None, None, "this system has no keychain that answers")
    await bench.database.close()
    await bench.open()
    await add_massive(bench, qtbot)
    await until(lambda: bench.control._passphrase is not None)
    asked = bench.control._passphrase
    assert asked is not None
    asked.entered.emit(Secret("correct horse battery"), True)
    await until(lambda: bench.new_keys == [MASSIVE])
    assert bench.control._passphrase is None
    assert (bench.folder / "keys.vault").exists()
    dialog, page = bench.show()
    page.form.secrets["key"].replace.click()
    type_key(page, qtbot, "another-key")
    dialog.save_button.click()
    await until(lambda: bench.new_keys == [MASSIVE, MASSIVE])
    assert bench.control._passphrase is None
    assert bench.control.credentials(MASSIVE)() == Secret("another-key")


async def test_the_next_start_asks_to_unlock_the_vault_that_holds_keys(bench: Bench, qtbot: QtBot) -> None:
    bench.found = FoundKeyring(None, None, "this system has no keychain that answers")
    await bench.database.close()
    await bench.open()
    await add_massive(bench, qtbot)
    await until(lambda: bench.control._passphrase is not None)
    assert bench.control._passphrase is not None
    bench.control._passphrase.entered.emit(Secret("correct horse battery"), True)
    await until(lambda: bench.new_keys == [MASSIVE])
    stored = bench.control.credentials(MASSIVE)()
    await bench.database.close()
    bench.new_keys.clear()
    await bench.open()
    (config,) = bench.control.feeds
    assert bench.control.is_locked_away(config)
    assert bench.control.credentials(MASSIVE)() is None

    bench.control.ask_to_unlock(bench.theme, bench.window)
    asked = bench.control._passphrase
    assert asked is not None
    assert asked.title.text() == "Unlock your keys"
    asked.entered.emit(Secret("wrong"), False)
    await until(lambda: bool(asked.error.text()))
    assert bench.control.credentials(MASSIVE)() is None
    asked.entered.emit(Secret("correct horse battery"), False)
    await until(lambda: bench.new_keys == [MASSIVE])
    assert bench.control.credentials(MASSIVE)() == stored
    assert not bench.control.is_locked_away(config)
    assert bench.control._passphrase is None
    bench.control.ask_to_unlock(bench.theme, bench.window)
    assert bench.control._passphrase is None


async def test_who_declines_to_unlock_is_not_asked_again(bench: Bench, qtbot: QtBot) -> None:
    bench.found = FoundKeyring(None, None, "this system has no keychain that answers")
    await bench.database.close()
    await bench.open()
    await add_massive(bench, qtbot)
    await until(lambda: bench.control._passphrase is not None)
    assert bench.control._passphrase is not None
    bench.control._passphrase.entered.emit(Secret("correct horse battery"), True)
    await until(lambda: bench.new_keys == [MASSIVE])
    await bench.database.close()
    await bench.open()
    bench.control.ask_to_unlock(bench.theme, bench.window)
    assert bench.control._passphrase is not None
    bench.control._passphrase.reject()
    bench.control.ask_to_unlock(bench.theme, bench.window)
    assert bench.control._passphrase is None


async def test_declining_keeps_the_key_for_this_run(bench: Bench, qtbot: QtBot) -> None:
    bench.found = FoundKeyring(None, None, "this system has no keychain that answers")
    await bench.database.close()
    await bench.open()
    _, page = await add_massive(bench, qtbot)
    await until(lambda: bench.control._passphrase is not None)
    assert bench.control._passphrase is not None
    bench.control._passphrase.reject()
    await until(lambda: bench.new_keys == [MASSIVE])
    assert page.form.secrets["key"]._view.words == "kept for this run only"
    assert not (bench.folder / "keys.vault").exists()


async def test_the_test_button_tests_the_draft(bench: Bench, qtbot: QtBot) -> None:
    keys: list[str] = []

    async def refuse(peer: Peer) -> None:
        await peer.accept()
        peer.send('[{"ev":"status","status":"connected","message":"Connected Successfully"}]')
        keys.append(await peer.receive())
        peer.send('[{"ev":"status","status":"auth_failed","message":"authentication failed"}]')
        await peer.hold()

    async with ScriptedServer(refuse) as server:
        _, page = bench.show()
        page.card.add.menu().actions()[0].trigger()
        page.form.address.clear()
        qtbot.keyClicks(page.form.address, server.url)
        type_key(page, qtbot)
        page.test.button.click()
        await until(lambda: MASSIVE in page._reports and page._reports[MASSIVE][0].finding is not None)
    assert page._reports[MASSIVE][0].finding is Finding.WRONG_KEY
    assert page._reports[MASSIVE][1].endswith(" IST")
    assert keys == ['{"action":"auth","params":"' + CANARY + '"}']
    assert bench.keychain.entries == {}


async def test_problems_are_kept_with_their_times(bench: Bench, qtbot: QtBot) -> None:
    _, page = await add_massive(bench, qtbot, key="")
    for state, reason in (
        (FeedState.LIVE, ""),
        (FeedState.BACKING_OFF, "the connection broke"),
        (FeedState.BACKING_OFF, "the connection broke"),
        (FeedState.LIVE, ""),
        (FeedState.REFUSED, "the key was refused"),
    ):
        status = FeedStatus(feed_id=MASSIVE, label="Massive", state=state, reason=reason)
        bench.control.show_state(status, FeedStateView(PillShape.DISC, state.value))
    bench.show()
    shown = [(time.text(), text.text()) for time, text in page.facts.problems if not text.isHidden()]
    assert [text for _, text in shown] == ["The key was refused.", "The connection broke."]
    assert all(time.endswith(" IST") for time, _ in shown)


async def test_an_environment_key_is_a_default(bench: Bench, qtbot: QtBot) -> None:
    bench.environment["POLYGON_API_KEY"] = CANARY
    _, page = await add_massive(bench, qtbot, key="")
    await asyncio.sleep(0)
    assert bench.control.credentials(MASSIVE)() == Secret(CANARY)
    assert page.form.secrets["key"]._view.words == "from the environment (POLYGON_API_KEY)"
