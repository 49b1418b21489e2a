"""Alerts and their log in words. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import msgspec

from marketwatch.domain.instrument import Instrument
from marketwatch.domain.snapshot import Snapshot
from marketwatch.qt import formatting as fmt
from marketwatch.qt import time_text
from marketwatch.qt.models.stream_words import PanelMessage, down_words, fmt_sentence, missing_message, since_words
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.report_feeds import StreamState
from marketwatch.services.server_alerts import AlertDeed, AlertKey, AlertRecord, Deed

_HINT = "The stream service watches alerts for you. Add it in Settings > Feeds."
_CONDITIONS = {
    "price_above": "is above",
    "above": "is above",
    "price_below": "is below",
    "below": "is below",
    "volume_spike": "volume spike over",
    "volume_above": "volume is above",
    "breakout_high": "breaks out above",
    "breakout_low": "breaks out below",
}
_WORDS: dict[Deed, tuple[str, Role]] = {
    Deed.FIRED: ("fired", "alert"),
    Deed.SEEN_LATE: ("seen late", "alert"),
    Deed.ALREADY: ("was true", "text2"),
    Deed.BLIND: ("blind", "error"),
    Deed.SIGHTED: ("sees again", "success"),
}


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert in two lines: symbol, condition and distance; below origin and state. `number`: a firing that waits."""

    key: Hashable
    symbol: str
    tag: str
    condition: str
    distance: str
    detail: str
    state: str
    state_role: Role
    nearness: float
    number: int | None = None
    tip: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The row in one text."""
        return (self.spoken,)

    @property
    def spoken(self) -> str:
        """The row as one says it."""
        distance = f"{self.distance} away" if self.distance.endswith("%") else self.distance
        waits = "not acknowledged" if self.number is not None else ""
        parts = (f"{self.symbol} {self.tag} {self.condition}", distance, self.state, waits, self.detail)
        return ", ".join(part for part in parts if part)


class LogRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log. `number` is that of a firing that waits for the user."""

    key: int
    time: str
    what: str
    what_role: Role
    detail: str
    number: int | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Time, what, and what it is about."""
        return (self.time, self.what, self.detail)

    @property
    def spoken(self) -> str:
        """The line as one says it."""
        return ", ".join((self.time, self.what, self.detail, *(["not acknowledged"] if self.number else [])))

    @property
    def tip(self) -> str:
        """All of it."""
        return f"{self.time} {self.what}: {self.detail}"


class AlertMoment(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows are made of: states, log, and where to read of instruments."""

    records: Sequence[AlertRecord]
    log: Sequence[AlertDeed]
    states: Sequence[StreamState]
    label: Callable[[str], str]
    instrument: Callable[[AlertKey], Instrument]
    snapshot: Callable[[AlertKey], Snapshot | None]
    zone: Callable[[AlertKey], str]
    now_ns: int


def alert_rows(moment: AlertMoment) -> list[AlertRow]:
    """Return the alerts: those whose firing waits first, then the nearest."""
    firings = {deed.number: deed for deed in moment.log if deed.is_firing}
    seeing = {state.feed_id: state for state in moment.states}
    rows = [_alert_row(moment, record, firings, seeing.get(record.key.feed_id)) for record in moment.records]
    return sorted(rows, key=lambda row: (row.number is None, row.nearness, row.symbol, row.condition))


def log_rows(moment: AlertMoment, zone: str) -> list[LogRow]:
    """Return today's log, newest first; today is that of the zone."""
    today = time_text.full_day(moment.now_ns, zone)
    rows = []
    for deed in reversed(moment.log):
        if time_text.full_day(deed.time_ns, zone) != today:
            break
        what, role = _WORDS[deed.deed]
        rows.append(
            LogRow(
                key=deed.number,
                time=time_text.clock_time(deed.time_ns, zone),
                what=what,
                what_role=role,
                detail=_log_detail(moment, deed),
                number=deed.number if deed.is_firing and not deed.is_acknowledged else None,
            )
        )
    return rows


def alerts_message(states: Sequence[StreamState], zone: str) -> PanelMessage:
    """Say why there are no alerts to list."""
    down = missing_message("alerts", states, zone, _HINT)
    if down is not None:
        return down
    feeds = ", ".join(state.feed_label for state in states if state.is_seeing)
    return PanelMessage("No alerts yet", f"{feeds} has sent none for the instruments of your lists.")


def blind_message(states: Sequence[StreamState], zone: str) -> PanelMessage | None:
    """Say which feeds' alerts cannot be seen now, None when all can."""
    blind = [state for state in states if not state.is_seeing and not state.is_missing]
    if not blind:
        return None
    causes = [f"{state.feed_label}'s alerts are blind, {down_words(state, zone)}." for state in blind]
    reasons = [fmt_sentence(state.reason) for state in blind if state.reason]
    return PanelMessage(
        " ".join(causes), " ".join((*reasons, "What fires meanwhile is told when it is back.")), "error"
    )


def summary_words(rows: Sequence[AlertRow]) -> str:
    """Count the alerts for the foot of the list."""
    fired = sum(1 for row in rows if row.state.startswith("triggered"))
    blind = sum(1 for row in rows if row.state.startswith("blind"))
    parts = [f"{len(rows) - fired - blind} armed", f"{fired} triggered"]
    return ", ".join(parts + ([f"{blind} blind"] if blind else []))


def condition_words(key: AlertKey, instrument: Instrument) -> str:
    """Say the condition of an alert: `is above 2,625.53`."""
    words = _CONDITIONS.get(key.condition.lower()) or key.condition.replace("_", " ")
    if key.threshold is None:
        return words
    if key.group == "volume":
        return f"{words} {fmt.quantity(key.threshold, instrument.currency)}"
    return f"{words} {fmt.price(key.threshold, instrument.decimals, instrument.currency)}"


def origin_words(label: str) -> str:
    """Say who watches an alert."""
    return f"server: {label}"


def _alert_row(
    moment: AlertMoment, record: AlertRecord, firings: Mapping[int, AlertDeed], state: StreamState | None
) -> AlertRow:
    key, firing = record.key, None if record.firing is None else firings.get(record.firing)
    instrument, zone = moment.instrument(key), moment.zone(key)
    distance, nearness = _distance(key, moment.snapshot(key))
    words, role = _state_words(record, firing, state, zone)
    origin = origin_words(moment.label(key.feed_id))
    return AlertRow(
        key=key,
        symbol=instrument.symbol,
        tag=instrument.tag,
        condition=condition_words(key, instrument),
        distance=distance,
        detail=origin,
        state=words,
        state_role=role,
        nearness=nearness,
        number=firing.number if firing is not None and not firing.is_acknowledged else None,
        tip=f"Watched by {origin.removeprefix('server: ')}, not here; changed there",
    )


def _state_words(
    record: AlertRecord, firing: AlertDeed | None, state: StreamState | None, zone: str
) -> tuple[str, Role]:  # fmt: skip
    if record.is_triggered:
        role: Role = "alert" if firing is not None and not firing.is_acknowledged else "text2"
        seen = "seen " if record.firing is None or (firing is not None and firing.is_past) else ""
        return f"triggered {seen}{time_text.clock_time(record.since_ns, zone)}", role
    if state is None or not state.is_seeing:
        since = "" if state is None else f" since {time_text.clock_time(state.since_ns, zone)}"
        return f"blind{since}", "error"
    return "armed", "text2"


def _distance(key: AlertKey, snapshot: Snapshot | None) -> tuple[str, float]:
    """Return how far the figure here is from the threshold, in words and as a share; far away when it is not known."""
    last = None if snapshot is None else snapshot.shown_price
    volume = None if snapshot is None else snapshot.volume
    if key.threshold is None:
        return "", float("inf")
    if key.group == "volume":
        if not volume or key.threshold <= 0:
            return "", float("inf")
        done = volume / key.threshold * 100
        return f"{fmt.share(min(done, 9_999))} of it", max(0.0, 100 - done)
    if not last:
        return "", float("inf")
    away = (key.threshold - last) / last * 100
    return fmt.percent(away), abs(away)


def _log_detail(moment: AlertMoment, deed: AlertDeed) -> str:
    label = moment.label(deed.feed_id)
    if deed.key is None:
        return f"{label}, {deed.detail}" if deed.detail else label
    instrument = moment.instrument(deed.key)
    price = "" if deed.price is None else f"{'now' if deed.is_past else 'at'} {price_words(deed, instrument)}"
    parts = (f"{instrument.symbol} {condition_words(deed.key, instrument)}", deed.detail, price, origin_words(label))
    return ", ".join(part for part in parts if part)


def price_words(deed: AlertDeed, instrument: Instrument) -> str:
    """Write the price that was known here when an alert fired."""
    if deed.price is None:
        return fmt.MISSING
    return fmt.price(deed.price.price, instrument.decimals, instrument.currency)


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """What the pop-up of one firing says. `is_past`: it was only learnt of now, and nobody knows when it fired."""

    number: int
    symbol: str
    tag: str
    name: str
    condition: str
    price: str
    origin: str
    at: str
    when: str
    source: str
    is_past: bool = False

    @property
    def spoken(self) -> str:
        """The card as one says it."""
        parts = (f"Alert, {self.symbol} {self.condition}", f"price {self.price}", self.origin, self.when, self.source)
        return ", ".join(part for part in parts if part)


def card_view(deed: AlertDeed, key: AlertKey, instrument: Instrument, label: str, zone: str) -> CardView:
    """Describe a firing for its pop-up."""
    at, price = since_words(deed.time_ns, zone), price_words(deed, instrument)
    if deed.is_past:
        price = price if deed.price is None else f"now {price}"
        source = f"seen now at {at}" + ("" if deed.price is None else f", price now from {deed.price.source}")
    else:
        source = "no live price here then" if deed.price is None else f"price here then, {deed.price.source}"
    return CardView(
        number=deed.number,
        symbol=instrument.symbol,
        tag=instrument.tag,
        name=instrument.name,
        condition=condition_words(key, instrument),
        price=price,
        origin=origin_words(label),
        at=time_text.clock_time(deed.time_ns, zone),
        when=deed.detail if deed.is_past else f"fired at {at}",
        source=source,
        is_past=deed.is_past,
    )
