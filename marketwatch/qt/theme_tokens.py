"""The design tokens: colour roles, sizes and times, read from `resources/themes/tokens.json`."""

from __future__ import annotations

import functools
from typing import Any, Literal

import msgspec

from marketwatch.runtime.resources import resource_path

ThemeName = Literal["dark", "light", "highContrast"]
PresetName = Literal["greenRed", "redGreen", "redBlue", "blueOrange", "mono"]
FontSize = Literal[
    "tag", "micro", "small", "base", "control", "title", "lead", "figure", "dialogTitle",
    "stageRow", "stageSmall", "stageTitle",
]  # fmt: skip
FontWeight = Literal["regular", "medium", "semibold"]
RowSize = Literal[
    "compact", "comfortable", "stage", "header", "section", "toolbar", "menubar", "dockTitle", "statusbar",
    "paneTitle", "simulatedBar", "control", "controlSmall",
]  # fmt: skip
Role = Literal[
    "window", "panel", "raised", "sunken", "zebra", "hover", "line", "lineStrong", "control", "text1", "text2",
    "text3", "disabled", "accent", "accentFill", "onAccent", "focus", "selection", "selectionIdle", "delayed",
    "delayedTint", "stale", "staleTint", "hatch", "closed", "extended", "extendedTint", "error", "errorTint",
    "success", "successTint", "alert", "alertTint", "alertLine", "simulated", "simulatedTint", "simulatedFill",
    "grid", "axis", "crosshair", "crossLabel", "separator", "extShade", "prevClose", "gapHatch", "series1",
    "series2", "series3", "series4", "series5", "link1", "link2", "link3", "link4", "scrim", "shadow", "onFill",
    "gain", "loss", "unchanged", "gainFlash", "lossFlash", "candleUpFill", "candleUpOutline", "candleDownFill",
    "candleDownOutline", "volumeUp", "volumeDown", "lastLabelUp", "lastLabelDown",
]  # fmt: skip


class ThemeTokens(msgspec.Struct, frozen=True):
    """Colours of one theme: those every preset shares, and those of each direction preset."""

    roles: dict[str, str]
    presets: dict[str, dict[str, str]]

    def colours(self, preset: str) -> dict[str, str]:
        """Return role to `#RRGGBB[AA]` under `preset`."""
        return {**self.roles, **self.presets[preset]}


class PresetTokens(msgspec.Struct, frozen=True, rename="camel"):
    """What a direction preset is called and which second cue it needs."""

    label: str
    markets: str
    second_cue: Literal["sign", "arrow"]


class FontTokens(msgspec.Struct, frozen=True):
    """Families in order of preference, OpenType features, sizes in px and weights."""

    ui: list[str]
    mono: list[str]
    features: dict[str, list[str]]
    sizes: dict[str, float]
    weights: dict[str, int]


class Tokens(msgspec.Struct, frozen=True):
    """Everything the design decides once."""

    themes: dict[str, ThemeTokens]
    presets: dict[str, PresetTokens]
    space: dict[str, int]
    radius: dict[str, int]
    line: dict[str, int]
    row: dict[str, int]
    font: FontTokens
    motion: dict[str, Any]


@functools.cache
def load_tokens() -> Tokens:
    """Read the tokens once."""
    return msgspec.json.decode(resource_path("themes", "tokens.json").read_bytes(), type=Tokens)
