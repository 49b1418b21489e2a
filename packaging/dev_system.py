"""What Qt needs from a Linux system: finds what is missing, and installs it or prints the line that does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dev_environment import Environment, SetupError, say

# Measured on a bare Debian 12: what the wheels do not bring along.
_DEBIAN_PACKAGES = (
    "libglib2.0-0 libegl1 libgl1 libx11-6 libdbus-1-3 libfontconfig1 libfreetype6 libxkbcommon0 libx11-xcb1 libxcb1 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 "
    "libwayland-client0 libwayland-cursor0 libwayland-egl1"
)
_FEDORA_PACKAGES = (
    "mesa-libEGL mesa-libGL libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-image xcb-util-keysyms fontconfig"
)
_PLUGINS = {"offscreen": "libqoffscreen.so", "xcb": "libqxcb.so", "wayland": "libqwayland.so"}
_QT_MODULES = ("QtCore", "QtGui", "QtWidgets", "QtSvg", "QtOpenGLWidgets")


def has_display() -> bool:
    """Say whether a window can be shown. Only Linux can lack a display."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def ensure_qt_libraries(environment: Environment) -> None:
    """Install the system libraries that Qt misses (Linux, as root), or raise SetupError with the line to do so."""
    if not sys.platform.startswith("linux") or not _missing_libraries(environment):
        return
    apt = shutil.which("apt-get")
    if apt is None:
        names = ", ".join(_missing_libraries(environment))
        hint = (
            f"sudo dnf install {_FEDORA_PACKAGES}" if shutil.which("dnf") else "install them with your package manager"
        )
        raise SetupError(f"Qt misses system libraries ({names}): {hint}")
    if os.geteuid() != 0:
        raise SetupError(f"Qt misses system libraries: sudo apt-get install -y {_DEBIAN_PACKAGES}")
    _apt_install(apt)
    left = _missing_libraries(environment)
    if left:
        raise SetupError(f"after apt-get Qt still misses {', '.join(left)}: please report this with your system's name")


def _apt_install(apt: str) -> None:
    say("installing the system libraries that Qt needs, with apt-get")
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-y", "-qq", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends"]
    for command in ([apt, "update", "-qq"], [apt, "install", *options, *_DEBIAN_PACKAGES.split()]):
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise SetupError(f"{' '.join(command[:2])} failed: {reason[-1]}")


def _missing_libraries(environment: Environment) -> list[str]:
    """Name what the dynamic linker would not find for the windows that can be opened here."""
    qt = _qt_folder(environment)
    platforms = ["offscreen"]
    if os.environ.get("WAYLAND_DISPLAY"):
        platforms.append("wayland")
    if os.environ.get("DISPLAY"):
        platforms.append("xcb")
    files = [qt / "Qt" / "plugins" / "platforms" / _PLUGINS[name] for name in platforms]
    files += [qt / f"{module}.abi3.so" for module in _QT_MODULES]
    return sorted({name for file in files if file.exists() for name in _unresolved(file)})


def _qt_folder(environment: Environment) -> Path:
    for folder in environment.folder.glob("lib*/python3*/site-packages/PySide6"):
        return folder
    raise SetupError(f"PySide6 is not in {environment.folder}: delete that folder and run the same command again")


def _unresolved(file: Path) -> list[str]:
    ldd = shutil.which("ldd")
    if ldd is None:
        return []
    listed = subprocess.run([ldd, file], capture_output=True, text=True, check=False).stdout
    return [line.split()[0] for line in listed.splitlines() if "not found" in line and "libmimerapi" not in line]
