"""Where keys are kept, and the canary of P14: no file, log or repr holds one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked
from secret_bench import KEY, MASSIVE, PASSPHRASE, Bench

from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import StorageError
from marketwatch.runtime.executors import WorkerPool
from marketwatch.storage.secret_places import SecretPlace
from marketwatch.storage.secrets import open_store


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
