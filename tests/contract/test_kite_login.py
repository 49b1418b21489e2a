"""Kite's login and web answers: what goes out, what comes back, and until when it is good."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest

from marketwatch.domain.secret import Secret
from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    EntitlementRefused,
    FeedError,
    ProtocolError,
    RateLimited,
)
from marketwatch.protocols.kite.login import (
    checksum,
    expiry_ns,
    is_expired,
    login_url,
    parse_request_token,
    parse_session,
    session_form,
)
from marketwatch.protocols.kite.rest import answer_of, build_answer, build_error, error_of
from marketwatch.protocols.percent import decode, encode, read_query

TOKEN, SECRET = Secret("canaryrequest1"), Secret("canarysecret1")
SESSION = {
    "user_id": "XX0000",
    "user_name": "A Trader",
    "access_token": "canaryaccess1",
    "public_token": "p",
    "refresh_token": "",
    "login_time": "2021-01-01 16:15:14",
    "exchanges": ["NSE", "BSE", None],
}


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def test_what_is_sent() -> None:
    assert login_url("my key") == "https://kite.zerodha.com/connect/login?v=3&api_key=my%20key"
    proof = hashlib.sha256(b"keycanaryrequest1canarysecret1").hexdigest()
    assert checksum("key", TOKEN, SECRET) == proof
    form = session_form("key", TOKEN, SECRET)
    assert read_query(form.reveal()) == {"api_key": "key", "request_token": "canaryrequest1", "checksum": proof}
    assert "canary" not in repr(form)


@pytest.mark.parametrize(
    "pasted",
    [
        "aBc123xyz",
        "  'aBc123xyz'\n",
        "https://127.0.0.1/?request_token=aBc123xyz&action=login&status=success&type=login",
        "http://localhost:5010/kite?status=success&request_token=aBc123xyz#",
        "127.0.0.1?action=login&request_token=aBc123xyz",
        "request_token=aBc123xyz&status=success",
        "<https://example.invalid/?type=login&request_token=%61Bc123xyz>",
    ],
)
def test_request_token_is_found_in_what_was_pasted(pasted: str) -> None:
    assert parse_request_token(pasted).reveal() == "aBc123xyz"


@pytest.mark.parametrize(
    "pasted", ["", "   ", "https://kite.zerodha.com/connect/login", "https://x/?status=success", "two words", "é" * 9]
)
def test_without_a_token_the_next_step_is_said(pasted: str) -> None:
    with pytest.raises(ConfigurationError, match="Paste the whole address"):
        parse_request_token(pasted)


def test_a_cancelled_login_is_said_to_be_one() -> None:
    with pytest.raises(AuthenticationRefused, match="did not succeed"):
        parse_request_token("https://127.0.0.1/?status=cancelled&request_token=")


def test_the_session() -> None:
    session = parse_session(200, build_answer(SESSION), "key", now_ns=0)
    assert (session.user_id, session.user_name, session.api_key) == ("XX0000", "A Trader", "key")
    assert session.access_token.reveal() == "canaryaccess1"
    assert "canary" not in repr(session)
    assert session.exchanges == ("NSE", "BSE")
    assert session.login_ns == ns("2021-01-01T16:15:14+05:30")
    assert session.expires_ns == ns("2021-01-02T06:00:00+05:30")
    assert not is_expired(session, ns("2021-01-02T05:59:59+05:30"))
    assert is_expired(session, ns("2021-01-02T06:00:00+05:30"))


@pytest.mark.parametrize("login_time", [None, "", "yesterday", 5])
def test_the_session_without_a_login_time_counts_from_now(login_time: object) -> None:
    now_ns = ns("2026-11-20T22:00:00+05:30")
    session = parse_session(200, build_answer({**SESSION, "login_time": login_time, "exchanges": None}), "key", now_ns)
    assert (session.login_ns, session.expires_ns) == (None, ns("2026-11-21T06:00:00+05:30"))


@pytest.mark.parametrize(
    ("login", "expiry"),
    [
        ("2026-11-20T05:59:59+05:30", "2026-11-20T06:00:00+05:30"),
        ("2026-11-20T06:00:00+05:30", "2026-11-21T06:00:00+05:30"),
        ("2026-11-20T00:30:00+00:00", "2026-11-21T00:30:00+00:00"),
        ("2026-12-31T20:00:00+05:30", "2027-01-01T06:00:00+05:30"),
    ],
)
def test_tokens_end_at_six_in_the_morning_in_india(login: str, expiry: str) -> None:
    assert datetime.fromtimestamp(expiry_ns(ns(login)) // 10**9, UTC) == datetime.fromisoformat(expiry)


@pytest.mark.parametrize("data", [None, [], {}, {"access_token": ""}, {"access_token": 5}, "text"])
def test_an_answer_without_a_token_is_a_broken_protocol(data: object) -> None:
    with pytest.raises(ProtocolError, match="no access token"):
        parse_session(200, build_answer(data), "key", 0)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (403, build_error("Token is invalid or has expired.", "TokenException"), AuthenticationRefused, "expired"),
        (200, build_error("Invalid `checksum`.", "TokenException"), AuthenticationRefused, "checksum"),
        (403, build_error("No permission", "PermissionException"), EntitlementRefused, "No permission"),
        (403, b"<html>Forbidden</html>", AuthenticationRefused, "not valid"),
        (400, build_error("Missing `api_key`", "InputException"), ProtocolError, "api_key"),
        (502, build_error("OMS is down", "DataException"), ConnectionFailed, "OMS is down"),
        (503, b"", ConnectionFailed, "HTTP 503"),
        (500, build_error("Oops", "GeneralException"), ConnectionFailed, "Oops"),
        (429, build_error("Too many requests", "NetworkException"), RateLimited, "Too many"),
        (200, build_error("Too many requests", "NetworkException"), RateLimited, "Too many"),
        (200, b"not json", ProtocolError, "form"),
    ],
)
def test_19_and_25_errors_by_kites_own_names(status: int, body: bytes, kind: type[FeedError], words: str) -> None:
    with pytest.raises(FeedError, match=words) as caught:
        answer_of(status, body)
    assert type(caught.value) is kind


def test_the_pause_asked_for_is_kept() -> None:
    error = error_of(429, b"", retry_after_s=7.5)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 7.5
    assert answer_of(200, json.dumps({"status": "success", "data": [1]}).encode()) == [1]


@pytest.mark.parametrize(
    ("text", "decoded"), [("a%20b", "a b"), ("100%", "100%"), ("%zz%2", "%zz%2"), ("%C3%A9", "é"), ("%ff", "\ufffd")]
)
def test_percent_decoding_survives_anything(text: str, decoded: str) -> None:
    assert decode(text) == decoded
    assert decode(encode(text)) == text
