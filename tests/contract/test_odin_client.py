"""Conduct of the Odin client: greeting, subscriptions by symbol and token, identity, silence (protocols/odin.md)."""

from __future__ import annotations

import pytest
from odin_rig import (
    STAMP_MS,
    controls,
    frame,
    greeted,
    message,
    prices,
    requests,
    response,
    statistics,
    topic,
    welcome,
)

from marketwatch.domain.events import PriceValue, TradeTick
from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.errors import ConfigurationError, ProtocolError, RateLimited
from marketwatch.protocols.base import (
    Authenticated,
    Channel,
    Confirmed,
    Connected,
    Control,
    Notice,
    Refused,
    Released,
    Topic,
    Unconfirmed,
)
from marketwatch.protocols.odin.address import connection_url, normalise_url
from marketwatch.protocols.odin.client import OdinClient
from marketwatch.protocols.odin.keys import exchange_token, feed_key, instrument_of
from marketwatch.protocols.odin.tokens import GUIDE_MISTAKES, POPULAR

RELIANCE = InstrumentId(Venue("NSE"), CASH, "RELIANCE")


# --- greeting -------------------------------------------------------------------------------------------------


def test_everything_wanted_is_asked_for_after_every_greeting() -> None:
    client = OdinClient()
    client.connection_made(0.0)
    client.subscribe([topic("NSE:SBIN"), topic("NSE:#2885")], 0.0)
    assert client.data_to_send() == []
    client.receive(welcome(), 1.0)
    assert client.take_control() == [Connected(), Authenticated()]
    assert requests(client) == [("subscribe", ["SBIN", "2885"])]


def test_a_request_names_stocks_as_texts_in_portions() -> None:
    client = greeted()
    client.subscribe([topic(f"NSE:#{number}") for number in range(1, 451)], 0.0)
    sent = requests(client)
    assert [len(stocks or ()) for _, stocks in sent] == [200, 200, 50]
    assert all(isinstance(stock, str) for _, stocks in sent for stock in stocks or ())


def test_a_server_that_says_nothing_for_ten_seconds_is_given_up() -> None:
    client = OdinClient()
    client.connection_made(0.0)
    assert client.next_deadline() == 10.0
    with pytest.raises(ProtocolError, match="no greeting"):
        client.deadline_passed(10.0)


def test_a_server_that_talks_without_greeting_is_served_after_ten_seconds() -> None:
    client = OdinClient()
    client.connection_made(0.0)
    client.subscribe([topic("NSE:SBIN")], 0.0)
    client.receive(message("pong"), 1.0)
    client.deadline_passed(10.0)
    assert requests(client) == [("subscribe", ["SBIN"])]


# --- subscriptions --------------------------------------------------------------------------------------------


def test_symbols_and_tokens_are_confirmed_by_their_own_forms() -> None:
    client = greeted("NSE:SBIN", "NSE:#2885")
    client.receive(response(["SBIN", "RELIANCE (NSE)"]), 0.1)
    assert client.take_control() == [Confirmed(topic("NSE:SBIN")), Confirmed(topic("NSE:#2885"))]
    assert client.next_deadline() == 25.0


def test_failed_stocks_are_refused_with_the_reason_there_is() -> None:
    client = greeted("NSE:SBIN", "NSE:NOSUCH", "NSE:GONE", "NSE:SHUT", "NSE:#9")
    failed = ["NOSUCH", "GONE: delisted in 2020", {"symbol": "SHUT", "reason": "suspended"}, "9"]
    client.receive(response(["SBIN"], failed), 0.1)
    assert client.take_control() == [
        Confirmed(topic("NSE:SBIN")),
        Refused(topic("NSE:NOSUCH"), "the server does not know it"),
        Refused(topic("NSE:GONE"), "delisted in 2020"),
        Refused(topic("NSE:SHUT"), "suspended"),
        Refused(topic("NSE:#9"), "the server does not know it"),
    ]


def test_a_token_that_the_server_passes_over_is_refused() -> None:
    client = greeted("NSE:SBIN", "NSE:#99999")
    client.receive(response(["SBIN"]), 0.1)
    assert controls(client, Refused) == [
        Refused(topic("NSE:#99999"), "the server passed over it without a word"),
    ]


def test_when_one_of_two_tokens_is_passed_over_the_list_of_subscriptions_tells_which() -> None:
    client = greeted("NSE:#99999", "NSE:#2885")
    client.receive(response(["RELIANCE (NSE)"]), 0.1)
    assert client.take_control() == []
    assert requests(client) == [("get_subscriptions", None)]
    client.receive(message("subscriptions", subscribed_tokens=["2885"], subscribed_symbols=["RELIANCE"]), 0.2)
    assert client.take_control() == [
        Refused(topic("NSE:#99999"), "the server does not know it"),
        Confirmed(topic("NSE:#2885")),
    ]


def test_a_request_without_an_answer_is_reported() -> None:
    client = greeted("NSE:SBIN")
    assert client.next_deadline() == 10.0
    client.deadline_passed(10.0)
    assert client.take_control() == [Unconfirmed(topic("NSE:SBIN"))]


def test_answers_find_their_requests_by_content() -> None:
    client = greeted("NSE:SBIN")
    client.subscribe([topic("NSE:TCS")], 0.0)
    client.receive(response([], ["TCS"]), 0.1)
    assert client.take_control() == [Refused(topic("NSE:TCS"), "the server does not know it")]
    client.receive(response(["SBIN"]), 0.2)
    assert client.take_control() == [Confirmed(topic("NSE:SBIN"))]


@pytest.mark.parametrize("key", ["RELIANCE", "NSE:2885", "NSE:#RELIANCE", "NSE:", "*", ":SBIN"])
def test_a_key_without_a_venue_or_a_number_without_its_mark_is_never_asked_for(key: str) -> None:
    client = greeted()
    client.subscribe([topic(key)], 0.0)
    (refused,) = controls(client, Refused)
    assert refused == Refused(topic(key), "write it like NSE:RELIANCE, or NSE:#2885 for a token")
    assert client.data_to_send() == []


def test_other_channels_are_refused() -> None:
    client = greeted()
    wanted = Topic(Channel.QUOTES, "NSE:SBIN")
    client.subscribe([wanted], 0.0)
    assert client.take_control() == [Refused(wanted, "this server sends prices of trades only")]


def test_the_end_of_a_subscription_is_released_by_its_answer() -> None:
    client = greeted("NSE:SBIN", "NSE:TCS")
    client.receive(response(["SBIN", "TCS"]), 0.1)
    client.take_control()
    client.unsubscribe([topic("NSE:SBIN")], 1.0)
    assert requests(client) == [("unsubscribe", ["SBIN"])]
    client.receive(message("subscription_response", action="unsubscribe", unsubscribed_stocks=["SBIN"]), 1.1)
    assert client.take_control() == [Released(topic("NSE:SBIN"))]
    assert client.data_to_send() == []


def test_ending_one_name_of_a_share_keeps_the_other_whose_token_is_known() -> None:
    client = greeted("NSE:SBIN", "NSE:#3045")
    client.receive(response(["SBIN", "SBIN (NSE)"]), 0.1)
    client.take_control()
    client.unsubscribe([topic("NSE:#3045")], 1.0)
    assert client.data_to_send() == []
    assert client.take_control() == [Released(topic("NSE:#3045"))]


def test_a_share_that_ended_under_one_name_is_asked_for_again_under_the_other() -> None:
    client = greeted("NSE:SBIN", "NSE:#3045")
    client.unsubscribe([topic("NSE:#3045")], 0.0)  # before any answer told that both are one share
    assert requests(client) == [("unsubscribe", ["3045"])]
    client.receive(message("subscription_response", action="unsubscribe", unsubscribed_stocks=["SBIN (NSE)"]), 0.2)
    assert requests(client) == [("subscribe", ["SBIN"])]


# --- identity -------------------------------------------------------------------------------------------------


def test_keys_and_identities_translate_into_each_other() -> None:
    assert feed_key(RELIANCE) == "NSE:RELIANCE"
    assert instrument_of("NSE:RELIANCE") == RELIANCE
    by_token = instrument_of("2885")
    assert by_token == InstrumentId(Venue("NSE"), CASH, "#2885")
    assert feed_key(by_token) == "NSE:#2885"
    assert instrument_of("BSE:#2885") == InstrumentId(Venue("BSE"), CASH, "#2885")
    assert feed_key(InstrumentId(Venue("XNAS"), CASH, "AAPL")) is None


def test_a_token_that_means_a_share_of_another_exchange_is_refused_and_given_back() -> None:
    client = greeted("NSE:#500410")
    client.receive(response(["ACC (BSE)"]), 0.1)
    assert client.take_control() == [Refused(topic("NSE:#500410"), "this server means ACC at BSE by 500410")]
    assert requests(client) == [("unsubscribe", ["500410"])]


def test_token_2885_of_two_exchanges_never_mixes() -> None:
    client = greeted("NSE:#2885", "BSE:#2885")
    client.receive(response(["RELIANCE (NSE)"]), 0.1)
    nse = client.receive(frame(symbol="RELIANCE", token="2885"), 0.2)
    bse = client.receive(frame(symbol="OTHER", token="2885", exchange="BSE", ltp=12.5, low=12.0, high=13.0), 0.3)
    assert {event.key for event in nse} == {"NSE:#2885"}
    assert {event.key for event in bse} == {"BSE:#2885"}
    assert prices(nse) == [807.75]
    assert prices(bse) == [12.5]


def test_events_come_under_every_name_that_is_wanted() -> None:
    client = greeted("NSE:SBIN", "NSE:#3045")
    events = client.receive(frame(), 0.2)
    assert [(event.key, type(event)) for event in events if not isinstance(event, TradeTick | PriceValue)] == [
        ("NSE:SBIN", type(statistics(events[:2]))),
        ("NSE:#3045", type(statistics(events[2:]))),
    ]
    assert [event.key for event in events if isinstance(event, PriceValue)] == ["NSE:SBIN", "NSE:#3045"]


def test_the_symbol_works_on_a_server_whose_token_table_is_wrong() -> None:
    client = greeted("NSE:HINDUNILVR")
    events = client.receive(frame(symbol="HINDUNILVR", token="356", ltp=2650.0, high=2700.0, low=2600.0), 0.2)
    assert {event.key for event in events} == {"NSE:HINDUNILVR"}
    assert prices(events) == [2650.0]
    assert GUIDE_MISTAKES["356"] == "HINDUNILVR"
    assert {listing.symbol: listing.token for listing in POPULAR}["HINDUNILVR"] == "1394"


def test_kites_number_counts_as_the_exchange_token_it_holds() -> None:
    assert exchange_token("738561", Venue("NSE")) == "2885"
    assert exchange_token("128083204", Venue("BSE")) == "500325"
    assert exchange_token("128083204", Venue("NSE")) == "128083204"
    client = greeted("NSE:#2885")
    client.receive(response(["RELIANCE (NSE)"]), 0.1)
    events = client.receive(frame(symbol="RELIANCE", token="738561"), 0.2)
    assert {event.key for event in events} == {"NSE:#2885"}


def test_figures_of_one_share_under_the_name_of_another_are_dropped() -> None:
    client = greeted("NSE:SBIN", "NSE:TCS")
    client.receive(frame(), 0.1)
    client.take_control()
    assert client.receive(frame(symbol="SBIN", token="11536", ltp=3100.0, high=3200.0, low=3000.0), 0.2) == []
    assert [control.reason for control in client.take_control() if hasattr(control, "reason")] == [
        "symbol and token belong to different shares"
    ]
    assert client.receive(frame(_symbol="TCS", ltp=3100.0), 0.3) == []


def test_a_symbol_that_the_server_has_at_another_exchange_is_refused_by_its_first_frame() -> None:
    client = greeted("BSE:SBIN")
    client.receive(response(["SBIN"]), 0.1)
    assert client.take_control() == [Confirmed(topic("BSE:SBIN"))]
    events = client.receive(frame(), 0.2)
    assert {event.key for event in events} == {"NSE:SBIN"}
    client.receive(frame(ltp=808.0), 0.3)
    assert client.take_control() == [Refused(topic("BSE:SBIN"), "this server has SBIN at NSE only")]


def test_of_a_symbol_wanted_at_both_exchanges_only_the_one_that_comes_is_confirmed() -> None:
    client = greeted("NSE:SBIN", "BSE:SBIN")
    client.receive(response(["SBIN"]), 0.1)
    assert set(client.take_control()) == {Confirmed(topic("NSE:SBIN")), Confirmed(topic("BSE:SBIN"))}
    assert {event.key for event in client.receive(frame(), 0.2)} == {"NSE:SBIN"}
    assert client.take_control() == [Refused(topic("BSE:SBIN"), "this server has SBIN at NSE only")]
    late = client.receive(frame(exchange="BSE", token="500112", ltp=807.0, low=805.0), 0.3)
    assert {event.key for event in late} == {"BSE:SBIN"}
    assert client.take_control() == [Confirmed(topic("BSE:SBIN"))]
    client.unsubscribe([topic("BSE:SBIN")], 0.4)
    assert (client.data_to_send(), client.take_control()) == ([], [Released(topic("BSE:SBIN"))])


# --- values ---------------------------------------------------------------------------------------------------


def test_a_frame_of_the_guides_shape() -> None:
    client = greeted("NSE:SBIN")
    events = client.receive(frame(), 0.1)
    stated = statistics(events)
    assert (stated.prev_close, stated.day_open, stated.day_high, stated.day_low) == (811.95, 811.0, 813.0, 806.0)
    assert (stated.day_volume, stated.high_52w, stated.low_52w) == (8053013.0, 912.0, 680.0)
    assert stated.event_ns == (STAMP_MS + 1) * 1_000_000
    assert events[1] == PriceValue(key="NSE:SBIN", stamp=STAMP_MS, value=807.75)
    assert len(events) == 2


def test_close_is_the_previous_close_and_zero_is_unknown() -> None:
    client = greeted("NSE:SBIN")
    stated = statistics(client.receive(frame(prev_close=0, open=0, high=0, low=0, week_52_high=0), 0.1))
    assert stated.prev_close == 811.95
    assert (stated.day_open, stated.day_high, stated.day_low, stated.high_52w) == (None, None, None, None)


def test_the_growth_of_the_days_volume_is_what_was_traded() -> None:
    client = greeted("NSE:SBIN")
    client.receive(frame(), 0.1)
    (event,) = client.receive(frame(ltp=808.0, volume=8053513, timestamp=STAMP_MS + 900), 0.2)
    assert event == TradeTick(key="NSE:SBIN", stamp=STAMP_MS + 900, price=808.0, size=500.0)
    (event,) = client.receive(frame(ltp=808.5, volume=8053513, timestamp=STAMP_MS + 950), 0.3)
    assert event == PriceValue(key="NSE:SBIN", stamp=STAMP_MS + 950, value=808.5)


def test_another_day_begins_its_volume_anew() -> None:
    client = greeted("NSE:SBIN")
    client.receive(frame(), 0.1)
    tomorrow = STAMP_MS + 72_000_000
    events = client.receive(frame(volume=9_000_000, timestamp=tomorrow, _timestamp=tomorrow), 0.2)
    assert statistics(events).day_volume == 9_000_000.0
    assert events[1] == PriceValue(key="NSE:SBIN", stamp=tomorrow, value=807.75)


# --- life and silence -----------------------------------------------------------------------------------------


def test_pings_go_out_and_two_without_any_message_end_the_connection() -> None:
    client = greeted()
    client.deadline_passed(25.0)
    assert requests(client) == [("ping", None)]
    client.receive(message("pong"), 25.1)
    client.deadline_passed(50.0)
    client.deadline_passed(75.0)
    assert [action for action, _ in requests(client)] == ["ping", "ping"]
    with pytest.raises(ProtocolError, match="no longer answers"):
        client.deadline_passed(100.0)


def test_the_state_of_the_market_is_asked_for_now_and_then() -> None:
    client = greeted(market_open=False)
    for number in range(1, 6):
        client.deadline_passed(25.0 * number)
        client.receive(message("pong"), 25.0 * number)
    assert [action for action, _ in requests(client)] == ["ping"] * 5 + ["market_status"]
    client.receive(message("market_status", market_open=True), 126.0)
    assert client.is_market_open is True


def test_silence_of_an_open_market_for_150_s_means_a_zombie() -> None:
    client = greeted("NSE:SBIN")
    client.receive(response(["SBIN"]), 0.1)
    client.receive(frame(), 10.0)
    for at in range(25, 160, 25):
        client.deadline_passed(float(at))
        client.receive(message("pong"), float(at))
    assert client.next_deadline() == 160.0
    with pytest.raises(RateLimited, match="sends no data") as caught:
        client.deadline_passed(160.0)
    assert caught.value.retry_after_s >= 1.0


def test_silence_of_a_closed_market_on_a_server_without_periodic_frames_is_no_fault() -> None:
    client = greeted("NSE:SBIN", market_open=False)
    client.receive(response(["SBIN"]), 0.1)
    for at in range(25, 1000, 25):
        client.deadline_passed(float(at))
        client.receive(message("pong"), float(at))
    assert client.next_deadline() == 1000.0


def test_periodic_frames_at_night_show_that_the_connection_is_no_zombie() -> None:
    client = greeted("NSE:SBIN", market_open=False)
    client.receive(response(["SBIN"]), 0.1)
    client.receive(frame(_type="periodic_52week_data", last_close=800.0), 100.0)
    client.deadline_passed(200.0)
    client.receive(frame(_type="periodic_52week_data", last_close=800.0), 220.0)
    client.deadline_passed(249.0)
    client.receive(message("pong"), 249.0)
    with pytest.raises(RateLimited):
        client.deadline_passed(370.0)


def test_changes_of_the_market_are_told_once() -> None:
    client = greeted()
    text = "Market is now closed - data streaming stopped"
    closed = b'{"type":"market_closed","status":"info","message":"%s","data":{"market_open":false}}' % text.encode()
    client.receive(closed, 1.0)
    assert client.take_control() == [Notice(text)]
    assert client.is_market_open is False


@pytest.mark.parametrize("error", ["No stocks provided for subscription", "Unknown action: foo", "Fehler \U0001f6ab"])
def test_errors_are_shown(error: str) -> None:
    client = greeted()
    client.receive(b'{"type":"error","status":"error","message":"%s"}' % error.encode(), 1.0)
    expected: list[Control] = [Notice(error)]
    assert client.take_control() == expected


# --- addresses ------------------------------------------------------------------------------------------------


def test_addresses() -> None:
    assert normalise_url(" WS://localhost:8080 ") == "ws://localhost:8080/enhanced-stream"
    assert normalise_url("wss://host/odin/enhanced-stream/") == "wss://host/odin/enhanced-stream"
    assert connection_url("ws://h/p", None).reveal() == "ws://h/p"
    assert connection_url("ws://h/p", None, "Büro & Co").reveal() == "ws://h/p?client_id=B%C3%BCro%20%26%20Co"
    for bad in ("localhost:8080", "http://localhost", "ws://host/?client_id=me", "ws://user@host"):
        with pytest.raises(ConfigurationError):
            normalise_url(bad)
