"""What the user can ask of the window: one table for menus, tool bar, shortcuts and the key list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget


class Command(msgspec.Struct, frozen=True):
    """One command: where it stands and how it is called. Commands of one `group` exclude each other.

    `own_key` marks a shortcut that a panel handles itself while it has the focus; it is shown, not installed.
    """

    id: str
    menu: str
    text: str
    key: str = ""
    submenu: str = ""
    group: str = ""
    checkable: bool = False
    own_key: bool = False
    separator: bool = False


MENUS = ("File", "View", "List", "Chart", "Replay", "Help")

COMMANDS = (
    Command("open_recording", "File", "&Open recording…", "Ctrl+O"),
    Command("open_feeds", "File", "Live &feeds"),
    Command("open_simulated", "File", "Simulated &market"),
    Command("load_instruments", "File", "&Load instrument list…"),
    Command("save_picture", "File", "Save &picture…", separator=True),
    Command("save_report", "File", "Save support &report…"),
    Command("settings", "File", "Se&ttings…", "Ctrl+,", separator=True),
    Command("quit", "File", "&Quit", "Ctrl+Q", separator=True),
    Command("theme_dark", "View", "&Dark", submenu="Theme", group="theme", checkable=True),
    Command("theme_light", "View", "&Light", submenu="Theme", group="theme", checkable=True),
    Command("theme_highContrast", "View", "&High contrast", submenu="Theme", group="theme", checkable=True),
    Command("preset_greenRed", "View", "Green up, red down", submenu="Up and down", group="preset", checkable=True),
    Command("preset_redGreen", "View", "Red up, green down", submenu="Up and down", group="preset", checkable=True),
    Command("preset_redBlue", "View", "Red up, blue down", submenu="Up and down", group="preset", checkable=True),
    Command("preset_blueOrange", "View", "Blue up, orange down", submenu="Up and down", group="preset", checkable=True),
    Command("preset_mono", "View", "Monochrome with arrows", submenu="Up and down", group="preset", checkable=True),
    Command("density_compact", "View", "&Compact rows", group="density", checkable=True, separator=True),
    Command("density_comfortable", "View", "C&omfortable rows", group="density", checkable=True),
    Command("flash_colour", "View", "&Flash", submenu="Changed prices", group="flash", checkable=True),
    Command("flash_arrow", "View", "&Arrow only", submenu="Changed prices", group="flash", checkable=True),
    Command("flash_none", "View", "&Nothing", submenu="Changed prices", group="flash", checkable=True),
    Command("panel_lists", "View", "&Lists", submenu="Panels", checkable=True, separator=True),
    Command("panel_chart", "View", "&Chart", submenu="Panels", checkable=True),
    Command("panel_details", "View", "&Details", submenu="Panels", checkable=True),
    Command("panel_depth", "View", "D&epth", submenu="Panels", checkable=True),
    Command("panel_notices", "View", "&Notices", submenu="Panels", checkable=True),
    Command("panel_analysis", "View", "&Analysis", submenu="Panels", checkable=True),
    Command("panel_alerts", "View", "A&lerts", submenu="Panels", checkable=True),
    Command("panel_portfolio", "View", "&Server portfolio", submenu="Panels", checkable=True),
    Command("newest_alert", "View", "Go to the newest &alert", "Ctrl+Shift+A"),
    Command("next_panel", "View", "&Next panel", "F6"),
    Command("previous_panel", "View", "&Previous panel", "Shift+F6"),
    Command("maximise_panel", "View", "&Maximise panel", "Alt+Return", checkable=True),
    Command("full_screen", "View", "F&ull screen", "F11", checkable=True),
    Command("reset_layout", "View", "&Reset layout"),
    Command("add_symbol", "List", "&Add symbol…", "Ctrl+K"),
    Command("look_up", "List", "Loo&k up a symbol or token…", "Ctrl+Shift+K"),
    Command("paste_list", "List", "&Paste a list…", "Ctrl+V", own_key=True),
    Command("remove_rows", "List", "&Remove row", "Delete", own_key=True),
    Command("row_feeds", "List", "&Feeds for the row…", "Ctrl+Shift+F"),
    Command("compare_feeds", "List", "C&ompare feeds", "Ctrl+Shift+D"),
    Command("add_heading", "List", "Add section &heading…"),
    Command("undo", "List", "&Undo", "Ctrl+Z", separator=True),
    Command("redo", "List", "Re&do", "Ctrl+Y"),
    Command("new_list", "List", "&New list…", "Ctrl+N", separator=True),
    Command("rename_list", "List", "Re&name list…", "F2", own_key=True),
    Command("remove_list", "List", "Remove &list"),
    Command("next_list", "List", "Ne&xt list", "Ctrl+Tab"),
    Command("columns_standard", "List", "&Standard columns", group="columns", checkable=True, separator=True),
    Command("columns_compact", "List", "&Compact columns", group="columns", checkable=True),
    Command("columns_intraday", "List", "&Intraday columns", group="columns", checkable=True),
    Command("show_chart", "Chart", "&Chart of the selected symbol", "Return", own_key=True),
    Command("reset_chart", "Chart", "&Reset view", "Alt+R"),
    Command("chart_latest", "Chart", "To the &latest bar", "Alt+End"),
    Command("chart_snapshot", "Chart", "Copy &picture", "Alt+S"),
    Command("replay_toggle", "Replay", "&Play or pause", "Ctrl+Space"),
    Command("replay_restart", "Replay", "&Restart", "Ctrl+Home"),
    Command("replay_faster", "Replay", "&Faster", "Ctrl+."),
    Command("replay_slower", "Replay", "&Slower", "Ctrl+Shift+,"),
    Command("keys", "Help", "&Keys", "F1"),
    Command("about", "Help", "&About MarketWatch"),
)


class CommandSet:
    """The actions of the table, each calling its handler; owned by the window."""

    def __init__(self, window: QWidget, handlers: Mapping[str, Callable[[], None]]) -> None:
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        for command in COMMANDS:
            handler = handlers.get(command.id)
            if handler is not None:
                self._actions[command.id] = self._build(command, window, handler)

    def action(self, command_id: str) -> QAction:
        """Return the action of a command."""
        return self._actions[command_id]

    def fill(self, bar: QMenuBar) -> list[QMenu]:
        """Build the menus and return them."""
        menus = []
        for title in MENUS:
            commands = [one for one in COMMANDS if one.menu == title and one.id in self._actions]
            if commands:
                menus.append(bar.addMenu(f"&{title}"))
                self._fill_menu(menus[-1], commands)
        return menus

    def check(self, command_id: str, *, is_checked: bool = True) -> None:
        """Show a state without calling the handler."""
        self._actions[command_id].setChecked(is_checked)

    def enable(self, command_ids: Iterable[str], *, is_enabled: bool) -> None:
        """Allow or forbid commands."""
        for command_id in command_ids:
            self._actions[command_id].setEnabled(is_enabled)

    def _build(self, command: Command, window: QWidget, handler: Callable[[], None]) -> QAction:
        action = QAction(command.text, window)
        action.setObjectName(command.id)
        action.setCheckable(command.checkable)
        if command.key and not command.own_key:
            action.setShortcut(QKeySequence(command.key))
            window.addAction(action)
        if command.group:
            group = self._groups.setdefault(command.group, QActionGroup(window))
            group.addAction(action)
        # `triggered` is the user's doing only; `check` must not come back as a command.
        action.triggered.connect(lambda _checked=False: handler())
        return action

    def _fill_menu(self, menu: QMenu, commands: list[Command]) -> None:
        submenus: dict[str, QMenu] = {}
        for command in commands:
            if command.separator:
                menu.addSeparator()
            target = menu
            if command.submenu:
                if command.submenu not in submenus:
                    submenus[command.submenu] = menu.addMenu(command.submenu)
                target = submenus[command.submenu]
            action = self._actions[command.id]
            if command.own_key:
                action.setText(
                    f"{command.text}\t{QKeySequence(command.key).toString(QKeySequence.SequenceFormat.NativeText)}"
                )
            target.addAction(action)


def key_rows() -> list[tuple[str, str]]:
    """List every key and what it does, for the help."""
    rows = [
        (QKeySequence(one.key).toString(QKeySequence.SequenceFormat.NativeText), one.text.replace("&", "").rstrip("…"))
        for one in COMMANDS
        if one.key
    ]
    return [
        *rows,
        ("any letter", "Search, beginning with that letter"),
        ("1 … 9", "Switch to list n"),
        ("Alt+↑ Alt+↓", "Move the row"),
        ("digits, Enter", "Chart interval, in the chart"),
        ("← →  Ctrl+← →", "One bar, one page, in the chart"),
        ("Ctrl+C", "Copy the book, in the depth"),
        ("Esc", "Close, cancel, back"),
    ]
