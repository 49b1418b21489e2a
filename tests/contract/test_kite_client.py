"""Client side of Kite's ticker: requests, modes, limits, confirmation, and the address of the upgrade."""

from __future__ import annotations

import json

import pytest

from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.protocols.base import (
    Authenticated,
    AuthenticationFailed,
    Channel,
    Confirmed,
    Connected,
    ConnectionLimit,
    Refused,
    Released,
    Topic,
    Unconfirmed,
)
from marketwatch.protocols.kite.address import (
    connection_url,
    normalise_url,
    split_credentials,
    upgrade_headers,
    upgrade_refusal,
)
from marketwatch.protocols.kite.client import EXPIRED, KiteClient
from marketwatch.protocols.kite.packets import FullPacket, LtpPacket, encode, frame


def opened() -> KiteClient:
    client = KiteClient()
    client.connection_made(100.0)
    assert client.take_control() == [Connected(), Authenticated()]
    return client


def sent(client: KiteClient) -> list[tuple[str, object]]:
    requests = [json.loads(message) for message in client.data_to_send()]
    return [(request["a"], request["v"]) for request in requests]


def topics(*texts: str) -> list[Topic]:
    pairs = [text.partition(".") for text in texts]
    return [Topic(Channel(channel), key) for channel, _, key in pairs]


def test_wishes_from_before_the_connection_are_asked_for_with_numbers() -> None:
    client = KiteClient()
    client.subscribe(topics("T.408065", "Q.408065", "LTP.884737", "DAY.738561"), 99.0)
    assert client.data_to_send() == []
    client.connection_made(100.0)
    assert client.data_to_send() == [
        '{"a":"subscribe","v":[408065,884737,738561]}',
        '{"a":"mode","v":["full",[408065]]}',
        '{"a":"mode","v":["ltp",[884737]]}',
    ]


def test_the_mode_follows_the_channels_wanted() -> None:
    client = opened()
    client.subscribe(topics("LTP.408065"), 100.0)
    assert sent(client) == [("subscribe", [408065]), ("mode", ["ltp", [408065]])]
    client.subscribe(topics("DAY.408065"), 100.0)
    assert sent(client) == [("mode", ["quote", [408065]])]
    client.subscribe(topics("DEPTH.408065", "T.408065"), 100.0)
    assert sent(client) == [("mode", ["full", [408065]])]
    client.subscribe(topics("Q.408065"), 100.0)
    assert sent(client) == []
    client.unsubscribe(topics("DEPTH.408065", "Q.408065", "T.408065"), 100.0)
    assert sent(client) == [("mode", ["quote", [408065]])]
    client.unsubscribe(topics("DAY.408065"), 100.0)
    assert sent(client) == [("mode", ["ltp", [408065]])]
    client.unsubscribe(topics("LTP.408065", "LTP.1"), 100.0)
    assert sent(client) == [("unsubscribe", [408065])]
    assert client.take_control() == [
        Released(topic) for topic in topics("DEPTH.408065", "Q.408065", "T.408065", "DAY.408065", "LTP.408065")
    ]
    assert client.next_deadline() is None


@pytest.mark.parametrize("key", ["INFY", "*", "0", "-5", "4294967296", "0408065", "40.8", "", "٣"])
def test_keys_that_are_no_token_are_refused(key: str) -> None:
    client = opened()
    topic = Topic(Channel.TRADES, key)
    client.subscribe([topic], 100.0)
    assert client.take_control() == [Refused(topic, "Kite wants an instrument token, a number")]
    assert client.data_to_send() == []


def test_channels_that_kite_has_not_are_refused() -> None:
    client = opened()
    (bars,) = topics("AM.408065")
    client.subscribe([bars], 100.0)
    assert client.take_control() == [Refused(bars, "Kite does not send this kind of data")]
    assert client.data_to_send() == []


def test_requests_are_sent_in_pieces_of_two_hundred() -> None:
    client = opened()
    client.subscribe([Topic(Channel.LAST_PRICE, str(token)) for token in range(1, 502)], 100.0)
    requests = sent(client)
    subscribed = [tokens for action, tokens in requests if action == "subscribe"]
    modes = [value for action, value in requests if action == "mode"]
    assert subscribed == [list(range(1, 201)), list(range(201, 401)), list(range(401, 502))]
    assert modes == [["ltp", list(range(1, 201))], ["ltp", list(range(201, 401))], ["ltp", list(range(401, 502))]]


def test_the_3001st_instrument_waits_until_there_is_room() -> None:
    client = opened()
    client.subscribe([Topic(Channel.DAY_FIGURES, str(token)) for token in range(1, 3_001)], 100.0)
    assert client.take_control() == []
    client.data_to_send()
    over = topics("DAY.9001", "DAY.9002")
    client.subscribe(over, 101.0)
    reason = "Kite allows 3000 instruments on one connection"
    assert client.take_control() == [Refused(topic, reason) for topic in over]
    assert sent(client) == []
    client.unsubscribe(topics("DAY.7"), 102.0)
    assert sent(client) == [("unsubscribe", [7]), ("subscribe", [9001])]
    client.take_control()
    client.unsubscribe(topics("DAY.9002"), 102.0)
    client.unsubscribe(topics("DAY.8"), 102.0)
    assert sent(client) == [("unsubscribe", [8])]


def test_silence_is_reported_and_a_late_packet_still_confirms() -> None:
    client = opened()
    (topic,) = topics("T.408065")
    client.subscribe([topic], 100.0)
    assert client.next_deadline() == 110.0
    client.deadline_passed(109.9)
    assert client.take_control() == []
    client.deadline_passed(110.0)
    assert client.take_control() == [Unconfirmed(topic)]
    assert client.next_deadline() is None
    client.receive(frame([encode(LtpPacket(408065, 100))]), 120.0)
    assert client.take_control() == [Confirmed(topic)]
    client.subscribe([topic], 121.0)
    assert client.next_deadline() is None


def full(token: int) -> bytes:
    book = (5, 157_340, 1, *(0,) * 12, 172, 157_370, 3, *(0,) * 12)
    return frame([encode(FullPacket(token, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, book))])


def test_what_its_packets_hold_already_is_confirmed_at_once() -> None:
    client = opened()
    trades, depth, quotes = topics("T.408065", "DEPTH.408065", "Q.408065")
    client.subscribe([trades], 100.0)
    sent(client)
    client.receive(full(408065), 101.0)
    assert client.take_control() == [Confirmed(trades)]
    client.subscribe([depth], 102.0)
    assert (sent(client), client.take_control()) == ([], [Confirmed(depth)])
    assert client.next_deadline() is None
    client.unsubscribe([depth], 103.0)
    client.subscribe([depth, quotes], 104.0)
    assert client.take_control() == [Released(depth), Confirmed(depth), Confirmed(quotes)]


def test_a_lower_mode_and_an_end_make_it_wait_for_packets_again() -> None:
    client = opened()
    (last, depth) = topics("LTP.408065", "DEPTH.408065")
    client.subscribe([last, depth], 100.0)
    client.receive(full(408065), 101.0)
    client.unsubscribe([depth], 102.0)
    client.receive(full(408065), 102.1)  # was on its way already
    client.take_control()
    client.subscribe([depth], 103.0)
    assert client.take_control() == []
    client.receive(full(408065), 104.0)
    assert client.take_control() == [Confirmed(depth)]
    client.unsubscribe([last, depth], 105.0)
    client.subscribe(topics("LTP.9"), 105.0)
    client.receive(full(408065), 105.1)
    client.take_control()
    client.subscribe([depth], 106.0)
    assert client.take_control() == []
    client.deadline_passed(116.0)
    assert client.take_control() == [Unconfirmed(Topic(Channel.LAST_PRICE, "9")), Unconfirmed(depth)]


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("wss://ws.kite.trade", "wss://ws.kite.trade"),
        (" WSS://ws.kite.trade/ ", "wss://ws.kite.trade"),
        ("ws://127.0.0.1:8765/kite", "ws://127.0.0.1:8765/kite"),
    ],
)
def test_addresses(typed: str, used: str) -> None:
    assert normalise_url(typed) == used


@pytest.mark.parametrize("typed", ["", "ws.kite.trade", "https://ws.kite.trade", "wss://a?api_key=canary", "wss://u@h"])
def test_unusable_addresses_are_refused(typed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        normalise_url(typed)
    assert "canary" not in str(caught.value)


def test_credentials_travel_in_the_query_and_nowhere_else() -> None:
    key = Secret("apikey:canary+/= &%")
    url = connection_url("wss://ws.kite.trade", key)
    assert url.reveal() == "wss://ws.kite.trade?api_key=apikey&access_token=canary%2B%2F%3D%20%26%25"
    assert f"{url} {url!r} {key} {key!r}" == "*** *** *** ***"
    assert upgrade_headers(key) == {"X-Kite-Version": "3"}
    api_key, access_token = split_credentials(key)
    assert (api_key, access_token.reveal()) == ("apikey", "canary+/= &%")
    assert connection_url("ws://localhost:1", None).reveal() == "ws://localhost:1"


@pytest.mark.parametrize("half", ["apikey", "apikey:", ":token"])
def test_half_a_credential_is_refused(half: str) -> None:
    with pytest.raises(ConfigurationError, match="both the API key and the day's access token"):
        connection_url("wss://ws.kite.trade", Secret(half))


def test_19_and_20_refused_upgrades() -> None:
    page = b"<html><body>403 Forbidden</body></html>"
    expired = b'{"status":"error","message":"Incorrect `access_token`.","error_type":"TokenException"}'
    assert upgrade_refusal(403, page) == AuthenticationFailed(EXPIRED, is_session_over=True)
    said = AuthenticationFailed(f"{EXPIRED} (Incorrect `access_token`.)", is_session_over=True)
    assert upgrade_refusal(403, expired) == said
    unknown = b'{"status":"error","message":"Invalid `api_key`.","error_type":"InputException"}'
    assert upgrade_refusal(403, unknown) == AuthenticationFailed("Kite does not know the API key (Invalid `api_key`.)")
    plan = b'{"status":"error","message":"No market data in this plan","error_type":"PermissionException"}'
    assert upgrade_refusal(403, plan) == Refused(None, "No market data in this plan", entitlement=True)
    limit = upgrade_refusal(429, b"")
    assert limit == ConnectionLimit("Kite allows three connections for one API key")
    assert upgrade_refusal(400, b"") == Refused(None, "Kite does not understand the connection's address")
    assert upgrade_refusal(502, page) is None
