"""Addresses of Odin Streamer."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.secret import Secret
from marketwatch.protocols.address import split_address
from marketwatch.protocols.percent import write_query

DEFAULT_URL: Final = "ws://localhost:8080/enhanced-stream"
DEFAULT_PATH: Final = "/enhanced-stream"


def normalise_url(url: str) -> str:
    """Return the address to connect to: `/enhanced-stream` is appended when the path is empty.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(
        url, f"Write it like {DEFAULT_URL}", "Leave it out: MarketWatch names the connection by itself"
    )
    return f"{address.scheme}://{address.host}{address.path.rstrip('/') or DEFAULT_PATH}"


def connection_url(url: str, key: Secret | None, client_id: str = "") -> Secret:
    """Return the address of the upgrade request; without a client id the server gives the connection a name.

    The real server spoils a connection that takes over the id of another: never give one id to two connections, and
    give a fresh one (or none) to the next.
    """
    return Secret(f"{url}?{write_query({'client_id': client_id})}" if client_id else url)
