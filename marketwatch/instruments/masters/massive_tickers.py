"""Massive's reference tickers: the answers of `/v3/reference/tickers`, page by page. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from marketwatch.domain.ids import CASH, CRYPTO, CURRENCY, INDEX, InstrumentId, Segment, Venue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import ProtocolError
from marketwatch.instruments.masters import facts
from marketwatch.instruments.masters.listing import MASSIVE, Listing, MasterRows

_KINDS: Final = {
    **dict.fromkeys(("CS", "ADRC", "ADRP", "ADRW", "OS", "GDR", "NYRS", "PFD"), InstrumentKind.STOCK),
    **dict.fromkeys(("ETF", "ETN", "ETV", "ETS", "FUND"), InstrumentKind.FUND),
    "INDEX": InstrumentKind.INDEX,
}
_MARKETS: Final[dict[str, tuple[str, Segment, InstrumentKind]]] = {
    "crypto": ("CRYPTO", CRYPTO, InstrumentKind.CRYPTO),
    "fx": ("FX", CURRENCY, InstrumentKind.CURRENCY),
    "indices": ("INDEX", INDEX, InstrumentKind.INDEX),
}


class _Ticker(msgspec.Struct, gc=False):
    ticker: str
    market: str = "stocks"
    name: str | None = None
    primary_exchange: str | None = None
    type: str | None = None
    active: bool = True
    currency_name: str | None = None
    currency_symbol: str | None = None
    base_currency_symbol: str | None = None
    delisted_utc: str | None = None


class _Page(msgspec.Struct):
    results: list[msgspec.Raw] | None = None
    next_url: str | None = None


_PAGE: Final = msgspec.json.Decoder(_Page)
_TICKER: Final = msgspec.json.Decoder(_Ticker)


def add_page(body: bytes, rows: MasterRows) -> str | None:
    """Add the tickers of one answer to `rows`; return the address of the next page as the answer names it.

    Lines are counted over all pages. Raises ProtocolError when the answer is no page.
    """
    try:
        page = _PAGE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError("The list of tickers", "an answer cannot be read") from error
    first = len(rows) + len(rows.skipped) + 1
    for line, raw in enumerate(page.results or (), start=first):
        _add(line, raw, rows)
    return page.next_url


def _add(line: int, raw: msgspec.Raw, rows: MasterRows) -> None:
    try:
        ticker = _TICKER.decode(raw)
        rows.add(line, _listing(ticker))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = "the ticker is missing" if "ticker" in str(error) else "a field is of another type"
        rows.skip(line, reason, bytes(raw).decode(errors="replace"))
    except facts.RowError as error:
        rows.skip(line, str(error), bytes(raw).decode(errors="replace"))


def _listing(ticker: _Ticker) -> Listing:
    if not ticker.active or ticker.delisted_utc:
        raise facts.RowError("it is no longer listed")
    written = facts.symbol(ticker.ticker)
    currency = (ticker.currency_symbol or ticker.currency_name or "").strip().upper()
    if ticker.market in _MARKETS:
        venue_name, segment, kind = _MARKETS[ticker.market]
        symbol = _pair(ticker, written, currency) if segment != INDEX else written.removeprefix("I:")
    else:
        venue_name = (ticker.primary_exchange or ("OTC" if ticker.market == "otc" else "US")).upper()
        segment, symbol = CASH, written
        kind = _KINDS.get(ticker.type or "", InstrumentKind.OTHER)
    venue = facts.VENUE_NAMES.get(venue_name, Venue(venue_name))
    return Listing(
        instrument=Instrument(
            id=InstrumentId(venue, segment, facts.symbol(symbol)),
            name=facts.clean_name(ticker.name or ""),
            currency=currency if len(currency) <= 5 else "",
            kind=kind,
            exchange_tag=facts.EXCHANGE_TAGS.get(venue, ""),
        ),
        source=MASSIVE,
        feed_symbol=written if written != symbol else "",
        series=ticker.type or "",
    )


def _pair(ticker: _Ticker, written: str, currency: str) -> str:
    """Write a pair as the stream does: `BTC-USD`, `EUR/USD`; the reference list writes `X:BTCUSD`, `C:EURUSD`."""
    pair = written.partition(":")[2] or written
    base = (ticker.base_currency_symbol or "").strip().upper()
    if not base and currency and pair.endswith(currency):
        base = pair.removesuffix(currency)
    return f"{base}{'-' if ticker.market == 'crypto' else '/'}{currency}" if base and currency else pair
