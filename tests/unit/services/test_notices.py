"""The list of notices: said once, counted after that, and never without end."""

from __future__ import annotations

import pytest

from marketwatch.errors import AuthenticationRefused
from marketwatch.services.notices import Notice, NoticeAction, NoticeLog, Severity, in_sentences

SECOND = 1_000_000_000


class HandClock:
    def __init__(self) -> None:
        self.passed = 0

    def now_ns(self) -> int:
        return 1_700_000_000 * SECOND + self.passed

    def monotonic_ns(self) -> int:
        return 5 * SECOND + self.passed


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_a_notice_names_thing_cause_and_next_step(clock: HandClock) -> None:
    log = NoticeLog(clock)
    action = NoticeAction("enter_key", "Enter key")
    notice = log.add_error(AuthenticationRefused("Massive", "the key was refused", "Enter the key again"), action)
    assert notice.sentence == "Massive. The key was refused. Enter the key again."
    assert notice.severity is Severity.ERROR
    assert notice.action is action
    assert notice.time_ns == clock.now_ns()


def test_the_same_within_a_minute_is_counted(clock: HandClock) -> None:
    log = NoticeLog(clock)
    added: list[Notice] = []
    repeated: list[Notice] = []
    log.subscribe(added.append, repeated.append)
    first = log.add(Severity.ERROR, "Massive", "connection lost")
    clock.passed = 59 * SECOND
    again = log.add(Severity.ERROR, "Massive", "connection lost", "another next step does not make it another error")
    log.add(Severity.ERROR, "Massive", "the key was refused")
    assert again.number == first.number
    assert [notice.count for notice in log] == [2, 1]
    assert len(added) == 2
    assert [notice.count for notice in repeated] == [2]


def test_after_a_minute_it_is_said_again_however_often_it_came(clock: HandClock) -> None:
    log = NoticeLog(clock)
    for second in range(0, 150, 10):
        clock.passed = second * SECOND
        log.add(Severity.ERROR, "Massive", "connection lost")
    assert [notice.count for notice in log] == [6, 6, 3]


def test_the_list_is_bounded_and_so_is_what_it_remembers(clock: HandClock) -> None:
    log = NoticeLog(clock, most=3)
    for number in range(10):
        clock.passed = number * 61 * SECOND
        log.add(Severity.INFO, f"thing {number}")
    assert [notice.thing for notice in log] == ["thing 7", "thing 8", "thing 9"]
    assert len(log) == log.most == 3


def test_a_repeat_of_one_that_fell_out_is_new(clock: HandClock) -> None:
    log = NoticeLog(clock, most=2)
    for thing in ("a", "b", "c", "a"):
        log.add(Severity.INFO, thing)
    assert [(notice.thing, notice.count) for notice in log] == [("c", 1), ("a", 1)]


def test_who_left_is_no_longer_told(clock: HandClock) -> None:
    log = NoticeLog(clock)
    told: list[Notice] = []
    log.subscribe(told.append, told.append)
    log.unsubscribe(told.append, told.append)
    log.add(Severity.INFO, "a")
    assert told == []


def test_what_is_settled_asks_for_nothing_and_the_same_again_is_new(clock: HandClock) -> None:
    log = NoticeLog(clock)
    changed: list[Notice] = []
    log.subscribe(lambda _: None, changed.append)
    action = NoticeAction("sign_in:kite", "Sign in…")
    for _ in range(2):
        notice = log.add(Severity.DECISION, "Kite: signed out", "it is morning", "Sign in for today", action)
    log.settle(notice.number, "Signed in since")
    assert changed[-1].sentence == "Kite: signed out. It is morning. Signed in since."
    assert (changed[-1].severity, changed[-1].action, changed[-1].count) == (Severity.INFO, None, 1)
    again = log.add(Severity.DECISION, "Kite: signed out", "it is morning", "Sign in for today", action)
    assert [each.number for each in log] == [notice.number, again.number]
    log.settle(99, "never was")
    assert len(changed) == 2


def test_phrases_become_sentences() -> None:
    assert in_sentences("Massive", "", "the key was refused.", " ") == "Massive. The key was refused."
    assert in_sentences("", "") == ""


@pytest.mark.parametrize("name", ["list.csv", "kite_api_key", "wss://host/path", "folder/list"])
def test_a_name_keeps_its_first_letter(name: str) -> None:
    assert in_sentences(f"{name} is refused", "it is empty") == f"{name} is refused. It is empty."
