"""Properties of the Odin protocol that hold for any input."""

from __future__ import annotations

import json

import any_events
from any_events import check_possible
from hypothesis import given, settings
from hypothesis import strategies as st
from odin_rig import STAMP_MS, greeted, topic

from marketwatch.domain.events import PriceValue, TradeTick, YearStatistics
from marketwatch.domain.ids import Venue
from marketwatch.protocols.odin.client import OdinClient
from marketwatch.protocols.odin.encoding import Figures, market_data, periodic
from marketwatch.protocols.odin.listings import Listing, ListingTable
from marketwatch.protocols.odin.server import ClientBook, Market, OdinServer

json_values = any_events.json_values("SBIN", "3045")
data_fields = st.sampled_from(
    [
        "ltp",
        "open",
        "high",
        "low",
        "close",
        "prev_close",
        "volume",
        "week_52_high",
        "week_52_low",
        "timestamp",
        "last_updated",
        "symbol",
        "token",
        "exchange",
        "is_new_week_52_high",
        "last_close",
        "action",
        "subscribed_stocks",
        "failed_stocks",
        "unsubscribed_stocks",
        "subscribed_tokens",
        "market_open",
        "features",
    ]
)
messages = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "market_data",
                "periodic_52week_data",
                "welcome",
                "subscription_response",
                "subscriptions",
                "market_status",
                "market_opened",
                "pong",
                "error",
                "other",
            ]
        ),
        "data": st.dictionaries(data_fields, json_values, max_size=8) | json_values,
    },
    optional={"symbol": json_values, "token": json_values, "exchange": json_values, "timestamp": json_values},
)
money = st.floats(0.05, 1e6).map(lambda price: round(price, 2))


@given(st.one_of(st.binary(max_size=200), st.lists(messages, max_size=5).map(lambda m: json.dumps(m).encode())))
@settings(max_examples=400, deadline=None)
def test_no_bytes_make_the_client_raise_or_give_impossible_values(data: bytes) -> None:
    client = greeted("NSE:SBIN", "NSE:#3045", "BSE:#500112")
    for event in client.receive(data, 1.0):
        assert ":" in event.key
        check_possible(event)
    client.unsubscribe([topic("NSE:SBIN")], 2.0)
    client.take_control()
    client.data_to_send()


@given(st.one_of(st.binary(max_size=200), st.text(max_size=100), json_values.map(json.dumps), messages.map(json.dumps)))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_server_raise(data: bytes | str) -> None:
    table = ListingTable([Listing("SBIN", "3045", Venue("NSE"))])
    market = Market(is_open=lambda _: True, next_open_ms=lambda now_ms: now_ms)
    server = OdinServer("me", table, ClientBook(), market, lambda: STAMP_MS)
    server.connection_made()
    server.receive(data)
    assert all(json.loads(sent)["timestamp"] == STAMP_MS for sent in server.data_to_send())


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    low, first, last, high = sorted(draw(st.lists(money, min_size=4, max_size=4)))
    return Figures(
        last_price=draw(st.sampled_from([first, last])),
        stamp_ms=STAMP_MS + draw(st.integers(0, 10**9)),
        day_open=draw(st.none() | st.just(first)),
        day_high=draw(st.none() | st.just(high)),
        day_low=draw(st.none() | st.just(low)),
        prev_close=draw(st.none() | money),
        volume=draw(st.integers(0, 2**40)),
        high_52w=draw(st.none() | st.just(high * 2)),
        low_52w=draw(st.none() | st.just(low / 2)),
        is_new_high_52w=draw(st.booleans()),
    )


listings = st.builds(
    Listing,
    symbol=st.from_regex(r"[A-Z][A-Z0-9&-]{0,12}", fullmatch=True),
    token=st.from_regex(r"[1-9][0-9]{0,6}", fullmatch=True),
    venue=st.sampled_from([Venue("NSE"), Venue("BSE")]),
)


@given(listings, figures())
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_back(listing: Listing, sent: Figures) -> None:
    client = greeted()
    key = f"{listing.venue}:{listing.symbol}"
    *stated, price = client.receive(market_data(listing, sent, sent.stamp_ms + 5), 1.0)
    assert client.take_control() == []
    assert price == PriceValue(key=key, stamp=sent.stamp_ms, value=sent.last_price)
    for came in stated:
        assert isinstance(came, YearStatistics)
        assert (came.key, came.prev_close, came.day_open) == (key, sent.prev_close, sent.day_open)
        assert (came.day_high, came.day_low, came.day_volume) == (sent.day_high, sent.day_low, sent.volume or None)
        assert (came.high_52w, came.low_52w) == (sent.high_52w, sent.low_52w)
        assert came.is_new_high_52w is sent.is_new_high_52w
    known = (sent.prev_close, sent.day_open, sent.day_high, sent.day_low, sent.volume, sent.high_52w, sent.low_52w)
    assert bool(stated) is (any(known) or sent.is_new_high_52w)


@given(listings, figures())
@settings(max_examples=100, deadline=None)
def test_a_periodic_frame_never_says_a_price_a_volume_or_a_range(listing: Listing, sent: Figures) -> None:
    client = greeted()
    for came in client.receive(periodic(listing, sent, sent.stamp_ms + 5), 1.0):
        assert isinstance(came, YearStatistics)
        assert (came.high_52w, came.low_52w, came.last_close) == (sent.high_52w, sent.low_52w, sent.last_price)
        assert (came.prev_close, came.day_open, came.day_high, came.day_low) == (None, None, None, None)
        assert (came.day_volume, came.last_price) == (None, None)


KEYS = ["NSE:SBIN", "NSE:#3045", "BSE:SBIN", "BSE:#3045", "NSE:M&M", "NSE:#2031", "NSE:NOSUCH", "NSE:#9", "BSE:ACC"]
MARKET = Market(is_open=lambda _: True, next_open_ms=lambda now_ms: now_ms)
steps = st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from(KEYS), min_size=1), st.booleans()), max_size=12)


def talk(client: OdinClient, server: OdinServer) -> dict[str, str]:
    """Carry messages to and fro until both are silent; return the last control of each key."""
    phases: dict[str, str] = {}
    for _ in range(50):
        came = server.data_to_send()
        for data in came:
            client.receive(data, 1.0)
        told = [(getattr(control, "topic", None), type(control).__name__) for control in client.take_control()]
        phases.update({topic_.key: name for topic_, name in told if topic_ is not None})
        sent = client.data_to_send()
        for request in sent:
            server.receive(request)
        if not came and not sent:
            return phases
    raise AssertionError("client and server talk for ever")


@given(steps, st.booleans())
@settings(max_examples=300, deadline=None)
def test_client_and_server_agree_about_what_is_wanted(
    steps: list[tuple[bool, set[str], bool]], comes_back: bool
) -> None:
    table = ListingTable(
        [
            Listing("SBIN", "3045", Venue("NSE")),
            Listing("M&M", "2031", Venue("NSE")),
            Listing("ACC", "500410", Venue("BSE")),
        ]
    )
    book = ClientBook()
    if comes_back:
        before = OdinServer("me", table, book, MARKET, lambda: STAMP_MS)
        before.connection_made()
        before.receive('{"action":"subscribe","stocks":["ACC","3045"]}')
        before.connection_lost()
    server, client = OdinServer("me", table, book, MARKET, lambda: STAMP_MS), OdinClient()
    client.connection_made(0.0)
    server.connection_made()
    wanted: set[str] = set()
    phases: dict[str, str] = {}
    for is_subscription, keys, moves in [*steps, (True, {"NSE:SBIN"}, True)]:
        change = client.subscribe if is_subscription else client.unsubscribe
        change([topic(key) for key in sorted(keys)], 1.0)
        wanted = wanted | keys if is_subscription else wanted - keys
        phases.update(talk(client, server) if moves else {})
    known = {"NSE:SBIN": "3045", "NSE:#3045": "3045", "NSE:M&M": "2031", "NSE:#2031": "2031", "BSE:ACC": "500410"}
    assert {known[key] for key in wanted if key in known} <= set(server.held)
    assert {key: phases[key] for key in wanted & known.keys()} == dict.fromkeys(wanted & known.keys(), "Confirmed")
    unknown = wanted & {"NSE:NOSUCH", "NSE:#9", "BSE:#3045"}
    assert {key: phases[key] for key in unknown} == dict.fromkeys(unknown, "Refused")


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_sizes_of_trades_add_up_to_the_volume(steps: list[int]) -> None:
    client = greeted()
    listing = Listing("SBIN", "3045", Venue("NSE"))
    volume, traded, stated = 0, 0.0, 0.0
    for number, step in enumerate(steps):
        volume += step
        sent = Figures(last_price=100.0, stamp_ms=STAMP_MS + number, volume=volume)
        for event in client.receive(market_data(listing, sent, sent.stamp_ms), 1.0):
            traded += event.size if isinstance(event, TradeTick) else 0.0
            stated += (event.day_volume or 0.0) if isinstance(event, YearStatistics) else 0.0
    assert stated + traded == volume
