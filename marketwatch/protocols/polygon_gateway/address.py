"""Addresses of the local Polygon server: every client has a path of its own."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.secret import Secret
from marketwatch.protocols.address import split_address
from marketwatch.protocols.percent import encode

DEFAULT_URL: Final = "ws://localhost:8200/ws"
_PATH: Final = "/ws"


def normalise_url(url: str) -> str:
    """Return the address to connect to, with the stream's path when none was given.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(url, f"Write it like {DEFAULT_URL}", "This server wants no key")
    return f"{address.scheme}://{address.host}{address.path.rstrip('/') or _PATH}"


def connection_url(url: str, key: Secret | None, client_id: str) -> Secret:
    """Return the address of the upgrade request, for the client named `client_id`.

    The name must be new with every start: of two clients with one name the server silences one. An address that
    already names a client stays as it is.
    """
    return Secret(f"{url}/{encode(client_id)}" if url.endswith(_PATH) else url)
