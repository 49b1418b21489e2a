"""The house rules that no linter knows: layers, sizes, and nothing of this machine in the sources."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import marketwatch

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "marketwatch"
SOURCES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "packaging").glob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAY_PRINT = {PACKAGE / "app" / "cli.py", *(ROOT / "packaging").glob("*.py")}

FILE_LINES = 500
FUNCTION_LINES = 50  # without the docstring
MACHINE_PATH = re.compile(r"(?<![\w.])(/home/|/work/|/Users/|/root/|/opt/pypi|[A-Z]:\\\\Users)")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_import_contracts_hold() -> None:
    command = "from importlinter.cli import lint_imports_command as main; main()"
    outcome = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout[-4_000:] + outcome.stderr[-1_000:]


def test_the_gateway_command_starts_where_there_is_no_qt() -> None:
    program = (
        "import runpy, sys; "
        "sys.modules.update(dict.fromkeys(('PySide6', 'shiboken6', 'qasync', 'pyqtgraph'))); "
        "sys.argv = ['marketwatch', 'gateway', '--help']; "
        "runpy.run_module('marketwatch', run_name='__main__')"
    )
    outcome = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "--start-on-subscribe" in outcome.stdout


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE_LINES
    long = {function.name: _code_lines(function) for function in _functions(ast.parse(text))}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=_name)
def test_no_path_of_one_machine(path: Path) -> None:
    if path == Path(__file__):
        return
    found = [line for line in path.read_text(encoding="utf-8").splitlines() if MACHINE_PATH.search(line)]
    assert found == []


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCES
        if path not in MAY_PRINT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_every_function_of_the_package_is_annotated() -> None:
    bare = [
        f"{_name(path)}:{function.name}"
        for path in SOURCES
        for function in _functions(ast.parse(path.read_text(encoding="utf-8")))
        if function.returns is None
    ]
    assert bare == []


def test_every_package_folder_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [_name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in TESTS if path.name.startswith("test_")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_readme_points_at_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    targets += re.findall(r"`(packaging/[\w.]+|marketwatch/[\w/]+\.py)", text)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_version_is_one() -> None:
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == marketwatch.__version__
    try:
        installed = importlib.metadata.version("marketwatch")
    except importlib.metadata.PackageNotFoundError:
        return
    assert installed == marketwatch.__version__


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"])
def test_lock_files_hold_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / "packaging" / name).read_text(encoding="utf-8")
    assert re.search(r"https?://|file:|--(extra-)?index-url|--find-links|/opt/", text) is None
    pinned = re.findall(r"^([a-z0-9-]+)==(\S+).*\\\n +--hash=sha256:", text, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z0-9].*==", text, re.MULTILINE))
    assert ("pyside6-essentials", "6.11.3") in pinned
    assert ("shiboken6", "6.11.3") in pinned
