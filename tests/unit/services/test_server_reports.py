"""The store of reports keeps the newest of each kind and tells who listens, even when one of them fails."""

from __future__ import annotations

from decimal import Decimal

from marketwatch.domain.events import AnalysisReport, ServerAlert, ServerPosition, TradeTick
from marketwatch.domain.ids import CASH, FeedId, InstrumentId, Venue
from marketwatch.services.server_alerts import PriceThen
from marketwatch.services.server_reports import ServerReports

FEED, OTHER = FeedId("stream"), FeedId("other")
SBIN, TCS = (InstrumentId(Venue("NSE"), CASH, symbol) for symbol in ("SBIN", "TCS"))


def store() -> ServerReports:
    return ServerReports(lambda one: PriceThen(807.75, "Feed"))


def test_the_newest_analysis_per_instrument_and_feed_is_kept() -> None:
    reports, told = store(), []
    reports.analysis_changed.append(told.append)
    for feed, rsi, now_ns in ((FEED, 40.0, 1), (FEED, 41.0, 2), (OTHER, 60.0, 3)):
        reports.take(feed, SBIN, [AnalysisReport(key="SBIN", rsi=rsi)], connection=1, now_ns=now_ns)
    assert [(one.feed_id, one.report.rsi, one.received_ns) for one in reports.analyses(SBIN)] == [
        (FEED, 41.0, 2),
        (OTHER, 60.0, 3),
    ]
    assert reports.analyses(TCS) == []
    assert told == [SBIN, SBIN, SBIN]


def test_a_position_remembers_the_price_that_was_known_here() -> None:
    reports = store()
    reports.take(FEED, SBIN, [ServerPosition(key="SBIN", quantity=Decimal(10))], connection=1, now_ns=7)
    (stated,) = reports.positions()
    assert (stated.here, stated.received_ns, stated.is_empty) == (PriceThen(807.75, "Feed"), 7, False)


def test_an_empty_position_is_known_as_such() -> None:
    reports = store()
    reports.take(FEED, SBIN, [ServerPosition(key="SBIN")], connection=1, now_ns=7)
    assert [stated.is_empty for stated in reports.positions()] == [True]


def test_what_is_no_report_is_not_taken() -> None:
    reports = store()
    reports.take(FEED, SBIN, [TradeTick(key="SBIN", price=1.0, size=1.0)], connection=1, now_ns=7)
    assert (reports.analyses(SBIN), reports.positions(), list(reports.alerts)) == ([], [], [])


def test_a_listener_that_fails_keeps_no_firing_from_the_others() -> None:
    reports, heard = store(), []

    def fail(_deed: object) -> None:
        raise RuntimeError("a bug")

    reports.fired.extend((fail, heard.append))
    for is_triggered in (False, True):
        state = ServerAlert(
            key="SBIN", group="price", condition="price_above", threshold=1.0, is_triggered=is_triggered
        )
        reports.take(FEED, SBIN, [state], connection=1, now_ns=7)
    assert len(heard) == 1


def test_an_instrument_not_watched_any_more_has_no_figures() -> None:
    reports = store()
    for instrument in (SBIN, TCS):
        events = [AnalysisReport(key="x", rsi=40.0), ServerPosition(key="x", quantity=Decimal(1))]
        reports.take(FEED, instrument, events, connection=1, now_ns=7)
    reports.unwatch(FEED, SBIN)
    assert reports.analyses(SBIN) == []
    assert [stated.instrument_id for stated in reports.positions()] == [TCS]
    reports.forget(FEED)
    assert reports.positions() == []
