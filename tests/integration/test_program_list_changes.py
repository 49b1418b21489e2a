"""The whole program: another edition of an instrument list tells of the user's rows that it knows differently."""

from __future__ import annotations

from pathlib import Path

from program_rig import keep_lists, program, warnings_in, with_prelude

from marketwatch.domain.watchlist import WatchlistRecord

MINE = WatchlistRecord(id="mine", name="Mine", entries=("NSE:EQ:ZZTOP", "NSE:EQ:SBIN"))
FEED = ("--feed", "massive", "--url", "ws://127.0.0.1:9/stocks")

# Loads a list of one's own twice, the second time with other tokens, and says that it is done.
TWICE = with_prelude("""
import sys
from marketwatch.app.program import Program
begin = Program._begin
async def load_twice(self):
    path = self._profile.state / "house.csv"
    for token in (771, 772):
        path.write_text(f"symbol,exchange,token\\nZZTOP,NSE,{token}\\nOTHER,NSE,{token + 10}\\n")
        await self._lists_of_instruments().load(path)
    sys.stdout.write("loaded twice\\n")
    sys.stdout.flush()
def go(self, commands):
    begin(self, commands)
    self._runtime.tasks.start("load twice", load_twice(self))
Program._begin = go
""")


async def test_a_row_whose_token_changed_is_told(tmp_path: Path) -> None:
    await keep_lists(tmp_path, MINE)
    async with program(tmp_path, *FEED, code=TWICE) as running:
        await running.until_said("loaded twice")
        ended = await running.quit()
    told = [notice for notice in ended.report["notices"] if "token" in notice or "house" in notice]
    assert told == [
        "Instrument list house: 2 instruments. No row skipped.",
        "ZZTOP (NSE) in Mine has another token. 771 before, 772 now in house’s list. Feeds that ask by number ask for"
        " the new one from now on.",
        "Instrument list house: 2 instruments. No row skipped; since the one before 2 changed token.",
    ]
    assert warnings_in(tmp_path / "profile") == []
