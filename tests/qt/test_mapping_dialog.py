"""Mapping a stream of one's own: by mouse and by keyboard, with live rows, and saved for the feed that is edited."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from fake_time import until
from integration.scripted_server import Peer, ScriptedServer
from mapping_rig import AT_MS, trade
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QTableView,
    QWidget,
)
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from marketwatch.app.core import Core, Runtime
from marketwatch.app.feed_kinds import kind_views
from marketwatch.app.mapping_control import MappingControl
from marketwatch.domain.feed_config import OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.qt.dialogs.feed_form import FeedForm
from marketwatch.qt.dialogs.mapping_dialog import MappingDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.kind_views import KindView
from marketwatch.qt.models.mapping_rows import ROLE_KEYS, ROLE_WORDS
from marketwatch.qt.theme import Theme

SAMPLE = json.dumps(trade())
OWN = FeedConfig(id=FeedId("mapping"), kind="mapping", name="Desk", variant=OWN_ADDRESS)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1600, 1000)
    window.show()
    return window


@pytest.fixture
def dialog(theme: Theme, icons: IconSet, window: QWidget) -> MappingDialog:
    made = MappingDialog(theme, icons, "Desk", can_connect=True, parent=window)
    made.open_here()
    return made


def cells(table: QTableView) -> list[list[str]]:
    model = table.model()
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_a_pasted_message_shows_fields_meanings_and_rows(dialog: MappingDialog, qtbot: QtBot) -> None:
    ModelTester(None).check(dialog.field_model)
    ModelTester(None).check(dialog.row_model)
    assert dialog.sample.hasFocus()
    assert not dialog.save.isEnabled()
    assert dialog.hint.text() == "Paste a message, or take one from the stream."
    dialog.show_sample(SAMPLE)
    assert [[name.strip(), value, means] for name, value, means in cells(dialog.fields)] == [
        ["type", "trade", ""],
        ["data[]", "", ""],
        ["s", "AAPL", "Symbol"],
        ["p", "190.55", "Price"],
        ["v", "100", "Size"],
        ["t", str(AT_MS), "Time"],
    ]
    assert cells(dialog.rows) == [["AAPL", "190.55", "100", "", "", "", "2025-06-27 19:00:00.123 UTC", ""]]
    assert dialog.save.isEnabled()
    dialog.show_sample("<html>")
    assert dialog.note.text() == "The message is a web page."
    assert (cells(dialog.fields), cells(dialog.rows), dialog.save.isEnabled()) == ([], [], False)


def test_a_field_is_chosen_and_given_a_role_by_click(dialog: MappingDialog, qtbot: QtBot) -> None:
    dialog.show_sample(SAMPLE)
    rect = dialog.fields.visualRect(dialog.field_model.index(4, 0))
    qtbot.mouseClick(dialog.fields.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert dialog.fields.row == 4
    assert [role for role, button in dialog.roles.items() if button.isChecked()] == ["size"]
    qtbot.mouseClick(dialog.roles["price"], Qt.MouseButton.LeftButton)
    assert [means for _, _, means in cells(dialog.fields)] == ["", "", "Symbol", "price?", "Price", "Time"]
    assert cells(dialog.rows)[0][:3] == ["AAPL", "100", ""]
    qtbot.mouseClick(dialog.clear, Qt.MouseButton.LeftButton)
    assert dialog.hint.text() == "It does not say which field is the price, nor bid or ask."
    assert dialog.hint.property("role") == "error"
    assert not dialog.save.isEnabled()


def test_everything_goes_by_keyboard(dialog: MappingDialog, qtbot: QtBot) -> None:
    saved: list[Mapping] = []
    dialog.save_requested.connect(saved.append)
    dialog.sample.insertPlainText(SAMPLE)
    qtbot.keyClick(dialog.sample, Qt.Key.Key_Tab)
    dialog.fields.setFocus()
    dialog.fields.choose(0)
    qtbot.keyClick(dialog.fields, Qt.Key.Key_Y)
    assert dialog.options.types.text() == "trade"
    for _ in range(4):
        qtbot.keyClick(dialog.fields, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.fields, Qt.Key.Key_Delete)
    qtbot.keyClick(dialog.fields, Qt.Key.Key_V)
    qtbot.keyClick(dialog.fields, Qt.Key.Key_V)
    qtbot.keyClick(dialog.fields, Qt.Key.Key_Z)
    dialog.options.divisor.setFocus()
    qtbot.keyClicks(dialog.options.divisor, "100")
    qtbot.keyClick(dialog.options.divisor, Qt.Key.Key_Return)
    assert saved == []
    qtbot.keyClick(dialog.options.divisor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert saved == [
        Mapping(
            **{"name": "Desk", "symbol": "data[].s", "price": "data[].p", "size": "data[].v", "time": "data[].t"},
            type="type",
            types=("trade",),
            price_divisor=100.0,
        )
    ]
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_keys_of_the_roles_differ_and_are_said() -> None:
    assert set(ROLE_KEYS) == set(ROLE_WORDS)
    assert len(set(ROLE_KEYS.values())) == len(ROLE_KEYS)


def test_every_widget_has_a_name_and_nothing_is_wider_than_800(
    theme: Theme, icons: IconSet, window: QWidget, qtbot: QtBot
) -> None:
    window.resize(800, 600)
    dialog = MappingDialog(theme, icons, "Desk", parent=window)
    dialog.open_here()
    dialog.show_sample(SAMPLE)
    assert (dialog.width(), dialog.height()) == (800, 600)
    for kind in (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit, QTableView):
        for widget in dialog.findChildren(kind):
            if widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()), widget
    for button in (*dialog.roles.values(), dialog.clear, dialog.take, dialog.save):
        corner = button.mapTo(dialog, button.rect().bottomRight())
        assert dialog.rect().contains(corner)
        assert button.width() >= button.sizeHint().width()
    assert not dialog.take.isEnabled()
    assert "address" in dialog.trial.toolTip()


def test_what_is_set_beside_the_paths_is_part_of_the_mapping(dialog: MappingDialog, qtbot: QtBot) -> None:
    saved: list[Mapping] = []
    dialog.save_requested.connect(saved.append)
    dialog.show_sample('{"p": 2.5, "t": "2025-06-27 19:00:00"}')
    assert dialog.hint.text() == "It does not say which field is the symbol."
    options = dialog.options
    dialog.fields.choose(0)
    dialog.roles["price"].click()
    dialog.fields.choose(1)
    dialog.roles["time"].click()
    for field, text in ((options.constant, "GOLD"), (options.subscribe, "{symbols}"), (options.offset, "+05:3")):
        qtbot.keyClicks(field, text)
    assert "utc_offset “+05:3” is not of the form" in dialog.hint.text().lower()
    qtbot.keyClicks(options.offset, "0")
    qtbot.keyClicks(options.divisor, "x")
    assert not dialog.save.isEnabled()
    options.divisor.clear()
    options.divisor.textEdited.emit("")
    assert cells(dialog.rows)[0][6] == "2025-06-27 13:30:00.000 UTC"
    dialog.save.click()
    assert saved == [
        Mapping(name="Desk", price="p", time="t", constant_symbol="GOLD", subscribe="{symbols}", utc_offset="+05:30")
    ]
    dialog.show_problem("“Desk.json” was not saved.")
    assert dialog.hint.text() == "“Desk.json” was not saved."


def test_rows_of_the_stream_follow_the_mapping_at_once(dialog: MappingDialog) -> None:
    asked: list[bool] = []
    ended: list[bool] = []
    dialog.trial_requested.connect(lambda: asked.append(True))
    dialog.trial_ended.connect(lambda: ended.append(True))
    dialog.show_sample(SAMPLE)
    dialog.trial.click()
    assert (asked, dialog.trial.text(), cells(dialog.rows)) == ([True], "Stop", [])
    dialog.take_frames([json.dumps(trade(p=price)).encode() for price in range(1, 41)], 1234)
    assert len(cells(dialog.rows)) == 30
    assert cells(dialog.rows)[-1][1] == "40"
    assert dialog.rows_words.text() == "1,234 messages so far"
    assert dialog.rows_title.text() == "Rows of the stream"
    dialog.fields.choose(3)
    dialog.roles["bid"].click()
    assert cells(dialog.rows)[-1][1:4] == ["", "", "40"]
    dialog.trial.click()
    assert ended == [True]
    dialog.end_trial()
    assert dialog.trial.text() == "Try it"
    assert dialog.take.isEnabled()


def test_the_message_that_is_taken_is_one_that_tells_of_prices(dialog: MappingDialog) -> None:
    ended: list[bool] = []
    dialog.trial_ended.connect(lambda: ended.append(True))
    dialog.take.click()
    dialog.take_frames([b'{"event":"welcome"}', b""], 2)
    assert (dialog.sample.toPlainText(), ended) == ("", [])
    assert dialog.rows_words.text() == "2 messages so far, none with a symbol and a price"
    dialog.take_frames([b'{"event":"ping"}', b'{"sym":"X","price":1}', b'{"sym":"X","price":2}'], 5)
    assert (dialog.sample.toPlainText(), ended) == ('{"sym":"X","price":1}', [True])
    dialog.end_trial()
    dialog.take.click()
    dialog.take_frames([b'{"q":[7]}'], 100)
    assert (dialog.sample.toPlainText(), ended) == ('{"q":[7]}', [True, True])
    dialog.end_trial()
    dialog.take.click()
    dialog.take_frames([b'{"q":[8]}'], 1)
    dialog.end_trial()
    assert dialog.sample.toPlainText() == '{"q":[8]}'


def test_a_look_without_a_sample_finds_one(dialog: MappingDialog) -> None:
    dialog.trial.click()
    dialog.take_frames([b'{"event":"welcome"}', SAMPLE.encode()], 2)
    assert dialog.sample.toPlainText() == SAMPLE
    assert cells(dialog.rows)[-1][:3] == ["AAPL", "190.55", "100"]


def test_the_form_offers_the_mapping_to_its_kind_alone(theme: Theme, qtbot: QtBot) -> None:
    form = FeedForm(theme)
    qtbot.addWidget(form)
    asked: list[bool] = []
    form.mapping_requested.connect(lambda: asked.append(True))
    form.show_feed(OWN, KindView(kind="mapping", label="Own stream", has_mapping=True))
    form.show()
    assert form.map.isVisible()
    form.map.click()
    assert asked == [True]
    assert "is guessed" in form.map.accessibleDescription()
    form.show_feed(msgspec.structs.replace(OWN, mapping="Desk"), KindView(kind="mapping", label="x", has_mapping=True))
    assert form.map.accessibleDescription() == "As the mapping “Desk” says."
    form.show_feed(msgspec.structs.replace(OWN, id=FeedId("odin")), KindView(kind="odin", label="Odin"))
    assert not form.map.isVisible()


def test_a_feed_follows_its_mapping_when_the_settings_are_saved(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    page = FeedsPage(theme, icons, kind_views())
    qtbot.addWidget(page)
    asked: list[FeedConfig] = []
    saved: list[tuple[FeedConfig, ...]] = []
    page.mapping_requested.connect(asked.append)
    page.config_changed.connect(saved.append)
    config = msgspec.structs.replace(OWN, own_address="ws://127.0.0.1:9")
    page.set_feeds([config])
    page.form.map.click()
    assert (asked, page.has_changes) == ([config], False)
    page.set_mapping(config.id, "Desk")
    page.set_mapping(FeedId("gone"), "Desk")
    assert page.form.map.accessibleDescription() == "As the mapping “Desk” says."
    assert (page.has_changes, page.consequence) == (True, "Desk will reconnect once.")
    page.save()
    assert saved == [(msgspec.structs.replace(config, mapping="Desk"),)]


# --- in the running program


class Bench:
    """The control with a core and a place for files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.core = Core(Runtime())
        self.saved: list[tuple[FeedId, str]] = []
        self.control = MappingControl(self.core, lambda feed, name: self.saved.append((feed, name)), lambda one: "AAPL")

    @property
    def dialog(self) -> MappingDialog:
        assert self.control.dialog is not None
        return self.control.dialog


@pytest_asyncio.fixture
async def bench(tmp_path: Path, qtbot: QtBot) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    await made.core.mappings.load(tmp_path, made.core.runtime.pool)
    yield made
    if made.control.dialog is not None:
        made.control.dialog.reject()
    await made.core.stop()
    assert await made.core.runtime.stop() == []


async def speak(peer: Peer) -> None:
    await peer.accept()
    peer.send(SAMPLE, json.dumps(trade(p="n/a")))
    await peer.hold()


async def test_a_message_is_taken_rows_are_tried_and_the_file_is_saved(
    bench: Bench, theme: Theme, icons: IconSet, window: QWidget
) -> None:
    async with ScriptedServer(speak) as server:
        config = msgspec.structs.replace(OWN, own_address=server.url)
        bench.control.open(config, theme, icons, window)
        dialog = bench.dialog
        dialog.take.click()
        await until(lambda: dialog.sample.toPlainText() == SAMPLE)
        await until(lambda: dialog.trial.text() == "Try it")
        dialog.trial.click()
        await until(lambda: len(cells(dialog.rows)) == 2)
        assert cells(dialog.rows)[0][:3] == ["AAPL", "190.55", "100"]
        assert cells(dialog.rows)[1][7] == "The price at “data[].p” is not a number."
        dialog.save.click()
        await until(lambda: bench.control.dialog is None)
        assert bench.saved == [(OWN.id, "Desk")]
        kept = json.loads((bench.folder / "mappings" / "Desk.json").read_text("utf-8"))
        assert (kept["symbol"], kept["price"]) == ("data[].s", "data[].p")
        bench.control.open(msgspec.structs.replace(config, mapping="Desk"), theme, icons, window)
        assert bench.dialog.draft.mapping() == bench.core.mappings.find("Desk")
        await asyncio.sleep(0)
    assert bench.core.runtime.failures.counts == {}


async def test_a_mapping_that_cannot_be_written_keeps_the_dialog_open(
    bench: Bench, theme: Theme, icons: IconSet, window: QWidget
) -> None:
    (bench.folder / "mappings").write_text("in the way", "utf-8")
    bench.control.open(OWN, theme, icons, window)
    dialog = bench.dialog
    assert not dialog.trial.isEnabled()
    dialog.show_sample(SAMPLE)
    dialog.save.click()
    await until(lambda: "mappings" in dialog.hint.text())
    assert dialog.isVisible()
    assert bench.saved == []


async def test_a_lost_mapping_is_said_and_made_anew(
    bench: Bench, theme: Theme, icons: IconSet, window: QWidget
) -> None:
    bench.control.open(msgspec.structs.replace(OWN, mapping="Lost"), theme, icons, window)
    assert bench.dialog.hint.text() == "The mapping “Lost”. Its file is not in the profile."


async def test_a_mapping_file_of_somebody_else_makes_a_feed(
    bench: Bench, theme: Theme, icons: IconSet, window: QWidget, qtbot: QtBot
) -> None:
    page = FeedsPage(theme, icons, kind_views())
    qtbot.addWidget(page)
    page.resize(1198, 706)
    page.show()
    from_file, more = page.card.from_file, page.card.more
    assert from_file.mapTo(page, from_file.rect().bottomRight()).x() < more.mapTo(page, QPoint()).x()
    path = bench.folder / "theirs.json"
    path.write_text('{"name": "Desk", "symbol": "s", "price": "p"}', "utf-8")
    for _ in range(2):
        await bench.control.take_file(path, window, page.add_mapped)
    assert [(one.name, one.kind, one.mapping) for one in page.model.feeds] == [
        ("Desk", "mapping", "Desk"),
        ("Desk 2", "mapping", "Desk 2"),
    ]
    assert bench.core.mappings.find("Desk 2") == Mapping(name="Desk 2", symbol="s", price="p")
    assert page.has_changes
    path.write_text('{"symbol": "s"}', "utf-8")
    await bench.control.take_file(path, window, page.add_mapped)
    (box,) = window.findChildren(QMessageBox)
    assert box.text() == "The mapping “theirs.json”. It does not say which field is the price, nor bid or ask."
    box.close()
    assert len(page.model.feeds) == 2


async def test_the_file_is_asked_for_without_a_loop_of_its_own(bench: Bench, window: QWidget) -> None:
    taken: list[str] = []
    bench.control.choose_file(window, lambda name, file: taken.append(file))
    (dialog,) = window.findChildren(QFileDialog)
    assert dialog.isVisible()
    path = bench.folder / "theirs.json"
    path.write_text('{"symbol": "s", "price": "p"}', "utf-8")
    dialog.fileSelected.emit(str(path))
    await until(lambda: taken == ["theirs"])
    dialog.close()
