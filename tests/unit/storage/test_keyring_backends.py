"""Which keychain is asked: RELIABILITY 3.9, numbers 85 and 86."""

from __future__ import annotations

import getpass
import sys
import types
from typing import Any

import pytest
from secret_bench import KWALLET, LINUX, MACOS, WINDOWS, FakeBackend

from marketwatch.storage.keyring_place import FoundKeyring, find_keyring


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A third-party backend that wants to be the best one, and ears for whoever asks on the terminal."""
    asked: list[str] = []

    class Prompting:
        priority = 100

        def __init__(self) -> None:
            asked.append("made")

    package, module = types.ModuleType("keyrings"), types.ModuleType("keyrings.alt")
    module.PlaintextKeyring = Prompting  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyrings", package)
    monkeypatch.setitem(sys.modules, "keyrings.alt", module)
    monkeypatch.setattr(getpass, "getpass", lambda *arguments: asked.append("prompted"))
    return asked


@pytest.mark.parametrize("variable", ["", "keyrings.alt.PlaintextKeyring", "no.such.Backend", "nonsense"])
def test_85_86_only_backends_accepted_by_name_are_loaded(hostile: list[str], variable: str) -> None:
    loaded: list[str] = []

    def load(path: str) -> Any:
        loaded.append(path)
        return FakeBackend

    found = find_keyring({"PYTHON_KEYRING_BACKEND": variable}, "linux", load)
    assert loaded == ["keyring.backends.SecretService.Keyring", "keyring.backends.kwallet.DBusKeyring"]
    assert found.name is not None
    assert isinstance(found.backend, FakeBackend)
    assert bool(found.note) is bool(variable)
    assert hostile == []


def test_86_an_accepted_backend_may_be_chosen() -> None:
    found = find_keyring({"PYTHON_KEYRING_BACKEND": KWALLET.path}, "linux", lambda path: FakeBackend)
    assert (found.name, found.note) == (KWALLET, "")


def test_86_one_of_another_system_is_not_followed_into_nothing() -> None:
    found = find_keyring({"PYTHON_KEYRING_BACKEND": WINDOWS.path}, "linux", lambda path: FakeBackend)
    assert found.backend is None


@pytest.mark.parametrize("name", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_86_the_keychain_can_be_switched_off(name: str) -> None:
    found = find_keyring({"PYTHON_KEYRING_BACKEND": name}, "linux", lambda path: FakeBackend)
    assert (found.backend, found.reason) == (None, "PYTHON_KEYRING_BACKEND switches the keychain off")


@pytest.mark.parametrize(
    ("platform", "names"), [("linux", [LINUX, KWALLET]), ("win32", [WINDOWS]), ("darwin", [MACOS])]
)
def test_86_each_system_has_its_own(platform: str, names: list[Any]) -> None:
    loaded: list[str] = []

    def load(path: str) -> Any:
        loaded.append(path)
        raise ImportError

    assert find_keyring({}, platform, load).backend is None
    assert loaded == [name.path for name in names]


def test_86_the_best_one_wins() -> None:
    class Better(FakeBackend):
        priority = 7

    found = find_keyring({}, "linux", lambda path: Better if "kwallet" in path else FakeBackend)
    assert found.name is KWALLET


def test_the_real_backends_can_be_asked() -> None:
    """Whatever this machine has, asking raises nothing."""
    assert isinstance(find_keyring({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}), FoundKeyring)
