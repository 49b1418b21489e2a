"""Addresses of the stream service, and what its refusals mean."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.protocols.address import split_address
from marketwatch.protocols.base import Control, Refused
from marketwatch.protocols.stream_service.endpoints import Endpoint

DEFAULT_BASE: Final = "ws://localhost:8081"
ORIGIN_HINT: Final = (
    "the service refuses the connection (HTTP 403): its list of allowed origins (CORS_ORIGINS) does not let us in"
)


def normalise_url(url: str) -> str:
    """Return the address to connect to: `/ws/stream` is appended when the path is empty.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(url, f"Write it like {DEFAULT_BASE}", "Leave it out: this service knows no key")
    return f"{address.scheme}://{address.host}{address.path.rstrip('/') or Endpoint.MAIN.path}"


def endpoint_url(url: str, endpoint: Endpoint) -> str:
    """Return the address of another endpoint of the service whose normalised address is `url`.

    Raises ConfigurationError when `url` is not an endpoint of a stream service.
    """
    for known in Endpoint:
        if url.endswith(known.path):
            return url.removesuffix(known.path) + endpoint.path
    raise ConfigurationError(
        "The feed's address", "it is none of the service's four endpoints", f"Write it like {DEFAULT_BASE}"
    )


def connection_url(url: str, key: Secret | None, client_id: str = "") -> Secret:
    """Return the address of the upgrade request: this service knows neither key nor client id."""
    return Secret(url)


def upgrade_headers(key: Secret | None) -> dict[str, str]:
    """Return the headers of the upgrade request: none, and no Origin above all, which could only be refused."""
    return {}


def upgrade_refusal(http_status: int, body: bytes) -> Control | None:
    """Say what a refused upgrade means; None for a failure that only time can mend."""
    return Refused(None, ORIGIN_HINT) if http_status == 403 else None
