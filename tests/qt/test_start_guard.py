"""The pair of Python and PySide6 that must not run."""

from __future__ import annotations

import PySide6
import pytest

from marketwatch.errors import ConfigurationError
from marketwatch.qt import start_guard


@pytest.mark.parametrize(
    ("pyside", "python", "is_safe"),
    [
        ("6.11.3", (3, 11), True),
        ("6.9.3", (3, 11), True),
        ("6.12.0", (3, 11), False),
        ("6.12.1", (3, 11), False),
        ("7.0", (3, 11), False),
        ("6.12.0a1", (3, 10), False),
        ("6.12.0", (3, 12), True),
        ("6.12.0", (3, 13), True),
    ],
)
def test_known_pairs(pyside: str, python: tuple[int, int], is_safe: bool) -> None:
    assert (start_guard.bad_pair(pyside, python) is None) is is_safe


def test_the_running_pair_is_safe() -> None:
    start_guard.check_versions()


def test_a_bad_pair_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PySide6, "__version__", "6.12.0")
    monkeypatch.setattr(start_guard.sys, "version_info", (3, 11, 7, "final", 0))
    with pytest.raises(ConfigurationError, match=r"6\.12\.0 cannot run on Python 3\.11.*6\.11\.3"):
        start_guard.check_versions()
