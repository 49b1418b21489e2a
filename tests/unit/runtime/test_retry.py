from __future__ import annotations

import errno
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    EntitlementRefused,
    ProtocolError,
    RateLimited,
)
from marketwatch.runtime.retry import (
    HandshakeBroken,
    HandshakeRejected,
    PeerClosed,
    ProxyFailed,
    RedirectRefused,
    judge,
    parse_retry_after,
)

NOW_NS = 1_700_000_000_000_000_000
NOW = datetime.fromtimestamp(1_700_000_000, UTC)


def rejected(status: int, body: bytes = b"", **headers: str) -> HandshakeRejected:
    return HandshakeRejected(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("error", "kind", "cause"),
    [
        (rejected(401, b'{"status":"ERROR","error":"Unknown API Key"}'), AuthenticationRefused, "Unknown API Key"),
        (rejected(401), AuthenticationRefused, "the server refused the key (HTTP 401)"),
        (rejected(403, b"<html>no</html>"), AuthenticationRefused, "the server refused the key (HTTP 403)"),
        (
            rejected(403, b'{"status":"NOT_AUTHORIZED","message":"Your plan has no sockets."}'),
            EntitlementRefused,
            "Your plan has no sockets.",
        ),
        (ConfigurationError("x", "bad address"), ConfigurationError, "bad address"),
    ],
)
def test_what_only_the_user_can_change_is_fatal(error: Exception, kind: type, cause: str) -> None:
    verdict = judge(error, "Feed", NOW_NS)
    assert verdict.is_fatal
    assert type(verdict.error) is kind
    assert verdict.error.cause == cause


@pytest.mark.parametrize(
    ("error", "cause", "wait_s"),
    [
        (rejected(500), "the server is in trouble (HTTP 500)", 2.0),
        (rejected(502, b"<html>", content_type="text/html"), "the server is in trouble (HTTP 502)", 2.0),
        (rejected(404), "there is nothing at this address (HTTP 404)", 30.0),
        (rejected(302), "the server redirects (HTTP 302)", 15.0),
        (rejected(200, b"  <!doctype html>"), "a web page came instead of the feed", 15.0),
        (rejected(200, b"{}"), "the server does not offer the feed here (HTTP 200)", 15.0),
        (HandshakeBroken(), "what answers at this address does not speak WebSocket", 5.0),
        (PeerClosed(1006), "the connection broke", 0.0),
        (PeerClosed(1001), "the server went away", 0.0),
        (PeerClosed(1008, "slow\n  down"), "because of its rules: slow down", 5.0),
        (PeerClosed(1011, "keepalive ping timeout", is_ours=True), "the far end no longer answers", 0.0),
        (PeerClosed(1002, is_ours=True), "the far end broke the rules of WebSocket", 0.0),
        (PeerClosed(1013), "the server asks to try again later", 5.0),
        (PeerClosed(4003, "maintenance"), "with code 4003: maintenance", 0.0),
        (RedirectRefused("wss://elsewhere"), "the server wants to send us to wss://elsewhere", 15.0),
        (ProxyFailed(407), "the proxy asks for a password", 60.0),
        (ProxyFailed(502), "the proxy refused the connection (HTTP 502)", 15.0),
        (ProxyFailed(), "the proxy cannot be used", 5.0),
        (socket.gaierror(socket.EAI_NONAME, "Name not known"), "the server's name was not found", 0.0),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "no secure connection could be made", 5.0),
        (TimeoutError(), "no answer in time", 0.0),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "nothing listens at this address", 0.0),
        (OSError(errno.ENETUNREACH, "unreachable"), "there is no network", 0.0),
        (OSError(errno.EMFILE, "Too many open files"), "the system reports: Too many open files", 0.0),
        (ProtocolError("x", "broken stream"), "broken stream", 0.0),
    ],
)
def test_the_rest_is_transient(error: Exception, cause: str, wait_s: float) -> None:
    verdict = judge(error, "Feed", NOW_NS)
    assert not verdict.is_fatal
    assert not verdict.is_unexpected
    assert cause in verdict.error.cause
    assert verdict.min_wait_s == wait_s


def test_p16_a_certificate_that_is_not_trusted_is_explained() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "certificate has expired"
    verdict = judge(error, "Feed", NOW_NS)
    assert "certificate has expired" in verdict.error.cause
    assert "nothing was sent" in verdict.error.next_step
    assert verdict.min_wait_s == 30.0


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7.0), (format_datetime(NOW + timedelta(seconds=33), usegmt=True), 33.0), ("", 60.0), ("soon", 60.0)],
)
def test_a_limit_waits_as_asked_or_a_minute(header: str, wait_s: float) -> None:
    verdict = judge(rejected(429, retry_after=header), "Feed", NOW_NS)
    assert isinstance(verdict.error, RateLimited)
    assert verdict.min_wait_s == verdict.error.retry_after_s == wait_s


def test_retry_after_with_503_is_kept_too() -> None:
    assert judge(rejected(503, retry_after="120"), "Feed", NOW_NS).min_wait_s == 120.0
    assert isinstance(judge(rejected(503), "Feed", NOW_NS).error, ConnectionFailed)


def test_a_past_or_absurd_retry_after_is_bounded() -> None:
    past = format_datetime(NOW - timedelta(days=1), usegmt=True)
    assert parse_retry_after(past, NOW_NS) == 0.0
    assert parse_retry_after("99999999999999", NOW_NS) == 86_400.0
    assert parse_retry_after("-5", NOW_NS) is None


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(text: str) -> None:
    wait_s = parse_retry_after(text, NOW_NS)
    assert wait_s is None or 0.0 <= wait_s <= 86_400.0


@given(st.integers(100, 999), st.binary(max_size=60))
def test_every_status_has_words(status: int, body: bytes) -> None:
    error = judge(HandshakeRejected(status, {}, body), "Feed", NOW_NS).error
    assert error.thing == "Feed"
    assert error.cause
    assert error.next_step


def test_a_bug_is_retried_slowly_and_marked_as_unexpected() -> None:
    verdict = judge(KeyError("secret detail"), "Feed", NOW_NS)
    assert verdict.is_unexpected
    assert verdict.min_wait_s == 5.0
    assert "secret" not in str(verdict.error)
