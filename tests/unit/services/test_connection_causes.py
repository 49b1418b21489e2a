"""From exceptions and controls to findings, and the words of measured values."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from marketwatch.domain.events import PriceValue, Quote, TradeTick, VendorBar
from marketwatch.errors import ConfigurationError, ProtocolError
from marketwatch.protocols import base
from marketwatch.protocols.base import Channel, Topic
from marketwatch.runtime.retry import HandshakeBroken, HandshakeRejected, PeerClosed, ProxyFailed, RedirectRefused
from marketwatch.services.connection_causes import of_controls, of_error
from marketwatch.services.connection_findings import Finding, words_for
from marketwatch.services.connection_words import age_words, clock_words, figure_words, price_words, works_words
from marketwatch.services.proxy_words import is_number_or_local, system_proxy

NS = 1_000_000_000
PAGE = {"content-type": "text/html"}
JSON = {"content-type": "application/json"}


def certificate_error(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        (HandshakeRejected(401, JSON, b'{"error":"Unknown API Key"}'), Finding.WRONG_KEY),
        (HandshakeRejected(403, PAGE, b"<html>Forbidden</html>"), Finding.WRONG_KEY),
        (HandshakeRejected(403, JSON, b'{"status":"NOT_AUTHORIZED","message":"plan"}'), Finding.NO_ENTITLEMENT),
        (HandshakeRejected(403, JSON, b'{"detail":"CORS: Origin not allowed"}'), Finding.ORIGIN_REFUSED),
        (HandshakeRejected(403, {**PAGE, "server": "squid proxy"}, b"<html>x</html>"), Finding.BLOCKED),
        (HandshakeRejected(407, {}), Finding.BLOCKED),
        (HandshakeRejected(429, JSON, b'{"error":"too many open connections"}'), Finding.CONNECTION_HELD),
        (HandshakeRejected(429, JSON, b"{}"), Finding.SERVER_TROUBLE),
        (HandshakeRejected(502, PAGE, b"<html>"), Finding.SERVER_TROUBLE),
        (HandshakeRejected(404, PAGE, b"<html>"), Finding.NOT_THIS_FEED),
        (HandshakeRejected(426, {}), Finding.NOT_THIS_FEED),
        (HandshakeRejected(200, PAGE, b"<html>Sign in</html>"), Finding.BLOCKED),
        (HandshakeRejected(200, JSON, b"{}"), Finding.NOT_THIS_FEED),
        (HandshakeRejected(302, {}), Finding.BLOCKED),
        (PeerClosed(4001), Finding.ORIGIN_REFUSED),
        (PeerClosed(1008, "Maximum number of websocket connections exceeded"), Finding.CONNECTION_HELD),
        (PeerClosed(1013, "connection limit"), Finding.CONNECTION_HELD),
        (PeerClosed(1008), Finding.SERVER_TROUBLE),
        (PeerClosed(1006), Finding.SERVER_TROUBLE),
        (RedirectRefused("http://portal.invalid"), Finding.BLOCKED),
        (ProxyFailed(403), Finding.BLOCKED),
        (HandshakeBroken("no HTTP"), Finding.NOT_THIS_FEED),
        (ProtocolError("The server", "it sent no greeting"), Finding.NOT_THIS_FEED),
        (ConfigurationError("Feed address", "a key would travel unencrypted"), Finding.BAD_ADDRESS),
        (certificate_error(18, "self-signed certificate"), Finding.NOT_SECURE),
        (certificate_error(10, "certificate has expired"), Finding.NOT_SECURE),
        (certificate_error(9, "certificate is not yet valid"), Finding.CLOCK_WRONG),
        (ssl.SSLError(1, "wrong version number"), Finding.NOT_SECURE),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), Finding.NAME_NOT_FOUND),
        (OSError(errno.EACCES, "denied"), Finding.BLOCKED),
        (OSError(errno.ENETUNREACH, "no network"), Finding.UNREACHABLE),
        (TimeoutError(), Finding.UNREACHABLE),
        (KeyError("a bug"), Finding.SERVER_TROUBLE),
    ],
)
def test_what_an_exception_means(error: BaseException, finding: Finding) -> None:
    found, said = of_error(error, needs_key=True, has_key=True)
    assert found is finding
    assert said


def test_without_any_key_a_refusal_is_about_something_else() -> None:
    refusal = HandshakeRejected(403, {}, b"")
    assert of_error(refusal, needs_key=False, has_key=False)[0] is Finding.ORIGIN_REFUSED
    assert of_error(refusal, needs_key=True, has_key=False)[0] is Finding.NO_KEY


def test_the_most_telling_complaint_counts() -> None:
    topic = Topic(Channel.TRADES, "AAPL")
    assert of_controls([base.Connected(), base.Confirmed(topic)], has_key=True) is None
    refused = base.Refused(topic, "unknown symbol")
    assert of_controls([refused], has_key=True) == (Finding.SYMBOL_REFUSED, "unknown symbol")
    assert of_controls([base.Refused(topic, "no", entitlement=True)], has_key=True) == (Finding.NO_ENTITLEMENT, "no")
    limit = base.ConnectionLimit("too many")
    assert of_controls([refused, base.AuthenticationFailed("no"), limit], has_key=True) == (
        Finding.CONNECTION_HELD,
        "too many",
    )
    assert of_controls([base.AuthenticationFailed("bad")], has_key=False) == (Finding.NO_KEY, "bad")
    closing = base.ServerClosing("Maximum number of connections exceeded")
    assert of_controls([closing], has_key=True) == (Finding.CONNECTION_HELD, closing.reason)


def test_every_finding_has_words() -> None:
    for finding in Finding:
        sentence, next_step = words_for(finding)
        assert sentence.endswith(".")
        assert next_step.endswith(".") or finding is Finding.WORKS


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.42, "0.4 s"), (41.2, "41 s"), (901, "15 min 1 s"), (900, "15 min"), (7500, "2 h 5 min"), (864_000, "10 days")],
)
def test_ages(seconds: float, words: str) -> None:
    assert age_words(seconds) == words


def test_clocks() -> None:
    assert clock_words(1.2) == "less than 2 s apart"
    assert clock_words(-303) == "this computer is 5 min 3 s ahead of the server"
    assert clock_words(303) == "this computer is 5 min 3 s behind the server"


def test_prices() -> None:
    at = 1_756_977_859 * NS  # 2025-09-04 09:24:19 UTC
    event = TradeTick(key="AAPL", price=1239.05, size=1.0, stamp=at)
    assert price_words(event, 901.0) == "AAPL 1,239.05, stamped 09:24:19 UTC, 15 min 1 s old"
    assert price_words(event, 901.0, "America/New_York") == "AAPL 1,239.05, stamped 05:24:19 EDT, 15 min 1 s old"
    assert price_words(event, -0.02) == "AAPL 1,239.05, stamped 09:24:19 UTC, 0.0 s old"
    assert price_words(event, -600.0) == "AAPL 1,239.05, stamped 09:24:19 UTC, 10 min in the future"
    assert price_words(TradeTick(key="X", price=2.5, size=1.0), None) == "X 2.5, without a time"
    assert figure_words(Quote(key="X", bid=1.5, ask=None)) == "1.5"
    assert figure_words(Quote(key="X", bid=1.5, ask=1.6)) == "1.5 / 1.6"
    assert figure_words(VendorBar(key="X", open=1.0, high=3.0, low=1.0, close=2.0)) == "2.0"
    assert figure_words(PriceValue(key="I:SPX", value=6501.25)) == "6,501.25"


def test_how_late_a_working_feed_is() -> None:
    assert works_words(901.0, 900.0) == "The feed works. Prices arrive 15 minutes late, as chosen."
    assert works_words(5.0, 900.0) == "The feed works. The first price is 5.0 s old; a delay of 15 min is chosen."
    assert works_words(0.4, 0.0) == "The feed works. The first price is 0.4 s old."
    assert works_words(901.0, 0.0).endswith("15 min 1 s old although real time is chosen.")
    assert works_words(None, 0.0) == "The feed works. Its prices carry no time, so their age is not known."


def test_a_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert system_proxy("wss://socket.massive.com/stocks") is None
    monkeypatch.setenv("https_proxy", "http://user:secret@proxy.corp:3128")
    assert system_proxy("wss://socket.massive.com/stocks") == "proxy.corp:3128"
    assert system_proxy("wss://127.0.0.1/stocks") is None
    monkeypatch.setenv("no_proxy", "massive.com")
    assert system_proxy("wss://socket.massive.com/stocks") is None


@pytest.mark.parametrize(
    ("host", "expected"), [("localhost", True), ("a.localhost", True), ("::1", True), ("10.0.0.1", True), ("x", False)]
)
def test_what_needs_no_look_up(host: str, expected: bool) -> None:
    assert is_number_or_local(host) is expected
