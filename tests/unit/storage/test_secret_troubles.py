"""Keys when the keychain is absent, locked, refusing or changed: RELIABILITY 3.9, numbers 80 to 84."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from keyring.errors import KeyringLocked, PasswordSetError
from secret_bench import KEY, LINUX, MACOS, MASSIVE, PASSPHRASE, WINDOWS, Bench

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import StorageError
from marketwatch.storage.keyring_place import FoundKeyring, find_keyring
from marketwatch.storage.secret_places import SecretPlace
from marketwatch.storage.secrets import VaultState
from marketwatch.storage.vault import WrongPassphrase

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


async def test_a_key_of_an_earlier_run_is_no_trouble_where_the_environment_has_one(bench: Bench) -> None:
    bench.without_keyring()
    await (await bench.run()).put(MASSIVE, "key", KEY)
    bench.environment["MASSIVE_API_KEY"] = "other-key-9876"
    view = await (await bench.run()).load(MASSIVE, "key", ("MASSIVE_API_KEY",))
    assert (view.words, view.trouble) == ("from the environment (MASSIVE_API_KEY)", "")


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
