"""Keys of the environment: one variable or several joined, and masked from then on."""

from __future__ import annotations

import pytest

from marketwatch.app.core import Runtime
from marketwatch.domain.secret import Secret

NAMES = ("KITE_API_KEY", "KITE_ACCESS_TOKEN")


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


def test_the_first_variable_that_is_set_is_the_key(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYGON_API_KEY", " canary-polygon ")
    assert runtime.secret_from_environment(("MASSIVE_API_KEY", "POLYGON_API_KEY")) == Secret("canary-polygon")
    monkeypatch.setenv("MASSIVE_API_KEY", "canary-massive")
    assert runtime.secret_from_environment(("MASSIVE_API_KEY", "POLYGON_API_KEY")) == Secret("canary-massive")
    assert runtime.redactor.redact("canary-polygon, canary-massive") == "***, ***"


def test_a_joined_key_needs_every_part(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime.secret_from_environment(NAMES, is_joined=True) is None
    monkeypatch.setenv("KITE_ACCESS_TOKEN", "canary/token")
    assert runtime.secret_from_environment(NAMES, is_joined=True) is None
    assert runtime.redactor.redact("it said canary/token") == "it said ***"
    monkeypatch.setenv("KITE_API_KEY", "canary-key")
    assert runtime.secret_from_environment(NAMES, is_joined=True) == Secret("canary-key:canary/token")


def test_each_part_of_a_joined_key_is_masked_also_inside_an_address(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITE_API_KEY", "canary-key")
    monkeypatch.setenv("KITE_ACCESS_TOKEN", "canary/token")
    runtime.secret_from_environment(NAMES, is_joined=True)
    told = runtime.redactor.redact("canary-key then canary/token; ?a=canary-key&b=canary%2Ftoken")
    assert told == "*** then ***; ?a=***&b=***"


def test_a_feed_without_variables_has_no_key(runtime: Runtime) -> None:
    assert runtime.secret_from_environment(()) is None
