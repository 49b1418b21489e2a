"""Server side of Odin Streamer: the guide's frames, and its promises kept (protocols/odin.md 2-6, 9)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from odin_rig import STAMP_MS, topic

from marketwatch.domain.events import PriceValue
from marketwatch.domain.ids import Venue
from marketwatch.protocols.base import Confirmed, Control, Refused
from marketwatch.protocols.odin.client import OdinClient
from marketwatch.protocols.odin.encoding import Figures, market_data, periodic
from marketwatch.protocols.odin.listings import Listing, ListingTable
from marketwatch.protocols.odin.server import KEPT_MS, TAKEN_OVER, ClientBook, Market, OdinServer
from marketwatch.protocols.odin.tokens import POPULAR
from marketwatch.protocols.serving import ClientSubscribed, ClientUnsubscribed, CloseConnection

NSE, BSE = Venue("NSE"), Venue("BSE")
SBIN = Listing("SBIN", "3045", NSE)
ACC = Listing("ACC", "500410", BSE)
TABLE = ListingTable([Listing("RELIANCE", "500325", BSE), *POPULAR, ACC, Listing("OTHER", "2885", BSE)])
MARKET = Market(is_open=lambda _: True, next_open_ms=lambda now_ms: now_ms + 86_400_000)


class Clock:
    def __init__(self) -> None:
        self.now_ms = STAMP_MS

    def __call__(self) -> int:
        return self.now_ms


def connect(book: ClientBook | None = None, clock: Clock | None = None, client_id: str = "me") -> OdinServer:
    server = OdinServer(client_id, TABLE, book or ClientBook(), MARKET, clock or Clock())
    server.connection_made()
    return server


def said(server: OdinServer) -> list[dict[str, Any]]:
    return [json.loads(data) for data in server.data_to_send()]


def ask(server: OdinServer, action: str, *stocks: object) -> dict[str, Any]:
    """Make one request and return the answer."""
    server.data_to_send()
    request = {"type": "request", "action": action, **({"stocks": list(stocks)} if stocks else {})}
    server.receive(json.dumps(request))
    (answer,) = said(server)
    return answer


def test_the_greeting() -> None:
    (greeting,) = said(connect())
    data = greeting.pop("data")
    assert greeting == {"type": "welcome", "status": "connected", "client_id": "me", "timestamp": STAMP_MS}
    assert data["subscribed_stocks"] == 0
    assert data["market_open"] is True
    assert (data["current_time"], data["market_hours"]) == ("13:09:50", "09:15 - 15:30 IST")
    assert "subscription_restore" in data["features"]


def test_subscribing_by_symbol_token_and_number() -> None:
    server = connect()
    answer = ask(server, "subscribe", " sbin ", "2885", 11536, "NOSUCH", "", "99999")
    assert answer["type"], answer["status"] == ("subscription_response", "success")
    assert answer["data"] == {
        "action": "subscribe",
        "subscribed_stocks": ["SBIN", "RELIANCE (NSE)", "TCS (NSE)"],
        "failed_stocks": ["NOSUCH", "99999"],
        "total_subscribed": 3,
    }
    assert server.take_events() == [ClientSubscribed((topic("NSE:SBIN"), topic("NSE:RELIANCE"), topic("NSE:TCS")))]
    assert server.wants(SBIN)
    assert not server.wants(ACC)
    assert ask(server, "subscribe", "3045")["data"]["total_subscribed"] == 3
    assert server.take_events() == []


def test_a_share_of_both_exchanges_is_known_at_the_nse() -> None:
    assert TABLE.find("RELIANCE") == Listing("RELIANCE", "2885", NSE)
    assert TABLE.find("2885") == Listing("RELIANCE", "2885", NSE)
    assert TABLE.find("500325") is None
    assert TABLE.find("500410") == ACC


def test_unsubscribing_leaves_out_what_was_not_held() -> None:
    server = connect()
    ask(server, "subscribe", "SBIN", "TCS")
    server.take_events()
    answer = ask(server, "unsubscribe", "3045", "INFY", "NOSUCH")
    assert answer["data"] == {"action": "unsubscribe", "unsubscribed_stocks": ["SBIN (NSE)"], "total_subscribed": 1}
    assert server.take_events() == [ClientUnsubscribed((topic("NSE:SBIN"),))]


def test_the_other_answers() -> None:
    server = connect()
    ask(server, "subscribe", "SBIN", "ACC")
    listed = ask(server, "get_subscriptions")["data"]
    assert listed == {
        "subscribed_tokens": ["3045", "500410"],
        "subscribed_symbols": ["SBIN", "ACC"],
        "total_subscribed": 2,
    }
    assert ask(server, "ping") == {"type": "pong", "status": "alive", "client_id": "me", "timestamp": STAMP_MS}
    assert ask(server, "market_status")["data"] == {
        "market_open": True,
        "market_hours": "09:15 - 15:30 IST",
        "current_time": "13:09:50",
        "next_open": "2025-09-05 13:09:50",
        "streaming_data": True,
    }
    server.market_changed(False)
    (told,) = said(server)
    assert told == {
        "type": "market_closed",
        "status": "info",
        "message": "Market is now closed - data streaming stopped",
        "data": {"market_open": False, "current_time": "13:09:50"},
        "timestamp": STAMP_MS,
    }


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ('{"action":"subscribe"}', "No stocks provided for subscription"),
        ('{"action":"subscribe","tokens":["1"]}', "No stocks provided for subscription"),
        ('{"action":"unsubscribe","stocks":[" "]}', "No stocks provided for unsubscription"),
        ('{"action":"foo"}', "Unknown action: foo"),
        ("{}", "Unknown action: "),
        ('{"action":"subscribe","stocks":"SBIN"}', "Invalid request: action and a list of stocks are expected"),
        ("[", "Invalid request: action and a list of stocks are expected"),
        (b"\xff", "Invalid request: action and a list of stocks are expected"),
    ],
)
def test_bad_requests_are_answered_and_the_connection_stays(request_: str | bytes, text: str) -> None:
    server = connect()
    server.data_to_send()
    server.receive(request_)
    (error,) = said(server)
    assert (error["type"], error["status"], error["message"]) == ("error", "error", text)
    assert server.take_events() == []


# --- client ids -----------------------------------------------------------------------------------------------


def test_subscriptions_are_kept_for_a_day() -> None:
    book, clock = ClientBook(), Clock()
    first = connect(book, clock)
    ask(first, "subscribe", "SBIN")
    first.connection_lost()
    clock.now_ms += KEPT_MS
    second = connect(book, clock)
    assert said(second)[0]["data"]["subscribed_stocks"] == 1
    assert second.take_events() == [ClientSubscribed((topic("NSE:SBIN"),))]
    assert ask(second, "get_subscriptions")["data"]["subscribed_tokens"] == ["3045"]
    second.connection_lost()
    clock.now_ms += KEPT_MS + 1
    assert said(connect(book, clock))[0]["data"]["subscribed_stocks"] == 0


def test_the_newest_connection_wins_and_keeps_what_it_took_over() -> None:
    book = ClientBook()
    old = connect(book)
    ask(old, "subscribe", "SBIN")
    old.take_events()
    new = connect(book)
    (closing,) = old.take_events()
    assert isinstance(closing, CloseConnection)
    assert closing.code == TAKEN_OVER
    old.receive('{"action":"ping"}')
    assert old.data_to_send() == []
    old.connection_lost()  # its clean-up comes last, and spoils nothing
    assert new.wants(SBIN)
    third = connect(book, client_id="somebody else")
    assert not third.wants(SBIN)
    assert [type(event) for event in connect(book).take_events()] == [ClientSubscribed]


def test_our_client_takes_a_restored_session_and_drops_what_it_does_not_want() -> None:
    book = ClientBook()
    first = connect(book)
    ask(first, "subscribe", "SBIN", "INFY")
    first.connection_lost()
    server, client = connect(book), OdinClient()
    client.connection_made(0.0)
    client.subscribe([topic("NSE:SBIN"), topic("NSE:#2885"), topic("NSE:NOSUCH")], 0.0)
    control: list[Control] = []
    for _ in range(4):
        for data in server.data_to_send():
            client.receive(data, 0.1)
        control += client.take_control()
        for sent in client.data_to_send():
            server.receive(sent)
    assert control[2:] == [
        Confirmed(topic("NSE:SBIN")),
        Confirmed(topic("NSE:#2885")),
        Refused(topic("NSE:NOSUCH"), "the server does not know it"),
    ]
    assert sorted(server.held) == ["2885", "3045"]


# --- data -----------------------------------------------------------------------------------------------------


def test_a_frame_is_written_as_in_the_guide() -> None:
    figures = Figures(
        last_price=807.75,
        stamp_ms=STAMP_MS,
        day_open=811.0,
        day_high=813.0,
        day_low=806.0,
        prev_close=811.95,
        volume=8053013,
        high_52w=912.0,
        high_52w_on="2025-09-04",
    )
    written = json.loads(market_data(SBIN, figures, STAMP_MS + 1_453))
    data = written.pop("data")
    named = {"symbol": "SBIN", "token": "3045", "exchange": "NSE"}
    assert written == {"type": "market_data", **named, "timestamp": STAMP_MS + 1_453}
    assert data == {
        **named,
        "ltp": 807.75,
        "open": 811.0,
        "high": 813.0,
        "low": 806.0,
        "close": 811.95,
        "prev_close": 811.95,
        "percent_change": pytest.approx(-0.5172732311102957, abs=1e-12),
        "volume": 8053013,
        "avg_volume_5d": 8053013,
        "week_52_high": 912.0,
        "week_52_low": 0.0,
        "week_52_high_date": "2025-09-04",
        "week_52_low_date": "",
        "day_high": 813.0,
        "day_low": 806.0,
        "timestamp": STAMP_MS,
        "last_updated": "2025-09-04T13:09:51.651+05:30",
        "is_new_week_52_high": False,
        "is_new_week_52_low": False,
    }


def test_signs_are_escaped_and_lines_ended_as_the_go_server_does() -> None:
    written = market_data(Listing("M&M", "2031", NSE), Figures(last_price=1.5, stamp_ms=STAMP_MS), STAMP_MS)
    assert b'"symbol":"M\\u0026M"' in written
    assert written.endswith(b"}\n")
    events = OdinClient().receive(written, 0.0)
    assert events == [PriceValue(key="NSE:M&M", stamp=STAMP_MS, value=1.5)]


def test_the_frame_of_every_two_minutes() -> None:
    figures = Figures(last_price=1372.6, stamp_ms=STAMP_MS, high_52w=1551.0, low_52w=1115.55, volume=5)
    written = json.loads(periodic(Listing("RELIANCE", "2885", NSE), figures, STAMP_MS))
    assert written["type"] == "periodic_52week_data"
    data = written["data"]
    assert (data["week_52_high"], data["day_high"], data["day_low"]) == (1551.0, 1551.0, 1115.55)
    assert (data["ltp"], data["last_close"], data["volume"], data["percent_change"]) == (1372.6, 1372.6, 0, 0.0)
