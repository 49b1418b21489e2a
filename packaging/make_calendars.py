"""Writes the dated lists of holidays and early closes in resources/calendars; run once a year by a maintainer.

Needs pandas_market_calendars, which the program itself does not: its data are shipped as plain text with a date.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas_market_calendars

_FOLDER = Path(__file__).resolve().parent.parent / "resources" / "calendars"
_FIRST_YEAR = 2013
_CALENDARS = {"india": ("NSE", 2026), "united_states": ("NYSE", 2027)}
_US_EARLY_POST = "17:00"


def _lines(name: str, last_year: int) -> list[str]:
    calendar = pandas_market_calendars.get_calendar(name)
    first, last = dt.date(_FIRST_YEAR, 1, 1), dt.date(last_year, 12, 31)
    schedule = calendar.schedule(str(first), str(last))
    sessions = {stamp.date() for stamp in schedule.index}
    lines = []
    for offset in range((last - first).days + 1):
        date = first + dt.timedelta(days=offset)
        if date.weekday() < 5 and date not in sessions:
            lines.append(f"{date},,,,")
    for stamp, row in calendar.early_closes(schedule).iterrows():
        closes = row["market_close"].tz_convert(calendar.tz).strftime("%H:%M")
        lines.append(f"{stamp.date()},04:00,09:30,{closes},{_US_EARLY_POST}")
    return sorted(lines)


def main() -> None:
    """Write every list."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, (name, last_year) in _CALENDARS.items():
        version = pandas_market_calendars.__version__
        head = [
            f"# known until {last_year}-12-31; pandas_market_calendars {version}; a date without times is a holiday",
            "date,pre,opens,closes,post",
        ]
        path = _FOLDER / f"{file_name}.csv"
        path.write_text("\n".join([*head, *_lines(name, last_year), ""]), encoding="utf-8")
        print(f"wrote {path.name}: {len(path.read_text(encoding='utf-8').splitlines()) - 2} dates")


if __name__ == "__main__":
    main()
