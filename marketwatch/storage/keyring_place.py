"""The system's keychain, reached through backends accepted by name. Blocking: runs in a worker thread.

The keyring library would follow PYTHON_KEYRING_BACKEND, a configuration file and every package that calls itself a
backend; some of those prompt on a terminal or write plain text. So the backend classes are imported by name here.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from marketwatch.domain.secret import Secret
from marketwatch.errors import StorageError

_log = logging.getLogger(__name__)

BACKEND_VARIABLE: Final = "PYTHON_KEYRING_BACKEND"
WINDOWS_LIMIT: Final = 1280
"""Characters of two bytes that one entry of the Windows Credential Manager holds."""
_SWITCHED_OFF: Final = frozenset({"keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"})


class Backend(Protocol):
    """What is used of a backend of the keyring library."""

    def get_password(self, service: str, username: str) -> object:
        """Return the entry, None when there is none."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write the entry."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry."""
        ...


class BackendName(msgspec.Struct, frozen=True):
    """An accepted backend: where it is, what people call it, and how many characters it holds (None: enough)."""

    path: str
    words: str
    limit: int | None = None


_SECRET_SERVICE: Final = BackendName("keyring.backends.SecretService.Keyring", "the system keychain")
_KWALLET: Final = BackendName("keyring.backends.kwallet.DBusKeyring", "KWallet")
_WINDOWS: Final = BackendName(
    "keyring.backends.Windows.WinVaultKeyring", "the Windows Credential Manager", WINDOWS_LIMIT
)
_MACOS: Final = BackendName("keyring.backends.macOS.Keyring", "the macOS Keychain")
ACCEPTED: Final = (_SECRET_SERVICE, _KWALLET, _WINDOWS, _MACOS)


class KeyringTrouble(StorageError):
    """The keychain cannot be used now."""


class FoundKeyring(msgspec.Struct, frozen=True):
    """A keychain that answers, or why there is none; `note` is worth a line in the list of notices."""

    name: BackendName | None
    backend: Backend | None
    reason: str = ""
    note: str = ""


def find_keyring(
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
    load: Callable[[str], Any] | None = None,
) -> FoundKeyring:
    """Return the best accepted backend that works here."""
    wanted = (os.environ if environment is None else environment).get(BACKEND_VARIABLE, "").strip()
    if wanted in _SWITCHED_OFF:
        return FoundKeyring(None, None, f"{BACKEND_VARIABLE} switches the keychain off")
    candidates = [name for name in _candidates(platform) if wanted in ("", name.path)]
    note = ""
    if wanted and wanted not in {name.path for name in ACCEPTED}:
        candidates = list(_candidates(platform))
        note = f"{BACKEND_VARIABLE} names a store that MarketWatch does not trust with keys; it is not used"
    found: list[tuple[float, BackendName, Any]] = []
    for name in candidates:
        usable = _try_out(name, load or _load)
        if usable is not None:
            found.append((usable[0], name, usable[1]))
    if not found:
        return FoundKeyring(None, None, "this system has no keychain that answers", note)
    _, best, backend = max(found, key=lambda entry: entry[0])
    return FoundKeyring(best, backend, "", note)


class KeyringPlace:
    """Reads and writes the entries of one service name. Every failure becomes KeyringTrouble without the secret."""

    def __init__(self, name: BackendName, backend: Backend, service: str) -> None:
        self.name = name
        self._backend = backend
        self._service = service

    def check(self, secret: Secret) -> None:
        """Raise KeyringTrouble when the backend cannot hold so long a secret."""
        limit = self.name.limit
        if limit is not None and len(secret.reveal().encode("utf-16-le", "surrogatepass")) > 2 * limit:
            raise KeyringTrouble(
                "The key was not stored",
                f"{self.name.words} holds at most {limit:,} characters, and this one is longer",
                "Check that it is the key alone, or use MarketWatch's vault",
            )

    def get(self, entry: str) -> Secret | None:
        """Return the entry, None when there is none."""
        value = self._guarded("read", lambda: self._backend.get_password(self._service, entry))
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise KeyringTrouble(
                f"The key in {self.name.words}", "the entry holds something that is no key", "Enter the key again"
            )
        return Secret(value)

    def put(self, entry: str, secret: Secret, abandoned: threading.Event) -> None:
        """Write the entry; one that arrives after everybody stopped waiting is taken back."""
        self.check(secret)
        self._guarded("written", lambda: self._backend.set_password(self._service, entry, secret.reveal()))
        if abandoned.is_set():
            self._guarded("removed", lambda: self._backend.delete_password(self._service, entry))

    def remove(self, entry: str) -> None:
        """Remove the entry; one that is not there may be removed too."""
        from keyring.errors import PasswordDeleteError

        def delete() -> None:
            try:
                self._backend.delete_password(self._service, entry)
            except PasswordDeleteError:
                if self._backend.get_password(self._service, entry) is not None:
                    raise

        self._guarded("removed", delete)

    def _guarded(self, what: str, act: Callable[[], object]) -> object:
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - boundary: backends raise whatever their system's library raises
            # Only the type: the text of a foreign error may quote what was to be stored.
            _log.warning("the keychain failed (%s)", type(error).__name__)
            cause = _cause(error)
        raise KeyringTrouble(f"The key was not {what}", f"{self.name.words} {cause}", "Unlock it and try again")


def _cause(error: Exception) -> str:
    from keyring.errors import KeyringLocked, NoKeyringError

    if isinstance(error, KeyringLocked):
        return "is locked"
    if isinstance(error, NoKeyringError):
        return "is not there any more"
    if "denied" in type(error).__name__.lower() or "denied" in str(error).lower():
        return "refused access"
    return f"failed ({type(error).__name__})"


def _candidates(platform: str) -> tuple[BackendName, ...]:
    if platform == "win32":
        return (_WINDOWS,)
    if platform == "darwin":
        return (_MACOS,)
    return (_SECRET_SERVICE, _KWALLET)


def _load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _try_out(name: BackendName, load: Callable[[str], Any]) -> tuple[float, Any] | None:
    """Return priority and object of a backend that works; asking for the priority tries the service out."""
    try:
        kind = load(name.path)
        return float(kind.priority), kind()
    except Exception as error:  # noqa: BLE001 - boundary: a backend that cannot work here says so in many ways
        _log.info("no %s (%s)", name.words, type(error).__name__)
        return None
