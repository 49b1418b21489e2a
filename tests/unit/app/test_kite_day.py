"""Which token is good when, and how the day is said."""

from __future__ import annotations

from datetime import datetime

import pytest

from marketwatch.app.kite_day import KiteDay, day_of
from marketwatch.domain.secret import Secret
from marketwatch.protocols.kite.login import KiteSession, dump_session, expiry_ns

KEY, TOKEN, GIVEN = Secret("key"), Secret("canary-token"), Secret("canary-given")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 10**9


LOGIN = ns("2026-11-20T09:05:00+05:30")
"""A Friday."""


def kept(login_ns: int = LOGIN, api_key: str = "key") -> Secret:
    return dump_session(KiteSession("XX0000", "A Trader", api_key, TOKEN, login_ns, expiry_ns(login_ns)))


@pytest.mark.parametrize(
    ("login", "now", "words"),
    [
        ("2026-11-20T09:05+05:30", "2026-11-20T15:00+05:30", "Signed in until tomorrow 06:00 IST"),
        ("2026-11-20T09:05+05:30", "2026-11-21T05:59+05:30", "Signed in until today 06:00 IST"),
        ("2026-11-20T09:05+05:30", "2026-11-21T06:00+05:30", "Sign in for today: signed out since 06:00 IST"),
        ("2026-11-20T09:05+05:30", "2026-11-23T09:00+05:30", "Sign in for today: signed out since 21 Nov, 06:00 IST"),
        # The day is India's, wherever the program runs.
        ("2026-11-20T23:50+00:00", "2026-11-21T00:20+00:00", "Signed in until today 06:00 IST"),
    ],
)
def test_the_day_in_words(login: str, now: str, words: str) -> None:
    now_ns = ns(now)
    assert day_of(KEY, kept(ns(login)), None, began_ns=now_ns, now_ns=now_ns).words(now_ns) == words


def test_nobody_has_signed_in() -> None:
    day = day_of(KEY, None, None, began_ns=LOGIN, now_ns=LOGIN)
    assert day == KiteDay()
    assert day.words(LOGIN) == "Sign in for today: nobody has signed in yet"
    state = day.signed_out("Mine", LOGIN)
    assert (state.thing, state.cause, state.next_step, state.since) == (
        "Mine", "Kite wants a login every day", "Sign in for today", "",
    )  # fmt: skip


def test_a_session_is_good_until_the_morning_and_for_its_own_key_only() -> None:
    day = day_of(KEY, kept(), None, began_ns=LOGIN, now_ns=LOGIN)
    assert (day.token, day.user_id, day.ends_ns) == (TOKEN, "XX0000", ns("2026-11-21T06:00+05:30"))
    assert "canary" not in repr(day)
    assert day_of(Secret("other"), kept(), None, began_ns=LOGIN, now_ns=LOGIN) == KiteDay()
    assert day_of(None, kept(), None, began_ns=LOGIN, now_ns=LOGIN) == KiteDay()
    over = ns("2026-11-21T06:00+05:30")
    ended = day_of(KEY, kept(), None, began_ns=LOGIN, now_ns=over)
    assert (ended.token, ended.signed_out("Mine", over).since) == (None, "06:00 IST")


def test_a_given_token_is_trusted_until_the_next_morning() -> None:
    """Such as one of the environment: nobody knows how old it is."""
    began = ns("2026-11-20T08:00+05:30")
    day = day_of(KEY, None, GIVEN, began_ns=began, now_ns=LOGIN)
    assert (day.token, day.ends_ns) == (GIVEN, ns("2026-11-21T06:00+05:30"))
    assert day_of(KEY, None, GIVEN, began_ns=began, now_ns=ns("2026-11-21T06:00+05:30")).token is None
    assert day_of(KEY, kept(), GIVEN, began_ns=began, now_ns=LOGIN).token == TOKEN
    yesterdays = kept(LOGIN - 86_400 * 10**9)
    assert day_of(KEY, yesterdays, GIVEN, began_ns=began, now_ns=LOGIN).token == GIVEN


@pytest.mark.parametrize("damaged", ["", "{}", "[]", "not json", '{"access_token":5,"api_key":"key"}'])
def test_a_damaged_session_is_none(damaged: str) -> None:
    assert day_of(KEY, Secret(damaged), None, began_ns=LOGIN, now_ns=LOGIN) == KiteDay()
