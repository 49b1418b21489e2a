"""The page Settings > Feeds with things to show, for tests and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from marketwatch.domain.feed_config import FeedConfig
from marketwatch.domain.ids import FeedId
from marketwatch.qt.dialogs.settings_dialog import SettingsDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.qt.dialogs.settings_nav import NavEntry
from marketwatch.qt.dialogs.settings_page import SettingsPage
from marketwatch.qt.icons import IconSet
from marketwatch.qt.models.feed_settings_model import FeedStateView, MeterView, ProblemView
from marketwatch.qt.models.kind_views import KindView, VariantView
from marketwatch.qt.panels.feed_pill import PillShape
from marketwatch.qt.theme import Theme
from marketwatch.services.connection_findings import Finding, Step, StepResult, StepState, TestReport, words_for
from marketwatch.storage.secret_places import SecretPlace
from marketwatch.storage.secrets import SecretView

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CANARY = "canary-9f3b7c21d4"
MASSIVE, ODIN, STREAM = FeedId("massive"), FeedId("odin"), FeedId("stream-service")
OK, FAILED, NOT_REACHED = StepState.OK, StepState.FAILED, StepState.NOT_REACHED


def check_address(address: str, has_key: bool) -> tuple[str, bool]:
    """Judge as the program does: a word for what is no address, a warning for an open one."""
    if not address.startswith(("ws://", "wss://")):
        return "The address must begin with wss:// or ws:// and name a host.", False
    if address.startswith("ws://") and "127.0.0.1" not in address:
        return ("A key would travel unencrypted.", False) if has_key else ("Anyone on the way can read this.", True)
    return "", False


KINDS = (
    KindView(
        kind="massive",
        label="Massive",
        note="formerly Polygon.io, US stocks",
        variants=(
            VariantView(
                "delayed",
                "Delayed 15 min",
                "wss://delayed.massive.com/stocks",
                900.0,
                "Delayed prices carry D15.",
            ),
            VariantView("realtime", "Real time", "wss://socket.massive.com/stocks", 0.0, "Needs a paid plan."),
        ),
        secrets=(("key", "API key"),),
        channels=(("T", "Trades"), ("Q", "Quotes"), ("A", "Second bars"), ("AM", "Minute bars")),
        default_channels=("T", "Q"),
        market="stocks",
        sessions=(
            ("pre", "Pre-market 04:00"),
            ("regular", "Regular 09:30"),
            ("post", "Post-market 16:00 to 20:00 ET"),
        ),
        silences=(30, 60, 90, 0),
        usual_silence_s=60,
        dialects=(("native", "Native"), ("simple", "Simple")),
        check_address=check_address,
    ),
    KindView(
        kind="odin",
        label="Odin Streamer",
        note="NSE India",
        variants=(VariantView("local", "This computer", "ws://127.0.0.1:8080/ws"),),
        channels=(("LTP", "Last price"),),
        default_channels=("LTP",),
        market="NSE India",
        silences=(30, 60, 90, 120, 150),
        usual_silence_s=150,
        check_address=check_address,
    ),
    KindView(
        kind="stream-service",
        label="Stream service",
        note="four endpoints",
        channels=(("T", "Prices"), ("analysis", "Analysis"), ("alerts", "Alerts"), ("portfolio", "Portfolio")),
        default_channels=("T", "analysis", "alerts", "portfolio"),
        streams=("analysis", "alerts", "portfolio"),
        check_address=check_address,
    ),
)
FEEDS = (
    FeedConfig(id=MASSIVE, kind="massive", name="Massive", variant="delayed", channels=("T", "Q", "AM")),
    FeedConfig(id=ODIN, kind="odin", name="Odin Streamer", variant="local"),
    FeedConfig(
        id=STREAM, kind="stream-service", name="Stream service", variant="own", own_address="ws://127.0.0.1:8081"
    ),
)
STORED = SecretView(place=SecretPlace.KEYRING, words="stored in the system keychain")


def good_report() -> TestReport:
    """A test that found nothing wrong."""
    details = {
        Step.NAME: "delayed.massive.com found in 12 ms",
        Step.SERVER: "answered in 84 ms, certificate valid",
        Step.CLOCK: "less than 2 s apart",
        Step.KEY: "the server let us in",
        Step.PERMISSION: "T.AAPL, Q.AAPL confirmed",
        Step.PRICE: "AAPL 239.05, stamped 08:54:19 UTC, 15 min 1 s old; came after 1.9 s",
    }
    return TestReport(
        ran_ns=1,
        steps=tuple(StepResult(step, OK, detail) for step, detail in details.items()),
        finding=Finding.WORKS,
        sentence="The feed works. Prices arrive 15 minutes late, as chosen.",
    )


def bad_report(finding: Finding, failed: Step, detail: str) -> TestReport:
    """A test that failed at one step."""
    steps, state = [], OK
    for step in Step:
        is_failed = step is failed
        steps.append(StepResult(step, FAILED if is_failed else state, detail if is_failed else ""))
        state = NOT_REACHED if is_failed else state
    sentence, next_step = words_for(finding)
    return TestReport(ran_ns=1, steps=tuple(steps), finding=finding, sentence=sentence, next_step=next_step)


def make_page(theme: Theme, icons: IconSet) -> FeedsPage:
    """A page with three feeds and a stored key."""
    page = FeedsPage(theme, icons, KINDS)
    page.set_offer("stored in the system keychain")
    page.set_feeds(FEEDS)
    page.set_secret(MASSIVE, "key", STORED)
    page.set_state(MASSIVE, FeedStateView(PillShape.DIAMOND, "delayed 15 min", "delayed", "D15", "10 instruments"))
    page.set_state(ODIN, FeedStateView(PillShape.DISC, "live", count="13 instruments"))
    page.set_state(STREAM, FeedStateView(PillShape.TRIANGLE, "stalled 2:14", "error", "stalled"))
    return page


def fill_facts(page: FeedsPage) -> None:
    """Give the first feed a test, limits and problems."""
    page.show_report(MASSIVE, good_report(), "14:39:20 IST")
    page.set_limits(
        MASSIVE,
        (
            MeterView("Connections", 1, 1, "another program with this key will push this one out"),
            MeterView("History calls this minute", 5, 5, "2 queued, next in 11 s"),
            MeterView("Symbols on this connection", 10, 1000, "own limit, the vendor names none"),
        ),
        "with this key, since 14:00 IST",
    )
    page.set_problems(
        MASSIVE,
        (
            ProblemView("13:47:30 IST", "Network was away for 41 s; reconnected."),
            ProblemView("13:32:44 IST", "Another session took the connection; reconnected after 2 s."),
        ),
    )


def make_dialog(theme: Theme, icons: IconSet, parent: QWidget | None = None) -> tuple[SettingsDialog, FeedsPage]:
    """The dialog with the page of feeds and an empty one."""
    dialog = SettingsDialog(theme, icons, parent)
    page = make_page(theme, icons)
    dialog.add_page(NavEntry(code="feeds", group="Data", title="Feeds", icon="plug", words="key delayed"), lambda: page)
    lookup = NavEntry(code="lookup", group="Data", title="Symbols and tokens", icon="search")
    dialog.add_page(lookup, SettingsPage)
    return dialog, page


def names(page: FeedsPage) -> list[str]:
    """Return the names of the feeds in their order."""
    return [config.name for config in page.model.feeds]


def press(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key at a widget."""
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyPress, key, modifiers))


def enter_key(page: FeedsPage, qtbot: QtBot, text: str = CANARY) -> None:
    """Type a key into its field, also where one is stored."""
    field = page.form.secrets["key"]
    if field.replace.isVisible():
        field.replace.click()
    qtbot.keyClicks(field.edit, text)


def texts(widget: QWidget) -> list[str]:
    """Return every text that a widget and what is in it says, seen or spoken."""
    return [
        text
        for child in widget.findChildren(QWidget)
        for text in (
            child.text() if isinstance(child, QLabel | QAbstractButton) else "",
            child.displayText() if isinstance(child, QLineEdit) else "",
            child.accessibleName(),
            child.accessibleDescription(),
            child.toolTip(),
        )
    ]
