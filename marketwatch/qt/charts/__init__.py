"""The candle chart. Imported late: it needs numpy, which must not load before the first paint."""
