"""Rows of the user's lists that a newer instrument list knows differently: each is told, many are told as one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from marketwatch.app.core import Core, Runtime
from marketwatch.app.list_changes import count_words, tell_watched_changes, watched_names
from marketwatch.domain.ids import InstrumentId
from marketwatch.instruments.masters.changes import ChangeKind, MasterChange
from marketwatch.instruments.masters.store import Replacement
from marketwatch.instruments.masters.summary import MasterSummary
from marketwatch.services.watchlists import WatchlistService

SUMMARY = MasterSummary(source="kite", label="Kite", origin="x", fetched_ns=1, rows=9)


@pytest.fixture
async def core() -> AsyncIterator[Core]:
    runtime = Runtime()
    runtime.start()
    try:
        yield Core(runtime)
    finally:
        assert await runtime.stop() == []
        runtime.failures.uninstall()


def lists_of(core: Core, *identities: str) -> WatchlistService:
    lists = WatchlistService(core.feeds)
    for identity in identities:
        lists.add(InstrumentId.parse(identity))
    return lists


def told(core: Core, lists: WatchlistService, *changes: MasterChange) -> list[str]:
    tell_watched_changes(Replacement(SUMMARY, changes), lists, core.notices)
    return [notice.sentence for notice in core.notices]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, ""),
        ({"new": 1200}, "1,200 new"),
        ({"new": 40, "delisted": 3, "token changed": 12}, "12 changed token, 3 gone, 40 new"),
        ({"token used again": 2, "renamed": 1}, "2 tokens used again, 1 renamed"),
        ({"token used again": 1, "unheard of": 4}, "1 token used again"),
    ],
)
def test_counts_are_words_and_what_matters_most_comes_first(counts: dict[str, int], words: str) -> None:
    assert count_words(counts) == words


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:SBIN 3045", "NSE:EQ:SBIN 3046"),
            "SBIN (NSE) in My list has another token. 3045 before, 3046 now in Kite’s list. Feeds that ask by number"
            " ask for the new one from now on.",
        ),
        (
            MasterChange(ChangeKind.RENAMED, "NSE:EQ:SBIN", "NSE:EQ:SBINEW"),
            "SBIN (NSE) in My list has another symbol. Kite’s list has its token as NSE:EQ:SBINEW now. Add it under the"
            " new symbol; the old row may get no more prices.",
        ),
        (
            MasterChange(ChangeKind.REUSED, "NSE:EQ:SBIN 3045", "NSE:EQ:OTHER"),
            "SBIN (NSE) in My list has ended. Its token 3045 stands for NSE:EQ:OTHER now. Remove the row, or add the"
            " contract that follows.",
        ),
        (
            MasterChange(ChangeKind.DELISTED, "NSE:EQ:SBIN"),
            "SBIN (NSE) in My list is gone from Kite’s list. It was delisted, renamed or moved to another series. Look"
            " it up in Settings > Look-up.",
        ),
    ],
)
async def test_a_watched_row_is_told_with_cause_and_next_step(core: Core, change: MasterChange, sentence: str) -> None:
    assert told(core, lists_of(core, "NSE:EQ:SBIN"), change) == [sentence]


async def test_rows_that_nobody_watches_and_new_ones_are_not_told(core: Core) -> None:
    lists = lists_of(core, "NSE:EQ:SBIN", "BSE:EQ:TCS")
    changes = (
        MasterChange(ChangeKind.RENUMBERED, "NSE:EQ:TCS 1", "NSE:EQ:TCS 2"),  # the one of the BSE is watched
        MasterChange(ChangeKind.ADDED, "", "NSE:EQ:SBIN"),
    )
    assert told(core, lists, *changes) == []


async def test_many_rows_are_told_as_one(core: Core) -> None:
    names = [f"NSE:EQ:S{number}" for number in range(8)]
    changes = [MasterChange(ChangeKind.DELISTED, name) for name in names]
    assert told(core, lists_of(core, *names), *changes) == [
        "8 rows of your lists are different in Kite’s new list. S0, S1, S2, S3, S4, S5 and 2 more. Settings > Look-up,"
        " Show changes, has them all."
    ]


async def test_every_list_that_holds_a_row_is_named(core: Core) -> None:
    lists = lists_of(core, "NSE:EQ:SBIN")
    lists.create_list("Swing", [InstrumentId.parse("NSE:EQ:SBIN")])
    assert watched_names(lists) == {"NSE:EQ:SBIN": ("My list", "Swing")}
