"""The stack of alert cards stands where a dialog that is open can be used, and goes back when it closes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QLineEdit, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.alert_rows import CardView
from marketwatch.qt.popups.alert_popup import AlertCards
from marketwatch.qt.popups.card_place import IN_FRONT, DialogArea, DialogWatch, area_of, stack_foot
from marketwatch.qt.theme import Theme

SCREEN = QRect(0, 0, 1600, 1000)
CARD = QSize(330, 150)
HOME = QPoint(1264, 994)


def dialog(x: int, y: int, width: int, height: int, field: QRect | None = None) -> DialogArea:
    frame = QRect(x, y, width, height)
    return area_of(frame, frame, QRect() if field is None else field)


SETTINGS = dialog(100, 110, 1400, 800)


def stack(foot: QPoint, size: QSize = CARD) -> QRect:
    return QRect(QPoint(foot.x(), foot.y() - size.height()), size)


def test_without_a_dialog_it_stands_in_the_corner() -> None:
    assert stack_foot(SCREEN, CARD, []) == HOME
    assert stack_foot(SCREEN, CARD, [], QPoint(6, 500)) == HOME
    assert stack_foot(SCREEN, CARD, [dialog(100, 100, 400, 300)]) == HOME


def test_over_a_large_dialog_it_stands_above_its_buttons() -> None:
    foot = stack_foot(SCREEN, CARD, [SETTINGS])
    assert foot == QPoint(1264, SETTINGS.foot.top() - 6)
    assert not stack(foot).intersects(SETTINGS.foot)
    assert not stack(foot).intersects(SETTINGS.head)


def test_it_does_not_cover_the_field_with_the_keyboard() -> None:
    field = QRect(770, 690, 720, 60)
    foot = stack_foot(SCREEN, CARD, [dialog(100, 110, 1400, 800, field)])
    assert not stack(foot).intersects(field)
    assert not stack(foot).intersects(SETTINGS.foot)


def test_a_dialog_that_leaves_another_corner_free_is_not_covered_at_all() -> None:
    at_right = dialog(500, 110, 1100, 880)
    assert stack_foot(SCREEN, CARD, [at_right]) == QPoint(6, 994)


@pytest.mark.parametrize("height", [150, 320, 470, 600])
def test_no_stack_covers_buttons_while_there_is_room(height: int) -> None:
    size = QSize(330, height)
    stood = stack(stack_foot(SCREEN, size, [SETTINGS]), size)
    assert SCREEN.contains(stood)
    assert not stood.intersects(SETTINGS.foot)
    assert not stood.intersects(SETTINGS.head)


def test_a_field_that_fills_the_dialog_yields_before_the_buttons() -> None:
    full = dialog(0, 0, 1600, 1000, QRect(0, 40, 1600, 900))
    stood = stack(stack_foot(SCREEN, CARD, [full]))
    assert not stood.intersects(full.foot)
    assert not stood.intersects(full.head)


def test_it_stays_where_it_is_as_long_as_it_is_in_nobodys_way() -> None:
    field = QRect(770, 690, 720, 60)
    before = stack_foot(SCREEN, CARD, [dialog(100, 110, 1400, 800, field)])
    elsewhere = dialog(100, 110, 1400, 800, QRect(300, 300, 200, 40))
    assert stack_foot(SCREEN, CARD, [elsewhere], before) == before
    over_it = dialog(100, 110, 1400, 800, stack(before))
    assert stack_foot(SCREEN, CARD, [over_it], before) != before
    assert stack_foot(SCREEN, CARD, [], before) == HOME


def test_it_stands_where_nothing_of_the_dialog_can_be_worked_with() -> None:
    frame, button, words = QRect(100, 110, 1400, 800), QRect(1350, 640, 130, 30), QRect(1200, 720, 250, 20)
    pages = QRect(110, 150, 190, 150)
    foot = stack_foot(SCREEN, CARD, [area_of(frame, frame, QRect(), [button, pages], [words])])
    assert not any(stack(foot).intersects(part) for part in (button, words, pages))
    right = [QRect(1350, top, 130, 30) for top in range(150, 850, 60)]
    foot = stack_foot(SCREEN, CARD, [area_of(frame, frame, QRect(), [*right, pages])])
    assert foot == QPoint(6, SETTINGS.foot.top() - 6)
    over = area_of(frame, frame, QRect(), [QRect(10, foot.y() - 40, 130, 30)])
    assert stack_foot(SCREEN, CARD, [over], foot) != foot


def test_words_yield_before_what_can_be_worked_with() -> None:
    frame = QRect(0, 0, 1600, 1000)
    words, control = QRect(1200, 40, 400, 900), QRect(0, 40, 400, 900)
    assert stack_foot(SCREEN, CARD, [area_of(frame, frame, QRect(), [control], [words])]).x() == HOME.x()


def test_what_the_window_system_draws_belongs_to_head_and_foot() -> None:
    area = area_of(QRect(10, 20, 410, 330), QRect(15, 50, 400, 295), QRect())
    assert (area.head, area.foot) == (QRect(10, 20, 410, 70), QRect(10, 285, 410, 65))


# --- the cards themselves


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def cards(theme: Theme, icons: IconSet, window: QWidget) -> Iterator[AlertCards]:
    made = AlertCards(theme, icons, window, acknowledge=lambda number: None, open_chart=lambda number: None)
    yield made
    made.close()


def card(number: int, *, is_past: bool = False) -> CardView:
    return CardView(
        number=number, symbol="SBIN", tag="NSE", name="State Bank of India", condition=f"is above {number}.00",
        price="820.35", origin="server: Service", at="14:41:07",
        when="fired while MarketWatch was not connected" if is_past else "fired at 14:41:07 IST",
        source="seen now at 14:41:07 IST" if is_past else "price here then, Odin Streamer", is_past=is_past,
    )  # fmt: skip


def covering(window: QWidget) -> tuple[QDialog, QLineEdit]:
    """Return a dialog that fills the screen but for a rim, with two fields."""
    screen = window.screen().availableGeometry()
    made = QDialog(window)
    made.setGeometry(screen.adjusted(10, 10, -10, -10))
    field = QLineEdit(made)
    field.setGeometry(made.width() - 300, 60, 280, 30)
    return made, field


def test_the_stack_makes_way_for_a_dialog_and_comes_back(cards: AlertCards, window: QWidget, qtbot: QtBot) -> None:
    cards.show_firings([card(1), card(2)])
    home = [one.geometry() for one in cards.cards]
    asked, field = covering(window)
    foot = QRect(asked.x(), asked.geometry().bottom() - 59, asked.width(), 60)
    assert home[0].intersects(foot)
    asked.open()
    field.setFocus()
    qtbot.waitUntil(lambda: cards.cards[0].geometry() != home[0])
    assert not any(one.geometry().intersects(foot) for one in cards.cards)
    assert not any(
        one.geometry().intersects(QRect(field.mapToGlobal(QPoint(0, 0)), field.size())) for one in cards.cards
    )
    assert all(one.focusWidget() is None or not one.isActiveWindow() for one in cards.cards)
    asked.move(asked.x() + 1, asked.y() - 3)
    asked.reject()
    qtbot.waitUntil(lambda: [one.geometry() for one in cards.cards] == home)
    asked.deleteLater()


def test_the_stack_covers_no_button_of_the_middle_of_a_dialog(cards: AlertCards, window: QWidget, qtbot: QtBot) -> None:
    asked, field = covering(window)
    button = QPushButton("Test connection", asked)
    button.setGeometry(asked.width() - 150, asked.height() - 200, 130, 30)
    names = QListWidget(asked)
    names.addItems(["Odin", "Kite"])
    names.setGeometry(10, asked.height() - 250, 200, 150)
    words = QLabel("None since the start", asked)
    words.setGeometry(asked.width() - 600, asked.height() - 250, 590, 30)
    asked.open()
    field.setFocus()
    cards.show_firings([card(1)])
    (only,) = cards.cards
    seen = [QRect(one.mapToGlobal(QPoint(0, 0)), one.size()) for one in (button, field)]
    assert not any(only.geometry().intersects(one) for one in seen)
    areas = DialogWatch().look()
    assert set(seen) <= set(areas[0].controls)
    (rows,) = [one for one in areas[0].controls if one not in seen]
    assert rows.width() > 150
    assert rows.height() < 60
    assert areas[0].texts[0].width() < 300
    asked.reject()
    asked.deleteLater()


def test_what_is_in_front_without_being_a_dialog_is_kept_free(cards: AlertCards, window: QWidget, qtbot: QtBot) -> None:
    screen = window.screen().availableGeometry()
    window.setGeometry(screen)
    popup = QFrame(window)
    popup.setProperty(IN_FRONT, True)
    popup.setGeometry(screen.width() - 500, screen.height() - 500, 480, 480)
    field = QLineEdit(popup)
    field.setGeometry(10, 60, 400, 30)
    window.activateWindow()
    field.setFocus()
    popup.show()
    qtbot.waitUntil(field.hasFocus)
    cards.show_firings([card(1)])
    (only,) = cards.cards
    assert not only.geometry().intersects(QRect(popup.mapToGlobal(QPoint(0, 0)), popup.size()))
    field.clearFocus()
    popup.hide()
    qtbot.waitUntil(lambda: only.geometry().right() > screen.right() - 20)


def test_a_card_that_comes_while_a_dialog_is_open_covers_no_button(
    cards: AlertCards, window: QWidget, qtbot: QtBot
) -> None:
    asked, _ = covering(window)
    asked.open()
    qtbot.waitUntil(asked.isVisible)
    cards.show_firings([card(1)])
    (only,) = cards.cards
    assert not only.geometry().intersects(QRect(asked.x(), asked.geometry().bottom() - 59, asked.width(), 60))
    cards.show_firings([])
    asked.reject()
    asked.deleteLater()


def test_past_firings_share_one_card_below_the_others(cards: AlertCards) -> None:
    cards.show_firings([card(1, is_past=True), card(2)])
    past, live = cards.cards
    assert ([view.number for view in past.views], [view.number for view in live.views]) == ([1], [2])
    assert (past.place, live.place) == ("", "1 of 1")
    assert past.y() > live.y()
    cards.show_firings([card(1, is_past=True), card(2), card(3, is_past=True), card(4, is_past=True)])
    assert cards.cards[0] is past
    assert [view.number for view in past.views] == [4, 3, 1]
    assert past.accessibleName().startswith(
        "3 alerts fired meanwhile, fired while MarketWatch was not connected; seen now at 14:41:07 IST; Alert, SBIN"
    )
    past.grab()
    assert past.acknowledge.text() == "Acknowledge all"
    cards.show_firings([card(2)])
    assert cards.cards == [live]
