"""What the details panel says of one instrument, in words and figures. No widgets."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from marketwatch.domain.ids import FUTURES, INDEX, OPTIONS
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.venues import RULES_BY_VENUE, UNITED_STATES
from marketwatch.qt import formatting as fmt
from marketwatch.qt import time_text
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.feed_route import FeedFacts
from marketwatch.services.presentation import RowState, RowStateKind

_PARTIAL = "since start of feed"
_FIGURES_GREYED: dict[RowStateKind, Role] = {
    RowStateKind.STALE: "stale",
    RowStateKind.CLOSED: "closed",
    RowStateKind.QUIET: "text3",
}
_DERIVATIVES = (InstrumentKind.FUTURE, InstrumentKind.OPTION)
_EXTENDED_NAMES = {"PRE": "Pre-market", "POST": "After hours"}
_EXTENDED_NAME = "Extended hours"


class DetailRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line: name at left, figure, note at right. `key` stays the same whatever the figure is."""

    key: str
    name: str
    value: str
    note: str = ""
    value_role: Role = "text1"
    note_role: Role = "text3"
    tip: str = ""
    is_code: bool = False

    @property
    def sentence(self) -> str:
        """The line as one says it."""
        value = "unknown" if self.value == fmt.MISSING else self.value
        return ", ".join(part for part in (f"{self.name} {value}", self.note) if part)


class RangeView(msgspec.Struct, frozen=True, kw_only=True):
    """The range of the day or the year: figures, their texts, and the place of the last price in words."""

    name: str = "Day range"
    low: float | None = None
    high: float | None = None
    opened: float | None = None
    last: float | None = None
    low_text: str = fmt.MISSING
    high_text: str = fmt.MISSING
    role: Role = "text3"
    place: str = ""
    tip: str = ""


class HeadView(msgspec.Struct, frozen=True, kw_only=True):
    """The upper part: what it is, its price, its state."""

    symbol: str
    facts: str
    name: str
    tags: tuple[str, ...]
    price: str
    price_role: Role
    change: str
    direction: float | None
    is_faded: bool
    tip: str
    state: str
    state_role: Role
    source: str


class Subject(msgspec.Struct, frozen=True):
    """One instrument and what is known of it at a moment."""

    instrument: Instrument
    snapshot: Snapshot | None
    state: RowState
    feed: FeedFacts | None
    zone: str

    def figure(self, name: str) -> float | None:
        """Return a figure of the snapshot by its attribute name."""
        return None if self.snapshot is None else getattr(self.snapshot, name)

    def tip(self, name: str) -> str:
        """Say why a figure is missing, or what must be known about it."""
        if self.snapshot is None:
            return self.state.explanation
        return self.snapshot.withheld(name) or self.snapshot.caveat(name) or ""

    @property
    def role(self) -> Role:
        """Return the colour of figures: grey when they are not of now."""
        return _FIGURES_GREYED.get(self.state.primary, "text1")

    @property
    def write(self) -> fmt.PriceFormat:
        """Writes prices of the instrument."""
        return fmt.price_format(self.instrument.decimals, self.instrument.currency)

    def clock(self, ns: int | None) -> str:
        """Write a time of day with its zone."""
        if ns is None:
            return fmt.MISSING
        return f"{time_text.clock_time(ns, self.zone)} {time_text.zone_name(self.zone, ns)}"


# --- the upper part


def head_view(subject: Subject) -> HeadView:
    """Describe symbol, price and state."""
    instrument, state = subject.instrument, subject.state
    last = subject.figure("shown_price")
    unit = fmt.minor_unit(instrument.currency)
    price = subject.write(last)
    return HeadView(
        symbol=instrument.symbol,
        facts=" ".join(part for part in (instrument.tag, instrument.id.segment, instrument.currency) if part),
        name=instrument.name,
        tags=state.tags,
        price=f"{price}\u202f{unit}" if unit and last is not None else price,
        price_role="text3" if last is None else subject.role,
        change=_change(subject),
        direction=subject.figure("shown_change"),
        is_faded=state.primary in _FIGURES_GREYED,
        tip="\n".join(filter(None, dict.fromkeys((subject.tip("last_price"), subject.tip("day_change"))))),
        state=state.explanation or state.word or "Live",
        state_role=_state_role(state),
        source=_source(subject),
    )


def _change(subject: Subject) -> str:
    change = subject.figure("shown_change")
    if change is None:
        return fmt.MISSING if subject.figure("shown_price") is not None else ""
    written = fmt.change_format(subject.instrument.decimals, subject.instrument.currency)(change)
    return f"{written} ({fmt.percent(subject.figure('shown_change_pct'))})"


def _state_role(state: RowState) -> Role:
    if state.primary is RowStateKind.HALTED:
        return "error"
    if state.primary is RowStateKind.DELAYED:
        return "delayed"
    return "text2"


def _source(subject: Subject) -> str:
    facts, snapshot = subject.feed, subject.snapshot
    if facts is None:
        return ""
    delay = f"{facts.delay_s / 60:g} min behind" if facts.delay_s else ""
    newest = None if snapshot is None else snapshot.updated_ns
    when = "" if newest is None or facts.sends_bars else subject.clock(newest)  # a bar's end may be still to come
    return ", ".join(part for part in (facts.label, delay, when) if part)


# --- the lines


def detail_rows(subject: Subject) -> list[Sequence[DetailRow]]:
    """Return the lines in groups: quote, day, last trade and extended session, contract."""
    return [_quote_rows(subject), _day_rows(subject), _trade_rows(subject), _contract_rows(subject)]


def _quote_rows(subject: Subject) -> list[DetailRow]:
    when = subject.figure("quote_ns")
    quoted = "" if when is None else f"Quote {subject.clock(int(when))}"
    rows = []
    for key, name in (("bid", "Bid"), ("ask", "Ask")):
        size = subject.figure(f"{key}_size")
        note = "" if size is None else f"× {fmt.quantity(size, subject.instrument.currency)}"
        rows.append(_figure(subject, key, name, subject.write, note=note, tip=quoted))
    return [*rows, _spread_row(subject), *_total_rows(subject)]


def _total_rows(subject: Subject) -> list[DetailRow]:
    """Sum up all orders of each side, where the venue tells; the consolidated tape of the United States does not."""
    sides = (("total_bid_size", "Total bid", "buy"), ("total_ask_size", "Total ask", "sell"))
    sizes = [subject.figure(key) or 0.0 for key, _, _ in sides]
    instrument = subject.instrument
    if not any(sizes):
        is_on_tape = RULES_BY_VENUE.get(instrument.id.venue) is UNITED_STATES
        if is_on_tape or InstrumentKind.INDEX is instrument.kind or instrument.id.segment == INDEX:
            return []
    rows = []
    for (key, name, word), size in zip(sides, sizes, strict=True):
        note = f"{fmt.share(size / sum(sizes) * 100)} of both" if sum(sizes) and subject.figure(key) is not None else ""
        full = fmt.quantity(subject.figure(key), instrument.currency)
        tip = f"All {word} orders in the book: {full}"
        rows.append(_figure(subject, key, name, _short(instrument), note=note, tip=tip))
    return rows


def _spread_row(subject: Subject) -> DetailRow:
    bid, ask = subject.figure("bid"), subject.figure("ask")
    if bid is None or ask is None:
        why = subject.tip("bid") if bid is None else subject.tip("ask")
        return DetailRow(key="spread", name="Spread", value=fmt.MISSING, value_role="text3", tip=why)
    spread = float(f"{ask - bid:.10g}")
    middle = (ask + bid) / 2
    notes = [in_ticks(spread, subject.instrument.tick_size)]
    if middle > 0:
        notes.append(fmt.share(spread / middle * 100, 2))
    tip = "Ask minus bid; the ask is below the bid" if spread < 0 else "Ask minus bid"
    note = ", ".join(part for part in notes if part)
    value, role = subject.write(spread), subject.role
    return DetailRow(key="spread", name="Spread", value=value, note=note, tip=tip, value_role=role)


def in_ticks(distance: float, tick: Decimal | None) -> str:
    """Write a distance in tick sizes; nothing while the tick size is unknown."""
    if tick is None or not tick:
        return ""
    ticks = distance / float(tick)
    text = f"{ticks:,.0f}" if abs(ticks - round(ticks)) < 0.01 else f"{ticks:,.1f}"
    text = text.replace("-", fmt.MINUS)
    return f"{text} tick" if text.lstrip(fmt.MINUS) == "1" else f"{text} ticks"


def _day_rows(subject: Subject) -> list[DetailRow]:
    write, currency = subject.write, subject.instrument.currency
    last, vwap = subject.figure("last_price"), subject.figure("vwap")
    away = f"{fmt.percent((last - vwap) / vwap * 100)} away" if last is not None and vwap else ""
    volume = subject.figure("volume")
    average = functools.partial(fmt.average, decimals=subject.instrument.decimals, currency=currency, last=last)
    short, full = fmt.volume(volume, currency), fmt.quantity(volume, currency)
    return [
        _figure(subject, "day_open", "Open", write),
        _figure(subject, "day_high", "High", write),
        _figure(subject, "day_low", "Low", write),
        _figure(subject, "prev_close", "Previous close", write),
        *_last_close_row(subject),
        _figure(subject, "vwap", "VWAP", average, note=away, tip="Volume-weighted average price of the day"),
        _figure(subject, "volume", "Volume", lambda _value: short, note="" if short == full else full),
        _trades_row(subject),
        *_interest_row(subject),
    ]


def _short(instrument: Instrument) -> Callable[[float | None], str]:
    return lambda value: fmt.volume(value, instrument.currency)


def _last_close_row(subject: Subject) -> list[DetailRow]:
    """Show the close of a session that is over already: it is not the one that the day change is counted from."""
    last_close = subject.figure("last_close")
    if last_close is None or last_close == subject.figure("prev_close"):
        return []
    tip = "The close that the feed knew last; the day change is counted from the previous close"
    return [_figure(subject, "last_close", "Last close", subject.write, tip=tip)]


def _interest_row(subject: Subject) -> list[DetailRow]:
    instrument = subject.instrument
    is_derivative = instrument.kind in _DERIVATIVES or instrument.id.segment in (FUTURES, OPTIONS)
    interest = subject.figure("open_interest")
    if interest is None and not is_derivative:
        return []
    low, high = subject.figure("open_interest_low"), subject.figure("open_interest_high")
    write, currency = _short(instrument), instrument.currency
    note = f"{write(low)} to {write(high)}" if low is not None and high is not None else ""
    tip = f"Contracts outstanding: {fmt.quantity(interest, currency)}"
    if note:
        tip += f"; today {fmt.quantity(low, currency)} to {fmt.quantity(high, currency)}"
    return [_figure(subject, "open_interest", "Open interest", write, note=note, tip=tip)]


def _trades_row(subject: Subject) -> DetailRow:
    snapshot = subject.snapshot
    count = 0 if snapshot is None else snapshot.trade_count
    if snapshot is None or not count:
        why = subject.tip("volume") or "trades before the start of this feed are not counted"
        return DetailRow(key="trades", name="Trades", value=fmt.MISSING, value_role="text3", tip=why)
    is_whole = snapshot.covers_open and not snapshot.volume_offset
    value = fmt.quantity(count, subject.instrument.currency)
    tip = "" if is_whole else "Counted since this feed is followed"
    note = "" if is_whole else _PARTIAL
    return DetailRow(key="trades", name="Trades", value=value, note=note, tip=tip, value_role=subject.role)


def _trade_rows(subject: Subject) -> list[DetailRow]:
    write = subject.write
    when = subject.figure("last_trade_ns")
    is_bar = subject.feed is not None and subject.feed.sends_bars
    note = "" if when is None or is_bar else subject.clock(int(when))
    size = _figure(
        subject, "last_size", "Last size", lambda value: fmt.quantity(value, subject.instrument.currency), note=note,
        tip="Size and time of the last trade",
    )  # fmt: skip
    rows = [size]
    if subject.figure("ext_last") is not None:
        rows.append(_extended_row(subject))
    for key, name in (("upper_limit", "Upper limit"), ("lower_limit", "Lower limit")):
        if subject.figure(key) is not None:
            rows.append(_figure(subject, key, name, write))
    return rows


def _extended_row(subject: Subject) -> DetailRow:
    name = next((words for tag, words in _EXTENDED_NAMES.items() if tag in subject.state.tags), _EXTENDED_NAME)
    change = subject.figure("ext_change")
    when = subject.figure("ext_trade_ns")
    written = fmt.change_format(subject.instrument.decimals, subject.instrument.currency)(change)
    at = "" if when is None else subject.clock(int(when))
    tip = f"Last trade outside the regular session {at}" if at else ""
    if name == _EXTENDED_NAME or change is None:
        # Once the regular session is on, the distance to its last price is no change of the extended one.
        return _figure(subject, "ext_last", name, subject.write, note=at, tip=tip)
    note = f"{written} ({fmt.percent(subject.figure('ext_change_pct'))})"
    role: Role = "unchanged" if not change else "gain" if change > 0 else "loss"
    return _figure(subject, "ext_last", name, subject.write, note=note, tip=tip, note_role=role)


def _contract_rows(subject: Subject) -> list[DetailRow]:
    instrument = subject.instrument
    tick = instrument.tick_size
    rows = [
        DetailRow(
            key="tick",
            name="Tick size",
            value=fmt.MISSING if tick is None else f"{tick:f}",
            value_role="text3" if tick is None else "text1",
            tip="Not known: prices are shown as the feed sends them" if tick is None else "",
        ),
        DetailRow(key="lot", name="Lot size", value=fmt.quantity(instrument.lot_size, instrument.currency)),
    ]
    if instrument.isin:
        rows.append(DetailRow(key="isin", name="ISIN", value=instrument.isin, is_code=True))
    return rows


def _figure(
    subject: Subject,
    key: str,
    name: str,
    write: Callable[[float | None], str],
    *,
    note: str = "",
    tip: str = "",
    note_role: Role = "text3",
) -> DetailRow:
    value = subject.figure(key)
    remark = subject.tip(key)
    if value is None:
        return DetailRow(key=key, name=name, value=fmt.MISSING, value_role="text3", tip=_sentence(remark))
    note = note or (_PARTIAL if remark.startswith("since") else "from last trade" if remark else "")
    lines = [line for line in (tip, _sentence(remark)) if line]
    return DetailRow(
        key=key, name=name, value=write(value), note=note, note_role=note_role, tip="\n".join(lines),
        value_role=subject.role,
    )  # fmt: skip


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}" if text else ""


# --- the range of the day


def range_view(subject: Subject) -> RangeView:
    """Describe the day range and where in it the last price is."""
    low, high, last = subject.figure("day_low"), subject.figure("day_high"), subject.figure("last_price")
    if low is None or high is None or last is None or high < low:
        return RangeView(tip=_sentence(subject.tip("day_low")) or "Day range not known yet")
    place = f"{fmt.share((min(max(last, low), high) - low) / (high - low) * 100)} of range" if high > low else ""
    opened = subject.figure("day_open")
    lines = [f"Low {subject.write(low)}", f"High {subject.write(high)}", f"Last {subject.write(last)}"]
    lines.insert(2, f"Open {subject.write(opened)}")
    return RangeView(
        low=low, high=high, opened=opened, last=last, low_text=subject.write(low), high_text=subject.write(high),
        role=subject.role, place=place, tip="\n".join([*lines, *filter(None, [_sentence(subject.tip("day_high"))])]),
    )  # fmt: skip


def year_range_view(subject: Subject) -> RangeView | None:
    """Describe the range of the past year as the feed states it, None where it states none."""
    low, high, last = subject.figure("low_52w"), subject.figure("high_52w"), subject.figure("shown_price")
    if low is None or high is None or high < low:
        return None
    write = subject.write
    lines = [f"Low of 52 weeks {write(low)}", f"High of 52 weeks {write(high)}", f"Last {write(last)}"]
    return RangeView(
        name="52 weeks", low=low, high=high, last=last, low_text=write(low), high_text=write(high),
        role=subject.role, place=_place_in_year(low, high, last), tip="\n".join([*lines, "As the feed states it"]),
    )  # fmt: skip


def _place_in_year(low: float, high: float, last: float | None) -> str:
    if last is None:
        return ""
    if last > high:
        return "above the stated high"
    if last < low:
        return "below the stated low"
    return f"{fmt.share((last - low) / (high - low) * 100)} of range" if high > low else ""
