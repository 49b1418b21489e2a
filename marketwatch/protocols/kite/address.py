"""Addresses and credentials of Kite's ticker: the key and the day's token travel in the query of the upgrade."""

from __future__ import annotations

from typing import Final

from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, EntitlementRefused
from marketwatch.protocols.address import split_address
from marketwatch.protocols.base import AuthenticationFailed, ConnectionLimit, Control, Refused
from marketwatch.protocols.kite.client import EXPIRED
from marketwatch.protocols.kite.login import LOGIN_PAGE, LOGIN_PATH
from marketwatch.protocols.kite.rest import error_of, reason_of
from marketwatch.protocols.percent import write_query

DEFAULT_URL: Final = "wss://ws.kite.trade"
REST_ROOT: Final = "https://api.kite.trade"
VERSION_HEADERS: Final = {"X-Kite-Version": "3"}
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


def split_credentials(key: Secret) -> tuple[str, Secret]:
    """Return the API key and the access token of the one secret that a Kite feed needs, as in Kite's own header.

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


def rest_root(url: str) -> str:
    """Return where the web service of a ticker is: the vendor's own, else the ticker's own host and port.

    Raises ConfigurationError for another host without encryption: an API secret must not travel so.
    """
    address = split_address(url, f"Write it like {DEFAULT_URL}", "Give the key in the settings")
    name, colon, port = address.host.rpartition(":")
    host = (name if colon and port.isdigit() else address.host).lower()
    if host == "kite.trade" or host.endswith(".kite.trade"):
        return REST_ROOT
    if address.scheme == "wss":
        return f"https://{address.host}"
    if host in _LOOPBACK:
        return f"http://{address.host}"
    raise ConfigurationError(
        "The Kite login", "the feed's address is not encrypted", "Use wss://, or a server on this computer"
    )


def login_page(url: str) -> str:
    """Return the login page that belongs to a ticker; a server of one's own has its own. Raises ConfigurationError."""
    root = rest_root(url)
    return LOGIN_PAGE if root == REST_ROOT else f"{root}{LOGIN_PATH}"


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

    An expired token is not a fault but the normal end of Kite's day: it comes as `AuthenticationFailed`. A plan
    without market data is refused with its own name.
    """
    reason = reason_of(body)
    if http_status in (401, 403) and isinstance(error_of(http_status, body), EntitlementRefused):
        return Refused(None, reason or "the account may not have this data", entitlement=True)
    if http_status in (401, 403) and _is_about_the_key(reason):
        return AuthenticationFailed(f"Kite does not know the API key ({reason})")
    if http_status in (401, 403):
        return AuthenticationFailed(f"{EXPIRED} ({reason})" if reason else EXPIRED, is_session_over=True)
    if http_status == 429:
        return ConnectionLimit(reason or "Kite allows three connections for one API key")
    if http_status == 400:
        return Refused(None, reason or "Kite does not understand the connection's address")
    return None


def _is_about_the_key(reason: str) -> bool:
    """Tell whether a refusal names the API key alone: Kite mostly names key and token together."""
    said = reason.lower().replace("_", " ")
    return "api key" in said and "token" not in said
