"""The vault: opened by its passphrase alone, and damaged by nobody unnoticed."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import msgspec
import pytest

from marketwatch.domain.secret import Secret
from marketwatch.errors import DamagedDocument, NewerDocument, StorageError
from marketwatch.storage import vault as vault_module
from marketwatch.storage.vault import ScryptCost, Vault, VaultLocked, WrongPassphrase

CHEAP = ScryptCost(n=16)
PASSPHRASE = Secret("correct horse battery")
CANARY = "canary-9f3b7c21d4"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.vault"


@pytest.fixture
def vault(path: Path) -> Vault:
    made = Vault(path, CHEAP)
    made.create(PASSPHRASE)
    return made


def header_of(path: Path) -> dict[str, object]:
    return msgspec.json.decode(path.read_bytes().partition(b"\n")[0], type=dict[str, object])


def with_header(path: Path, **changes: object) -> None:
    line, _, sealed = path.read_bytes().partition(b"\n")
    header = {**msgspec.json.decode(line, type=dict[str, object]), **changes}
    path.write_bytes(msgspec.json.encode(header) + b"\n" + sealed)


def test_what_is_put_comes_back_in_the_next_run(path: Path, vault: Vault) -> None:
    vault.put("massive/key", Secret(CANARY))
    again = Vault(path)
    assert (again.exists, again.is_open) == (True, False)
    again.unlock(PASSPHRASE)
    assert again.get("massive/key") == Secret(CANARY)
    assert again.get("other/key") is None
    again.remove("massive/key")
    again.remove("never there")
    third = Vault(path)
    third.unlock(PASSPHRASE)
    assert third.get("massive/key") is None


def test_the_rules_of_section_five(path: Path) -> None:
    """scrypt N = 2^17, r = 8, p = 1; a salt of its own; AES-256-GCM; rights of the user alone."""
    vault = Vault(path)
    vault.create(PASSPHRASE)
    header = header_of(path)
    assert header["cost"] == {"n": 131_072, "r": 8, "p": 1}
    assert (header["kdf"], header["cipher"]) == ("scrypt", "aes-256-gcm")
    assert len(base64.b64decode(str(header["salt"]))) == 16
    other = Vault(path.with_name("other.vault"), CHEAP)
    other.create(PASSPHRASE)
    assert header_of(path.with_name("other.vault"))["salt"] != header["salt"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_every_save_has_a_nonce_of_its_own(path: Path, vault: Vault) -> None:
    nonces = set()
    for number in range(5):
        vault.put("massive/key", Secret(f"key {number}"))
        nonces.add(header_of(path)["nonce"])
    assert len(nonces) == 5


def test_nothing_of_a_secret_is_readable_in_the_file(path: Path, vault: Vault) -> None:
    vault.put("massive/key", Secret(CANARY))
    data = path.read_bytes()
    for form in (CANARY.encode(), base64.b64encode(CANARY.encode())[:-4], b"massive/key", b"correct horse"):
        assert form not in data
    assert CANARY not in repr(vault)


def test_a_wrong_passphrase_opens_nothing(path: Path, vault: Vault) -> None:
    vault.put("massive/key", Secret(CANARY))
    again = Vault(path)
    with pytest.raises(WrongPassphrase) as refused:
        again.unlock(Secret("correct horse batterz"))
    assert "passphrase" in refused.value.cause
    assert not again.is_open
    with pytest.raises(VaultLocked):
        again.get("massive/key")
    with pytest.raises(VaultLocked):
        again.put("massive/key", Secret("x"))


def test_a_changed_header_or_content_is_noticed(path: Path, vault: Vault) -> None:
    vault.put("massive/key", Secret(CANARY))
    good = path.read_bytes()
    line, _, sealed = good.partition(b"\n")
    spaced = line.replace(b'"version":1', b'"version": 1')
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for bad in (spaced + b"\n" + sealed, line + b"\n" + flipped, line + b"\n" + sealed[:-3]):
        path.write_bytes(bad)
        with pytest.raises(WrongPassphrase):
            Vault(path).unlock(PASSPHRASE)
    path.write_bytes(good)
    Vault(path).unlock(PASSPHRASE)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"not json\nrest", b"[]\n", b"{}\n", b"\xff\xfe{}\n", b"{" * 5000 + b"\n"]
)
def test_a_damaged_beginning_is_said(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DamagedDocument):
        Vault(path).unlock(PASSPHRASE)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "changes",
    [
        {"cost": {"n": 2**30, "r": 8, "p": 1}},
        {"cost": {"n": 1000, "r": 8, "p": 1}},
        {"cost": {"n": 16, "r": 8, "p": 400}},
        {"salt": "AAAA"},
        {"nonce": "no base64 !"},
        {"cipher": "none"},
    ],
)
def test_a_foreign_header_costs_neither_memory_nor_time(path: Path, vault: Vault, changes: dict[str, object]) -> None:
    with_header(path, **changes)
    with pytest.raises(DamagedDocument):
        Vault(path).unlock(PASSPHRASE)


def test_a_vault_of_a_newer_version_is_left_alone(path: Path, vault: Vault) -> None:
    with_header(path, version=2)
    before = path.read_bytes()
    with pytest.raises(NewerDocument):
        Vault(path).unlock(PASSPHRASE)
    assert path.read_bytes() == before


def test_a_vault_that_cannot_be_opened_is_kept_when_a_new_one_begins(path: Path, vault: Vault) -> None:
    before = path.read_bytes()
    new = Vault(path, CHEAP)
    with pytest.raises(StorageError, match="there is one already"):
        new.create(Secret("another passphrase"))
    kept = new.set_aside()
    new.create(Secret("another passphrase"))
    assert kept.read_bytes() == before
    assert new.is_open


def test_a_short_passphrase_is_refused_with_words(path: Path) -> None:
    with pytest.raises(StorageError, match="shorter than 8 characters"):
        Vault(path, CHEAP).create(Secret("seven77"))
    assert not path.exists()


def test_a_failed_save_changes_nothing(path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.put("massive/key", Secret("old"))

    def fail(*arguments: object, **keywords: object) -> None:
        raise StorageError("“keys.vault” was not saved", "no space left on device")

    monkeypatch.setattr(vault_module, "write_atomically", fail)
    with pytest.raises(StorageError, match="no space"):
        vault.put("massive/key", Secret("new"))
    assert vault.get("massive/key") == Secret("old")


def test_locking_forgets(vault: Vault) -> None:
    vault.put("massive/key", Secret(CANARY))
    vault.lock()
    assert not vault.is_open
    assert vault._entries == {}
