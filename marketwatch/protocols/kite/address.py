"""Addresses and credentials of Kite's ticker: the key and the day's token travel in the query of the upgrade."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.protocols.address import split_address
from marketwatch.protocols.base import AuthenticationFailed, ConnectionLimit, Control, Refused
from marketwatch.protocols.kite.client import EXPIRED
from marketwatch.protocols.kite.rest import reason_of
from marketwatch.protocols.percent import write_query

DEFAULT_URL: Final = "wss://ws.kite.trade"
VERSION_HEADERS: Final = {"X-Kite-Version": "3"}


def join_credentials(api_key: str, access_token: Secret) -> Secret:
    """Return the one secret that a Kite feed needs: key and token, as in Kite's own header."""
    return Secret(f"{api_key}:{access_token.reveal()}")


def split_credentials(key: Secret) -> tuple[str, Secret]:
    """Return the API key and the access token of a joined secret.

    Raises ConfigurationError when it does not hold both.
    """
    api_key, _, access_token = key.reveal().partition(":")
    if not api_key or not access_token:
        raise ConfigurationError(
            "The key of Kite", "it does not hold both the API key and the day's access token", "Log in to Kite"
        )
    return api_key, Secret(access_token)


def normalise_url(url: str) -> str:
    """Return the address to connect to, without a trailing slash.

    Raises ConfigurationError for anything but ws and wss, and for an address that carries a user, key or query.
    """
    address = split_address(url, f"Write it like {DEFAULT_URL}", "Give the key in KITE_API_KEY and KITE_ACCESS_TOKEN")
    return f"{address.scheme}://{address.host}{address.path.rstrip('/')}"


def connection_url(url: str, key: Secret | None, client_id: str = "") -> Secret:
    """Return the address of the upgrade request with the credentials in it: secret, for the transport alone.

    Kite has no client id; the parameter is there because other feeds need one. Raises ConfigurationError when the
    secret does not hold both credentials.
    """
    if not key:
        return Secret(url)
    api_key, access_token = split_credentials(key)
    return Secret(f"{url}?{write_query({'api_key': api_key, 'access_token': access_token.reveal()})}")


def upgrade_headers(key: Secret | None) -> dict[str, str]:
    """Return the headers of the upgrade request; none of them is secret."""
    return dict(VERSION_HEADERS)


def upgrade_refusal(http_status: int, body: bytes) -> Control | None:
    """Say what a refused upgrade means; None for a failure that only time can mend.

    An expired token is not a fault but the normal end of Kite's day: it comes as `AuthenticationFailed`.
    """
    reason = reason_of(body)
    if http_status in (401, 403):
        return AuthenticationFailed(f"{EXPIRED} ({reason})" if reason else EXPIRED)
    if http_status == 429:
        return ConnectionLimit(reason or "Kite allows three connections for one API key")
    if http_status == 400:
        return Refused(None, reason or "Kite does not understand the connection's address")
    return None
