"""Every kind of feed against the server side of its own protocol: what is sent arrives, what is refused is said."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest
from contract.test_kite_side import SBIN_TOKEN
from fake_time import until
from integration.kind_servers import kind_server
from kind_sides import ACCESS_TOKEN, API_KEY, RIGHT_KEY, side_of
from program_rig import Ended, bid_and_ask, files_below, keep_lists, program, rows_of, warnings_in
from side_talk import price_of
from supervisor_rig import Rig, until_confirmed, until_state

from marketwatch.domain.events import MarketEvent, Quote, VendorBar
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.feeds.status import FeedState
from marketwatch.protocols.kite.rest import build_error
from marketwatch.runtime.redaction import Redactor

KITE_KEY = Secret(RIGHT_KEY)
CANARIES = (API_KEY, ACCESS_TOKEN)
ENVIRONMENT = {"KITE_API_KEY": API_KEY, "KITE_ACCESS_TOKEN": ACCESS_TOKEN}
ENDED = (FeedState.REFUSED, FeedState.SIGNED_OUT, FeedState.BACKING_OFF)
KEYLESS = [kind for kind, spec in CATALOG.items() if not spec.credential_names]


def prices(events: list[MarketEvent]) -> list[float]:
    """Return the prices that came: traded or stated, or of bars that were asked for."""
    found = [price for event in events if not isinstance(event, VendorBar) and (price := price_of(event)) is not None]
    return found or [event.close for event in events if isinstance(event, VendorBar)]


def kite_rig(rig: Rig) -> Rig:
    rig.key = KITE_KEY
    return rig


@pytest.mark.parametrize("kind", list(CATALOG))
async def test_what_the_server_sends_arrives_and_what_is_asked_is_confirmed(kind: FeedKind, rig: Rig) -> None:
    spec, sample = CATALOG[kind], side_of(kind).sample
    rig.key = Secret(RIGHT_KEY) if spec.credential_names else None
    topics = [f"{channel.value}.{sample.key}" for channel in spec.default_channels]
    async with kind_server(kind) as server:
        supervisor = rig.supervisor(spec.normalise_url(server.url), *topics, spec=spec)
        await until_confirmed(supervisor, *topics)
        await until(lambda: prices(rig.events) == [sample.price])
        quotes = [(event.bid, event.ask) for event in rig.events if isinstance(event, Quote)]
        assert quotes == ([] if sample.quote is None else [sample.quote])
        assert {event.key for event in rig.events} == {sample.key}
        status, difference = supervisor.status(), supervisor.difference()
        assert (status.state, status.subscriptions, status.invalid_count) == (FeedState.LIVE, len(topics), 0)
        assert not difference.missing
    assert rig.failures == []


@pytest.mark.parametrize("kind", [FeedKind.POLYGON_LOCAL, FeedKind.ODIN])
async def test_no_two_connections_share_a_name(kind: FeedKind, rig: Rig) -> None:
    key, spec = side_of(kind).sample.key, CATALOG[kind]
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


async def test_a_refused_token_of_kite_waits_for_the_sign_in(rig: Rig) -> None:
    rig.key = Secret(f"{API_KEY}:yesterdays-token")
    async with kind_server(FeedKind.KITE) as server:
        supervisor = rig.supervisor(server.url, f"T.{SBIN_TOKEN}", spec=CATALOG[FeedKind.KITE])
        await until_state(supervisor, FeedState.SIGNED_OUT)
        status = supervisor.status()
        assert "log in to Kite again" in status.reason
        assert "Incorrect `api_key` or `access_token`." in status.reason
        assert (status.next_step, status.signed_out_since) == ("Sign in for today", "")
        supervisor.reconnect()
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
        assert (
            supervisor.status().next_step
            == "Enter the key in Settings > Feeds, or set KITE_API_KEY and KITE_ACCESS_TOKEN"
        )


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


async def test_the_silence_of_kite_is_noticed_after_seconds(rig: Rig) -> None:
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
        rig.surroundings = msgspec.structs.replace(rig.surroundings, redact=redactor.redact)
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
            await until(lambda: rig.supervisors[-1].status().state in ENDED)
            said += [refused, refused.status()]
        far = rig.supervisor("ws://192.0.2.1:9/", f"T.{SBIN_TOKEN}", spec=spec)
        await until_state(far, FeedState.REFUSED)
        assert "unencrypted" in far.status().reason
        said += [far.status(), served, served.status(), rig.statuses, rig.notices, rig.failures, rig.events]
        said += [served.last_invalid, spec]
    assert server.count == 5
    told = "\n".join([*map(repr, said), redactor.redact(caplog.text)])
    assert [canary for canary in CANARIES if canary in told] == []
    assert [record.getMessage() for record in caplog.records if f"?api_key={API_KEY}" in record.getMessage()] == []


def watching(kind: FeedKind, url: str, symbols: str) -> tuple[str, ...]:
    return ("--feed", kind.value, "--url", url, "--watch", symbols, "--size", "1600x1000")


async def test_a_number_of_the_exchange_and_a_symbol_are_watched_at_kite(tmp_path: Path) -> None:
    await keep_lists(tmp_path, bid_and_ask("Watched"))
    async with (
        kind_server(FeedKind.KITE) as server,
        program(tmp_path, *watching(FeedKind.KITE, server.url, "3045,RELIANCE"), environment=ENVIRONMENT) as running,
    ):
        await running.ready()
        report = await running.report_when(lambda report: rows_of(report)["SBIN"]["Last"] == "807.75")
        assert [rows_of(report)["SBIN"][column] for column in ("Bid", "Ask")] == ["807.70", "807.80"]
        assert rows_of(report)["SBIN"]["Volume"] == "80.53\u202fL"
        (feed,) = report["feeds"]
        assert (feed["state"], feed["label"], feed["invalid_count"]) == ("live", "Kite", 0)
        assert feed["subscriptions"] == 2
        assert feed["difference"]["missing"] == ["Q.738561", "T.738561"]
        ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert warnings_in(running.profile) == []
    assert_keys_are_nowhere(tmp_path, ended)


async def test_a_refused_token_is_said_in_the_rows_and_its_value_nowhere(tmp_path: Path) -> None:
    async with kind_server(FeedKind.KITE) as server:
        server.refusal = (403, build_error(f"Incorrect {API_KEY} or {ACCESS_TOKEN}", "TokenException"))
        given = watching(FeedKind.KITE, server.url, "SBIN")
        async with program(tmp_path, *given, environment=ENVIRONMENT) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["feeds"][0]["state"] == "signed out")
            assert "log in to Kite again" in report["feeds"][0]["reason"]
            assert "Incorrect *** or ***" in report["feeds"][0]["reason"]
            ended = await running.quit()
        assert server.count == 1
    assert ended.code == 0
    assert_keys_are_nowhere(tmp_path, ended)


@pytest.mark.parametrize("kind", KEYLESS)
async def test_a_server_without_keys_is_watched_without_one(kind: FeedKind, tmp_path: Path) -> None:
    sample = side_of(kind).sample
    bid, ask = ("—", "—") if sample.quote is None else (f"{price:.2f}" for price in sample.quote)
    shown = (f"{sample.price:.2f}", bid, ask, sample.volume)
    await keep_lists(tmp_path, bid_and_ask("Watched"))
    async with kind_server(kind) as server, program(tmp_path, *watching(kind, server.url, sample.symbol)) as running:
        await running.ready()
        report = await running.report_when(
            lambda report: (
                tuple(rows_of(report)[sample.symbol][column] for column in ("Last", "Bid", "Ask", "Volume")) == shown
            )
        )
        (feed,) = report["feeds"]
        assert (feed["state"], feed["subscriptions"]) == ("live", len(CATALOG[kind].default_channels))
        assert (feed["difference"]["missing"], feed["invalid_count"]) == ([], 0)
        assert not any("key" in notice for notice in report["notices"])
        ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert warnings_in(running.profile) == []


def assert_keys_are_nowhere(folder: Path, ended: Ended) -> None:
    files = files_below(folder)
    assert any(path.name.endswith(".log") for path in files)
    for canary in CANARIES:
        assert canary not in ended.out + ended.err
        assert [path.name for path in files if canary.encode() in path.read_bytes()] == []
