"""The violet bars: what is not the market now says so, and a replay can be steered."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from marketwatch.qt.icons import IconSet
from marketwatch.qt.panels.replay_bar import ReplayBar, ReplayView
from marketwatch.qt.panels.session_bar import SessionBar
from marketwatch.qt.theme import Theme

SECOND = 1_000_000_000
OPEN = 1_381_239_000 * SECOND  # Tue 8 Oct 2013 09:30 in New York
HOUR = 3_600 * SECOND


def view(**changes: Any) -> ReplayView:
    fields: dict[str, Any] = {
        "start_ns": OPEN,
        "end_ns": OPEN + 6 * HOUR,
        "position_ns": OPEN + HOUR,
        "zone": "America/New_York",
        "speed": 10.0,
    }
    return ReplayView(**{**fields, **changes})


@pytest.fixture
def bar(theme: Theme, icons: IconSet, qtbot: QtBot) -> ReplayBar:
    bar = ReplayBar(theme, icons)
    qtbot.addWidget(bar)
    bar.resize(1000, bar.height())
    bar.set_view(view())
    bar.show()
    return bar


def button(bar: ReplayBar, name: str) -> QToolButton:
    return next(found for found in bar.findChildren(QToolButton) if found.accessibleName() == name)


def slider_of(bar: ReplayBar) -> QSlider:
    found = bar.findChild(QSlider)
    assert found is not None
    return found


def texts(bar: ReplayBar) -> list[str]:
    return [label.text() for label in bar.findChildren(QLabel)]


def test_shows_the_time_of_the_session_in_its_own_zone(bar: ReplayBar) -> None:
    assert "Tue 8 Oct 2013 10:30:00 ET" in texts(bar)
    assert {"09:30", "15:30"} <= set(texts(bar))
    assert slider_of(bar).value() == 3600
    assert slider_of(bar).maximum() == 6 * 3600


def test_play_and_pause(bar: ReplayBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.pause_requested):
        button(bar, "Pause").click()
    bar.set_view(view(is_playing=False))
    assert "paused" in texts(bar)
    with qtbot.waitSignal(bar.play_requested):
        button(bar, "Play").click()


def test_at_the_end_only_a_restart_or_a_seek_helps(bar: ReplayBar, qtbot: QtBot) -> None:
    bar.set_view(view(position_ns=OPEN + 6 * HOUR, is_finished=True))
    assert "end of the session" in texts(bar)
    assert not button(bar, "Play").isEnabled()
    with qtbot.waitSignal(bar.restart_requested):
        button(bar, "Restart from the beginning").click()


def test_speeds(bar: ReplayBar, qtbot: QtBot) -> None:
    box = bar.findChild(QComboBox)
    assert box is not None
    assert [box.itemText(i) for i in range(box.count())] == ["0.5×", "1×", "2×", "5×", "10×", "50×", "max"]
    assert box.currentText() == "10×"
    with qtbot.waitSignal(bar.speed_chosen) as chosen:
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert chosen.args == [50.0]
    with qtbot.waitSignal(bar.speed_chosen) as chosen:
        qtbot.keyClick(box, Qt.Key.Key_End)
    assert chosen.args == [None]


def test_a_speed_of_its_own_is_shown_too(bar: ReplayBar) -> None:
    bar.set_view(view(speed=7.5))
    box = bar.findChild(QComboBox)
    assert box is not None
    assert box.currentText() == "7.5×"


def test_keys_ask_for_one_seek_when_they_rest(bar: ReplayBar, qtbot: QtBot) -> None:
    asked: list[int] = []
    bar.seek_requested.connect(asked.append)
    slider = slider_of(bar)
    for _ in range(5):
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    bar.set_view(view(position_ns=OPEN + HOUR + SECOND))
    assert slider.value() == 3600 + 5 * 60
    qtbot.waitUntil(lambda: bool(asked), timeout=2000)
    assert asked == [OPEN + HOUR + 300 * SECOND]


def test_dragging_shows_the_target_and_seeks_once(bar: ReplayBar, qtbot: QtBot) -> None:
    asked: list[int] = []
    bar.seek_requested.connect(asked.append)
    slider = slider_of(bar)
    slider.setSliderDown(True)
    slider.setSliderPosition(7200)
    bar.set_view(view(position_ns=OPEN + HOUR + SECOND))
    assert "Tue 8 Oct 2013 11:30:00 ET" in texts(bar)
    assert asked == []
    slider.setSliderDown(False)
    assert asked == [OPEN + 2 * HOUR]


def test_progress_of_a_seek_is_said_and_drawn(bar: ReplayBar, theme: Theme) -> None:
    bar.set_view(view(seek_progress=0.5))
    assert "moving to the time, 50%" in texts(bar)
    image = bar.grab().toImage()
    assert image.pixelColor(100, bar.height() - 2) == theme.colour("simulated")
    assert image.pixelColor(900, bar.height() - 2) != theme.colour("simulated")


def test_playing_on_shifts_nothing(bar: ReplayBar, qtbot: QtBot) -> None:
    before = slider_of(bar).geometry()
    bar.set_view(view(position_ns=OPEN + 2 * HOUR, is_playing=False))
    bar.set_view(view(position_ns=OPEN + 3 * HOUR, seek_progress=1.0))
    assert slider_of(bar).geometry() == before


def test_everything_is_reached_by_tab_and_named(bar: ReplayBar) -> None:
    controls = [*bar.findChildren(QToolButton), bar.findChild(QComboBox), slider_of(bar)]
    assert all(control is not None and control.accessibleName() for control in controls)
    assert all(control is not None and control.focusPolicy() & Qt.FocusPolicy.TabFocus for control in controls)


def test_the_session_bar_says_what_kind_of_data_this_is(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    bar = SessionBar(theme, icons)
    qtbot.addWidget(bar)
    bar.set_text("SIMULATED DATA", "Every price in this window is invented.")
    bar.resize(1200, bar.height())
    assert bar.height() == 24
    assert bar.accessibleName() == "SIMULATED DATA. Every price in this window is invented."
    for name in ("dark", "light", "highContrast"):
        theme.switch(name)
        image = bar.grab().toImage()
        stripes = {image.pixelColor(x, 2).name() for x in range(200)}
        assert {theme.colour("simulatedFill").name(), theme.shaded("simulatedFill", 0.86).name()} <= stripes


def test_a_narrow_session_bar_leaves_the_sentence_out(theme: Theme, icons: IconSet, qtbot: QtBot) -> None:
    bar = SessionBar(theme, icons)
    qtbot.addWidget(bar)
    bar.resize(220, bar.height())
    bar.set_text("REPLAY", "Recorded session of Tue 8 Oct 2013. Nothing here is a price of now.")
    first = bar.grab().toImage()
    bar.set_text("REPLAY", "Another sentence that is far too long for the room that there is here.")
    assert bar.grab().toImage() == first
