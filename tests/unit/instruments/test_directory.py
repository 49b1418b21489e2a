from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from marketwatch.domain.ids import CASH, FUTURES, INDEX, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import COLUMNS, InstrumentDirectory, read_list, starter_lists
from marketwatch.instruments.matching import MatchKind

NSE = Venue("NSE")
XNAS = Venue("XNAS")
XNYS = Venue("XNYS")
COMEX = Venue("COMEX")


@pytest.fixture(scope="module")
def directory() -> InstrumentDirectory:
    return InstrumentDirectory.load(starter_lists())


def _symbols(directory: InstrumentDirectory, text: str, limit: int = 50) -> list[str]:
    return [hit.instrument.symbol for hit in directory.search(text, limit)]


def test_starter_lists_hold_what_a_first_start_needs(directory: InstrumentDirectory) -> None:
    assert len(directory) >= 250
    reliance = directory.get(InstrumentId(NSE, CASH, "RELIANCE"))
    assert reliance is not None
    assert (reliance.name, reliance.currency, reliance.tick_size) == ("Reliance Industries", "INR", Decimal("0.05"))
    gold = directory.get(InstrumentId(COMEX, FUTURES, "GCZ13"))
    assert gold is not None
    assert (gold.tick_size, gold.multiplier, gold.kind) == (Decimal("0.1"), Decimal(100), InstrumentKind.FUTURE)
    assert directory.get(InstrumentId(NSE, INDEX, "NIFTY 50")) is not None
    assert directory.get(InstrumentId(NSE, INDEX, "BANKNIFTY")) is not None
    assert [instrument.tick_size for instrument in directory.by_symbol("USDINR")] == [Decimal("0.0025")]
    for symbol, tag in (("SPY", "ARCA"), ("BAC", "NYSE"), ("IBM", "NYSE"), ("AIG", "NYSE"), ("AAPL", "NSDQ")):
        assert [instrument.tag for instrument in directory.by_symbol(symbol)] == [tag]


def test_starter_lists_are_plausible(directory: InstrumentDirectory) -> None:
    isins = [instrument.isin for instrument in directory if instrument.isin]
    assert len(isins) == len(set(isins))
    assert [isin for isin in isins if not _has_check_digit(isin)] == []
    assert {instrument.currency for instrument in directory} == {"INR", "USD"}
    assert [instrument.id for instrument in directory if not instrument.name or instrument.tick_size is None] == []
    total = sum(1 for path in starter_lists() for _ in read_list(path))
    assert total == len(directory), "an instrument is listed twice"


def _has_check_digit(isin: str) -> bool:
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}\d", isin):
        return False
    digits = [int(digit) for character in isin for digit in str(int(character, 36))]
    return sum(sum(divmod(digit * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits))) % 10 == 0


def test_by_symbol_ignores_case_and_knows_namesakes(directory: InstrumentDirectory) -> None:
    assert [instrument.id.venue for instrument in directory.by_symbol(" infy ")] == ["NSE", "XNYS"]
    assert directory.by_symbol("NOSUCH") == []


@pytest.mark.parametrize(
    ("typed", "first", "kind", "matched"),
    [
        ("aapl", "AAPL", MatchKind.SYMBOL, "AAPL"),
        ("relia", "RELIANCE", MatchKind.SYMBOL_PREFIX, "RELIA"),
        ("brkb", "BRK.B", MatchKind.SYMBOL, "BRK.B"),
        ("m&m", "M&M", MatchKind.SYMBOL, "M&M"),
        ("bajaj auto", "BAJAJ-AUTO", MatchKind.SYMBOL, "BAJAJ-AUTO"),
        ("infosys", "INFY", MatchKind.NAME_START, "Infosys"),
        ("steel tata", "TATASTEEL", MatchKind.NAME_START, "Tata"),
        ("machines", "IBM", MatchKind.NAME_WORDS, "Machines"),
        ("US0378331005", "AAPL", MatchKind.ISIN, "US0378331005"),
        ("ine002a", "RELIANCE", MatchKind.ISIN, "INE002A"),
        ("z13", "GCZ13", MatchKind.SYMBOL_PART, "Z13"),
    ],
)
def test_search_finds_and_says_where(
    directory: InstrumentDirectory, typed: str, first: str, kind: MatchKind, matched: str
) -> None:
    hit = directory.search(typed)[0]
    assert (hit.instrument.symbol, hit.kind) == (first, kind)
    assert getattr(hit.instrument, hit.kind.field)[slice(*hit.span)] == matched


def test_symbol_comes_before_name_and_cash_before_futures() -> None:
    directory = InstrumentDirectory(
        [
            Instrument(id=InstrumentId(COMEX, FUTURES, "GOLDX"), kind=InstrumentKind.FUTURE),
            Instrument(id=InstrumentId(XNYS, CASH, "ABC"), name="Gold Fields"),
            Instrument(id=InstrumentId(XNYS, CASH, "GOLDY")),
            Instrument(id=InstrumentId(XNAS, CASH, "OLDGOLD")),
            Instrument(id=InstrumentId(XNYS, CASH, "GOLD")),
            Instrument(id=InstrumentId(XNYS, CASH, "XYZ"), name="Royal Gold"),
        ]
    )
    assert _symbols(directory, "gold") == ["GOLD", "GOLDY", "GOLDX", "ABC", "XYZ", "OLDGOLD"]
    assert _symbols(directory, "gold", limit=2) == ["GOLD", "GOLDY"]
    assert _symbols(directory, "gold", limit=0) == []


@pytest.mark.parametrize("typed", ["infy nyse", "XNYS:INFY", "nyse infy"])
def test_an_exchange_narrows_the_search(directory: InstrumentDirectory, typed: str) -> None:
    assert [str(hit.instrument.id) for hit in directory.search(typed)] == ["XNYS:EQ:INFY"]


def test_an_exchange_alone_lists_it(directory: InstrumentDirectory) -> None:
    hits = directory.search("comex")
    assert {hit.instrument.id.venue for hit in hits} == {"COMEX"}
    assert {(hit.kind, hit.span, hit.kind.field) for hit in hits} == {(MatchKind.EXCHANGE, (0, 0), "")}


def test_each_typed_word_needs_a_word_of_its_own(directory: InstrumentDirectory) -> None:
    assert "TATASTEEL" not in _symbols(directory, "tata tata")
    hit = directory.search("bank india state")[0]
    assert hit.instrument.symbol == "SBIN"
    assert [hit.instrument.name[start:end] for start, end in hit.spans] == ["State", "Bank", "India"]


@hypothesis.given(st.text(max_size=12))
def test_any_text_is_safe_and_spans_lie_inside(directory: InstrumentDirectory, typed: str) -> None:
    for hit in directory.search(typed):
        shown = getattr(hit.instrument, hit.kind.field) if hit.kind.field else ""
        assert all(0 <= start < end <= len(shown) for start, end in hit.spans)


def test_nothing_typed_finds_nothing(directory: InstrumentDirectory) -> None:
    assert directory.search("  ") == []
    assert directory.search(":") == []


def test_names_whose_lower_case_is_longer_keep_true_spans() -> None:
    directory = InstrumentDirectory([Instrument(id=InstrumentId(XNYS, CASH, "X"), name="İstanbul Gold")])
    assert [hit.span for hit in directory.search("GOLD")] == [(9, 13)]


def test_learnt_instruments_are_found_but_do_not_replace_known_ones(directory: InstrumentDirectory) -> None:
    own = InstrumentDirectory(directory)
    learnt = Instrument(id=InstrumentId(XNYS, CASH, "NEWCO"))
    assert own.add(learnt) is learnt
    assert _symbols(own, "newc") == ["NEWCO"]
    known = own.add(Instrument(id=InstrumentId(XNYS, CASH, "IBM")))
    assert known.name == "International Business Machines"
    assert len(own) == len(directory) + 1


HEADER = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("venue,symbol\nNSE,A\n", "line 1: the column segment is missing"),
        ("", "line 1: the column venue is missing"),
        (f"{HEADER}\nNSE,EQ,,Name,INR,stock,0.05,1,1,,\n", "line 2: symbol is empty"),
        (f"{HEADER}\nNSE,EQ,A,Name,INR,share,0.05,1,1,,\n", "line 2: 'share' is not a valid InstrumentKind"),
        (f"{HEADER}\nNSE,EQ,A,Name,INR,stock,-0.05,1,1,,\n", "line 2: -0.05 is not a positive number"),
        (f"{HEADER}\nNSE,EQ,A,Name,INR,stock,NaN,1,1,,\n", "line 2: NaN is not a positive number"),
        (f"{HEADER}\nNSE,EQ,A,Name,INR,stock,0.05,0,1,,\n", "line 2: 0 is not a positive number"),
        (f"{HEADER}\nNSE,EQ,A,Name,INR,stock,five,1,1,,\n", "line 2: "),
    ],
)
def test_a_bad_list_is_refused_with_its_line(tmp_path: Path, text: str, cause: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InstrumentError) as refused:
        InstrumentDirectory.load([path])
    assert refused.value.thing == "Instrument list mine.csv"
    assert refused.value.cause.startswith(cause)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", None])
def test_an_unreadable_list_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InstrumentError, match=r"mine\.csv"):
        InstrumentDirectory.load([path])


def test_a_byte_order_mark_and_absent_facts_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"\ufeff{HEADER}\nNSE,EQ,A,,,stock,,,,,\n", encoding="utf-8")
    instrument = InstrumentDirectory.load([path]).get(InstrumentId(NSE, CASH, "A"))
    assert instrument is not None
    assert (instrument.tick_size, instrument.lot_size, instrument.tag) == (None, 1, "NSE")


def test_a_symbol_at_a_venue_is_one_instrument_or_none() -> None:
    share = Instrument(id=InstrumentId.parse("NSE:EQ:NIFTY 50"))
    index = Instrument(id=InstrumentId.parse("NSE:IDX:NIFTY 50"))
    other = Instrument(id=InstrumentId.parse("BSE:EQ:NIFTY 50"))
    directory = InstrumentDirectory([share, other])
    assert directory.at(Venue("NSE"), "nifty 50") is share
    assert directory.at(Venue("BSE"), "NIFTY 50") is other
    assert directory.at(Venue("NFO"), "NIFTY 50") is None
    directory.add(index)
    assert directory.at(Venue("NSE"), "NIFTY 50") is None, "two segments have one"
    masters = MasterCatalogue.build((), [share], today=dt.date(2026, 1, 1))
    listed = InstrumentDirectory()
    listed.use_masters(masters)
    assert listed.at(Venue("NSE"), "NIFTY 50") is share
    assert listed.at(Venue("BSE"), "NIFTY 50") is None


def test_an_own_namesake_beside_the_masters_makes_a_symbol_ambiguous_at_its_venue() -> None:
    share = Instrument(id=InstrumentId.parse("NSE:EQ:NIFTY 50"))
    index = Instrument(id=InstrumentId.parse("NSE:IDX:NIFTY 50"))
    abroad = Instrument(id=InstrumentId.parse("BSE:EQ:NIFTY 50"))
    directory = InstrumentDirectory([abroad])
    directory.use_masters(MasterCatalogue.build((), [share], today=dt.date(2026, 1, 1)))
    assert directory.at(Venue("NSE"), "NIFTY 50") is share
    assert directory.at(Venue("BSE"), "NIFTY 50") is abroad
    assert directory.by_symbol("NIFTY 50") == [share, abroad]
    directory.add(index)
    assert directory.at(Venue("NSE"), "NIFTY 50") is None
    assert directory.at(Venue("BSE"), "NIFTY 50") is abroad
