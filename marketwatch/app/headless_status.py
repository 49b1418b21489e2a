"""Lines for a terminal while there is no display: what the window would show, and where a picture of it is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from marketwatch.app.pictures import save_picture
from marketwatch.app.screen import Screen
from marketwatch.errors import StorageError
from marketwatch.qt import time_text
from marketwatch.qt.panels.feed_words import pill_view

_EVERY_S = 3.0
_ROWS = 4


class HeadlessStatus:
    """Prints a line every few seconds until cancelled."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self._screen = screen
        self._picture = folder / "window.png"

    async def run(self) -> None:
        """Print and save pictures until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            sys.stdout.write(self._line() + "\n")
            sys.stdout.flush()

    def _line(self) -> str:
        screen, line = self._screen, self._screen.status_line
        view, now_ns = screen.sessions.view, screen.core.runtime.clock.now_ns()
        feeds = []
        for status in screen.market.refresh_statuses():
            feed_id = status.feed_id
            feeds.append(pill_view(status, line.nature_of(feed_id), now_ns, line.streams_of(feed_id)).spoken)
        when = ""
        if view is not None and view.instruments:
            first = view.instruments[0].id
            zone = screen.market.zone(first)
            market_ns = screen.market.now_ns(first)
            when = f"{time_text.clock_time(market_ns, zone)} {time_text.zone_name(zone, market_ns)}"
        return "  |  ".join(part for part in (when, *feeds, self._prices(), self._save()) if part)

    def _prices(self) -> str:
        parts = []
        for row in self._screen.list_panel.view.visible_texts()[:_ROWS]:
            parts.append(" ".join(text for text in (row.get("Symbol"), row.get("Last"), row.get("Chg %")) if text))
        return ", ".join(parts)

    def _save(self) -> str:
        try:
            save_picture(self._screen.window, self._picture)
        except StorageError as error:
            return str(error)
        return f"picture {self._picture}"
