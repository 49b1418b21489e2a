"""What a row says in words: time column, tooltips, and the sentence a screen reader speaks."""

from __future__ import annotations

from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.watchlist_row import WatchRow
from marketwatch.qt.time_text import clock_time, zone_name
from marketwatch.services.presentation import HISTORY, RowStateKind

CLOSED_TAG = "closed"


def time_text(row: WatchRow) -> str:
    """Return the state's word, else the exchange time of the last trade."""
    state = row.state
    if state is None:
        return fmt.MISSING
    if state.primary is RowStateKind.CLOSED:
        # The first word is drawn as a tag.
        return state.word.removeprefix(CLOSED_TAG).removeprefix(HISTORY).lstrip()
    if state.word:
        return state.word
    return clock_time(shown_ns(row), row.zone)


def shown_ns(row: WatchRow) -> int | None:
    """Return the venue time of what the row shows: the last trade, else the newest quote."""
    snapshot = row.snapshot
    if snapshot is None:
        return None
    trade_ns = snapshot.ext_trade_ns if snapshot.is_extended else snapshot.last_trade_ns
    return trade_ns if trade_ns is not None else snapshot.updated_ns


def time_tooltip(row: WatchRow) -> str:
    """Name time and zone of last trade and quote."""
    snapshot = row.snapshot
    if snapshot is None:
        return ""
    lines = []
    if snapshot.last_trade_ns is not None:
        lines.append(f"Last trade {clock_time(snapshot.last_trade_ns, row.zone)} {zone_name(row.zone)}")
    if snapshot.quote_ns is not None:
        lines.append(f"Quote {clock_time(snapshot.quote_ns, row.zone)} {zone_name(row.zone)}")
    return "\n".join(lines)


def symbol_tooltip(row: WatchRow) -> str:
    """Name the instrument in full."""
    instrument = row.instrument
    if instrument is None:
        return ""
    head = f"{instrument.name} ({instrument.symbol})" if instrument.name else instrument.symbol
    return " · ".join(part for part in (head, instrument.tag, instrument.kind.value, instrument.currency) if part)


def range_tooltip(row: WatchRow) -> str:
    """Give the figures of the day range."""
    snapshot = row.snapshot
    if snapshot is None or snapshot.day_low is None or snapshot.day_high is None:
        return "Day range not known yet"
    figures = (
        ("Low", snapshot.day_low),
        ("High", snapshot.day_high),
        ("Open", snapshot.day_open),
        ("Last", snapshot.last_price),
    )
    lines = [f"{name} {row.price(value)}" for name, value in figures]
    caveat = snapshot.caveat("day_high")
    return "\n".join([*lines, *([caveat] if caveat else [])])


def row_tooltip(row: WatchRow) -> str:
    """Spell out every state of the row."""
    return "" if row.state is None else row.state.explanation


def row_sentence(row: WatchRow) -> str:
    """Say symbol, price, change in words, and state."""
    if row.instrument is None:
        return f"Section {row.heading}"
    snapshot = row.snapshot
    last = None if snapshot is None else snapshot.shown_price
    change = None if snapshot is None else snapshot.shown_change_pct
    price = row.price(last) if last is not None else "no price"
    parts = [row.instrument.symbol, price, fmt.percent_in_words(change), state_in_words(row)]
    return ", ".join(part for part in parts if part)


def state_in_words(row: WatchRow) -> str:
    """Return the state as one says it."""
    state = row.state
    if state is None:
        return ""
    kind = state.primary.value.replace("_", " ")
    is_said = state.primary is RowStateKind.NO_DATA or state.word.startswith((kind, HISTORY))
    return " ".join([state.word or kind if is_said else f"{kind} {state.word}".rstrip(), *state.tags])
