"""What the depth panel says of one instrument's book, in words and figures. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from marketwatch.domain.events import Depth, DepthLevel
from marketwatch.domain.ids import INDEX
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.domain.venues import INDIA, RULES_BY_VENUE
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.qt import formatting as fmt
from marketwatch.qt import time_text
from marketwatch.qt.models.detail_rows import DetailRow, in_ticks
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.feed_route import FeedFacts
from marketwatch.services.presentation import RowState, RowStateKind

Side = Literal["bid", "ask"]

LEAST_LEVELS = 5
MOST_LEVELS = 20
_NS = 1_000_000_000
_STANDS_STILL_S = 30.0  # promise P4: at the latest then nothing looks live
_BALANCED = (48.0, 52.0)
_GREYED: dict[RowStateKind, Role] = {
    RowStateKind.STALE: "stale",
    RowStateKind.CLOSED: "closed",
    RowStateKind.QUIET: "text3",
}


class DepthSubject(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument and what is known of its book at a moment.

    `topic` is how far the wish for its depth has come, None where its feed sends none; `market_ns` is now at the
    source, `wall_ns` now here.
    """

    instrument: Instrument
    snapshot: Snapshot | None
    state: RowState
    feed: FeedFacts | None
    topic: TopicStatus | None
    zone: str
    market_ns: int
    wall_ns: int

    @property
    def source(self) -> str:
        """What the feed is called."""
        return "The feed" if self.feed is None else self.feed.label

    def clock(self, ns: int | None) -> str:
        """Write a time of day with its zone, and with the day if that is not today."""
        if ns is None:
            return ""
        is_today = time_text.day(ns, self.zone) == time_text.day(self.market_ns, self.zone)
        day = "" if is_today else f"{time_text.day(ns, self.zone)} "
        return f"{day}{time_text.clock_time(ns, self.zone)} {time_text.zone_name(self.zone, ns)}"


class BookRow(msgspec.Struct, frozen=True):
    """One level on both sides; None: nothing is offered there."""

    bid: DepthLevel | None
    ask: DepthLevel | None


class Absent(msgspec.Struct, frozen=True):
    """Why there is no book to show, and the next step."""

    cause: str
    next_step: str


class Balance(msgspec.Struct, frozen=True):
    """How much is bid and asked in sum: the share of the bid in percent, and the same in words."""

    bid: float
    ask: float
    share_pct: float | None
    words: str
    basis: str


class DepthView(msgspec.Struct, frozen=True, kw_only=True):
    """The book as it is shown. `is_live` False: nothing in it may look like the market of now.

    `is_faulty`: because the feed is not well, not because the market rests.
    """

    title: str
    facts: str
    rows: tuple[BookRow, ...]
    write: fmt.PriceFormat
    currency: str
    largest: float
    is_live: bool
    is_faulty: bool
    role: Role
    source: str
    stamp_ns: int | None
    words: str
    spread: DetailRow
    balance: Balance


def depth_view(subject: DepthSubject) -> DepthView | Absent:
    """Describe the book, or why there is none."""
    instrument = subject.instrument
    if instrument.id.segment == INDEX:
        return Absent(
            f"{instrument.symbol} is an index", "It is computed, not traded. Its members and its futures have a book."
        )
    book = None if subject.snapshot is None else subject.snapshot.depth
    if book is None:
        return _absent(subject)
    return _view(subject, book)


# --- why there is none


def _absent(subject: DepthSubject) -> Absent:
    topic = subject.topic
    if subject.feed is None:
        return _of_state(subject)
    if topic is None:
        step = "The best bid and ask are in the details."
        if RULES_BY_VENUE.get(subject.instrument.id.venue) is INDIA:
            step += " Add a feed with depth, such as Kite, in Settings > Feeds."
        return Absent(f"{subject.source} sends no depth", step)
    if topic.phase is TopicPhase.REFUSED:
        cause = f"{subject.source} refused depth: {topic.reason or 'no reason given'}"
        step = "Ask the vendor for this data" if topic.is_entitlement else "Check the symbol, or use another feed"
        return Absent(cause, f"{step}.")
    if topic.phase is TopicPhase.OVER_LIMIT:
        return Absent(
            f"{subject.source} allows no more instruments on one connection",
            "Remove rows, or add another feed in Settings > Feeds.",
        )
    if subject.state.primary in (RowStateKind.NO_DATA, RowStateKind.STALE):
        return _of_state(subject)
    last_ns = None if subject.snapshot is None else subject.snapshot.depth_ns
    if last_ns is not None:
        return Absent(
            f"The book of {subject.clock(last_ns)} holds no longer",
            "A newer quote says otherwise. The next book replaces it by itself.",
        )
    if subject.state.primary is RowStateKind.CLOSED:
        return Absent("The market is closed, and no depth came", "The book fills when the market opens.")
    return _awaited(subject, topic)


def _of_state(subject: DepthSubject) -> Absent:
    """Say of the depth what is said of the whole row."""
    cause, _, step = subject.state.explanation.partition("\n")
    return Absent(cause or subject.state.word, step.splitlines()[0] if step else "The book comes with the next data.")


def _awaited(subject: DepthSubject, topic: TopicStatus) -> Absent:
    if topic.at_ns is None:
        return Absent("Depth is about to be asked for", f"{subject.source} is not connected yet.")
    ago = f"{fmt.age((subject.wall_ns - topic.at_ns) / _NS)} ago"
    match topic.phase:
        case TopicPhase.CONFIRMED:
            return Absent(f"Confirmed {ago}, no depth yet", f"{subject.source} sends the book with its next change.")
        case TopicPhase.UNCONFIRMED:
            return Absent(
                f"No answer, no depth yet: given up {ago}",
                f"{subject.source} did not confirm in time; MarketWatch goes on listening.",
            )
    return Absent(f"Asked {ago}, no depth yet", f"{subject.source} has not confirmed it.")


# --- the book


def _view(subject: DepthSubject, book: Depth) -> DepthView:
    instrument = subject.instrument
    write = fmt.price_format(instrument.decimals, instrument.currency)
    bids, asks = book.bids[:MOST_LEVELS], book.asks[:MOST_LEVELS]
    words, role = _condition(subject, book)
    is_faulty = subject.state.primary is RowStateKind.STALE
    return DepthView(
        title=instrument.symbol,
        facts=" ".join(part for part in (instrument.tag, instrument.id.segment, instrument.currency) if part),
        rows=_rows(bids, asks),
        write=write,
        currency=instrument.currency,
        largest=max((level.size for level in (*bids, *asks)), default=0.0),
        is_live=role == "text1",
        is_faulty=is_faulty,
        role=role,
        source=", ".join(filter(None, (subject.source, _delay(subject), subject.clock(book.event_ns)))),
        stamp_ns=book.event_ns,
        words=words,
        spread=_spread(instrument, book, write, role),
        balance=_balance(subject, bids, asks),
    )


def _rows(bids: Sequence[DepthLevel], asks: Sequence[DepthLevel]) -> tuple[BookRow, ...]:
    """Pair the levels; at least five rows, so that nothing moves when a side runs short."""
    count = max(LEAST_LEVELS, len(bids), len(asks))
    return tuple(
        BookRow(bids[level] if level < len(bids) else None, asks[level] if level < len(asks) else None)
        for level in range(count)
    )


def _delay(subject: DepthSubject) -> str:
    delay_s = 0.0 if subject.feed is None else subject.feed.delay_s
    return f"{delay_s / 60:g} min behind" if delay_s else ""


def _condition(subject: DepthSubject, book: Depth) -> tuple[str, Role]:
    """Say in words how much this book is of now, and return the colour of its figures."""
    state, topic = subject.state, subject.topic
    first = state.explanation.partition("\n")[0]
    if state.primary is RowStateKind.CLOSED:
        return f"Market closed, last depth of {subject.clock(book.event_ns)}", "closed"
    if state.primary is RowStateKind.STALE:
        return first, "stale"
    age_s = _age_s(subject, book)
    if age_s is None or age_s > _STANDS_STILL_S:
        if topic is not None and topic.phase is not TopicPhase.CONFIRMED:
            return f"Not confirmed by {subject.source}: the last book that came", "text3"
        return f"Unchanged for {fmt.age(age_s)}", "text3"
    return first or "Live", _GREYED.get(state.primary, "text1")


def _age_s(subject: DepthSubject, book: Depth) -> float | None:
    return None if book.event_ns is None else (subject.market_ns - book.event_ns) / _NS


def _spread(instrument: Instrument, book: Depth, write: Callable[[float | None], str], role: Role) -> DetailRow:
    bid, ask = book.bid, book.ask
    if bid is None or ask is None:
        side = "Nothing is offered on either side" if bid is ask else f"Nothing is {'bid' if bid is None else 'asked'}"
        return DetailRow(key="spread", name="Spread", value=fmt.MISSING, value_role="text3", tip=side)
    spread = float(f"{ask - bid:.10g}")
    notes = [in_ticks(spread, instrument.tick_size)]
    if ask + bid > 0:
        notes.append(fmt.share(spread / (ask + bid) * 200, 2))
    tip = "Ask minus bid" if spread > 0 else "The ask is below the bid" if spread < 0 else "Bid and ask are equal"
    note = ", ".join(filter(None, notes))
    return DetailRow(key="spread", name="Spread", value=write(spread), note=note, tip=tip, value_role=role)


def _balance(subject: DepthSubject, bids: Sequence[DepthLevel], asks: Sequence[DepthLevel]) -> Balance:
    """Weigh all orders if the feed states their sums, else the levels that are shown."""
    snapshot = subject.snapshot
    bid = None if snapshot is None else snapshot.total_bid_size
    ask = None if snapshot is None else snapshot.total_ask_size
    basis = "all orders"
    if bid is None or ask is None:
        bid, ask = sum(level.size for level in bids), sum(level.size for level in asks)
        count = max(len(bids), len(asks))
        basis = "1 level" if count == 1 else f"{count} levels"
    if not bid + ask:
        return Balance(bid, ask, None, "Nothing is offered on either side", basis)
    share = bid / (bid + ask) * 100
    shares = f"{fmt.share(share)} bid, {fmt.share(100 - round(share))} asked"
    low, high = _BALANCED
    heavier = "more bid than asked" if share > high else "more asked than bid" if share < low else "balanced"
    return Balance(bid, ask, share, f"{shares}: {heavier}", basis)


# --- to take along


def book_as_text(view: DepthView, zone: str) -> str:
    """Write the book for the clipboard: plain figures between tabs, and what it is of."""
    head = [f"{view.title} {view.facts}", f"depth of {time_text.export_time(view.stamp_ns, zone) or 'unknown time'}"]
    lines = [", ".join([*head, view.source, view.words]), "Orders\tSize\tBid\tAsk\tSize\tOrders"]
    for row in view.rows:
        if row.bid is not None or row.ask is not None:
            lines.append("\t".join([*_plain(row.bid), *reversed(_plain(row.ask))]))
    total = [fmt.export_number(size) for size in (view.balance.bid, view.balance.ask)]
    lines.append(f"\t{total[0]}\t\t\t{total[1]}\t\tTotal of {view.balance.basis}")
    return "\n".join(lines)


def _plain(level: DepthLevel | None) -> list[str]:
    if level is None:
        return ["", "", ""]
    return [fmt.export_number(figure) for figure in (level.orders, level.size, level.price)]
