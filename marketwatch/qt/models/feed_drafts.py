"""What a draft of a feed says of itself: where its server is, and what keeps it from being saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from marketwatch.domain.feed_config import FeedConfig
from marketwatch.feeds.server_names import is_loopback

if TYPE_CHECKING:
    from marketwatch.qt.models.kind_views import KindView


def place_words(config: FeedConfig, kind: KindView) -> str:
    """Say what a feed brings, or where its server is: `NSE India`, `local`, `desk.example`."""
    variant = kind.variant(config.variant)
    address = config.own_address if variant is None else variant.address
    if not address:
        return "no address yet"
    host = _host(address)
    is_own = variant is None and not is_loopback(host)
    return host if is_own else kind.market or "local"


def endpoint_words(config: FeedConfig, kind: KindView) -> str:
    """Say how many connections a feed makes, empty where it is one for all."""
    if not kind.streams:
        return ""
    chosen = set(config.channels or kind.default_channels)
    count = len(chosen & set(kind.streams)) + bool(chosen - set(kind.streams))
    return f"{count} endpoint{'' if count == 1 else 's'}"


def _host(address: str) -> str:
    try:
        return urlsplit(address if "://" in address else f"//{address}").hostname or address
    except ValueError:
        return address


def name_problem(config: FeedConfig, others: Iterable[FeedConfig]) -> str:
    """Say that another feed has the name already: its pill, its notices and its tags could not be told apart."""
    name = config.name.casefold()
    is_taken = any(other.id != config.id and other.name.casefold() == name for other in others)
    return f"Another feed is called {config.name} already." if is_taken else ""


def address_problem(config: FeedConfig, kind: KindView, *, has_key: bool) -> tuple[str, bool]:
    """Say what is wrong with the address, and whether that is only a warning."""
    if not config.has_own_address:
        return "", False
    if not config.own_address:
        return ("Type the address of the server." if config.enabled else ""), False
    return kind.check_address(config.own_address, has_key)


def draft_problem(config: FeedConfig, kind: KindView, others: Iterable[FeedConfig], *, has_key: bool) -> str:
    """Return what keeps a draft from being saved, empty for nothing."""
    taken = name_problem(config, others)
    if taken:
        return taken
    words, is_warning = address_problem(config, kind, has_key=has_key)
    return "" if is_warning else words
