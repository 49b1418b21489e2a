"""The whole program with `--watch`: symbols and numbers name rows, and a number nobody can tell is refused in words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from integration.kind_servers import kind_server
from kind_sides import ACCESS_TOKEN, API_KEY
from program_rig import program, rows_of, warnings_in

from marketwatch.feeds.catalog import FeedKind
from marketwatch.instruments.masters.own_csv import ColumnMapping, load_own_csv
from marketwatch.instruments.masters.store import MasterStore
from marketwatch.storage.profile import Profile

KITE = {"KITE_API_KEY": API_KEY, "KITE_ACCESS_TOKEN": ACCESS_TOKEN}


@pytest.mark.parametrize(("kind", "environment"), [(FeedKind.ODIN, {}), (FeedKind.KITE, KITE)])
async def test_a_symbol_and_a_number_are_two_shares(
    kind: FeedKind, environment: dict[str, str], tmp_path: Path
) -> None:
    async with kind_server(kind) as server:
        given = ("--feed", kind.value, "--url", server.url, "--watch", "SBIN,2885", "--size", "1600x1000")
        async with program(tmp_path, *given, environment=environment) as running:
            await running.ready()
            report = await running.report_when(lambda report: rows_of(report)["SBIN"]["Last"] == "807.75")
            assert list(rows_of(report)) == ["SBIN", "RELIANCE"]
            assert report["watchlist"]["list"] == "Watched"
            assert not [notice for notice in report["notices"] if "2885" in notice]
            ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
    assert warnings_in(running.profile) == []


async def test_what_cannot_be_told_is_no_row_and_the_reason_is_a_notice(tmp_path: Path) -> None:
    async with kind_server(FeedKind.ODIN) as server:
        given = ("--feed", "odin", "--url", server.url, "--watch", "SBIN,424,4711", "--size", "1600x1000")
        async with program(tmp_path, *given) as running:
            await running.ready()
            report = await running.report_when(lambda report: rows_of(report)["SBIN"]["Last"] == "807.75")
            assert list(rows_of(report)) == ["SBIN", "#4711"]
            said = "\n".join(report["notices"])
            assert "“424” is not watched. A misprint in the Odin guide for NSE:ITC, whose token is 1660." in said
            assert "4711 is in no list known here. It is watched as token 4711 of the NSE." in said
            ended = await running.quit()
    assert (ended.code, ended.report["failures"]) == (0, {})


def keep_own_list(folder: Path, *rows: str) -> None:
    """Put a list of one's own into a profile before the program starts."""
    mapping = ColumnMapping({name: name for name in ("symbol", "venue", "token", "name")})
    text = "\n".join(("symbol,venue,token,name", *rows, "")).encode()
    store = MasterStore(Profile.locate(folder / "profile").state / "masters")
    store.replace(
        load_own_csv([text], mapping, source="own:house"), label="house", origin="house.csv", now_ns=time.time_ns()
    )


async def test_a_stored_list_decides_what_a_number_is_and_two_holders_are_refused(tmp_path: Path) -> None:
    keep_own_list(tmp_path, "ZZTOP,NSE,4711,Zz Top Mills", "ZZOTHER,BSE,2885,Zz Other Ltd")
    async with kind_server(FeedKind.ODIN) as server:
        given = ("--feed", "odin", "--url", server.url, "--watch", "SBIN,4711,2885", "--size", "1600x1000")
        async with program(tmp_path, *given) as running:
            await running.ready()
            report = await running.report_when(lambda report: rows_of(report)["SBIN"]["Last"] == "807.75")
            assert list(rows_of(report)) == ["SBIN", "ZZTOP"]
            (said,) = [notice for notice in report["notices"] if "2885" in notice]
            assert said.startswith("“2885” is not watched. Token 2885 stands for 2 instruments. Type one of ")
            assert "NSE:EQ:RELIANCE (Reliance Industries)" in said
            assert "BSE:EQ:ZZOTHER (Zz Other Ltd)" in said
            ended = await running.quit()
    assert (ended.code, ended.err, ended.report["failures"]) == (0, "", {})
