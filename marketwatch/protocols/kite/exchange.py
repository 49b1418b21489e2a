"""The answer to Kite's token exchange, with every refusal in words that say what the user can do. Pure."""

from __future__ import annotations

from typing import Final

from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    EntitlementRefused,
    MarketWatchError,
    ProtocolError,
    RateLimited,
)
from marketwatch.protocols.kite.login import KiteSession, parse_session
from marketwatch.protocols.kite.rest import reason_of

_THING: Final = "The Kite login"
_AGAIN: Final = "Try again in a few minutes"
_NEW_TOKEN: Final = "Open the login page and log in again: a request token is good once, and for a few minutes only"  # noqa: S105 - words


def read_exchange(http_status: int, body: bytes, api_key: str, now_ns: int) -> KiteSession:
    """Return the session of a successful exchange. Raises MarketWatchError that says what to do."""
    if body.lstrip()[:1] == b"<":
        raise ConnectionFailed(
            _THING,
            f"a web page came instead of Kite's answer (HTTP {http_status})",
            "Sign in to the network if it asks for that, or check the feed's address",
        )
    try:
        return parse_session(http_status, body, api_key, now_ns)
    except RateLimited as error:
        raise ConnectionFailed(_THING, f"Kite asks for a pause and says “{error.cause}”", "Wait a minute") from error
    except ConnectionFailed as error:
        raise ConnectionFailed(_THING, f"Kite is in trouble: {error.cause}", _AGAIN) from error
    except EntitlementRefused as error:
        raise EntitlementRefused(_THING, error.cause, "Check your Kite Connect subscription at the vendor") from error
    except (AuthenticationRefused, ProtocolError) as error:
        raise _refusal(http_status, reason_of(body), error) from error


def network_error(error: OSError) -> ConnectionFailed:
    """Say that Kite could not be asked."""
    cause = "Kite did not answer in time" if isinstance(error, TimeoutError) else "Kite could not be reached"
    return ConnectionFailed(_THING, cause, "Check the network, then press the button again")


def _refusal(http_status: int, reason: str, error: MarketWatchError) -> MarketWatchError:
    """Tell by Kite's own words which of the three it refuses: the secret, the key or the request token."""
    reason = reason.rstrip(". ")  # it is quoted within a sentence of ours
    said = reason.lower()
    if "checksum" in said:
        return ConfigurationError(
            _THING, f"Kite refuses the API secret and says “{reason}”", "Check the API secret in Settings > Feeds"
        )
    if "api_key" in said or "api key" in said:
        return ConfigurationError(
            _THING, f"Kite does not know the API key and says “{reason}”", "Check the API key in Settings > Feeds"
        )
    if isinstance(error, AuthenticationRefused):
        cause = f"Kite refuses the request token and says “{reason}”" if reason else "Kite refuses the request token"
        return AuthenticationRefused(_THING, cause, _NEW_TOKEN)
    if reason:
        return ProtocolError(_THING, f"Kite refuses the login and says “{reason}”", _NEW_TOKEN)
    return ProtocolError(_THING, f"Kite's answer cannot be read (HTTP {http_status})", _AGAIN)
