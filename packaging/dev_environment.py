"""Makes `.venv` and installs a lock file into it, with hashes; the second time it only compares a stamp."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

_PROGRESS_EVERY_S = 4.0
_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")  # each holds all of those before it
_LOG_NAME = "marketwatch-install.log"


class SetupError(Exception):
    """Something is missing on this machine; the text is the one line that helps."""


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(f"[dev] {text}", flush=True)


class Environment:
    """The clone's own `.venv`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        inside = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
        self.python = self.folder.joinpath(*inside)

    def ensure(self, lock_name: str) -> None:
        """Make the environment hold exactly what the lock file names; fast when it already does.

        Raises SetupError with the line that helps.
        """
        if any(self._is_stamped(name) for name in _LOCKS[_LOCKS.index(lock_name) :]):
            return
        if not self._works():
            self._create()
        self._install(lock_name)
        self._stamp(lock_name).write_text(self._wanted_stamp(lock_name), encoding="utf-8")

    def pip(self, *arguments: str) -> None:
        """Run the environment's pip, with a line of progress now and then. Raises SetupError."""
        command = [str(self.python), "-m", "pip", *arguments, "--progress-bar", "off", "--disable-pip-version-check"]
        code, output = _run_with_progress(command, self.root)
        (self.folder / _LOG_NAME).write_text(output, encoding="utf-8")
        if code:
            raise SetupError(f"{_cause_of(output)} (details: {self.folder / _LOG_NAME})")

    def _install(self, lock_name: str) -> None:
        lock = self.root / "packaging" / lock_name
        count = sum(
            1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line and not line.startswith("#")
        )
        say(f"installing {lock_name}: up to {count} packages, checked by hash; the first time takes a minute or two")
        started = time.monotonic()
        self.pip("install", "--require-hashes", "--only-binary", ":all:", "-r", str(lock))
        self.pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(self.root))
        say(f"installed in {time.monotonic() - started:.0f} s")

    def _works(self) -> bool:
        if not self.python.exists():
            return False
        check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        return subprocess.run([self.python, "-c", check], capture_output=True, check=False).returncode == 0

    def _create(self) -> None:
        say(f"creating {self.folder} with Python {sys.version.split()[0]}")
        if self.folder.exists():
            shutil.rmtree(self.folder)
        if importlib.util.find_spec("venv") is None:
            _install_debian_venv()
        has_ensurepip = importlib.util.find_spec("ensurepip") is not None
        has_pip = importlib.util.find_spec("pip") is not None
        if not has_ensurepip and not has_pip:
            _install_debian_venv()
            has_ensurepip = True
        self._run_venv([] if has_ensurepip else ["--without-pip"])
        if not has_ensurepip:
            # Debian and Ubuntu keep ensurepip in a package of its own; the system's pip can fill the environment.
            self._borrow_pip()

    def _run_venv(self, options: list[str]) -> None:
        made = subprocess.run(
            [sys.executable, "-m", "venv", *options, self.folder], capture_output=True, text=True, check=False
        )
        if made.returncode:
            reason = (made.stderr or made.stdout).strip().splitlines() or ["no reason given"]
            raise SetupError(f"python -m venv {self.folder} failed: {reason[-1]}")

    def _borrow_pip(self) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", "pip"]
        filled = subprocess.run(command, capture_output=True, text=True, check=False)
        if filled.returncode:
            raise SetupError(_cause_of(filled.stdout + filled.stderr))

    def _is_stamped(self, lock_name: str) -> bool:
        stamp = self._stamp(lock_name)
        return stamp.exists() and stamp.read_text(encoding="utf-8") == self._wanted_stamp(lock_name) and self._works()

    def _stamp(self, lock_name: str) -> Path:
        return self.folder / f"{Path(lock_name).stem}.stamp"

    def _wanted_stamp(self, lock_name: str) -> str:
        digest = hashlib.sha256(str(self.root).encode())
        for path in (self.root / "packaging" / lock_name, self.root / "pyproject.toml"):
            digest.update(path.read_bytes())
        return digest.hexdigest()


def _install_debian_venv() -> None:
    package = f"python3.{sys.version_info.minor}-venv"
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid"):
        raise SetupError(
            f"this Python has neither venv with pip nor pip itself: install {package} or python.org's Python"
        )
    if os.geteuid() != 0:
        raise SetupError(f"this Python cannot make environments: sudo apt-get install {package}")
    say(f"installing {package}")
    subprocess.run([apt, "update", "-qq"], check=False)
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(
        [apt, "install", "-y", "-qq", "--no-install-recommends", package], env=variables, check=False
    ).returncode:
        raise SetupError(f"apt-get install {package} failed; see its lines above")
    importlib.invalidate_caches()


def _run_with_progress(command: list[str], folder: Path) -> tuple[int, str]:
    lines: list[str] = []
    collected = 0
    spoke_at = time.monotonic()
    variables = {**os.environ, "PYTHONUNBUFFERED": "1", "PIP_NO_INPUT": "1"}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
    ) as process:
        assert process.stdout is not None  # noqa: S101 - tells the type checker what PIPE means
        for line in process.stdout:
            lines.append(line)
            collected += line.startswith("Collecting ")
            if time.monotonic() - spoke_at >= _PROGRESS_EVERY_S:
                spoke_at = time.monotonic()
                say(f"  … {collected} packages so far")
    return process.returncode, "".join(lines)


_KNOWN_CAUSES = (
    (("No space left",), "the disk is full: about 1 GB is needed"),
    (
        ("NewConnectionError", "name resolution", "getaddrinfo failed", "Network is unreachable", "ConnectTimeout"),
        "no connection to the package index: check the network or proxy, then run the same command again",
    ),
    (("CERTIFICATE_VERIFY_FAILED", "SSLError"), "the package index's certificate is not trusted here: set PIP_CERT"),
    (
        ("DO NOT MATCH THE HASHES",),
        "a downloaded package does not match its hash in the lock file: nothing was installed",
    ),
    (
        ("No matching distribution", "Could not find a version"),
        f"no ready-made package for this system or Python {sys.version.split()[0]}: try Python 3.12",
    ),
)


def _cause_of(output: str) -> str:
    for marks, cause in _KNOWN_CAUSES:
        if any(mark in output for mark in marks):
            return cause
    errors = [line for line in output.splitlines() if line.startswith("ERROR")]
    return f"pip failed: {errors[0] if errors else 'no reason given'}"
