"""Kite's token exchange: where it is, what may be pasted, what every refusal says, and what is kept of a session."""

from __future__ import annotations

import pytest

from marketwatch.domain.secret import Secret
from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    EntitlementRefused,
    MarketWatchError,
    ProtocolError,
)
from marketwatch.protocols.kite.address import login_page, rest_root
from marketwatch.protocols.kite.exchange import network_error, read_exchange
from marketwatch.protocols.kite.login import KiteSession, dump_session, load_session, parse_request_token
from marketwatch.protocols.kite.rest import build_answer, build_error


@pytest.mark.parametrize(
    ("url", "root", "page"),
    [
        ("wss://ws.kite.trade", "https://api.kite.trade", "https://kite.zerodha.com/connect/login"),
        ("ws://127.0.0.1:9000", "http://127.0.0.1:9000", "http://127.0.0.1:9000/connect/login"),
        ("ws://[::1]:9000/x", "http://[::1]:9000", "http://[::1]:9000/connect/login"),
        ("ws://localhost", "http://localhost", "http://localhost/connect/login"),
        ("wss://gateway.example:8443/kite", "https://gateway.example:8443", None),
        ("wss://kite.trade.example", "https://kite.trade.example", None),
    ],
)
def test_the_web_service_is_the_vendors_or_beside_the_ticker(url: str, root: str, page: str | None) -> None:
    assert rest_root(url) == root
    assert login_page(url) == (page or f"{root}/connect/login")


@pytest.mark.parametrize("url", ["ws://192.168.1.5:9000", "ws://gateway.example"])
def test_no_secret_travels_unencrypted(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not encrypted"):
        rest_root(url)


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("", "nothing was pasted"),
        ("https://kite.zerodha.com/connect/login?v=3&api_key=key", "the login page, not the one it leads to"),
        ("https://127.0.0.1/?action=login", "this address holds no request token"),
        ("a b c", "what was pasted holds no request token"),
        ("https://127.0.0.1/?request_token=" + "x" * 200, "no request token"),
    ],
)
def test_what_cannot_be_used_is_told_apart(pasted: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_request_token(pasted, "key")


def test_a_login_of_another_key_is_not_exchanged() -> None:
    address = "https://127.0.0.1/?request_token=abc&status=success&api_key="
    assert parse_request_token(f"{address}key", "key") == Secret("abc")
    with pytest.raises(AuthenticationRefused, match="another API key"):
        parse_request_token(f"{address}other", "key")


def test_an_address_amid_other_words_is_found() -> None:
    text = "This site can't be reached https://127.0.0.1/?request_token=abc&status=success refused to connect"
    assert parse_request_token(text, "key") == Secret("abc")


@pytest.mark.parametrize(
    ("status", "body", "kind", "cause", "step"),
    [
        (
            403,
            build_error("Token is invalid.", "TokenException"),
            AuthenticationRefused,
            "request token",
            "log in again",
        ),
        (403, b"", AuthenticationRefused, "refuses the request token", "log in again"),
        (403, build_error("Invalid `checksum`.", "TokenException"), ConfigurationError, "API secret", "API secret"),
        (400, build_error("Invalid `api_key`.", "InputException"), ConfigurationError, "does not know", "API key"),
        (400, build_error("Missing field", "InputException"), ProtocolError, "“Missing field”", "log in again"),
        (403, build_error("No plan", "PermissionException"), EntitlementRefused, "No plan", "subscription"),
        (403, b" <html>captive</html>", ConnectionFailed, "a web page came", "Sign in to the network"),
        (200, b"<!doctype html>", ConnectionFailed, "a web page came", "Sign in to the network"),
        (429, b"", ConnectionFailed, "a pause", "Wait"),
        (500, build_error("Oops", "GeneralException"), ConnectionFailed, "in trouble: Oops", "Try again"),
        (200, b"", ProtocolError, "cannot be read", "Try again"),
        (200, build_answer({"user_id": "XX0000"}), ProtocolError, "cannot be read", "Try again"),
    ],
)
def test_25_every_refusal_says_what_to_do(
    status: int, body: bytes, kind: type[MarketWatchError], cause: str, step: str
) -> None:
    with pytest.raises(MarketWatchError) as caught:
        read_exchange(status, body, "key", 0)
    assert type(caught.value) is kind
    assert cause in caught.value.cause
    assert step in caught.value.next_step


def test_a_network_that_fails_is_told() -> None:
    assert network_error(TimeoutError()).cause == "Kite did not answer in time"
    assert network_error(ConnectionRefusedError()).cause == "Kite could not be reached"


def test_a_session_is_kept_as_one_secret() -> None:
    session = read_exchange(
        200,
        build_answer({"user_id": "XX0000", "access_token": "canary+/=", "login_time": "2026-11-20 09:05:00"}),
        "key",
        0,
    )
    kept = dump_session(session)
    assert "canary" not in f"{kept} {kept!r} {session!r}"
    assert load_session(kept) == session
    assert load_session(None) is None
    assert isinstance(load_session(kept), KiteSession)
