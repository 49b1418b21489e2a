"""Finding an instrument: by identity and symbol from memory, and as it is typed among 150,000.

The search is the one of the symbol pop-up: every keystroke looks through everything.
"""

from __future__ import annotations

import collections
import random
import statistics
import time
from collections.abc import Callable, Iterable
from decimal import Decimal

from harness import Row, at_most, cpu_seconds, paired

from marketwatch.domain.ids import CASH, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.instruments.directory import InstrumentDirectory

INSTRUMENTS = 150_000
LOOK_UPS = 100_000
_LIMIT = 50
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORDS = (
    *("Global", "First", "United", "Pacific", "National", "General", "Advanced", "Royal", "Bharat", "Tata", "Reliance"),
    *("Energy", "Bank", "Financial", "Motors", "Steel", "Power", "Health", "Systems", "Industries", "Holdings"),
    *("Technologies", "Pharma", "Cement", "Foods", "Airlines", "Media", "Insurance", "Chemicals", "Textiles"),
)
_ENDINGS = ("Inc.", "Corp.", "Ltd.", "plc", "Fund", "Trust")
_VENUES = (("XNAS", "NASDAQ", "USD"), ("XNYS", "NYSE", "USD"), ("NSE", "NSE", "INR"), ("BSE", "BSE", "INR"))
_TYPED = ("A", "TA", "TAT", "TATA", "tata st", "rel", "reliance", "first bank", "zzzz", "I", "united energy corp",
          "bank nse", "NSE:RE", "US0", "glob pac", "s", "st", "ste", "steel", "QX")  # fmt: skip


def make_instruments(count: int) -> list[Instrument]:
    """Return made-up instruments: shares, and options whose long symbols are alike as in a real master."""
    rng = random.Random(5)
    return [_share(rng, number) if number % 3 else _option(rng, number) for number in range(count)]


def _share(rng: random.Random, number: int) -> Instrument:
    venue, tag, currency = _VENUES[number % len(_VENUES)]
    name = f"{' '.join(rng.sample(_WORDS, rng.randint(1, 3)))} {rng.choice(_ENDINGS)}"
    return Instrument(id=InstrumentId(Venue(venue), CASH, _letters(number)), name=name, currency=currency,
                      tick_size=Decimal("0.01"), isin=f"US{number:010d}", exchange_tag=tag)  # fmt: skip


def _option(rng: random.Random, number: int) -> Instrument:
    under = rng.choice(_WORDS).upper()
    symbol = f"{under}25{rng.choice(('JAN', 'FEB', 'MAR'))}{number}{rng.choice(('CE', 'PE'))}"
    return Instrument(id=InstrumentId(Venue("NFO"), Segment("FO"), symbol), name=under.title(), currency="INR",
                      kind=InstrumentKind.OPTION, tick_size=Decimal("0.05"), exchange_tag="NFO")  # fmt: skip


def _letters(number: int) -> str:
    text = ""
    while True:
        number, rest = divmod(number, len(_LETTERS))
        text = _LETTERS[rest] + text
        if not number:
            return text


def _search_ms(directory: InstrumentDirectory) -> list[float]:
    times = []
    for _ in range(5):
        for text in _TYPED:
            started = time.perf_counter()
            directory.search(text, _LIMIT)
            times.append((time.perf_counter() - started) * 1e3)
    return times


def _naive(instruments: list[Instrument], text: str) -> list[Instrument]:
    """Search as a first version does: the text anywhere in symbol or name, in lower case, then sorted."""
    text = text.lower()
    hits = [one for one in instruments if text in one.symbol.lower() or text in one.name.lower()]
    return sorted(hits, key=lambda one: one.symbol)[:_LIMIT]


def _consume(answers: Iterable[object]) -> None:
    """Look at each answer and drop it, as the program does: to keep 100,000 would cost more than to find them."""
    collections.deque(answers, maxlen=0)


def _per_call_us(look_up: Callable[[], object]) -> float:
    return cpu_seconds(look_up) / LOOK_UPS * 1e6


def run() -> list[Row]:
    """Measure look-ups, then typing."""
    instruments = make_instruments(INSTRUMENTS)
    directory = InstrumentDirectory(instruments)
    rng = random.Random(3)
    chosen = rng.choices(instruments, k=LOOK_UPS)
    # Fresh identities, as they come from a file or a message: their hashes are not known yet.
    ids = [InstrumentId(Venue(str(one.id.venue)), one.id.segment, one.symbol) for one in chosen]
    symbols = [one.symbol for one in chosen]
    by_id = statistics.median(_per_call_us(lambda: _consume(map(directory.get, ids))) for _ in range(5))
    by_symbol = statistics.median(_per_call_us(lambda: _consume(map(directory.by_symbol, symbols))) for _ in range(5))
    times = sorted(_search_ms(directory))
    typed = times[int(len(times) * 0.99)]
    against = paired(lambda: [directory.search(text, _LIMIT) for text in _TYPED],
                     lambda: [_naive(instruments, text) for text in _TYPED], rounds=3)  # fmt: skip
    search = f"search as you type, {INSTRUMENTS:,} instruments"
    return [
        at_most("look-up by identity", by_id, "us", 1),
        at_most("look-up by symbol", by_symbol, "us", 1),
        at_most(f"{search}: p99 of a keystroke (median {statistics.median(times):.1f})", typed, "ms", 20),
        Row(name=f"{search}: against `in` over all texts", value=against.ours_s / len(_TYPED) * 1e3, unit="ms",
            peer="list comprehension, then sorted", ratio=against.times_faster),
    ]  # fmt: skip
