"""Test connection: a short supervised connection with the real protocol, and in words what is wrong."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import msgspec

from marketwatch.domain.events import REMARKS, MarketEvent
from marketwatch.domain.ids import FeedId
from marketwatch.domain.secret import Secret
from marketwatch.feeds.catalog import FeedAddress, FeedSpec
from marketwatch.feeds.status import FeedState, FeedStatus
from marketwatch.feeds.subscriptions import TopicPhase
from marketwatch.feeds.supervisor import FeedSupervisor
from marketwatch.feeds.surroundings import FeedSettings, SessionOpen, Surroundings
from marketwatch.protocols import base
from marketwatch.protocols.base import Topic
from marketwatch.runtime.executors import WorkerPool
from marketwatch.runtime.retry import HandshakeRejected
from marketwatch.runtime.scheduler import wait_until
from marketwatch.services import connection_causes as causes
from marketwatch.services.connection_findings import Finding, Step, StepResult, StepState, TestReport, words_for
from marketwatch.services.connection_probe import Ears, HeardTransport, heard_factory
from marketwatch.services.connection_words import clock_words, figure_words, price_words, works_words
from marketwatch.services.proxy_words import is_number_or_local, system_proxy

_NS = 1_000_000_000
_NAME_S = 5.0
_CONNECT_S = 13.0  # the transport itself gives up after ten
_KEY_S = 14.0
_ANSWER_S = 12.0
_PRICE_S = 10.0
_CLOSED_S = 3.0  # while the market is closed a price may still come, from a replayed session for example
_CLOCK_OFF_S = 30.0
_KEY_FINDINGS = (Finding.WRONG_KEY, Finding.NO_KEY, Finding.TOKEN_ENDED)
_ENDED = frozenset({FeedState.BACKING_OFF, FeedState.REFUSED, FeedState.SIGNED_OUT})


class TestPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried: a feed, where, with which key, and which topics are asked for.

    `is_signed_out`: the daily login is missing, so there is nothing to try.
    """

    __test__ = False  # pytest: not a test

    spec: FeedSpec
    address: FeedAddress
    key: Secret | None
    topics: tuple[Topic, ...]
    is_signed_out: bool = False


class ConnectionTester:
    """Tries feeds out. A vendor that allows one connection per key drops the running feed meanwhile: stop it first."""

    def __init__(
        self,
        surroundings: Surroundings,
        pool: WorkerPool,
        *,
        proxy_for: Callable[[str], str | None] = system_proxy,
        look_up: Callable[[str], object] | None = None,
    ) -> None:
        self._around = surroundings
        self._pool = pool
        self._proxy_for = proxy_for
        self._look_up = look_up or _look_up

    async def test(
        self,
        plan: TestPlan,
        *,
        session_open: SessionOpen | None = None,
        on_progress: Callable[[TestReport], None] | None = None,
    ) -> TestReport:
        """Return what was found, within about 45 seconds at most; never raises for what the network does.

        `on_progress` gets the steps so far whenever one is done.
        """
        run = _Run(self._around, plan, session_open, on_progress)
        if plan.is_signed_out:
            run.note(Step.KEY, StepState.FAILED, "nobody is signed in for today")
            return await run.end_before_connecting(Finding.SIGNED_OUT)
        host = urlsplit(plan.address.url).hostname or ""
        problem = await self._find_name(run, plan.address.url, host)
        return await (run.connect() if problem is None else run.end_before_connecting(problem))

    async def _find_name(self, run: _Run, url: str, host: str) -> Finding | None:
        if is_number_or_local(host):
            run.note(Step.NAME, StepState.OK, f"{host} needs no look-up")
            return None
        proxy = self._proxy_for(url)
        if proxy is not None:
            run.note(Step.NAME, StepState.OK, f"the proxy {proxy} looks {host} up")
            return None
        began_ns = self._around.clock.monotonic_ns()
        try:
            await self._pool.run("look up a server's name", lambda: self._look_up(host), timeout_s=_NAME_S)
        except (OSError, UnicodeError) as error:
            cause = "no answer in time" if isinstance(error, TimeoutError) else "no server of this name is known"
            run.note(Step.NAME, StepState.FAILED, f"{host}: {cause}")
            return Finding.NAME_NOT_FOUND
        took_ms = (self._around.clock.monotonic_ns() - began_ns) / 1e6
        run.note(Step.NAME, StepState.OK, f"{host} found in {took_ms:.0f} ms")
        return None


class _Run:
    """One test from start to report."""

    def __init__(
        self,
        around: Surroundings,
        plan: TestPlan,
        session_open: SessionOpen | None,
        on_progress: Callable[[TestReport], None] | None,
    ) -> None:
        self._around = around
        self._plan = plan
        self._session_open = session_open
        self._on_progress = on_progress
        self._began_ns = around.clock.monotonic_ns()
        self._ran_ns = around.clock.now_ns()
        self._steps = {step: StepResult(step, StepState.NOT_REACHED) for step in Step}
        self._news = asyncio.Event()
        self._ears = Ears(around.clock, self._news.set)
        self._price: MarketEvent | None = None
        self._price_ns = 0
        self._ended_by: FeedStatus | None = None
        self._supervisor = self._make_supervisor()

    def note(self, step: Step, state: StepState, detail: str) -> None:
        """Write down how a step went."""
        result = StepResult(step, state, self._around.redact(detail))
        if self._steps[step] != result:
            self._steps[step] = result
            if self._on_progress is not None:
                self._on_progress(self._report(None, "", ""))

    async def end_before_connecting(self, finding: Finding) -> TestReport:
        """Report a failure that made connecting useless."""
        return self._report(finding, *words_for(finding))

    async def connect(self) -> TestReport:
        """Connect, sign in, subscribe and wait for a price."""
        self._supervisor.want(self._plan.topics)
        self._supervisor.start()
        try:
            await self._until(_CONNECT_S, lambda: self._ears.is_open)
            self._note_server()
            await self._until(_KEY_S, self._is_let_in)
            self._note_key()
            await self._until(_ANSWER_S, self._is_answered)
            self._note_permission()
            await self._until(self._price_wait_s(), lambda: self._price is not None)
            self._note_permission()
            self._note_price()
        finally:
            await self._supervisor.stop()
        return self._conclude()

    # --- the connection

    def _make_supervisor(self) -> FeedSupervisor:
        plan, around = self._plan, self._around
        spec = msgspec.structs.replace(plan.spec, protocol=heard_factory(plan.spec.protocol, self._ears))
        settings = FeedSettings(feed_id=FeedId("test"), label=spec.label, spec=spec, address=plan.address)
        transport = HeardTransport(around.transport, self._ears)
        return FeedSupervisor(
            settings,
            msgspec.structs.replace(around, transport=transport),
            credentials=lambda: plan.key,
            sink=self._take,
            on_status=self._on_status,
            session_open=self._session_open,
        )

    def _take(self, events: Sequence[MarketEvent]) -> None:
        news = [event for event in events if event.kind not in REMARKS]
        first = next((event for event in news if figure_words(event)), news[0] if news else None)
        if self._price is None and first is not None:
            self._price, self._price_ns = first, self._around.clock.monotonic_ns()
            self._news.set()

    def _on_status(self, status: FeedStatus) -> None:
        if status.state in _ENDED and self._ended_by is None:
            self._ended_by = status
        self._news.set()

    async def _until(self, limit_s: float, is_reached: Callable[[], bool]) -> None:
        """Wait until something is reached, the connection ended, or the time is over."""
        clock = self._around.clock
        end_ns = clock.monotonic_ns() + round(limit_s * _NS)
        while not is_reached() and self._ended_by is None:
            left_s = (end_ns - clock.monotonic_ns()) / _NS
            if left_s <= 0:
                return
            self._news.clear()
            await wait_until(self._news, left_s, self._around.scheduler)

    def _is_let_in(self) -> bool:
        return any(isinstance(one, base.Authenticated) for one in self._ears.controls)

    def _is_answered(self) -> bool:
        waiting = (TopicPhase.WAITING, TopicPhase.ASKED)
        return self._price is not None or not any(self._phase(topic) in waiting for topic in self._plan.topics)

    def _phase(self, topic: Topic) -> TopicPhase:
        return self._supervisor.topic_state(topic).phase

    def _price_wait_s(self) -> float:
        return _CLOSED_S if self._is_market_closed() else _PRICE_S

    def _is_market_closed(self) -> bool:
        return self._session_open is not None and self._session_open(self._around.clock.now_ns()) is False

    # --- the steps

    def _note_server(self) -> None:
        ears, url = self._ears, self._plan.address.url
        if ears.answered_ns is None or ears.asked_ns is None:
            if self._ended_by is not None or ears.asked_ns is not None:
                self.note(Step.SERVER, StepState.FAILED, self._complaint()[1])
            return
        took_ms = (ears.answered_ns - ears.asked_ns) / 1e6
        secured = ", certificate valid" if url.startswith("wss:") else ""
        if ears.is_open:
            how = ", by long polling: it refuses the WebSocket" if ears.is_polled else ""
            self.note(Step.SERVER, StepState.OK, f"answered in {took_ms:.0f} ms{secured}{how}")
        else:
            said = self._complaint()[1]
            is_refusal = self._complaint()[0] in (*_KEY_FINDINGS, Finding.NO_ENTITLEMENT)
            state = StepState.OK if is_refusal else StepState.FAILED
            self.note(Step.SERVER, state, f"answered in {took_ms:.0f} ms{secured}" if is_refusal else said)
        self._note_clock(ears.server_ahead_s)

    def _note_clock(self, ahead_s: float | None) -> None:
        if ahead_s is not None:
            is_off = abs(ahead_s) > _CLOCK_OFF_S
            self.note(Step.CLOCK, StepState.FAILED if is_off else StepState.OK, clock_words(ahead_s))
        elif self._ears.answered_ns is not None:
            self.note(Step.CLOCK, StepState.NOT_REACHED, "not measured: the server told no time")

    def _note_key(self) -> None:
        finding, said = self._complaint()
        if self._is_let_in():
            needs_key = bool(self._plan.spec.credential_names) and self._plan.key is not None
            self.note(Step.KEY, StepState.OK, "the server let us in" if needs_key else "none was asked for")
        elif finding in _KEY_FINDINGS:
            self.note(Step.KEY, StepState.FAILED, said)
        elif finding is Finding.NO_ENTITLEMENT:
            self.note(Step.KEY, StepState.OK, "the server knows it")
            self.note(Step.PERMISSION, StepState.FAILED, said)
        elif finding is not None and self._ears.is_open:
            self.note(Step.KEY, StepState.NOT_REACHED, said)

    def _note_permission(self) -> None:
        refused = [one for one in self._ears.controls if isinstance(one, base.Refused)]
        confirmed = [str(topic) for topic in self._plan.topics if self._phase(topic) is TopicPhase.CONFIRMED]
        finding, said = self._complaint()
        if finding in (Finding.NO_ENTITLEMENT, Finding.SYMBOL_REFUSED):
            names = ", ".join(str(one.topic) for one in refused if one.topic is not None)
            self.note(Step.PERMISSION, StepState.FAILED, f"{names}: {said}" if names else said)
        elif finding is Finding.CONNECTION_HELD:
            self.note(Step.PERMISSION, StepState.FAILED, said)
        elif confirmed:
            more = f"; not offered here: {', '.join(str(one.topic) for one in refused)}" if refused else ""
            self.note(Step.PERMISSION, StepState.OK, f"{', '.join(confirmed)} confirmed{more}")
        elif self._is_let_in():
            asked = ", ".join(str(topic) for topic in self._plan.topics)
            self.note(Step.PERMISSION, *self._unanswered(asked))

    def _unanswered(self, asked: str) -> tuple[StepState, str]:
        if self._price is not None:
            return StepState.OK, f"{asked} asked; prices come without an answer"
        return StepState.NOT_REACHED, f"{asked} asked, no answer"

    def _note_price(self) -> None:
        event = self._price
        if event is None:
            if self._ended_by is None:
                waited = self._price_wait_s()
                is_closed = self._is_market_closed()
                reason = "the market is closed" if is_closed else f"none within {waited:.0f} s"
                self.note(Step.PRICE, StepState.NOT_REACHED if is_closed else StepState.FAILED, reason)
            return
        age_s = self._age_s()
        if self._ears.server_ahead_s is None and age_s is not None and age_s < -_CLOCK_OFF_S:
            self._note_clock(-age_s)
        after_s, zone = (self._price_ns - self._began_ns) / _NS, self._plan.spec.rules.zone
        self.note(Step.PRICE, StepState.OK, f"{price_words(event, age_s, zone)}; came after {after_s:.1f} s")

    def _age_s(self) -> float | None:
        event_ns = None if self._price is None else self._price.event_ns
        if event_ns is None:
            return None
        passed_ns = self._price_ns - self._began_ns
        return (self._ran_ns + passed_ns - event_ns) / _NS

    # --- the finding

    def _complaint(self) -> tuple[Finding | None, str]:
        """Return what the server or the network complained of most, and its words."""
        said = causes.of_controls(self._ears.controls, has_key=self._plan.key is not None)
        if said is not None and (said[0] is not Finding.SYMBOL_REFUSED or not self._has_success()):
            return said
        error = self._ears.error
        if isinstance(error, HandshakeRejected):
            refusal = self._plan.spec.upgrade_refusal(error.status, error.body)
            said = None if refusal is None else causes.of_controls([refusal], has_key=self._plan.key is not None)
            if said is not None:
                return said
        if error is not None:
            needs_key = bool(self._plan.spec.credential_names)
            return causes.of_error(error, needs_key=needs_key, has_key=self._plan.key is not None)
        if self._ended_by is not None:
            return Finding.SERVER_TROUBLE, self._ended_by.reason
        if self._ears.asked_ns is not None and not self._ears.is_open:
            return Finding.UNREACHABLE, "no answer in time"
        return None, ""

    def _has_success(self) -> bool:
        return self._price is not None or any(isinstance(one, base.Confirmed) for one in self._ears.controls)

    def _conclude(self) -> TestReport:
        finding, said = self._complaint()
        is_clock_off = self._steps[Step.CLOCK].state is StepState.FAILED
        if finding is None:
            finding = self._quiet_finding()
        if is_clock_off and finding in (Finding.WORKS, Finding.MARKET_CLOSED, Finding.SILENT, Finding.NOT_SECURE):
            finding = Finding.CLOCK_WRONG
            said = self._steps[Step.CLOCK].detail
        if finding is Finding.CLOCK_WRONG:
            self.note(Step.CLOCK, StepState.FAILED, said)
        sentence, next_step = words_for(finding)
        if finding is Finding.WORKS:
            plan = self._plan
            sentence = works_words(self._age_s(), plan.address.delay_s, sends_bars=plan.spec.sends_bars)
        elif finding is Finding.MARKET_CLOSED and self._plan.key is None:
            sentence = "Connected. The market is closed, so no price came."
        elif finding is Finding.SERVER_TROUBLE and said:
            sentence = f"{sentence.rstrip('.')}: {said}."
        return self._report(finding, sentence, next_step)

    def _quiet_finding(self) -> Finding:
        if self._price is not None:
            return Finding.WORKS
        is_unread = any(isinstance(one, base.Invalid) for one in self._ears.controls) and not self._has_success()
        if is_unread or not self._is_let_in():
            return Finding.NOT_THIS_FEED
        return Finding.MARKET_CLOSED if self._is_market_closed() else Finding.SILENT

    def _report(self, finding: Finding | None, sentence: str, next_step: str) -> TestReport:
        took_s = (self._around.clock.monotonic_ns() - self._began_ns) / _NS
        return TestReport(
            ran_ns=self._ran_ns,
            steps=tuple(self._steps.values()),
            finding=finding,
            sentence=self._around.redact(sentence),
            next_step=next_step,
            took_s=took_s,
        )


def _look_up(host: str) -> object:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
