"""Recorded sessions: the tick Parquet format, read in pieces."""
