"""Addresses and headers of Massive's WebSocket service."""

from __future__ import annotations

from marketwatch.domain.secret import Secret
from marketwatch.protocols.address import split_address

DEFAULT_PATH = "/stocks"


def normalise_url(url: str) -> str:
    """Return the address to connect to: `/stocks` is appended when the path is empty.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(url, "Write it like wss://host/stocks", "Give the key in MASSIVE_API_KEY instead")
    path = DEFAULT_PATH if address.path in ("", "/") else address.path
    return f"{address.scheme}://{address.host}{path}"


def upgrade_headers(key: Secret | None) -> dict[str, str]:
    """Return the headers of the upgrade request: all that a simple server looks at, harmless to the real service."""
    return {"Authorization": f"Bearer {key.reveal()}"} if key else {}
