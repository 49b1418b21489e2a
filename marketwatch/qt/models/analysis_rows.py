"""What the analysis panel says of one instrument, in words and figures. No widgets."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from marketwatch.domain.events import AnalysisReport, InvalidFigure
from marketwatch.domain.instrument import Instrument
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.qt import formatting as fmt
from marketwatch.qt.models.detail_rows import DetailRow
from marketwatch.qt.models.stream_words import (
    PanelMessage,
    ago_words,
    fmt_sentence,
    missing_message,
    old_words,
    since_words,
)
from marketwatch.qt.theme_tokens import Role
from marketwatch.services.report_feeds import StreamState
from marketwatch.services.server_reports import StatedAnalysis

_HINT = "The stream service gives them. Add it in Settings > Feeds."
_NOT_STATED = "The server does not state it"
_LOW_RSI, _HIGH_RSI = 30.0, 70.0
_NAMES = {
    "rsi": "RSI",
    "macd": "MACD",
    "macd_signal": "MACD signal",
    "macd_histogram": "MACD histogram",
    "bollinger_bands": "Bollinger bands",
    "bollinger_upper": "Upper band",
    "bollinger_middle": "Middle band",
    "bollinger_lower": "Lower band",
    "technical_indicators": "Indicators",
    "risk_metrics": "Risk",
}


class InvalidLine(msgspec.Struct, frozen=True):
    """A figure that cannot be true: its name, what was sent, and why."""

    key: str
    name: str
    sent: str
    reason: str

    @property
    def sentence(self) -> str:
        """The line as one says it."""
        return f"{self.name} invalid, the server sent {self.sent}: {self.reason}"


class AnalysisView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panel shows; `message` alone when there is no report."""

    message: PanelMessage | None = None
    source: str = ""
    state: str = ""
    state_role: Role = "text3"
    groups: Sequence[Sequence[DetailRow]] = ()
    invalid: Sequence[InvalidLine] = ()


class AnalysisSubject(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument and what is known of its analysis at a moment; `topics`: how far the wish has come, per feed."""

    instrument: Instrument
    zone: str
    now_ns: int
    last: float | None
    stated: StatedAnalysis | None
    states: Sequence[StreamState]
    topics: Sequence[TopicStatus]


def analysis_view(subject: AnalysisSubject) -> AnalysisView:
    """Describe the newest analysis, or why there is none."""
    stated = subject.stated
    if stated is None:
        return AnalysisView(message=_why_none(subject))
    state = next((one for one in subject.states if one.feed_id == stated.feed_id), None)
    label = stated.feed_id if state is None else state.feed_label
    old = ("the feed is not open", "error") if state is None else old_words(state, stated.connection, subject.zone)
    words, role = old or ("", "text3")
    return AnalysisView(
        source=_source(subject, stated, label),
        state=f"Old: {words}" if words else "",
        state_role="error" if role == "error" else "text3",
        groups=_groups(subject, stated.report, "stale" if words else "text1"),
        invalid=[_invalid_line(figure) for figure in stated.report.invalid],
    )


def _source(subject: AnalysisSubject, stated: StatedAnalysis, label: str) -> str:
    event_ns = stated.report.event_ns
    if event_ns is not None:
        where = f"computed there at {since_words(event_ns, subject.zone)}"
    else:
        where = f"computed there, received {since_words(stated.received_ns, subject.zone)}"
    return f"{label}, {where}, {ago_words(subject.now_ns, stated.received_ns)}"


def _why_none(subject: AnalysisSubject) -> PanelMessage:
    symbol = subject.instrument.symbol
    down = missing_message("analyses", subject.states, subject.zone, _HINT)
    if down is not None:
        return down
    feeds = ", ".join(state.feed_label for state in subject.states if state.is_seeing)
    if not subject.topics:
        return PanelMessage(f"No analysis of {symbol}", f"{feeds} does not know it.")
    refused = next((one for one in subject.topics if one.phase is TopicPhase.REFUSED), None)
    if refused is not None:
        return PanelMessage(f"No analysis of {symbol}", f"{feeds} refused it: {refused.reason or 'no reason given'}")
    if any(one.phase is TopicPhase.CONFIRMED for one in subject.topics):
        return PanelMessage(f"No analysis of {symbol} yet", f"{feeds} has confirmed it and sent nothing so far.")
    return PanelMessage(f"No analysis of {symbol} yet", f"Asked {feeds}; it has not answered.")


# --- the lines


def _groups(subject: AnalysisSubject, report: AnalysisReport, role: Role) -> list[list[DetailRow]]:
    lines = _Lines(subject, {figure.name for figure in report.invalid}, role)
    return [lines.momentum(report), lines.bands(report), lines.patterns(report), lines.risk(report)]


class _Lines:
    """Writes the lines; a figure that was sent and cannot be true is left to the invalid ones."""

    def __init__(self, subject: AnalysisSubject, invalid: set[str], role: Role) -> None:
        self._subject = subject
        self._invalid = invalid
        self._role = role
        self._write = fmt.price_format(subject.instrument.decimals, subject.instrument.currency)

    def momentum(self, report: AnalysisReport) -> list[DetailRow]:
        histogram = report.macd_histogram
        note = "" if not histogram else "above its signal" if histogram > 0 else "below its signal"
        rows = [
            self._row("rsi", report.rsi, _two(report.rsi), _rsi_words(report.rsi)),
            self._row("macd", report.macd, _signed(report.macd)),
            self._row("macd_signal", report.macd_signal, _signed(report.macd_signal)),
            self._row("macd_histogram", histogram, _signed(histogram), note),
        ]
        return [row for row in rows if row is not None]

    def bands(self, report: AnalysisReport) -> list[DetailRow]:
        rows = []
        for key in ("bollinger_upper", "bollinger_middle", "bollinger_lower"):
            value = getattr(report, key)
            rows.append(self._row(key, value, self._write(value), self._away(value)))
        place = _place_words(self._subject.last, report.bollinger_lower, report.bollinger_upper)
        shown = [row for row in rows if row is not None]
        if place:
            value = self._write(self._subject.last)
            tip = "The last price here against the bands of the server"
            shown.append(DetailRow(key="place", name="Last in bands", value=value, note=place, tip=tip))
        return shown

    def patterns(self, report: AnalysisReport) -> list[DetailRow]:
        if not report.patterns:
            return [DetailRow(key="pattern", name="Patterns", value="none", value_role="text3")]
        return [
            DetailRow(
                key=f"pattern {place}", name="" if place else "Patterns", value=pattern.replace("_", " "),
                value_role=self._role,
            )
            for place, pattern in enumerate(report.patterns)
        ]  # fmt: skip

    def risk(self, report: AnalysisReport) -> list[DetailRow]:
        tip = "As sent: the server does not say over which time"
        rows = [
            self._row("volatility", report.volatility, _two(report.volatility), tip=tip),
            self._row("beta", report.beta, _two(report.beta), tip=tip),
        ]
        return [row for row in rows if row is not None]

    def _row(self, key: str, value: float | None, text: str, note: str = "", *, tip: str = "") -> DetailRow | None:
        if key in self._invalid or (key.startswith("bollinger") and "bollinger_bands" in self._invalid):
            return None
        name = _name(key)
        if value is None:
            return DetailRow(key=key, name=name, value=fmt.MISSING, value_role="text3", tip=_NOT_STATED)
        return DetailRow(key=key, name=name, value=text, note=note, value_role=self._role, tip=tip)

    def _away(self, band: float | None) -> str:
        last = self._subject.last
        if band is None or not last:
            return ""
        return f"{fmt.percent((band - last) / last * 100)} away"


def _invalid_line(figure: InvalidFigure) -> InvalidLine:
    return InvalidLine(figure.name, _name(figure.name), figure.sent, fmt_sentence(figure.reason))


def _name(key: str) -> str:
    return _NAMES.get(key) or fmt_sentence(key.replace("_", " ")).rstrip(".")


def _two(value: float | None) -> str:
    return fmt.price(value, 2)


def _signed(value: float | None) -> str:
    return fmt.change(value, 2)


def _rsi_words(rsi: float | None) -> str:
    if rsi is None:
        return ""
    if rsi > _HIGH_RSI:
        return f"above {_HIGH_RSI:.0f}"
    return f"below {_LOW_RSI:.0f}" if rsi < _LOW_RSI else f"between {_LOW_RSI:.0f} and {_HIGH_RSI:.0f}"


def _place_words(last: float | None, lower: float | None, upper: float | None) -> str:
    if last is None or lower is None or upper is None or upper <= lower:
        return ""
    if last > upper:
        return "above the upper band"
    if last < lower:
        return "below the lower band"
    return f"{fmt.share((last - lower) / (upper - lower) * 100)} of the way up"
