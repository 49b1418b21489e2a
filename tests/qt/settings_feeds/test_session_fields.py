"""Settings > Feeds: which sessions are wanted, and how long a feed may be silent in them."""

from __future__ import annotations

import msgspec
import pytest
from feed_settings_fakes import FEEDS
from PySide6.QtWidgets import QLabel, QWidget

from marketwatch.qt.dialogs.session_fields import silence_words
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage

RECONNECTS = "then reconnect. Counted only while the session is open; at other times answers to pings count as life."


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def choose(page: FeedsPage, seconds: int) -> None:
    silence = page.form.sessions.silence
    silence.setCurrentIndex(silence.findData(seconds))
    silence.activated.emit(silence.currentIndex())


def test_the_present_value_is_the_default_and_stands_in_words(page: FeedsPage) -> None:
    fields = page.form.sessions
    assert [fields.silence.itemText(row) for row in range(fields.silence.count())] == [
        "30 s",
        "60 s",
        "90 s",
        "any time",
    ]
    assert (fields.silence.currentText(), page.model.feeds[0].silence_s) == ("60 s", None)
    assert fields.silence.toolTip() == "Usual for this kind of feed: 60 s"
    assert RECONNECTS in words(fields)


def test_a_choice_is_kept_and_costs_no_connection(page: FeedsPage) -> None:
    choose(page, 90)
    assert (page.model.feeds[0].silence_s, page.has_changes, page.consequence) == (90, True, "")
    choose(page, 0)
    assert page.model.feeds[0].silence_s == 0
    assert "no reconnect, as long as pings are answered." in words(page.form.sessions)
    choose(page, 60)
    assert (page.model.feeds[0].silence_s, page.has_changes) == (None, False)


def test_a_silence_that_is_not_offered_is_shown_all_the_same(page: FeedsPage) -> None:
    page.set_feeds([msgspec.structs.replace(FEEDS[0], silence_s=45)])
    assert page.form.sessions.silence.currentText() == "45 s"
    assert page.has_changes is False


def test_sessions_of_another_version_are_kept_and_stand_for_none(page: FeedsPage) -> None:
    page.set_feeds([msgspec.structs.replace(FEEDS[0], sessions=("night",))])
    assert all(box.isChecked() for box in page.form.sessions.boxes.values())
    assert page.model.feeds[0].sessions == ("night",)


def test_no_word_of_the_choice_is_cut_when_another_kind_is_looked_at(page: FeedsPage) -> None:
    silence = page.form.sessions.silence
    page.list.setCurrentIndex(page.model.index(1))
    choose(page, 30)
    page.list.setCurrentIndex(page.model.index(0))
    choose(page, 0)
    assert silence.width() >= silence.sizeHint().width()
    assert silence.sizeHint().width() > silence.fontMetrics().horizontalAdvance("any time") + 20


def test_sessions_are_all_wanted_until_one_is_left_out(page: FeedsPage) -> None:
    boxes = page.form.sessions.boxes
    assert {code: box.isChecked() for code, box in boxes.items()} == {"pre": True, "regular": True, "post": True}
    boxes["post"].click()
    assert page.model.feeds[0].sessions == ("pre", "regular")
    assert any(
        text.startswith("What comes outside them from now on is not shown") for text in words(page.form.sessions)
    )
    boxes["post"].click()
    assert page.model.feeds[0].sessions == ()
    assert not page.has_changes


def test_one_session_has_to_stay(page: FeedsPage) -> None:
    boxes = page.form.sessions.boxes
    for code in ("pre", "post", "regular"):
        boxes[code].click()
    assert page.problem == "Choose at least one session."
    assert page.model.feeds[0].sessions == ("regular",)
    boxes["pre"].click()
    assert (page.problem, page.model.feeds[0].sessions) == ("", ("pre",))


def test_kinds_without_a_choice_have_no_row(page: FeedsPage) -> None:
    page.list.setCurrentIndex(page.model.index(1))
    assert page.form.sessions.boxes == {}
    assert "Sessions" not in words(page.form)
    assert "Silent for" in words(page.form)
    page.list.setCurrentIndex(page.model.index(2))
    assert not page.form.sessions.isVisible()


@pytest.mark.parametrize(
    ("seconds", "text"), [(30, "30 s"), (150, "150 s"), (300, "5 min"), (450, "7.5 min"), (0, "any time")]
)
def test_a_silence_in_words(seconds: int, text: str) -> None:
    assert silence_words(seconds) == text
