"""Settings > Feeds beside feeds that run: what the page says of them, and choices that hold at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from fake_time import until
from integration.program_feed import KEY, Feed, serve
from integration.scripted_server import Peer, ScriptedServer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qt.test_settings_link import MASSIVE, Desk, massive

from marketwatch.domain.calendar import Phase
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.models.feed_settings_model import FeedStateView
from marketwatch.qt.panels.feed_pill import FeedPill, PillShape
from marketwatch.services.connection_findings import Finding
from marketwatch.services.feed_route import FeedNature


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("MASSIVE_API_KEY", KEY)
    made = Desk(qapp, tmp_path)
    yield made
    await made.end()


async def test_an_entry_agrees_with_the_pill_in_shape_and_word(desk: Desk) -> None:
    async with Feed(serve) as server:
        await desk.store.save([massive(server.url)])
        await desk.begin()
        await desk.shows(FeedNature.LIVE)
        page = await desk.dialog()
        (config,) = page.model.feeds
        await until(lambda: page.model.note(config) == "stocks, live, 2 instruments")
        (pill,) = desk.screen.window.findChildren(FeedPill)
        state = page.model.state(config)
        assert (state.shape, state.words) == (pill.view.shape, pill.view.words)
        await until(lambda: page.facts._since.text().startswith("connected since "))
        assert page.facts._since.text().endswith(" ET")
        used = [meter.accessibleName() for meter in page.facts.meters if meter.isVisible()]
        assert used[0] == "Connections: 1 of 1. another program with this key will push this one out"
        assert used[1].startswith("Subscriptions: ")
        assert "no limit known" in used[1]


@pytest.mark.parametrize(
    ("state", "tag"),
    [
        (FeedState.STALE, "stalled"),
        (FeedState.BACKING_OFF, "reconnecting"),
        (FeedState.REFUSED, "refused"),
        (FeedState.SIGNED_OUT, "signed out"),
        (FeedState.LIVE, "D15"),
        (FeedState.CONNECTING, "D15"),
    ],
)
async def test_a_fault_is_tagged_before_a_delay(desk: Desk, state: FeedState, tag: str) -> None:
    async with Feed(serve) as server:
        await desk.store.save([massive(server.url)])
        await desk.begin()
        await desk.shows(FeedNature.LIVE)
        status = FeedStatus(feed_id=MASSIVE, label="Mine", state=state, delay_s=900.0, instruments=3)
        link = desk.link
        assert link is not None
        shown = link._state(status)
        assert shown.tag == tag
        assert shown.count == ("3 instruments" if tag == "D15" else "")


async def test_a_choice_of_silence_and_sessions_holds_at_once_on_the_same_connection(desk: Desk) -> None:
    async with Feed(serve) as server:
        await desk.store.save([massive(server.url)])
        await desk.begin()
        await desk.shows(FeedNature.LIVE)
        await until(lambda: desk.core.feeds.supervisor(MASSIVE).state is FeedState.LIVE)
        supervisor = desk.core.feeds.supervisor(MASSIVE)
        assert isinstance(supervisor, FeedSupervisor)
        assert (supervisor._mute_s, desk.core.hub.facts(MASSIVE).sessions) == (60.0, None)
        page = await desk.dialog()
        page.form.sessions.boxes["pre"].click()
        silence = page.form.sessions.silence
        silence.setCurrentIndex(silence.findData(90))
        silence.activated.emit(silence.currentIndex())
        assert page.consequence == ""
        page.save()
        await until(lambda: supervisor._mute_s == 90.0)
        facts = desk.core.hub.facts(MASSIVE)
        assert [phase for phase in Phase if facts.leaves_out(phase)] == [Phase.PRE]
        assert [one.sessions for one in await desk.store.load()] == [("regular", "post")]
        assert (desk.core.feeds.supervisor(MASSIVE) is supervisor, server.streams) == (True, 1)
        await desk.save([massive(server.url)])
        await until(lambda: supervisor._mute_s == 60.0)
        assert desk.core.hub.facts(MASSIVE).sessions is None


async def test_feeds_that_something_else_replaced_are_not_called_live(desk: Desk) -> None:
    async with Feed(serve) as given, Feed(serve) as configured:
        desk.core.start()
        desk.show(await desk.sessions.open_feed("massive", given.url, ["AAPL"]))
        other = msgspec.structs.replace(massive(configured.url), id="massive-2")
        await desk.store.save([other])
        page = await desk.dialog()
        assert page.model.note(other) == "stocks, not connected"


async def test_ages_grow_while_somebody_looks(desk: Desk) -> None:
    async with Feed(serve) as server:
        await desk.store.save([massive(server.url)])
        await desk.begin()
        await desk.shows(FeedNature.LIVE)
        page = await desk.dialog()
        wrong = FeedStateView(PillShape.TRIANGLE, "of an hour ago")
        page.set_state(MASSIVE, wrong)
        desk.screen.second_passed.emit()
        assert page.model.state(page.model.feeds[0]).words != wrong.words
        dialog = desk.screen.window.findChild(SettingsDialog)
        assert dialog is not None
        dialog.reject()
        page.set_state(MASSIVE, wrong)
        desk.screen.second_passed.emit()
        assert page.model.state(page.model.feeds[0]) == wrong


async def never_greets(peer: Peer) -> None:
    await peer.accept()
    await peer.hold()


async def test_the_dialog_is_closed_while_a_test_runs_and_the_result_is_there_afterwards(
    desk: Desk, qtbot: QtBot
) -> None:
    async with Feed(serve) as server:
        await desk.store.save([massive(server.url)])
        await desk.begin()
        await desk.shows(FeedNature.LIVE)
        await until(lambda: desk.core.feeds.supervisor(MASSIVE).state is FeedState.LIVE)
        page = await desk.dialog()
        page.test.button.click()
        dialog = desk.screen.window.findChild(SettingsDialog)
        assert dialog is not None
        dialog.reject()
        assert not dialog.isVisible()
        await until(lambda: MASSIVE in page._reports and page._reports[MASSIVE][0].finding is not None, limit_s=20)
        assert page._reports[MASSIVE][0].finding is Finding.WORKS
        await until(lambda: desk.core.feeds.supervisor(MASSIVE).state is FeedState.LIVE)
        assert (await desk.dialog()).test.button.text() == "Test again"


async def test_the_program_ends_while_a_test_runs(desk: Desk) -> None:
    async with Feed(serve) as server, ScriptedServer(never_greets) as silent:
        await desk.store.save([massive(server.url)])
        await desk.begin()
        await desk.shows(FeedNature.LIVE)
        page = await desk.dialog()
        page.test_requested.emit(massive(silent.url), {})
        await until(lambda: MASSIVE in page._reports)
        assert desk.core.feeds.supervisor(MASSIVE).state is FeedState.IDLE
    # the fixture ends the program, and finds no task left over


async def test_a_feed_without_keys_runs_on_while_another_address_is_tested(desk: Desk) -> None:
    async with ScriptedServer(never_greets) as server, ScriptedServer(never_greets) as other:
        config = FeedConfig(
            id=FeedId("mapping"), kind="mapping", name="Own", variant=OWN_ADDRESS, own_address=server.url
        )
        await desk.store.save([config])
        await desk.begin()
        supervisor = desk.core.feeds.supervisor(config.id)
        await until(lambda: supervisor.status().connected)
        before = supervisor.status()
        page = await desk.dialog()
        page.test_requested.emit(msgspec.structs.replace(config, own_address=other.url), {})
        await until(lambda: config.id in page._reports)
        assert (supervisor.status().running, supervisor.status().generation) == (True, before.generation)
        assert supervisor.status().since_ns == before.since_ns
