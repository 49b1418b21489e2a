"""The report tells of each row where its figures come from, how far its wish has come, and why it has none."""

from __future__ import annotations

from pathlib import Path

from integration.kind_servers import kind_server
from program_rig import program, rows_of

from marketwatch.feeds.catalog import FeedKind


async def test_a_symbol_that_the_server_does_not_know_is_told_with_its_reason(tmp_path: Path) -> None:
    async with kind_server(FeedKind.ODIN) as server:
        given = ("--feed", "odin", "--url", server.url, "--watch", "SBIN,RELIANCE", "--size", "1600x1000")
        async with program(tmp_path, *given) as running:
            await running.ready()
            report = await running.report_when(
                lambda report: (
                    report["watchlist"]["rows"][1]["subscription"]["refused_reason"]
                    and report["watchlist"]["rows"][0]["subscription"]["first_event"]
                )
            )
            known, unknown = report["watchlist"]["rows"]
            assert (unknown["id"], unknown["source"], unknown["delay_s"]) == ("NSE:EQ:RELIANCE", "Odin Streamer", 0.0)
            assert (unknown["state"], rows_of(report)["RELIANCE"]["Last"]) == ("unknown symbol", "—")
            assert unknown["explanation"].startswith("The feed refused it: the server does not know it\nFind")
            refused = unknown["subscription"]
            assert refused["refused_reason"] == "the server does not know it"
            assert (refused["confirmed"], refused["first_event"]) == (False, False)
            assert known["subscription"]["refused_reason"] is None
            assert known["subscription"]["confirmed"]
            assert rows_of(report)["SBIN"]["Last"] == "807.75"
            difference = report["feeds"][0]["difference"]
            assert difference["wanted"] == ["T.NSE:RELIANCE", "T.NSE:SBIN"]
            assert difference["confirmed"] == ["T.NSE:SBIN"]
            assert difference["missing"] == difference["refused"] == ["T.NSE:RELIANCE"]
            ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
