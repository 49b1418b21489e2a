"""What each command of the menus does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from marketwatch import __version__
from marketwatch.app.screen import Screen
from marketwatch.errors import MarketWatchError
from marketwatch.qt.commands import CommandSet, key_rows
from marketwatch.qt.theme_tokens import PresetName, ThemeName
from marketwatch.services.notices import Severity
from marketwatch.storage.settings import Settings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QFileDialog

    from marketwatch.qt.dialogs.text_window import TextWindow

THEMES: tuple[ThemeName, ...] = ("dark", "light", "highContrast")
PRESETS: tuple[PresetName, ...] = ("greenRed", "redGreen", "redBlue", "blueOrange", "mono")
_COLUMN_SETS = {"columns_standard": "standard", "columns_compact": "compact", "columns_intraday": "intraday"}
_DENSITIES: tuple[Literal["compact", "comfortable"], ...] = ("compact", "comfortable")
_FLASHES = {"flash_colour": "flash", "flash_arrow": "arrow", "flash_none": "none"}
_PANELS = ("lists", "chart", "details", "depth", "notices", "analysis", "alerts", "portfolio")
_REPORT_PANELS = ("analysis", "alerts", "portfolio")
_REPLAY_COMMANDS = ("replay_toggle", "replay_restart", "replay_faster", "replay_slower")


class UserCommands:
    """Connects the commands to the screen, the sessions and the preferences.

    `open_recording`, `open_feeds` and `open_simulated` change what the window shows; `open_settings` shows the
    settings, `open_lookup` their page Look-up; `write_report` writes diagnostics.
    """

    def __init__(
        self,
        screen: Screen,
        settings: Settings,
        *,
        open_recording: Callable[[Path], None],
        open_feeds: Callable[[], None],
        open_simulated: Callable[[], None],
        open_settings: Callable[[], None],
        open_lookup: Callable[[], None],
        load_instruments: Callable[[Path], None],
        write_report: Callable[[Path], None],
    ) -> None:
        self._screen = screen
        self._settings = settings
        self._open_recording = open_recording
        self._load_instruments = load_instruments
        self._write_report = write_report
        self._text_window: TextWindow | None = None
        given = {"open_feeds": open_feeds, "open_simulated": open_simulated, "settings": open_settings}
        given["look_up"] = open_lookup
        self.commands = CommandSet(screen.window, {**self._table(), **given})
        for menu in self.commands.fill(screen.window.menuBar()):
            menu.aboutToShow.connect(self.show_choices)
        screen.tool_bar.theme_requested.connect(self._toggle_theme)
        screen.tool_bar.open_requested.connect(self._choose_recording)
        screen.tool_bar.settings_requested.connect(open_settings)
        screen.window.panel_toggled.connect(self._on_panel_toggled)
        screen.list_panel.density_chosen.connect(lambda name: self._remember(density=name))
        screen.list_panel.flash_chosen.connect(lambda mode: self._remember(flash=mode))
        self.show_choices()

    def show_choices(self) -> None:
        """Tick what is chosen, and allow replay commands only in a replay."""
        screen, check = self._screen, self.commands.check
        preferences = self._settings.preferences
        check(f"theme_{screen.theme.name}")
        check(f"preset_{screen.theme.preset}")
        check(f"density_{preferences.density}")
        check(next(name for name, mode in _FLASHES.items() if mode == preferences.flash))
        for name in _PANELS:
            check(f"panel_{name}", is_checked=screen.window.is_panel_shown(name))
        columns = screen.lists.current.layout.set_name
        for command, name in _COLUMN_SETS.items():
            check(command, is_checked=name == columns)
        self.commands.enable(_REPLAY_COMMANDS, is_enabled=screen.sessions.replay is not None)

    def _table(self) -> dict[str, Callable[[], None]]:
        screen, window, panel = self._screen, self._screen.window, self._screen.list_panel
        table: dict[str, Callable[[], None]] = {
            "open_recording": self._choose_recording,
            "load_instruments": self._choose_instruments,
            "save_picture": self._choose_picture,
            "save_report": self._choose_report,
            "quit": screen.quit_requested.emit,
            "next_panel": lambda: window.focus_next_panel(1),
            "previous_panel": lambda: window.focus_next_panel(-1),
            "maximise_panel": self._maximise,
            "full_screen": self._full_screen,
            "newest_alert": self._go_to_newest_alert,
            "reset_layout": window.arrange,
            "add_symbol": lambda: screen.open_search(""),
            "paste_list": panel.paste_requested.emit,
            "remove_rows": panel.remove_selected,
            "row_feeds": panel.request_feeds,
            "compare_feeds": panel.request_compare,
            "add_heading": panel.begin_heading,
            "undo": panel.undo,
            "redo": panel.redo,
            "new_list": panel.begin_list,
            "rename_list": panel.begin_rename,
            "remove_list": panel.remove_list,
            "next_list": lambda: screen.lists.switch_by(1),
            "show_chart": panel.view.request_chart,
            "keys": self._show_keys,
            "about": self._show_about,
        }
        table.update({f"panel_{name}": partial(self._toggle_panel, name) for name in _PANELS})
        table.update(self._appearance())
        table.update(self._chart_and_replay())
        return table

    def _appearance(self) -> dict[str, Callable[[], None]]:
        panel = self._screen.list_panel
        table: dict[str, Callable[[], None]] = {}
        table.update({f"theme_{name}": partial(self._choose_theme, name, None) for name in THEMES})
        table.update({f"preset_{name}": partial(self._choose_theme, None, name) for name in PRESETS})
        table.update({f"density_{name}": partial(panel.choose_density, name) for name in _DENSITIES})
        table.update({command: partial(panel.choose_flash, mode) for command, mode in _FLASHES.items()})
        table.update({command: partial(panel.choose_columns, name) for command, name in _COLUMN_SETS.items()})
        return table

    def _chart_and_replay(self) -> dict[str, Callable[[], None]]:
        sessions = self._screen.sessions

        def chart(method: str) -> Callable[[], None]:
            return lambda: getattr(self._screen.chart, method)() if self._screen.chart is not None else None

        def replay(method: str, *arguments: int) -> Callable[[], None]:
            return lambda: getattr(sessions.replay, method)(*arguments) if sessions.replay is not None else None

        return {
            "reset_chart": chart("reset_view"),
            "chart_latest": chart("to_latest"),
            "chart_snapshot": chart("copy_picture"),
            "replay_toggle": replay("toggle"),
            "replay_restart": replay("restart"),
            "replay_faster": replay("step_speed", 1),
            "replay_slower": replay("step_speed", -1),
        }

    # --- appearance

    def _toggle_theme(self) -> None:
        self._choose_theme("light" if self._screen.theme.is_dark else "dark", None)

    def _choose_theme(self, name: ThemeName | None, preset: PresetName | None) -> None:
        theme = self._screen.theme
        theme.switch(name, preset)
        self._remember(theme=theme.name, preset=theme.preset)
        self.show_choices()

    def _remember(self, **changes: object) -> None:
        self._settings.change(**changes)
        self.show_choices()

    def _toggle_panel(self, name: str) -> None:
        window, reports = self._screen.window, self._screen.reports
        is_shown = window.is_panel_shown(name)
        if name in _REPORT_PANELS and not is_shown and reports is not None:
            reports.ask_for(name)
        window.show_panel(name, is_shown=not is_shown)

    def _go_to_newest_alert(self) -> None:
        if self._screen.reports is not None:
            self._screen.reports.go_to_newest_alert()

    def _on_panel_toggled(self, name: str, is_shown: bool) -> None:
        self.commands.check(f"panel_{name}", is_checked=is_shown)

    def _maximise(self) -> None:
        self.commands.check("maximise_panel", is_checked=self._screen.window.maximise_panel())

    def _full_screen(self) -> None:
        window = self._screen.window
        if window.isFullScreen():
            window.showNormal()
        else:
            window.showFullScreen()
        self.commands.check("full_screen", is_checked=window.isFullScreen())

    # --- files

    def _choose_recording(self) -> None:
        dialog = self._file_dialog("Open recording", "Recorded sessions (*.parquet);;All files (*)", is_saving=False)
        dialog.fileSelected.connect(lambda name: self._open_recording(Path(name)))
        dialog.open()

    def _choose_instruments(self) -> None:
        kinds = "Instrument lists (*.csv *.json *.txt);;All files (*)"
        dialog = self._file_dialog(
            "Load instrument list: Kite CSV, Angel One JSON, or a CSV of your own", kinds, is_saving=False
        )
        dialog.fileSelected.connect(lambda name: self._load_instruments(Path(name)))
        dialog.open()

    def _choose_picture(self) -> None:
        dialog = self._file_dialog("Save picture", "PNG pictures (*.png)", is_saving=True, suffix="png")
        dialog.fileSelected.connect(lambda name: self._save(Path(name), "picture"))
        dialog.open()

    def _choose_report(self) -> None:
        dialog = self._file_dialog("Save support report", "Reports (*.json)", is_saving=True, suffix="json")
        dialog.fileSelected.connect(lambda name: self._save(Path(name), "report"))
        dialog.open()

    def _save(self, path: Path, what: Literal["picture", "report"]) -> None:
        try:
            if what == "picture":
                from marketwatch.app.pictures import save_picture

                save_picture(self._screen.window, path)
            else:
                self._write_report(path)
        except MarketWatchError as error:
            self._screen.core.notices.add_error(error)
            return
        self._screen.core.notices.add(Severity.INFO, f"Saved the {what} “{path.name}”")
        self._screen.window.hint(f"Saved {path.name}")

    def _file_dialog(self, title: str, kinds: str, *, is_saving: bool, suffix: str = "") -> QFileDialog:
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self._screen.window, title)
        dialog.setNameFilter(kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave if is_saving else QFileDialog.AcceptMode.AcceptOpen)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile if is_saving else QFileDialog.FileMode.ExistingFile)
        if suffix:
            dialog.setDefaultSuffix(suffix)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    # --- help

    def _show_keys(self) -> None:
        from marketwatch.qt.dialogs.text_window import TextWindow

        self._text_window = TextWindow(self._screen.theme, "Keys", key_rows(), self._screen.window)
        self._text_window.open()

    def _show_about(self) -> None:
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(self._screen.window)
        box.setWindowTitle("About MarketWatch")
        box.setText(f"MarketWatch {__version__}")
        box.setInformativeText("A desktop market-watch program. MIT licence. Fonts: Inter, JetBrains Mono (OFL).")
        box.finished.connect(box.deleteLater)
        box.open()
