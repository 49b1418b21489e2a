"""What the program knows of an instrument that was looked up: its feeds, its hours, and where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from marketwatch.domain.calendar import VenueRules
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.domain.venues import ALWAYS
from marketwatch.instruments.masters.listing import OWN_PREFIX
from marketwatch.qt import time_text
from marketwatch.qt.models.master_views import HitFacts

if TYPE_CHECKING:
    from marketwatch.app.core import Core
    from marketwatch.instruments.lookup import LookupHit
    from marketwatch.services.watchlists import WatchlistService

_MOST_NAMED: Final = 2


def hit_facts(core: Core, lists: WatchlistService | None, hit: LookupHit) -> HitFacts:
    """Return the facts of one hit; quick enough for every arrow key."""
    one = hit.instrument.id
    feeds = core.feeds.candidates(one)
    ticks = [feed for feed in feeds if not core.hub.facts(feed).sends_bars]
    bars = [feed for feed in feeds if core.hub.facts(feed).sends_bars]
    sources = [*ticks, *bars, *(each.source.removeprefix(OWN_PREFIX) for each in hit.listings)]
    token = next(iter(hit.tokens), one.symbol)
    place = f"{one.venue}_{one.segment}"
    return HitFacts(
        key=" : ".join(part for part in (*sources[:1], place, token) if part),
        stream=_feed_words(core, one, ticks, hit.tokens) or "no open feed has it",
        history=_feed_words(core, one, bars, hit.tokens) or "no open feed has its bars",
        hours=_hours(one, core.calendars.of(one).rules, core.runtime.clock.now_ns()),
        used=_used(one, lists),
    )


def _feed_words(core: Core, one: InstrumentId, feeds: list[FeedId], tokens: tuple[str, ...]) -> str:
    """Name the feeds in the order in which they are asked, each with its name for the instrument."""
    told = []
    for feed in feeds[:_MOST_NAMED]:
        facts, key = core.hub.facts(feed), core.keys.feed_key(feed, one) or ""
        late = f" D{facts.delay_s / 60:.0f}" if facts.delay_s else ""
        told.append(f"{facts.label}{late}, {'token ' if key in tokens else ''}{key}")
    more = len(feeds) - len(told)
    return "; then ".join(told) + (f"; and {more} more" if more > 0 else "")


def _hours(one: InstrumentId, rules: VenueRules, now_ns: int) -> str:
    if rules is ALWAYS:
        return ALWAYS.name
    local = time_text.local_time(now_ns, rules.zone)
    hours = rules.hours_on(local.date()) or rules.hours
    zone = time_text.zone_name(rules.zone, now_ns)
    opens, closes = _clock(hours.opens), _clock(hours.closes)
    extended = f", extended {_clock(hours.pre)} to {_clock(hours.post)}" if rules.has_extended else ""
    return f"{one.venue} {opens} to {closes} {zone}{extended}"


def _clock(seconds: int) -> str:
    seconds %= 86_400
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def _used(one: InstrumentId, lists: WatchlistService | None) -> str:
    names = [] if lists is None else [each.name for each in lists.lists_holding(one)]
    if not names:
        return "none of your lists"
    return f"{len(names)} list{'' if len(names) == 1 else 's'}: {', '.join(names)}"
