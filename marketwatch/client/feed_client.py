"""The client of one feed."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import importlib.util
import logging
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, Unpack

from marketwatch.client import options as given
from marketwatch.client.bars import BarFrameStream, local_instruments, make_bar_frame
from marketwatch.client.callbacks import Callback, CallbackFunction, Tally
from marketwatch.client.life import Life, LifeEvents
from marketwatch.client.options import QUEUE_SIZE, Channels, ClientOptions, Symbols
from marketwatch.client.payloads import payload
from marketwatch.client.streams import EventStream, FrameStream, make_frame
from marketwatch.client.subscription import Subscription, SubscriptionTable
from marketwatch.domain.events import BarBatch, MarketEvent
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.errors import AuthenticationRefused, ConfigurationError, ConnectionFailed, FeedError, MarketWatchError
from marketwatch.feeds.catalog import FeedKind
from marketwatch.feeds.connection import SYSTEM_PROXY
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.surroundings import FeedSettings
from marketwatch.runtime.clock import SystemClock
from marketwatch.runtime.failures import Failures
from marketwatch.runtime.redaction import Redactor

_log = logging.getLogger(__name__)


class FeedClient:
    """A client of one feed, of any kind the catalog knows; lives in the loop that connects it.

    `kind` is the feed's name, `url` a server of one's own instead of the usual one, `key` the key or token (of `kite`
    both, as `API_KEY:ACCESS_TOKEN`); without one the environment variables of the feed are read. Keywords are those
    of `ClientOptions`. Symbols are written as in the feed's guide, `SBIN` or `2885`, or are instrument identities;
    callbacks, frames and the status name them as they were written, while `key` of an event is the feed's own name
    of it. Once connected it connects again by itself, and asks again for everything that is subscribed. Raises
    ConfigurationError for a kind, address or option that cannot be used.

    >>> async with FeedClient("massive", url=url, key=key) as client:
    ...     await client.subscribe(["AAPL"], ["T"])
    ...     async for event in client:
    ...         print(event.key, event.price)
    ...         break
    'sub-1'
    AAPL 175.5
    """

    def __init__(
        self,
        kind: FeedKind | str,
        *,
        url: str | None = None,
        key: str | Secret | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        given.check_options(options)
        self._options = options
        self._spec = given.spec_of(kind, options)
        self._address = given.address_of(self._spec, url, options.get("address"))
        self._is_vendors = self._address in self._spec.addresses.values()
        self._secret = given.secret_of(self._spec, key)
        redactor = Redactor()
        for part in [] if self._secret is None else given.parts_of(self._spec, self._secret):
            redactor.register(part)
        self._redact = redactor.redact
        self._failures = Failures(options.get("clock") or SystemClock(), redact=self._redact)
        self._queue_size = options.get("queue_size", QUEUE_SIZE)
        self._tally = Tally()
        self._table = SubscriptionTable()
        self._streams: weakref.WeakSet[EventStream] = weakref.WeakSet()
        self._life: Life | None = None
        self._last_status = FeedStatus(
            feed_id=FeedId(self._spec.kind.value), label=self._spec.label, state=FeedState.IDLE
        )

    def __repr__(self) -> str:
        return f"<FeedClient {self._spec.kind.value}, {self.status.state.value}>"

    # --- life

    async def connect(self) -> None:
        """Connect and log in; does nothing when connected.

        Raises AuthenticationRefused for a missing or wrong key, EntitlementRefused for a plan without this feed,
        ConnectionFailed when the first attempt does not get through, ProtocolError for a server that speaks
        something else. Nothing is left running after an error.

        >>> client = FeedClient("massive", url=url, key=key)
        >>> await client.connect()
        >>> client.get_status()["authenticated"]
        True
        >>> await client.disconnect()
        """
        if self._life is not None and self._life.is_closing:
            await self._close(self._life)
        if self._life is not None:
            await self._life.opened()
            return
        life = self._life = self._new_life()
        try:
            await life.open()
        except BaseException:
            await self._close(life)
            raise

    async def disconnect(self) -> None:
        """Say goodbye and end everything; takes 5 s at most whatever the network does. Subscriptions are kept.

        >>> client = FeedClient("massive", url=url, key=key)
        >>> await client.connect()
        >>> await client.disconnect()
        >>> client.get_status()["running"]
        False
        """
        if self._life is not None:
            await self._close(self._life)

    async def listen(self) -> None:
        """Wait while callbacks and readers get their events, until `disconnect`; cancel it to stop waiting.

        A lost connection does not end it: the client connects again. Raises AuthenticationRefused or
        EntitlementRefused when the feed refuses for good, or every subscription; ConnectionFailed when the
        attempts that the option `reconnect` allows are used up, or when nobody has connected.

        >>> async with FeedClient("massive", url=url, key=key) as client:
        ...     async def stop(data):
        ...         print(data["symbol"], data["price"])
        ...         await client.disconnect()
        ...     await client.subscribe("AAPL", "T", stop)
        ...     await client.listen()
        'sub-1'
        AAPL 175.5
        """
        await self._connected().ended()

    async def run(
        self,
        symbols: Symbols,
        duration: float | None = None,
        channels: Channels | None = None,
        callback: CallbackFunction | None = None,
    ) -> None:
        """Connect, subscribe, listen for `duration` seconds (None: for ever) and disconnect; raises like these.

        >>> prices = []
        >>> client = FeedClient("massive", url=url, key=key)
        >>> await client.run(["AAPL"], 0.1, ["T"], lambda data: prices.append(data["price"]))
        >>> prices
        [175.5, 175.75]
        """
        identity = await self.subscribe(symbols, channels, callback)
        try:
            await self.connect()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(duration):
                    await self.listen()
        finally:
            await self.disconnect()
            await self.unsubscribe(subscription_id=identity)

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()

    # --- subscriptions

    async def subscribe(
        self,
        symbols: Symbols,
        channels: Channels | None = None,
        callback: CallbackFunction | None = None,
        subscription_id: str | None = None,
    ) -> str:
        """Ask for channels of symbols, and return the id of this subscription; also before `connect`.

        `channels` None: what the feed gives by default. `callback`, plain or async, gets the `payload` of every
        event in order; a symbol may have several. What it raises is logged, counted and told to `on_error`. Async
        callbacks that fall behind lose the oldest events beyond `queue_size`. An id in use is replaced.
        Raises ConfigurationError or UnknownInstrument for what this feed does not have.

        >>> import asyncio
        >>> heard = asyncio.Queue()
        >>> async with FeedClient("massive", url=url, key=key) as client:
        ...     await client.subscribe(["AAPL"], ["T"], heard.put, subscription_id="mine")
        ...     data = await heard.get()
        'mine'
        >>> data["event_type"], data["symbol"], data["price"], data["size"]
        ('trade', 'AAPL', 175.5, 100)
        """
        if callback is not None and not callable(callback):
            raise ConfigurationError("The callback", f"{callback!r} cannot be called", "Give a function")
        symbols = given.listed_symbols(symbols)
        topics = given.topics_of(self._spec, symbols, channels)
        self._check_limit(len(topics | set(self._table.topics())))
        identity = subscription_id or self._table.new_id()
        wrapped = None if callback is None else self._guard(identity, callback)
        subscription = Subscription(identity, topics, wrapped, given.names_of(self._spec, symbols))
        replaced = self._table.add(subscription)
        if self._life is not None:
            self._life.want(sorted(topics, key=str))
            self._life.unwant(replaced)
            self._life.forgive()
        return identity

    async def unsubscribe(
        self, symbols: Symbols | None = None, channels: Channels | None = None, subscription_id: str | None = None
    ) -> None:
        """End subscriptions: by id, symbols, channels or any of these together; without arguments all of them.

        Other subscriptions of the same symbols go on.

        >>> async with FeedClient("massive", url=url, key=key) as client:
        ...     await client.subscribe(["AAPL", "MSFT"], ["T", "Q"])
        ...     await client.unsubscribe(["MSFT"])
        ...     await client.unsubscribe(channels=["Q"])
        ...     client.get_status()["subscriptions"]
        'sub-1'
        {'AAPL': ['T']}
        """
        keys = None if symbols is None else given.names_of(self._spec, symbols)
        wanted = None if channels is None else given.channels_of(self._spec, channels)
        removed = self._table.remove(subscription_id, keys, wanted)
        if self._life is not None:
            self._life.unwant(removed)

    # --- reading

    def __aiter__(self) -> EventStream:
        """Return a stream of all subscribed events from now on. Raises ConnectionFailed when not connected."""
        life = self._connected()
        stream = EventStream(self._queue_size, self._tally)
        self._streams.add(stream)
        if life.error is not None:
            stream._end(life.error)
        return stream

    def frames(self, *, max_rows: int = 10_000, every_s: float = 1.0) -> FrameStream:
        """Return the events from now on as pandas frames of `max_rows` at most, one each `every_s` seconds.

        Of a feed of bars each frame is one whole answer, with a date index and Open, High, Low, Close and Volume;
        `frame.attrs` names symbol, resolution and period. Reading raises FeedError for a symbol without bars, and
        may go on after it; after a lost connection everything is asked for again. Raises ConfigurationError without
        pandas, ConnectionFailed when not connected.

        >>> async with FeedClient("massive", url=url, key=key) as client:
        ...     await client.subscribe("AAPL", "T")
        ...     async for frame in client.frames(max_rows=2):
        ...         print(frame[["symbol", "price", "size"]].to_string(index=False))
        ...         break
        'sub-1'
        symbol  price  size
          AAPL 175.50   100
          AAPL 175.75   200

        >>> async with FeedClient("data-provider", url=bars_url, limit=2) as client:
        ...     frames = client.frames()
        ...     await client.subscribe("SPY")
        ...     frame = await anext(frames)
        'sub-1'
        >>> list(frame), [f"{day:%Y-%m-%d}" for day in frame.index], list(frame["Close"])
        (['Open', 'High', 'Low', 'Close', 'Volume'], ['2024-01-02', '2024-01-03'], [472.7, 468.8])
        """
        if importlib.util.find_spec("pandas") is None:
            raise ConfigurationError(
                "Frames", "pandas is not installed", "Install it, for example as marketwatch[frames]"
            )
        if max_rows < 1:
            raise ConfigurationError("Frames", "a frame needs at least one row")
        life = self._connected()
        if self._spec.sends_bars:
            return BarFrameStream(aiter(self), self._make_bar_frame)

        async def make(events: Sequence[MarketEvent]) -> Any:
            if life.is_closing:  # disconnected: what came before is still handed out
                return make_frame(events, self._table.names())
            names = self._table.names()
            return await life.pool.run("make a frame", lambda: make_frame(events, names))

        return FrameStream(aiter(self), max_rows=max_rows, every_s=every_s, scheduler=life.scheduler, make=make)

    async def get_instruments_local(self) -> dict[str, list[str]]:
        """Return the tickers that a Data Provider Server has without a download, by resolution.

        Raises ConfigurationError for a feed of another kind, ConnectionFailed when not connected or when the server's
        web service does not answer, ProtocolError for an answer that is something else.

        >>> async with FeedClient("data-provider", url=bars_url) as client:
        ...     await client.get_instruments_local()
        {'1d': ['BTC-USD', 'SPY']}
        """
        if not self._spec.sends_bars:
            raise ConfigurationError(self._spec.label, "it keeps no bars", "Use a feed of the kind data-provider")
        proxy = self._options.get("proxy", SYSTEM_PROXY)
        return await local_instruments(self._address.url, self._connected().pool, proxy)

    # --- what others may know

    @property
    def status(self) -> FeedStatus:
        """Everything that is known of the feed, in more words than `get_status`.

        >>> async with FeedClient("massive", url=url, key=key) as client:
        ...     client.status.state.value, client.status.delay_s, client.status.reason
        ('live', 0.0, '')
        """
        return self._last_status if self._life is None else self._life.status()

    @property
    def dropped_events(self) -> int:
        """How many events were lost because a reader or an async callback was slower than the feed.

        >>> FeedClient("massive", url=url, key=key).dropped_events
        0
        """
        return self._tally.dropped

    @property
    def callback_failures(self) -> int:
        """How often a callback raised.

        >>> FeedClient("massive", url=url, key=key).callback_failures
        0
        """
        return self._tally.callback_failures

    def get_status(self) -> dict[str, Any]:
        """Return the status with the keys of the Polygon guide.

        `subscriptions` maps symbols to names of channels; `last_message_time` is ISO 8601 in UTC, None before the
        first message; `uptime_seconds` counts from the present connection, 0 without one.

        >>> status = FeedClient("massive", url=url, key=key).get_status()
        >>> for name, value in status.items():
        ...     print(name, value)
        connected False
        authenticated False
        running False
        subscriptions {}
        message_count 0
        last_message_time None
        uptime_seconds 0.0
        reconnect_attempts 0
        """
        status = self.status
        last_ns = status.last_message_ns
        last = None if last_ns is None else dt.datetime.fromtimestamp(last_ns / 1e9, dt.UTC).isoformat()
        return {
            "connected": status.connected,
            "authenticated": status.authenticated,
            "running": status.running,
            "subscriptions": self._table.channels_by_symbol(),
            "message_count": status.message_count,
            "last_message_time": last,
            "uptime_seconds": status.uptime_s or 0.0,
            "reconnect_attempts": status.reconnect_attempts,
        }

    # --- inside

    async def _make_bar_frame(self, batch: BarBatch) -> Any:
        life = self._life
        if life is None or life.is_closing:  # disconnected: what came before is still handed out
            return make_bar_frame(batch)
        return await life.pool.run("make a frame", lambda: make_bar_frame(batch))

    def _new_life(self) -> Life:
        spec = self._spec
        if self._secret is None and self._is_vendors and spec.credential_names:
            raise AuthenticationRefused(spec.label, "there is no key", f"Give key=…, or set {spec.credential_words}")
        settings = FeedSettings(feed_id=FeedId(spec.kind.value), label=spec.label, spec=spec, address=self._address)
        tell = LifeEvents(events=self._take, ended=self._end_streams, refused=self._tell_error, failed=self._failed)
        life = Life(settings, self._options, secret=self._secret, tell=tell, redact=self._redact)
        life.want(self._table.topics())
        return life

    async def _close(self, life: Life) -> None:
        try:
            await life.close()
        finally:
            if self._life is life:
                self._life = None
                self._last_status = life.status()
                self._table.clear_callbacks()

    def _connected(self) -> Life:
        if self._life is None:
            raise ConnectionFailed(self._spec.label, "the client is not connected", "Use async with, or connect()")
        return self._life

    def _check_limit(self, count: int) -> None:
        limit = self._spec.limits.topics
        if limit is not None and count > limit:
            raise ConfigurationError(self._spec.label, f"it allows {limit} subscriptions, not {count}")

    def _guard(self, identity: str, function: CallbackFunction) -> Callback:
        return Callback(
            f"callback of {identity}",
            function,
            size=self._queue_size,
            start=lambda name, work: self._connected().tasks.start(name, work),
            on_failure=self._failed,
            tally=self._tally,
        )

    def _take(self, events: Sequence[MarketEvent]) -> None:
        if self._life is None or self._life.is_closing:
            return
        streams = tuple(self._streams)
        for event in events:
            receivers = self._table.receivers(event)
            for subscription in receivers:
                if subscription.callback is not None:
                    data = payload(event)
                    data["symbol"] = subscription.names.get(event.key, event.key)
                    subscription.callback.call(data)
            if receivers:
                for stream in streams:
                    stream._put(event)

    def _end_streams(self, error: MarketWatchError | None) -> None:
        for stream in tuple(self._streams):
            stream._end(error)
        self._streams.clear()

    def _tell_error(self, error: FeedError) -> None:
        _log.warning("%s", self._redact(str(error)))
        self._tell(error)

    def _failed(self, where: str, error: BaseException) -> None:
        self._failures.report(where, error)
        self._tell(error)

    def _tell(self, error: BaseException) -> None:
        on_error = self._options.get("on_error")
        if on_error is None or not isinstance(error, Exception):
            return
        try:
            on_error(error)
        except Exception as second:  # noqa: BLE001 - boundary: a user's function must not end the feed
            self._failures.report("on_error", second)
