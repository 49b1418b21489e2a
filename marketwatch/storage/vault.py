"""The encrypted file for keys where the system has no keychain: scrypt, AES-256-GCM, authenticated header.

One line of JSON says how the key is derived; the rest is sealed. Blocking: runs in a worker thread.
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from marketwatch.domain.secret import Secret
from marketwatch.errors import DamagedDocument, NewerDocument, StorageError
from marketwatch.storage.atomic import reason_of, set_aside, write_atomically

SHORTEST_PASSPHRASE: Final = 8
_THING: Final = "The vault of keys"
_VERSION: Final = 1
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_LARGEST_FILE: Final = 1024 * 1024


class WrongPassphrase(StorageError):
    """The passphrase does not open the vault."""


class VaultLocked(StorageError):
    """The vault was not opened in this run."""


class ScryptCost(msgspec.Struct, frozen=True):
    """What one guess of the passphrase costs. The bounds keep a foreign header from taking all memory."""

    n: Annotated[int, msgspec.Meta(ge=2, le=2**20)] = 2**17
    r: Annotated[int, msgspec.Meta(ge=1, le=16)] = 8
    p: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1


class _Header(msgspec.Struct, frozen=True):
    format: Literal["marketwatch-vault"]
    version: int
    kdf: Literal["scrypt"]
    cost: ScryptCost
    salt: str
    cipher: Literal["aes-256-gcm"]
    nonce: str


class Vault:
    """Named secrets in one file. The passphrase is asked for once per run and not kept; the derived key is."""

    def __init__(self, path: Path, cost: ScryptCost | None = None) -> None:
        self._path = path
        self._cost = cost or ScryptCost()
        self._key: bytes | None = None
        self._salt = b""
        self._entries: dict[str, str] = {}

    @property
    def exists(self) -> bool:
        """Whether there is a vault to unlock."""
        return self._path.exists()

    @property
    def is_open(self) -> bool:
        """Whether its secrets can be read and written now."""
        return self._key is not None

    def create(self, passphrase: Secret) -> None:
        """Begin an empty vault and leave it open. Raises StorageError for a weak passphrase, or if there is one."""
        if self.exists:
            raise StorageError(_THING, "there is one already", "Unlock it, or set it aside first")
        if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
            raise StorageError(
                "The passphrase", f"it is shorter than {SHORTEST_PASSPHRASE} characters", "Choose a longer one"
            )
        self._salt = os.urandom(_SALT_BYTES)
        self._entries = {}
        self._key = _derive(passphrase, self._salt, self._cost)
        self._save(self._entries)

    def unlock(self, passphrase: Secret) -> None:
        """Open the vault. Raises WrongPassphrase, DamagedDocument, NewerDocument or StorageError."""
        line, sealed = self._read()
        header = _parse_header(line)
        salt, nonce = _decoded(header.salt, _SALT_BYTES), _decoded(header.nonce, _NONCE_BYTES)
        key = _derive(passphrase, salt, header.cost)
        self._entries = _unseal(key, nonce, sealed, line)
        self._key, self._salt, self._cost = key, salt, header.cost

    def lock(self) -> None:
        """Forget the key and all secrets."""
        self._key = None
        self._entries = {}

    def set_aside(self) -> Path:
        """Keep a vault that cannot be opened under another name, so that a new one may begin. Raises StorageError."""
        self.lock()
        return set_aside(self._path)

    def get(self, name: str) -> Secret | None:
        """Return a secret, None when there is none. Raises VaultLocked."""
        self._require_open()
        text = self._entries.get(name)
        return None if text is None else Secret(text)

    def put(self, name: str, secret: Secret) -> None:
        """Store a secret durably. Raises VaultLocked or StorageError, and then nothing has changed."""
        self._require_open()
        self._save({**self._entries, name: secret.reveal()})

    def remove(self, name: str) -> None:
        """Forget a secret; one that is not there may be forgotten too. Raises VaultLocked or StorageError."""
        self._require_open()
        if name in self._entries:
            self._save({other: text for other, text in self._entries.items() if other != name})

    def _require_open(self) -> None:
        if self._key is None:
            raise VaultLocked(_THING, "it is locked", "Enter its passphrase")

    def _read(self) -> tuple[bytes, bytes]:
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST_FILE + 1)
        except OSError as error:
            raise StorageError(_THING, f"it cannot be read ({reason_of(error)})") from error
        line, separator, sealed = data.partition(b"\n")
        if not separator or len(data) > _LARGEST_FILE:
            raise DamagedDocument(_THING, "it is damaged", "Begin a new one and enter the keys again")
        return line, sealed

    def _save(self, entries: dict[str, str]) -> None:
        """Seal with a nonce that was never used before; the header is authenticated with the content."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        assert self._key is not None  # noqa: S101 - for mypy: every caller has opened the vault
        nonce = os.urandom(_NONCE_BYTES)
        header = _Header(
            "marketwatch-vault", _VERSION, "scrypt", self._cost, _encoded(self._salt), "aes-256-gcm", _encoded(nonce)
        )
        line = msgspec.json.encode(header)
        sealed = AESGCM(self._key).encrypt(nonce, msgspec.json.encode(entries), line)
        write_atomically(self._path, line + b"\n" + sealed)
        self._entries = entries


def _derive(passphrase: Secret, salt: bytes, cost: ScryptCost) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt, length=_KEY_BYTES, n=cost.n, r=cost.r, p=cost.p).derive(passphrase.reveal().encode("utf-8"))


def _unseal(key: bytes, nonce: bytes, sealed: bytes, line: bytes) -> dict[str, str]:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        content = AESGCM(key).decrypt(nonce, sealed, line)
    except InvalidTag as error:
        cause = "the passphrase does not open it, or the file was changed"
        raise WrongPassphrase(_THING, cause, "Try again, or begin a new vault and enter the keys again") from error
    try:
        return msgspec.json.decode(content, type=dict[str, str])
    except msgspec.DecodeError:  # not chained: its text may quote the content
        raise DamagedDocument(_THING, "its content cannot be read") from None


def _parse_header(line: bytes) -> _Header:
    try:
        version = msgspec.json.decode(line, type=dict[str, object]).get("version")
        if isinstance(version, int) and version > _VERSION:
            raise NewerDocument(_THING, "a newer version of MarketWatch wrote it", "Update MarketWatch")
        header = msgspec.json.decode(line, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged() from error
    if header.cost.n & (header.cost.n - 1):  # scrypt takes powers of two only
        raise _damaged()
    return header


def _damaged() -> DamagedDocument:
    return DamagedDocument(_THING, "its beginning cannot be read", "Begin a new one and enter the keys again")


def _encoded(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _decoded(text: str, length: int) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _damaged() from error
    if len(data) != length:
        raise _damaged()
    return data
