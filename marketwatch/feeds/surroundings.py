"""What a supervisor is told: the feed it owns, and what it shares with all the others."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import msgspec

from marketwatch.domain.calendar import Phase
from marketwatch.domain.ids import FeedId
from marketwatch.feeds.connection import Transport
from marketwatch.runtime.backoff import Draw
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.scheduler import Scheduler
from marketwatch.runtime.tasks import FailureHandler, TaskOwner

if TYPE_CHECKING:
    from marketwatch.feeds.catalog import FeedAddress, FeedSpec

SessionOpen = Callable[[int], bool | None]
"""Tells whether the market is open at a wall-clock time (ns); None when that is not known."""
KeysOpen = Callable[[int, Collection[str]], bool | None]
"""Tells the same of the markets of some instruments alone, which are given by the feed's keys."""


class FeedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One configured feed. `measures_lag` is False where events carry another time than now (replay, simulation).

    `history_to` is the last day whose figures it may give, as the user chose it; `sessions` are the wanted phases of
    the trading day, none of them meaning all.
    """

    feed_id: FeedId
    label: str
    spec: FeedSpec
    address: FeedAddress
    measures_lag: bool = True
    is_pinged: bool = True
    history_to: dt.date | None = None
    sessions: tuple[Phase, ...] = ()


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What every supervisor of the program shares. `redact` takes secrets out of what far ends say.

    `pool` reads long messages; without one the loop's thread does.
    """

    transport: Transport
    clock: Clock
    scheduler: Scheduler
    tasks: TaskOwner
    on_failure: FailureHandler
    draw: Draw = random.SystemRandom().uniform
    redact: Callable[[str], str] = str
    pool: WorkerPool | None = None
