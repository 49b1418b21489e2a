"""The server that hands market data onward."""
