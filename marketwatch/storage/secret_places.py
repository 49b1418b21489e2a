"""Which place keeps which key: a small file without any secret, so that a key that vanished is missed by name."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any, Final

import msgspec

from marketwatch.errors import StorageError
from marketwatch.storage.atomic import set_aside, write_atomically

_VERSION: Final = 1
_LARGEST_FILE: Final = 256 * 1024


class SecretPlace(enum.Enum):
    """Where a secret is kept."""

    KEYRING = "keyring"
    VAULT = "vault"
    MEMORY = "memory"
    ENVIRONMENT = "environment"


_REMEMBERED = frozenset({SecretPlace.KEYRING, SecretPlace.VAULT, SecretPlace.MEMORY})


class PlaceBook:
    """Remembers places over runs. A damaged file is set aside, and then nothing is remembered. Blocking."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, SecretPlace] = {}

    def load(self) -> None:
        """Read the file, if there is one. Raises StorageError when a damaged one cannot be set aside."""
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST_FILE)
        except OSError:
            return
        self._places = {}
        try:
            stored = msgspec.json.decode(data, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            set_aside(self._path)
            return
        places = stored.get("places")
        for name, value in places.items() if isinstance(places, dict) else ():
            if value in (place.value for place in _REMEMBERED):
                self._places[name] = SecretPlace(value)

    def place(self, name: str) -> SecretPlace | None:
        """Return where a secret was stored."""
        return self._places.get(name)

    def note(self, name: str, place: SecretPlace | None) -> None:
        """Remember where a secret is now, None for nowhere; MEMORY says that whatever lies elsewhere is outdated.

        Raises StorageError when that cannot be written.
        """
        before = dict(self._places)
        self._places.pop(name, None)
        if place in _REMEMBERED:
            self._places[name] = place
        if self._places == before:
            return
        content = {"version": _VERSION, "places": {key: value.value for key, value in sorted(self._places.items())}}
        try:
            write_atomically(self._path, msgspec.json.format(msgspec.json.encode(content), indent=2))
        except StorageError:
            self._places = before
            raise
