"""The files of mappings: read strictly, written whole, and named so that every system takes them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from marketwatch.app.mapping_files import MappingShelf, file_name, read_file
from marketwatch.errors import ConfigurationError, StorageError
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.runtime.executors import WorkerPool

DESK = Mapping(name="Desk: A/B", symbol="s", price="p")


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    failures: list[BaseException] = []
    made = WorkerPool("test", lambda where, error: failures.append(error))
    yield made
    assert await made.stop(2.0) == []
    assert failures == []


async def test_what_is_saved_is_found_again_by_the_next_start(tmp_path: Path, pool: WorkerPool) -> None:
    shelf = MappingShelf()
    await shelf.load(tmp_path, pool)
    assert await shelf.save(DESK, pool) == "Desk- A-B"
    path = tmp_path / "mappings" / "Desk- A-B.json"
    assert json.loads(path.read_text("utf-8"))["name"] == "Desk: A/B"
    assert path.stat().st_mode & 0o077 == 0
    later = MappingShelf()
    await later.load(tmp_path, pool)
    assert later.find("Desk- A-B") == shelf.find("Desk- A-B") == DESK
    with pytest.raises(ConfigurationError, match=r"“other”.*not in the profile.*Map the fields again"):
        later.find("other")


async def test_a_file_that_cannot_be_used_says_why_when_it_is_needed(tmp_path: Path, pool: WorkerPool) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "bad.json").write_text('{"symbol": "s", "prise": "p"}', "utf-8")
    (folder / "good.json").write_text('{"symbol": "s", "price": "p"}', "utf-8")
    (folder / "huge.json").write_text(" " * 70_000, "utf-8")
    (folder / "note.txt").write_text("x", "utf-8")
    shelf = MappingShelf()
    await shelf.load(tmp_path, pool)
    assert shelf.find("good") == Mapping(symbol="s", price="p")
    for name, words in (("bad", "prise"), ("huge", "too large")):
        with pytest.raises(ConfigurationError, match=words):
            shelf.find(name)
    assert await shelf.save(Mapping(name="bad", symbol="s", price="p"), pool) == "bad"
    assert shelf.find("bad").price == "p"
    assert (folder / "bad.json.bak").exists()


async def test_what_cannot_be_written_is_said(tmp_path: Path, pool: WorkerPool) -> None:
    shelf = MappingShelf()
    with pytest.raises(StorageError, match="no profile is open"):
        await shelf.save(DESK, pool)
    await shelf.load(tmp_path, pool)
    (tmp_path / "mappings").write_text("in the way", "utf-8")
    with pytest.raises(StorageError, match="folder “mappings”"):
        await shelf.save(DESK, pool)
    with pytest.raises(ConfigurationError):
        shelf.find("Desk- A-B")


def test_a_missing_file_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"“mine\.json”.*no such file"):
        read_file(tmp_path / "mine.json")
    with pytest.raises(ConfigurationError, match="Check the file"):
        read_file(tmp_path)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Desk", "Desk"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\x?*", "C-x"),
        (" .hidden. ", "hidden"),
        ("आवाज़ 1", "आवाज़ 1"),
        ("nul", "nul_"),
        ("Com1.x", "Com1.x_"),
        ("", "mapping"),
        ("???", "mapping"),
        ("x" * 200, "x" * 60),
    ],
)
def test_names_of_files(name: str, stem: str) -> None:
    assert file_name(name) == stem
