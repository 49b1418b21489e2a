"""The simulated market itself: a generator of events, deterministic by its seed, without a clock of its own."""

from __future__ import annotations

import datetime
import math
import random
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import msgspec

from marketwatch.domain.calendar import VenueRules
from marketwatch.domain.events import DayStatistics, MarketEvent, PriceValue
from marketwatch.domain.instrument import Instrument, InstrumentKind
from marketwatch.domain.venues import RULES_BY_VENUE, UNITED_STATES
from marketwatch.feeds.simulated import instrument_state as marks
from marketwatch.feeds.simulated.day_history import BUCKET_S, DayHistory
from marketwatch.feeds.simulated.factors import Factors
from marketwatch.feeds.simulated.instrument_state import InstrumentState
from marketwatch.feeds.simulated.profiles import feed_key, make_profiles

STEP_S = 0.1
_EVENTS_PER_S = 75.0
_TRADE_SHARE = 0.3
_AUCTION_SHARE = 0.015
_PRE_MARKET_SHARE = 0.08
_BAND_EVERY_S = 30.0
_GAP = 0.058
_HALT_AT_S = 10 * 3600 + 43 * 60.0
_HALT_FALLS_S = 30.0
_HALT_LASTS_S = 300.0
_HALT_SHOCK = -0.052
_DAY_BEGINS_S = 9 * 3600 + 14 * 60 + 45.0


class _Listing(msgspec.Struct):
    """An instrument in the market: its state, its hours in seconds of the venue's day, and its day so far."""

    state: InstrumentState
    history: DayHistory
    rules: VenueRules
    opens_s: float
    closes_s: float
    phase: int = 0
    next_band_s: float = 0.0
    next_value_s: float = 0.0


_BEFORE, _OPEN, _CLOSED = 0, 1, 2


class MarketCore:
    """Events of one simulated day after the other. Every venue keeps the same local time of day, `now_s`."""

    def __init__(self, instruments: Sequence[Instrument], seed: int, date: datetime.date) -> None:
        self._chance = random.Random(seed)
        profiles = make_profiles(list(instruments), seed)
        self._factors = Factors(self._chance, [(each.market, each.sector) for each in profiles])
        self._listings = [
            _listing(instrument, InstrumentState(feed_key(instrument), profile, self._chance))
            for instrument, profile in zip(instruments, profiles, strict=True)
        ]
        self._by_key = {each.state.key: each for each in self._listings}
        self._halting = self._choose(5)
        self._gapping = self._choose(3, unlike=self._halting)
        self._midnights: dict[str, int] = {}
        self.date = date
        self.now_s = _DAY_BEGINS_S
        self._start_day(date, is_first=True)

    @property
    def is_over(self) -> bool:
        """True when every venue has closed: `next_day` goes on."""
        return all(self.now_s > each.closes_s + STEP_S for each in self._listings)

    def stamp(self, rules: VenueRules, seconds: float) -> int:
        """Return a time of day at a venue in ns UTC."""
        return self._midnights[rules.zone] + int(seconds * 1e9)

    def statistics(self, key: str) -> DayStatistics | None:
        """Return the figures of the day, None for a key that is not traded here."""
        listing = self._by_key.get(key)
        return None if listing is None else listing.state.statistics()

    def day_so_far(self, key: str) -> Iterator[MarketEvent]:
        """Return the day's trades or values up to now, thinned."""
        listing = self._by_key.get(key)
        return iter(()) if listing is None else listing.history.events()

    def current_quote(self, key: str) -> list[MarketEvent]:
        """Return the quote as it stands; nothing for an index, or outside trading hours."""
        listing = self._by_key.get(key)
        if listing is None or listing.phase != _OPEN or listing.state.profile.is_index:
            return []
        return [listing.state.quote(self.stamp(listing.rules, self.now_s))]

    def current_limits(self, key: str) -> list[MarketEvent]:
        """Return the price limits as they stand, and whether trading is halted."""
        listing = self._by_key.get(key)
        if listing is None or listing.phase != _OPEN or listing.state.profile.is_index:
            return []
        indicators = marks.HALTED if listing.state.is_halted else None
        return [listing.state.limits(self.stamp(listing.rules, self.now_s), indicators)]

    def next_day(self, date: datetime.date) -> None:
        """Go on shortly before the open of `date`."""
        self._start_day(date, is_first=False)

    def advance(self, until_s: float) -> list[MarketEvent]:
        """Let the market run to `until_s` seconds of the day in whole steps; return its events in order of time."""
        events: list[MarketEvent] = []
        while self.now_s + STEP_S <= until_s:
            events.extend(self._step())
        return events

    def run_coarsely(self, until_s: float) -> None:
        """Run to `until_s` in long strides: the day so far and its figures, without single events."""
        while self.now_s + BUCKET_S <= until_s:
            self.now_s += BUCKET_S
            self._factors.step(BUCKET_S)
            for listing in self._listings:
                if self.now_s > listing.opens_s and self.now_s <= listing.closes_s:
                    self._stride(listing)

    def _start_day(self, date: datetime.date, *, is_first: bool) -> None:
        self.date = date
        self.now_s = _DAY_BEGINS_S
        for listing in self._listings:
            zone = listing.rules.zone
            midnight = datetime.datetime.combine(date, datetime.time(), ZoneInfo(zone))
            self._midnights[zone] = int(midnight.timestamp()) * 1_000_000_000
            overnight = listing.state.profile.overnight if is_first else self._chance.gauss(0.0, 0.006)
            listing.state.start_day(_GAP if listing is self._gapping else overnight)
            listing.history.clear()
            listing.phase = _BEFORE
            listing.next_band_s = listing.next_value_s = 0.0
        self._factors.start_day()

    def _step(self) -> list[MarketEvent]:
        before_s = self.now_s
        self.now_s = round(before_s + STEP_S, 3)  # sums of 0.1 drift
        self._factors.step(STEP_S)
        timed: list[tuple[float, MarketEvent]] = []
        for listing in self._listings:
            self._change_phase(listing, timed)
            if listing.phase == _OPEN and not listing.state.is_halted:
                self._trade(listing, before_s, timed)
        timed.sort(key=_time_of)
        return [event for _, event in timed]

    def _change_phase(self, listing: _Listing, timed: list[tuple[float, MarketEvent]]) -> None:
        now_s = self.now_s
        if listing.phase == _BEFORE:
            if now_s >= listing.opens_s:
                self._open(listing, timed)
            elif listing.rules.has_extended and self._chance.random() < _PRE_MARKET_SHARE * STEP_S:
                self._move(listing, now_s)
                self._emit_trade(listing, now_s, timed, marks.FORM_T)
        elif listing.phase == _OPEN:
            if listing is self._halting:
                self._drive_halt(listing, timed)
            if now_s >= listing.closes_s:
                self._close(listing, timed)
            elif now_s >= listing.next_band_s and not listing.state.profile.is_index:
                listing.next_band_s = now_s + _BAND_EVERY_S if listing.rules.has_extended else math.inf
                timed.append((now_s, listing.state.limits(self.stamp(listing.rules, now_s))))

    def _open(self, listing: _Listing, timed: list[tuple[float, MarketEvent]]) -> None:
        listing.phase = _OPEN
        listing.next_band_s = self.now_s
        self._move(listing, self.now_s)
        if not listing.state.profile.is_index:
            self._auction(listing, timed, marks.OPENING_TRADE)

    def _close(self, listing: _Listing, timed: list[tuple[float, MarketEvent]]) -> None:
        listing.phase = _CLOSED
        if not listing.state.profile.is_index and not listing.state.is_halted:
            self._auction(listing, timed, marks.CLOSING_TRADE)

    def _auction(self, listing: _Listing, timed: list[tuple[float, MarketEvent]], mark: tuple[int, ...]) -> None:
        profile = listing.state.profile
        seconds = listing.closes_s - listing.opens_s
        day_volume = _EVENTS_PER_S * profile.weight * _TRADE_SHARE * seconds * profile.mean_size
        size = listing.state.block_size(day_volume * _AUCTION_SHARE * self._chance.uniform(0.7, 1.4))
        self._emit_trade(listing, self.now_s, timed, None if profile.is_indian else mark, size)
        timed.append((self.now_s, listing.state.quote(self.stamp(listing.rules, self.now_s))))

    def _trade(self, listing: _Listing, before_s: float, timed: list[tuple[float, MarketEvent]]) -> None:
        if listing.state.profile.is_index:
            self._value(listing, timed)
            return
        expected = self._rate(listing, self.now_s) * STEP_S
        count = int(expected) + (self._chance.random() < expected % 1)
        for moment_s in sorted(before_s + self._chance.random() * STEP_S for _ in range(count)):
            self._move(listing, moment_s)
            if self._chance.random() < _TRADE_SHARE:
                self._emit_trade(listing, moment_s, timed)
            else:
                timed.append((moment_s, listing.state.quote(self.stamp(listing.rules, moment_s))))

    def _value(self, listing: _Listing, timed: list[tuple[float, MarketEvent]]) -> None:
        if self.now_s < listing.next_value_s:
            return
        listing.next_value_s = math.floor(self.now_s) + 1.0
        self._move(listing, self.now_s)
        stamp = self.stamp(listing.rules, self.now_s)
        price = listing.state.coarse_trade(stamp, 0.0)
        listing.history.add(self.now_s, stamp, price, 0.0)
        timed.append((self.now_s, PriceValue(key=listing.state.key, stamp=stamp, value=price)))

    def _emit_trade(
        self,
        listing: _Listing,
        moment_s: float,
        timed: list[tuple[float, MarketEvent]],
        conditions: tuple[int, ...] | None = None,
        size: float | None = None,
    ) -> None:
        trade = listing.state.trade(self.stamp(listing.rules, moment_s), conditions, size)
        if listing.phase != _BEFORE and trade.stamp is not None:
            listing.history.add(moment_s, trade.stamp, trade.price, trade.size)
        timed.append((moment_s, trade))

    def _drive_halt(self, listing: _Listing, timed: list[tuple[float, MarketEvent]]) -> None:
        """Let one share fall to its lower limit, halt there, and resume with an auction."""
        state, now_s = listing.state, self.now_s
        stamp = self.stamp(listing.rules, now_s)
        fallen_s = now_s - (_HALT_AT_S - _HALT_FALLS_S)
        if 0 <= fallen_s <= _HALT_FALLS_S:
            state.shock = _HALT_SHOCK * fallen_s / _HALT_FALLS_S
        elif not state.is_halted and 0 < now_s - _HALT_AT_S <= 2 * STEP_S:
            state.is_halted = True
            timed.append((now_s, state.limits(stamp, marks.HALTED)))
        elif state.is_halted and now_s >= _HALT_AT_S + _HALT_LASTS_S:
            state.is_halted = False
            self._move(listing, now_s)
            self._auction(listing, timed, marks.REOPENING_TRADE)
            timed.append((now_s, state.limits(stamp, marks.RESUMED)))

    def _stride(self, listing: _Listing) -> None:
        """Stand one trade of many shares for all the trades of a stride."""
        profile = listing.state.profile
        if listing.phase == _BEFORE:
            self._open(listing, [])
            return
        expected = self._rate(listing, self.now_s) * _TRADE_SHARE * BUCKET_S * profile.mean_size
        moment_s = self.now_s - BUCKET_S * self._chance.random()
        self._move(listing, max(moment_s, listing.opens_s))
        size = 0.0 if profile.is_index else listing.state.block_size(expected * self._chance.lognormvariate(-0.1, 0.5))
        stamp = self.stamp(listing.rules, max(moment_s, listing.opens_s))
        listing.history.add(self.now_s, stamp, listing.state.coarse_trade(stamp, size), size)

    def _move(self, listing: _Listing, moment_s: float) -> None:
        profile = listing.state.profile
        level = self._factors.level(profile.market, profile.sector, profile.beta, profile.sector_beta)
        listing.state.move(moment_s, level)

    def _rate(self, listing: _Listing, now_s: float) -> float:
        """Return events per second: busy after the open and before the close, quiet at noon."""
        done = (now_s - listing.opens_s) / (listing.closes_s - listing.opens_s)
        shape = 0.65 + 1.6 * math.exp(-done / 0.06) + 1.1 * math.exp((done - 1.0) / 0.05)
        return _EVENTS_PER_S * listing.state.profile.weight * shape

    def _choose(self, place: int, *, unlike: _Listing | None = None) -> _Listing | None:
        """Return the share at this place of the list, or the last before it; None when there are no shares."""
        shares = [
            each
            for each in self._listings
            if each.rules.has_extended and not each.state.profile.is_broad and each is not unlike
        ]
        return shares[min(place, len(shares) - 1)] if shares else None


def _listing(instrument: Instrument, state: InstrumentState) -> _Listing:
    rules = RULES_BY_VENUE.get(instrument.id.venue, UNITED_STATES)
    hours = rules.hours
    opens_s, closes_s = float(hours.opens), float(hours.closes)
    if opens_s < _DAY_BEGINS_S:  # round-the-clock venues keep the demo's hours
        opens_s, closes_s = float(UNITED_STATES.hours.opens), float(UNITED_STATES.hours.closes)
    history = DayHistory(state.key, is_index=instrument.kind is InstrumentKind.INDEX)
    return _Listing(state, history, rules, opens_s, closes_s)


def _time_of(row: tuple[float, MarketEvent]) -> float:
    return row[0]
