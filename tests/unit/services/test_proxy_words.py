"""What may be entered as a proxy, and which proxy an address goes through, without names and passwords."""

from __future__ import annotations

from pathlib import Path

import pytest

from marketwatch.errors import ConfigurationError
from marketwatch.services.proxy_words import proxy_for, read_proxy, without_login
from marketwatch.storage.settings import Settings

PASSWORD = "canary-proxy-41ce"
FAR = "https://api.massive.com/v3"


@pytest.mark.parametrize(
    ("entered", "address"),
    [
        ("proxy.corp:3128", "http://proxy.corp:3128"),
        (" HTTP://Proxy.Corp:80/ ", "http://proxy.corp:80"),
        ("https://proxy.corp:443", "https://proxy.corp:443"),
        ("10.0.0.1:65535", "http://10.0.0.1:65535"),
        ("[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
    ],
)
def test_an_address_is_written_out_and_can_be_kept(entered: str, address: str, tmp_path: Path) -> None:
    assert read_proxy(entered) == address
    settings = Settings.load(tmp_path / "settings.json")
    assert settings.change(proxy=address).proxy_address == address


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ("", "does not name a host and a port"),
        ("proxy.corp", "does not name a host and a port"),
        ("proxy corp:3128", "does not name a host and a port"),
        (f"me:{PASSWORD}", "does not name a host and a port"),
        ("http://proxy.corp:3128/path?x=1", "does not name a host and a port"),
        ("[::::]:3128", "does not name a host and a port"),
        ("proxy.corp:0", "there is no such port"),
        ("proxy.corp:65536", "there is no such port"),
        ("gopher://proxy.corp:70", "neither http:// nor https://"),
        ("socks5://proxy.corp:1080", "SOCKS proxies cannot be used"),
        (f"http://me:{PASSWORD}@proxy.corp:3128", "Give the proxy’s login by the HTTPS_PROXY variable"),
    ],
)
def test_what_is_wrong_is_said_and_not_repeated(entered: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match="The proxy’s address") as caught:
        read_proxy(entered)
    assert words in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("entered", "left"),
    [
        ("proxy.corp:3128", "proxy.corp:3128"),
        ("me:p@ss@proxy.corp:3128", "proxy.corp:3128"),
        ("https://me:pass@proxy.corp:3128", "https://proxy.corp:3128"),
        ("me:pass@", ""),
        ("http://me:pa/ss@proxy", "http://proxy"),
    ],
)
def test_a_login_is_taken_out(entered: str, left: str) -> None:
    assert without_login(entered) == left


def test_which_proxy_an_address_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", f"http://me:{PASSWORD}@environment.corp:3128")
    assert proxy_for("system", FAR) == "environment.corp:3128"
    assert proxy_for(None, FAR) is None
    assert proxy_for("http://own.corp:8080", FAR) == "own.corp:8080"
    assert proxy_for("http://own.corp:8080", "ws://127.0.0.1:9/") is None
