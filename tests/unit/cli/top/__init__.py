"""`penholder top`, without a daemon: facts, choices, rows, keys."""
