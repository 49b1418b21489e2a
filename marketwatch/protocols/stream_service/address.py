"""Addresses of the stream service, and what its refusals mean. An Origin is never sent: it could only be refused."""

from __future__ import annotations

from typing import Final

from marketwatch.errors import ConfigurationError
from marketwatch.protocols.address import split_address
from marketwatch.protocols.base import Control, Refused
from marketwatch.protocols.stream_service.endpoints import Endpoint

DEFAULT_BASE: Final = "ws://localhost:8081"
ORIGIN_HINT: Final = (
    "the service refuses the connection (HTTP 403): its list of allowed origins (CORS_ORIGINS) does not let us in"
)


def normalise_url(url: str) -> str:
    """Return the address of the prices: of whatever endpoint the address is, or with `/ws/stream` for none.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(url, f"Write it like {DEFAULT_BASE}", "Leave it out: this service knows no key")
    complete = f"{address.scheme}://{address.host}{address.path.rstrip('/') or Endpoint.MAIN.path}"
    return endpoint_url(complete, Endpoint.MAIN) if _endpoint_of(complete) is not None else complete


def endpoint_url(url: str, endpoint: Endpoint) -> str:
    """Return the address of another endpoint of the service whose normalised address is `url`.

    Raises ConfigurationError when `url` is not an endpoint of a stream service.
    """
    known = _endpoint_of(url)
    if known is None:
        raise ConfigurationError(
            "The feed's address", "it is none of the service's four endpoints", f"Write it like {DEFAULT_BASE}"
        )
    return url.removesuffix(known.path) + endpoint.path


def _endpoint_of(url: str) -> Endpoint | None:
    return next((known for known in Endpoint if url.endswith(known.path)), None)


def upgrade_refusal(http_status: int, body: bytes) -> Control | None:
    """Say what a refused upgrade means; None for a failure that only time can mend."""
    return Refused(None, ORIGIN_HINT) if http_status == 403 else None


def missing_endpoint(http_status: int, body: bytes) -> Control | None:
    """Say that a service that gives prices does not have another endpoint: it answers 404, or 403 as its framework."""
    return Refused(None, f"this server does not offer it (HTTP {http_status})") if http_status in (403, 404) else None
