"""The words under which “Find a setting” finds a page, beside its title: those of every row, and what people say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from marketwatch.qt.models.kind_views import KindView

LOOKUP: Final = (
    "find a symbol or token symbols tokens instruments Instrument masters lists isin name search show expired kite"
    " angel one massive tickers csv import file from address download load refresh all changes undo"
)
NETWORK: Final = "Proxy address internet connection environment https"
_FEEDS: Final = (
    "name enabled order add remove rename address default key secret access token keychain replace forget Daily login"
    " sign in password Channels bars only what the server already has download map Fields mapping file from to all days"
    " dates history minute rows time-out timeout batch Sessions extended hours Silent for silence watchdog Reconnect"
    " attempts for ever Connection test Limits used subscriptions instruments connections Last problems Dialect"
)


def feeds_words(kinds: Iterable[KindView]) -> str:
    """Return the words of the page of feeds: with those of every kind there is."""
    found = [_FEEDS]
    for kind in kinds:
        found += [kind.label, kind.note, kind.market]
        found += [label for pairs in (kind.secrets, kind.channels, kind.sessions, kind.dialects) for _, label in pairs]
        found += [variant.label for variant in kind.variants]
    return " ".join(dict.fromkeys(found))
