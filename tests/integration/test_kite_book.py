"""The book that Kite's packets carry: through the supervisor into the hub, and in the window of the program."""

from __future__ import annotations

from pathlib import Path

from contract.test_kite_side import SBIN_ASKS, SBIN_BIDS, SBIN_TOKEN
from fake_time import until
from hub_rig import FEED, StandingClock
from integration.kind_servers import kind_server
from kind_sides import ACCESS_TOKEN, API_KEY, INDIAN_MS
from program_rig import program, rows_of, with_prelude
from supervisor_rig import Rig, until_confirmed

from marketwatch.domain.ids import CASH, InstrumentId, Venue
from marketwatch.domain.instrument import Instrument
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import CATALOG, FeedKind
from marketwatch.services.market_hub import FeedFacts, FeedNature, MarketHub

ENVIRONMENT = {"KITE_API_KEY": API_KEY, "KITE_ACCESS_TOKEN": ACCESS_TOKEN}
SBIN = Instrument(id=InstrumentId(Venue("NSE"), CASH, "SBIN"), currency="INR")
QUOTED_NS = INDIAN_MS // 1000 * 10**9

DEPTH_IN_FRONT = with_prelude("""
from marketwatch.app.screen import Screen
build = Screen.build_depth
def build_in_front(self):
    build(self)
    self.window.show_panel("depth", is_shown=True)
Screen.build_depth = build_in_front
""")


async def test_the_book_arrives_with_its_sums_and_its_time(rig: Rig) -> None:
    hub = MarketHub(rig.time)
    hub.add_feed(
        FeedFacts(id=FEED, label="Kite", nature=FeedNature.LIVE, market_clock=StandingClock(INDIAN_MS * 10**6))
    )
    row = hub.track(SBIN, FEED, SBIN_TOKEN)
    rig.sink = lambda events: hub.publish(FEED, events)
    rig.key = Secret(f"{API_KEY}:{ACCESS_TOKEN}")
    async with kind_server(FeedKind.KITE) as server:
        topics = [f"{channel}.{SBIN_TOKEN}" for channel in ("T", "Q", "DEPTH")]
        supervisor = rig.supervisor(server.url, *topics, spec=CATALOG[FeedKind.KITE])
        await until_confirmed(supervisor, *topics)
        await until(lambda: row.depth is not None)
    assert row.depth is not None
    assert [(level.price, level.size, level.orders) for level in row.depth.bids] == list(SBIN_BIDS)
    assert [(level.price, level.size, level.orders) for level in row.depth.asks] == list(SBIN_ASKS)
    assert (row.depth_ns, row.depth_feed_id, row.quote_ns) == (QUOTED_NS, FEED, QUOTED_NS)
    assert (row.bid, row.bid_size, row.ask, row.ask_size) == (807.7, 50.0, 807.8, 75.0)
    assert (row.total_bid_size, row.total_ask_size) == (1_234_567.0, 411_522.0)
    assert row.open_interest is None  # a share has none, whatever number stands in its packet


async def test_the_panel_shows_the_book_and_its_depth_is_asked_for(tmp_path: Path) -> None:
    async with kind_server(FeedKind.KITE) as server:
        given = ("--feed", "kite", "--url", server.url, "--watch", "SBIN", "--size", "1600x1000")
        async with program(tmp_path, *given, code=DEPTH_IN_FRONT, environment=ENVIRONMENT) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["depth"]["levels"])
            depth = report["depth"]
            assert depth["id"] == "NSE:EQ:SBIN"
            bids = [level["bid"] for level in depth["levels"]]
            asks = [level["ask"] for level in depth["levels"]]
            assert [(one["price"], one["size"], one["orders"]) for one in bids] == list(SBIN_BIDS)
            assert [(one["price"], one["size"], one["orders"]) for one in asks[:3]] == list(SBIN_ASKS)
            assert asks[3:] == [None, None]
            assert depth["balance"]["words"] == "75% bid, 25% asked: more bid than asked"
            assert depth["balance"]["basis"] == "all orders"
            assert depth["source"].startswith("Kite, 4 Sep 13:09:50 IST")
            assert not depth["is_live"]  # it is of last year
            report = await running.report_when(
                lambda report: f"DEPTH.{SBIN_TOKEN}" in report["feeds"][0]["difference"]["confirmed"]
            )
            difference = report["feeds"][0]["difference"]
            assert (
                difference["wanted"]
                == difference["confirmed"]
                == [f"{one}.{SBIN_TOKEN}" for one in ("DEPTH", "Q", "T")]
            )
            assert difference["missing"] == difference["surplus"] == difference["refused"] == []
            (row,) = report["watchlist"]["rows"]
            assert (row["id"], row["source"], row["delay_s"]) == ("NSE:EQ:SBIN", "Kite", 0.0)
            assert rows_of(report)["SBIN"]["Last"] == "807.75"
            assert row["state"]
            assert row["explanation"]
            subscription = row["subscription"]
            assert (subscription["feed_id"], subscription["key"]) == ("kite", SBIN_TOKEN)
            assert subscription["confirmed"]
            assert subscription["first_event"]
            assert subscription["refused_reason"] is None
            assert subscription["asked_ns"] > 0
            ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})


async def test_a_feed_without_depth_is_named_by_the_panel_and_asked_for_none(tmp_path: Path) -> None:
    async with kind_server(FeedKind.ODIN) as server:
        given = ("--feed", "odin", "--url", server.url, "--watch", "SBIN", "--size", "1600x1000")
        async with program(tmp_path, *given, code=DEPTH_IN_FRONT) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["depth"]["absent"])
            assert report["depth"]["absent"]["cause"] == "Odin Streamer sends no depth"
            report = await running.report_when(lambda report: report["feeds"][0]["difference"]["confirmed"])
            assert report["feeds"][0]["difference"]["wanted"] == ["T.NSE:SBIN"]
            await running.quit()


async def test_depth_that_nobody_sees_is_not_asked_for(tmp_path: Path) -> None:
    async with kind_server(FeedKind.KITE) as server:
        given = ("--feed", "kite", "--url", server.url, "--watch", "SBIN", "--size", "1600x1000")
        async with program(tmp_path, *given, environment=ENVIRONMENT) as running:
            await running.ready()
            report = await running.report_when(lambda report: len(report["feeds"][0]["difference"]["confirmed"]) == 2)
            assert report["depth"] is None
            assert report["feeds"][0]["difference"]["wanted"] == [f"Q.{SBIN_TOKEN}", f"T.{SBIN_TOKEN}"]
            await running.quit()
