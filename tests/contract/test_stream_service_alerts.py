"""Alerts without ids: which are new, which have fired, and which the server has taken back."""

from __future__ import annotations

from stream_rig import STAMP_MS, frame, greeted, topic

from marketwatch.domain.events import ServerAlert
from marketwatch.protocols.base import Refused
from marketwatch.protocols.stream_service.address import endpoint_url, missing_endpoint, normalise_url
from marketwatch.protocols.stream_service.client import StreamServiceClient
from marketwatch.protocols.stream_service.endpoints import Endpoint

Told = tuple[float | None, bool, bool, bool]


def client() -> StreamServiceClient:
    return greeted("RELIANCE", endpoint=Endpoint.ALERTS)


def tell(client: StreamServiceClient, *states: tuple[float, bool], field: str = "price_alerts") -> list[Told]:
    entries = [{"type": "price_above", "threshold": threshold, "triggered": is_on} for threshold, is_on in states]
    events = client.receive(frame(**{field: entries}), 1.0)
    alerts = [event for event in events if isinstance(event, ServerAlert)]
    return [(one.threshold, one.is_triggered, one.has_fired, one.is_withdrawn) for one in alerts]


def test_the_first_list_says_what_was_before() -> None:
    assert tell(client(), (2600.0, True), (2700.0, False)) == [
        (2600.0, True, False, False),
        (2700.0, False, False, False),
    ]


def test_a_first_list_that_is_empty_says_that_what_was_before_is_gone() -> None:
    stream = client()
    assert stream.receive(frame(price_alerts=None, volume_alerts=[]), 1.0) == [
        ServerAlert(
            key="RELIANCE", stamp=STAMP_MS, origin="stream service", group="volume", condition="", is_withdrawn=True
        )
    ]
    assert tell(stream) == []
    assert tell(client(), field="price_alerts") == [(None, False, False, True)]


def test_one_that_comes_new_and_triggered_later_has_fired() -> None:
    stream = client()
    tell(stream)
    assert tell(stream, (2600.0, True)) == [(2600.0, True, True, False)]


def test_a_threshold_that_moves_with_every_price_piles_up_nothing_and_fires_on_the_edge_alone() -> None:
    stream = client()
    tell(stream, (2600.0, False))
    assert tell(stream, (2601.0, False)) == [(2600.0, False, False, True), (2601.0, False, False, False)]
    assert tell(stream, (2602.0, True)) == [(2601.0, False, False, True), (2602.0, True, True, False)]
    assert tell(stream, (2603.0, True)) == [(2602.0, True, False, True), (2603.0, True, False, False)]


def test_an_alert_taken_back_is_told_and_an_absent_list_takes_nothing_back() -> None:
    stream = client()
    tell(stream, (2600.0, False))
    assert stream.receive(frame(price_alerts=None, volume_alerts=[]), 1.0) == []
    assert tell(stream) == [(2600.0, False, False, True)]


def test_one_that_left_the_list_fired_and_comes_back_as_it_was_has_not_fired_again() -> None:
    stream = client()
    tell(stream, (2600.0, False))
    assert tell(stream, (2600.0, True)) == [(2600.0, True, True, False)]
    assert tell(stream) == [(2600.0, True, False, True)]
    assert tell(stream, (2600.0, True)) == [(2600.0, True, False, False)]
    tell(stream)
    tell(stream, (2600.0, False))
    assert tell(stream, (2600.0, True)) == [(2600.0, True, True, False)]


def test_the_same_alert_twice_in_a_list_has_fired_if_either_has() -> None:
    stream = client()
    tell(stream, (2600.0, False))
    assert tell(stream, (2600.0, True), (2600.0, False)) == [(2600.0, True, True, False)]
    assert tell(stream, (2600.0, False), (2600.0, True)) == []


def test_asked_for_again_everything_is_told_again_as_a_first_list() -> None:
    stream = client()
    tell(stream, (2600.0, False))
    stream.unsubscribe([topic("RELIANCE", Endpoint.ALERTS)], 1.0)
    assert tell(stream, (2600.0, True)) == [(2600.0, True, True, False)]  # still under way
    stream.subscribe([topic("RELIANCE", Endpoint.ALERTS)], 1.0)
    assert tell(stream, (2600.0, True)) == [(2600.0, True, False, False)]


def test_every_endpoint_of_an_address_leads_to_the_prices() -> None:
    for endpoint in Endpoint:
        main = normalise_url(f"ws://host:8081{endpoint.path}")
        assert main == "ws://host:8081/ws/stream"
        assert endpoint_url(main, endpoint) == f"ws://host:8081{endpoint.path}"
    assert normalise_url("wss://host/feed/ws/alerts/") == "wss://host/feed/ws/stream"
    assert normalise_url("ws://host/other") == "ws://host/other"


def test_an_endpoint_that_a_server_lacks_is_said_so() -> None:
    for status in (403, 404):
        assert missing_endpoint(status, b"") == Refused(None, f"this server does not offer it (HTTP {status})")
    assert missing_endpoint(503, b"") is None
