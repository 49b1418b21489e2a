"""Instrument masters: loading a full Kite dump, looking tokens up, typing into 150,000 rows of the real shape."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from harness import Row, at_most, cpu_seconds, paired
from kite_dump import kite_dump

from marketwatch.domain.ids import InstrumentId, Segment, Venue
from marketwatch.instruments.catalogue import MasterCatalogue
from marketwatch.instruments.directory import InstrumentDirectory, starter_lists
from marketwatch.instruments.masters.kite import load_kite
from marketwatch.instruments.masters.store import MasterStore
from marketwatch.instruments.resolution import Resolver

DUMP = 115_000
SEARCHED = 150_000
LOOK_UPS = 100_000
_TODAY = dt.date(2026, 1, 1)
_NOW_NS = 1_767_225_600_000_000_000
_TYPED = (
    *("r", "re", "rel", "reli", "reliance", "relaince", "infossys", "tata motors", "a corp", "india bank", "ltd"),
    *("2885", "28", "1", "24500", "nifty", "nifty 24500 ce", "bank nifty", "nifty nfo 22", "n bse", "zzz", "e", "bse"),
)


def _store_and_read(data: bytes) -> MasterCatalogue:
    """Do everything that follows a download: parse, store, index."""
    rows = load_kite([data])
    with tempfile.TemporaryDirectory() as folder:
        MasterStore(Path(folder)).replace(rows, label="Kite", origin="bench", now_ns=_NOW_NS)
    return MasterCatalogue.build([rows.listings], today=_TODAY)


def _reload_s(data: bytes) -> float:
    """Measure loading a list over the one of yesterday: the same work, and finding out what changed."""
    with tempfile.TemporaryDirectory() as folder:
        store = MasterStore(Path(folder))
        store.replace(load_kite([data]), label="Kite", origin="bench", now_ns=_NOW_NS)

        def reload() -> None:
            rows = load_kite([data + b"255999745,999999,NEWCO,NEWCO,0,,0,0.05,1,EQ,NSE,NSE\n"])
            replaced = store.replace(rows, label="Kite", origin="bench", now_ns=_NOW_NS + 1)
            if replaced.summary.changes != {"new": 1}:
                raise RuntimeError(f"one instrument is new, not {replaced.summary.changes}")
            MasterCatalogue.build([rows.listings], today=_TODAY)

        return cpu_seconds(reload)


def _per_call_us(look_up: Callable[[], object]) -> float:
    return statistics.median(cpu_seconds(look_up) for _ in range(5)) / LOOK_UPS * 1e6


def _search_ms(directory: InstrumentDirectory) -> list[float]:
    times = []
    for _ in range(8):
        for text in _TYPED:
            started = time.process_time()
            directory.search(text, 50)
            times.append((time.process_time() - started) * 1e3)
    return sorted(times)


def _look_ups(directory: InstrumentDirectory, catalogue: MasterCatalogue) -> list[Row]:
    listings = [catalogue.listings(each.id)[0] for each in catalogue.instruments()]
    chosen = random.Random(3).choices(listings, k=LOOK_UPS)
    tokens = [(Venue(str(each.id.venue)), Segment(str(each.id.segment)), str(int(each.token))) for each in chosen]
    feed_tokens = [str(int(each.feed_token)) for each in chosen]
    symbols = [each.id.symbol[:1] + each.id.symbol[1:] for each in chosen]  # strings of their own, not the index's
    ids = [InstrumentId(venue, segment, symbol) for (venue, segment, _), symbol in zip(tokens, symbols, strict=True)]

    at = [(venue, symbol) for (venue, _, _), symbol in zip(tokens, symbols, strict=True)]

    def by_token() -> None:
        for venue, segment, token in tokens:
            directory.by_token(venue, segment, token)

    def by_feed_token() -> None:
        for token in feed_tokens:
            catalogue.by_feed_token("kite", token)

    def by_symbol() -> None:
        for symbol in symbols:
            directory.by_symbol(symbol)

    def by_identity() -> None:
        for identity in ids:
            directory.get(identity)

    found: tuple[tuple[str, Callable[[], object]], ...] = (
        ("identity", by_identity),
        ("symbol", by_symbol),
        ("venue and symbol", lambda: collections.deque(itertools.starmap(directory.at, at), maxlen=0)),
        ("venue, segment and token", by_token),
        ("Kite's instrument token", by_feed_token),
    )
    name = f"masters of {SEARCHED:,} rows: look-up by"
    return [at_most(f"{name} {what}", _per_call_us(look_up), "us", 1) for what, look_up in found]


def run() -> list[Row]:
    """Measure loading, then looking up, then typing."""
    dump = kite_dump(DUMP)
    everything = statistics.median(cpu_seconds(lambda: _store_and_read(dump)) for _ in range(3))
    catalogue = MasterCatalogue.build([load_kite([kite_dump(SEARCHED)]).listings], today=_TODAY)
    directory = InstrumentDirectory.load(starter_lists())
    directory.use_masters(catalogue)
    times = _search_ms(directory)
    pasted = ", ".join(str(each.symbol) for each in list(catalogue.instruments())[:1000])
    resolver = Resolver(directory)
    typing = (
        f"search as you type, {SEARCHED:,} rows as Kite's: p99 of a keystroke (median {statistics.median(times):.1f})"
    )
    resolving = cpu_seconds(lambda: resolver.resolve_list(pasted)) * 1e3
    size = f"Kite dump of {DUMP:,} rows"
    return [
        *_parsing(size, dump),
        at_most(f"{size}: parse, store with full-text index, index in memory", everything, "s", 2),
        at_most(f"{size}: loaded again, with the list of what changed", _again(dump), "s", 2),
        *_look_ups(directory, catalogue),
        at_most(typing, times[int(len(times) * 0.99)], "ms", 20),
        Row(name="a pasted list of 1,000 symbols resolved", value=resolving, unit="ms"),
    ]


def _again(dump: bytes) -> float:
    return statistics.median(_reload_s(dump) for _ in range(3))


def _parsing(size: str, dump: bytes) -> list[Row]:
    """Parse, beside the official client where it is installed."""
    try:
        from kiteconnect import KiteConnect
    except ImportError:
        return [at_most(f"{size}: parse", cpu_seconds(lambda: load_kite([dump])), "s", 2)]
    client = KiteConnect("bench")
    parsed = paired(lambda: load_kite([dump]), lambda: client._parse_instruments(dump.decode()), rounds=3)
    return [
        at_most(f"{size}: parse", parsed.ours_s, "s", 2),
        Row(name=f"{size}: against the official client", value=parsed.peer_s, unit="s", peer="kiteconnect",
            ratio=parsed.times_faster),
    ]  # fmt: skip
