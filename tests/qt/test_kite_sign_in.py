"""Kite's daily login in the window: signed out, signed in, the end of the day, and no secret anywhere."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from fake_time import until
from kite_desk import DAWN, KITE, SBIN, SBIN_TOKEN, Desk, keyed, signed_in, vendor_of
from kite_vendor import API_KEY, API_SECRET, CANARY_PARTS
from program_rig import files_below
from PySide6.QtWidgets import QApplication
from secret_bench import LINUX, FakeBackend

from marketwatch.app.report import diagnostics_of
from marketwatch.feeds.status import FeedState
from marketwatch.protocols.kite.rest import build_error
from marketwatch.qt.dialogs.kite_login import KiteLoginDialog
from marketwatch.qt.dialogs.settings_feeds_page import FeedsPage
from marketwatch.services.connection_findings import Finding
from marketwatch.services.notices import Severity
from marketwatch.storage.keyring_place import FoundKeyring
from marketwatch.storage.secrets import SecretStore

KEYWORDS = SecretStore.__init__.__kwdefaults__


@pytest_asyncio.fixture
async def desk(qapp: QApplication, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(qapp, tmp_path, DAWN)
    yield made
    await made.end()


async def test_signing_in_for_the_day_starts_the_feed(desk: Desk) -> None:
    async with keyed(desk) as vendor:
        asked = vendor.upgrades
        page = await desk.page()
        assert page.form.sign_in.words.text() == "Sign in for today: nobody has signed in yet"
        assert page.form.sign_in.button.isEnabled()
        assert desk.prompts() == ["My Kite: signed out. Kite wants a login every day. Sign in for today."]

        dialog = await desk.sign_in(vendor.log_in())
        dialog.page.click()
        assert desk.opened_pages == [f"http{vendor.url[2:]}/connect/login?v=3&api_key={API_KEY}"]
        assert dialog.words.text() == (
            "Signed in as XX0000 until today 06:00 IST. The token is kept for this run only."
            " PYTHON_KEYRING_BACKEND switches the keychain off."
        )
        await until(lambda: desk.last_price() == 807.75)
        assert (vendor.upgrades, vendor.paths) == (asked + 1, ["/session/token"])
        await until(lambda: page.form.sign_in.words.text() == "Signed in until today 06:00 IST")


async def test_the_session_ends_in_the_morning_and_is_no_fault(desk: Desk) -> None:
    async with signed_in(desk) as (vendor, _):
        page, snapshot, upgrades = await desk.page(), desk.core.hub.snapshot(SBIN), vendor.upgrades
        await desk.pass_dawn()
        status = desk.status()
        assert (status.signed_out_since, status.reason) == ("06:00 IST", "Kite ends every session in the morning")
        assert status.next_step == "Sign in for today"
        await until(lambda: page.form.sign_in.words.text() == "Sign in for today: signed out since 06:00 IST")
        pill = next(iter(desk.screen.status_line._pills.values())).view
        assert (pill.words, pill.words_role, pill.is_fault) == ("signed out since 06:00 IST", "alert", False)
        assert desk.prompts()[-1] == (
            "My Kite: signed out since 06:00 IST. Kite ends every session in the morning. Sign in for today."
        )
        await desk.time.advance(7200.0)
        assert vendor.upgrades == upgrades
        assert desk.core.hub.snapshot(SBIN) is snapshot
        assert desk.last_price() == 807.75
        assert desk.screen.market.row_state(SBIN).word == "closed 3 Sep"


async def test_the_next_sign_in_goes_on_where_the_day_ended(desk: Desk) -> None:
    async with signed_in(desk) as (vendor, dialog):
        snapshot = desk.core.hub.snapshot(SBIN)
        await desk.pass_dawn()
        dialog = await desk.sign_in_again(vendor, dialog)
        assert dialog.words.text().startswith("Signed in as XX0000 until tomorrow 06:00 IST.")
        assert desk.core.hub.snapshot(SBIN) is snapshot
        assert desk.prompts() == []
        settled = [one.sentence for one in desk.core.notices if one.sentence.endswith("Signed in since.")]
        assert settled == [
            "My Kite: signed out. Kite wants a login every day. Signed in since.",
            "My Kite: signed out since 06:00 IST. Kite ends every session in the morning. Signed in since.",
        ]


async def test_a_session_that_kite_ends_asks_for_another_login(desk: Desk) -> None:
    async with signed_in(desk) as (vendor, _):
        page = await desk.page()
        await desk.lose_session(vendor)
        assert "log in to Kite again" in desk.status().reason
        await until(lambda: page.form.sign_in.words.text().endswith("Kite does not take the token any more"))
        assert {one.severity for one in desk.core.notices if one.action} == {Severity.DECISION}
        assert page.facts.problems == [] or "Kite" not in page.facts.problems[0][1].text()


async def test_no_part_of_a_login_is_told_logged_or_kept_in_the_open(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with signed_in(desk) as (vendor, dialog):
        await desk.pass_dawn()
        dialog = await desk.sign_in_again(vendor, dialog)
        await desk.lose_session(vendor)
        report = tmp_path / "report.json"
        diagnostics_of(desk.core.runtime, desk.core, desk.screen).write(report)
        said = [report.read_text("utf-8"), desk.core.runtime.redactor.redact(caplog.text), repr(desk.statuses)]
        said += [notice.sentence for notice in desk.core.notices]
        said += [repr(each) for each in (desk.link._control, dialog, desk.store, vendor.paths)]
        said += [path.read_bytes().decode("latin-1") for path in files_below(tmp_path)]
        assert [canary for canary in CANARY_PARTS if any(canary in text for text in said)] == []
        assert [canary for canary in (*CANARY_PARTS, API_KEY) if canary in caplog.text] == []


async def test_what_was_pasted_is_judged_at_once(desk: Desk) -> None:
    async with keyed(desk) as vendor:
        dialog = await desk.dialog()
        assert not dialog.go.isEnabled()
        assert dialog.address.text() == f"http{vendor.url[2:]}/connect/login?v=3&api_key=••••••"
        dialog.copy.click()
        assert QApplication.clipboard().text() == f"http{vendor.url[2:]}/connect/login?v=3&api_key={API_KEY}"
        for pasted, words in (
            (QApplication.clipboard().text(), "This is the address of the login page"),
            ("https://127.0.0.1/app?status=cancelled&request_token=", "It did not succeed"),
            ("https://news.example/today", "This address holds no request token"),
            ("two words", "What was pasted holds no request token"),
            (f"{vendor.log_in()}&api_key=another", "This login was made with another API key"),
        ):
            dialog.pasted.setText(pasted)
            assert not dialog.go.isEnabled()
            assert words.lower() in dialog.words.text().lower()
        dialog.pasted.setText("canaryrequest9")
        assert (dialog.go.isEnabled(), dialog.words.text()) == (True, "A request token was found.")
        dialog.pasted.clear()
        assert (dialog.go.isEnabled(), dialog.words.text()) == (False, "")


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (None, "Kite refuses the request token and says “Token is invalid or has expired”"),
        ((403, build_error("Invalid `checksum`.", "TokenException")), "Check the API secret"),
        ((400, build_error("Invalid `api_key`.", "InputException")), "Check the API key"),
        ((400, build_error("Missing field", "InputException")), "Kite refuses the login and says “Missing field”"),
        ((403, build_error("No subscription", "PermissionException")), "Check your Kite Connect subscription"),
        ((403, b"<html>sign in to the airport</html>"), "A web page came instead of Kite's answer (HTTP 403)"),
        ((429, build_error("Too many requests", "NetworkException")), "Kite asks for a pause"),
        ((503, b""), "Kite is in trouble"),
        ((200, b"{}"), "Kite's answer cannot be read"),
        ((403, build_error(f"bad secret {API_SECRET}", "TokenException")), "bad secret ***"),
    ],
)
async def test_every_refusal_of_the_exchange_has_words(
    desk: Desk, refusal: tuple[int, bytes] | None, words: str
) -> None:
    async with keyed(desk) as vendor:
        vendor.refusal = refusal
        dialog = await desk.sign_in("canaryrequest7")
        assert words.lower() in dialog.words.text().lower()
        assert API_SECRET not in dialog.words.text()
        assert (dialog.pasted.text(), dialog.go.isVisible()) == ("", True)
        await desk.is_in(FeedState.SIGNED_OUT)
        vendor.refusal = None
        dialog = await desk.sign_in(vendor.log_in())
        assert dialog.words.text().startswith("Signed in as XX0000")
        await desk.is_in(FeedState.LIVE)


async def test_without_the_network_it_is_said_and_can_be_repeated(desk: Desk) -> None:
    async with vendor_of(desk) as vendor:
        url = vendor.url
        await desk.begin(url)
        await desk.enter_both()
    dialog = await desk.sign_in("canaryrequest7")
    assert dialog.words.text() == ("Kite could not be reached. Check the network, then press the button again.")
    assert dialog.pasted.isEnabled()


async def test_yesterdays_token_is_a_state_at_start(desk: Desk) -> None:
    async with signed_in(desk) as (vendor, _):
        upgrades = vendor.upgrades
        await desk.sessions.close()
        desk.time.step_wall(26 * 3600.0)
        async with desk.sessions.turn:
            view = await desk.link.open_feeds()
        assert view is not None
        await desk.is_in(FeedState.SIGNED_OUT)
        assert desk.status().signed_out_since == "4 Sep, 06:00 IST"
        assert vendor.upgrades == upgrades


async def test_the_token_of_the_day_outlives_the_program(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keychain = FakeBackend()
    monkeypatch.setattr(
        SecretStore.__init__, "__kwdefaults__", {**KEYWORDS, "find": lambda: FoundKeyring(LINUX, keychain)}
    )
    first = Desk(qapp, tmp_path, "2025-09-04T09:00:00+05:30")
    async with vendor_of(first) as vendor:
        await first.begin(vendor.url)
        await first.enter_both()
        dialog = await first.sign_in(vendor.log_in())
        assert dialog.words.text() == (
            "Signed in as XX0000 until tomorrow 06:00 IST. The token is stored in the system keychain."
        )
        await first.is_in(FeedState.LIVE)
        await first.end()
        second = Desk(qapp, tmp_path, "2025-09-04T11:00:00+05:30")
        await second.begin(vendor.url)
        await second.is_in(FeedState.LIVE)
        assert (second.prompts(), vendor.paths) == ([], ["/session/token"])
        token = next(text for text in keychain.entries.values() if "canaryaccess" in text)
        alone = f"the server says {msgspec.json.decode(token)['access_token']} is odd"
        assert second.core.runtime.redactor.redact(alone) == "the server says *** is odd"
        await second.end()
        third = Desk(qapp, tmp_path, "2025-09-05T09:00:00+05:30")
        upgrades = vendor.upgrades
        await third.begin(vendor.url)
        await third.is_in(FeedState.SIGNED_OUT)
        assert third.prompts() == [
            "My Kite: signed out since 06:00 IST. Kite ends every session in the morning. Sign in for today."
        ]
        assert vendor.upgrades == upgrades
        await third.end()
    assert not any("canary" in path.read_bytes().decode("latin-1") for path in files_below(tmp_path))


async def test_without_key_and_secret_the_settings_ask_for_them(desk: Desk) -> None:
    async with vendor_of(desk) as vendor:
        await desk.begin(vendor.url)
        await desk.link.sign_in(KITE)
        page = desk.screen.window.findChild(FeedsPage)
        assert page is not None
        assert (page.isVisible(), page.current_id) == (True, KITE)
        assert desk.screen.window.findChildren(KiteLoginDialog) == []
        assert not page.form.sign_in.button.isEnabled()


async def test_the_line_of_the_settings_opens_the_same_dialog(desk: Desk) -> None:
    async with keyed(desk):
        page = await desk.page()
        page.form.sign_in.button.click()
        dialog = desk.screen.window.findChild(KiteLoginDialog)
        assert dialog is not None
        assert dialog.isVisible()
        assert await desk.dialog() is dialog
        assert dialog.windowTitle() == "Sign in to My Kite"


async def test_a_refused_key_entered_again_is_tried_again(desk: Desk) -> None:
    async with signed_in(desk) as (vendor, _):
        vendor.upgrade_refusal = (403, build_error("Invalid `api_key`.", "InputException"))
        await vendor.cut()
        await until(lambda: desk.status().state is FeedState.BACKING_OFF)
        await desk.time.advance(3.0)
        await desk.is_in(FeedState.REFUSED)
        vendor.upgrade_refusal = None
        await desk.enter("kite_api_key", API_KEY)
        await desk.is_in(FeedState.LIVE)


async def test_another_key_ends_the_session_of_the_one_before(desk: Desk) -> None:
    async with signed_in(desk):
        await desk.enter("kite_api_key", "another0key")
        await desk.is_in(FeedState.SIGNED_OUT)
        await desk.enter("kite_api_key", API_KEY)
        await desk.is_in(FeedState.LIVE)


async def test_a_removed_feed_leaves_no_token(desk: Desk) -> None:
    async with keyed(desk) as vendor:
        await desk.sign_in(vendor.log_in())
        control = desk.link._control
        assert control is not None
        (await desk.page()).config_changed.emit(())
        await until(lambda: control._secrets.known(KITE, "day_session") is None)
        assert [control._secrets.known(KITE, one) for one in ("kite_api_key", "api_secret")] == [None, None]


async def test_the_connection_test_tells_what_is_the_matter(desk: Desk) -> None:
    async with keyed(desk) as vendor:
        page = await desk.page()
        config = page.model.feeds[0]
        found: list[Finding | None] = []

        async def find() -> Finding | None:
            page._reports.clear()
            page.test_requested.emit(config, {})
            await until(lambda: KITE in page._reports and page._reports[KITE][0].finding is not None)
            return page._reports[KITE][0].finding

        upgrades = vendor.upgrades
        found.append(await find())
        assert vendor.upgrades == upgrades
        await desk.sign_in(vendor.log_in())
        await desk.is_in(FeedState.LIVE)
        found.append(await find())
        vendor.end_sessions()
        found.append(await find())
        vendor.upgrade_refusal = (403, build_error("Invalid `api_key`.", "InputException"))
        found.append(await find())
        vendor.upgrade_refusal = (403, build_error("This plan has no market data", "PermissionException"))
        found.append(await find())
        assert found == [
            Finding.SIGNED_OUT,
            Finding.WORKS,
            Finding.TOKEN_ENDED,
            Finding.WRONG_KEY,
            Finding.NO_ENTITLEMENT,
        ]


async def test_channels_choose_the_mode(desk: Desk) -> None:
    async with signed_in(desk) as (vendor, _):
        page, config = await desk.page(), (await desk.store.load())[0]
        assert [label for _, label in page.model.kinds["kite"].channels] == [
            "Trades (full)", "Quotes (full)", "Depth (full)", "Day figures (quote)", "Last price (ltp)",
        ]  # fmt: skip
        for channel, mode in (("LTP", "ltp"), ("DEPTH", "full"), ("DAY", "quote")):
            page.config_changed.emit((msgspec.structs.replace(config, channels=(channel,)),))
            await until(lambda mode=mode: vendor.modes == {int(SBIN_TOKEN): mode})
