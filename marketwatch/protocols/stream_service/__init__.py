"""Multi-endpoint stream service (port 8081): prices, analysis, alerts and portfolio, client and server side."""
