"""Colours come from theme roles only."""

from __future__ import annotations

import re
from pathlib import Path

import marketwatch.qt

QT = Path(marketwatch.qt.__file__).parent
COLOUR = re.compile(
    r"""["'(\s]\#[0-9a-fA-F]{3,8}\b"""  # "#rrggbb"
    r"""|\brgba?\(|\bhsla?\("""
    r"""|\bQColor\(\s*["'\d]"""
    r"""|\.(?:fromRgb|fromHsv|fromHsl|fromString)\("""
    r"""|\bGlobalColor\.(?!transparent\b|color[01]\b)"""
    r"""|\bset(?:NamedColor|Rgb|RgbF|Hsv)\("""
    r"""|\bmk(?:Pen|Brush|Color)\(\s*["'\d(]"""
    r"""|\b(?:pen|brush|color|background|foreground)=["'][a-z#]"""
)

# The chart tries the painter out on a small black image that nobody sees.
PROBE = re.compile(r"primitives\.py:\d+: .*GlobalColor\.(?:black|white)\b")


def literals(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    code = [(number, line.split("  # ", 1)[0]) for number, line in enumerate(lines, 1)]
    return [f"{path.name}:{number}: {line.strip()}" for number, line in code if COLOUR.search(line)]


def test_no_colour_outside_the_theme() -> None:
    found = [hit for path in sorted(QT.rglob("*.py")) if path.name != "theme.py" for hit in literals(path)]
    assert [hit for hit in found if not PROBE.match(hit)] == []


def test_the_search_knows_a_colour_when_it_sees_one(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    guilty = (
        'QColor("red")',
        "QColor(1, 2, 3)",
        'text = "#12a4ff"',
        "Qt.GlobalColor.black",
        'style = "color: rgb(1, 2, 3)"',
        "pg.mkPen('w')",
        "QColor.fromRgb(5)",
    )
    innocent = ("QColor(other)", "Qt.GlobalColor.transparent", "issue #12", 'theme.colour("gain")')
    for line in guilty:
        sample.write_text(line, encoding="utf-8")
        assert literals(sample), line
    for line in innocent:
        sample.write_text(line, encoding="utf-8")
        assert not literals(sample), line
