"""How much a client of the gateway may ask of it, and who may ask at all."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import msgspec

_TOKEN_PARAMETERS = frozenset({"apikey", "api_key", "key", "token", "access_token"})


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the gateway. `per_address` None: 4, and on loopback, where all clients share one address, as many as
    there may be in all.
    """

    connections: int = 16
    per_address: int | None = None
    message_bytes: int = 65_536
    requests_per_s: float = 20.0
    request_burst: int = 200
    authentication_s: float = 5.0
    stall_s: float = 10.0
    close_s: float = 10.0

    def for_address(self, address: str) -> int:
        """Return how many connections one client address may hold."""
        if self.per_address is not None:
            return self.per_address
        return self.connections if is_loopback(address) else 4


class RequestRate:
    """A bucket of requests that fills with time. Monotonic seconds are an argument."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Count one request; return how long it must wait, 0 when it may be served at once."""
        if self._at_s is not None:
            self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        self._left -= 1
        return 0.0 if self._left >= 0 else -self._left / self._per_s


def is_loopback(host: str) -> bool:
    """Tell whether a host or address means this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Access(msgspec.Struct, frozen=True):
    """Which names this gateway answers to, and which web origins may use it: none unless listed.

    The host check defeats DNS rebinding: a web page may find our port, but its requests carry its own host name.
    """

    hosts: frozenset[str]
    origins: frozenset[str] = frozenset()

    def knows_host(self, host: str) -> bool:
        """Tell whether the request's Host header, with or without port, is one of ours."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and ":" in host else host
        return name.strip("[]").lower() in self.hosts


def access_for(host: str, origins: frozenset[str] = frozenset()) -> Access:
    """Return the access rules of a gateway bound to `host`."""
    own = {"127.0.0.1", "localhost", "::1"} if is_loopback(host) else {host.strip("[]").lower(), "localhost"}
    return Access(frozenset(own), origins)


def refusal(host: str | None, origin: str | None, query: Mapping[str, str], access: Access) -> str | None:
    """Return why a request is refused before anything else is looked at, None when it may go on."""
    if host is None or not access.knows_host(host):
        return "Host not allowed"
    if origin is not None and origin not in access.origins:
        return "Origin not allowed"
    if any(name.lower() in _TOKEN_PARAMETERS for name in query):
        return "Send the key in the Authorization header or in a message, never in the address"
    return None
