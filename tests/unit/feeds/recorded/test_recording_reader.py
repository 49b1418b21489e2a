from __future__ import annotations

from pathlib import Path

import pytest
from recordings import NEW_YORK_OPEN_NS, SECOND_NS, minutes_of_trading, quote, trade, write_recording

from marketwatch.domain.events import MarketEvent, Quote, TradeTick
from marketwatch.errors import RecordingError
from marketwatch.feeds.recorded.recording import Recording, RecordingFacts, open_recording
from marketwatch.feeds.recorded.session_time import time_of_day_ns


async def events_of(recording: Recording) -> list[MarketEvent]:
    return [event async for piece in recording.pieces() for event in piece.events]


async def read(path: Path) -> tuple[RecordingFacts, list[MarketEvent]]:
    recording = await open_recording(path)
    try:
        return recording.describe(), await events_of(recording)
    finally:
        await recording.close()


async def test_a_session_file_tells_what_it_holds_and_gives_its_events_in_order(tmp_path: Path) -> None:
    rows = [
        quote(0, "IBM", (181.5, 300), (181.6, 100)),
        trade(0.5, "IBM", 181.55, 200, "2000"),
        trade(1, "GCZ13", 1324.1, 3, None, "COMEX"),
        trade(2, "IBM", 181.6, 100, "20000020", "Q"),
    ]
    facts, events = await read(write_recording(tmp_path / "day.parquet", rows))
    assert (facts.start_ns, facts.end_ns) == (NEW_YORK_OPEN_NS, NEW_YORK_OPEN_NS + 2 * SECOND_NS)
    assert facts.event_count == 4
    assert facts.symbols == ("IBM", "GCZ13")
    assert [(hint.is_future, hint.exchange) for hint in facts.instruments] == [(False, None), (True, "COMEX")]
    assert events == [
        Quote(key="IBM", stamp=NEW_YORK_OPEN_NS, bid=181.5, bid_size=300, ask=181.6, ask_size=100, sequence=1),
        TradeTick(
            key="IBM",
            stamp=NEW_YORK_OPEN_NS + SECOND_NS // 2,
            price=181.55,
            size=200,
            conditions=(12,),
            exchange=10,
            sequence=2,
        ),
        TradeTick(key="GCZ13", stamp=NEW_YORK_OPEN_NS + SECOND_NS, price=1324.1, size=3, sequence=1),
        TradeTick(
            key="IBM",
            stamp=NEW_YORK_OPEN_NS + 2 * SECOND_NS,
            price=181.6,
            size=100,
            conditions=(14, 41),
            exchange=12,
            sequence=3,
        ),
    ]


async def test_a_file_without_symbols_takes_the_symbol_from_its_name(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "BRK.A_2013-10-08.parquet", [trade(0, "-", 1.0, 1)], without=("symbol",))
    facts, events = await read(path)
    assert facts.symbols == ("BRK.A",)
    assert events[0].key == "BRK.A"


async def test_one_sided_quotes_carry_the_other_side_and_two_sided_ones_do_not(tmp_path: Path) -> None:
    rows = [
        quote(0, "AIG", (48.5, 300), None),
        quote(1, "AIG", None, (48.6, 200)),
        quote(2, "AIG", (48.55, 100), None),
        quote(3, "SPY", (167.0, 500), (167.1, 500)),
        quote(4, "SPY", (167.0, 500), None),
    ]
    _, events = await read(write_recording(tmp_path / "raw.parquet", rows))
    sides = [(event.bid, event.ask) for event in events if isinstance(event, Quote)]
    assert sides == [(48.5, None), (48.5, 48.6), (48.55, 48.6), (167.0, 167.1), (167.0, None)]


async def test_trades_alone_need_no_other_column(tmp_path: Path) -> None:
    rows = [trade(0, "BTCUSDT", 61_000.5, 2), trade(1, "BTCUSDT", 61_001.0, 1)]
    without = ("bid", "bid_size", "ask", "ask_size", "exchange", "conditions")
    _, events = await read(write_recording(tmp_path / "crypto.parquet", rows, without=without))
    assert [(event.price, event.conditions) for event in events if isinstance(event, TradeTick)] == [
        (61_000.5, None),
        (61_001.0, None),
    ]


async def test_a_long_file_comes_in_pieces_and_can_be_read_again(tmp_path: Path) -> None:
    rows = minutes_of_trading(["A", "B"], seconds=600)
    recording = await open_recording(write_recording(tmp_path / "long.parquet", rows))
    try:
        sizes = [len(piece.events) async for piece in recording.pieces()]
        assert sum(sizes) == len(rows) == 4800
        assert max(sizes) <= 1024
        assert len(await events_of(recording)) == 4800
    finally:
        await recording.close()


async def test_reading_may_be_given_up_half_way(tmp_path: Path) -> None:
    recording = await open_recording(write_recording(tmp_path / "long.parquet", minutes_of_trading(["A"], seconds=900)))
    pieces = recording.pieces()
    first = await anext(pieces)
    await pieces.aclose()
    await recording.close()
    assert first.stamps[0] == NEW_YORK_OPEN_NS


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [("missing.parquet", None, "does not exist"), ("notes.parquet", b"no parquet at all", "cannot be read")],
)
async def test_what_is_no_recording_is_refused_with_cause_and_next_step(
    tmp_path: Path, name: str, content: bytes | None, cause: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError) as refusal:
        await open_recording(path)
    assert cause in str(refusal.value)
    assert "Choose" in refusal.value.next_step
    assert str(tmp_path) not in str(refusal.value)


async def test_another_table_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    other = write_recording(tmp_path / "bars.parquet", [], without=("ts_ns", "price"))
    with pytest.raises(RecordingError, match="no column ts_ns, price"):
        await open_recording(other)
    with pytest.raises(RecordingError, match="holds no event"):
        await open_recording(write_recording(tmp_path / "empty.parquet", []))


async def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    whole = write_recording(tmp_path / "whole.parquet", minutes_of_trading(["A"], seconds=60)).read_bytes()
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match=r"cut\.parquet cannot be read"):
        await open_recording(cut)


async def test_times_of_day_are_those_of_the_exchange(tmp_path: Path) -> None:
    facts, _ = await read(write_recording(tmp_path / "day.parquet", minutes_of_trading(["IBM"], seconds=600)))
    assert time_of_day_ns(facts, "09:35") == NEW_YORK_OPEN_NS + 300 * SECOND_NS
    assert time_of_day_ns(facts, "09:30:02") == NEW_YORK_OPEN_NS + 2 * SECOND_NS
    assert time_of_day_ns(facts, "08:00") == facts.start_ns
    with pytest.raises(RecordingError, match="covers 09:30 to 09:39"):
        time_of_day_ns(facts, "11:00")
