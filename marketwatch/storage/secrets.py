"""Keys and tokens: the system's keychain, else our vault, else memory for this run. Says in words which."""

from __future__ import annotations

import asyncio
import enum
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import StorageError
from marketwatch.runtime.executors import WorkerPool
from marketwatch.storage.keyring_place import FoundKeyring, KeyringPlace, KeyringTrouble, find_keyring
from marketwatch.storage.secret_places import PlaceBook, SecretPlace
from marketwatch.storage.vault import Vault

T = TypeVar("T")

SERVICE: Final = "MarketWatch"
_FIND_S: Final = 5.0
_ANSWER_S: Final = 30.0  # the system may show a dialog, and people need time to read it
_VAULT_S: Final = 20.0
_VAULT_WORDS: Final = "MarketWatch's vault"


class VaultState(enum.Enum):
    """Whether our own vault can be used."""

    NONE = "none"
    LOCKED = "locked"
    OPEN = "open"


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a key entered now would go, in words, and why not somewhere better; `note` is worth a notice."""

    place: SecretPlace
    words: str
    reason: str = ""
    vault: VaultState = VaultState.NONE
    note: str = ""

    @property
    def asks_for_passphrase(self) -> bool:
        """Whether the user should be offered the vault before a key is kept for this run only."""
        return self.place is SecretPlace.MEMORY


class SecretView(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of one secret. `words` say where it is, `trouble` what is wrong with it."""

    place: SecretPlace | None = None
    words: str = ""
    trouble: str = ""

    @property
    def is_set(self) -> bool:
        """Whether there is a secret to use."""
        return self.place is not None

    @property
    def is_read_only(self) -> bool:
        """Whether it can only be changed outside MarketWatch."""
        return self.place is SecretPlace.ENVIRONMENT


_UNKNOWN: Final = SecretView()


class SecretStore:
    """Secrets by feed and field. Lives in the loop's thread; what may block runs in `pool`, with a deadline.

    `pool` should serve nothing else: a keychain whose dialog nobody answers holds a thread for good. `on_secret` is
    told every secret that comes in, so that it is redacted from then on.
    """

    def __init__(
        self,
        pool: WorkerPool,
        vault: Vault,
        book: PlaceBook,
        *,
        service: str = SERVICE,
        environment: Mapping[str, str] | None = None,
        on_secret: Callable[[Secret], None] | None = None,
        find: Callable[[], FoundKeyring] = find_keyring,
        answer_s: float = _ANSWER_S,
        find_s: float = _FIND_S,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._book = book
        self._service = service
        self._environment = os.environ if environment is None else environment
        self._on_secret = on_secret
        self._find = find
        self._answer_s = answer_s
        self._find_s = find_s
        self._keyring: KeyringPlace | None = None
        self._reason = "the keychain was not looked for yet"
        self._note = ""
        self._has_vault = False
        self._secrets: dict[str, Secret] = {}
        self._views: dict[str, SecretView] = {}
        self._variables: dict[str, tuple[str, ...]] = {}
        self._turn = asyncio.Lock()

    # --- where

    async def open(self) -> Situation:
        """Look for a keychain and a vault; never raises for what is missing."""
        try:
            found = await self._pool.run("look for the keychain", self._find, timeout_s=self._find_s)
        except TimeoutError:
            found = FoundKeyring(None, None, "the system's keychain did not answer")
        self._reason, self._note = found.reason, found.note
        if found.name is not None and found.backend is not None:
            self._keyring = KeyringPlace(found.name, found.backend, self._service)
        self._has_vault = await self._pool.run("look for the vault", lambda: self._vault.exists)
        try:
            await self._pool.run("read where keys are", self._book.load)
        except StorageError as error:
            self._note = f"{error.thing}: {error.cause}"
        return self.situation

    @property
    def situation(self) -> Situation:
        """Where a key entered now would go."""
        vault = self._vault_state()
        if self._keyring is not None:
            place, words = SecretPlace.KEYRING, f"stored in {self._keyring.name.words}"
        elif vault is VaultState.OPEN:
            place, words = SecretPlace.VAULT, f"stored in {_VAULT_WORDS}"
        else:
            place, words = SecretPlace.MEMORY, "kept for this run only"
        return Situation(place=place, words=words, reason=self._reason, vault=vault, note=self._note)

    def is_locked_away(self, feed_id: FeedId, field: str) -> bool:
        """Tell whether a secret lies in the vault, and that is locked."""
        return self._vault_state() is VaultState.LOCKED and self._book.place(_name(feed_id, field)) is SecretPlace.VAULT

    def _vault_state(self) -> VaultState:
        if self._vault.is_open:
            return VaultState.OPEN
        return VaultState.LOCKED if self._has_vault else VaultState.NONE

    async def unlock(self, passphrase: Secret) -> Situation:
        """Open the vault for this run, and read again what was missing.

        Raises WrongPassphrase, DamagedDocument, NewerDocument or StorageError.
        """
        self._tell(passphrase)
        await self._vault_work("open the vault", lambda: self._vault.unlock(passphrase))
        await self._load_missing()
        return self.situation

    async def create_vault(self, passphrase: Secret) -> Situation:
        """Begin a vault; one that cannot be opened any more is set aside first. Raises StorageError."""
        self._tell(passphrase)

        def begin() -> None:
            if self._vault.exists:
                self._vault.set_aside()
            self._vault.create(passphrase)

        await self._vault_work("begin a vault", begin)
        self._has_vault = True
        return self.situation

    # --- one secret

    def known(self, feed_id: FeedId, field: str) -> Secret | None:
        """Return a secret that was loaded or entered in this run; never blocks."""
        return self._secrets.get(_name(feed_id, field))

    def view(self, feed_id: FeedId, field: str) -> SecretView:
        """Return what may be known of a secret that was loaded or entered in this run."""
        return self._views.get(_name(feed_id, field), _UNKNOWN)

    async def load(self, feed_id: FeedId, field: str, variables: Sequence[str] = ()) -> SecretView:
        """Read a secret from where it is kept, else from the first of these environment variables that is set."""
        name = _name(feed_id, field)
        self._variables[name] = tuple(variables)
        async with self._turn:
            return await self._load(name)

    async def put(self, feed_id: FeedId, field: str, secret: Secret) -> SecretView:
        """Keep a secret in the best place there is; `trouble` says why not in a better one.

        Raises StorageError when no place can hold it: it is empty, no text of one line, or too long.
        """
        name, clean = _name(feed_id, field), _checked(secret)
        self._tell(clean)
        async with self._turn:
            place, trouble = await self._keep(name, clean)
            self._secrets[name] = clean
            view = SecretView(place=place, words=self._words(place), trouble=trouble)
            self._views[name] = view
            return view

    async def forget(self, feed_id: FeedId, field: str) -> SecretView:
        """Remove a secret from every place in reach; afterwards the environment's counts, if any.

        Raises StorageError when it could not be removed from where it is stored.
        """
        name = _name(feed_id, field)
        async with self._turn:
            stored = self._book.place(name)
            if self._keyring is not None:
                await self._ask_keyring("remove a key from the keychain", lambda keyring: keyring.remove(name))
            elif stored is SecretPlace.KEYRING:
                raise KeyringTrouble("The key was not removed", f"its keychain is out of reach: {self._reason}")
            if self._vault.is_open:
                await self._vault_work("remove a key from the vault", lambda: self._vault.remove(name))
            elif stored is SecretPlace.VAULT:
                raise StorageError("The key was not removed", "the vault is locked", "Unlock it, then forget the key")
            await self._note_place(name, None)
            return await self._load(name)

    # --- inside

    async def _load_missing(self) -> None:
        async with self._turn:
            for name in self._variables:
                if self._views.get(name, _UNKNOWN).place in (None, SecretPlace.ENVIRONMENT):
                    await self._load(name)

    async def _load(self, name: str) -> SecretView:
        secret, place, trouble = await self._read(name)
        words = self._words(place) if place is not None else ""
        if secret is None:
            secret, variable = self._from_environment(name)
            if secret is not None:
                place, words = SecretPlace.ENVIRONMENT, f"from the environment ({variable})"
                trouble = "" if self._book.place(name) is SecretPlace.MEMORY else trouble  # that one was for a run
        if secret is None:
            self._secrets.pop(name, None)
        else:
            self._tell(secret)
            self._secrets[name] = secret
        view = self._views[name] = SecretView(place=place, words=words, trouble=trouble)
        return view

    async def _read(self, name: str) -> tuple[Secret | None, SecretPlace | None, str]:
        stored = self._book.place(name)
        if stored is SecretPlace.MEMORY:
            view, kept = self._views.get(name, _UNKNOWN), self._secrets.get(name)
            if kept is not None and view.place is SecretPlace.MEMORY:
                return kept, SecretPlace.MEMORY, view.trouble  # of this very run
            return None, None, "it was kept for one run only: enter it again"
        if stored is not SecretPlace.VAULT:
            secret, trouble = await self._read_keyring(name, is_expected=stored is SecretPlace.KEYRING)
            if secret is not None or trouble:
                return secret, None if secret is None else SecretPlace.KEYRING, trouble
        if self._vault.is_open:
            secret = self._vault.get(name)
            if secret is not None:
                return secret, SecretPlace.VAULT, ""
        if stored is SecretPlace.VAULT:
            is_open = self._vault.is_open
            state = "but it is not there any more: enter it again" if is_open else "which is locked"
            return None, None, f"it was stored in {_VAULT_WORDS}, {state}"
        return None, None, ""

    async def _read_keyring(self, name: str, *, is_expected: bool) -> tuple[Secret | None, str]:
        if self._keyring is None:
            return None, f"it was stored in a keychain out of reach: {self._reason}" if is_expected else ""
        words = self._keyring.name.words
        try:
            secret = await self._ask_keyring("read a key from the keychain", lambda keyring: keyring.get(name))
        except KeyringTrouble as error:
            return None, f"{error.cause}. {error.next_step}".rstrip(". ")
        if secret is None and is_expected:
            return None, f"it was stored in {words}, but the entry is gone: enter it again"
        return secret, ""

    async def _keep(self, name: str, secret: Secret) -> tuple[SecretPlace, str]:
        """Store in the best place; return it, and why it is not a better one."""
        trouble = ""
        if self._keyring is not None:
            self._keyring.check(secret)
            abandoned = threading.Event()
            try:
                await self._ask_keyring(
                    "write a key to the keychain", lambda keyring: keyring.put(name, secret, abandoned), abandoned
                )
            except KeyringTrouble as error:
                trouble = error.cause
            else:
                if self._vault.is_open:
                    await self._vault_work("remove a key from the vault", lambda: self._vault.remove(name))
                await self._note_place(name, SecretPlace.KEYRING)
                return SecretPlace.KEYRING, ""
        if self._vault.is_open:
            await self._vault_work("write a key to the vault", lambda: self._vault.put(name, secret))
            await self._note_place(name, SecretPlace.VAULT)
            return SecretPlace.VAULT, trouble
        await self._note_place(name, SecretPlace.MEMORY)
        return SecretPlace.MEMORY, trouble or self._reason

    async def _ask_keyring(
        self, label: str, ask: Callable[[KeyringPlace], T], abandoned: threading.Event | None = None
    ) -> T:
        keyring = self._keyring
        assert keyring is not None  # noqa: S101 - for mypy: every caller has looked
        try:
            return await self._pool.run(label, lambda: ask(keyring), timeout_s=self._answer_s)
        except TimeoutError:
            if abandoned is not None:
                abandoned.set()
            # Its thread may hang in a dialog nobody sees; it is not asked again in this run.
            self._keyring = None
            self._reason = f"{keyring.name.words} did not answer within {self._answer_s:g} s"
            raise KeyringTrouble("The keychain", self._reason, "Unlock it and start MarketWatch again") from None

    async def _vault_work(self, label: str, work: Callable[[], T]) -> T:
        return await self._pool.run(label, work, timeout_s=_VAULT_S)

    async def _note_place(self, name: str, place: SecretPlace | None) -> None:
        await self._pool.run("note where a key is", lambda: self._book.note(name, place))

    def _from_environment(self, name: str) -> tuple[Secret | None, str]:
        for variable in self._variables.get(name, ()):
            text = self._environment.get(variable, "").strip()
            if text:
                return Secret(text), variable
        return None, ""

    def _words(self, place: SecretPlace) -> str:
        if place is SecretPlace.KEYRING and self._keyring is not None:
            return f"stored in {self._keyring.name.words}"
        return f"stored in {_VAULT_WORDS}" if place is SecretPlace.VAULT else "kept for this run only"

    def _tell(self, secret: Secret) -> None:
        if self._on_secret is not None:
            self._on_secret(secret)


def open_store(
    folder: Path, pool: WorkerPool, *, service: str = SERVICE, on_secret: Callable[[Secret], None] | None = None
) -> SecretStore:
    """Make the store whose files lie in `folder`; nothing is read before its `open`."""
    vault, book = Vault(folder / "keys.vault"), PlaceBook(folder / "key-places.json")
    return SecretStore(pool, vault, book, service=service, on_secret=on_secret)


def _name(feed_id: FeedId, field: str) -> str:
    return f"{feed_id}/{field}"


def _checked(secret: Secret) -> Secret:
    text = secret.reveal().strip()
    if not text:
        raise StorageError("The key was not stored", "it is empty")
    if not text.isprintable():
        raise StorageError("The key was not stored", "it holds line breaks or signs that no key has", "Paste it again")
    return Secret(text)
