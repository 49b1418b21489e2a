"""What has to be done to the running feeds after the user changed their settings. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

import msgspec

from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId


class Deed(enum.Enum):
    """What to do with one feed. Only END, BEGIN and REBUILD (another protocol, or figures of other days) cost rows
    their figures; READDRESS (also to ask otherwise), NEW_KEY and REFORM take over name, channels and reconnect rules
    as well.
    """

    END = "end"
    BEGIN = "begin"
    READDRESS = "readdress"
    REBUILD = "rebuild"
    NEW_KEY = "new key"
    REFORM = "reform"


class FeedChange(msgspec.Struct, frozen=True):
    """One thing to do."""

    deed: Deed
    config: FeedConfig


def plan_changes(
    before: Sequence[FeedConfig], after: Sequence[FeedConfig], new_keys: Iterable[FeedId] = ()
) -> list[FeedChange]:
    """Return what to do, ends first; a feed that is not touched is not named."""
    old = {config.id: config for config in before if config.enabled}
    new = {config.id: config for config in after if config.enabled}
    keys = set(new_keys)
    changes = [FeedChange(Deed.END, config) for feed_id, config in old.items() if feed_id not in new]
    for feed_id, config in new.items():
        deed = Deed.BEGIN if feed_id not in old else _deed(old[feed_id], config, has_new_key=feed_id in keys)
        if deed is not None:
            changes.append(FeedChange(deed, config))
    return changes


def _deed(before: FeedConfig, after: FeedConfig, *, has_new_key: bool) -> Deed | None:
    if (before.kind, before.mapping) != (after.kind, after.mapping):
        return Deed.REBUILD
    if (before.bars.first, before.bars.last) != (after.bars.first, after.bars.last):
        return Deed.REBUILD  # figures of days that were not chosen may not stay
    if _place(before) != _place(after):
        return Deed.READDRESS
    if has_new_key:
        return Deed.NEW_KEY
    return Deed.REFORM if before != after else None


def _place(config: FeedConfig) -> tuple[object, ...]:
    """Return where a feed is, and how it is asked there."""
    return config.variant, config.own_address, config.dialect, config.bars
