"""The whole program with a stream service: four endpoints, the firing of an alert, an endpoint that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integration.stream_stand import StreamStand, stream_stand
from program_rig import program, rows_of, warnings_in

from marketwatch.protocols.stream_service.endpoints import Endpoint


def alert(*, is_triggered: bool) -> dict[str, Any]:
    return {"price_alerts": [{"type": "price_above", "threshold": 820.0, "triggered": is_triggered}]}


async def stock(stand: StreamStand) -> None:
    await stand.say(Endpoint.MAIN, "SBIN", {"price": 807.75, "volume": 8_053_013, "change": -4.2})
    await stand.say(Endpoint.ANALYSIS, "SBIN", {"technical_indicators": {"rsi": 1750.0}, "risk_metrics": {}})
    await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=False))
    bad = {"position": {"quantity": 120, "current_value": "NaN"}, "pnl": {"unrealized": 1482.0}}
    await stand.say(Endpoint.PORTFOLIO, "SBIN", bad)


async def test_the_program_opens_all_endpoints_and_shows_what_they_say(tmp_path: Path) -> None:
    async with stream_stand() as stand:
        await stock(stand)
        given = ["--feed", "stream-service", "--url", stand.url, "--watch", "SBIN", "--size", "1600x1000"]
        async with program(tmp_path, *given) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["reports"]["positions"] == 1)
            report = await running.report_when(lambda report: report["reports"]["alerts"])
            report = await running.report_when(lambda report: report["reports"]["analyses"])
            assert rows_of(report)["SBIN"]["Last"] == "807.75"
            (analysis,) = report["reports"]["analyses"]["NSE:EQ:SBIN"]
            assert analysis["rsi"] is None
            assert analysis["invalid"] == [{"name": "rsi", "sent": "1750", "reason": "it lies outside 0 to 100"}]
            assert report["reports"]["invalid_positions"] == 1
            assert [feed["label"] for feed in report["feeds"]] == ["Stream service"]
            await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=True))
            report = await running.report_when(lambda report: report["reports"]["cards"] == 1)
            assert [(one["deed"], one["is_acknowledged"]) for one in report["reports"]["log"]] == [("fired", False)]
            await stand.drop(Endpoint.ALERTS)
            report = await running.report_when(lambda report: report["reports"]["log"][-1]["deed"] == "sees again")
            report = await running.report_when(lambda report: report["reports"]["streams"][1]["confirmed"] == 1)
            assert [one["deed"] for one in report["reports"]["log"]] == ["fired", "blind", "sees again"]
            assert report["failures"] == {}
            ended = await running.quit(5.0)
    assert ended.code == 0
    assert warnings_in(running.profile) == []
    assert "482" not in str(ended.report["reports"])  # a support report holds no holdings


async def test_a_server_with_prices_alone_is_no_fault(tmp_path: Path) -> None:
    async with stream_stand() as stand:
        await stock(stand)
        stand.offered = {Endpoint.MAIN}
        stand.refusal = 403
        async with program(tmp_path, "--feed", "stream-service", "--url", stand.url, "--watch", "SBIN") as running:
            await running.ready()
            report = await running.report_when(
                lambda report: [one["is_missing"] for one in report["reports"]["streams"]] == [True, True, True]
            )
            report = await running.report_when(lambda report: rows_of(report)["SBIN"]["Last"] == "807.75")
            assert (report["notices"], report["failures"]) == ([], {})
            assert report["feeds"][0]["state"] == "live"
            await running.quit(5.0)
    assert warnings_in(running.profile) == []


async def test_what_fired_while_the_program_was_off_is_told_by_one_run_and_by_no_other(tmp_path: Path) -> None:
    async with stream_stand() as stand:
        await stock(stand)
        await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=True))
        given = ["--feed", "stream-service", "--url", stand.url, "--watch", "SBIN", "--size", "1600x1000"]
        told = []
        for _ in range(2):
            async with program(tmp_path, *given) as running:
                await running.ready()
                report = await running.report_when(lambda report: report["reports"]["log"])
                await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=True))
                report = await running.report_when(lambda report: report["watchlist"]["rows"][0]["Last"] == "807.75")
                told.append(([one["deed"] for one in report["reports"]["log"]], report["reports"]["cards"]))
                assert report["failures"] == {}
                await running.quit(5.0)
        assert told == [(["seen late"], 1), (["already true"], 0)]
        await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=False))
        async with program(tmp_path, *given) as running:
            await running.ready()
            await running.report_when(lambda report: report["reports"]["alerts"])
            await running.quit(5.0)
        await stand.say(Endpoint.ALERTS, "SBIN", alert(is_triggered=True))  # armed again, and fired again
        async with program(tmp_path, *given) as running:
            await running.ready()
            report = await running.report_when(lambda report: report["reports"]["cards"] == 1)
            assert [one["deed"] for one in report["reports"]["log"]] == ["seen late"]
            await running.quit(5.0)
    assert warnings_in(running.profile) == []
