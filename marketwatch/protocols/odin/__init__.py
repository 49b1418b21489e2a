"""Odin Streamer (`/enhanced-stream`): prices of NSE and BSE by symbol or token, client and server side."""
