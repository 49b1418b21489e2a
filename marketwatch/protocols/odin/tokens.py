"""The ten popular shares of the Odin guide with their true NSE tokens: the guide itself has three of them wrong."""

from __future__ import annotations

from typing import Final

from marketwatch.protocols.odin.keys import NSE
from marketwatch.protocols.odin.listings import Listing

POPULAR: Final = tuple(
    Listing(symbol, token, NSE)
    for symbol, token in (
        ("SBIN", "3045"),
        ("RELIANCE", "2885"),
        ("TCS", "11536"),
        ("INFY", "1594"),
        ("HDFCBANK", "1333"),
        ("BHARTIARTL", "10604"),
        ("ICICIBANK", "4963"),
        ("HINDUNILVR", "1394"),
        ("ITC", "1660"),
        ("KOTAKBANK", "1922"),
    )
)
GUIDE_MISTAKES: Final = {"356": "HINDUNILVR", "424": "ITC", "492": "KOTAKBANK"}
"""Tokens that the guide prints and the NSE does not use for these symbols: first digits of Kite's numbers."""
