"""Which workers are meant."""
