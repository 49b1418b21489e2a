"""What one may set about a client, and how what was given becomes a feed's address, key and topics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from collections.abc import Mapping as AnyMapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from marketwatch.client.bars import BarOptions, data_options
from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.secret import Secret
from marketwatch.errors import ConfigurationError, UnknownInstrument
from marketwatch.feeds.catalog import CATALOG, FeedAddress, FeedKind, FeedSpec
from marketwatch.feeds.reconnect import ReconnectRules
from marketwatch.protocols.base import Channel, Topic
from marketwatch.protocols.data_provider.client import DataProviderClient
from marketwatch.protocols.mapping.client import MappingClient
from marketwatch.protocols.mapping.mapping import Mapping, read_mapping
from marketwatch.runtime.clock import Clock
from marketwatch.runtime.scheduler import Scheduler

QUEUE_SIZE = 10_000

EVERYTHING = "*"
"""Stands for all symbols, where a feed has that."""

Symbol = str | int | InstrumentId
"""A symbol or number as the feed's guide writes it, or an identity."""

Symbols = Symbol | Iterable[Symbol]
"""One or several."""

Channels = str | Channel | Iterable[str | Channel]
"""One or several, by name such as `T`, or by channel."""


class ClientOptions(BarOptions, total=False):
    """Keywords that `FeedClient` takes besides kind, url and key.

    `address` names one of the vendor's addresses, for example `delayed`; `realtime` if there is one. `queue_size` is
    how many events wait for a slow reader or an async callback: when full, the oldest is dropped and counted.
    `reconnect` replaces the feed's rules, which try for ever. `proxy` is `system`, None or an address.
    `on_error` gets what ends no connection: failures of callbacks, refusals of single topics.
    `mapping`, of the kind `mapping` alone, says what a stream's fields mean: as a dict, or the file of one; without
    it they are guessed.
    `dialect`, of the kind `massive` alone, is `native` or `simple`; without it the server's greeting decides.
    Of the kind `data-provider` alone: `resolution` (`1d`), `period` (`max`) and `limit` say which bars are asked for,
    `local_only` (True) forbids downloads, `start` and `end` cut the answers to these days, `timeout_s` (30) and
    `batch_timeout_s` (60) limit the wait for an answer, and `refresh_s` asks again and again (None: once).
    `clock` and `scheduler` are for tests, which need not wait for real.

    >>> from marketwatch.feeds.reconnect import ReconnectRules
    >>> options = ClientOptions(queue_size=500, reconnect=ReconnectRules(attempts=5, cap_s=30.0))
    >>> FeedClient("massive", url=url, key=key, **options)
    <FeedClient massive, idle>
    >>> mapping = {"symbol": "data[].s", "price": "data[].p", "size": "data[].v", "time": "data[].t"}
    >>> FeedClient("mapping", url="ws://127.0.0.1:9000/stream", mapping=mapping)
    <FeedClient mapping, idle>
    >>> FeedClient("data-provider", resolution="1h", period="1mo", start="2024-01-02", local_only=False)
    <FeedClient data-provider, idle>
    """

    address: str
    queue_size: int
    reconnect: ReconnectRules
    proxy: str | None
    on_error: Callable[[Exception], None]
    mapping: Mapping | AnyMapping[str, Any] | str | Path
    dialect: str
    clock: Clock
    scheduler: Scheduler


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "address": (str, type(None)),
    "queue_size": (int,),
    "reconnect": (ReconnectRules, type(None)),
    "proxy": (str, type(None)),
    "dialect": (str, type(None)),
    "mapping": (Mapping, AnyMapping, str, Path, type(None)),
}


def check_options(options: ClientOptions) -> None:
    """Raise ConfigurationError for an option that does not exist or is something else, or a queue without room."""
    unknown = sorted(set(options) - set(ClientOptions.__annotations__))
    if unknown:
        known = ", ".join(ClientOptions.__annotations__)
        raise ConfigurationError(f"Option {unknown[0]}", "a feed client has no such option", f"Choose from {known}")
    for name, value in options.items():
        if not isinstance(value, _KINDS.get(name, object)):
            words = " or ".join(kind.__name__ for kind in _KINDS[name] if kind is not type(None))
            raise ConfigurationError(f"Option {name}", f"{value!r} is not what it takes", f"Its kind is {words}")
    if not callable(options.get("on_error", print)):
        raise ConfigurationError("Option on_error", "it cannot be called", "Give a function")
    if options.get("queue_size", QUEUE_SIZE) < 1:
        raise ConfigurationError("Option queue_size", "at least one event must find room")


def spec_of(kind: FeedKind | str, options: ClientOptions) -> FeedSpec:
    """Return the row of the catalog, with the reconnect rules asked for. Raises ConfigurationError for no kind."""
    try:
        spec = CATALOG[FeedKind(kind)]
    except (KeyError, ValueError):
        known = ", ".join(each.value for each in CATALOG)
        raise ConfigurationError(f"Feed kind {kind}", "there is none of this name", f"Choose from {known}") from None
    spec = _asking(_mapped(_speaking(spec, options), options), options)
    rules = options.get("reconnect")
    if rules is None:
        return spec
    return msgspec.structs.replace(spec, limits=msgspec.structs.replace(spec.limits, reconnect=rules))


def _speaking(spec: FeedSpec, options: ClientOptions) -> FeedSpec:
    """Let the protocol speak the dialect that was given. Raises ConfigurationError for one that this feed lacks."""
    dialect = options.get("dialect")
    if dialect is None:
        return spec
    if dialect not in spec.dialects:
        known = f"Choose from {', '.join(spec.dialects)}" if spec.dialects else "Leave it out"
        raise ConfigurationError("Option dialect", f"{spec.label} does not speak {dialect!r}", known)
    return spec.speaking(dialect)


def _mapped(spec: FeedSpec, options: ClientOptions) -> FeedSpec:
    """Let the protocol follow the mapping that was given. Raises ConfigurationError for one that cannot be used."""
    given = options.get("mapping")
    if given is None:
        return spec
    if spec.kind is not FeedKind.MAPPING:
        raise ConfigurationError("Option mapping", f"{spec.label} has a protocol of its own", "Leave it out")
    if isinstance(given, str | Path):
        try:
            given = read_mapping(Path(given).read_bytes())
        except OSError as error:
            cause = (error.strerror or type(error).__name__).lower()
            raise ConfigurationError(f"The mapping “{given}”", cause, "Check the file") from error
    mapping = given if isinstance(given, Mapping) else read_mapping(given)
    return msgspec.structs.replace(spec, protocol=partial(MappingClient, mapping=mapping))


def _asking(spec: FeedSpec, options: ClientOptions) -> FeedSpec:
    """Let the protocol ask for the bars that were named. Raises ConfigurationError where nobody can be asked."""
    if spec.kind is FeedKind.DATA_PROVIDER:
        ask = partial(DataProviderClient, options=data_options(options))
        return msgspec.structs.replace(spec, protocol=ask, default_channels=(Channel.BARS,))
    given = next((name for name in BarOptions.__annotations__ if name in options), None)
    if given is not None:
        raise ConfigurationError(f"Option {given}", f"{spec.label} sends what happens, not bars on request")
    return spec


def address_of(spec: FeedSpec, url: str | None, name: str | None) -> FeedAddress:
    """Return where to connect. An address of the vendor keeps the delay that is known of it.

    Raises ConfigurationError when the address cannot be used.
    """
    if url is not None:
        if not isinstance(url, str):
            raise ConfigurationError("The feed's address", f"{url!r} is not a text", "Write it like ws://host/path")
        return spec.address_at(url)
    if name is None:
        name = "realtime" if "realtime" in spec.addresses else next(iter(spec.addresses), "")
    address = spec.addresses.get(name)
    if not spec.addresses:
        raise ConfigurationError(spec.label, "it has no usual address", "Give one as url")
    if address is None:
        known_names = ", ".join(spec.addresses)
        raise ConfigurationError(f"Address {name}", f"{spec.label} has no such address", f"Choose from {known_names}")
    return address


def secret_of(spec: FeedSpec, key: str | Secret | None) -> Secret | None:
    """Return the key given, else what the environment variables of this feed hold, None without one.

    Raises ConfigurationError for a key that is no text.
    """
    if isinstance(key, Secret):
        return key
    if key is not None:
        if not isinstance(key, str):
            raise ConfigurationError(f"The key of {spec.label}", "it is not a text")
        return Secret(key.strip()) if key.strip() else None
    texts = [os.environ.get(name, "").strip() for name in spec.credential_names]
    if spec.is_joined_key:
        return Secret(":".join(texts)) if all(texts) else None
    return next((Secret(text) for text in texts if text), None)


def parts_of(spec: FeedSpec, secret: Secret) -> list[Secret]:
    """Return everything that must not be seen: the key, and of a joined one each part."""
    return [secret, *(Secret(part) for part in secret.reveal().split(":") if spec.is_joined_key)]


def names_of(spec: FeedSpec, symbols: Symbols) -> dict[str, str]:
    """Return the feed's names of symbols, each with how it was written here.

    Raises UnknownInstrument for another market's, ConfigurationError for what is no symbol.
    """
    listed = listed_symbols(symbols)
    keys = [_key_of(spec, symbol) for symbol in listed]
    return {
        key: key if isinstance(symbol, InstrumentId) else str(symbol).strip()
        for key, symbol in zip(keys, listed, strict=True)
    }


def topics_of(spec: FeedSpec, symbols: Symbols, channels: Channels | None) -> frozenset[Topic]:
    """Return every channel of every symbol. Raises ConfigurationError, or UnknownInstrument for another market's."""
    keys = names_of(spec, symbols)
    wanted = frozenset(spec.default_channels) if channels is None else channels_of(spec, channels)
    topics = frozenset(Topic(channel, key) for channel in wanted for key in keys)
    if not topics:
        raise ConfigurationError("Subscription", "it names no symbol or no channel")
    return topics


def listed_symbols(symbols: Symbols) -> list[Symbol]:
    """Return one symbol or several as a list. Raises ConfigurationError for anything else."""
    return _listed("Symbols", symbols, (str, int, InstrumentId))


def channels_of(spec: FeedSpec, channels: Channels) -> frozenset[Channel]:
    """Return channels by name. Raises ConfigurationError for one that this feed does not have."""
    return frozenset(_channel_of(spec, channel) for channel in _listed("Channels", channels, (str, Channel)))


def _listed(what: str, given: Any, kinds: tuple[type, ...]) -> list[Any]:
    """Return one or several as a list. Raises ConfigurationError for anything else."""
    listed = list(given) if isinstance(given, Iterable) and not isinstance(given, kinds) else [given]
    for one in listed:
        if not isinstance(one, kinds) or isinstance(one, bool):
            raise ConfigurationError(what, f"{one!r} is none", "Give one, or a list of them")
    return listed


def _channel_of(spec: FeedSpec, channel: str | Channel) -> Channel:
    for known in spec.all_channels:
        if channel in (known, known.value):
            return known
    names = ", ".join(known.value for known in spec.all_channels)
    raise ConfigurationError(f"Channel {channel}", f"{spec.label} does not have it", f"Choose from {names}")


def _key_of(spec: FeedSpec, symbol: Symbol) -> str:
    """Return the feed's name; what people write, such as SBIN or 2885, is completed as it is for a list."""
    if isinstance(symbol, InstrumentId):
        key = spec.feed_key(symbol)
    else:
        text = str(symbol).strip()
        key = text if text in ("", EVERYTHING) else spec.feed_key(spec.instrument_of(text))
    if not key:
        raise UnknownInstrument(f"Instrument “{symbol}”", f"{spec.label} has no name for it", _next_step(spec))
    return key


def _next_step(spec: FeedSpec) -> str:
    return "Give the number from its list of instruments" if spec.listed_as else ""
