"""The catalog of feeds in the words of the settings, and a configured feed as the supervisors want it."""

from __future__ import annotations

import datetime as dt
import functools
import math
import time
from collections.abc import Callable
from typing import Final

import msgspec

from marketwatch.domain.calendar import Phase
from marketwatch.domain.feed_config import ANY_SILENCE, MOST_MINUTES, BarOptions, FeedConfig, ReconnectPolicy
from marketwatch.domain.secret import Secret
from marketwatch.domain.wanted_sessions import SESSIONS
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind, FeedLimits, FeedSpec
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.requests import ROWS, TICKERS_PER_BATCH, BarQuery, DataOptions
from marketwatch.protocols.mapping.client import MappingClient
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.qt.models.kind_views import KindView, VariantView

MappingOf = Callable[[str], Mapping]
"""Finds a mapping by the name of its file, or raises ConfigurationError."""

FIVE_ATTEMPTS: Final = ReconnectRules(first_s=1.0, cap_s=30.0, attempts=5)
API_SECRET: Final = "api_secret"  # noqa: S105 - what it is called
DAY_SESSION: Final = "day_session"
"""Codes of what a feed with a daily login keeps beside its key: what the login needs, and what it gave."""
_NS: Final = 1_000_000_000
_DAY_S: Final = 86_400
_EPOCH_DAY: Final = dt.date(1970, 1, 1).toordinal()
_LATEST_ZONE_S: Final = 12 * 3_600
_MOST_ROWS: Final = 200_000  # of one answer: with the widest rows it stays below the longest message
_SECRET_LABELS: Final = {"KITE_API_KEY": "API key", "KITE_ACCESS_TOKEN": "Access token"}
_MARKETS: Final = {"massive": "stocks", "odin": "NSE India", "kite": "NSE India"}
_ZONES: Final = {"America/New_York": "ET"}
_SILENCES_S: Final = (30, 60, 90, 120, 300, 900)
_VARIANTS: Final = {"delayed": "Delayed", "realtime": "Real time", "local": "This computer", "live": "Real time"}
_HINTS: Final = {
    ("massive", "delayed"): "Real time needs a paid plan. Every delayed price carries D15.",
    ("massive", "realtime"): "Real time needs a paid plan.",
}
_DIALECTS: Final = {
    "native": "Native: the server greets first",
    "simple": "Simple: tickers, without a greeting",
}
_CHANNELS: Final = {
    Channel.TRADES: "Trades",
    Channel.QUOTES: "Quotes",
    Channel.SECOND_BARS: "Second bars",
    Channel.MINUTE_BARS: "Minute bars",
    Channel.BARS: "Daily bars",
    Channel.ANALYSIS: "Analysis",
    Channel.ALERTS: "Alerts",
    Channel.PORTFOLIO: "Portfolio",
}
_OWN_CHANNELS: Final = {
    ("stream-service", Channel.TRADES): "Prices",
    ("data-provider", Channel.BARS): "Daily and minute bars",
    ("data-provider", Channel.MINUTE_BARS): "Minute bars only",
    ("kite", Channel.TRADES): "Trades (full)",
    ("kite", Channel.QUOTES): "Quotes (full)",
    ("kite", Channel.DEPTH): "Depth (full)",
    ("kite", Channel.DAY_FIGURES): "Day figures (quote)",
    ("kite", Channel.LAST_PRICE): "Last price (ltp)",
}
"""The channels offered as a choice; all others are asked for by what needs them."""


def kind_views() -> tuple[KindView, ...]:
    """Return every kind of the catalog as the settings show it."""
    return tuple(_kind_view(spec) for spec in CATALOG.values())


def secret_fields(spec: FeedSpec) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return code, label and environment variables of each secret that is kept of a kind."""
    fields = _key_fields(spec)
    if spec.has_daily_login:
        fields = (*fields, (API_SECRET, "API secret", ()), (DAY_SESSION, "Session of the day", ()))
    return fields


def typed_secrets(spec: FeedSpec) -> tuple[tuple[str, str], ...]:
    """Return code and label of each secret that the user types; the token of the day comes by signing in."""
    made = {*(code for code, *_ in _key_fields(spec)[-1:]), DAY_SESSION} if spec.has_daily_login else set()
    return tuple((code, label) for code, label, _ in secret_fields(spec) if code not in made)


def _key_fields(spec: FeedSpec) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    names = spec.credential_names
    if spec.is_joined_key:
        return tuple((name.lower(), _SECRET_LABELS.get(name, name), (name,)) for name in names)
    return (("key", "API key", names),) if names else ()


def joined_key(spec: FeedSpec, secret_of: Callable[[str], Secret | None]) -> Secret | None:
    """Return the key as the protocol takes it; None while a part of it is missing."""
    parts = [secret_of(code) for code, *_ in _key_fields(spec)]
    texts = [part.reveal() for part in parts if part is not None]
    return Secret(":".join(texts)) if texts and len(texts) == len(parts) else None


def spec_of(config: FeedConfig) -> FeedSpec:
    """Return the catalog's row of a configured feed. Raises ConfigurationError for a kind not known here."""
    try:
        return CATALOG[FeedKind(config.kind)]
    except (ValueError, KeyError):
        raise ConfigurationError(
            config.name, f"this version knows no feed of the kind “{config.kind}”", "Update MarketWatch"
        ) from None


def resolve(
    config: FeedConfig, mapping_of: MappingOf | None = None, wall_ns: Callable[[], int] = time.time_ns
) -> FeedSettings:
    """Return a configured feed with address, channels and reconnect rules. Raises ConfigurationError.

    Without default channels it gives no prices: the user chose only what comes beside them. `mapping_of` finds the
    mapping it names, and is asked at every connection: it may have been saved anew. `wall_ns` is asked then too:
    how far back the chosen days are decides what is asked for.
    """
    spec = spec_of(config).speaking(config.dialect if config.has_own_address else "")
    if config.mapping and mapping_of is not None:
        mapping_of(config.mapping)
        spec = msgspec.structs.replace(spec, protocol=lambda key: MappingClient(key, mapping_of(config.mapping)))
    if spec.kind is FeedKind.DATA_PROVIDER:
        spec = msgspec.structs.replace(
            spec, protocol=lambda key: DataProviderClient(key, bar_options(config.bars, wall_ns()))
        )
    codes = config.channels or _default_codes(spec)
    chosen = tuple(channel for channel in spec.channels if channel.value in codes)
    reports = tuple(stream for stream in spec.report_streams if stream.channel.value in codes)
    if not chosen and not reports:
        chosen = spec.default_channels
    spec = msgspec.structs.replace(
        spec, default_channels=chosen, report_streams=reports, limits=_limits(config, spec.limits)
    )
    return FeedSettings(
        feed_id=config.id,
        label=config.name,
        spec=spec,
        address=_address(config, spec),
        history_to=config.bars.last if spec.sends_bars else None,
        sessions=tuple(one for one in _sessions_of(spec) if one.value in config.sessions),
    )


def _limits(config: FeedConfig, limits: FeedLimits) -> FeedLimits:
    """Return the limits of a kind with the user's patience."""
    if config.reconnect is ReconnectPolicy.FIVE_ATTEMPTS:
        limits = msgspec.structs.replace(limits, reconnect=FIVE_ATTEMPTS)
    if config.silence_s is None:
        return limits
    wanted_s = math.inf if config.silence_s == ANY_SILENCE else float(config.silence_s)
    silence = msgspec.structs.replace(limits.silence, mute_s=min(wanted_s, limits.silence.mute_most_s))
    return msgspec.structs.replace(limits, silence=silence)


def _sessions_of(spec: FeedSpec) -> tuple[Phase, ...]:
    """Return the sessions among which a user may choose: one needs no choice, and bars have times of their own."""
    return SESSIONS if spec.rules.has_extended and not spec.sends_bars else ()


def bar_options(bars: BarOptions, now_ns: int) -> DataOptions:
    """Return what rows of a list need as of now, asked for as the user wants it."""
    left_s = None if bars.last is None else _left_s(bars.last, now_ns)
    if bars.last is not None and left_s is not None and left_s <= 0:
        days, minutes = _queries_back(bars.last, bars.minutes, now_ns)
    else:
        again = min(bars.minutes, ROWS.minutes.again_limit or bars.minutes)
        days, minutes = ROWS.bars, msgspec.structs.replace(ROWS.minutes, limit=bars.minutes, again_limit=again)
    return msgspec.structs.replace(
        ROWS,
        bars=days,
        minutes=minutes,
        local_only=bars.local_only,
        first=bars.first,
        last=bars.last,
        single_timeout_s=float(bars.single_timeout_s),
        batch_timeout_s=float(bars.batch_timeout_s),
        refresh_for_s=left_s,
    )


def _left_s(last: dt.date, now_ns: int) -> float:
    """Return how long it takes until a day is over everywhere on earth."""
    ends_s = (last.toordinal() + 1 - _EPOCH_DAY) * _DAY_S + _LATEST_ZONE_S
    return ends_s - now_ns / _NS


def _queries_back(last: dt.date, stated: int, now_ns: int) -> tuple[BarQuery, BarQuery]:
    """Return what to ask for when the last day is past: a limit keeps the newest rows, and no day can be named."""
    back = now_ns // _NS // _DAY_S + _EPOCH_DAY - last.toordinal() + 1
    days = back + (ROWS.bars.limit or 0)
    minutes = min(back * MOST_MINUTES + stated, _MOST_ROWS)
    return (
        msgspec.structs.replace(ROWS.bars, limit=days, is_batched=days * TICKERS_PER_BATCH <= _MOST_ROWS),
        msgspec.structs.replace(ROWS.minutes, limit=minutes, again_limit=None, stated=stated),
    )


def _default_codes(spec: FeedSpec) -> tuple[str, ...]:
    return tuple(one.value for one in (*spec.default_channels, *(stream.channel for stream in spec.report_streams)))


def _address(config: FeedConfig, spec: FeedSpec) -> FeedAddress:
    known = spec.addresses.get(config.variant)
    if known is not None:
        return known
    if not config.own_address:
        raise ConfigurationError(config.name, "it has no address yet", "Type one in Settings > Feeds")
    return spec.address_at(config.own_address)


def _kind_view(spec: FeedSpec) -> KindView:
    kind = spec.kind.value
    return KindView(
        kind=kind,
        label=spec.label,
        note=spec.note,
        variants=tuple(_variant_view(kind, name, address) for name, address in spec.addresses.items()),
        secrets=typed_secrets(spec),
        has_sign_in=spec.has_daily_login,
        channels=tuple(
            (one.value, label) for one in spec.all_channels if (label := _channel_label(kind, one)) is not None
        ),
        default_channels=_default_codes(spec),
        has_mapping=spec.kind is FeedKind.MAPPING,
        has_bars=spec.kind is FeedKind.DATA_PROVIDER,
        dialects=tuple((name, _DIALECTS.get(name, name.capitalize())) for name in spec.dialects),
        market=_MARKETS.get(kind, ""),
        streams=tuple(stream.channel.value for stream in spec.report_streams),
        sessions=_session_words(spec),
        silences=_silences(spec),
        usual_silence_s=_whole_s(spec.limits.silence.mute_s),
        retries=_retry_words(spec),
        check_address=functools.partial(check_address, spec),
    )


def _retry_words(spec: FeedSpec) -> str:
    rules = spec.limits.reconnect
    stops = "; a refused key stops it" if spec.credential_names else ""
    return f"waits {rules.first_s:g} s at first, then longer, up to {rules.cap_s:g} s{stops}"


def _silences(spec: FeedSpec) -> tuple[int, ...]:
    """Return the silences a user may choose, in seconds; none where no data come unasked."""
    silence = spec.limits.silence
    if silence.useful_s == math.inf:
        return ()
    known = {*(one for one in _SILENCES_S if one <= silence.mute_most_s), _whole_s(silence.mute_s)} - {ANY_SILENCE}
    return (*sorted(known), *((ANY_SILENCE,) if silence.mute_most_s == math.inf else ()))


def _whole_s(mute_s: float) -> int:
    return ANY_SILENCE if mute_s == math.inf else round(mute_s)


def _session_words(spec: FeedSpec) -> tuple[tuple[str, str], ...]:
    """Return code and words of each session: `Pre-market 04:00`."""
    hours = spec.rules.hours
    pre, opens, closes, post = (
        f"{second // 3600:02d}:{second % 3600 // 60:02d}"
        for second in (hours.pre, hours.opens, hours.closes, hours.post)
    )
    zone = _ZONES.get(spec.rules.zone, spec.rules.zone)
    words = {
        Phase.PRE: f"Pre-market {pre}",
        Phase.REGULAR: f"Regular {opens}",
        Phase.POST: f"Post-market {closes} to {post} {zone}",
    }
    return tuple((one.value, words[one]) for one in _sessions_of(spec))


def _channel_label(kind: str, channel: Channel) -> str | None:
    return _OWN_CHANNELS.get((kind, channel)) or _CHANNELS.get(channel)


def _variant_view(kind: str, name: str, address: FeedAddress) -> VariantView:
    label = _VARIANTS.get(name, name.capitalize())
    if address.delay_s:
        label = f"{label} {address.delay_s / 60:g} min"
    return VariantView(name, label, address.url, address.delay_s, _HINTS.get((kind, name), ""))


def check_address(spec: FeedSpec, address: str, has_key: bool) -> tuple[str, bool]:
    """Say what is wrong with an address, and whether that is only a warning."""
    from urllib.parse import urlsplit

    from marketwatch.feeds.server_names import is_loopback

    try:
        parts = urlsplit(spec.normalise_url(address))
        host = parts.hostname or ""
    except ConfigurationError as error:
        return f"{error.cause[:1].upper()}{error.cause[1:]}. {error.next_step}.".replace("..", "."), False
    except ValueError:
        return "It is not a valid address.", False
    if parts.scheme in ("wss", "https") or is_loopback(host):
        return "", False
    if has_key and spec.credential_names:
        return "A key would travel unencrypted: use wss://, or a server on this computer.", False
    return "Not encrypted: anyone on the way can read and change what comes.", True
