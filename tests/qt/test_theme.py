"""Roles, palette, live switching and fonts."""

from __future__ import annotations

import typing

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from marketwatch.qt import fonts
from marketwatch.qt.theme import Theme
from marketwatch.qt.theme_tokens import FontSize, PresetName, Role, RowSize, ThemeName, load_tokens

THEMES = typing.get_args(ThemeName)
PRESETS = typing.get_args(PresetName)
GROUNDS = ("panel", "raised", "zebra", "selection", "selectionIdle", "hover", "gainFlash", "lossFlash")


def luminance(colour: QColor) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: QColor, b: QColor) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_theme_and_preset_has_every_role(qapp: QApplication, name: ThemeName, preset: PresetName) -> None:
    assert set(load_tokens().themes[name].colours(preset)) == set(typing.get_args(Role))
    theme = Theme(name, preset)
    assert all(theme.colour(role).isValid() for role in typing.get_args(Role))


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("preset", PRESETS)
def test_figures_are_readable_wherever_they_stand(qapp: QApplication, name: ThemeName, preset: PresetName) -> None:
    theme = Theme(name, preset)
    low = [
        (text, ground)
        for text in ("text1", "text2", "gain", "loss")
        for ground in GROUNDS
        if contrast(theme.colour(text), theme.colour(ground)) < 4.5
    ]
    assert low == []
    assert contrast(theme.colour("onFill"), theme.colour("simulatedFill")) >= 4.5
    assert contrast(theme.colour("onFill"), theme.colour("crossLabel")) >= 4.5


def test_the_literals_name_what_the_tokens_hold() -> None:
    tokens = load_tokens()
    assert set(typing.get_args(RowSize)) == set(tokens.row)
    assert set(typing.get_args(FontSize)) == set(tokens.font.sizes)
    assert set(THEMES) == set(tokens.themes)
    assert set(PRESETS) == set(tokens.presets)


def test_swapping_gain_and_loss_leaves_error_and_success(theme: Theme) -> None:
    before = {role: theme.colour(role) for role in ("gain", "loss", "error", "success", "alert")}
    theme.switch(preset="redGreen")
    assert theme.colour("gain") == before["loss"]
    assert theme.colour("loss") == before["gain"]
    assert all(theme.colour(role) == before[role] for role in ("error", "success", "alert"))


def test_switching_dresses_the_running_application(theme: Theme, qapp: QApplication, qtbot: typing.Any) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    label.show()
    with qtbot.waitSignal(theme.changed):
        theme.switch("light")
    assert qapp.palette().color(QPalette.ColorRole.Base) == theme.colour("panel")
    assert label.palette().color(QPalette.ColorRole.WindowText) == theme.colour("text1")
    assert theme.css("accentFill") in qapp.styleSheet()
    assert theme.name == "light"
    assert not theme.is_dark


def test_switching_to_the_same_theme_says_nothing(theme: Theme, qtbot: typing.Any) -> None:
    with qtbot.assertNotEmitted(theme.changed):
        theme.switch("dark", "greenRed")


def test_the_palette_covers_every_group(theme: Theme) -> None:
    palette = theme.palette()
    groups = QPalette.ColorGroup
    roles = QPalette.ColorRole
    assert palette.color(groups.Active, roles.Highlight) == theme.colour("selection")
    assert palette.color(groups.Inactive, roles.Highlight) == theme.colour("selectionIdle")
    assert palette.color(groups.Disabled, roles.Text) == theme.colour("disabled")
    for role in (roles.Window, roles.Base, roles.Text, roles.Button, roles.ToolTipBase, roles.PlaceholderText):
        assert palette.isBrushSet(groups.Inactive, role)


def test_the_style_sheet_leaves_nothing_open(theme: Theme) -> None:
    for name in THEMES:
        theme.switch(name)
        assert "$" not in theme.style_sheet()


def test_direction_needs_a_difference(theme: Theme) -> None:
    assert [theme.direction(change) for change in (0.5, -0.5, 0.0, None)] == ["gain", "loss", "unchanged", "unchanged"]


def test_pens_are_hairlines_at_every_scale(theme: Theme) -> None:
    pen = theme.pen("line")
    assert pen.isCosmetic()
    assert pen.widthF() == 1.0
    assert pen.style() == Qt.PenStyle.SolidLine


def test_reduced_motion_has_no_fades(theme: Theme) -> None:
    assert theme.motion_ms("flashFadeMs") == 280
    assert theme.motion_ms("flashFadeMs", reduced=True) == 0
    assert theme.motion_ms("flashMinGapMs", reduced=True) == 340


def test_translucent_roles_keep_their_alpha(theme: Theme) -> None:
    assert theme.colour("scrim").alpha() == 0x99
    assert theme.css("scrim") == "#9905070a"


@pytest.mark.parametrize("weight", ["regular", "medium", "semibold"])
def test_digits_are_equally_wide(theme: Theme, weight: typing.Any) -> None:
    for size in ("tag", "micro", "small", "base", "control", "title", "figure"):
        font = theme.fonts.numbers(size, weight)
        metrics = QFontMetricsF(font)
        assert fonts.has_equal_digits(font)
        assert metrics.horizontalAdvance("+") == pytest.approx(metrics.horizontalAdvance("−"), abs=0.04)
        assert metrics.horizontalAdvance("111,111.11") == pytest.approx(
            metrics.horizontalAdvance("908,456.27"), abs=0.3
        )


def test_the_bundled_fonts_are_used(theme: Theme) -> None:
    assert {"Inter", "JetBrains Mono"} <= set(fonts.load_bundled_fonts())
    assert theme.fonts.numbers("base").family() == "Inter"
    assert theme.fonts.mono("small").family() == "JetBrains Mono"
    assert QFontMetricsF(theme.fonts.numbers("base")).horizontalAdvance("0") == pytest.approx(7.77, abs=0.02)


def test_fonts_are_built_once(theme: Theme) -> None:
    font = theme.fonts.numbers("base", "medium")
    assert theme.fonts.numbers("base", "medium") is font
    assert theme.fonts.metrics(font) is theme.fonts.metrics(font)


def test_without_equal_digits_the_next_family_is_taken(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def never_equal(font: QFont) -> bool:
        asked.append(font.family())
        return False

    monkeypatch.setattr(fonts, "has_equal_digits", never_equal)
    book = fonts.FontBook(load_tokens().font)
    assert book.numbers("base").family() == "JetBrains Mono"
    assert asked[0] == "Inter"
    assert book.text("base").family() == "Inter"
