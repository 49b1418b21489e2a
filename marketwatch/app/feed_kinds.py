"""The catalog of feeds in the words of the settings, and a configured feed as the supervisors want it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import msgspec

from marketwatch.domain.feed_config import BarOptions, FeedConfig, ReconnectPolicy
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind, FeedSpec
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.protocols.base import Channel
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.data_provider.requests import ROWS, DataOptions
from marketwatch.protocols.mapping.client import MappingClient
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.qt.models.feed_settings_model import KindView, VariantView

MappingOf = Callable[[str], Mapping]
"""Finds a mapping by the name of its file, or raises ConfigurationError."""

FIVE_ATTEMPTS: Final = ReconnectRules(first_s=1.0, cap_s=30.0, attempts=5)
API_SECRET: Final = "api_secret"  # noqa: S105 - what it is called
DAY_SESSION: Final = "day_session"
"""Codes of what a feed with a daily login keeps beside its key: what the login needs, and what it gave."""
_SECRET_LABELS: Final = {"KITE_API_KEY": "API key", "KITE_ACCESS_TOKEN": "Access token"}
_NOTES: Final = {
    "massive": "formerly Polygon.io, US stocks",
    "polygon-local": "your own Polygon gateway",
    "data-provider": "bars and history by Socket.IO",
    "stream-service": "prices, analysis, alerts, portfolio",
    "odin": "NSE and BSE, India",
    "kite": "Zerodha, India",
    "mapping": "any stream of JSON, mapped by you",
}
_VARIANTS: Final = {"delayed": "Delayed", "realtime": "Real time", "local": "This computer", "live": "Real time"}
_HINTS: Final = {
    ("massive", "delayed"): "Every delayed price carries its tag.",
    ("massive", "realtime"): "Real time needs a paid plan.",
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


def resolve(config: FeedConfig, mapping_of: MappingOf | None = None) -> FeedSettings:
    """Return a configured feed with address, channels and reconnect rules. Raises ConfigurationError.

    Without default channels it gives no prices: the user chose only what comes beside them. `mapping_of` finds the
    mapping it names, and is asked at every connection: it may have been saved anew.
    """
    spec = spec_of(config)
    if config.mapping and mapping_of is not None:
        mapping_of(config.mapping)
        spec = msgspec.structs.replace(spec, protocol=lambda key: MappingClient(key, mapping_of(config.mapping)))
    if spec.kind is FeedKind.DATA_PROVIDER:
        ask = functools.partial(DataProviderClient, options=bar_options(config.bars))
        spec = msgspec.structs.replace(spec, protocol=ask)
    codes = config.channels or _default_codes(spec)
    chosen = tuple(channel for channel in spec.channels if channel.value in codes)
    reports = tuple(stream for stream in spec.report_streams if stream.channel.value in codes)
    if not chosen and not reports:
        chosen = spec.default_channels
    limits = spec.limits
    if config.reconnect is ReconnectPolicy.FIVE_ATTEMPTS:
        limits = msgspec.structs.replace(limits, reconnect=FIVE_ATTEMPTS)
    spec = msgspec.structs.replace(spec, default_channels=chosen, report_streams=reports, limits=limits)
    return FeedSettings(feed_id=config.id, label=config.name, spec=spec, address=_address(config, spec))


def bar_options(bars: BarOptions) -> DataOptions:
    """Return what rows of a list need, asked for as the user wants it."""
    again = min(bars.minutes, ROWS.minutes.again_limit or bars.minutes)
    return msgspec.structs.replace(
        ROWS,
        minutes=msgspec.structs.replace(ROWS.minutes, limit=bars.minutes, again_limit=again),
        local_only=bars.local_only,
        single_timeout_s=float(bars.single_timeout_s),
        batch_timeout_s=float(bars.batch_timeout_s),
    )


def _default_codes(spec: FeedSpec) -> tuple[str, ...]:
    return tuple(one.value for one in (*spec.default_channels, *(stream.channel for stream in spec.report_streams)))


def _address(config: FeedConfig, spec: FeedSpec) -> FeedAddress:
    known = spec.addresses.get(config.variant)
    if known is not None:
        return known
    if not config.own_address:
        raise ConfigurationError(config.name, "it has no address yet", "Type one in Settings > Feeds")
    complete = spec.normalise_url(config.own_address)
    return next((one for one in spec.addresses.values() if one.url == complete), None) or FeedAddress(complete)


def _kind_view(spec: FeedSpec) -> KindView:
    kind = spec.kind.value
    return KindView(
        kind=kind,
        label=spec.label,
        note=_NOTES.get(kind, ""),
        variants=tuple(_variant_view(kind, name, address) for name, address in spec.addresses.items()),
        secrets=typed_secrets(spec),
        has_sign_in=spec.has_daily_login,
        channels=tuple(
            (one.value, label) for one in spec.all_channels if (label := _channel_label(kind, one)) is not None
        ),
        default_channels=_default_codes(spec),
        has_mapping=spec.kind is FeedKind.MAPPING,
        has_bars=spec.kind is FeedKind.DATA_PROVIDER,
        check_address=functools.partial(check_address, spec),
    )


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

    from marketwatch.services.proxy_words import is_loopback

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
