"""Tasks, clocks, retry policy and executors."""
