"""Client side of the Data Provider Server, for one connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from marketwatch.domain.events import BarBatch, BatchProgress, MarketEvent, RequestFailed
from marketwatch.domain.secret import Secret
from marketwatch.errors import ProtocolError
from marketwatch.protocols.base import Confirmed, Refused, Released, ServerClosing, Topic, Unconfirmed
from marketwatch.protocols.client_side import ClientSide
from marketwatch.protocols.data_provider import messages
from marketwatch.protocols.data_provider.day import day_of, minutes_of
from marketwatch.protocols.data_provider.keys import zone_of
from marketwatch.protocols.data_provider.messages import Incoming
from marketwatch.protocols.data_provider.packets import EngineKind, SocketKind, write_frame, write_packet
from marketwatch.protocols.data_provider.requests import BarQuery, DataOptions, Request, RequestPlan
from marketwatch.protocols.data_provider.rows import Rows, within
from marketwatch.protocols.deadlines import soonest

ORIGIN: Final = "data-provider"
GREETING_S: Final = 10.0
_NOT_MENTIONED: Final = "the answer does not mention it"


class DataProviderClient(ClientSide):
    """Speaks to one server; satisfies `protocols.base.ClientProtocol`. The server wants no key.

    Answers carry no number of their request and may come late, so one request is under way at a time, and only what
    fits it is taken. A topic is confirmed by its first bars and refused by a reason why there are none.
    """

    def __init__(self, key: Secret | None = None, options: DataOptions | None = None) -> None:
        super().__init__(key)
        self._options = DataOptions() if options is None else options
        self._plan = RequestPlan(self._options)
        self._topics: dict[Topic, None] = {}
        self._minutes_until: dict[str, int] = {}
        self._request: Request | None = None
        self._request_deadline = 0.0
        self._has_progress = False
        self._is_ready = False
        self._patience_s = GREETING_S
        self._deadline: float | None = None
        self._made_at = 0.0
        self._attachments = 0
        self._failures: list[MarketEvent] = []

    def connection_made(self, now: float) -> None:
        """The transport is open: await the opening of the session."""
        self._made_at = now
        self._deadline = now + self._patience_s

    def receive(self, data: bytes | Incoming, now: float) -> Sequence[MarketEvent]:
        """Take one frame, or one that `messages.read` has read elsewhere, and return its market events in order."""
        if self._is_ready:
            self._deadline = now + self._patience_s
        if self._is_attachment(data):
            data = Incoming()
        elif isinstance(data, bytes):
            data = messages.read(data)
        events, self._failures = self._failures, []
        events.extend(self._take(data, now))
        self._ask(now)
        return events

    def subscribe(self, topics: Iterable[Topic], now: float) -> None:
        """Ask for topics; before the session is open, and while the server is busy, they wait."""
        for topic in topics:
            if self._options.query_of(topic.channel) is None:
                self._control.append(Refused(topic, "this server sends bars only"))
            elif topic.key == "*" or not topic.key.strip():
                self._control.append(Refused(topic, "this server wants a ticker"))
            elif topic not in self._topics:
                self._topics[topic] = None
                self._plan.add(topic, now)
        self._ask(now)

    def unsubscribe(self, topics: Iterable[Topic], now: float) -> None:
        """End topics: what is under way is finished, and its answer dropped."""
        for topic in topics:
            if topic in self._topics:
                del self._topics[topic]
                self._plan.remove(topic, self._topics)
                if not self._plan.keys_of(self._options.minutes, topic.key.upper()):
                    self._minutes_until.pop(topic.key, None)
                self._control.append(Released(topic))

    def next_deadline(self) -> float | None:
        """Monotonic second at which `deadline_passed` wants a call."""
        if self._request is not None:
            return soonest(self._deadline, self._request_deadline)
        return soonest(self._deadline, self._plan.next_due() if self._is_ready else None)

    def deadline_passed(self, now: float) -> None:
        """Give up what was not answered, and ask for what is due.

        Raises ProtocolError when the session was not opened, or the server has not pinged for too long.
        """
        if self._deadline is not None and now >= self._deadline:
            cause = "it sends no pings any more" if self._is_ready else "it does not open a Socket.IO session"
            raise ProtocolError("The server", cause)
        if self._request is not None and now >= self._request_deadline:
            self._give_up(self._request, now)
        self._ask(now)

    # --- the session -------------------------------------------------------------------------------------------

    def _is_attachment(self, data: bytes | Incoming) -> bool:
        """Tell whether a frame is a binary part that was announced. A ping or an event among them stays what it is."""
        if isinstance(data, bytes):
            is_packet = data == b"2" or data.startswith(b'42["')
        else:
            is_packet = isinstance(data, messages.Answer)
        if not self._attachments or is_packet:
            return False
        self._attachments -= 1
        return True

    def _take(self, incoming: Incoming, now: float) -> Iterator[MarketEvent]:
        match incoming:
            case messages.Opened():
                self._patience_s = incoming.ping_interval_s + incoming.ping_timeout_s
                if not self._is_ready:
                    self._deadline = now + GREETING_S
                    self._out.append(write_packet(SocketKind.CONNECT))
            case messages.Ping():
                self._out.append(write_frame(EngineKind.PONG, incoming.body))
            case messages.Joined():
                self._join(now)
            case messages.Left():
                self._control.append(ServerClosing(incoming.reason))
            case messages.Attachments():
                self._attachments = incoming.count
            case messages.Unread():
                self._invalid.note(incoming.reason, incoming.sample)
            case messages.Answer():
                yield from self._answer(incoming, now)

    def _join(self, now: float) -> None:
        if not self._is_ready:
            self._is_ready = True
            self._deadline = now + self._patience_s
            self._note_ready()

    # --- requests ----------------------------------------------------------------------------------------------

    def _ask(self, now: float) -> None:
        if not self._is_ready or self._request is not None:
            return
        request = self._plan.next_request(now)
        if request is None:
            return
        self._request = request
        self._has_progress = False
        options = self._options
        self._request_deadline = now + (options.batch_timeout_s if request.is_batch else options.single_timeout_s)
        name = "get_batch_data" if request.is_batch else "get_data"
        self._out.append(write_packet(SocketKind.EVENT, [name, request.payload(local_only=options.local_only)]))

    def _give_up(self, request: Request, now: float) -> None:
        """Stop waiting for an answer; who reads the events hears of it with the next frame, at the latest a ping."""
        self._request = None
        patience_s = self._options.batch_timeout_s if request.is_batch else self._options.single_timeout_s
        reason = f"no answer within {patience_s:g} s"
        for ticker in request.tickers:
            self._control.extend(Unconfirmed(topic) for topic in self._topics_of(request.query, ticker))
            self._failures.extend(self._failure_events(request, ticker, reason))
            self._plan.settle(request.query, ticker, now, was_answered=False)

    # --- answers -----------------------------------------------------------------------------------------------

    def _answer(self, answer: messages.Answer, now: float) -> Iterator[MarketEvent]:
        request = self._request
        if request is None or not request.fits(answer.resolution, answer.period):
            self._drop(answer)
            return
        match answer:
            case messages.BatchStatus() if request.is_batch:
                self._has_progress = True
                yield from self._progress(request, answer.ticker, answer.status, answer.done, answer.total)
            case messages.BatchAnswer() if request.is_batch and self._is_about(request, answer):
                yield from self._take_batch(request, answer, now)
            case messages.BatchFailure() if request.is_batch:
                yield from self._batch_failed(request, answer, now)
            case messages.DataStatus() if answer.ticker in request.tickers:
                yield from self._progress(request, answer.ticker, answer.status, None, None)
            case messages.DataAnswer() if (answer.ticker,) == request.tickers:
                self._request = None
                yield from self._take_rows(request, answer.ticker, answer.rows, now)
            case messages.DataFailure() if not request.is_batch and answer.ticker in ("", *request.tickers):
                self._request = None
                yield from self._failed(request, answer.ticker or request.tickers[0], answer.reason, now)
            case _:
                self._drop(answer)

    def _drop(self, answer: messages.Answer) -> None:
        if not isinstance(answer, messages.DataStatus | messages.BatchStatus):
            self._invalid.note("an answer that nobody waits for")

    def _is_about(self, request: Request, answer: messages.BatchAnswer) -> bool:
        named = {*answer.results, *answer.errors}
        return not named or not named.isdisjoint(request.tickers)

    def _take_batch(self, request: Request, answer: messages.BatchAnswer, now: float) -> Iterator[MarketEvent]:
        self._request = None
        for ticker in request.tickers:
            rows = answer.results.get(ticker)
            if rows is None:
                yield from self._failed(request, ticker, answer.errors.get(ticker, _NOT_MENTIONED), now)
            else:
                yield from self._take_rows(request, ticker, rows, now)

    def _batch_failed(self, request: Request, answer: messages.BatchFailure, now: float) -> Iterator[MarketEvent]:
        self._request = None
        if answer.is_unwritable or self._has_progress:
            self._plan.can_batch &= not answer.is_unwritable
            self._plan.split(request)
            return
        for ticker in request.tickers:
            yield from self._failed(request, ticker, answer.reason, now)

    def _take_rows(self, request: Request, ticker: str, rows: Rows, now: float) -> Iterator[MarketEvent]:
        for reason, sample, count in rows.invalid:
            self._invalid.note(reason, sample, count)
        if not rows.bars:
            reason = f"its rows cannot be read: {rows.invalid[0][0]}" if rows.invalid else messages.NO_ROWS
            yield from self._failed(request, ticker, reason, now)
            return
        options, query = self._options, request.query
        bars = within(rows.bars, options.first, options.last, zone_of(ticker), is_dated=rows.is_dated)
        self._plan.settle(query, ticker, now, was_answered=True, is_final=self._is_over(now))
        if query.is_row and not bars:
            yield from self._refused(request, ticker, f"it has no bars {_days_in_words(options)}")
            return
        self._control.extend(Confirmed(topic) for topic in self._topics_of(query, ticker))
        for key in self._plan.keys_of(query, ticker):
            batch = BarBatch(
                key=key, origin=ORIGIN, resolution=query.resolution, period=query.period,
                is_dated=rows.is_dated, bars=bars,
            )  # fmt: skip
            yield from self._statements(query, batch)
            yield batch

    def _statements(self, query: BarQuery, batch: BarBatch) -> Iterator[MarketEvent]:
        if query.is_row and (day := day_of(batch)) is not None:
            yield day
        if query == self._options.minutes and not batch.is_dated:
            count = query.limit if query.stated is None else query.stated
            minutes = minutes_of(batch, self._minutes_until.get(batch.key, 0), count)
            if minutes:
                self._minutes_until[batch.key] = minutes[-1].stamp or 0
            yield from minutes

    def _failed(self, request: Request, ticker: str, reason: str, now: float) -> Iterator[MarketEvent]:
        # A row may still come to have something; nobody waits for minutes that the server does not have.
        is_final = self._is_over(now) and not request.query.is_row
        self._plan.settle(request.query, ticker, now, was_answered=False, is_final=is_final)
        yield from self._refused(request, ticker, reason)

    def _refused(self, request: Request, ticker: str, reason: str) -> Iterator[MarketEvent]:
        self._control.extend(Refused(topic, reason) for topic in self._topics_of(request.query, ticker))
        yield from self._failure_events(request, ticker, reason)

    def _failure_events(self, request: Request, ticker: str, reason: str) -> Iterator[MarketEvent]:
        for key in self._plan.keys_of(request.query, ticker):
            yield RequestFailed(
                key=key, origin=ORIGIN, resolution=request.query.resolution, period=request.query.period, reason=reason
            )

    def _is_over(self, now: float) -> bool:
        """Tell whether no new bar can come between the dates that were chosen."""
        patience_s = self._options.refresh_for_s
        return patience_s is not None and now - self._made_at >= patience_s

    def _progress(
        self, request: Request, ticker: str, status: str, done: int | None, total: int | None
    ) -> Iterator[MarketEvent]:
        for key in self._plan.keys_of(request.query, ticker):
            yield BatchProgress(key=key, origin=ORIGIN, status=status, done=done, total=total)

    def _topics_of(self, query: BarQuery, ticker: str) -> list[Topic]:
        keys = self._plan.keys_of(query, ticker)
        return [topic for topic in self._topics if topic.key in keys and self._options.query_of(topic.channel) == query]


def _days_in_words(options: DataOptions) -> str:
    bounds = (("from", options.first), ("to", options.last))
    return " ".join(f"{word} {bound.isoformat()}" for word, bound in bounds if bound is not None)
