"""A pasted list: shown in a preview, and added as one step that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from marketwatch.domain.ids import InstrumentId
from marketwatch.domain.instrument import Instrument
from marketwatch.instruments.directory import InstrumentDirectory
from marketwatch.instruments.popular_tokens import popular_tokens
from marketwatch.instruments.resolution import Resolver
from marketwatch.qt.dialogs.paste_preview import PastePreview
from marketwatch.qt.models.paste_lines import MOST_NEAR

if TYPE_CHECKING:
    from marketwatch.app.screen import Screen


def open_paste(screen: Screen, text: str, list_id: str = "") -> PastePreview:
    """Show what a text would add to a list, the current one by default."""
    directory, lists = screen.core.directory, screen.lists
    chosen = lists.get(list_id)
    target = [lists.current if chosen is None else chosen]  # an empty list counts as nothing to `or`
    resolver = Resolver(directory, misprints=popular_tokens().misprints)
    dialog = PastePreview(
        screen.theme,
        screen.icons,
        resolver.resolve_list,
        lambda instrument_id: instrument_id in target[0],
        lambda word: near_names(directory, word),
        target[0].name,
        screen.window,
        targets=[(one.id, one.name) for one in lists.lists],
    )

    def aim(chosen_id: str) -> None:
        found = lists.get(chosen_id)
        if found is not None:
            target[0] = found

    def add(found: Sequence[InstrumentId]) -> None:
        if lists.get(target[0].id) is None:
            return
        said = lists.add_several(found, target[0].id)
        screen.list_panel.show_instrument(found[0])
        screen.list_panel.note_change(said)

    dialog.accepted_list.connect(add)
    dialog.target_chosen.connect(aim)
    dialog.open_with(text)
    return dialog


def near_names(directory: InstrumentDirectory, text: str) -> list[Instrument]:
    """Return instruments whose symbol, or a word of whose name, is much like a text; the nearest first."""
    written = text.strip().lower().rpartition(":")[2]
    found: dict[InstrumentId, Instrument] = {}
    for word in directory.masters.similar.near(written, MOST_NEAR):
        for one in (*directory.by_symbol(word.upper()), *(hit.instrument for hit in directory.search(word, 2))):
            found.setdefault(one.id, one)
    return list(found.values())[:MOST_NEAR]
