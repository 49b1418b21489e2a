"""What a server's complaint means for a feed: the error, in words, that ends the connection. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    EntitlementRefused,
    KeyMissing,
    MarketWatchError,
    SignedOut,
)
from marketwatch.feeds.reconnect import ConnectionLimited
from marketwatch.feeds.status import KeyTrouble
from marketwatch.protocols import base
from marketwatch.protocols.base import Control

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedSpec

SIGN_IN: Final = "Sign in for today"


def error_of(control: Control, label: str, spec: FeedSpec, *, has_key: bool) -> MarketWatchError | None:
    """Return what ends the connection of the feed `label`; None when the control is no reason to."""
    if isinstance(control, base.AuthenticationFailed):
        if control.is_session_over and has_key:
            return SignedOut(label, control.reason, SIGN_IN)
        return AuthenticationRefused(label, control.reason or "the key was refused", _advice(spec, has_key=has_key))
    if isinstance(control, base.ConnectionLimit):
        next_step = "Close other programs that use this key; MarketWatch waits and tries again"
        cause = control.reason or "the account's connections are used up"
        return ConnectionLimited(label, cause, next_step, retry_after_s=control.cool_down_s)
    if isinstance(control, base.ServerClosing):
        next_step = "Ask for fewer instruments" if control.slow_consumer else "MarketWatch connects again by itself"
        return ConnectionFailed(label, control.reason or "the server ends the connection", next_step)
    return None


def keyless_refusal(status: int, spec: FeedSpec) -> Control | None:
    """Return what a refused upgrade means at a feed that knows no key, so that nobody looks for a wrong one."""
    if spec.credential_names or status not in (401, 403):
        return None
    return base.Refused(None, f"the server does not let us in (HTTP {status})")


def upgrade_error_of(control: Control, label: str, spec: FeedSpec, *, has_key: bool) -> MarketWatchError | None:
    """Return what a refused upgrade means, from what the protocol read of it."""
    if isinstance(control, base.Refused):
        if control.entitlement:
            return EntitlementRefused(label, control.reason, "Ask the vendor for a plan that includes it")
        return ConfigurationError(label, control.reason, _advice(spec, has_key=has_key))
    return error_of(control, label, spec, has_key=has_key)


def _advice(spec: FeedSpec, *, has_key: bool) -> str:
    if not spec.credential_names:
        return "Check the address and the server's own settings"
    if has_key:
        return "Check the key in the settings"
    return f"Enter the key in Settings > Feeds, or set {spec.credential_words}"


def key_trouble_of(error: MarketWatchError | None) -> KeyTrouble | None:
    """Return what an error says of the key, None when it is about something else."""
    if isinstance(error, KeyMissing):
        return KeyTrouble.MISSING
    return KeyTrouble.REFUSED if isinstance(error, AuthenticationRefused) else None
