"""Client side of the Massive protocol: handshake, dialects, subscriptions, failures."""

from __future__ import annotations

import json

import pytest

from marketwatch.domain.events import DayStatistics, TradeTick
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, ProtocolError
from marketwatch.protocols.base import (
    Authenticated,
    AuthenticationFailed,
    Channel,
    Confirmed,
    Connected,
    ConnectionLimit,
    Notice,
    Refused,
    Released,
    ServerClosing,
    Topic,
    Unconfirmed,
)
from marketwatch.protocols.massive.address import normalise_url, upgrade_headers
from marketwatch.protocols.massive.client import MassiveClient
from marketwatch.protocols.massive.duplicates import RepeatFilter
from marketwatch.protocols.massive.messages import WireTrade

KEY = "pk_canary_8f21"


def status(word: str, message: str = "") -> bytes:
    return json.dumps([{"ev": "status", "status": word, "message": message}]).encode()


def topics(*names: str) -> list[Topic]:
    pairs = [name.partition(".") for name in names]
    return [Topic(Channel(channel), key) for channel, _, key in pairs]


def opened(dialect: str = "auto") -> MassiveClient:
    client = MassiveClient(Secret(KEY), dialect)  # type: ignore[arg-type]
    client.connection_made(100.0)
    return client


def ready() -> MassiveClient:
    client = opened()
    client.receive(status("connected", "Connected Successfully"), 100.0)
    client.receive(status("auth_success", "authenticated"), 100.0)
    client.take_control()
    client.data_to_send()
    return client


def sent(client: MassiveClient) -> list[tuple[str, object]]:
    requests = [json.loads(message) for message in client.data_to_send()]
    return [(request["action"], request.get("params", request.get("tickers"))) for request in requests]


@pytest.mark.parametrize(
    ("greeting", "welcome"),
    [
        (("connected", "Connected Successfully"), ("auth_success", "authenticated")),
        (("success", "Connected Successfully"), ("success", "authenticated")),
        (("success", ""), ("success", "")),
    ],
)
def test_handshake_of_both_generations(greeting: tuple[str, str], welcome: tuple[str, str]) -> None:
    client = opened()
    client.subscribe(topics("T.AAPL", "Q.AAPL", "AM.MSFT"), 100.0)
    assert client.data_to_send() == []
    client.receive(status(*greeting), 100.1)
    assert client.take_control() == [Connected()]
    assert sent(client) == [("auth", KEY)]
    client.receive(status(*welcome), 100.2)
    assert client.take_control() == [Authenticated()]
    assert sent(client) == [("subscribe", "T.AAPL,Q.AAPL,AM.MSFT")]
    assert client.dialect == "native"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("auth_failed", "authentication failed"),
        ("auth_failed", "Your plan doesn't include websocket access. Visit https://polygon.io/pricing to upgrade."),
        ("error", "authentication failed"),
        ("error", "not authorized"),
    ],
)
def test_refused_key(word: str, message: str) -> None:
    client = opened()
    client.receive(status("connected"), 100.0)
    client.take_control()
    client.receive(status(word, message), 100.0)
    assert client.take_control() == [AuthenticationFailed(message)]
    assert client.next_deadline() is None
    client.data_to_send()
    client.subscribe(topics("T.AAPL"), 101.0)
    assert client.data_to_send() == []


@pytest.mark.parametrize(
    ("word", "message", "control"),
    [
        ("auth_timeout", "No authentication request received.", ServerClosing("No authentication request received.")),
        ("slow_consumer", "", ServerClosing("slow_consumer", slow_consumer=True)),
        ("force_disconnect", "maintenance", ServerClosing("maintenance")),
        ("max_connections", "Maximum number of connections exceeded. ", None),
    ],
)
def test_server_ends_the_connection(word: str, message: str, control: ServerClosing | None) -> None:
    client = ready()
    client.receive(status(word, message), 101.0)
    assert client.take_control() == [control or ConnectionLimit(message.strip(), cool_down_s=60.0)]


def test_key_is_sent_again_once_when_the_server_asks() -> None:
    client = ready()
    client.subscribe(topics("T.AAPL"), 101.0)
    client.data_to_send()
    client.receive(status("auth_required", "authenticate first"), 101.0)
    assert sent(client) == [("auth", KEY)]
    client.receive(status("auth_success"), 101.0)
    assert sent(client) == [("subscribe", "T.AAPL")]
    client.receive(status("auth_required", "authenticate first"), 102.0)
    assert client.take_control()[-1] == AuthenticationFailed("authenticate first")


def test_no_greeting_and_no_answer_are_protocol_errors() -> None:
    client = opened("native")
    assert client.next_deadline() == 110.0
    with pytest.raises(ProtocolError, match="greeting"):
        client.deadline_passed(110.0)
    client = opened()
    client.receive(status("connected"), 101.0)
    assert client.next_deadline() == 111.0
    with pytest.raises(ProtocolError, match="key"):
        client.deadline_passed(111.0)


def test_acknowledgements_in_several_shapes_and_missing_ones() -> None:
    client = ready()
    client.subscribe(topics("T.A", "T.B", "Q.A", "AM.A"), 200.0)
    client.receive(status("success", "subscribed to: T.A"), 200.1)
    client.receive(status("success", "subscribed to: T.B,Q.A"), 200.2)
    assert client.take_control() == [Confirmed(topic) for topic in topics("T.A", "T.B", "Q.A")]
    assert client.next_deadline() == 210.0
    client.deadline_passed(209.9)
    assert client.take_control() == []
    client.deadline_passed(210.0)
    assert client.take_control() == [Unconfirmed(topics("AM.A")[0])]
    client.receive(status("success", "subscribed to: AM.A"), 211.0)
    assert client.take_control() == [Confirmed(topics("AM.A")[0])]


@pytest.mark.parametrize(
    ("word", "message", "is_entitlement"),
    [
        ("error", "You are not authorized to access Q.A. Upgrade your plan.", True),
        ("NOT_AUTHORIZED", "Q.A", True),
        ("error", "Invalid subscription: Q.A", False),
    ],
)
def test_refused_subscription_is_found_by_its_text(word: str, message: str, is_entitlement: bool) -> None:
    client = ready()
    client.subscribe(topics("T.A", "Q.A"), 200.0)
    client.receive(status(word, message), 200.0)
    assert client.take_control() == [Refused(topics("Q.A")[0], message, is_entitlement)]
    client.deadline_passed(210.0)
    assert client.take_control() == [Unconfirmed(topics("T.A")[0])]


def test_a_refusal_without_a_name_belongs_to_the_only_request_or_to_nobody() -> None:
    client = ready()
    client.subscribe(topics("Q.A"), 200.0)
    client.receive(status("error", "not authorized"), 200.0)
    assert client.take_control() == [Refused(topics("Q.A")[0], "not authorized", True)]
    client.receive(status("error", "not authorized"), 200.0)
    client.receive(status("error", "strange request"), 200.0)
    assert client.take_control() == [Refused(None, "not authorized", True), Notice("strange request")]


def test_wildcards_cover_their_channel_only() -> None:
    client = ready()
    client.subscribe(topics("T.AAPL", "AM.AAPL"), 200.0)
    client.subscribe(topics("A.*", "T.*"), 200.0)
    assert sent(client) == [("subscribe", "T.AAPL,AM.AAPL"), ("subscribe", "A.*,T.*")]
    client.receive(status("success", "subscribed to: T.*"), 200.0)
    assert client.take_control() == [Confirmed(topic) for topic in topics("T.*", "T.AAPL")]
    client.subscribe(topics("T.MSFT"), 201.0)
    assert client.data_to_send() == []
    assert client.take_control() == [Confirmed(topics("T.MSFT")[0])]
    client.unsubscribe(topics("T.AAPL"), 202.0)
    assert client.data_to_send() == []
    assert client.take_control() == [Released(topics("T.AAPL")[0])]
    client.unsubscribe(topics("T.*"), 203.0)
    assert sent(client) == [("unsubscribe", "T.*"), ("subscribe", "T.MSFT")]
    client.receive(status("success", "unsubscribed to: T.*"), 203.0)
    assert client.take_control() == [Released(topics("T.*")[0])]


def test_long_lists_are_sent_in_pieces() -> None:
    client = ready()
    wanted = topics(*(f"T.SYM{n:04}" for n in range(3_000)))
    client.subscribe(wanted, 200.0)
    requests = sent(client)
    assert len(requests) > 1
    assert all(len(str(params)) <= 4_000 for _, params in requests)
    assert ",".join(str(params) for _, params in requests).split(",") == [str(topic) for topic in wanted]


def test_silence_falls_back_to_the_simple_dialect() -> None:
    client = opened()
    client.subscribe(topics("T.AAPL", "T.MSFT", "Q.AAPL"), 100.0)
    assert client.next_deadline() == 102.0
    client.deadline_passed(101.9)
    assert client.data_to_send() == []
    client.deadline_passed(102.0)
    assert sent(client) == [("subscribe", ["AAPL", "MSFT"])]
    trades, quotes = topics("T.AAPL", "T.MSFT"), topics("Q.AAPL")
    refusal = Refused(quotes[0], "this server sends prices of trades only")
    assert client.take_control() == [Connected(), Authenticated(), *map(Confirmed, trades), refusal]
    client.receive(status("connected"), 103.0)
    assert all("params" not in str(message) for message in client.data_to_send())
    assert client.take_control() == [Notice("The server greeted late. Choose the native dialect for it.")]
    client.unsubscribe(topics("T.MSFT"), 104.0)
    assert sent(client) == [("unsubscribe", ["MSFT"])]
    assert client.take_control() == [Released(topics("T.MSFT")[0])]


def test_a_late_greeting_wins_while_nothing_was_asked() -> None:
    client = opened()
    client.deadline_passed(102.0)
    client.receive(status("connected"), 103.0)
    assert sent(client) == [("auth", KEY)]
    assert client.dialect == "native"


def test_a_bare_simple_object_shows_the_dialect_at_once() -> None:
    client = opened()
    client.subscribe(topics("T.AAPL"), 100.0)
    frame = b'{"ticker":"AAPL","price":150.25,"volume":1000000,"timestamp":"2024-01-01T10:00:00Z","exchange":"NASDAQ"}'
    statistics, trade = client.receive(frame, 100.1)
    assert client.dialect == "simple"
    assert sent(client) == [("subscribe", ["AAPL"])]
    assert isinstance(statistics, DayStatistics)
    assert statistics.day_volume == 1_000_000.0
    assert trade == TradeTick(key="AAPL", stamp=1_704_103_200_000_000_000, price=150.25, size=0.0)


def simple_sizes(*volumes: object) -> list[tuple[str, float]]:
    client = opened("simple")
    seen: list[tuple[str, float]] = []
    for volume in volumes:
        frame = json.dumps([{"ticker": "A", "price": "2.5", "volume": volume, "timestamp": "2024-01-02T10:00:00"}])
        for event in client.receive(frame.encode(), 101.0):
            if isinstance(event, TradeTick):
                seen.append(("size", event.size))
            elif isinstance(event, DayStatistics):
                seen.append(("day", event.day_volume or 0.0))
    return seen


def test_simple_volume_that_never_decreases_is_of_the_day() -> None:
    assert simple_sizes(1000, 1100, 1100, "1250") == [
        ("day", 1000.0),
        ("size", 0.0),
        ("size", 100.0),
        ("size", 0.0),
        ("size", 150.0),
    ]


def test_simple_volume_that_decreases_is_a_size_and_the_day_is_restated() -> None:
    assert simple_sizes(100, 300, 50, 400, None)[-5:] == [
        ("size", 200.0),
        ("day", 400.0),
        ("size", 50.0),
        ("size", 400.0),
        ("size", 0.0),
    ]


def numbered(sequence: int, stamp: int, key: str = "A") -> WireTrade:
    return WireTrade(key=key, price=1.0, size=1.0, sequence=sequence, stamp=stamp)


def test_repeats_are_dropped_and_late_or_restarted_numbers_are_not() -> None:
    keeps = RepeatFilter()
    burst = [numbered(1, 10), numbered(2, 10), numbered(5, 11)]
    assert keeps.without_repeats(burst) is burst
    assert keeps.without_repeats([numbered(1, 10), numbered(2, 10), numbered(6, 12)]) == [numbered(6, 12)]
    late = [numbered(4, 11), numbered(4, 11), numbered(4, 11, key="B")]
    assert keeps.without_repeats(late) == [numbered(4, 11), numbered(4, 11, key="B")]
    restarted = [numbered(1, 99), numbered(2, 99)]
    assert keeps.without_repeats(restarted) == restarted
    assert keeps.without_repeats([numbered(2, 99), numbered(3, 99)]) == [numbered(3, 99)]
    unnumbered = [WireTrade(key="A", price=1.0, size=1.0), WireTrade(key="A", price=1.0, size=1.0)]
    assert keeps.without_repeats(unnumbered) is unnumbered


@pytest.mark.parametrize("aside", ["", ',{"ev":"status","status":"success","message":"subscribed to: T.A"}'])
def test_what_the_server_sends_again_comes_out_once(aside: str) -> None:
    """Frames of data alone take the fast way; those with a status among them the lenient one."""
    client = opened()
    first, second = (f'{{"ev":"T","sym":"A","p":{number},"s":1,"t":1751050800000,"q":{number}}}' for number in (5, 6))
    frames = [f"[{first}{aside}]", f"[{first},{second}{aside}]", f"[{second},{first}{aside}]"]
    came = [client.receive(frame.encode(), 101.0) for frame in frames]
    assert [[event.price for event in events if isinstance(event, WireTrade)] for events in came] == [[5.0], [6.0], []]


def test_memory_of_repeats_is_bounded() -> None:
    keeps = RepeatFilter(remembered=10)
    for number in range(100):
        keeps.without_repeats([numbered(number, number)])
        keeps.without_repeats([numbered(number, number)])
    kept = sum(len(frame) for frame in keeps._frames)
    assert kept <= 10
    assert len(keeps._recent) + len(keeps._older) <= 22
    assert keeps.without_repeats([numbered(99, 99)]) == []


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("wss://socket.massive.com", "wss://socket.massive.com/stocks"),
        ("wss://socket.massive.com/", "wss://socket.massive.com/stocks"),
        ("WSS://socket.polygon.io/options", "wss://socket.polygon.io/options"),
        (" ws://127.0.0.1:8765/stocks ", "ws://127.0.0.1:8765/stocks"),
        ("ws://[::1]:9000", "ws://[::1]:9000/stocks"),
    ],
)
def test_addresses_are_completed(typed: str, used: str) -> None:
    assert normalise_url(typed) == used


@pytest.mark.parametrize(
    "typed", ["", "socket.massive.com", "https://x/stocks", "ws:///a", "ws://u:p@h/", "ws://h/?k=1"]
)
def test_unusable_addresses_are_refused(typed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        normalise_url(typed)
    assert "u:p" not in str(caught.value)


def test_bearer_header() -> None:
    assert upgrade_headers(Secret(KEY)) == {"Authorization": f"Bearer {KEY}"}
    assert upgrade_headers(None) == {}
