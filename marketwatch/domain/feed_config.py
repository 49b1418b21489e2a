"""What the user decided about one feed. Holds no secret: keys are kept elsewhere, by the feed's id."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from marketwatch.domain.ids import FeedId
from marketwatch.errors import ConfigurationError

DELAYED: Final = "delayed"
REALTIME: Final = "realtime"
OWN_ADDRESS: Final = "own"
"""The variant of a feed at an address the user typed; every other variant names an address of the catalog."""
LONGEST_NAME: Final = 60
MOST_MINUTES: Final = 1_440
"""A day around the clock: older minutes are in no chart."""
LONGEST_TIMEOUT_S: Final = 600
LONGEST_SILENCE_S: Final = 900
ANY_SILENCE: Final = 0
"""The silence of a feed that may be silent for as long as it likes."""
_YEARS: Final = range(1800, 2201)
_EXAMPLE_DAY: Final = "2025-06-30"


class ReconnectPolicy(enum.Enum):
    """What happens after the connection broke."""

    FOREVER = "forever"
    FIVE_ATTEMPTS = "five"


class BarOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a server of bars is asked. `local_only` forbids it to download what it does not have yet.

    Only bars of `first` to `last` are taken, both days included; None: without a limit.
    """

    local_only: bool = True
    first: dt.date | None = None
    last: dt.date | None = None
    minutes: Annotated[int, msgspec.Meta(ge=1, le=MOST_MINUTES)] = MOST_MINUTES
    single_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_TIMEOUT_S)] = 30
    batch_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_TIMEOUT_S)] = 60


class FeedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One configured feed. `kind` and `channels` are the catalog's own words, so that a feed of a kind this version
    does not know survives. No channels: those the kind gives by default. `mapping` names the file that says what the
    fields of a stream of one's own mean; empty, they are guessed. `bars` matters where bars are asked for.
    `silence_s` is how long silence may last in an open session before the connection is replaced, None as long as the
    kind allows. `sessions` are the wanted phases of the trading day, none of them meaning all. `dialect` is the way of
    speaking of a server at an address of one's own; empty, it is found out.
    """

    id: FeedId
    kind: str
    name: Annotated[str, msgspec.Meta(max_length=200)]
    enabled: bool = True
    variant: str = REALTIME
    own_address: str = ""
    channels: tuple[str, ...] = ()
    reconnect: ReconnectPolicy = ReconnectPolicy.FOREVER
    mapping: str = ""
    bars: BarOptions = BarOptions()
    silence_s: Annotated[int, msgspec.Meta(ge=ANY_SILENCE, le=LONGEST_SILENCE_S)] | None = None
    sessions: tuple[str, ...] = ()
    dialect: str = ""

    @property
    def has_own_address(self) -> bool:
        """Whether the feed is at an address the user typed."""
        return self.variant == OWN_ADDRESS

    def renamed(self, name: str) -> FeedConfig:
        """Return it under another name. Raises ConfigurationError for an empty or too long one."""
        clean = " ".join(name.split())
        if not clean or not clean.isprintable():
            raise ConfigurationError("The feed's name", "it is empty", "Type a name")
        if len(clean) > LONGEST_NAME:
            raise ConfigurationError("The feed's name", f"it is longer than {LONGEST_NAME} characters", "Shorten it")
        return msgspec.structs.replace(self, name=clean)


def read_count(thing: str, text: str, most: int) -> int:
    """Return a number from 1 to `most` as somebody typed it. Raises ConfigurationError for anything else."""
    clean = text.strip().replace(",", "")
    if not clean:
        raise ConfigurationError(thing, "it is empty", f"Type a number from 1 to {most:,}")
    if not (clean.isascii() and clean.isdecimal()) or len(clean) > 9 or not 1 <= int(clean) <= most:
        raise ConfigurationError(thing, f"it is not a whole number from 1 to {most:,}", "Type another one")
    return int(clean)


def read_day(thing: str, text: str) -> dt.date | None:
    """Return a day as somebody typed it, None for nothing. Raises ConfigurationError for anything else."""
    clean = text.strip()
    if not clean:
        return None
    try:
        day = dt.datetime.strptime(clean, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise ConfigurationError(thing, f"“{clean}” is no day", f"Write it like {_EXAMPLE_DAY}") from None
    if day.year not in _YEARS:
        raise ConfigurationError(thing, f"the year {day.year} is out of range", f"Write it like {_EXAMPLE_DAY}")
    return day


def needs_new_connection(before: FeedConfig, after: FeedConfig) -> bool:
    """Tell whether a change costs the connection; a name, channels or how patient we are do not."""
    return _connection(before) != _connection(after)


def _connection(config: FeedConfig) -> tuple[object, ...]:
    where = config.variant, config.own_address, config.dialect
    return config.enabled, config.kind, config.mapping, *where, config.bars


def new_feed_id(kind: str, taken: Iterable[FeedId]) -> FeedId:
    """Return a free id: `massive`, then `massive-2`. Readable, and never given twice within a list."""
    used = set(taken)
    number, candidate = 1, FeedId(kind)
    while candidate in used:
        number += 1
        candidate = FeedId(f"{kind}-{number}")
    return candidate


def free_name(label: str, taken: Iterable[str]) -> str:
    """Return a name no other feed has: `Massive`, then `Massive 2`."""
    used = {name.casefold() for name in taken}
    number, candidate = 1, label
    while candidate.casefold() in used:
        number += 1
        candidate = f"{label} {number}"
    return candidate
