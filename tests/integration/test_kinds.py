"""Every kind of feed against the server side of its own protocol: what is sent arrives, what is refused is said."""

from __future__ import annotations

import logging

import pytest
from fake_time import until
from integration.kind_servers import ACCESS_TOKEN, API_KEY, SBIN_TOKEN, KindServer, kind_server
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.domain.events import MarketEvent, PriceValue, Quote, TradeTick
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.protocols.kite.rest import build_error
from marketwatch.runtime.redaction import Redactor

KITE_KEY = Secret(f"{API_KEY}:{ACCESS_TOKEN}")
CANARIES = (API_KEY, ACCESS_TOKEN)
CASES = {
    FeedKind.POLYGON_LOCAL: ("AAPL", ("T", "Q"), 190.55, (190.54, 190.57)),
    FeedKind.ODIN: ("NSE:SBIN", ("T",), 807.75, None),
    FeedKind.STREAM_SERVICE: ("SBIN", ("T",), 807.75, None),
    FeedKind.KITE: (SBIN_TOKEN, ("T", "Q"), 807.75, (807.7, 807.8)),
}


def prices(events: list[MarketEvent]) -> list[float]:
    """Return the prices that came, traded or stated."""
    return [
        event.price if isinstance(event, TradeTick) else event.value
        for event in events
        if isinstance(event, TradeTick | PriceValue)
    ]


def kite_rig(rig: Rig) -> Rig:
    rig.key = KITE_KEY
    return rig


def test_every_kind_has_a_case() -> None:
    assert set(CASES) == set(FeedKind) - {FeedKind.MASSIVE}  # which has tests of its own


@pytest.mark.parametrize("kind", list(CASES))
async def test_what_the_server_sends_arrives_and_what_is_asked_is_confirmed(kind: FeedKind, rig: Rig) -> None:
    key, channels, price, quoted = CASES[kind]
    spec = CATALOG[kind]
    assert tuple(channel.value for channel in spec.default_channels) == channels
    rig.key = KITE_KEY if spec.credential_names else None
    topics = [f"{channel}.{key}" for channel in channels]
    async with kind_server(kind) as server:
        supervisor = rig.supervisor(spec.normalise_url(server.url), *topics, spec=spec)
        await until_confirmed(supervisor, *topics)
        await until(lambda: prices(rig.events) == [price])
        quotes = [(event.bid, event.ask) for event in rig.events if isinstance(event, Quote)]
        assert quotes == ([] if quoted is None else [quoted])
        assert {event.key for event in rig.events} == {key}
        status, difference = supervisor.status(), supervisor.difference()
        assert (status.state, status.subscriptions, status.invalid_count) == (FeedState.LIVE, len(topics), 0)
        assert not difference.missing
    assert rig.failures == []


@pytest.mark.parametrize("kind", [FeedKind.POLYGON_LOCAL, FeedKind.ODIN])
async def test_no_two_connections_share_a_name(kind: FeedKind, rig: Rig) -> None:
    key, _, _, _ = CASES[kind]
    spec = CATALOG[kind]
    rig.key = None
    async with kind_server(kind) as server:
        url = spec.normalise_url(server.url)
        first = rig.supervisor(url, f"T.{key}", spec=spec)
        second = rig.supervisor(url, f"T.{key}", spec=spec)
        await until_state(first, FeedState.LIVE)
        await until_state(second, FeedState.LIVE)
        first.reconnect()
        await until(lambda: server.count == 3)
        await until_confirmed(first, f"T.{key}")
    assert len(set(server.paths)) == 3
    names = [path.removeprefix("/ws/").removeprefix("/enhanced-stream?client_id=") for path in server.paths]
    assert all(len(name) > 16 and "/" not in name and "=" not in name for name in names)


async def test_the_key_of_kite_travels_in_the_query_and_in_no_header(rig: Rig) -> None:
    async with kind_server(FeedKind.KITE) as server:
        supervisor = kite_rig(rig).supervisor(server.url, spec=CATALOG[FeedKind.KITE])
        await until_state(supervisor, FeedState.LIVE)
    assert server.paths == [f"/?api_key={API_KEY}&access_token={ACCESS_TOKEN}"]
    assert server.headers[0]["X-Kite-Version"] == "3"
    assert not any(canary in f"{server.headers[0]}" for canary in CANARIES)


async def test_a_refused_key_of_kite_stops_until_it_is_another(rig: Rig) -> None:
    rig.key = Secret(f"{API_KEY}:yesterdays-token")
    async with kind_server(FeedKind.KITE) as server:
        supervisor = rig.supervisor(server.url, f"T.{SBIN_TOKEN}", spec=CATALOG[FeedKind.KITE])
        await until_state(supervisor, FeedState.REFUSED)
        status = supervisor.status()
        assert "log in to Kite again" in status.reason
        assert "Incorrect `api_key` or `access_token`." in status.reason
        assert status.next_step == "Check the key in the settings"
        await rig.time.advance(3600.0)
        assert server.count == 1

        kite_rig(rig)
        supervisor.credentials_changed()
        await until(lambda: prices(rig.events) == [807.75])


async def test_without_a_key_the_variables_are_named(rig: Rig) -> None:
    rig.key = None
    async with kind_server(FeedKind.KITE) as server:
        supervisor = rig.supervisor(server.url, spec=CATALOG[FeedKind.KITE])
        await until_state(supervisor, FeedState.REFUSED)
        assert supervisor.status().reason == "Missing `api_key` or `access_token`."
        assert supervisor.status().next_step == "Set KITE_API_KEY and KITE_ACCESS_TOKEN"


async def test_a_connection_too_many_waits_a_minute(rig: Rig) -> None:
    async with kind_server(FeedKind.KITE) as server:
        server.refusal = (429, build_error("Too many requests", "NetworkException"))
        supervisor = kite_rig(rig).supervisor(server.url, f"T.{SBIN_TOKEN}", spec=CATALOG[FeedKind.KITE])
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().retry_in_s == pytest.approx(60.0)
        assert supervisor.status().reason == "Too many requests"
        assert "Close other programs" in supervisor.status().next_step

        server.refusal = None
        await rig.time.advance(60.0)
        await until(lambda: prices(rig.events) == [807.75])


async def test_a_server_in_trouble_is_tried_again(rig: Rig) -> None:
    async with kind_server(FeedKind.KITE) as server:
        server.refusal = (503, b"<html>down</html>")
        supervisor = kite_rig(rig).supervisor(server.url, f"T.{SBIN_TOKEN}", spec=CATALOG[FeedKind.KITE])
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert supervisor.status().reason == "the server is in trouble (HTTP 503)"
        server.refusal = None
        await rig.time.advance(2.0)
        await until_confirmed(supervisor, f"T.{SBIN_TOKEN}")


async def test_an_origin_that_is_not_let_in_is_no_wrong_key(rig: Rig) -> None:
    spec = CATALOG[FeedKind.STREAM_SERVICE]
    async with kind_server(FeedKind.STREAM_SERVICE) as server:
        server.refusal = (403, b"")
        supervisor = rig.supervisor(spec.normalise_url(server.url), "T.SBIN", spec=spec)
        await until_state(supervisor, FeedState.REFUSED)
        assert "CORS_ORIGINS" in supervisor.status().reason
        assert supervisor.status().next_step == "Check the address and the server's own settings"


async def test_kite_beats_every_few_seconds_and_its_silence_is_noticed(rig: Rig) -> None:
    async with kind_server(FeedKind.KITE) as server:
        supervisor = kite_rig(rig).supervisor(server.url, f"T.{SBIN_TOKEN}", spec=CATALOG[FeedKind.KITE])
        await until(lambda: prices(rig.events) == [807.75])
        await rig.time.advance(7.0)
        assert supervisor.status().state is FeedState.STALE
        await rig.time.advance(3.0)
        await until_state(supervisor, FeedState.BACKING_OFF)
        assert server.count == 1


async def test_the_key_is_told_to_nobody_but_the_server(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[object] = []
    async with kind_server(FeedKind.KITE) as server:
        spec, where = CATALOG[FeedKind.KITE], server.url
        redactor = Redactor()
        for canary in CANARIES:
            redactor.register(Secret(canary))
        rig.surroundings = _with_redaction(rig, redactor)
        served = kite_rig(rig).supervisor(where, f"T.{SBIN_TOKEN}", spec=spec)
        await until(lambda: prices(rig.events) == [807.75])
        for refusal in (
            (403, build_error(f"Incorrect {API_KEY} or {ACCESS_TOKEN}", "TokenException")),
            (400, build_error(f"bad ?access_token={ACCESS_TOKEN}", "InputException")),
            (429, build_error(f"too many of {API_KEY}", "NetworkException")),
            (404, f"/?api_key={API_KEY}".encode()),
        ):
            server.refusal = refusal
            refused = rig.supervisor(where, f"T.{SBIN_TOKEN}", spec=spec)
            await until(lambda one=refused: one.status().state in (FeedState.REFUSED, FeedState.BACKING_OFF))  # type: ignore[misc]
            said += [refused, refused.status()]
        far = rig.supervisor("ws://192.0.2.1:9/", f"T.{SBIN_TOKEN}", spec=spec)
        await until_state(far, FeedState.REFUSED)
        assert "unencrypted" in far.status().reason
        said += [far.status(), served, served.status(), rig.statuses, rig.notices, rig.failures, rig.events]
        said += [served.last_invalid, spec]
    assert server.count == 5
    told = "\n".join([*map(repr, said), *map(redactor.redact, [caplog.text])])
    assert [canary for canary in CANARIES if canary in told] == []
    assert [record.getMessage() for record in caplog.records if f"?api_key={API_KEY}" in record.getMessage()] == []


def _with_redaction(rig: Rig, redactor: Redactor):  # type: ignore[no-untyped-def]
    import msgspec

    return msgspec.structs.replace(rig.surroundings, redact=redactor.redact)
