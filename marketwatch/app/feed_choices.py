"""The feeds the user named for single instruments: kept, undone, shown, and watched over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from marketwatch.app.core import Core
from marketwatch.domain.feed_choice import FeedChoice
from marketwatch.domain.ids import FeedId, InstrumentId
from marketwatch.errors import StorageError
from marketwatch.qt.formatting import delay_words
from marketwatch.services.failover import FailoverRules
from marketwatch.services.failover_watch import FailoverWatch
from marketwatch.services.feed_route import FeedNature
from marketwatch.services.notices import Severity
from marketwatch.storage.feed_choices import FeedChoiceStore
from marketwatch.storage.settings import Settings

if TYPE_CHECKING:
    from marketwatch.app.screen import Screen
    from marketwatch.qt.dialogs.feed_choice_dialog import FeedChoiceDialog, FeedOption

_NATURES = {
    FeedNature.LIVE: "real time",
    FeedNature.DELAYED: "delayed",
    FeedNature.REPLAY: "recorded",
    FeedNature.SIMULATED: "invented prices",
}


class FeedChoices:
    """Owner of the choices. Without a store they hold for this run."""

    def __init__(self, core: Core, screen: Screen, settings: Settings, store: FeedChoiceStore | None) -> None:
        self._core = core
        self._screen = screen
        self._settings = settings
        self._store = store
        self._rules = FailoverRules()
        self._watch = FailoverWatch(
            core.feeds,
            core.hub,
            core.runtime.clock,
            core.runtime.scheduler,
            lambda thing, cause, next_step: core.notices.add(Severity.INFO, thing, cause, next_step),
            self._rules,
        )
        self._dialog: FeedChoiceDialog | None = None
        screen.list_panel.feeds_requested.connect(self.open_dialog)
        screen.list_panel.compare_requested.connect(self._on_compare)

    async def load(self) -> None:
        """Take over what was chosen in earlier runs; what cannot be read is a notice."""
        choices: Mapping[InstrumentId, FeedChoice] = {}
        if self._store is not None:
            try:
                choices = await self._store.load()
            except StorageError as error:
                self._core.notices.add_error(error)
            for notice in self._store.notices:
                self._core.notices.add(Severity.DECISION, notice.thing, notice.cause, notice.next_step)
        falls_back = self._settings.preferences.falls_back_to_next
        self._core.feeds.choose(choices)
        self._core.feeds.set_fall_back(is_on=falls_back)
        if falls_back or any(choice.fallback is not None for choice in choices.values()):
            self._watch.start()

    def stop(self) -> None:
        """Move no row any more."""
        self._watch.stop()

    # --- choosing

    def open_dialog(self, instrument_ids: Sequence[InstrumentId]) -> None:
        """Show what is chosen for these instruments."""
        from marketwatch.qt.dialogs.feed_choice_dialog import FeedChoiceDialog, FeedChoiceView

        feeds = self._core.feeds
        chosen = [feeds.choice(one) for one in instrument_ids]
        primaries, fallbacks = {one.primary or "" for one in chosen}, {one.fallback or "" for one in chosen}
        several = f"{len(instrument_ids)} instruments"
        view = FeedChoiceView(
            whose=instrument_ids[0].symbol if len(instrument_ids) == 1 else several,
            options=self._options(instrument_ids),
            primary=primaries.pop() if len(primaries) == 1 else None,
            fallback=fallbacks.pop() if len(fallbacks) == 1 else None,
            falls_back_to_next=self._settings.preferences.falls_back_to_next,
            returns_after_s=self._rules.returns_after_s,
        )
        if self._dialog is not None:
            self._dialog.close()
        dialog = self._dialog = FeedChoiceDialog(self._screen.theme, view, self._screen.window)
        dialog.chosen.connect(lambda *what: self._on_chosen(instrument_ids, *what))
        dialog.destroyed.connect(lambda: self._forget(dialog))
        dialog.show()

    def _forget(self, dialog: FeedChoiceDialog) -> None:
        if self._dialog is dialog:
            self._dialog = None

    def _options(self, instrument_ids: Sequence[InstrumentId]) -> tuple[FeedOption, ...]:
        """Return the feeds that have any of these, in order."""
        from marketwatch.qt.dialogs.feed_choice_dialog import FeedOption

        feeds, facts_of = self._core.feeds, self._core.hub.facts
        having = {feed_id for one in instrument_ids for feed_id in feeds.candidates(one)}
        options = []
        for feed_id in [one for one in feeds.feed_ids if one in having]:
            facts = facts_of(feed_id)
            late = f" {delay_words(facts.delay_s)}" if facts.delay_s else ""
            options.append(FeedOption(feed_id, facts.label, f"{_NATURES[facts.nature]}{late}"))
        return tuple(options)

    def _on_chosen(self, instrument_ids: Sequence[InstrumentId], primary: str, fallback: str, takes_next: bool) -> None:
        from marketwatch.qt.dialogs.feed_choice_dialog import AS_THEY_ARE

        feeds = self._core.feeds
        before = {one: feeds.choice(one) for one in instrument_ids}
        after = {}
        for one, choice in before.items():
            first = choice.primary if primary == AS_THEY_ARE else FeedId(primary) if primary else None
            second = choice.fallback if fallback == AS_THEY_ARE else FeedId(fallback) if fallback else None
            after[one] = FeedChoice(first, second)
        took_next = self._settings.preferences.falls_back_to_next
        if (after, takes_next) == (before, took_next):
            return
        whose = instrument_ids[0].symbol if len(instrument_ids) == 1 else f"{len(instrument_ids)} instruments"
        text = f"Named feeds for {whose}"
        self._screen.lists.do(text, lambda: self._apply(after, takes_next), lambda: self._apply(before, took_next))
        self._screen.list_panel.note_change(text)

    def _apply(self, choices: Mapping[InstrumentId, FeedChoice], takes_next: bool) -> None:
        self._settings.change(falls_back_to_next=takes_next)
        self._core.feeds.choose(choices)
        self._core.feeds.set_fall_back(is_on=takes_next)
        self._watch.start()
        if self._store is not None:
            self._core.runtime.tasks.start("save the feeds named", self._save(self._store, choices))

    async def _save(self, store: FeedChoiceStore, choices: Mapping[InstrumentId, FeedChoice]) -> None:
        try:
            await store.save(choices)
        except StorageError as error:
            self._core.notices.add_error(error)  # they hold for this run

    # --- comparing

    def _on_compare(self, instrument_id: InstrumentId) -> None:
        feeds = self._core.feeds
        if len(feeds.candidates(instrument_id)) < 2:
            self._screen.window.hint(f"Only one open feed has {instrument_id.symbol}: there is nothing to compare")
            return
        row = feeds.row_feeds(instrument_id)
        if row is not None and row.is_backed:
            self._screen.window.hint(f"{instrument_id.symbol} has a fall-back: the details compare it already")
            return
        is_on = not feeds.is_compared(instrument_id)
        feeds.compare(instrument_id, is_on=is_on)
        self._screen.window.hint(
            f"The details compare two feeds of {instrument_id.symbol}" if is_on else "Compared no longer"
        )
        self._screen.right.refresh()
