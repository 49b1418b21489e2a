"""What is said of a book: its levels, sums and spread, how much it is of now, and why there is none."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from depth_rig import ASKS, BIDS, NOW_NS, DepthMarket
from hub_rig import FEED, IBM, INFY

from marketwatch.domain.events import Depth, DepthLevel, Quote
from marketwatch.domain.ids import INDEX, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.qt.models.depth_view import Absent, DepthSubject, DepthView, book_as_text, depth_view
from marketwatch.services.presentation import RowState, RowStateKind

SHARE = msgspec.structs.replace(INFY, tick_size=Decimal("0.05"), exchange_tag="NSE")
SECOND = 10**9


def said(market: DepthMarket, instrument: Instrument = SHARE) -> DepthView | Absent:
    return depth_view(
        DepthSubject(
            instrument=instrument,
            snapshot=market.snapshot(instrument.id),
            state=market.state,
            feed=market.feed,
            topic=market.topic,
            zone="Asia/Kolkata",
            market_ns=market.now_ns,
            wall_ns=market.now_ns,
        )
    )


def book(market: DepthMarket) -> DepthView:
    view = said(market)
    assert isinstance(view, DepthView)
    return view


def absent(market: DepthMarket, instrument: Instrument = SHARE) -> Absent:
    view = said(market, instrument)
    assert isinstance(view, Absent)
    assert view.cause
    assert "\n" not in view.next_step
    return view


@pytest.fixture
def market() -> DepthMarket:
    return DepthMarket(SHARE)


def test_levels_stand_side_by_side_and_there_are_five_at_least(market: DepthMarket) -> None:
    market.book()
    view = book(market)
    assert [row.bid for row in view.rows] == [*BIDS, None, None]
    assert [row.ask for row in view.rows] == [*ASKS, None, None, None]
    assert view.largest == 182_500.0
    assert (view.title, view.facts, view.source) == ("INFY", "NSE EQ INR", "Kite, 14:41:07 IST")
    assert (view.words, view.is_live, view.role) == ("Live", True, "text1")


def test_twenty_levels_are_shown_and_no_more(market: DepthMarket) -> None:
    market.book(bids=tuple(DepthLevel(100.0 - n, 1.0, 1) for n in range(25)))
    assert len(book(market).rows) == 20


@pytest.mark.parametrize(
    ("bid", "ask", "value", "note", "tip"),
    [
        (1362.4, 1362.5, "0.10", "2 ticks, 0.01%", "Ask minus bid"),
        (1362.5, 1362.5, "0.00", "0 ticks, 0.00%", "Bid and ask are equal"),
        (1362.55, 1362.5, "−0.05", "−1 tick, 0.00%", "The ask is below the bid"),
        (None, 1362.5, "—", "", "Nothing is bid"),
        (1362.4, None, "—", "", "Nothing is asked"),
        (None, None, "—", "", "Nothing is offered on either side"),
    ],
)
def test_the_spread_is_said_in_ticks(
    market: DepthMarket, bid: float | None, ask: float | None, value: str, note: str, tip: str
) -> None:
    sides = {
        "bids": () if bid is None else (DepthLevel(bid, 1.0),),
        "asks": () if ask is None else (DepthLevel(ask, 1.0),),
    }
    market.book(**sides)
    row = book(market).spread
    assert (row.value, row.note, row.tip) == (value, note, tip)


@pytest.mark.parametrize(
    ("bid", "ask", "words"),
    [
        (610.0, 390.0, "61% bid, 39% asked: more bid than asked"),
        (300.0, 700.0, "30% bid, 70% asked: more asked than bid"),
        (505.0, 495.0, "50% bid, 50% asked: balanced"),
        (0.0, 7.0, "0% bid, 100% asked: more asked than bid"),
        (0.0, 0.0, "Nothing is offered on either side"),
    ],
)
def test_the_balance_is_of_all_orders_where_they_are_stated(
    market: DepthMarket, bid: float, ask: float, words: str
) -> None:
    market.book()
    market.totals(bid, ask)
    balance = book(market).balance
    assert (balance.bid, balance.ask, balance.words, balance.basis) == (bid, ask, words, "all orders")


def test_else_it_is_of_the_levels_shown(market: DepthMarket) -> None:
    market.book()
    balance = book(market).balance
    assert (balance.bid, balance.ask, balance.basis) == (183_825.0, 130.0, "3 levels")
    market.book(bids=BIDS[:1], asks=())
    assert book(market).balance.basis == "1 level"


@pytest.mark.parametrize(
    ("state", "topic", "age_s", "words", "role"),
    [
        (RowState(RowStateKind.LIVE, "", (), "Live", 0.0), TopicPhase.CONFIRMED, 30, "Live", "text1"),
        (RowState(RowStateKind.LIVE, "", (), "Live", 0.0), TopicPhase.CONFIRMED, 48, "Unchanged for 0:48", "text3"),
        (
            RowState(RowStateKind.STALE, "stale 2:14", (), "Stale 2:14, the feed has stalled\nmore", 1.0),
            TopicPhase.CONFIRMED, 3, "Stale 2:14, the feed has stalled", "stale",
        ),
        (
            RowState(RowStateKind.CLOSED, "closed 4 Sep", (), "The market is closed", 9.0),
            TopicPhase.CONFIRMED, 3_600, "Market closed, last depth of 14:41:07 IST", "closed",
        ),
        (
            RowState(RowStateKind.LIVE, "", (), "Live", 0.0),
            TopicPhase.ASKED, 48, "Not confirmed by Kite: the last book that came", "text3",
        ),
        (
            RowState(RowStateKind.LIVE, "", (), "Live", 0.0),
            TopicPhase.ASKED, 1, "Live", "text1",
        ),
        (
            RowState(RowStateKind.DELAYED, "", ("D15",), "The source is 15 min behind the market", 0.0),
            TopicPhase.CONFIRMED, 1, "The source is 15 min behind the market", "text1",
        ),
        (RowState(RowStateKind.QUIET, "quiet 0:20", (), "Nothing new for 0:20", 20.0), TopicPhase.CONFIRMED, 20,
         "Nothing new for 0:20", "text3"),
        (RowState(RowStateKind.HALTED, "", ("HALT",), "Trading is halted", 1.0), TopicPhase.CONFIRMED, 1,
         "Trading is halted", "text1"),
    ],
)  # fmt: skip
def test_only_what_is_of_now_looks_live(
    market: DepthMarket, state: RowState, topic: TopicPhase, age_s: int, words: str, role: str
) -> None:
    market.book()
    market.now_ns = NOW_NS + age_s * SECOND
    market.state, market.topic = state, TopicStatus(topic, at_ns=NOW_NS)
    view = book(market)
    assert (view.words, view.role, view.is_live) == (words, role, role == "text1")
    assert view.is_faulty is (state.primary is RowStateKind.STALE)


def test_the_day_is_named_when_it_is_not_today(market: DepthMarket) -> None:
    market.book()
    market.now_ns = NOW_NS + 86_400 * SECOND
    market.state = RowState(RowStateKind.CLOSED, "closed 4 Sep", (), "The market is closed", 9.0)
    view = book(market)
    assert view.words == "Market closed, last depth of 4 Sep 14:41:07 IST"
    assert view.source == "Kite, 4 Sep 14:41:07 IST"


def test_a_delay_is_part_of_the_source(market: DepthMarket) -> None:
    market.book()
    market.delayed(900.0)
    assert book(market).source == "Kite, 15 min behind, 14:41:07 IST"


def test_a_feed_without_depth_is_named(market: DepthMarket) -> None:
    market.topic = None
    assert absent(market).cause == "Kite sends no depth"
    assert "such as Kite" in absent(market).next_step


def test_no_indian_feed_is_advised_for_american_shares(market: DepthMarket) -> None:
    market.topic = None
    assert absent(market, IBM).next_step == "The best bid and ask are in the details."


def test_an_index_has_no_book(market: DepthMarket) -> None:
    nifty = Instrument(id=InstrumentId(Venue("NSE"), INDEX, "NIFTY 50"))
    assert absent(market, nifty).cause == "NIFTY 50 is an index"


@pytest.mark.parametrize(
    ("topic", "cause", "step"),
    [
        (TopicStatus(TopicPhase.WAITING), "Depth is about to be asked for", "Kite is not connected yet"),
        (TopicStatus(TopicPhase.ASKED, at_ns=NOW_NS), "Asked 0:08 ago, no depth yet", "has not confirmed it"),
        (TopicStatus(TopicPhase.CONFIRMED, at_ns=NOW_NS), "Confirmed 0:08 ago, no depth yet", "with its next change"),
        (TopicStatus(TopicPhase.UNCONFIRMED, at_ns=NOW_NS), "No answer, no depth yet: given up 0:08 ago", "goes on"),
        (TopicStatus(TopicPhase.REFUSED, "not for you", NOW_NS, True), "Kite refused depth: not for you", "Ask the"),
        (TopicStatus(TopicPhase.REFUSED, "", NOW_NS), "Kite refused depth: no reason given", "another feed"),
        (TopicStatus(TopicPhase.OVER_LIMIT), "Kite allows no more instruments on one connection", "Remove rows"),
    ],
)
def test_without_a_book_it_says_how_far_the_wish_has_come(
    market: DepthMarket, topic: TopicStatus, cause: str, step: str
) -> None:
    market.topic, market.now_ns = topic, NOW_NS + 8 * SECOND
    view = absent(market)
    assert view.cause == cause
    assert step in view.next_step


@pytest.mark.parametrize("kind", [RowStateKind.NO_DATA, RowStateKind.STALE])
def test_without_a_book_and_a_feed_in_trouble_the_row_has_the_words(market: DepthMarket, kind: RowStateKind) -> None:
    market.state = RowState(kind, "feed is down", (), "The feed is disconnected\nIt tries again by itself\nmore", None)
    assert absent(market) == Absent("The feed is disconnected", "It tries again by itself")
    market.feed = None
    market.state = RowState(RowStateKind.NO_DATA, "no feed", (), "No feed has this instrument", None)
    assert absent(market).cause == "No feed has this instrument"


def test_a_closed_market_without_a_book_says_so(market: DepthMarket) -> None:
    market.state = RowState(RowStateKind.CLOSED, "closed 4 Sep", (), "The market is closed", 9.0)
    assert absent(market) == Absent("The market is closed, and no depth came", "The book fills when the market opens.")


def test_a_book_that_a_quote_contradicts_is_not_shown(market: DepthMarket) -> None:
    market.book()
    newer = Quote(key="INFY", stamp=NOW_NS // SECOND + 2, bid=1361.0, bid_size=1.0, ask=1362.0, ask_size=1.0)
    market.rig.hub.publish(FEED, [newer])
    assert absent(market).cause == "The book of 14:41:07 IST holds no longer"


def test_an_empty_book_is_a_book(market: DepthMarket) -> None:
    market.rig.hub.publish(FEED, [Depth(key="INFY", stamp=NOW_NS // SECOND)])
    view = book(market)
    assert (len(view.rows), view.largest, view.balance.words) == (5, 0.0, "Nothing is offered on either side")


def test_the_copied_text_has_plain_figures(market: DepthMarket) -> None:
    market.book()
    market.totals(610.0, 390.0)
    assert book_as_text(book(market), "Asia/Kolkata").splitlines() == [
        "INFY NSE EQ INR, depth of 2025-09-04T14:41:07+05:30, Kite, 14:41:07 IST, Live",
        "Orders\tSize\tBid\tAsk\tSize\tOrders",
        "3\t75\t1362.4\t1362.5\t40\t2",
        "1\t1250\t1362.35\t1362.55\t90\t",
        "180\t182500\t1362.3\t\t\t",
        "\t610\t\t\t390\t\tTotal of all orders",
    ]
