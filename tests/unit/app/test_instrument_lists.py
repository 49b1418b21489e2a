"""Lists of instruments: loaded, kept, searched, and told of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shared_data import shared_data

from marketwatch.app.core import Core, Runtime
from marketwatch.app.instrument_lists import InstrumentLists
from marketwatch.domain.ids import InstrumentId


@pytest.fixture
async def core() -> AsyncIterator[Core]:
    runtime = Runtime()
    runtime.start()
    try:
        yield Core(runtime)
    finally:
        assert await runtime.stop() == []
        runtime.failures.uninstall()


def _said(core: Core) -> list[str]:
    return [notice.sentence for notice in core.notices]


async def test_a_csv_of_ones_own_is_searched_and_survives_a_restart(core: Core, tmp_path: Path) -> None:
    own = tmp_path / "House list.csv"
    own.write_text("symbol,exchange,name\nZZTOP,NSE,Zz Top Mills\n,NSE,Nameless\n", encoding="utf-8")
    lists = InstrumentLists(core, tmp_path / "masters")
    assert [hit.instrument.id.symbol for hit in core.directory.search("zztop")] == []
    await lists.load(own)
    assert [str(hit.instrument.id) for hit in core.directory.search("zz top")] == ["NSE:EQ:ZZTOP"]
    assert len(_said(core)) == 1
    assert _said(core)[0].startswith("Instrument list House list: 1 instrument. 1 row skipped; 1 × ")
    core.directory.use_masters(type(core.directory.masters).build((), core.directory.own_instruments(), today=_today()))
    assert core.directory.search("zz top") == []
    await InstrumentLists(core, tmp_path / "masters").use_stored()
    assert [str(hit.instrument.id) for hit in core.directory.search("zz top")] == ["NSE:EQ:ZZTOP"]


async def test_a_real_kite_dump_is_known_by_its_header(core: Core, tmp_path: Path) -> None:
    lists = InstrumentLists(core, tmp_path / "masters")
    await lists.load(shared_data("masters", "kite_instruments_mock_all.csv"))
    assert "Instrument list Kite: " in _said(core)[0]
    assert core.directory.masters.listings(core.directory.search("INFY")[0].instrument.id) is not None


@pytest.mark.parametrize(("name", "text"), [("empty.csv", ""), ("page.csv", "<html>no</html>"), ("cut.json", "[{")])
async def test_another_file_is_refused_in_words_and_nothing_is_lost(
    core: Core, tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    await InstrumentLists(core, tmp_path / "masters").load(path)
    await asyncio.sleep(0)
    assert len(_said(core)) == 1
    assert core.directory.get(InstrumentId.parse("XNAS:EQ:AAPL")) is not None


def _today() -> object:
    import datetime

    return datetime.datetime.now(datetime.UTC).date()
