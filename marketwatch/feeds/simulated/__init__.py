"""A simulated market: believable, repeatable by its seed, alive at any hour."""
