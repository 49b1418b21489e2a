from __future__ import annotations

import ssl

import pytest

from marketwatch.errors import ConfigurationError
from marketwatch.feeds.transport import check_address, is_loopback, make_tls_context


@pytest.mark.parametrize(
    "url", ["wss://feed.example/stocks", "ws://127.0.0.1:9000/stocks", "ws://[::1]:9000", "ws://localhost/x"]
)
def test_a_key_may_travel_encrypted_or_within_this_computer(url: str) -> None:
    check_address(url, has_credentials=True)


@pytest.mark.parametrize("url", ["ws://feed.example/stocks", "ws://192.168.1.5:9000", "ws://127.0.0.1.evil.example/x"])
def test_a_key_may_not_travel_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigurationError, match="unencrypted"):
        check_address(url, has_credentials=True)
    check_address(url, has_credentials=False)


def test_a_query_counts_as_a_key_unless_it_only_names_the_connection() -> None:
    secret = "?api_key=hunter2&access_token=hunter3"
    with pytest.raises(ConfigurationError, match="unencrypted") as caught:
        check_address(f"ws://192.168.1.5:9000/ticks{secret}", has_credentials=False)
    assert "hunter" not in f"{caught.value!r} {caught.value}"
    check_address(f"wss://feed.example/ticks{secret}", has_credentials=False)
    check_address(f"ws://127.0.0.1:9000/ticks{secret}", has_credentials=False)
    check_address("ws://192.168.1.5:8080/enhanced-stream?client_id=a-name", has_credentials=False)
    with pytest.raises(ConfigurationError, match="unencrypted"):
        check_address("ws://192.168.1.5:8080/enhanced-stream?client_id=a-name&token=x", has_credentials=False)


@pytest.mark.parametrize(
    "url", ["https://feed.example", "feed.example", "wss://", "", "ws://host:notaport", "ws://[::1", "ws://host:99999"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_address(url, has_credentials=False)


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_address("wss://user:hunter2@feed.example/stocks", has_credentials=False)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "app.localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "0.0.0.0", "", "localhost.example.com"])  # noqa: S104
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_p16_tls_verifies_always() -> None:
    context = make_tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_p16_without_system_roots_the_bundled_ones_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketwatch.feeds.transport._system_has_roots", lambda: False)
    context = make_tls_context()
    assert context.cert_store_stats()["x509_ca"] > 50
    assert context.verify_mode is ssl.CERT_REQUIRED
