"""Where this user's files live."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from marketwatch.errors import StorageError
from marketwatch.storage.atomic import advice_for, reason_of

_APP = "marketwatch"


class Profile(msgspec.Struct, frozen=True):
    """The folders of one profile. Nothing is created before `prepare`."""

    config: Path
    state: Path
    logs: Path
    cache: Path

    @classmethod
    def locate(cls, directory: Path | None = None) -> Profile:
        """Return the user's own profile by the rules of the system, or the one kept wholly in `directory`."""
        if directory is not None:
            root = Path(os.path.abspath(directory.expanduser()))
            return cls(root, root, root / "logs", root / "cache")
        import platformdirs

        folders = platformdirs.PlatformDirs(_APP, appauthor=False)
        return cls(folders.user_config_path, folders.user_data_path, folders.user_log_path, folders.user_cache_path)

    @property
    def settings_path(self) -> Path:
        """Preferences."""
        return self.config / "settings.json"

    @property
    def database_path(self) -> Path:
        """What must never be lost."""
        return self.state / "state.db"

    @property
    def backup_folder(self) -> Path:
        """Daily copies of the database."""
        return self.state / "backups"

    def prepare(self) -> None:
        """Create the folders, readable by the user alone. Raises StorageError when one cannot be created."""
        for folder in (self.config, self.state, self.logs, self.cache, self.backup_folder):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(
                    f"The folder “{folder.name}” of the profile", reason_of(error), advice_for(error)
                ) from error
