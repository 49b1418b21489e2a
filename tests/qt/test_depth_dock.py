"""Depth is asked of a feed for the instrument that is chosen, and only while somebody can see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest
from depth_rig import DepthMarket
from hub_rig import IBM, INFY
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from marketwatch.app.depth_dock import DepthDock
from marketwatch.domain.ids import INDEX, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.protocols.base import Channel
from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.panels.dock_head import DockHead
from marketwatch.qt.theme import Theme
from marketwatch.services.feed_control import FeedControl

NIFTY = Instrument(id=InstrumentId(Venue("NSE"), INDEX, "NIFTY 50"), currency="INR")


class Feeds:
    """Notes who is asked for what."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def acquire(self, instrument_id: InstrumentId, channels: Iterable[Channel] = ()) -> None:
        self.said.append(f"+{instrument_id.symbol} {'/'.join(channel.value for channel in channels)}")

    def release(self, instrument_id: InstrumentId, channels: Iterable[Channel] = ()) -> None:
        self.said.append(f"-{instrument_id.symbol} {'/'.join(channel.value for channel in channels)}")


@pytest.fixture
def feeds() -> Feeds:
    return Feeds()


@pytest.fixture
def window(theme: Theme, icons: IconSet, qtbot: QtBot) -> MainWindow:
    window = MainWindow(theme)
    qtbot.addWidget(window)
    window.allow_closing()
    for name in ("lists", "chart", "details", "notices"):
        window.add_panel(name, name.capitalize(), QLineEdit(), DockHead(theme, icons))
    window.resize(1600, 1000)
    window.restore_layout("", "")
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def depth(theme: Theme, icons: IconSet, window: MainWindow, feeds: Feeds, qtbot: QtBot) -> DepthDock:
    market = DepthMarket()
    market.book()
    depth = DepthDock(theme, icons, window, market, cast("FeedControl", feeds))
    depth.show_instrument(INFY)
    qtbot.wait(20)
    return depth


def test_behind_the_details_nothing_is_asked(depth: DepthDock, feeds: Feeds) -> None:
    depth.refresh()
    assert not depth.is_live()
    assert feeds.said == []


def test_in_front_it_is_asked_and_behind_again_released(
    depth: DepthDock, feeds: Feeds, window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(depth.became_live):
        window.show_panel("depth", is_shown=True)
    assert depth.is_live()
    assert feeds.said == ["+INFY DEPTH"]
    depth.refresh()
    assert feeds.said == ["+INFY DEPTH"]
    window.focus_panel("details")
    qtbot.waitUntil(lambda: feeds.said == ["+INFY DEPTH", "-INFY DEPTH"])


def test_another_selection_takes_its_place(depth: DepthDock, feeds: Feeds, window: MainWindow, qtbot: QtBot) -> None:
    window.show_panel("depth", is_shown=True)
    qtbot.waitUntil(depth.is_live)
    depth.show_instrument(IBM)
    depth.show_instrument(NIFTY)  # an index has no book
    depth.show_instrument(INFY)
    assert feeds.said == ["+INFY DEPTH", "-INFY DEPTH", "+IBM DEPTH", "-IBM DEPTH", "+INFY DEPTH"]
    window.show_panel("depth", is_shown=False)
    qtbot.waitUntil(lambda: feeds.said[-1] == "-INFY DEPTH")
    window.show_panel("depth", is_shown=True)
    qtbot.waitUntil(lambda: feeds.said[-1] == "+INFY DEPTH")
    depth.stop()
    assert feeds.said[-1] == "-INFY DEPTH"
    depth.panel.hide()
    assert feeds.said.count("-INFY DEPTH") == 3


def test_the_head_names_the_instrument(depth: DepthDock, window: MainWindow, qtbot: QtBot) -> None:
    window.show_panel("depth", is_shown=True)
    qtbot.waitUntil(depth.is_live)
    head = depth.panel.parentWidget().titleBarWidget()  # type: ignore[attr-defined]
    assert isinstance(head, DockHead)
    assert head.tabs.name_at(0) == "Depth"
    assert head.tabs.accessibleTabName(0) == "Depth, INFY"
