"""The mappings of streams of one's own: small JSON files in the profile, read once and written whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from marketwatch.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from marketwatch.protocols.mapping.mapping import Mapping
    from marketwatch.runtime.executors import WorkerPool

FOLDER: Final = "mappings"
_LARGEST: Final = 65_536
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST: Final = 60


class MappingShelf:
    """The mappings of a profile by the names of their files. Empty until `load`."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._known: dict[str, Mapping] = {}
        self._unusable: dict[str, ConfigurationError] = {}

    async def load(self, folder: Path, pool: WorkerPool) -> None:
        """Read all files of the folder `mappings`; what cannot be read is said when it is asked for."""
        self._folder = folder / FOLDER
        self._known, self._unusable = await pool.run("read the mappings", lambda: _read_all(folder / FOLDER))

    @property
    def names(self) -> frozenset[str]:
        """The names of the files that are there."""
        return frozenset(self._known) | frozenset(self._unusable)

    def find(self, name: str) -> Mapping:
        """Return a mapping. Raises ConfigurationError for one that is missing or cannot be used."""
        if name in self._unusable:
            raise self._unusable[name]
        if name not in self._known:
            raise ConfigurationError(
                f"The mapping “{name}”", "its file is not in the profile", "Map the fields again in Settings > Feeds"
            )
        return self._known[name]

    async def save(self, mapping: Mapping, pool: WorkerPool) -> str:
        """Write a mapping under its own name and return that of its file. Raises StorageError."""
        if self._folder is None:
            raise StorageError(f"“{mapping.name}” was not saved", "no profile is open")
        name, path = file_name(mapping.name), self._folder / f"{file_name(mapping.name)}.json"
        await pool.run("write a mapping", lambda: _write(path, mapping))
        self._unusable.pop(name, None)
        self._known[name] = mapping
        return name


def file_name(name: str) -> str:
    """Return a name that every system takes for a file."""
    clean = _UNSAFE.sub("-", name).strip(" .-")[:_LONGEST].strip(" .-") or "mapping"
    return f"{clean}_" if _RESERVED.fullmatch(clean) else clean


def read_file(path: Path) -> Mapping:
    """Read one mapping. Raises ConfigurationError in words."""
    from marketwatch.protocols.mapping.mapping import read_mapping

    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        cause = (error.strerror or type(error).__name__).lower()
        raise ConfigurationError(f"The mapping “{path.name}”", cause, "Check the file") from error
    if len(data) > _LARGEST:
        raise ConfigurationError(f"The mapping “{path.name}”", "the file is far too large to be one", "Check the file")
    try:
        return read_mapping(data)
    except ConfigurationError as error:
        raise ConfigurationError(f"The mapping “{path.name}”", error.cause, error.next_step) from error


def _read_all(folder: Path) -> tuple[dict[str, Mapping], dict[str, ConfigurationError]]:
    known: dict[str, Mapping] = {}
    unusable: dict[str, ConfigurationError] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            known[path.stem] = read_file(path)
        except ConfigurationError as error:
            unusable[path.stem] = error
    return known, unusable


def _write(path: Path, mapping: Mapping) -> None:
    from marketwatch.protocols.mapping.mapping import write_mapping
    from marketwatch.storage.atomic import advice_for, reason_of, write_atomically

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder “{FOLDER}” of the profile", reason_of(error), advice_for(error)) from error
    write_atomically(path, write_mapping(mapping), keep_backup=True)
