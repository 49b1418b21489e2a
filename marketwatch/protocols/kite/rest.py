"""Kite's web answers: their envelope and their errors. Pure: bodies in, values out."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from marketwatch.errors import (
    AuthenticationRefused,
    ConnectionFailed,
    EntitlementRefused,
    FeedError,
    ProtocolError,
    RateLimited,
)

PAUSE_S: Final = 1.0
"""Pause after a 429 that names none: Kite counts requests per second."""
_SERVICE: Final = "Kite"
_LOGIN: Final = "Log in to Kite again"
_LONGEST_REASON: Final = 300


def answer_of(http_status: int, body: bytes, retry_after_s: float | None = None) -> Any:
    """Return the `data` of a successful answer.

    Raises FeedError when the answer is an error, also one that calls itself HTTP 200, or is no JSON envelope.
    """
    envelope = _object(body)
    if not 200 <= http_status < 300 or envelope.get("status") == "error":
        raise error_of(http_status, body, retry_after_s)
    if "data" not in envelope:
        raise ProtocolError(_SERVICE, "its answer is not in Kite's form")
    return envelope["data"]


def error_of(http_status: int, body: bytes, retry_after_s: float | None = None) -> FeedError:
    """Return the error that an unsuccessful answer stands for; Kite's own name of it counts more than the status."""
    envelope = _object(body)
    error_type = envelope.get("error_type")
    reason = reason_of(body)
    if http_status == 429 or (error_type == "NetworkException" and "many requests" in reason.lower()):
        wait_s = PAUSE_S if retry_after_s is None else retry_after_s
        return RateLimited(_SERVICE, reason or "too many requests", retry_after_s=wait_s)
    if error_type == "PermissionException":
        return EntitlementRefused(_SERVICE, reason or "the account may not have this data")
    if error_type == "TokenException" or (http_status in (401, 403) and error_type is None):
        return AuthenticationRefused(_SERVICE, reason or "the access token is not valid", _LOGIN)
    if error_type in ("NetworkException", "DataException") or http_status >= 500:
        return ConnectionFailed(_SERVICE, reason or f"it answered with HTTP {http_status}")
    return ProtocolError(_SERVICE, reason or f"it answered with HTTP {http_status}")


def reason_of(body: bytes) -> str:
    """Return Kite's words about an error; empty when the answer is a page or nothing."""
    message = _object(body).get("message")
    return message[:_LONGEST_REASON] if isinstance(message, str) else ""


def build_error(message: str, error_type: str) -> bytes:
    """Write an error as Kite does."""
    return msgspec.json.encode({"status": "error", "message": message, "data": None, "error_type": error_type})


def build_answer(data: object) -> bytes:
    """Write a successful answer as Kite does."""
    return msgspec.json.encode({"status": "success", "data": data})


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
