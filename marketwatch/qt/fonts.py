"""The bundled fonts, and one shared QFont per size, weight and purpose."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence

from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF, QGuiApplication

from marketwatch.qt.theme_tokens import FontSize, FontTokens, FontWeight
from marketwatch.runtime.resources import resource_path

TEXT_FILES = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf")
MONO_FILES = ("JetBrainsMono-Regular.ttf", "JetBrainsMono-Medium.ttf")
FONT_FILES = TEXT_FILES + MONO_FILES
_DIGITS = "0123456789"
_GENERIC = frozenset({"sans-serif", "monospace"})
# FreeType rounds single glyphs to 1/64 px, so equal digits may differ by that much.
_EQUAL_WITHIN_PX = 0.04

logger = logging.getLogger(__name__)


def load_bundled_fonts(files: Sequence[str] = FONT_FILES) -> tuple[str, ...]:
    """Register fonts shipped with the program, each once; return their families."""
    return tuple(dict.fromkeys(family for name in files for family in _load(name)))


@functools.cache
def _load(name: str) -> tuple[str, ...]:
    font_id = QFontDatabase.addApplicationFont(str(resource_path("fonts", name)))
    if font_id < 0:
        logger.warning("font %s could not be loaded; a system font is used instead", name)
        return ()
    return tuple(QFontDatabase.applicationFontFamilies(font_id))


def has_equal_digits(font: QFont) -> bool:
    """Tell whether all ten digits of `font` have one width."""
    metrics = QFontMetricsF(font)
    widths = [metrics.horizontalAdvance(digit) for digit in _DIGITS]
    return max(widths) - min(widths) <= _EQUAL_WITHIN_PX


class FontBook:
    """Builds each font once and hands out the same object ever after.

    Number fonts have equal digit widths: by the font's own feature, else from the first family whose digits
    measure equal, else the mono family.
    """

    def __init__(self, tokens: FontTokens) -> None:
        self._tokens = tokens
        load_bundled_fonts(TEXT_FILES)
        self._points_per_px = 72.0 / _logical_dpi()
        self._fonts: dict[tuple[str, str, str], QFont] = {}
        self._metrics: dict[str, QFontMetricsF] = {}
        self._families = {"text": _available(tokens.ui)}
        self._families["numbers"] = self._number_families(tokens)

    def text(self, size: FontSize, weight: FontWeight = "regular") -> QFont:
        """Return the font for words."""
        return self._font("text", size, weight)

    def numbers(self, size: FontSize, weight: FontWeight = "regular") -> QFont:
        """Return the font for figures: lining digits of equal width."""
        return self._font("numbers", size, weight)

    def mono(self, size: FontSize, weight: FontWeight = "regular") -> QFont:
        """Return the font for tokens, addresses and code. Its files are read when it is first asked for."""
        if "mono" not in self._families:
            self._families["mono"] = self._mono_families(self._tokens)
        return self._font("mono", size, weight)

    def metrics(self, font: QFont) -> QFontMetricsF:
        """Measure a font of this book; measured once per font."""
        key = font.key()
        found = self._metrics.get(key)
        if found is None:
            found = self._metrics[key] = QFontMetricsF(font)
        return found

    def _font(self, purpose: str, size: FontSize, weight: FontWeight) -> QFont:
        key = (purpose, size, weight)
        font = self._fonts.get(key)
        if font is None:
            font = self._fonts[key] = self._build(self._families[purpose], purpose, size, weight)
        return font

    def _build(self, families: Sequence[str], purpose: str, size: FontSize, weight: FontWeight) -> QFont:
        font = QFont(list(families))
        font.setPointSizeF(self._tokens.sizes[size] * self._points_per_px)
        font.setWeight(QFont.Weight(self._tokens.weights[weight]))
        # Hinted advances are whole pixels at 100 %, which would widen every column.
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setStyleHint(QFont.StyleHint.Monospace if purpose == "mono" else QFont.StyleHint.SansSerif)
        if purpose != "mono":
            _set_features(font, self._tokens.features["text"] + self._tokens.features["numbers"])
        return font

    def _number_families(self, tokens: FontTokens) -> list[str]:
        for family in self._families["text"]:
            if has_equal_digits(self._build([family], "numbers", "base", "regular")):
                return [family]
        return self._mono_families(tokens)

    def _mono_families(self, tokens: FontTokens) -> list[str]:
        load_bundled_fonts(MONO_FILES)
        return _available(tokens.mono)


def _logical_dpi() -> float:
    screens = QGuiApplication.screens()
    return screens[0].logicalDotsPerInch() if screens else 96.0


def _available(wanted: Sequence[str]) -> list[str]:
    known = set(QFontDatabase.families())
    return [name for name in wanted if name in known or name in _GENERIC] or list(wanted[-1:])


def _set_features(font: QFont, features: Sequence[str]) -> None:
    for feature in features:
        name, _, value = feature.partition("=")
        font.setFeature(QFont.Tag(name), int(value or 1))
