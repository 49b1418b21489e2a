"""A CSV table read row by row: a broken row costs only itself. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from marketwatch.errors import InstrumentError
from marketwatch.instruments.masters.listing import MasterRows
from marketwatch.instruments.masters.text import MasterText

DELIMITERS: Final = (",", ";", "\t", "|")


class Column(msgspec.Struct, frozen=True):
    """A column by the names it goes by, in lower case without blanks, dashes and underscores."""

    label: str
    names: tuple[str, ...]
    is_required: bool = False


class CsvTable:
    """The rows of one table, in the order of the columns asked for.

    An absent column that is not required reads as empty. Raises InstrumentError from `cells` when the header cannot
    be used or something else than a table was sent.
    """

    def __init__(self, text: MasterText, name: str, columns: Sequence[Column], *, delimiter: str = "") -> None:
        self._text = text
        self._name = name
        self._columns = columns
        self._delimiter = delimiter

    def cells(self, rows: MasterRows) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells of each whole row; what cannot be read is skipped in `rows`."""
        lines = enumerate(self._text.lines(), start=1)
        header = self._header(lines, rows)
        width = len(header)
        places = [_place(header, column) for column in self._columns]
        line, is_short = 1, False
        for line, text in lines:
            if not text or text.isspace():
                if line in self._text.overlong:
                    rows.skip(line, self._text.overlong[line])
                continue
            try:
                row = self._split(text)
            except csv.Error:
                rows.skip(line, "its quotation marks do not match", text)
                continue
            if len(row) != width:
                rows.skip(line, f"it has {'fewer' if len(row) < width else 'more'} cells than the header", text)
                is_short = len(row) < width
                continue
            is_short = False
            row.append("")
            yield line, [row[place] for place in places]
        self._finish(line, rows, is_short=is_short)

    def _finish(self, last: int, rows: MasterRows, *, is_short: bool) -> None:
        """A last row that is short, or broken and without a line end, is one that did not arrive whole."""
        is_broken = bool(rows.skipped.rows) and rows.skipped.rows[-1].line == last
        rows.is_cut = self._text.is_cut or is_short or (is_broken and not self._text.ends_with_a_line_end)
        rows.digest = self._text.digest
        rows.warnings += self._text.warnings
        if rows.is_cut:
            rows.warnings.append("The file ends in the middle of a row: it was cut")

    def _header(self, lines: Iterable[tuple[int, str]], rows: MasterRows) -> list[str]:
        first = next((text for _, text in lines if text.strip()), "")
        _refuse_other_formats(first, self._name)
        self._delimiter = self._delimiter or max(DELIMITERS, key=first.count)
        try:
            header = [plain(cell) for cell in self._split(first)]
        except csv.Error as error:
            raise InstrumentError(self._name, "its first line cannot be read as column names") from error
        missing = [column.label for column in self._columns if column.is_required and not _has(header, column)]
        if missing:
            found = ", ".join(header)[:200] or "nothing"
            raise InstrumentError(self._name, f"the column {missing[0]} is missing; its first line names: {found}")
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            rows.warnings.append(f"The column {twice[0]} is there twice: the first one was read")
        return header

    def _split(self, text: str) -> list[str]:
        if '"' not in text:
            return text.split(self._delimiter)
        return next(csv.reader((text,), delimiter=self._delimiter, strict=True, skipinitialspace=True))


def read_header(text: MasterText) -> tuple[str, list[str]]:
    """Return the delimiter and the column names as written, for a table whose columns are still to be chosen."""
    first = next((line for line in text.lines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        return delimiter, [cell.strip() for cell in next(csv.reader((first,), delimiter=delimiter, strict=True), [])]
    except csv.Error:
        return delimiter, [cell.strip() for cell in first.split(delimiter)]


def plain(name: str) -> str:
    """Return a column name as it is compared."""
    return "".join(character for character in name.lower() if character.isalnum())


def columns_of(names: Mapping[str, str], required: Iterable[str]) -> list[Column]:
    """Make columns from `field: names separated by blanks`; the field's own name counts too."""
    needed = frozenset(required)
    return [Column(field, (plain(field), *others.split()), field in needed) for field, others in names.items()]


def _has(header: Sequence[str], column: Column) -> bool:
    return any(name in header for name in column.names)


def _place(header: Sequence[str], column: Column) -> int:
    """Return where a column stands; an absent one stands behind the last, where every row has an empty cell."""
    return next((header.index(name) for name in column.names if name in header), len(header))


def _refuse_other_formats(first: str, name: str) -> None:
    start = first.lstrip()[:1]
    if not start:
        raise InstrumentError(name, "it is empty", "Fetch it again")
    if start == "<":
        raise InstrumentError(name, "a web page was sent instead of a table", "Check the address or log in first")
    if start in "{[":
        raise InstrumentError(name, f"not a table was sent but: {first.strip()[:200]}")
