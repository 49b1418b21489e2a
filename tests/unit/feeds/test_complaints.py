"""What servers complain of, as the errors that end a connection."""

from __future__ import annotations

import msgspec
import pytest
from tiny_protocol import tiny_spec

from marketwatch.errors import (
    AuthenticationRefused,
    ConfigurationError,
    ConnectionFailed,
    EntitlementRefused,
    MarketWatchError,
    SignedOut,
)
from marketwatch.feeds.complaints import error_of, keyless_refusal, upgrade_error_of
from marketwatch.feeds.reconnect import ConnectionLimited
from marketwatch.protocols import base

SPEC = msgspec.structs.replace(tiny_spec(), credential_names=("TINY_KEY",))
KEYLESS = msgspec.structs.replace(tiny_spec(), credential_names=())


ENTER = "Enter the key in Settings > Feeds, or set TINY_KEY"


@pytest.mark.parametrize(
    ("control", "has_key", "kind", "cause", "step"),
    [
        (base.AuthenticationFailed("no"), True, AuthenticationRefused, "no", "Check the key in the settings"),
        (base.AuthenticationFailed(""), False, AuthenticationRefused, "the key was refused", ENTER),
        (base.AuthenticationFailed("over", True), True, SignedOut, "over", "Sign in for today"),
        (base.AuthenticationFailed("over", True), False, AuthenticationRefused, "over", ENTER),
        (base.ConnectionLimit(""), True, ConnectionLimited, "the account's connections are used up", "Close other"),
        (base.ServerClosing("", True), True, ConnectionFailed, "the server ends", "Ask for fewer instruments"),
    ],
)
def test_complaints(control: base.Control, has_key: bool, kind: type[MarketWatchError], cause: str, step: str) -> None:
    error = error_of(control, "Mine", SPEC, has_key=has_key)
    assert type(error) is kind
    assert error.thing == "Mine"
    assert cause in error.cause
    assert step in error.next_step


def test_a_refused_upgrade() -> None:
    plan = upgrade_error_of(base.Refused(None, "no market data", True), "Mine", SPEC, has_key=True)
    assert type(plan) is EntitlementRefused
    assert "plan" in plan.next_step
    origin = upgrade_error_of(base.Refused(None, "origin"), "Mine", KEYLESS, has_key=False)
    assert type(origin) is ConfigurationError
    assert origin.next_step == "Check the address and the server's own settings"
    over = upgrade_error_of(base.AuthenticationFailed("over", True), "Mine", SPEC, has_key=True)
    assert type(over) is SignedOut


def test_nobody_looks_for_a_wrong_key_where_there_is_none() -> None:
    assert keyless_refusal(403, KEYLESS) == base.Refused(None, "the server does not let us in (HTTP 403)")
    assert keyless_refusal(401, KEYLESS) is not None
    assert keyless_refusal(404, KEYLESS) is None
    assert keyless_refusal(403, SPEC) is None


def test_what_is_no_complaint() -> None:
    assert error_of(base.Connected(), "Mine", SPEC, has_key=True) is None
    assert upgrade_error_of(base.Notice("hello"), "Mine", SPEC, has_key=True) is None
