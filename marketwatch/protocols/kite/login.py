"""Kite's daily login: the page to open, what the user brings back from it, and the session it is exchanged for.

Pure: whoever opens the browser and makes the request lives elsewhere. The API secret is used for the checksum only.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from marketwatch.domain.secret import Secret
from marketwatch.errors import AuthenticationRefused, ConfigurationError, ProtocolError
from marketwatch.protocols.kite.rest import answer_of
from marketwatch.protocols.percent import read_query, write_query

LOGIN_PAGE: Final = "https://kite.zerodha.com/connect/login"
LOGIN_PATH: Final = "/connect/login"
SESSION_PATH: Final = "/session/token"
EXPIRY_HOUR: Final = 6
"""Hour in India at which every access token may have ended; Kite ends them between six and eight."""

_INDIA: Final = timezone(timedelta(hours=5, minutes=30))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_THING: Final = "The Kite login"
_LONGEST_TOKEN: Final = 128
_PASTE: Final = "Paste the whole address that the browser shows after the login"


class KiteSession(msgspec.Struct, frozen=True):
    """One day's session. `expires_ns` is the first instant at which the token may have ended."""

    user_id: str
    user_name: str
    api_key: str
    access_token: Secret
    login_ns: int | None
    expires_ns: int
    exchanges: tuple[str, ...] = ()


def login_url(api_key: str, page: str = LOGIN_PAGE) -> str:
    """Return the page on which the user logs in."""
    return f"{page}?{write_query({'v': '3', 'api_key': api_key})}"


def parse_request_token(pasted: str, api_key: str = "") -> Secret:
    """Return the request token of what the user pasted: the address the browser was sent to, or the bare token.

    Raises AuthenticationRefused when the address says that the login failed or was made with another key than
    `api_key`, ConfigurationError when there is no token in it.
    """
    words = pasted.split()
    text = next((word for word in words if "request_token=" in word), pasted.strip()).strip("\"'<>")
    _, question, query = text.partition("?")
    if not question and "=" in text:
        query = text.lstrip("#&")
    values = read_query(query.partition("#")[0])
    token = values.get("request_token", "") if query else text
    if values.get("status", "success").lower() not in ("success", ""):
        raise AuthenticationRefused(_THING, "the page says that it did not succeed", "Log in once more")
    if not (token.isascii() and token.isalnum() and len(token) <= _LONGEST_TOKEN):
        raise ConfigurationError(_THING, _why_no_token(text), _PASTE)
    if api_key and values.get("api_key", api_key) != api_key:
        raise AuthenticationRefused(
            _THING, "this login was made with another API key", "Open the login page again with the button"
        )
    return Secret(token)


def _why_no_token(text: str) -> str:
    if not text:
        return "nothing was pasted"
    if LOGIN_PATH in text:
        return "this is the address of the login page, not the one it leads to"
    is_address = "://" in text or "?" in text
    return "this address holds no request token" if is_address else "what was pasted holds no request token"


def checksum(api_key: str, request_token: Secret, api_secret: Secret) -> str:
    """Return the proof that the request token came to the owner of the API secret."""
    return hashlib.sha256(f"{api_key}{request_token.reveal()}{api_secret.reveal()}".encode()).hexdigest()


def session_form(api_key: str, request_token: Secret, api_secret: Secret) -> Secret:
    """Return the form body to be posted to `SESSION_PATH`; it is good for one exchange, so keep it secret."""
    values = {
        "api_key": api_key,
        "request_token": request_token.reveal(),
        "checksum": checksum(api_key, request_token, api_secret),
    }
    return Secret(write_query(values))


def parse_session(http_status: int, body: bytes, api_key: str, now_ns: int) -> KiteSession:
    """Read the answer to the exchange; `now_ns` counts as the login's time when the answer gives none.

    Raises FeedError: AuthenticationRefused for a request token used before, too old, or of another key.
    """
    data = answer_of(http_status, body)
    access_token = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(access_token, str) or not access_token:
        raise ProtocolError("Kite", "its answer to the login holds no access token")
    login_ns = _india_ns(data.get("login_time"))
    exchanges = data.get("exchanges")
    return KiteSession(
        user_id=_text(data, "user_id"),
        user_name=_text(data, "user_name"),
        api_key=api_key,
        access_token=Secret(access_token),
        login_ns=login_ns,
        expires_ns=expiry_ns(now_ns if login_ns is None else login_ns),
        exchanges=tuple(each for each in exchanges if isinstance(each, str)) if isinstance(exchanges, list) else (),
    )


def expiry_ns(login_ns: int) -> int:
    """Return when a token of a login at `login_ns` may have ended: the next six o'clock in the morning in India."""
    login = _EPOCH.astimezone(_INDIA) + timedelta(seconds=login_ns // 1_000_000_000)
    six = login.replace(hour=EXPIRY_HOUR, minute=0, second=0, microsecond=0)
    if six <= login:
        six += timedelta(days=1)
    return _ns(six)


def is_expired(session: KiteSession, now_ns: int) -> bool:
    """Tell whether a session's token may have ended, so that the user should be asked to log in."""
    return now_ns >= session.expires_ns


def dump_session(session: KiteSession) -> Secret:
    """Write a session as one secret, to be kept until it ends."""
    return Secret(
        msgspec.json.encode(
            {
                "api_key": session.api_key,
                "access_token": session.access_token.reveal(),
                "login_ns": session.login_ns,
                "expires_ns": session.expires_ns,
                "user_id": session.user_id,
                "user_name": session.user_name,
            }
        ).decode()
    )


def load_session(kept: Secret | None) -> KiteSession | None:
    """Return the session that was kept, None when there is none or it cannot be read."""
    if kept is None:
        return None
    try:
        return msgspec.json.decode(kept.reveal(), type=KiteSession, dec_hook=_secret)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def _secret(kind: type, value: object) -> Secret:
    if kind is not Secret or not isinstance(value, str) or not value:
        raise ValueError("it is no secret")
    return Secret(value)


def _india_ns(text: object) -> int | None:
    """Read Kite's local time, such as `2021-01-01 16:15:14`."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _ns(moment if moment.tzinfo else moment.replace(tzinfo=_INDIA))


def _ns(moment: datetime) -> int:
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000_000 + elapsed.microseconds * 1_000


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
