"""Addresses of the Data Provider Server: given as a web address, called as a WebSocket."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.secret import Secret
from marketwatch.protocols.address import split_address

DEFAULT_URL: Final = "http://localhost:5001"
_PATH: Final = "/socket.io"
_QUERY: Final = "EIO=4&transport=websocket"
_POLLING_QUERY: Final = "EIO=4&transport=polling"
_SCHEMES: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def normalise_url(url: str) -> str:
    """Return the address of the stream, with Socket.IO's usual path when none was given.

    The server is named by its web address or by a WebSocket address. Raises ConfigurationError for anything else, and
    for an address that carries a user, key or query.
    """
    scheme, separator, rest = url.strip().partition("://")
    known = _SCHEMES.get(scheme.lower(), scheme)
    rest = rest.removesuffix(f"?{_QUERY}")
    address = split_address(f"{known}{separator}{rest}", f"Write it like {DEFAULT_URL}", "This server wants no key")
    return f"{address.scheme}://{address.host}{address.path.rstrip('/') or _PATH}/"


def connection_url(url: str, key: Secret | None, client_id: str) -> Secret:
    """Return the address of the upgrade request: always a session of its own, never an old one taken up again."""
    return Secret(f"{url}?{_QUERY}")


def polling_url(url: str) -> str:
    """Return the address at which a session is opened by HTTP, where the server refuses the WebSocket."""
    return f"{'http' if url.startswith('ws:') else 'https'}://{url.partition('://')[2]}?{_POLLING_QUERY}"


def web_url(url: str) -> str:
    """Return the web address of the server whose stream is at `url`, without a slash at the end."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    return f"{'https' if scheme == 'wss' else 'http'}://{host}"
