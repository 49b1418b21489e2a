"""Preferences: declared once here, kept in one JSON file.

Keys this version does not know are kept as they are. A value that cannot be used falls back to its default alone. A
damaged file is set aside; a file of a newer version is read as far as possible and never written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from marketwatch.errors import NewerDocument, StorageError
from marketwatch.storage.atomic import backup_path, reason_of, set_aside, write_atomically
from marketwatch.storage.notices import StorageNotice

VERSION: Final = 1
_LARGEST_FILE: Final = 8 * 1024 * 1024
_VERSION_KEY: Final = "version"
NO_PROXY: Final = "none"

RateHz = Annotated[int, msgspec.Meta(ge=1, le=60)]
ShortText = Annotated[str, msgspec.Meta(max_length=200)]
ProxyText = Annotated[
    str, msgspec.Meta(max_length=300, pattern=r"^(system|none|https?://(\[[0-9a-f:.]+\]|[\w.-]+):[0-9]{1,5})\Z")
]
"""No address with a name or password fits: the file is no place for a secret."""


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the user may prefer. The window's places are what Qt gave, in base64."""

    theme: Literal["dark", "light", "highContrast", "system"] = "dark"
    preset: Literal["greenRed", "redGreen", "redBlue", "blueOrange", "mono"] = "greenRed"
    density: Literal["compact", "comfortable"] = "compact"
    table_rate_hz: RateHz = 10
    flash: Literal["flash", "arrow", "none"] = "flash"
    motion: Literal["system", "full", "reduced"] = "system"
    zone: ShortText = "exchange"
    current_list: ShortText = ""
    window_geometry: str = ""
    window_state: str = ""
    chart_interval: ShortText = "1m"
    falls_back_to_next: bool = False
    proxy: ProxyText = "system"

    @property
    def proxy_address(self) -> str | None:
        """The proxy as connections want it: `system`, None for none, or an address."""
        return None if self.proxy == NO_PROXY else self.proxy


class Settings:
    """The preferences and their file. Reading never raises: what went wrong is in `notices`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stored: dict[str, Any] = {}
        self._preferences = Preferences()
        self._has_unsaved = False
        self.is_read_only = False
        self.notices: list[StorageNotice] = []

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read the file, or begin with the defaults when there is none."""
        settings = cls(path)
        settings._load()
        return settings

    @property
    def preferences(self) -> Preferences:
        """The preferences as they are now."""
        return self._preferences

    @property
    def has_unsaved(self) -> bool:
        """Whether something changed since the last save."""
        return self._has_unsaved

    def change(self, **changes: object) -> Preferences:
        """Change some preferences, all or none, and return the new ones. Raises StorageError for an unusable value."""
        fields = {**msgspec.structs.asdict(self._preferences), **changes}
        unknown = changes.keys() - set(Preferences.__struct_fields__)
        if unknown:
            raise StorageError("A setting was not changed", f"there is none called {', '.join(sorted(unknown))}")
        try:
            changed = msgspec.convert(fields, Preferences)
        except msgspec.ValidationError as error:
            raise StorageError("A setting was not changed", str(error)) from error
        if changed != self._preferences:
            self._preferences = changed
            self._has_unsaved = True
        return changed

    def save(self) -> None:
        """Write the file if something changed. Raises StorageError, and NewerDocument when it may not be written."""
        if not self._has_unsaved:
            return
        if self.is_read_only:
            raise NewerDocument(
                "The settings were not saved", "the file may not be written by this version", "Update MarketWatch"
            )
        merged = {**self._stored, **msgspec.structs.asdict(self._preferences), _VERSION_KEY: VERSION}
        write_atomically(self._path, msgspec.json.format(msgspec.json.encode(merged), indent=2), keep_backup=True)
        self._stored = merged
        self._has_unsaved = False

    def _load(self) -> None:
        try:
            data = _read(self._path)
        except FileNotFoundError:
            return
        except OSError as error:
            self.is_read_only = True
            self._notice(f"it cannot be read ({reason_of(error)})", "Nothing will be saved. Check the file's rights")
            return
        stored = _parse(data)
        if stored is None:
            stored = self._recover()
        self._stored = stored
        self._preferences = self._validated(stored)
        version = stored.get(_VERSION_KEY, VERSION)
        if not isinstance(version, int) or version > VERSION:
            self.is_read_only = True
            self._notice("a newer version wrote it", "Changes will not be saved. Update MarketWatch")

    def _recover(self) -> dict[str, Any]:
        """Set the damaged file aside and return what the backup holds."""
        try:
            kept = set_aside(self._path)
        except StorageError as error:
            self.is_read_only = True
            self._notice(f"it is damaged and {error.cause}", "Changes will not be saved")
            return {}
        try:
            backup = _parse(_read(backup_path(self._path)))
        except OSError:
            backup = None
        remedy = "The defaults are used" if backup is None else "The version before is used"
        self._notice("it is damaged", f"{remedy}. The damaged file is kept as “{kept.name}”", kept)
        self._has_unsaved = backup is not None
        return backup or {}

    def _validated(self, stored: dict[str, Any]) -> Preferences:
        """Take every usable value; a value that is not leaves the default."""
        usable: dict[str, Any] = {}
        for field in msgspec.structs.fields(Preferences):
            if field.name not in stored:
                continue
            try:
                usable[field.name] = msgspec.convert(stored[field.name], field.type)
            except msgspec.ValidationError:
                self._notice(f"its value of “{field.name}” cannot be used", "The default is used")
        return Preferences(**usable)

    def _notice(self, cause: str, next_step: str, kept_at: Path | None = None) -> None:
        self.notices.append(StorageNotice("The settings file", cause, next_step, kept_at))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST_FILE + 1)


def _parse(data: bytes) -> dict[str, Any] | None:
    """Return the file's content, None when it is damaged."""
    if len(data) > _LARGEST_FILE:
        return None
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
