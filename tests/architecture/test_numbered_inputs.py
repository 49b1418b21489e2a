"""Every number of the protocols' lists of inputs that a client must survive has a test of that number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
COUNTS = {"massive": 25, "polygon_gateway": 22, "odin": 24, "stream_service": 23, "kite": 25, "data_provider": 24}
"""How many numbers each list has."""


def numbers_of(protocol: str) -> set[int]:
    """Return the numbers that tests of a protocol name: `test_07_…`, or `test_odin_22_…` outside its own files."""
    own = [path.read_text(encoding="utf-8") for path in (TESTS / "contract").glob(f"test_{protocol}_*.py")]
    named = re.findall(r"def test_(\d\d(?:_and_\d\d)*)_", "\n".join(own))
    others = "\n".join(path.read_text(encoding="utf-8") for path in (TESTS / "integration").glob("test_*.py"))
    named += re.findall(rf"def test_{protocol}_(\d\d)_", others)
    return {int(number) for name in named for number in name.split("_and_")}


def test_no_number_of_the_list_for_loaders_of_masters_is_left_out() -> None:
    """The list of instruments.md: `test_input_07_…`, whatever the file."""
    files = [*(TESTS / "unit" / "instruments").glob("test_*.py"), *(TESTS / "integration").glob("test_*.py")]
    named = re.findall(r"def test_input_(\d\d)_", "\n".join(path.read_text(encoding="utf-8") for path in files))
    assert set(range(1, 23)) - set(map(int, named)) == set()


@pytest.mark.parametrize("protocol", COUNTS)
def test_no_number_is_left_out(protocol: str) -> None:
    assert set(range(1, COUNTS[protocol] + 1)) - numbers_of(protocol) == set()
