"""Which proxy the system would have us use, by host and port only."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_SCHEMES = {"wss": ("wss", "socks", "https"), "ws": ("ws", "socks", "https", "http")}


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


def is_number_or_local(host: str) -> bool:
    """Tell whether a host needs no look-up: a number, or this computer by name."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether a host is this computer, by name or number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
