"""What one may set about a client, and how what was given becomes a feed's address, key and topics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TypedDict

import msgspec

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, UnknownInstrument
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind, FeedSpec
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.protocols.base import Channel, Topic
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.scheduler import Scheduler

QUEUE_SIZE = 10_000

Symbols = str | InstrumentId | Iterable[str | InstrumentId]
"""One or several, by the feed's own names or by identity."""

Channels = str | Channel | Iterable[str | Channel]
"""One or several, by name such as `T`, or by channel."""


class ClientOptions(TypedDict, total=False):
    """Keywords that `FeedClient` takes besides kind, url and key.

    `address` names one of the vendor's addresses, for example `delayed`; `realtime` if there is one. `queue_size` is
    how many events wait for a slow reader or an async callback: when full, the oldest is dropped and counted.
    `reconnect` replaces the feed's rules, which try for ever. `proxy` is `system`, None or an address.
    `on_error` gets what ends no connection: failures of callbacks, refusals of single topics.
    `clock` and `scheduler` are for tests, which need not wait for real.

    >>> from marketwatch.feeds.reconnect import ReconnectRules
    >>> options = ClientOptions(queue_size=500, reconnect=ReconnectRules(attempts=5, cap_s=30.0))
    >>> FeedClient("massive", url=url, key=key, **options)
    <FeedClient massive, idle>
    """

    address: str
    queue_size: int
    reconnect: ReconnectRules
    proxy: str | None
    on_error: Callable[[Exception], None]
    clock: Clock
    scheduler: Scheduler


def check_options(options: ClientOptions) -> None:
    """Raise ConfigurationError for an option that does not exist, or a queue that holds nothing."""
    unknown = sorted(set(options) - set(ClientOptions.__annotations__))
    if unknown:
        known = ", ".join(ClientOptions.__annotations__)
        raise ConfigurationError(f"Option {unknown[0]}", "a feed client has no such option", f"Choose from {known}")
    if options.get("queue_size", QUEUE_SIZE) < 1:
        raise ConfigurationError("Option queue_size", "at least one event must find room")


def spec_of(kind: FeedKind | str, options: ClientOptions) -> FeedSpec:
    """Return the row of the catalog, with the reconnect rules asked for. Raises ConfigurationError for no kind."""
    try:
        spec = CATALOG[FeedKind(kind)]
    except (KeyError, ValueError):
        known = ", ".join(each.value for each in CATALOG)
        raise ConfigurationError(f"Feed kind {kind}", "there is none of this name", f"Choose from {known}") from None
    rules = options.get("reconnect")
    if rules is None:
        return spec
    return msgspec.structs.replace(spec, limits=msgspec.structs.replace(spec.limits, reconnect=rules))


def address_of(spec: FeedSpec, url: str | None, name: str | None) -> FeedAddress:
    """Return where to connect. An address of the vendor keeps the delay that is known of it.

    Raises ConfigurationError when the address cannot be used.
    """
    if url is not None:
        complete = spec.normalise_url(url)
        known = next((one for one in spec.addresses.values() if one.url == complete), None)
        return known or FeedAddress(complete)
    if name is None:
        name = "realtime" if "realtime" in spec.addresses else next(iter(spec.addresses), "")
    address = spec.addresses.get(name)
    if address is None:
        known_names = ", ".join(spec.addresses) or "none: give a url"
        raise ConfigurationError(f"Address {name}", f"{spec.label} has no such address", f"Choose from {known_names}")
    return address


def secret_of(spec: FeedSpec, key: str | Secret | None) -> Secret | None:
    """Return the key given, else what the environment variables of this feed hold, None without one."""
    if isinstance(key, Secret):
        return key
    if key is not None:
        return Secret(key.strip()) if key.strip() else None
    texts = [os.environ.get(name, "").strip() for name in spec.credential_names]
    if spec.is_joined_key:
        return Secret(":".join(texts)) if all(texts) else None
    return next((Secret(text) for text in texts if text), None)


def parts_of(spec: FeedSpec, secret: Secret) -> list[Secret]:
    """Return everything that must not be seen: the key, and of a joined one each part."""
    return [secret, *(Secret(part) for part in secret.reveal().split(":") if spec.is_joined_key)]


def topics_of(spec: FeedSpec, symbols: Symbols, channels: Channels | None) -> frozenset[Topic]:
    """Return every channel of every symbol. Raises ConfigurationError, or UnknownInstrument for another market's."""
    keys = keys_of(spec, symbols)
    wanted = frozenset(spec.default_channels) if channels is None else channels_of(spec, channels)
    if not keys or not wanted:
        raise ConfigurationError("Subscription", "it names no symbol or no channel")
    return frozenset(Topic(channel, key) for channel in wanted for key in keys)


def keys_of(spec: FeedSpec, symbols: Symbols) -> frozenset[str]:
    """Return the feed's names of symbols. Raises UnknownInstrument for another market's."""
    listed = [symbols] if isinstance(symbols, str | InstrumentId) else symbols
    return frozenset(_key_of(spec, symbol) for symbol in listed)


def channels_of(spec: FeedSpec, channels: Channels) -> frozenset[Channel]:
    """Return channels by name. Raises ConfigurationError for one that this feed does not have."""
    listed = [channels] if isinstance(channels, str | Channel) else channels
    return frozenset(_channel_of(spec, channel) for channel in listed)


def _channel_of(spec: FeedSpec, channel: str | Channel) -> Channel:
    for known in spec.channels:
        if channel in (known, known.value):
            return known
    names = ", ".join(known.value for known in spec.channels)
    raise ConfigurationError(f"Channel {channel}", f"{spec.label} does not have it", f"Choose from {names}")


def _key_of(spec: FeedSpec, symbol: str | InstrumentId) -> str:
    key = symbol.strip() if isinstance(symbol, str) else spec.feed_key(symbol)
    if not key:
        raise UnknownInstrument(f"Instrument “{symbol}”", f"{spec.label} has no name for it")
    return key
