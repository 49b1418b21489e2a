"""A bench of secret stores: one folder and one keychain in memory, as runs of the program meet them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from keyring.errors import PasswordDeleteError

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.redaction import Redactor
from marketwatch.storage.keyring_place import ACCEPTED, FoundKeyring
from marketwatch.storage.secret_places import PlaceBook
from marketwatch.storage.secrets import SecretStore
from marketwatch.storage.vault import ScryptCost, Vault

MASSIVE = FeedId("massive-1")
KEY = Secret("canary-9f3b7c21d4")
PASSPHRASE = Secret("correct horse battery")
LINUX, KWALLET, WINDOWS, MACOS = ACCEPTED


class FakeBackend:
    """A keychain in memory; `fail` makes every call raise, `hang` makes it wait."""

    priority = 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], object] = {}
        self.fail: Exception | None = None
        self.hang: threading.Event | None = None

    def get_password(self, service: str, username: str) -> object:
        self._trouble()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._trouble()
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._trouble()
        if (service, username) not in self.entries:
            raise PasswordDeleteError("No such password!")
        del self.entries[service, username]

    def _trouble(self) -> None:
        if self.hang is not None:
            self.hang.wait(5.0)
        if self.fail is not None:
            raise self.fail


class Bench:
    """Makes stores over one folder and one keychain, as runs of the program do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backend = FakeBackend()
        self.found = FoundKeyring(LINUX, self.backend)
        self.environment: dict[str, str] = {}
        self.redactor = Redactor()
        self.pools: list[WorkerPool] = []

    async def run(self, *, answer_s: float = 5.0, find: Callable[[], FoundKeyring] | None = None) -> SecretStore:
        pool = WorkerPool("keychain", lambda where, error: None)
        self.pools.append(pool)
        store = SecretStore(
            pool,
            Vault(self.folder / "keys.vault", ScryptCost(n=16)),
            PlaceBook(self.folder / "key-places.json"),
            environment=self.environment,
            on_secret=self.redactor.register,
            find=find or (lambda: self.found),
            answer_s=answer_s,
            find_s=0.1,
        )
        await store.open()
        return store

    def without_keyring(self, reason: str = "this system has no keychain that answers") -> None:
        self.found = FoundKeyring(None, None, reason)

    def files(self) -> bytes:
        return b"\n".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())
