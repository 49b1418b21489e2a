"""A profile's folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from marketwatch.errors import StorageError
from marketwatch.storage.profile import Profile


def test_a_folder_of_its_own_holds_everything(tmp_path: Path) -> None:
    profile = Profile.locate(tmp_path / "with space é")
    assert not profile.config.exists()
    profile.prepare()
    profile.prepare()
    for path in (profile.settings_path, profile.database_path, profile.backup_folder, profile.logs, profile.cache):
        assert path.is_relative_to(tmp_path / "with space é")
    if os.name == "posix":
        assert stat.S_IMODE(profile.state.stat().st_mode) == 0o700


def test_the_users_own_folders_are_absolute_and_named_after_us() -> None:
    profile = Profile.locate()
    assert all(folder.is_absolute() for folder in (profile.config, profile.state, profile.logs, profile.cache))
    assert "marketwatch" in str(profile.config).lower()


def test_a_file_in_the_way_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(StorageError):
        Profile.locate(tmp_path / "taken").prepare()
