"""Joins feeds, stores and screens; owns market state."""
