"""What an Odin server knows by name: one token per symbol and one symbol per token, NSE before BSE."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from marketwatch.domain.ids import Venue
from marketwatch.protocols.odin.keys import NSE


class Listing(msgspec.Struct, frozen=True):
    """A share as the server names it. At the NSE `token` is the exchange token, at the BSE the scrip code."""

    symbol: str
    token: str
    venue: Venue

    def __str__(self) -> str:
        return f"{self.symbol} ({self.venue})"


class ListingTable:
    """Finds listings by symbol or token. A share of both exchanges is known by its NSE listing alone."""

    def __init__(self, listings: Iterable[Listing]) -> None:
        self._by_symbol: dict[str, Listing] = {}
        for listing in listings:
            known = self._by_symbol.get(listing.symbol)
            if known is None or (known.venue != NSE and listing.venue == NSE):
                self._by_symbol[listing.symbol] = listing
        self._by_token: dict[str, Listing] = {}
        for listing in self._by_symbol.values():
            known = self._by_token.get(listing.token)
            if known is None or (known.venue != NSE and listing.venue == NSE):
                self._by_token[listing.token] = listing

    def by_symbol(self, symbol: str) -> Listing | None:
        """Return the listing of a symbol."""
        return self._by_symbol.get(symbol)

    def by_token(self, token: str) -> Listing | None:
        """Return the listing of a token."""
        return self._by_token.get(token)

    def find(self, item: str) -> Listing | None:
        """Return what an entry of a request means: digits alone are a token, everything else a symbol."""
        return self.by_token(item) if item.isdecimal() else self.by_symbol(item)
