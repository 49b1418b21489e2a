"""The replay bar across the window: built with the first replay, it shows the playing and passes on what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from marketwatch.app.sessions import Sessions
from marketwatch.qt.icons import IconSet
from marketwatch.qt.main_window import MainWindow
from marketwatch.qt.theme import Theme

if TYPE_CHECKING:
    from marketwatch.app.replay_control import ReplayControl
    from marketwatch.qt.panels.replay_bar import ReplayBar

_REFRESH_MS = 200


class ReplayStrip(QObject):
    """Follows the open session; without a replay there is no bar and no timer runs."""

    def __init__(self, theme: Theme, icons: IconSet, window: MainWindow, sessions: Sessions) -> None:
        super().__init__(window)
        self._theme = theme
        self._icons = icons
        self._window = window
        self._sessions = sessions
        self._bar: ReplayBar | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._show)

    def follow_session(self) -> None:
        """Show the bar if the session that was opened is a replay."""
        if self._sessions.replay is None:
            self.stop()
            if self._bar is not None:
                self._window.show_bar("replay", is_shown=False)
            return
        if self._bar is None:
            self._bar = self._build()
        self._show()
        self._window.show_bar("replay", is_shown=True)
        self._timer.start(_REFRESH_MS)

    def stop(self) -> None:
        """Stop the timer."""
        self._timer.stop()

    def _build(self) -> ReplayBar:
        from marketwatch.app.replay_control import ReplayControl
        from marketwatch.qt.panels.replay_bar import ReplayBar

        bar = ReplayBar(self._theme, self._icons)
        self._window.add_bar("replay", bar, bar.minimumHeight())
        bar.play_requested.connect(lambda: self._act(ReplayControl.toggle))
        bar.pause_requested.connect(lambda: self._act(ReplayControl.toggle))
        bar.restart_requested.connect(lambda: self._act(ReplayControl.restart))
        bar.speed_chosen.connect(lambda speed: self._act(lambda replay: replay.set_speed(speed)))
        bar.seek_requested.connect(lambda instant_ns: self._act(lambda replay: replay.seek(instant_ns)))
        return bar

    def _act(self, act: Callable[[ReplayControl], None]) -> None:
        if self._sessions.replay is not None:
            act(self._sessions.replay)
            self._show()

    def _show(self) -> None:
        from marketwatch.qt.panels.replay_bar import ReplayView

        replay, view = self._sessions.replay, self._sessions.view
        if replay is None or view is None or self._bar is None:
            return
        playback = replay.playback
        self._bar.set_view(
            ReplayView(
                start_ns=playback.start_ns,
                end_ns=playback.end_ns,
                position_ns=playback.position_ns,
                zone=view.zone,
                speed=playback.speed,
                is_playing=not playback.is_paused,
                is_finished=playback.is_finished,
                seek_progress=playback.seek_progress,
            )
        )
