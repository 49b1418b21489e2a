"""Sources of market data and what keeps them connected."""
