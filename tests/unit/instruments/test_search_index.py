"""The search index answers as the plain look through everything does, and finds tokens and contracts besides."""

from __future__ import annotations

import datetime as dt

import hypothesis
import hypothesis.strategies as st
import pytest

from marketwatch.domain.ids import CASH, FUTURES, INDEX, OPTIONS, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.masters.listing import Listing
from marketwatch.instruments.matching import MatchKind, SearchScope
from marketwatch.instruments.text_column import TextColumn

TODAY = dt.date(2025, 9, 4)
SOON, LATE, PAST = dt.date(2025, 9, 25), dt.date(2025, 12, 30), dt.date(2025, 8, 28)
_KINDS = {"FUT": InstrumentKind.FUTURE, "OPT": InstrumentKind.OPTION, "IDX": InstrumentKind.INDEX}


def _listing(
    identity: str, name: str = "", token: str = "", expiry: dt.date | None = None, source: str = "kite"
) -> Listing:
    venue, segment, symbol = identity.split(":", 2)
    instrument = Instrument(
        id=InstrumentId(Venue(venue), Segment(segment), symbol),
        name=name,
        kind=_KINDS.get(segment, InstrumentKind.STOCK),
        isin="INE002A01018" if symbol == "RELIANCE" else "",
    )
    return Listing(instrument=instrument, source=source, token=token, expiry=expiry)


MASTER = [
    _listing("NSE:EQ:RELIANCE", "Reliance Industries", "2885"),
    _listing("BSE:EQ:RELIANCE", "Reliance Industries", "500325"),
    _listing("NSE:EQ:RELINFRA", "Reliance Infrastructure", "553", source="angel-one"),
    _listing("NSE:EQ:BSE", "BSE Limited", "19585"),
    _listing("NSE:EQ:LT", "Larsen & Toubro", "11483"),
    _listing("NSE:IDX:NIFTY 50", "NIFTY 50", "1001"),
    _listing("CDS:OPT:USDINR25OCT88.5CE", "USDINR", "2885", SOON),
    _listing("NFO:FUT:NIFTY25DECFUT", "NIFTY", "51", LATE),
    _listing("NFO:FUT:NIFTY25SEPFUT", "NIFTY", "50", SOON),
    _listing("NFO:FUT:NIFTY25AUGFUT", "NIFTY", "49", PAST),
    _listing("NFO:OPT:NIFTY25SEP24500CE", "NIFTY", "700", SOON),
    _listing("NFO:OPT:NIFTY25SEP24600CE", "NIFTY", "701", SOON),
    _listing("NFO:OPT:NIFTY25SEP24500PE", "NIFTY", "702", SOON),
]


@pytest.fixture(scope="module")
def directory() -> InstrumentDirectory:
    known = InstrumentDirectory()
    known.use_masters(MasterCatalogue.build([MASTER], today=TODAY))
    return known


def _found(directory: InstrumentDirectory, text: str, scope: SearchScope | None = None) -> list[str]:
    return [str(hit.instrument.id) for hit in directory.search(text, 50, scope or SearchScope())]


def test_a_token_finds_its_owners_in_every_segment_cash_first(directory: InstrumentDirectory) -> None:
    hits = directory.search("2885")
    assert [(str(hit.instrument.id), hit.kind) for hit in hits] == [
        ("NSE:EQ:RELIANCE", MatchKind.TOKEN),
        ("CDS:OPT:USDINR25OCT88.5CE", MatchKind.TOKEN),
    ]
    assert [(hit.instrument.symbol, hit.kind) for hit in directory.search("5003")] == [
        ("RELIANCE", MatchKind.TOKEN_PREFIX)
    ]


def test_a_name_with_a_token_puts_the_named_owner_first(directory: InstrumentDirectory) -> None:
    assert _found(directory, "reliance 2885") == [
        "NSE:EQ:RELIANCE",
        "CDS:OPT:USDINR25OCT88.5CE",
        "BSE:EQ:RELIANCE",
        "NSE:EQ:RELINFRA",
    ]
    assert _found(directory, "nifty 50")[0] == "NSE:IDX:NIFTY 50"
    assert _found(directory, "reliance 4711") == []


def test_contracts_follow_cash_near_ones_first_and_ended_ones_only_when_asked_for(
    directory: InstrumentDirectory,
) -> None:
    expected = ["NSE:IDX:NIFTY 50", "NFO:FUT:NIFTY25SEPFUT", "NFO:FUT:NIFTY25DECFUT"]
    assert _found(directory, "nifty")[:3] == expected
    assert "NFO:FUT:NIFTY25AUGFUT" not in _found(directory, "nifty")
    assert "NFO:FUT:NIFTY25AUGFUT" in _found(directory, "nifty", SearchScope(include_expired=True))


def test_words_of_a_contract(directory: InstrumentDirectory) -> None:
    assert _found(directory, "nifty 24500 ce") == ["NFO:OPT:NIFTY25SEP24500CE"]
    assert _found(directory, "nifty nfo 24500") == ["NFO:OPT:NIFTY25SEP24500CE", "NFO:OPT:NIFTY25SEP24500PE"]
    hit = directory.search("nifty 24500 ce")[0]
    assert [hit.instrument.symbol[start:end] for start, end in hit.spans] == ["NIFTY", "24500", "CE"]


def test_an_exchange_that_is_also_a_company(directory: InstrumentDirectory) -> None:
    assert _found(directory, "bse") == ["NSE:EQ:BSE", "BSE:EQ:RELIANCE"]


def test_scopes(directory: InstrumentDirectory) -> None:
    assert _found(directory, "reli", SearchScope(venues=frozenset({Venue("BSE")}))) == ["BSE:EQ:RELIANCE"]
    assert _found(directory, "2885", SearchScope(segments=frozenset({OPTIONS}))) == ["CDS:OPT:USDINR25OCT88.5CE"]
    assert _found(directory, "reli", SearchScope(sources=frozenset({"angel-one"}))) == ["NSE:EQ:RELINFRA"]
    assert _found(directory, "reliance", SearchScope(kinds=frozenset({MatchKind.TOKEN}))) == []
    only_names = SearchScope(kinds=frozenset({MatchKind.NAME_START, MatchKind.NAME_WORDS}))
    assert _found(directory, "reliance", only_names) == ["NSE:EQ:RELIANCE", "BSE:EQ:RELIANCE", "NSE:EQ:RELINFRA"]
    assert _found(directory, "ine002a", SearchScope(kinds=frozenset({MatchKind.ISIN}))) == [
        "NSE:EQ:RELIANCE",
        "BSE:EQ:RELIANCE",
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("relaince", "NSE:EQ:RELIANCE"),
        ("relianc industris", "NSE:EQ:RELIANCE"),
        ("toubor", "NSE:EQ:LT"),
        ("erliance", "NSE:EQ:RELIANCE"),
    ],
)
def test_a_mistyped_word_is_understood_and_said_to_be_a_guess(
    directory: InstrumentDirectory, typed: str, meant: str
) -> None:
    hit = directory.search(typed)[0]
    assert (str(hit.instrument.id), hit.kind, hit.spans) == (meant, MatchKind.SIMILAR, ())


@pytest.mark.parametrize("typed", ["zzzz", "qqqqqqqqq", "xx", "&", "l&t zzz", "\n", "\x01", "💥"])
def test_what_is_like_nothing_finds_nothing(directory: InstrumentDirectory, typed: str) -> None:
    assert directory.search(typed) == []


def test_learnt_instruments_are_found_among_those_of_the_masters_and_outlive_them() -> None:
    directory = InstrumentDirectory([Instrument(id=InstrumentId(Venue("US"), CASH, "RELY"), name="Remitly")])
    catalogue = MasterCatalogue.build([MASTER], directory.own_instruments(), today=TODAY)
    directory.use_masters(catalogue)
    learnt = directory.add(Instrument(id=InstrumentId(Venue("US"), CASH, "RELX")))
    assert directory.add(Instrument(id=MASTER[0].id)).name == "Reliance Industries"
    assert _found(directory, "rel") == [
        "US:EQ:RELX",
        "US:EQ:RELY",
        "NSE:EQ:RELIANCE",
        "BSE:EQ:RELIANCE",
        "NSE:EQ:RELINFRA",
    ]
    assert directory.by_symbol("relx") == [learnt]
    assert (len(directory), len(list(directory))) == (len(MASTER) + 2, len(MASTER) + 2)
    directory.use_masters(MasterCatalogue(TODAY))
    assert _found(directory, "rel") == ["US:EQ:RELX", "US:EQ:RELY"]
    assert directory.get(MASTER[0].id) is None
    assert directory.by_token(Venue("NSE"), CASH, "2885") is None


def test_namesakes_of_masters_and_learnt_ones_stand_together() -> None:
    directory = InstrumentDirectory()
    directory.use_masters(MasterCatalogue.build([MASTER], today=TODAY))
    directory.add(Instrument(id=InstrumentId(Venue("LSE"), INDEX, "RELIANCE"), kind=InstrumentKind.INDEX))
    assert [each.id.venue for each in directory.by_symbol("reliance")] == ["NSE", "BSE", "LSE"]


def test_many_instruments_are_indexed_without_masters() -> None:
    many = [Instrument(id=InstrumentId(Venue("XNAS"), CASH, f"T{number}"), name="Thing") for number in range(2500)]
    directory = InstrumentDirectory(many)
    assert len(directory.masters) == len(directory) == 2500
    assert [hit.instrument.symbol for hit in directory.search("t249", 3)] == ["T249", "T2490", "T2491"]


SYMBOLS = st.text(st.sampled_from("ABK&-1 é"), min_size=1, max_size=5).filter(str.strip)
NAMES = st.lists(st.sampled_from(["Alpha", "Bank", "Bankers", "Kilo & Co", "(A) B", "é1"]), max_size=3).map(" ".join)
WORDS = st.text(st.sampled_from("abk&-1é"), min_size=1, max_size=4) | st.sampled_from(
    ["bank", "al", "nse", "bse", "co"]
)
TYPED = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@hypothesis.given(
    st.lists(
        st.tuples(st.sampled_from(["NSE", "BSE"]), st.sampled_from([CASH, FUTURES]), SYMBOLS, NAMES),
        max_size=12,
        unique_by=lambda row: row[:3],
    ),
    TYPED,
    st.integers(1, 12),
)
def test_the_index_finds_what_looking_through_everything_finds(
    rows: list[tuple[str, Segment, str, str]], typed: str, limit: int
) -> None:
    instruments = [
        Instrument(id=InstrumentId(Venue(venue), segment, symbol), name=name) for venue, segment, symbol, name in rows
    ]
    plain, indexed = InstrumentDirectory(instruments), InstrumentDirectory()
    indexed.use_masters(MasterCatalogue.build((), instruments, today=TODAY))
    expected = [(hit.instrument.id, hit.kind, hit.spans) for hit in plain.search(typed, limit)]
    found = [
        (hit.instrument.id, hit.kind, hit.spans)
        for hit in indexed.search(typed, limit)
        if hit.kind is not MatchKind.SIMILAR
    ]
    assert found == expected


@hypothesis.given(st.lists(st.text(max_size=6), max_size=10), st.text(min_size=1, max_size=3))
def test_a_column_of_texts_finds_each_text_once_in_order(texts: list[str], wanted: str) -> None:
    hypothesis.assume("\n" not in wanted)
    column = TextColumn(texts)
    held = [text.replace("\n", " ") for text in texts]
    assert [column[number] for number in range(len(column))] == held
    assert list(column.containing(wanted)) == [number for number, text in enumerate(held) if wanted in text]
    assert list(column.starting(wanted)) == [number for number, text in enumerate(held) if text.startswith(wanted)]
    assert list(column.equal(wanted)) == [number for number, text in enumerate(held) if text == wanted]
