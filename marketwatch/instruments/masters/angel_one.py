"""Angel One's scrip master: one JSON array, every value text, prices in paise. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from marketwatch.domain.ids import CASH, FUTURES, INDEX, OPTIONS, InstrumentId
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.errors import InstrumentError
from marketwatch.instruments.masters import facts
from marketwatch.instruments.masters.listing import ANGEL_ONE, Listing, MasterRows
from marketwatch.instruments.masters.text import LARGEST_MASTER, MasterText

_PAISE: Final = 100
_BONDS: Final = frozenset({"GB", "GS", "TB", "SG"})
_UNKNOWN_SCALE: Final = frozenset({"CDS", "BCD"})  # whether these are paise too is not established: no price is a guess


class _Row(msgspec.Struct, gc=False):
    token: str | int
    symbol: str
    exch_seg: str
    name: str = ""
    expiry: str = ""
    strike: str | float = ""
    lotsize: str | float = ""
    instrumenttype: str = ""
    tick_size: str | float = ""


_ROW: Final = msgspec.json.Decoder(_Row, strict=False)


def load_angel_one(
    chunks: Iterable[bytes], *, name: str = "Angel One scrip master", limit: int = LARGEST_MASTER
) -> MasterRows:
    """Read a scrip master. Blocks for a second or two at full size: call it in a worker.

    Rows are decoded one by one from the text, so that a broken one costs only itself. Raises InstrumentError when it
    is no such list or was cut.
    """
    rows = MasterRows(ANGEL_ONE)
    text = MasterText(chunks, name, limit=limit)
    elements = _elements(text.whole().lstrip("\ufeff"), name)
    rows.warnings += text.warnings
    rows.digest = text.digest
    for number, raw in enumerate(elements, start=1):
        try:
            rows.add(number, _listing(number, _ROW.decode(raw), rows))
        except msgspec.DecodeError:
            rows.skip(number, "a field is missing or of another type", bytes(raw).decode(errors="replace"))
        except facts.RowError as error:
            rows.skip(number, str(error), bytes(raw).decode(errors="replace"))
    return rows


def _elements(text: str, name: str) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(text, type=list[msgspec.Raw])
    except msgspec.ValidationError as error:
        answer = msgspec.json.decode(text)
        raise InstrumentError(name, _words(answer) or "it is JSON but no list of instruments") from error
    except (msgspec.DecodeError, RecursionError) as error:
        start = text.lstrip()[:1]
        if start == "<":
            raise InstrumentError(name, "a web page was sent instead of the list", "Check the address") from error
        cause = "it ends in the middle: it was cut" if start == "[" else "it is not JSON"
        raise InstrumentError(name, cause, "Fetch it again; the one before stays in use") from error


def _words(answer: Any) -> str:
    if not isinstance(answer, dict):
        return ""
    return next((str(answer[key])[:200] for key in ("message", "error", "errorMessage") if answer.get(key)), "")


def _listing(number: int, row: _Row, rows: MasterRows) -> Listing:
    venue = facts.VENUE_NAMES.get(row.exch_seg.strip().upper())
    if venue is None or venue not in facts.INDIAN_VENUES:
        raise facts.RowError("the exchange is not known")
    written = facts.symbol(row.symbol)
    token = facts.token(str(row.token))
    segment, kind = _KINDS_BY_TYPE.get(row.instrumenttype.strip().upper(), (None, InstrumentKind.OTHER))
    if segment is None:
        raise facts.RowError("the instrument type is not known")
    ends = facts.expiry(row.expiry)
    if ends is None and segment in (FUTURES, OPTIONS):
        raise facts.RowError("a contract without an expiry")
    symbol, series = written, ""
    if segment is INDEX:
        symbol = written.upper()
    elif segment is CASH and venue == "NSE":
        series = facts.nse_series(written)
        symbol = written.removesuffix("-EQ")
        kind = InstrumentKind.OTHER if series in _BONDS else kind
    elif segment is OPTIONS:
        series = written[-2:] if written.endswith(("CE", "PE")) else ""
    tick, lot = str(row.tick_size), str(row.lotsize)
    has_scale = venue not in _UNKNOWN_SCALE
    if tick.lstrip().startswith("-") or lot.lstrip().startswith("-"):
        rows.noted.add(number, "a negative tick or lot size counts as unknown", written)
    return Listing(
        instrument=Instrument(
            id=InstrumentId(venue, segment, symbol),
            name=facts.clean_name(row.name),
            currency="INR",
            kind=kind,
            tick_size=facts.rupee_tick(tick, _PAISE) if has_scale else None,
            lot_size=facts.lot(lot) or 1,
        ),
        source=ANGEL_ONE,
        token=token,
        feed_symbol=written if written != symbol else "",
        series=series,
        expiry=ends,
        strike=facts.strike(str(row.strike), _PAISE) if segment is OPTIONS and has_scale else None,
    )


_UNDERLYINGS: Final = ("IDX", "STK", "COM", "CUR", "IRC", "IRT", "BLN", "ENR", "BAS")
_KINDS_BY_TYPE: Final = {
    **dict.fromkeys(("", "EQ"), (CASH, InstrumentKind.STOCK)),
    **dict.fromkeys(("AMXIDX", "INDEX"), (INDEX, InstrumentKind.INDEX)),
    **{f"FUT{what}": (FUTURES, InstrumentKind.FUTURE) for what in _UNDERLYINGS},
    **{f"OPT{what}": (OPTIONS, InstrumentKind.OPTION) for what in (*_UNDERLYINGS, "FUT")},
}
"""By the source's type. `OPTFUT` are options on commodity futures."""
