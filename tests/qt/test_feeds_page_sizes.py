"""Settings > Feeds of every kind in small windows and by keyboard alone: nothing is cut, everything is reached."""

from __future__ import annotations

import pytest
from feed_settings_fakes import bad_report, good_report
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.app.feed_kinds import kind_views
from marketwatch.domain.feed_config import ANY_SILENCE, OWN_ADDRESS, FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.dialogs.settings_nav import NavEntry
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.feed_settings_model import MeterView
from marketwatch.qt.theme import Theme
from marketwatch.services.connection_findings import Finding, Step

SIZES = [(1600, 1000), (800, 600), (800, 500)]  # the last is what 200 % leave of 1600 x 1000
FEEDS = tuple(
    FeedConfig(
        id=FeedId(kind.kind),
        kind=kind.kind,
        name=kind.label,
        variant=OWN_ADDRESS,
        own_address="ws://127.0.0.1:9000",
        silence_s=ANY_SILENCE,
        sessions=("pre",),
    )
    for kind in kind_views()
)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    return window


def opened(theme: Theme, icons: IconSet, window: QWidget, size: tuple[int, int]) -> tuple[SettingsDialog, FeedsPage]:
    window.resize(*size)
    window.show()
    dialog = SettingsDialog(theme, icons, window)
    page = FeedsPage(theme, icons, kind_views())
    dialog.add_page(NavEntry(code="feeds", group="Data", title="Feeds", icon="plug"), lambda: page)
    dialog.show_page("feeds")
    page.set_feeds(FEEDS)
    dialog.open_over("feeds")
    return dialog, page


def cut(dialog: QWidget) -> list[str]:
    """Return every text that has less room than it needs."""
    found = []
    for child in dialog.findChildren(QWidget):
        if not child.isVisible():
            continue
        if isinstance(child, QLabel) and child.text():
            is_cut = child.height() < child.heightForWidth(child.width()) if child.wordWrap() else False
            if is_cut or (not child.wordWrap() and child.width() < child.sizeHint().width()):
                found.append(child.text())
        if isinstance(child, QAbstractButton) and child.text() and child.width() < child.minimumSizeHint().width():
            found.append(child.text())
        if isinstance(child, QComboBox) and child.width() < child.sizeHint().width():
            found.append(child.currentText())
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("row", range(len(FEEDS)), ids=[feed.kind for feed in FEEDS])
def test_no_text_of_any_kind_is_cut(
    theme: Theme, icons: IconSet, window: QWidget, qtbot: QtBot, size: tuple[int, int], row: int
) -> None:
    dialog, page = opened(theme, icons, window, size)
    page.list.setCurrentIndex(page.model.index(0 if row else 1))
    page.list.setCurrentIndex(page.model.index(row))
    feed = FEEDS[row].id
    page.show_report(feed, bad_report(Finding.CLOCK_WRONG, Step.CLOCK, "words " * 30), "14:39:20 IST")
    page.set_limits(feed, [MeterView("Subscriptions", 4, None, "2 refused")], "connected since 14:39:20 IST")
    qtbot.waitUntil(lambda: not cut(dialog))  # layouts within layouts take a few turns
    right = page.form.mapTo(dialog, QPoint(page.form.width(), 0)).x()
    assert right <= dialog.width()


def test_the_keyboard_reaches_every_field_and_the_page_follows(
    theme: Theme, icons: IconSet, window: QWidget, qtbot: QtBot
) -> None:
    dialog, page = opened(theme, icons, window, (800, 600))
    page.show_report(FEEDS[0].id, good_report(), "14:39:20 IST")
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    page.list.setFocus()
    reached: list[QWidget] = []
    for _ in range(60):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        focused = dialog.focusWidget()
        if focused in reached:
            break
        reached.append(focused)
        if page.form.isAncestorOf(focused) or page.test.isAncestorOf(focused):
            middle = focused.mapTo(page._area.viewport(), focused.rect().center())
            assert page._area.viewport().rect().contains(middle), focused.accessibleName()
    fields = (
        page.form.name,
        page.form.address,
        *page.form.channels.values(),
        *page.form.sessions.boxes.values(),
        page.form.sessions.silence,
        page.form.reconnect,
        page.test.button,
    )
    assert [one.accessibleName() for one in fields if one not in reached] == []
    order = [reached.index(one) for one in fields]
    assert order == sorted(order)


def test_sessions_and_silence_by_keyboard(theme: Theme, icons: IconSet, window: QWidget, qtbot: QtBot) -> None:
    _, page = opened(theme, icons, window, (1600, 1000))
    page.set_feeds([FeedConfig(id=FeedId("massive"), kind="massive", name="Massive", variant="delayed")])
    qtbot.keyClick(page.form.sessions.boxes["post"], Qt.Key.Key_Space)
    assert page.model.feeds[0].sessions == ("pre", "regular")
    qtbot.keyClick(page.form.sessions.silence, Qt.Key.Key_Down)
    assert page.model.feeds[0].silence_s == 90
    spoken = [page.form.sessions.boxes["pre"].accessibleName(), page.form.sessions.silence.accessibleName()]
    assert spoken == ["Session Pre-market 04:00", "Silent for"]
    assert "then reconnect" in page.form.sessions.silence.accessibleDescription()


def test_what_takes_the_keyboard_is_named(theme: Theme, icons: IconSet, window: QWidget) -> None:
    _, page = opened(theme, icons, window, (1600, 1000))
    for row in range(len(FEEDS)):
        page.list.setCurrentIndex(page.model.index(row))
        for child in page.form.findChildren(QWidget):
            if isinstance(child, QCheckBox | QComboBox | QLineEdit) and child.isVisible():
                assert child.accessibleName(), child
