"""Which proxy is used for an address, by host and port only, and reading what the user entered as one."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from marketwatch.errors import ConfigurationError
from marketwatch.feeds.connection import SYSTEM_PROXY
from marketwatch.feeds.server_names import is_loopback

_SCHEMES = {"https": ("https",), "wss": ("wss", "socks", "https"), "ws": ("ws", "socks", "https", "http")}
_WRITTEN = re.compile(r"(?:([^:/@]+)://)?(\[[0-9a-f:.]+\]|[\w.-]+):([0-9]{1,5})/?", re.IGNORECASE)
_LOGIN = re.compile(r"^(\s*[^:/@\s]+://)?.*@", re.DOTALL)
_HIGHEST_PORT = 65_535
LOGIN_ADVICE = "Give the proxy’s login by the HTTPS_PROXY variable, and choose “As the environment says”"


def proxy_for(proxy: str | None, url: str) -> str | None:
    """Return `host:port` of the proxy for an address: `proxy` is `system`, None for none, or the proxy's address."""
    if proxy == SYSTEM_PROXY:
        return system_proxy(url)
    if proxy is None or is_loopback(urlsplit(url).hostname or ""):
        return None
    return proxy.partition("://")[2]


def without_login(text: str) -> str:
    """Return what was entered without the name and password before the host."""
    return _LOGIN.sub(r"\1", text)


def read_proxy(text: str) -> str:
    """Return a proxy's whole address from what was entered. Raises ConfigurationError, which repeats none of it."""
    clean = text.strip()
    if "@" in clean:
        raise ConfigurationError("The proxy’s address", "it holds a name or password", LOGIN_ADVICE)
    found = _WRITTEN.fullmatch(clean)
    if found is None or not _is_host(found[2]):
        raise ConfigurationError(
            "The proxy’s address", "it does not name a host and a port", "Write it like proxy.example:3128"
        )
    scheme, host, port = (found[1] or "http").lower(), found[2].lower(), int(found[3])
    if scheme.startswith("socks"):
        raise ConfigurationError("The proxy’s address", "SOCKS proxies cannot be used", "Enter an HTTP proxy")
    if scheme not in ("http", "https"):
        raise ConfigurationError("The proxy’s address", "it begins with neither http:// nor https://")
    if not 0 < port <= _HIGHEST_PORT:
        raise ConfigurationError("The proxy’s address", "there is no such port", f"Ports are 1 to {_HIGHEST_PORT}")
    return f"{scheme}://{host}:{port}"


def system_proxy(url: str) -> str | None:
    """Return `host:port` of the proxy of the environment for an address; no name or password of it."""
    import urllib.request  # slow to import, and most programs never test a connection

    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_number_or_local(host) or urllib.request.proxy_bypass(host):
        return None
    known = urllib.request.getproxies()
    found = next((known[name] for name in _SCHEMES.get(parts.scheme, ()) if known.get(name)), None)
    if found is None:
        return None
    proxy = urlsplit(found if "://" in found else f"http://{found}")
    return f"{proxy.hostname}:{proxy.port}" if proxy.port else proxy.hostname


def _is_host(host: str) -> bool:
    return not host.startswith("[") or is_number_or_local(host[1:-1])


def is_number_or_local(host: str) -> bool:
    """Tell whether a host needs no look-up: a number, or this computer by name."""
    if is_loopback(host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
