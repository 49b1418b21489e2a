"""Addresses and headers of Massive's WebSocket service."""

from __future__ import annotations

from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError

DEFAULT_PATH = "/stocks"


def normalise_url(url: str) -> str:
    """Return the address to connect to: `/stocks` is appended when the path is empty.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    scheme, separator, rest = url.strip().partition("://")
    host, slash, path = rest.partition("/")
    if not separator or scheme.lower() not in {"ws", "wss"} or not host:
        raise ConfigurationError(
            "The feed's address", "it does not begin with ws:// or wss:// and a host", "Write it like wss://host/stocks"
        )
    if "@" in host or "?" in rest or "#" in rest:
        raise ConfigurationError(
            "The feed's address",
            "it carries a user, a query or a fragment",
            "Give the key in MASSIVE_API_KEY instead",
        )
    return f"{scheme.lower()}://{host}{slash}{path}" if path else f"{scheme.lower()}://{host}{DEFAULT_PATH}"


def upgrade_headers(key: Secret | None) -> dict[str, str]:
    """Return the headers of the upgrade request: all that a simple server looks at, harmless to the real service."""
    return {"Authorization": f"Bearer {key.reveal()}"} if key else {}
