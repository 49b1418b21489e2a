"""RELIABILITY 3.3: item 31 encodings, item 33 cut files, item 34 absurd sizes; and compression as servers send it."""

from __future__ import annotations

import gzip

import hypothesis
import hypothesis.strategies as st
import pytest

from marketwatch.errors import InstrumentError
from marketwatch.instruments.masters.text import LONGEST_LINE, MasterText

TEXT = "symbol,name\nM&M,Mahindra\nÜBER,Ünïcode ₹\n"


def _lines(data: bytes, size: int = 7) -> list[str]:
    return list(MasterText((data[at : at + size] for at in range(0, len(data), size)), "file").lines())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_item_31_every_encoding_line_end_and_compression_reads_the_same(
    encoding: str, ending: str, packed: bool
) -> None:
    data = TEXT.replace("\n", ending).encode(encoding)
    assert _lines(gzip.compress(data) if packed else data) == TEXT.split("\n")[:-1]


def test_item_31_utf_16_of_the_other_byte_order_is_told_by_its_mark() -> None:
    assert _lines(b"\xfe\xff" + TEXT.encode("utf-16-be")) == TEXT.split("\n")[:-1]


def test_item_31_latin_1_is_read_with_a_warning() -> None:
    text = MasterText([b"symbol,name\nNESTLE,Nestl\xe9\n"], "file")
    assert list(text.lines()) == ["symbol,name", "NESTLE,Nestlé"]
    assert text.warnings == ["It is not UTF-8 and was read as Latin-1: names may look odd"]


def test_item_33_a_cut_archive_is_noticed() -> None:
    whole = gzip.compress(b"\n".join(b"%d,row %d" % (number, number * 7919) for number in range(2000)))
    text = MasterText([whole[: len(whole) // 2]], "file")
    assert 0 < len(list(text.lines())) < 2000
    assert text.is_cut


def test_a_damaged_archive_is_refused() -> None:
    whole = bytearray(gzip.compress(TEXT.encode() * 50))
    whole[20:30] = b"\xff" * 10
    with pytest.raises(InstrumentError, match="its compression is damaged"):
        list(MasterText([bytes(whole)], "file").lines())


def test_joined_archives_are_read_to_the_end() -> None:
    assert _lines(gzip.compress(b"a\n") + gzip.compress(b"b\n"), size=100) == ["a", "b"]


def test_a_file_that_ends_inside_a_letter_is_cut() -> None:
    text = MasterText(["ab\n₹".encode()[:-1]], "file")
    assert list(text.lines()) == ["ab"]
    assert text.is_cut


def test_item_34_more_than_the_limit_is_refused_also_when_it_grows_out_of_an_archive() -> None:
    bomb = gzip.compress(b"x" * 3_000_000)
    assert len(bomb) < 10_000
    with pytest.raises(InstrumentError, match="larger than 2 MB"):
        list(MasterText([bomb], "file", limit=2 * 1024 * 1024).lines())


def test_item_34_an_endless_line_costs_only_itself() -> None:
    text = MasterText([b"first\n", b"x" * (LONGEST_LINE + 10), b"y\nlast\n"], "file")
    assert list(text.lines()) == ["first", "", "last"]
    assert text.overlong == {2: "the line is too long"}


def test_item_34_nul_bytes_cost_only_their_line() -> None:
    text = MasterText([b"symbol,name,exchange and more\nSB\0IN,State Bank\nTCS,Tata\nlast\0"], "file")
    assert list(text.lines()) == ["symbol,name,exchange and more", "", "TCS,Tata"]
    assert text.overlong == {2: "it holds NUL characters", 4: "it holds NUL characters"}


def test_the_digest_tells_equal_files() -> None:
    def digest(data: bytes) -> str:
        text = MasterText([data], "file")
        list(text.lines())
        return text.digest

    assert digest(b"a\nb") == digest(b"a\nb") != digest(b"a\nc")


@hypothesis.given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_give_lines_or_a_refusal(data: bytes, size: int) -> None:
    try:
        lines = _lines(data, size)
    except InstrumentError:
        return
    assert all("\n" not in line and "\0" not in line for line in lines)


@hypothesis.given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0\ufeff"))))
def test_any_lines_survive(lines: list[str]) -> None:
    written = "\n".join(["header of a table", *lines]) + "\n"
    assert _lines(written.encode(), size=13) == ["header of a table", *lines]
