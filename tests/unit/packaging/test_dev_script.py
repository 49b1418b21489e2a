"""The set-up script, as far as it goes without a network: what it decides and what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dev
import dev_environment
import dev_system
import pytest
from dev_environment import Environment, SetupError

DEV = Path(dev.__file__)


class Recorder(Environment):
    """Remembers what it would have done; its `.venv` always works."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ran: list[tuple[str, ...]] = []
        self.works = True

    def pip(self, *arguments: str) -> None:
        self.ran.append(arguments)

    def _works(self) -> bool:
        return self.works

    def _create(self) -> None:
        self.ran.append(("create",))
        self.folder.mkdir(exist_ok=True)


@pytest.fixture
def environment(tmp_path: Path) -> Recorder:
    (tmp_path / "packaging").mkdir()
    for name in dev_environment._LOCKS:
        (tmp_path / "packaging" / name).write_text(
            "# made by hand\nmsgspec==1 \\\n    --hash=sha256:00\n", encoding="utf-8"
        )
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    return Recorder(tmp_path)


def test_installs_with_hashes_and_only_once(environment: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    environment.ensure("requirements.lock")
    lock = str(environment.root / "packaging" / "requirements.lock")
    assert environment.ran == [
        ("install", "--require-hashes", "--only-binary", ":all:", "-r", lock),
        ("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(environment.root)),
    ]
    assert "up to 1 packages" in capsys.readouterr().out
    environment.ran.clear()
    environment.ensure("requirements.lock")
    assert environment.ran == []
    assert capsys.readouterr().out == ""


def test_a_changed_lock_is_installed_again(environment: Recorder) -> None:
    environment.ensure("requirements.lock")
    environment.ran.clear()
    (environment.root / "packaging" / "requirements.lock").write_text("msgspec==2\n", encoding="utf-8")
    environment.ensure("requirements.lock")
    assert len(environment.ran) == 2


def test_what_the_tests_need_is_enough_to_run(environment: Recorder) -> None:
    environment.ensure("requirements-dev.lock")
    environment.ran.clear()
    environment.ensure("requirements.lock")
    assert environment.ran == []


def test_a_broken_environment_is_made_anew(environment: Recorder) -> None:
    environment.ensure("requirements.lock")
    environment.ran.clear()
    environment.works = False
    environment.ensure("requirements.lock")
    assert environment.ran[0] == ("create",)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            "WARNING: Retrying … NewConnectionError …\nERROR: No matching distribution found for x",
            "no connection to the",
        ),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "does not match its hash"),
        ("ERROR: No matching distribution found for PySide6", "no ready-made package for this system"),
        ("… CERTIFICATE_VERIFY_FAILED …", "certificate is not trusted"),
        ("ERROR: something new\nmore", "pip failed: ERROR: something new"),
        ("", "pip failed: no reason given"),
    ],
)
def test_pip_failures_become_one_line_that_helps(output: str, line: str) -> None:
    cause = dev_environment._cause_of(output)
    assert line in cause
    assert "\n" not in cause


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can lack a display")
@pytest.mark.parametrize(
    ("variables", "shown"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True)]
)
def test_display(variables: dict[str, str], shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert dev_system.has_display() is shown


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system libraries are looked up on Linux only")
@pytest.mark.parametrize(
    ("tools", "line"),
    [
        ({"apt-get"}, "sudo apt-get install -y libglib2.0-0 "),
        ({"dnf"}, "(libEGL.so.1): sudo dnf install mesa-libEGL "),
        (set(), "(libEGL.so.1): install them with your package manager"),
    ],
)
def test_missing_libraries_without_root_give_the_line_to_type(
    tools: set[str], line: str, environment: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev_system, "_missing_libraries", lambda _: ["libEGL.so.1"])
    monkeypatch.setattr(dev_system.shutil, "which", lambda name: f"/usr/bin/{name}" if name in tools else None)
    monkeypatch.setattr(dev_system.os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as refused:
        dev_system.ensure_qt_libraries(environment)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows the app does not take the process over")
@pytest.mark.parametrize(
    ("arguments", "display", "status_lines"),
    [([], False, True), ([], True, False), (["gateway", "--simulate"], False, False), (["--version"], False, False)],
)
def test_run_goes_off_screen_only_for_a_window_without_display(
    arguments: list[str], display: bool, status_lines: bool, environment: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setattr(dev, "has_display", lambda: display)
    monkeypatch.setattr(dev, "ensure_qt_libraries", lambda _: None)
    monkeypatch.setattr(dev.os, "execve", lambda _, command, variables: started.append((command, variables)))
    dev.run(environment, arguments)
    command, variables = started[0]
    assert command[:3] == [str(environment.python), "-m", "marketwatch"]
    assert command[3:] == [*arguments, *(["--headless-status"] if status_lines else [])]
    assert variables.get("QT_QPA_PLATFORM") == ("offscreen" if status_lines else None)


def test_an_unknown_command_is_refused_with_the_list() -> None:
    outcome = subprocess.run([sys.executable, DEV, "fly"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 2
    assert all(command in outcome.stderr for command in ("run", "test", "lint", "bench", "lock"))
