"""A painter is ended even when painting fails: one that a traceback keeps alive ends the whole process."""

from __future__ import annotations

import ast
from pathlib import Path

QT = Path(__file__).parents[2] / "marketwatch" / "qt"
PAINTERS = {"QPainter", "QStylePainter"}


def _painters_without_an_end(source: str) -> list[int]:
    """Return the lines that make a painter outside a `with`."""
    tree = ast.parse(source)
    ended = {id(item.context_expr) for node in ast.walk(tree) if isinstance(node, ast.With) for item in node.items}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in PAINTERS
        and id(node) not in ended
    ]


def test_every_painter_is_made_by_with() -> None:
    left = [
        f"{path.relative_to(QT)}:{line}"
        for path in sorted(QT.rglob("*.py"))
        for line in _painters_without_an_end(path.read_text("utf-8"))
    ]
    assert left == []


def test_the_check_finds_a_painter_that_stays_active() -> None:
    assert _painters_without_an_end("painter = QPainter(self)\npainter.end()") == [1]
    assert _painters_without_an_end("with QPainter(self) as painter:\n    painter.fillRect()") == []
