"""Candle charts; the only user of pyqtgraph."""
