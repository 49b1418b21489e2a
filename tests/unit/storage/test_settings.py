"""Preferences survive damage, strangers and newer versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from marketwatch.errors import NewerDocument, StorageError
from marketwatch.storage.atomic import backup_path
from marketwatch.storage.settings import Preferences, Settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def stored(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_no_file_means_defaults_and_writes_nothing(path: Path) -> None:
    settings = Settings.load(path)
    settings.save()
    assert settings.preferences == Preferences()
    assert settings.notices == []
    assert not path.exists()


def test_changes_come_back(path: Path) -> None:
    settings = Settings.load(path)
    settings.change(theme="light", table_rate_hz=4, current_list="lst-1", window_state="AP8=")
    assert settings.has_unsaved
    settings.save()
    assert not settings.has_unsaved
    again = Settings.load(path).preferences
    assert (again.theme, again.table_rate_hz, again.current_list) == ("light", 4, "lst-1")
    assert again.window_state == "AP8="


@pytest.mark.parametrize("change", [{"theme": "pink"}, {"table_rate_hz": 0}, {"table_rate_hz": "10"}, {"colour": 1}])
def test_unusable_changes_are_refused_whole(path: Path, change: dict[str, Any]) -> None:
    settings = Settings.load(path)
    with pytest.raises(StorageError):
        settings.change(density="comfortable", **change)
    assert settings.preferences == Preferences()
    assert not settings.has_unsaved


def test_unknown_keys_survive(path: Path) -> None:
    path.write_text('{"version": 1, "theme": "light", "plugin": {"deep": [1, 2]}}', encoding="utf-8")
    settings = Settings.load(path)
    settings.change(density="comfortable")
    settings.save()
    assert stored(path)["plugin"] == {"deep": [1, 2]}
    assert (stored(path)["theme"], stored(path)["density"]) == ("light", "comfortable")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"theme": "light"} garbage', b"\xff\xfe\x00", b"[]", b"null", b"[" * 100_000, b"\x00" * 100],
)
def test_damaged_files_are_set_aside_and_the_user_is_told(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    settings = Settings.load(path)
    (notice,) = settings.notices
    assert settings.preferences == Preferences()
    assert notice.kept_at is not None
    assert notice.kept_at.read_bytes() == content
    assert notice.kept_at.name in notice.next_step
    assert not path.exists()
    settings.change(theme="light")
    settings.save()
    assert Settings.load(path).preferences.theme == "light"


def test_the_version_before_a_damage_comes_back(path: Path) -> None:
    settings = Settings.load(path)
    for theme in ("light", "highContrast"):
        settings.change(theme=theme)
        settings.save()
    path.write_bytes(path.read_bytes()[:20])
    recovered = Settings.load(path)
    assert recovered.preferences.theme == "light"
    assert "version before" in recovered.notices[0].next_step
    recovered.save()
    assert Settings.load(path).preferences.theme == "light"


def test_both_damaged_means_defaults(path: Path) -> None:
    path.write_bytes(b"{")
    backup_path(path).write_bytes(b"{")
    assert Settings.load(path).preferences == Preferences()


def test_one_wrong_value_costs_only_itself(path: Path) -> None:
    path.write_text('{"theme": 7, "density": "comfortable", "table_rate_hz": 1e9}', encoding="utf-8")
    settings = Settings.load(path)
    assert (settings.preferences.theme, settings.preferences.density) == ("dark", "comfortable")
    assert settings.preferences.table_rate_hz == Preferences().table_rate_hz
    assert [notice.cause for notice in settings.notices] == [
        "its value of “theme” cannot be used",
        "its value of “table_rate_hz” cannot be used",
    ]
    assert path.exists()


@pytest.mark.parametrize("version", [2, 99, "two"])
def test_a_newer_file_is_read_and_never_written(path: Path, version: object) -> None:
    content = json.dumps({"version": version, "theme": "light", "new_thing": True})
    path.write_text(content, encoding="utf-8")
    settings = Settings.load(path)
    assert settings.is_read_only
    assert settings.preferences.theme == "light"
    settings.change(density="comfortable")
    with pytest.raises(NewerDocument):
        settings.save()
    assert path.read_text(encoding="utf-8") == content


def test_a_folder_in_its_place_is_told_and_left_alone(path: Path) -> None:
    path.mkdir()
    settings = Settings.load(path)
    assert settings.is_read_only
    assert settings.preferences == Preferences()
    assert len(settings.notices) == 1
    assert path.is_dir()


def test_a_byte_order_mark_is_no_damage(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"theme": "light"}')
    assert Settings.load(path).preferences.theme == "light"


@given(content=st.binary(max_size=120))
@hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_makes_loading_raise(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert isinstance(Settings.load(path).preferences, Preferences)


@pytest.mark.parametrize(
    ("kept", "used"), [("system", "system"), ("none", None), ("http://proxy.corp:3128", "http://proxy.corp:3128")]
)
def test_the_proxy_comes_back(path: Path, kept: str, used: str | None) -> None:
    settings = Settings.load(path)
    settings.change(proxy=kept, theme="light")
    settings.save()
    again = Settings.load(path)
    assert (again.preferences.proxy, again.preferences.proxy_address) == (kept, used)
    assert again.notices == []


@pytest.mark.parametrize(
    "damaged", ["", "proxy.corp:3128", "http://proxy.corp", "http://me:canary-77d0@proxy.corp:3128", "none\n", 5, None]
)
def test_a_proxy_that_cannot_be_used_falls_back_to_the_environment(path: Path, damaged: object) -> None:
    path.write_text(json.dumps({"version": 1, "proxy": damaged}), encoding="utf-8")
    settings = Settings.load(path)
    assert settings.preferences.proxy_address == "system"
    (notice,) = settings.notices
    assert "“proxy”" in notice.cause
    assert "canary-77d0" not in repr((settings.notices, settings.preferences))
    settings.change(theme="light")
    settings.save()
    assert stored(path)["proxy"] == "system"
