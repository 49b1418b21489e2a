"""Files are the old one or the new one, never half."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest

from marketwatch.errors import StorageError
from marketwatch.storage import atomic
from marketwatch.storage.atomic import backup_path, set_aside, write_atomically


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_content_is_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, "first")
    write_atomically(path, b"second \xff")
    assert path.read_bytes() == b"second \xff"
    assert leftovers(tmp_path) == ["a.json"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_backup_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("one", "two", "three"):
        write_atomically(path, text, keep_backup=True)
    assert (path.read_text(), backup_path(path).read_text()) == ("three", "two")
    assert leftovers(tmp_path) == ["a.json", "a.json.bak"]


def test_backup_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> NoReturn:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "a.json"
    write_atomically(path, "one", keep_backup=True)
    write_atomically(path, "two", keep_backup=True)
    assert (path.read_text(), backup_path(path).read_text()) == ("two", "one")


@pytest.mark.parametrize("step", ["fsync", "link", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, "old")

    def fail(*_args: object, **_kwargs: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    if step == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(os, step, fail)
    if step == "link":
        monkeypatch.setattr(atomic.shutil, "copy2", fail)
    with pytest.raises(StorageError) as caught:
        write_atomically(path, "new", keep_backup=step == "link")
    monkeypatch.undo()
    assert caught.value.cause == "no space left on device"
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == ["a.json"]


def test_a_folder_in_its_place_and_a_missing_folder(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(StorageError):
        write_atomically(tmp_path / "a.json", "x")
    with pytest.raises(StorageError):
        write_atomically(tmp_path / "gone" / "a.json", "x")
    assert leftovers(tmp_path) == ["a.json"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_followed(tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text("old")
    (tmp_path / "link.json").symlink_to(real)
    write_atomically(tmp_path / "link.json", "new")
    assert real.read_text() == "new"
    assert (tmp_path / "link.json").is_symlink()


def test_damaged_files_are_kept_under_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    kept = []
    for text in ("one", "two"):
        path.write_text(text)
        kept.append(set_aside(path))
    assert [each.read_text() for each in kept] == ["one", "two"]
    assert all(each.name.startswith("a.json.damaged-2") for each in kept)
    with pytest.raises(StorageError):
        set_aside(path)
