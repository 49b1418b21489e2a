"""Addresses and headers of Massive's WebSocket service."""

from __future__ import annotations

from marketwatch.domain.secret import Secret
from marketwatch.protocols.address import split_address

DEFAULT_PATH = "/stocks"
DELAY_S = 900.0
_VENDORS = frozenset({"massive.com", "polygon.io"})


def normalise_url(url: str) -> str:
    """Return the address to connect to: `/stocks` is appended when the path is empty.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(url, "Write it like wss://host/stocks", "Give the key in MASSIVE_API_KEY instead")
    path = DEFAULT_PATH if address.path in ("", "/") else address.path
    return f"{address.scheme}://{address.host}{path}"


def delay_of(url: str) -> float:
    """Return how old the data at an address are by design, in seconds: the vendor's delayed hosts have names for it."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    name, _, domain = host.partition(".")
    return DELAY_S if domain in _VENDORS and name.partition("-")[0] == "delayed" else 0.0


def upgrade_headers(key: Secret | None) -> dict[str, str]:
    """Return the headers of the upgrade request: all that a simple server looks at, harmless to the real service."""
    return {"Authorization": f"Bearer {key.reveal()}"} if key else {}
