"""From what a connection raised or said to a finding. Pure."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Sequence

from marketwatch.errors import ConfigurationError, MarketWatchError, ProtocolError
from marketwatch.protocols import base
from marketwatch.protocols.base import Control
from marketwatch.runtime.retry import (
    HandshakeBroken,
    HandshakeRejected,
    PeerClosed,
    ProxyFailed,
    RedirectRefused,
    is_page,
    judge,
    server_text,
)
from marketwatch.services.connection_findings import Finding

_ORIGIN_CLOSE = 4001
_NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL
_PLAN_WORDS = re.compile(
    r"\bplan\b|entitle|not[ _]authori[sz]ed|upgrade|permission|subscription (?:does|do|tier|level)", re.IGNORECASE
)
_LIMIT_WORDS = re.compile(
    r"(?:max\w*|number|too many|limit)\D{0,30}connections?|connections? (?:limit|exceeded)", re.IGNORECASE
)
_BLOCKING_ERRNOS = frozenset({errno.EACCES, errno.EPERM})


def of_error(error: BaseException, *, needs_key: bool, has_key: bool) -> tuple[Finding, str]:
    """Say what an exception of the transport means, and in which words of the server, if any."""
    if isinstance(error, HandshakeRejected):
        return _of_rejection(error, needs_key=needs_key, has_key=has_key)
    if isinstance(error, PeerClosed):
        return _of_close(error)
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code == _NOT_YET_VALID:
        return Finding.CLOCK_WRONG, _detail(error)
    for kind, finding in _BY_TYPE:
        if isinstance(error, kind):
            return finding, _detail(error)
    if isinstance(error, ProtocolError):
        return Finding.NOT_THIS_FEED, error.cause
    if isinstance(error, MarketWatchError):
        return Finding.SERVER_TROUBLE, error.cause
    if isinstance(error, OSError) and error.errno in _BLOCKING_ERRNOS:
        return Finding.BLOCKED, "the system or a firewall forbids it"
    if isinstance(error, OSError):
        return Finding.UNREACHABLE, judge(error, "", 0).error.cause
    return Finding.SERVER_TROUBLE, type(error).__name__


def of_controls(controls: Sequence[Control], *, has_key: bool) -> tuple[Finding, str] | None:
    """Say what the server's own words mean; the most telling of them counts. None: it complained of nothing."""
    found: dict[Finding, str] = {}
    for control in controls:
        match = _of_control(control, has_key=has_key)
        if match is not None:
            found.setdefault(*match)
    for finding in _MOST_TELLING_FIRST:
        if finding in found:
            return finding, found[finding]
    return None


def is_about_the_plan(text: str) -> bool:
    """Tell whether a refusal speaks of the account's plan, not of the key itself."""
    return bool(_PLAN_WORDS.search(text))


_MOST_TELLING_FIRST = (
    Finding.CONNECTION_HELD,
    Finding.NO_KEY,
    Finding.WRONG_KEY,
    Finding.TOKEN_ENDED,
    Finding.NO_ENTITLEMENT,
    Finding.SYMBOL_REFUSED,
    Finding.SERVER_TROUBLE,
)

_BY_TYPE: tuple[tuple[type[BaseException], Finding], ...] = (
    (ConfigurationError, Finding.BAD_ADDRESS),
    (ProxyFailed, Finding.BLOCKED),
    (RedirectRefused, Finding.BLOCKED),
    (HandshakeBroken, Finding.NOT_THIS_FEED),
    (ssl.SSLError, Finding.NOT_SECURE),
    (socket.gaierror, Finding.NAME_NOT_FOUND),
)


def _of_control(control: Control, *, has_key: bool) -> tuple[Finding, str] | None:
    if isinstance(control, base.ConnectionLimit):
        return Finding.CONNECTION_HELD, control.reason
    if isinstance(control, base.AuthenticationFailed):
        if is_about_the_plan(control.reason):
            return Finding.NO_ENTITLEMENT, control.reason
        if control.is_session_over and has_key:
            return Finding.TOKEN_ENDED, control.reason
        return Finding.WRONG_KEY if has_key else Finding.NO_KEY, control.reason
    if isinstance(control, base.Refused):
        is_plan = control.entitlement or is_about_the_plan(control.reason)
        return Finding.NO_ENTITLEMENT if is_plan else Finding.SYMBOL_REFUSED, control.reason
    if isinstance(control, base.ServerClosing):
        is_limit = bool(_LIMIT_WORDS.search(control.reason))
        return Finding.CONNECTION_HELD if is_limit else Finding.SERVER_TROUBLE, control.reason
    return None


def _of_rejection(error: HandshakeRejected, *, needs_key: bool, has_key: bool) -> tuple[Finding, str]:
    said = server_text(error.body) or f"HTTP {error.status}"
    body = error.body.decode("utf-8", "replace").lower()
    if error.status in (401, 403):
        return _of_refusal(error, said, body, needs_key=needs_key, has_key=has_key)
    if error.status == 407:
        return Finding.BLOCKED, "the proxy asks for a password"
    if error.status == 429:
        is_limit = bool(_LIMIT_WORDS.search(body))
        return Finding.CONNECTION_HELD if is_limit else Finding.SERVER_TROUBLE, "the server asks for a pause (HTTP 429)"
    if error.status >= 500:
        return Finding.SERVER_TROUBLE, said
    if error.status < 400 and (is_page(error.headers, error.body) or error.status >= 300):
        return Finding.BLOCKED, "a web page came instead, as from a network that asks for a sign-in"
    return Finding.NOT_THIS_FEED, said


def _of_refusal(
    error: HandshakeRejected, said: str, body: str, *, needs_key: bool, has_key: bool
) -> tuple[Finding, str]:
    if "origin" in body or "cors" in body:
        return Finding.ORIGIN_REFUSED, said
    if is_about_the_plan(body.replace("unauthorized", "")):
        return Finding.NO_ENTITLEMENT, said
    if error.status == 403 and not needs_key:
        return Finding.ORIGIN_REFUSED, said
    if error.status == 403 and is_page(error.headers, error.body) and "proxy" in (body + _via(error)):
        return Finding.BLOCKED, "a proxy answered in the server's place (HTTP 403)"
    return (Finding.WRONG_KEY if has_key else Finding.NO_KEY), said


def _via(error: HandshakeRejected) -> str:
    return f"{error.headers.get('via', '')} {error.headers.get('server', '')}".lower()


def _of_close(error: PeerClosed) -> tuple[Finding, str]:
    reason = error.reason.strip()
    if error.code == _ORIGIN_CLOSE or "origin" in reason.lower():
        return Finding.ORIGIN_REFUSED, reason or f"closed with code {error.code}"
    if _LIMIT_WORDS.search(reason):
        return Finding.CONNECTION_HELD, reason
    cut = "the connection broke" if error.code == 1006 else f"the server closed the connection (code {error.code})"
    return Finding.SERVER_TROUBLE, f"{cut}: {reason}" if reason else cut


def _detail(error: BaseException) -> str:
    if isinstance(error, ConfigurationError):
        return error.cause
    if isinstance(error, ProxyFailed):
        return str(error)
    if isinstance(error, RedirectRefused):
        return f"the answer leads to {error.target}, as from a network that asks for a sign-in"
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _NOT_YET_VALID:
            return "by this computer's date the server's certificate is not valid yet"
        return f"the certificate is not trusted ({error.verify_message or 'no reason given'})"
    if isinstance(error, ssl.SSLError):
        return "the far end does not speak TLS here"
    return judge(error, "", 0).error.cause
