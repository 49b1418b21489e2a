"""What is imported in a worker thread must not touch Qt: its binding makes classes as they are first used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "marketwatch" / "app" / "program.py"


def imported_in(function: str) -> list[str]:
    """Return the modules that a function of the program imports."""
    tree = ast.parse(PROGRAM.read_text("utf-8"))
    (found,) = (one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == function)
    return [alias.name for node in ast.walk(found) if isinstance(node, ast.Import) for alias in node.names]


@pytest.mark.parametrize("function", ["_load_panels", "_load_feeds"])
def test_what_a_worker_imports_leaves_qt_alone(function: str) -> None:
    modules = imported_in(function)
    assert modules
    code = f"import sys, {', '.join(modules)}; print([one for one in sys.modules if one.startswith('PySide6')])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
