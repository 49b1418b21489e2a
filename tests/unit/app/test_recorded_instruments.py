from __future__ import annotations

from decimal import Decimal

from marketwatch.app.demo import demo_instruments
from marketwatch.app.recorded_instruments import resolve_hints
from marketwatch.domain.ids import CASH, CRYPTO, FUTURES, INDEX, InstrumentId, Venue
from marketwatch.domain.instrument import InstrumentKind
from marketwatch.feeds.recorded.recording import InstrumentHint
from marketwatch.feeds.simulated.profiles import feed_key
from marketwatch.instruments.directory import InstrumentDirectory, starter_lists


def test_symbols_of_a_recording_become_the_instruments_that_the_lists_know() -> None:
    directory = InstrumentDirectory.load(starter_lists())
    hints = [
        InstrumentHint(key="IBM"),
        InstrumentHint(key="ZZTOP"),
        InstrumentHint(key="GCZ13", exchange="COMEX", is_future=True),
        InstrumentHint(key="BTCUSDT", exchange="BINANCE"),
    ]
    found = resolve_hints(hints, directory)
    assert found["IBM"].id == InstrumentId(Venue("XNYS"), CASH, "IBM")
    assert found["IBM"].name
    assert (found["ZZTOP"].id, found["ZZTOP"].currency) == (InstrumentId(Venue("US"), CASH, "ZZTOP"), "USD")
    assert found["GCZ13"].id == InstrumentId(Venue("COMEX"), FUTURES, "GCZ13")
    assert found["GCZ13"].tick_size == Decimal("0.1")
    assert found["BTCUSDT"].id == InstrumentId(Venue("BINANCE"), CRYPTO, "BTCUSDT")
    assert directory.get(found["ZZTOP"].id) == found["ZZTOP"]


def test_the_demo_trades_both_countries_funds_and_indices() -> None:
    chosen = demo_instruments(InstrumentDirectory.load(starter_lists()))
    assert 18 <= len(chosen) <= 24
    assert {"USD", "INR"} == {instrument.currency for instrument in chosen}
    assert {InstrumentKind.STOCK, InstrumentKind.FUND, InstrumentKind.INDEX} <= {each.kind for each in chosen}
    assert [each.symbol for each in chosen if each.id.segment == INDEX] == ["NIFTY 50", "BANKNIFTY"]
    keys = [feed_key(instrument) for instrument in chosen]
    assert len(set(keys)) == len(keys)
    assert {"AAPL", "NSE:RELIANCE", "I:NIFTY50"} <= set(keys)
