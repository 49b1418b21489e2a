"""MarketWatch: a desktop market-watch program for traders."""

__version__ = "0.1.0"
