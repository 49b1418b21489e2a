"""Where keys are kept: RELIABILITY 3.9, numbers 80 to 86, and the canary of P14."""

from __future__ import annotations

import getpass
import logging
import sys
import threading
import types
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from keyring.errors import KeyringLocked, PasswordDeleteError, PasswordSetError

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import StorageError
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.redaction import Redactor
from marketwatch.storage.keyring_place import ACCEPTED, FoundKeyring, find_keyring
from marketwatch.storage.secret_places import PlaceBook, SecretPlace
from marketwatch.storage.secrets import SecretStore, VaultState, open_store
from marketwatch.storage.vault import ScryptCost, Vault, WrongPassphrase

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


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    if made.backend.hang is not None:
        made.backend.hang.set()
    for pool in made.pools:
        assert await pool.stop(2.0) == []


async def test_a_key_goes_into_the_keychain_and_comes_back_in_the_next_run(bench: Bench) -> None:
    store = await bench.run()
    assert (store.situation.place, store.situation.words) == (SecretPlace.KEYRING, "stored in the system keychain")
    view = await store.put(MASSIVE, "key", KEY)
    assert (view.place, view.words, view.trouble) == (SecretPlace.KEYRING, "stored in the system keychain", "")
    assert bench.backend.entries == {("MarketWatch", "massive-1/key"): KEY.reveal()}
    again = await bench.run()
    assert again.known(MASSIVE, "key") is None
    view = await again.load(MASSIVE, "key")
    assert (view.is_set, view.words) == (True, "stored in the system keychain")
    assert again.known(MASSIVE, "key") == KEY
    assert KEY.reveal().encode() not in bench.files()


async def test_fields_and_feeds_do_not_mix(bench: Bench) -> None:
    store = await bench.run()
    await store.put(MASSIVE, "key", Secret("first"))
    await store.put(MASSIVE, "token", Secret("second"))
    await store.put(FeedId("kite"), "key", Secret("third"))
    await store.forget(MASSIVE, "key")
    assert store.known(MASSIVE, "key") is None
    assert store.known(MASSIVE, "token") == Secret("second")
    assert store.known(FeedId("kite"), "key") == Secret("third")
    assert sorted(name for _, name in bench.backend.entries) == ["kite/key", "massive-1/token"]


async def test_forgetting_what_is_nowhere_is_no_error(bench: Bench) -> None:
    store = await bench.run()
    assert not (await store.forget(MASSIVE, "key")).is_set


# --- 80 no D-Bus, no secret service


def unusable(path: str) -> Any:
    class Unusable:
        @property
        def priority(self) -> float:
            raise RuntimeError("Secret Service daemon is neither running nor activatable")

    return Unusable()


async def test_80_without_a_secret_service_a_key_lives_for_this_run_and_says_so(bench: Bench) -> None:
    bench.found = find_keyring({}, "linux", unusable)
    assert bench.found.backend is None
    store = await bench.run()
    situation = store.situation
    assert (situation.place, situation.words) == (SecretPlace.MEMORY, "kept for this run only")
    assert situation.reason == "this system has no keychain that answers"
    assert situation.asks_for_passphrase
    view = await store.put(MASSIVE, "key", KEY)
    assert (view.words, view.trouble) == ("kept for this run only", "this system has no keychain that answers")
    assert store.known(MASSIVE, "key") == KEY
    again = await bench.run()
    view = await again.load(MASSIVE, "key")
    assert (view.is_set, view.trouble) == (False, "it was kept for one run only: enter it again")
    assert KEY.reveal().encode() not in bench.files()


async def test_80_the_vault_takes_the_keychains_place(bench: Bench) -> None:
    bench.without_keyring()
    store = await bench.run()
    assert store.situation.vault is VaultState.NONE
    situation = await store.create_vault(PASSPHRASE)
    assert (situation.place, situation.words) == (SecretPlace.VAULT, "stored in MarketWatch's vault")
    view = await store.put(MASSIVE, "key", KEY)
    assert view.words == "stored in MarketWatch's vault"
    again = await bench.run()
    assert again.situation.vault is VaultState.LOCKED
    view = await again.load(MASSIVE, "key")
    assert (view.is_set, view.trouble) == (False, "it was stored in MarketWatch's vault, which is locked")
    with pytest.raises(WrongPassphrase):
        await again.unlock(Secret("wrong passphrase"))
    await again.unlock(PASSPHRASE)
    assert again.known(MASSIVE, "key") == KEY
    assert again.view(MASSIVE, "key").words == "stored in MarketWatch's vault"
    assert KEY.reveal().encode() not in bench.files()
    await again.forget(MASSIVE, "key")
    third = await bench.run()
    await third.unlock(PASSPHRASE)
    assert not (await third.load(MASSIVE, "key")).is_set


async def test_80_a_vault_nobody_can_open_is_set_aside_for_a_new_one(bench: Bench) -> None:
    bench.without_keyring()
    store = await bench.run()
    await store.create_vault(PASSPHRASE)
    again = await bench.run()
    await again.create_vault(Secret("a new passphrase"))
    assert again.situation.vault is VaultState.OPEN
    assert len(list(bench.folder.glob("keys.vault.damaged-*"))) == 1


async def test_80_a_locked_vault_keeps_what_shall_be_forgotten_and_says_so(bench: Bench) -> None:
    bench.without_keyring()
    store = await bench.run()
    await store.create_vault(PASSPHRASE)
    await store.put(MASSIVE, "key", KEY)
    again = await bench.run()
    with pytest.raises(StorageError, match="the vault is locked"):
        await again.forget(MASSIVE, "key")


async def test_80_back_in_the_keychain_the_vault_forgets(bench: Bench) -> None:
    bench.without_keyring()
    store = await bench.run()
    await store.create_vault(PASSPHRASE)
    await store.put(MASSIVE, "key", Secret("old"))
    bench.found = FoundKeyring(LINUX, bench.backend)
    again = await bench.run()
    await again.unlock(PASSPHRASE)
    await again.put(MASSIVE, "key", KEY)
    bench.without_keyring()
    third = await bench.run()
    await third.unlock(PASSPHRASE)
    view = await third.load(MASSIVE, "key")
    assert not view.is_set
    assert view.trouble == "it was stored in a keychain out of reach: this system has no keychain that answers"


async def test_80_reading_again_does_not_lose_what_only_memory_holds(bench: Bench) -> None:
    bench.without_keyring()
    store = await bench.run()
    await store.put(MASSIVE, "key", KEY)
    view = await store.load(MASSIVE, "key")
    assert (view.words, store.known(MASSIVE, "key")) == ("kept for this run only", KEY)
    await store.forget(MASSIVE, "key")
    assert store.known(MASSIVE, "key") is None


# --- 81 locked, or a dialog nobody answers


async def test_81_a_locked_keychain_is_said_and_the_key_works_for_this_run(bench: Bench) -> None:
    store = await bench.run()
    bench.backend.fail = KeyringLocked("Failed to unlock the collection!")
    view = await store.put(MASSIVE, "key", KEY)
    assert (view.words, view.trouble) == ("kept for this run only", "the system keychain is locked")
    view = await (await bench.run()).load(FeedId("kite"), "key")
    assert (view.is_set, view.trouble) == (False, "the system keychain is locked. Unlock it and try again")


async def test_81_a_keychain_that_waits_for_nobody_has_a_deadline(bench: Bench) -> None:
    store = await bench.run(answer_s=0.05)
    bench.backend.hang = threading.Event()
    view = await store.put(MASSIVE, "key", KEY)
    assert view.words == "kept for this run only"
    assert view.trouble == "the system keychain did not answer within 0.05 s"
    assert store.known(MASSIVE, "key") == KEY
    assert store.situation.place is SecretPlace.MEMORY
    # What the abandoned thread writes late is taken back.
    bench.backend.hang.set()
    await bench.pools[0].stop(2.0)
    assert bench.backend.entries == {}


async def test_81_looking_for_a_keychain_has_a_deadline_too(bench: Bench) -> None:
    hang = bench.backend.hang = threading.Event()

    def find() -> FoundKeyring:
        hang.wait(5.0)
        return bench.found

    store = await bench.run(find=find)
    assert store.situation.place is SecretPlace.MEMORY
    assert store.situation.reason == "the system's keychain did not answer"


# --- 82 access denied


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (PasswordSetError("Access denied by the user"), "the macOS Keychain refused access"),
        (type("KeychainDenied", (Exception,), {})("-128"), "the macOS Keychain refused access"),
        (OSError("something else"), "the macOS Keychain failed (OSError)"),
    ],
)
async def test_82_refused_access_is_said(bench: Bench, error: Exception, cause: str) -> None:
    bench.found = FoundKeyring(MACOS, bench.backend)
    store = await bench.run()
    bench.backend.fail = error
    view = await store.put(MASSIVE, "key", KEY)
    assert (view.place, view.trouble) == (SecretPlace.MEMORY, cause)
    with pytest.raises(StorageError):
        await store.forget(MASSIVE, "key")
    assert store.known(MASSIVE, "key") == KEY


async def test_82_refused_access_falls_back_to_an_open_vault(bench: Bench) -> None:
    store = await bench.run()
    await store.create_vault(PASSPHRASE)
    bench.backend.fail = KeyringLocked("no")
    view = await store.put(MASSIVE, "key", KEY)
    assert (view.place, view.trouble) == (SecretPlace.VAULT, "the system keychain is locked")


async def test_82_an_outdated_key_does_not_come_back_after_a_failed_write(bench: Bench) -> None:
    store = await bench.run()
    await store.put(MASSIVE, "key", Secret("old"))
    bench.backend.fail = KeyringLocked("no")
    await store.put(MASSIVE, "key", Secret("new"))
    bench.backend.fail = None
    assert not (await (await bench.run()).load(MASSIVE, "key")).is_set


# --- 83 too long for Windows


async def test_83_more_than_1280_characters_are_refused_with_words_on_windows(bench: Bench) -> None:
    bench.found = FoundKeyring(WINDOWS, bench.backend)
    store = await bench.run()
    assert (await store.put(MASSIVE, "key", Secret("k" * 1280))).place is SecretPlace.KEYRING
    with pytest.raises(StorageError) as refused:
        await store.put(MASSIVE, "key", Secret("k" * 1281))
    assert refused.value.cause == (
        "the Windows Credential Manager holds at most 1,280 characters, and this one is longer"
    )
    assert store.known(MASSIVE, "key") == Secret("k" * 1280)
    with pytest.raises(StorageError):
        await store.put(MASSIVE, "key", Secret("\U0001f511" * 641))  # two units of UTF-16 each


async def test_83_other_keychains_take_longer_ones(bench: Bench) -> None:
    store = await bench.run()
    assert (await store.put(MASSIVE, "key", Secret("k" * 5000))).place is SecretPlace.KEYRING


# --- 84 entries changed behind our back


async def test_84_a_deleted_entry_is_missed_by_name(bench: Bench) -> None:
    await (await bench.run()).put(MASSIVE, "key", KEY)
    bench.backend.entries.clear()
    view = await (await bench.run()).load(MASSIVE, "key")
    assert not view.is_set
    assert view.trouble == "it was stored in the system keychain, but the entry is gone: enter it again"


@pytest.mark.parametrize("value", [b"bytes", 17, "", "   ", "two\nlines"])
async def test_84_an_entry_that_is_no_key_is_said(bench: Bench, value: object) -> None:
    await (await bench.run()).put(MASSIVE, "key", KEY)
    bench.backend.entries["MarketWatch", "massive-1/key"] = value
    view = await (await bench.run()).load(MASSIVE, "key")
    assert (view.is_set, view.trouble) == (False, "the entry holds something that is no key. Enter the key again")


async def test_84_an_edited_entry_counts_and_is_redacted(bench: Bench) -> None:
    await (await bench.run()).put(MASSIVE, "key", KEY)
    bench.backend.entries["MarketWatch", "massive-1/key"] = "edited-elsewhere"
    store = await bench.run()
    assert (await store.load(MASSIVE, "key")).is_set
    assert store.known(MASSIVE, "key") == Secret("edited-elsewhere")
    assert bench.redactor.redact("edited-elsewhere") == "***"


async def test_84_a_damaged_book_of_places_loses_no_key(bench: Bench) -> None:
    await (await bench.run()).put(MASSIVE, "key", KEY)
    (bench.folder / "key-places.json").write_text("{damaged", encoding="utf-8")
    store = await bench.run()
    assert (await store.load(MASSIVE, "key")).is_set
    assert len(list(bench.folder.glob("key-places.json.damaged-*"))) == 1


# --- 85 backends that prompt, 86 PYTHON_KEYRING_BACKEND


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


# --- environment


async def test_environment_variables_are_defaults_that_cannot_be_forgotten(bench: Bench) -> None:
    bench.environment.update(POLYGON_API_KEY=f" {KEY.reveal()}\n")
    store = await bench.run()
    view = await store.load(MASSIVE, "key", ("MASSIVE_API_KEY", "POLYGON_API_KEY"))
    assert (view.words, view.is_read_only) == ("from the environment (POLYGON_API_KEY)", True)
    assert store.known(MASSIVE, "key") == KEY
    assert bench.redactor.redact(f"x {KEY.reveal()} y") == "x *** y"
    await store.put(MASSIVE, "key", Secret("my own key"))
    assert store.known(MASSIVE, "key") == Secret("my own key")
    view = await store.forget(MASSIVE, "key")
    assert view.place is SecretPlace.ENVIRONMENT
    assert store.known(MASSIVE, "key") == KEY
    assert bench.backend.entries == {}


# --- what is no key at all


@pytest.mark.parametrize("text", ["", "   ", "two\nlines", "tab\there", "\x00"])
async def test_what_is_no_key_is_refused_with_words(bench: Bench, text: str) -> None:
    store = await bench.run()
    with pytest.raises(StorageError, match="not stored"):
        await store.put(MASSIVE, "key", Secret(text))
    assert bench.backend.entries == {}


async def test_blanks_around_a_pasted_key_are_left_out(bench: Bench) -> None:
    store = await bench.run()
    await store.put(MASSIVE, "key", Secret(f"  {KEY.reveal()}\n"))
    assert store.known(MASSIVE, "key") == KEY


# --- P14


async def test_p14_a_canary_is_in_no_file_log_or_repr(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    for error in (None, KeyringLocked(KEY.reveal()), RuntimeError(f"cannot store {KEY.reveal()}")):
        store = await bench.run()
        bench.backend.fail = error
        view = await store.put(MASSIVE, "key", KEY)
        seen += [repr(view), repr(store), repr(store.situation), repr(store.known(MASSIVE, "key")), f"{KEY}"]
        with pytest.raises(StorageError) as refused:
            await store.put(MASSIVE, "key", Secret(f"{KEY.reveal()}\nx"))
        seen += [str(refused.value), repr(refused.value)]
    bench.backend.fail = None
    bench.without_keyring()
    store = await bench.run()
    await store.create_vault(PASSPHRASE)
    seen.append(repr(await store.put(MASSIVE, "key", KEY)))
    for text in (*seen, caplog.text, bench.files().decode("utf-8", "replace")):
        assert KEY.reveal() not in text
        assert PASSPHRASE.reveal() not in text
    assert bench.redactor.redact(PASSPHRASE.reveal()) == "***"


async def test_a_store_of_a_profile(tmp_path: Path) -> None:
    pool = WorkerPool("keychain", lambda where, error: None)
    store = open_store(tmp_path, pool)
    situation = await store.open()  # the tests' environment switches the keychain off
    assert situation.reason == "PYTHON_KEYRING_BACKEND switches the keychain off"
    await store.put(MASSIVE, "key", KEY)
    assert (tmp_path / "key-places.json").read_text(encoding="utf-8").count("massive-1/key") == 1
    assert await pool.stop(2.0) == []
