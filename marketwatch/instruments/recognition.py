"""What a file or an answer is, judged by its beginning: one of the vendors' lists, or a table of one's own. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from marketwatch.errors import InstrumentError
from marketwatch.instruments.library import MasterKind
from marketwatch.instruments.masters.csv_table import plain
from marketwatch.instruments.masters.listing import ANGEL_ONE, KITE, OWN_PREFIX
from marketwatch.instruments.masters.own_csv import ColumnMapping, suggest_mapping
from marketwatch.instruments.masters.text import MasterText

LABELS: Final = {MasterKind.KITE: "Kite", MasterKind.ANGEL_ONE: "Angel One"}
_SOURCES: Final = {MasterKind.KITE: KITE, MasterKind.ANGEL_ONE: ANGEL_ONE}
_KITE_COLUMNS: Final = frozenset({"instrumenttoken", "exchangetoken", "tradingsymbol"})

_MOST_CONTROL: Final = 4
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Recognition(msgspec.Struct, frozen=True):
    """What a list is taken for and why, in words; for a table of one's own also its columns and what they may be."""

    kind: MasterKind
    reason: str
    name: str
    columns: tuple[str, ...] = ()
    mapping: ColumnMapping = ColumnMapping({})

    @property
    def source(self) -> str:
        """The name under which it is stored."""
        return _SOURCES.get(self.kind) or f"{OWN_PREFIX}{_plain(_stem(self.name))}"

    @property
    def label(self) -> str:
        """What the list is called on screen."""
        return LABELS.get(self.kind) or _stem(self.name)

    def as_kind(self, kind: MasterKind) -> Recognition:
        """Return this as what the user says it is."""
        return msgspec.structs.replace(self, kind=kind, reason="as you said")

    def with_mapping(self, mapping: ColumnMapping) -> Recognition:
        """Return this with other meanings of its columns."""
        return msgspec.structs.replace(self, mapping=mapping)

    @property
    def problem(self) -> str:
        """Why it cannot be read yet, empty when it can."""
        return self.mapping.problem() if self.kind is MasterKind.OWN_CSV else ""


def recognise(chunks: Iterable[bytes], name: str) -> Recognition:
    """Say what a list is. Reads its first piece only. Raises InstrumentError when it is none of them."""
    first = tuple(itertools.islice(chunks, 1))
    text = next((piece for piece in MasterText(first, name).pieces() if piece), "")
    start = text.lstrip("\ufeff \r\n\t")
    if not start:
        raise InstrumentError(name, "it is empty", "Check that it is the right file")
    if start[0] == "<":
        raise InstrumentError(name, "it is a web page, no list of instruments", "Check the address, or log in first")
    if start[0] == "{":
        raise InstrumentError(name, f"it is no list but a message: {start[:160].strip()}", "Check the address")
    if start[0] == "[":
        return Recognition(MasterKind.ANGEL_ONE, "it is a JSON list, as Angel One publishes", name)
    if _CONTROL.search(start.partition("\n")[0]) or len(_CONTROL.findall(start[:4096])) > _MOST_CONTROL:
        raise InstrumentError(name, "it is not text", "Check that it is the right file")
    columns, mapping = suggest_mapping(first, name=name)
    names = {plain(column) for column in columns}
    if names >= _KITE_COLUMNS:
        reason = "its first line names instrument_token and exchange_token, as Kite's does"
        return Recognition(MasterKind.KITE, reason, name, tuple(columns), mapping)
    return Recognition(MasterKind.OWN_CSV, _columns_in_words(columns), name, tuple(columns), mapping)


def _columns_in_words(columns: list[str]) -> str:
    named = f"a table with the columns {', '.join(columns[:6])}{' …' if len(columns) > 6 else ''}"
    if any(column.strip().isdecimal() for column in columns):
        return f"{named}. Its first line looks like a row: write the names of the columns above it"
    return named


def _stem(name: str) -> str:
    return re.sub(r"(\.(csv|txt|json|gz))+$", "", name, flags=re.IGNORECASE) or name


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "list"
