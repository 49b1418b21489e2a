"""Reads the condition and exchange codes of recorded trades as Massive's ids.

Two notations occur in the tick files: the hexadecimal flag word of the AlgoSeek recordings of 2013, as QuantConnect's
Lean documents it, and Massive's own ids separated by commas. The events of both carry Massive's ids, so that one set of
update rules serves them.
"""

from __future__ import annotations

import functools
import re

_OUT_OF_SEQUENCE = 0x4000
_EXTENDED_HOURS = 0x2000
_SOLD = 0x800

# Bit of the flag word -> Massive's condition id. Absent on purpose: 0x1 (regular) and 0x40000000 (undocumented) say
# nothing; the three bits above mean something together and are read in `_from_flags`.
_CONDITION_OF_BIT = {
    0x2: 7,  # cash sale
    0x4: 20,  # next day
    0x8: 29,  # seller
    0x10: 36,  # yellow flag
    0x20: 14,  # intermarket sweep
    0x40: 17,  # opening trade
    0x80: 19,  # closing trade
    0x100: 18,  # reopening trade
    0x200: 10,  # derivatively priced
    0x400: 12,  # form T
    0x1000: 27,  # stopped stock
    0x8000: 34,  # split trade
    0x10000: 1,  # acquisition
    0x20000: 4,  # bunched trade
    0x40000: 35,  # stock option
    0x80000: 11,  # distribution
    0x100000: 2,  # average price
    0x200000: 9,  # cross
    0x400000: 21,  # price variation
    0x800000: 23,  # rule 155
    0x1000000: 15,  # official close
    0x2000000: 22,  # prior reference price
    0x4000000: 16,  # official open
    0x8000000: 6,  # CAP election
    0x10000000: 3,  # automatic execution
    0x20000000: 41,  # trade through exempt
    0x80000000: 37,  # odd lot
}

_FORM_T = 12
_EXTENDED_OUT_OF_SEQUENCE = 13
_SOLD_LAST = 30
_SOLD_OUT_OF_SEQUENCE = 32

# Letters of the recordings of 2013 -> Massive's exchange ids. Q and T are Nasdaq's listings of the two tapes.
_EXCHANGE_OF_LETTER = {
    "A": 1,
    "B": 2,
    "C": 3,
    "D": 4,
    "I": 6,
    "J": 7,
    "K": 8,
    "M": 9,
    "N": 10,
    "P": 11,
    "Q": 12,
    "T": 12,
    "V": 15,
    "W": 16,
    "X": 17,
    "Y": 18,
    "Z": 19,
}

_MASSIVE_IDS = re.compile(r"\d{1,3}(,\d{1,3})*")
_FLAG_WORD = re.compile(r"[0-9a-fA-F]{1,8}")


@functools.cache
def conditions_of(text: str | None, *, flag_words: bool) -> tuple[int, ...] | None:
    """Return Massive's condition ids of a recorded trade, None when it states none.

    `flag_words` says which of the two notations the file uses: `12` alone could be either. What cannot be read is None.
    """
    if not text:
        return None
    if not flag_words:
        return tuple(int(part) for part in text.split(",")) if _MASSIVE_IDS.fullmatch(text) else None
    word = text.partition("|")[0]
    return _from_flags(int(word, 16)) if _FLAG_WORD.fullmatch(word) else None


def _from_flags(flags: int) -> tuple[int, ...] | None:
    ids = [condition for bit, condition in _CONDITION_OF_BIT.items() if flags & bit]
    late = flags & _OUT_OF_SEQUENCE
    if flags & _EXTENDED_HOURS:
        ids.append(_EXTENDED_OUT_OF_SEQUENCE if late else _FORM_T)
    elif late:
        ids.append(_SOLD_OUT_OF_SEQUENCE)
    elif flags & _SOLD:
        ids.append(_SOLD_LAST)
    return tuple(sorted(ids)) or None


@functools.cache
def exchange_of(text: str | None) -> int | None:
    """Return Massive's exchange id of a recorded row, None when the venue has none."""
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    return _EXCHANGE_OF_LETTER.get(text)
