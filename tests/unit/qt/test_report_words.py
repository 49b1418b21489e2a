"""What the panels of reports say: figures, invalid ones, totals, distances, and why there is nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from report_scene import DOWN, FEED, KNOWN, NOW_NS, SBIN, SECOND_NS, ZONE, state

from marketwatch.domain.events import AnalysisReport, InvalidFigure
from marketwatch.feeds.status import FeedState
from marketwatch.feeds.subscriptions import TopicPhase, TopicStatus
from marketwatch.qt.formatting import MISSING
from marketwatch.qt.models.alert_rows import (
    AlertMoment,
    alert_rows,
    alerts_message,
    blind_message,
    card_view,
    log_rows,
    summary_words,
)
from marketwatch.qt.models.analysis_rows import AnalysisSubject, AnalysisView, analysis_view
from marketwatch.qt.models.stream_words import detail_words, side_connection
from marketwatch.services.report_feeds import StreamState
from marketwatch.services.server_alerts import AlertDeed, AlertKey, AlertRecord, Deed, PriceThen
from marketwatch.services.server_reports import StatedAnalysis

# --- analysis


def analysis(report: AnalysisReport | None, *states: StreamState, **more: Any) -> AnalysisView:
    stated = None if report is None else StatedAnalysis(SBIN.id, FEED, report, NOW_NS - 12 * SECOND_NS)
    facts: dict[str, Any] = {"last": 807.75, "topics": (TopicStatus(TopicPhase.CONFIRMED),), **more}
    return analysis_view(
        AnalysisSubject(instrument=SBIN, zone=ZONE, now_ns=NOW_NS, stated=stated, states=states or (state(),), **facts)
    )


def lines(view: AnalysisView) -> dict[str, tuple[str, str]]:
    return {row.key: (row.value, row.note) for group in view.groups for row in group}


WHOLE = AnalysisReport(
    key="SBIN", stamp=NOW_NS // 1_000_000, rsi=62.4, macd=3.2, macd_signal=2.1, macd_histogram=1.1,
    bollinger_upper=820.0, bollinger_middle=808.0, bollinger_lower=796.0, patterns=("support_level", "flag"),
    volatility=0.52, beta=1.2,
)  # fmt: skip


def test_every_figure_of_an_analysis_is_shown_with_its_source() -> None:
    view = analysis(WHOLE)
    assert view.source == "My service, computed there at 14:41:07 IST, 0:12 ago"
    assert (view.message, view.state, view.invalid) == (None, "", [])
    assert lines(view) == {
        "rsi": ("62.40", "between 30 and 70"),
        "macd": ("+3.20", ""),
        "macd_signal": ("+2.10", ""),
        "macd_histogram": ("+1.10", "above its signal"),
        "bollinger_upper": ("820.00", "+1.52% away"),
        "bollinger_middle": ("808.00", "+0.03% away"),
        "bollinger_lower": ("796.00", "\u22121.45% away"),
        "place": ("807.75", "49% of the way up"),
        "pattern 0": ("support level", ""),
        "pattern 1": ("flag", ""),
        "volatility": ("0.52", ""),
        "beta": ("1.20", ""),
    }


def test_nonsense_is_marked_with_what_was_sent_and_never_a_value() -> None:
    view = analysis(AnalysisReport(key="SBIN", invalid=(InvalidFigure("rsi", "1750", "it lies outside 0 to 100"),)))
    (line,) = view.invalid
    assert (line.name, line.sent, line.reason) == ("RSI", "1750", "It lies outside 0 to 100.")
    assert line.sentence == "RSI invalid, the server sent 1750: It lies outside 0 to 100."
    assert "rsi" not in lines(view)
    assert not any("1750" in value for value, _ in lines(view).values())


def test_what_is_not_stated_is_missing_and_bands_out_of_order_hide_all_three() -> None:
    view = analysis(AnalysisReport(key="SBIN", invalid=(InvalidFigure("bollinger_bands", "{}", "not in order"),)))
    assert lines(view)["rsi"] == (MISSING, "")
    assert not [key for key in lines(view) if key.startswith("bollinger") or key == "place"]
    assert "received 14:40:55 IST" in view.source


@pytest.mark.parametrize(
    ("last", "words"),
    [(830.0, "above the upper band"), (700.0, "below the lower band"), (820.0, "100% of the way up")],
)
def test_the_place_in_the_bands(last: float, words: str) -> None:
    assert lines(analysis(WHOLE, last=last))["place"][1] == words


def test_old_figures_say_so() -> None:
    view = analysis(WHOLE, DOWN)
    assert (view.state, view.state_role) == ("Old: down since 14:40:07 IST", "error")
    assert {row.value_role for group in view.groups for row in group if row.key == "rsi"} == {"stale"}


@pytest.mark.parametrize(
    ("states", "topics", "cause", "step"),
    [
        ((), (), "No open feed gives analyses", "The stream service gives them. Add it in Settings > Feeds."),
        ((state(),), (), "No analysis of SBIN", "My service does not know it."),
        (
            (state(),), (TopicStatus(TopicPhase.CONFIRMED),), "No analysis of SBIN yet",
            "My service has confirmed it and sent nothing so far.",
        ),
        (
            (state(),), (TopicStatus(TopicPhase.ASKED),), "No analysis of SBIN yet",
            "Asked My service; it has not answered.",
        ),
        (
            (state(),), (TopicStatus(TopicPhase.REFUSED, "Unknown symbol: SBIN"),), "No analysis of SBIN",
            "My service refused it: Unknown symbol: SBIN",
        ),
        (
            (state(FeedState.REFUSED, is_missing=True, reason="this server does not offer it (HTTP 404)"),), (),
            "My service gives no analyses", "This server does not offer it (HTTP 404).",
        ),
        (
            (DOWN,), (), "My service, analysis: down since 14:40:07 IST",
            "The connection broke. Next try in 4 s.",
        ),
    ],
)  # fmt: skip
def test_why_there_is_no_analysis(
    states: tuple[StreamState, ...], topics: tuple[TopicStatus, ...], cause: str, step: str
) -> None:
    subject = AnalysisSubject(
        instrument=SBIN, zone=ZONE, now_ns=NOW_NS, last=None, stated=None, states=states, topics=topics
    )  # fmt: skip
    message = analysis_view(subject).message
    assert message is not None
    assert (message.cause, message.next_step) == (cause, step)


def test_the_details_of_a_feed_list_its_connections() -> None:
    assert detail_words(state(confirmed=2, wanted=3, refused=1), ZONE) == "live, 2 of 3 confirmed, 1 refused"
    assert detail_words(state(FeedState.REFUSED, is_missing=True), ZONE) == "not offered by this server"
    assert detail_words(DOWN, ZONE) == "down since 14:40:07 IST"
    assert detail_words(state(FeedState.CONNECTING), ZONE) == "connecting"


@pytest.mark.parametrize(
    ("stream", "trouble", "is_off"),
    [
        (state(message_count=7, messages_per_s=2.5), "", False),
        (state(FeedState.STALE), "stalled", False),
        (DOWN, "down", True),
        (state(FeedState.REFUSED, since_ns=NOW_NS), "down", True),
        (state(FeedState.CONNECTING, since_ns=NOW_NS), "down", True),
        (state(FeedState.CONNECTING), "", True),
        (state(FeedState.REFUSED, is_missing=True), "", True),
    ],
)
def test_only_a_connection_that_was_up_or_should_be_is_in_trouble(
    stream: StreamState, trouble: str, is_off: bool
) -> None:
    side = side_connection(stream, ZONE)
    assert (side.name, side.trouble, side.is_off) == ("analysis", trouble, is_off)
    assert (side.message_count, side.messages_per_s) == (stream.message_count, stream.messages_per_s)


def test_an_analysis_of_a_connection_before_is_old_until_it_is_stated_again() -> None:
    back = state(connection=2, since_ns=NOW_NS - 60 * SECOND_NS)
    view = analysis(WHOLE, back)
    words = "Old: not stated again since the connection came back at 14:40:07 IST"
    assert (view.state, view.state_role) == (words, "error")


# --- alerts


def key(threshold: float = 820.0, condition: str = "price_above", group: str = "price") -> AlertKey:
    return AlertKey(FEED, SBIN.id, group, condition, threshold)


def record(of: AlertKey, *, is_triggered: bool = False, firing: int | None = None) -> AlertRecord:
    return AlertRecord(key=of, is_triggered=is_triggered, since_ns=NOW_NS, connection=1, firing=firing)


class Share:
    """What is known of a share here."""

    shown_price = 800.0
    volume = 5_000_000.0


def moment(*records: AlertRecord, log: tuple[AlertDeed, ...] = (), states: tuple[StreamState, ...] = (state(),)) -> Any:
    return AlertMoment(
        records=records,
        log=log,
        states=states,
        label=lambda feed_id: "My service",
        instrument=lambda of: KNOWN[of.instrument_id],
        snapshot=lambda of: Share(),  # type: ignore[arg-type, return-value]
        zone=lambda of: ZONE,
        now_ns=NOW_NS,
    )


FIRED = AlertDeed(
    number=7, time_ns=NOW_NS, deed=Deed.FIRED, feed_id=FEED, key=key(), price=PriceThen(820.35, "Odin Streamer")
)  # fmt: skip


def test_alerts_are_sorted_by_distance_with_those_that_wait_first() -> None:
    rows = alert_rows(
        moment(
            record(key(880.0)),
            record(key(20_000_000, "volume_spike", "volume")),
            record(key(780.0, "price_below")),
            record(key(1_600.0), is_triggered=True, firing=7),
            log=(FIRED,),
        )
    )
    assert [(row.condition, row.distance, row.state) for row in rows] == [
        ("is above 1,600.00", "+100.00%", "triggered 14:41:07"),
        ("is below 780.00", "\u22122.50%", "armed"),
        ("is above 880.00", "+10.00%", "armed"),
        ("volume spike over 2,00,00,000", "25% of it", "armed"),
    ]
    assert [row.number for row in rows] == [7, None, None, None]
    assert {row.detail for row in rows} == {"server: My service"}
    assert summary_words(rows) == "3 armed, 1 triggered"


def test_while_blind_no_alert_is_armed() -> None:
    (row,) = alert_rows(moment(record(key()), states=(DOWN,)))
    assert (row.state, row.state_role) == ("blind since 14:40:07", "error")
    message = blind_message((DOWN,), ZONE)
    assert message is not None
    assert message.cause == "My service's alerts are blind, down since 14:40:07 IST."
    assert message.next_step == "The connection broke. What fires meanwhile is told when it is back."
    assert blind_message((state(), state(FeedState.REFUSED, is_missing=True)), ZONE) is None


def test_an_unknown_condition_is_said_as_it_was_sent() -> None:
    (row,) = alert_rows(moment(record(AlertKey(FEED, SBIN.id, "breakout", "range_break", None))))
    assert (row.condition, row.distance) == ("range break", "")


def test_the_log_of_today_has_what_when_and_where() -> None:
    late = AlertDeed(
        number=8, time_ns=NOW_NS, deed=Deed.SEEN_LATE, feed_id=FEED, key=key(), detail="fired while disconnected"
    )  # fmt: skip
    blind = AlertDeed(number=6, time_ns=NOW_NS, deed=Deed.BLIND, feed_id=FEED, detail="the connection broke")
    old = AlertDeed(number=1, time_ns=NOW_NS - 86_400 * SECOND_NS, deed=Deed.BLIND, feed_id=FEED)
    rows = log_rows(moment(log=(old, blind, FIRED, late)), ZONE)
    assert [(row.time, row.what, row.detail) for row in rows] == [
        ("14:41:07", "seen late", "SBIN is above 820.00, fired while disconnected, server: My service"),
        ("14:41:07", "fired", "SBIN is above 820.00, at 820.35, server: My service"),
        ("14:41:07", "blind", "My service, the connection broke"),
    ]
    assert [row.number for row in rows] == [8, 7, None]


def test_a_card_names_symbol_condition_price_origin_and_time() -> None:
    view = card_view(FIRED, key(), SBIN, "My service", ZONE)
    assert (view.symbol, view.name, view.condition, view.price) == (
        "SBIN", "State Bank of India", "is above 820.00", "820.35",
    )  # fmt: skip
    assert (view.origin, view.when, view.source) == (
        "server: My service", "fired at 14:41:07 IST", "price here then, Odin Streamer",
    )  # fmt: skip
    view = card_view(msgspec.structs.replace(FIRED, price=None), key(), SBIN, "My service", ZONE)
    assert (view.price, view.source) == (MISSING, "no live price here then")
    late = AlertDeed(
        number=8, time_ns=NOW_NS, deed=Deed.SEEN_LATE, feed_id=FEED, key=key(), detail="fired while disconnected"
    )  # fmt: skip
    view = card_view(late, key(), SBIN, "My service", ZONE)
    assert (view.when, view.is_past) == ("fired while disconnected", True)
    assert (view.price, view.source) == (MISSING, "seen now at 14:41:07 IST")
    view = card_view(msgspec.structs.replace(late, price=PriceThen(820.35, "Odin Streamer")), key(), SBIN, "S", ZONE)
    assert (view.price, view.source) == ("now 820.35", "seen now at 14:41:07 IST, price now from Odin Streamer")


def test_nothing_says_that_a_past_firing_was_now() -> None:
    late = AlertDeed(
        number=8, time_ns=NOW_NS, deed=Deed.SEEN_LATE, feed_id=FEED, key=key(), price=PriceThen(820.35, "Odin"),
        detail="fired while MarketWatch was not connected",
    )  # fmt: skip
    (row,) = alert_rows(moment(record(key(), is_triggered=True, firing=8), log=(late,)))
    assert (row.state, row.state_role, row.number) == ("triggered seen 14:41:07", "alert", 8)
    (line,) = log_rows(moment(log=(late,)), ZONE)
    assert (line.what, line.detail) == (
        "seen late",
        "SBIN is above 820.00, fired while MarketWatch was not connected, now 820.35, server: My service",
    )
    assert card_view(FIRED, key(), SBIN, "S", ZONE).is_past is False


def test_why_there_are_no_alerts() -> None:
    assert alerts_message((), ZONE).cause == "No open feed gives alerts"
    assert alerts_message((state(),), ZONE).cause == "No alerts yet"
