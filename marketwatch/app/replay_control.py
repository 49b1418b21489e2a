"""What the replay bar's buttons do to a playing recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from marketwatch.app.core import Core
from marketwatch.app.local_market import LocalMarket
from marketwatch.feeds.playback import Playback
from marketwatch.qt.panels.replay_bar import SPEEDS


class ReplayControl:
    """Plays, pauses, and seeks so that the state afterwards equals having watched until there.

    Going back lets the client go and empties the market state before the recording starts anew, so that nothing of
    the old playing can reach the new one. A newer wish replaces one that waits. `on_rewound` is told when the market
    state is empty.
    """

    def __init__(
        self, core: Core, market: LocalMarket, playback: Playback, on_rewound: Callable[[], None] | None = None
    ) -> None:
        self._core = core
        self._market = market
        self._on_rewound = on_rewound
        self.playback = playback
        self._wish_ns: int | None = None
        self._seeking: asyncio.Task[None] | None = None

    def toggle(self) -> None:
        """Play or pause; at the end, play again from the beginning."""
        if self.playback.is_finished:
            self.restart()
        elif self.playback.is_paused:
            self.playback.resume()
        else:
            self.playback.pause()

    def set_speed(self, speed: float | None) -> None:
        """Play at a factor of real time, None as fast as it goes."""
        self.playback.set_speed(speed)

    def step_speed(self, step: int) -> None:
        """Choose the next faster or slower speed of the list."""
        current = self.playback.speed
        if current in SPEEDS:
            index = SPEEDS.index(current) + step
        else:
            faster = [place for place, speed in enumerate(SPEEDS) if speed is None or speed > (current or 0)]
            index = faster[0] if step > 0 else faster[0] - 1
        self.playback.set_speed(SPEEDS[max(0, min(index, len(SPEEDS) - 1))])

    def seek(self, target_ns: int) -> None:
        """Go to a time of the session."""
        self._wish_ns = target_ns
        if self._seeking is None or self._seeking.done():
            self._seeking = self._core.runtime.tasks.start("seek", self._fulfil())

    def restart(self) -> None:
        """Go back to where the replay began, and play."""
        self.playback.resume()
        self.seek(self.playback.first_ns)

    async def close(self) -> None:
        """Give up a seek under way; call before the session is closed."""
        self._wish_ns = None
        if self._seeking is not None and not self._seeking.done():
            self._seeking.cancel()
            await asyncio.wait([self._seeking])

    async def _fulfil(self) -> None:
        while self._wish_ns is not None:
            target_ns, self._wish_ns = self._wish_ns, None
            if target_ns >= self.playback.position_ns and not self.playback.is_finished:
                await self.playback.seek(target_ns)
            else:
                await self._go_back(target_ns)

    async def _go_back(self, target_ns: int) -> None:
        supervisor = self._market.supervisor
        await supervisor.stop()
        try:
            await self.playback.seek(target_ns)
            self._core.hub.reset(self._market.feed.feed_id)
            if self._on_rewound is not None:
                self._on_rewound()
        finally:
            supervisor.start()
