"""What the settings know of a kind of feed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from marketwatch.domain.feed_config import ANY_SILENCE


class VariantView(msgspec.Struct, frozen=True):
    """One of the addresses a vendor offers: what the choice is called, where it is, and a word about it."""

    name: str
    label: str
    address: str
    delay_s: float = 0.0
    hint: str = ""


class KindView(msgspec.Struct, frozen=True, kw_only=True):
    """What the page needs to know of a kind of feed. `secrets` and `channels` are pairs of code and label;
    `has_sign_in`: the user signs in at the vendor every day; `has_mapping`: the user says what the fields of its
    messages mean; `has_bars`: bars are asked for, and the user says how; `check_address` says what is wrong with a
    typed address (empty: nothing) and whether it only warns. `market` is a word for what it brings; `streams` are
    channels with a connection of their own; `sessions` are pairs of code and label; `silences` are the seconds a user
    may choose, `usual_silence_s` is this kind's own; `retries` says how it tries again for ever; `dialects`
    are pairs of code and label of the ways in which servers of one's own may speak.
    """

    kind: str
    label: str
    note: str = ""
    variants: tuple[VariantView, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    channels: tuple[tuple[str, str], ...] = ()
    default_channels: tuple[str, ...] = ()
    has_sign_in: bool = False
    has_mapping: bool = False
    has_bars: bool = False
    market: str = ""
    streams: tuple[str, ...] = ()
    sessions: tuple[tuple[str, str], ...] = ()
    silences: tuple[int, ...] = ()
    usual_silence_s: int = ANY_SILENCE
    retries: str = ""
    dialects: tuple[tuple[str, str], ...] = ()
    check_address: Callable[[str, bool], tuple[str, bool]] = lambda address, has_key: ("", False)

    def variant(self, name: str) -> VariantView | None:
        """Return a variant by name, None for an address of one's own."""
        return next((one for one in self.variants if one.name == name), None)
