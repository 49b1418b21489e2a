"""Settings > Feeds: what a test found, in words, and the limits and problems of a feed."""

from __future__ import annotations

from feed_settings_fakes import CANARY, MASSIVE, ODIN, bad_report, enter_key, fill_facts, good_report, texts
from pytestqt.qtbot import QtBot

from marketwatch.domain.secret import Secret
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.services.connection_findings import Finding, Step, TestReport


def test_a_test_is_asked_for_with_the_draft_and_the_typed_key(page: FeedsPage, qtbot: QtBot) -> None:
    enter_key(page, qtbot)
    page.form.variants.buttons()[1].click()
    with qtbot.waitSignal(page.test_requested) as asked:
        page.test.button.click()
    config, typed = asked.args
    assert (config.variant, typed) == ("realtime", {"key": Secret(CANARY)})
    assert page.has_changes


def test_a_result_leaves_with_what_was_tested(page: FeedsPage, qtbot: QtBot) -> None:
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    page.form.name.setText("Another name")
    assert not page.test.box.isHidden()
    page.form.variants.buttons()[1].click()
    assert page.test.box.isHidden()
    page.show_report(MASSIVE, good_report(), "14:39:40 IST")
    enter_key(page, qtbot)
    assert page.test.box.isHidden()


def test_a_result_of_what_was_changed_meanwhile_is_not_shown(page: FeedsPage) -> None:
    page.show_report(MASSIVE, TestReport(ran_ns=1, steps=good_report().steps), "14:39:20 IST")
    page.form.variants.buttons()[1].click()
    assert not page.test.box.isHidden()
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    assert (page.test.box.isHidden(), page.test.button.isEnabled()) == (True, True)
    page.show_report(MASSIVE, good_report(), "14:39:40 IST")
    assert not page.test.box.isHidden()


def test_the_keyboard_stays_with_the_test(page: FeedsPage, qtbot: QtBot) -> None:
    page.activateWindow()
    page.test.button.setFocus()
    qtbot.waitUntil(page.test.button.hasFocus)
    page.show_report(MASSIVE, TestReport(ran_ns=1, steps=good_report().steps), "14:39:20 IST")
    assert page.test.hasFocus()
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    assert page.test.button.hasFocus()


def test_the_sentence_comes_first_then_the_steps(page: FeedsPage) -> None:
    assert page.test.box.isHidden()
    page.show_report(MASSIVE, TestReport(ran_ns=1, steps=good_report().steps), "14:39:20 IST")
    assert not page.test.button.isEnabled()
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    box = page.test.box
    assert page.test.button.isEnabled()
    assert box.sentence.text() == "The feed works. Prices arrive 15 minutes late, as chosen."
    assert "run 14:39:20 IST" in texts(page.test)
    assert "First price: ok" in box.accessibleDescription()
    page.show_report(MASSIVE, bad_report(Finding.WRONG_KEY, Step.KEY, "authentication failed"), "14:40:00 IST")
    assert box.sentence.text() == "The server refuses the key."
    assert "Key accepted: failed. authentication failed" in texts(box)
    assert "First price: not reached. not reached" in texts(box)


def test_each_feed_keeps_its_own_result(page: FeedsPage) -> None:
    page.show_report(ODIN, good_report(), "x")
    assert page.test.box.isHidden()
    page.list.setCurrentIndex(page.model.index(1))
    assert not page.test.box.isHidden()
    page.list.setCurrentIndex(page.model.index(2))
    assert page.test.box.isHidden()


def test_limits_and_problems(page: FeedsPage) -> None:
    assert "None since MarketWatch started." in texts(page.facts)
    fill_facts(page)
    names = [meter.accessibleName() for meter in page.facts.meters]
    assert names[0] == "Connections: 1 of 1. another program with this key will push this one out"
    assert names[2] == "Symbols on this connection: 10 of 1,000. own limit, the vendor names none"
    assert "13:47:30 IST" in texts(page.facts)
    page.list.setCurrentIndex(page.model.index(1))
    assert [meter.isVisible() for meter in page.facts.meters] == [False] * 3
