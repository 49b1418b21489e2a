"""Mapping a stream of one's own in the running program: the dialog, a look at the stream, and the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from marketwatch.app.core import Core
from marketwatch.app.feed_kinds import resolve
from marketwatch.app.mapping_files import read_file
from marketwatch.domain.feed_config import FeedConfig, free_name
from marketwatch.domain.ids import FeedId
from marketwatch.errors import ConfigurationError, MarketWatchError
from marketwatch.protocols.base import Topic
from marketwatch.protocols.mapping.mapping import Mapping
from marketwatch.services.notices import in_sentences
from marketwatch.services.stream_trial import StreamTrial

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from marketwatch.qt.dialogs.mapping_dialog import MappingDialog
    from marketwatch.qt.icons import IconSet
    from marketwatch.qt.theme import Theme


class MappingControl:
    """Opens the dialog for one feed at a time. `on_saved` is told the feed and the name of its file; `test_symbol`
    names what a look at the stream asks for.
    """

    def __init__(
        self, core: Core, on_saved: Callable[[FeedId, str], None], test_symbol: Callable[[FeedConfig], str]
    ) -> None:
        self._core = core
        self._on_saved = on_saved
        self._test_symbol = test_symbol
        self._trial: asyncio.Task[None] | None = None
        self.dialog: MappingDialog | None = None

    def open(self, config: FeedConfig, theme: Theme, icons: IconSet, parent: QWidget) -> None:
        """Show the dialog for a draft of a feed."""
        from marketwatch.qt.dialogs.mapping_dialog import MappingDialog

        mapping, problem = self._known(config)
        dialog = self.dialog = MappingDialog(
            theme, icons, config.name, mapping, can_connect=self._is_complete(config), parent=parent
        )
        dialog.save_requested.connect(lambda made: self._start("keep a mapping", self._save(config, made)))
        dialog.trial_requested.connect(lambda: self._begin(config))
        dialog.trial_ended.connect(self._end)
        dialog.finished.connect(lambda _: self._forget(dialog))
        dialog.open_here()
        if problem:
            dialog.show_problem(problem)

    def _known(self, config: FeedConfig) -> tuple[Mapping | None, str]:
        if not config.mapping:
            return None, ""
        try:
            return self._core.mappings.find(config.mapping), ""
        except ConfigurationError as error:
            return None, in_sentences(error.thing, error.cause)

    def _is_complete(self, config: FeedConfig) -> bool:
        try:
            resolve(config)
        except ConfigurationError:
            return False
        return True

    def _forget(self, dialog: MappingDialog) -> None:
        self._end()
        if self.dialog is dialog:
            self.dialog = None

    def choose_file(self, parent: QWidget, on_taken: Callable[[str, str], None]) -> None:
        """Let the user choose a file; `on_taken` gets the name of the mapping and that of its copy in the profile."""
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(parent, "Feed from a mapping file")
        dialog.setNameFilter("Mappings (*.json);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(
            lambda name: self._start("take a mapping", self.take_file(Path(name), parent, on_taken))
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    async def take_file(self, path: Path, parent: QWidget, on_taken: Callable[[str, str], None]) -> None:
        """Copy a mapping into the profile, under a name that is free; what is wrong with it is shown."""
        shelf, pool = self._core.mappings, self._core.runtime.pool
        try:
            mapping = await pool.run("read a mapping", lambda: read_file(path))
            name = free_name(mapping.name or path.stem, shelf.names)
            on_taken(name, await shelf.save(msgspec.structs.replace(mapping, name=name), pool))
        except MarketWatchError as error:
            from PySide6.QtWidgets import QMessageBox

            box = QMessageBox(parent)
            box.setWindowTitle("Feed from a mapping file")
            box.setText(in_sentences(error.thing, error.cause))
            box.setInformativeText(in_sentences(error.next_step))
            box.finished.connect(box.deleteLater)
            box.open()

    # --- a look at the stream

    def _begin(self, config: FeedConfig) -> None:
        self._end()
        self._trial = self._start("look at a stream", self._look(config))

    def _end(self) -> None:
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.cancel()

    async def _look(self, config: FeedConfig) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        try:
            mapping: Mapping | None = dialog.draft.mapping()
        except ConfigurationError:
            mapping = None
        settings = resolve(config)
        topics = [Topic(channel, self._test_symbol(config)) for channel in settings.spec.default_channels]

        def take(frames: Sequence[bytes], count: int) -> None:
            if self.dialog is dialog:  # it may be closed before the connection is
                dialog.take_frames(frames, count)

        def say(words: str) -> None:
            if self.dialog is dialog:
                dialog.say(words)

        trial = StreamTrial(self._core.feeds.surroundings, take, say)
        try:
            await trial.run(settings.spec, settings.address.url, mapping, topics)
        finally:
            if self.dialog is dialog:
                dialog.end_trial()

    # --- the file

    async def _save(self, config: FeedConfig, mapping: Mapping) -> None:
        dialog = self.dialog
        try:
            name = await self._core.mappings.save(mapping, self._core.runtime.pool)
        except MarketWatchError as error:
            if dialog is not None and dialog is self.dialog:
                dialog.show_problem(in_sentences(error.thing, error.cause, error.next_step))
            return
        self._on_saved(config.id, name)
        if config.mapping == name and self._core.feeds.has_feed(config.id):
            self._core.feeds.supervisor(config.id).reconnect()  # the next connection reads by what was saved
        if dialog is not None and dialog is self.dialog:
            dialog.accept()

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._core.runtime.tasks.start(name, work)
