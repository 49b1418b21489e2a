"""The theme: every colour, font, size and time on screen, by role.

Widgets are handed the one Theme, ask it for roles and repaint on `changed`. Nothing else knows a colour.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPalette, QPen
from PySide6.QtWidgets import QApplication, QToolTip

from marketwatch.qt.fonts import FontBook
from marketwatch.qt.style_sheet import build_style_sheet
from marketwatch.qt.theme_tokens import PresetName, Role, RowSize, ThemeName, Tokens, load_tokens
from marketwatch.runtime.resources import resource_path

STYLE_ARGUMENTS = ("-style", "Fusion")
"""Arguments for QApplication: chosen later, the style would cost the start the binding's wrapper of all styles."""

_Group = QPalette.ColorGroup
_PaletteRole = QPalette.ColorRole

_PALETTE: tuple[tuple[QPalette.ColorRole, Role], ...] = (
    (_PaletteRole.Window, "window"),
    (_PaletteRole.WindowText, "text1"),
    (_PaletteRole.Base, "panel"),
    (_PaletteRole.AlternateBase, "zebra"),
    (_PaletteRole.ToolTipBase, "raised"),
    (_PaletteRole.ToolTipText, "text1"),
    (_PaletteRole.PlaceholderText, "text3"),
    (_PaletteRole.Text, "text1"),
    (_PaletteRole.Button, "raised"),
    (_PaletteRole.ButtonText, "text1"),
    (_PaletteRole.BrightText, "error"),
    (_PaletteRole.Link, "accent"),
    (_PaletteRole.LinkVisited, "accent"),
    (_PaletteRole.Light, "lineStrong"),
    (_PaletteRole.Midlight, "line"),
    (_PaletteRole.Mid, "line"),
    (_PaletteRole.Dark, "lineStrong"),
    (_PaletteRole.Shadow, "shadow"),
    (_PaletteRole.Highlight, "selection"),
    (_PaletteRole.HighlightedText, "text1"),
    (_PaletteRole.Accent, "accentFill"),
)
_DISABLED_TEXTS = (
    _PaletteRole.WindowText,
    _PaletteRole.Text,
    _PaletteRole.ButtonText,
    _PaletteRole.HighlightedText,
    _PaletteRole.ToolTipText,
)


class Theme(QObject):
    """Ready colours, pens, brushes and fonts of the chosen theme and direction preset.

    The objects handed out are shared: never modify them. After `changed` ask again, and drop cached pictures.
    """

    changed = Signal()

    def __init__(
        self, name: ThemeName = "dark", preset: PresetName = "greenRed", parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._tokens: Tokens = load_tokens()
        self._app: QApplication | None = None
        self.fonts = FontBook(self._tokens.font)
        self.generation = 0
        self._load(name, preset)

    def _load(self, name: ThemeName, preset: PresetName) -> None:
        self._name: ThemeName = name
        self._preset: PresetName = preset
        self._css = {role: _css(value) for role, value in self._tokens.themes[name].colours(preset).items()}
        self._colours = {role: _colour(value) for role, value in self._tokens.themes[name].colours(preset).items()}
        self._brushes = {role: QBrush(colour) for role, colour in self._colours.items()}
        self._pens = {role: _hairline(colour) for role, colour in self._colours.items()}
        self.generation += 1

    @property
    def name(self) -> ThemeName:
        """The theme in use."""
        return self._name

    @property
    def preset(self) -> PresetName:
        """Which colours mean up and down."""
        return self._preset

    @property
    def is_dark(self) -> bool:
        """Tell whether light text stands on a dark ground."""
        return self.colour("panel").lightness() < self.colour("text1").lightness()

    @property
    def uses_arrows(self) -> bool:
        """Tell whether this preset needs ▲▼ beside figures because colour says too little."""
        return self._tokens.presets[self._preset].second_cue == "arrow"

    def colour(self, role: Role) -> QColor:
        """Return the colour of a role."""
        return self._colours[role]

    def brush(self, role: Role) -> QBrush:
        """Return a solid brush of a role."""
        return self._brushes[role]

    def pen(self, role: Role) -> QPen:
        """Return a cosmetic pen of width 1 of a role."""
        return self._pens[role]

    def css(self, role: Role) -> str:
        """Return the colour of a role as style sheets and rich text write it."""
        return self._css[role]

    def shaded(self, role: Role, share: float) -> QColor:
        """Mix a role with black, keeping `share` of it: the second stripe of a hatch."""
        colour = self._colours[role]
        return QColor.fromRgbF(colour.redF() * share, colour.greenF() * share, colour.blueF() * share)

    def direction(self, change: float | None) -> Role:
        """Return the role of a figure that rose, fell, or did neither."""
        if not change:
            return "unchanged"
        return "gain" if change > 0 else "loss"

    def height(self, name: RowSize) -> int:
        """Return the height of a row or bar in px."""
        return self._tokens.row[name]

    def space(self, step: int) -> int:
        """Return a spacing in px by its step, 0 to 8."""
        return self._tokens.space[str(step)]

    def radius(self, name: str) -> int:
        """Return the corner radius of a `cell`, `control`, `card`, `dialog` or `pill`."""
        return self._tokens.radius[name]

    def line_width(self, name: str) -> int:
        """Return the width of `hair`, `focus`, `stateEdge` or `stageRule` lines in px."""
        return self._tokens.line[name]

    def motion_ms(self, name: str, *, reduced: bool = False) -> int:
        """Return a duration in ms; with `reduced` what the reduced-motion setting makes of it."""
        motion: dict[str, Any] = self._tokens.motion
        value = motion["reduced"].get(name, motion[name]) if reduced else motion[name]
        return int(value)

    def install(self, app: QApplication) -> None:
        """Dress an application made with STYLE_ARGUMENTS, now and at every later switch."""
        self._app = app
        app.setFont(self.fonts.numbers("base"))
        QToolTip.setFont(self.fonts.numbers("small"))
        self._dress(app)

    def switch(self, name: ThemeName | None = None, preset: PresetName | None = None) -> None:
        """Change theme or preset while running; emits `changed` unless both stay."""
        wanted = (name or self._name, preset or self._preset)
        if wanted == (self._name, self._preset):
            return
        self._load(*wanted)
        if self._app is not None:
            self._dress(self._app)
        self.changed.emit()

    def palette(self) -> QPalette:
        """Build the palette of every group from the roles."""
        palette = QPalette()
        for palette_role, role in _PALETTE:
            for group in (_Group.Active, _Group.Inactive, _Group.Disabled):
                palette.setColor(group, palette_role, self._colours[role])
        palette.setColor(_Group.Inactive, _PaletteRole.Highlight, self._colours["selectionIdle"])
        palette.setColor(_Group.Disabled, _PaletteRole.Highlight, self._colours["selectionIdle"])
        for palette_role in _DISABLED_TEXTS:
            palette.setColor(_Group.Disabled, palette_role, self._colours["disabled"])
        return palette

    def _dress(self, app: QApplication) -> None:
        # The palette must be there before the style sheet is polished.
        palette = self.palette()
        app.setPalette(palette)
        QToolTip.setPalette(palette)
        app.setStyleSheet(self.style_sheet())

    def style_sheet(self) -> str:
        """Build the application's style sheet from the roles."""
        return build_style_sheet(
            self._css,
            resource_path("icons", "style"),
            dark_ground=self.is_dark,
            dark_on_accent=self.colour("onAccent").lightness() < self.colour("accentFill").lightness(),
        )


def _colour(text: str) -> QColor:
    colour = QColor(text[:7])
    if len(text) == 9:
        colour.setAlpha(int(text[7:], 16))
    return colour


def _css(text: str) -> str:
    # Style sheets read eight digits as #AARRGGBB.
    return f"#{text[7:]}{text[1:7]}" if len(text) == 9 else text


def _hairline(colour: QColor) -> QPen:
    pen = QPen(colour, 1.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    pen.setCosmetic(True)
    return pen
