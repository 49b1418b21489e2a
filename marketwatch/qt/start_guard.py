"""Refuses pairs of Python and Qt for Python that destroy the process after some seconds."""

from __future__ import annotations

import re
import sys

import PySide6

from marketwatch.errors import ConfigurationError

_FIRST_BROKEN = (6, 12, 0)
_FIRST_IMMORTAL_PYTHON = (3, 12)


def bad_pair(pyside: str, python: tuple[int, int]) -> ConfigurationError | None:
    """Return why this pair must not run, or None when it is safe.

    PySide6 from 6.12.0 takes one reference too many from None and True on every call; before Python 3.12, where
    these are not immortal, the process then aborts within a minute.
    """
    numbers = tuple(int(part) for part in re.findall(r"\d+", pyside)[:3])
    if python >= _FIRST_IMMORTAL_PYTHON or numbers < _FIRST_BROKEN:
        return None
    return ConfigurationError(
        f"PySide6 {pyside} cannot run on Python {python[0]}.{python[1]}",
        "this pair miscounts references and aborts after a short while",
        "Install PySide6-Essentials 6.11.3 and shiboken6 6.11.3, or use Python 3.12 or newer",
    )


def check_versions() -> None:
    """Raise ConfigurationError when the running pair of Python and PySide6 is known to crash."""
    refusal = bad_pair(PySide6.__version__, sys.version_info[:2])
    if refusal is not None:
        raise refusal
