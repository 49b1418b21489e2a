"""Zerodha Kite Connect: binary ticks, their server side, and the daily login."""
