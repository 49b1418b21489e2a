"""The one retry policy: what went wrong, in words, and whether trying again helps. Pure.

The transport raises plain exceptions of this module (or OSError and its kin); `judge` turns any of them into a
`Verdict`. Fatal means: stop until the user changes something.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Callable, Mapping

import msgspec

from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    EntitlementRefused,
    MarketWatchError,
    RateLimited,
)

_NS = 1_000_000_000
_DEFAULT_LIMIT_WAIT_S = 60.0
_LONGEST_WAIT_S = 86_400.0
_TEXT_LIMIT = 200


class Verdict(msgspec.Struct, frozen=True):
    """What a failure means. `min_wait_s` is a floor under the back-off; fatal ones are not retried at all."""

    error: MarketWatchError
    is_fatal: bool = False
    min_wait_s: float = 0.0
    is_unexpected: bool = False


class HandshakeRejected(Exception):
    """The server answered the request to upgrade with something else than 101. Header names are lower case."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status
        self.headers = headers
        self.body = body


class HandshakeBroken(Exception):
    """What the server answered is no HTTP or no WebSocket handshake."""


class PeerClosed(Exception):
    """The connection is over. 1006 means that it broke without a goodbye; `is_ours` that we sent the code."""

    def __init__(self, code: int, reason: str = "", *, is_ours: bool = False) -> None:
        super().__init__(f"close code {code}")
        self.code = code
        self.reason = reason
        self.is_ours = is_ours


class ProxyFailed(Exception):
    """The proxy did not let us through; `status` is its HTTP answer if it gave one."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__("the proxy refused" if status is None else f"the proxy answered {status}")
        self.status = status


class RedirectRefused(Exception):
    """The server wants to send us to another host or to an unsafe scheme; `target` is scheme and host only."""

    def __init__(self, target: str) -> None:
        super().__init__(f"redirect to {target}")
        self.target = target


def judge(error: BaseException, thing: str, now_ns: int) -> Verdict:
    """Say what `error` means for `thing` (a feed's name in words); `now_ns` is the wall clock for Retry-After dates."""
    if isinstance(error, MarketWatchError):
        return _judge_own(error)
    if isinstance(error, HandshakeRejected):
        return judge_status(error.status, error.headers, error.body, thing, now_ns)
    for kind, describe in _DESCRIBED:
        if isinstance(error, kind):
            return describe(error, thing)
    failed = ConnectionFailed(thing, f"an unexpected {type(error).__name__} ended the attempt", "See the log")
    return Verdict(failed, min_wait_s=5.0, is_unexpected=True)


def judge_status(status: int, headers: Mapping[str, str], body: bytes, thing: str, now_ns: int) -> Verdict:
    """Say what an HTTP status means that is not the wanted one. Header names must be lower case."""
    if status in (401, 403):
        return _judge_refusal(status, headers, body, thing)
    if status == 429 or (status == 503 and "retry-after" in headers):
        wait_s = parse_retry_after(headers.get("retry-after", ""), now_ns)
        wait_s = _DEFAULT_LIMIT_WAIT_S if wait_s is None else wait_s
        limited = RateLimited(
            thing, "the server asks for a pause", "MarketWatch waits and tries again", retry_after_s=wait_s
        )
        return Verdict(limited, min_wait_s=wait_s)
    cause, next_step, wait_s = _describe_status(status, is_page(headers, body))
    return Verdict(ConnectionFailed(thing, cause, next_step), min_wait_s=wait_s)


def parse_retry_after(text: str, now_ns: int) -> float | None:
    """Read both forms of Retry-After; seconds from now, never negative, None when it is neither form."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT_S)
    import email.utils  # slow to import, and most servers write seconds

    try:
        at_s = email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, at_s - now_ns / _NS), _LONGEST_WAIT_S)


def is_page(headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is a web page, as from a captive portal, a proxy or a wrong address."""
    return "html" in headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<"


def server_text(body: bytes) -> str:
    """Return the `message` or `error` of a JSON answer, cut short; empty when there is none."""
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    if not isinstance(answer, dict):
        return ""
    text = answer.get("message") or answer.get("error") or ""
    return _cut(text) if isinstance(text, str) else ""


def _judge_own(error: MarketWatchError) -> Verdict:
    if isinstance(error, RateLimited):
        return Verdict(error, min_wait_s=error.retry_after_s)
    return Verdict(error, is_fatal=isinstance(error, AuthenticationRefused | EntitlementRefused | ConfigurationError))


def _judge_refusal(status: int, headers: Mapping[str, str], body: bytes, thing: str) -> Verdict:
    text = "" if is_page(headers, body) else server_text(body)
    if b"NOT_AUTHORIZED" in body.upper():
        cause = text or "the account may not use this data"
        return Verdict(EntitlementRefused(thing, cause, "Change the plan or choose other data"), is_fatal=True)
    cause = text or f"the server refused the key (HTTP {status})"
    return Verdict(AuthenticationRefused(thing, cause, "Check the key in the settings"), is_fatal=True)


def _describe_status(status: int, has_page: bool) -> tuple[str, str, float]:
    if 300 <= status < 400:
        return f"the server redirects (HTTP {status})", "Check the address", 15.0
    if status == 404:
        return "there is nothing at this address (HTTP 404)", "Check the address in the settings", 30.0
    if status >= 500:
        return f"the server is in trouble (HTTP {status})", "MarketWatch tries again by itself", 2.0
    if has_page:
        cause = "a web page came instead of the feed, as from a network that asks for a sign-in"
        return cause, "Open a browser and sign in to the network, or check the address", 15.0
    return f"the server does not offer the feed here (HTTP {status})", "Check the address in the settings", 15.0


_CLOSES: Mapping[int, tuple[str, float]] = {
    1000: ("the server closed the connection", 0.0),
    1001: ("the server went away", 0.0),
    1006: ("the connection broke", 0.0),
    1007: ("a message was not valid text", 0.0),
    1008: ("the server closed the connection because of its rules", 5.0),
    1009: ("a message was larger than allowed", 5.0),
    1011: ("the server failed", 0.0),
    1012: ("the server restarts", 0.0),
    1013: ("the server asks to try again later", 5.0),
}


def _judge_close(error: PeerClosed, thing: str) -> Verdict:
    cause, wait_s = _CLOSES.get(error.code, (f"the server closed the connection with code {error.code}", 0.0))
    if error.is_ours:
        cause = {
            1011: "the far end no longer answers",
            1002: "the far end broke the rules of WebSocket",
        }.get(error.code, cause)
    elif error.reason:
        cause = f"{cause}: {_cut(error.reason)}"
    return Verdict(ConnectionFailed(thing, cause, "MarketWatch connects again by itself"), min_wait_s=wait_s)


def _judge_redirect(error: RedirectRefused, thing: str) -> Verdict:
    cause = f"the server wants to send us to {error.target}, and keys are never carried elsewhere"
    return Verdict(ConnectionFailed(thing, cause, "Check the address, or sign in to the network"), min_wait_s=15.0)


def _judge_proxy(error: ProxyFailed, thing: str) -> Verdict:
    if error.status == 407:
        cause, wait_s = "the proxy asks for a password", 60.0
    elif error.status is not None:
        cause, wait_s = f"the proxy refused the connection (HTTP {error.status})", 15.0
    else:
        cause, wait_s = "the proxy cannot be used", 5.0
    return Verdict(ConnectionFailed(thing, cause, "Check the proxy settings"), min_wait_s=wait_s)


def _judge_broken_handshake(error: HandshakeBroken, thing: str) -> Verdict:
    cause = "what answers at this address does not speak WebSocket"
    return Verdict(ConnectionFailed(thing, cause, "Check the address in the settings"), min_wait_s=5.0)


def _judge_certificate(error: ssl.SSLCertVerificationError, thing: str) -> Verdict:
    cause = f"the server's certificate is not trusted ({_cut(error.verify_message or 'no reason given')})"
    next_step = "Check the date of this computer and whether the network inspects traffic; nothing was sent"
    return Verdict(ConnectionFailed(thing, cause, next_step), min_wait_s=30.0)


def _judge_tls(error: ssl.SSLError, thing: str) -> Verdict:
    return Verdict(ConnectionFailed(thing, "no secure connection could be made", "Check the address"), min_wait_s=5.0)


def _judge_name(error: socket.gaierror, thing: str) -> Verdict:
    return Verdict(ConnectionFailed(thing, "the server's name was not found", "Check the network and the address"))


def _judge_timeout(error: TimeoutError, thing: str) -> Verdict:
    return Verdict(ConnectionFailed(thing, "no answer in time", "Check the network"))


_SYSTEM: Mapping[int, str] = {
    errno.ECONNREFUSED: "nothing listens at this address",
    errno.ECONNRESET: "the connection broke",
    errno.ECONNABORTED: "the connection broke",
    errno.EPIPE: "the connection broke",
    errno.ENETUNREACH: "there is no network",
    errno.ENETDOWN: "there is no network",
    errno.EHOSTUNREACH: "the server cannot be reached",
    errno.ETIMEDOUT: "no answer in time",
}


def _judge_system(error: OSError, thing: str) -> Verdict:
    cause = _SYSTEM.get(error.errno or 0) or f"the system reports: {_cut(error.strerror or type(error).__name__)}"
    return Verdict(ConnectionFailed(thing, cause, "Check the network and the address"))


# The first that fits: subclasses of OSError before OSError itself.
_DESCRIBED: tuple[tuple[type[BaseException], Callable[..., Verdict]], ...] = (
    (PeerClosed, _judge_close),
    (RedirectRefused, _judge_redirect),
    (ProxyFailed, _judge_proxy),
    (HandshakeBroken, _judge_broken_handshake),
    (ssl.SSLCertVerificationError, _judge_certificate),
    (ssl.SSLError, _judge_tls),
    (socket.gaierror, _judge_name),
    (TimeoutError, _judge_timeout),
    (OSError, _judge_system),
)


def _cut(text: str) -> str:
    flat = re.sub(r"\s+", " ", text).strip()
    return flat if len(flat) <= _TEXT_LIMIT else f"{flat[:_TEXT_LIMIT]}…"
