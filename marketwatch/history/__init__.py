"""Bars of the past."""
